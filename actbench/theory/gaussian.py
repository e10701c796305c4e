"""Gaussian moments of a row and of its slope, by adaptive quadrature on panels that end at the kinks."""

import math
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.parameter import Sampled
from actbench.activations.record import Activation
from actbench.core.errors import ActbenchError
from actbench.expression.graph import argument_names
from actbench.theory.quadrature import expectations, panels
from actbench.theory.subject import Subject, row_of, spec_of

Array = NDArray[Any]
Way = Callable[[Array], Array]
FIELDS = ("mean", "second", "d_mean", "d_second", "d_fourth", "growth")
APART = 1e-7  # relative; the growth without slopes loses digits at small q, where f is nearly a number
_DRAWN = np.polynomial.legendre.leggauss(8)


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Expectations of a row and its slope under N(0, q), relative error at most 1e-10; NaN where a slope is infinite.

    Parameters
    ----------
    mean, second
        E f(z), E f(z)^2.
    d_mean, d_second, d_fourth
        E f'(z), E f'(z)^2, E f'(z)^4.
    growth
        d E f(z)^2 / dq, by E f(z) f'(z) z / q: no second derivative, so kinks do no harm; jumps add their own part.
        Where that is not E f(z)^2 (z^2 / q - 1) / 2q, a jump was missed or the slope is another function's, and it
        is the latter, which asks for no slope.
    error
        The largest estimated error of these, relative to the mean size of what is integrated.
    kinks
        Where the function was taken to bend or jump: as the row declares, or as found between -120 and 120 in a
        function that declares nothing.
    """

    q: float
    mean: float
    second: float
    d_mean: float
    d_second: float
    d_fourth: float
    growth: float
    error: float
    kinks: tuple[float, ...]


def variance(value: float, what: str = "q") -> float:
    """A variance as a float.

    Raises
    ------
    ActbenchError
        For what is no finite number of 0 or more.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise ActbenchError(f"{what}={value!r} is no variance; give a finite number, 0 or more")
    return number


def layers(depth: int) -> int:
    """A number of layers.

    Raises
    ------
    ActbenchError
        For what is no whole number of 1 or more.
    """
    if not isinstance(depth, numbers.Integral) or depth < 1:
        raise ActbenchError(f"depth={depth!r} is no number of layers; give a whole number of 1 or more")
    return int(depth)


def moments(name: Subject, q: float = 1.0) -> Moments:
    """Gaussian moments of a function and its slope.

    Parameters
    ----------
    name
        A spec (sampled parameters are averaged over their law, as in training; for evaluation give them a value by
        name, ``"rrelu:negative_slope=0.25"``; learned ones stand at their default), a target such as ``"my.py:act"``,
        or a function of one array: ``np.tanh``, ``torch.nn.functional.mish``, an expression in NumPy. What such a
        function does not declare is looked for.
    q
        Variance of the normal input, 0 or more; at 0 the limit from above.

    Returns
    -------
    Moments
        By adaptive quadrature on panels that end at the kinks.

    Raises
    ------
    ActbenchError
        For q below 0 or not finite, or where halving panels does not settle.
    """
    q = variance(q)
    return _moments(spec_of(name), q if q > 0 else 1e-24)


@lru_cache(maxsize=8192)
def _moments(spec: str, q: float) -> Moments:
    row = row_of(spec)
    drawn = draws(row)
    kinks = {float(place) for _, given in drawn for place in row.fact("kinks", **given)}
    bends = {0.5 * (low + high) for _, given in drawn for low, high in row.fact("excluded_slope", **given)}
    squares, columns = _integrands(row, q, drawn)
    value, error = expectations(columns, panels(q, kinks | bends), q)
    *others, by_slopes, without = value
    by_slopes += _jumps(squares, kinks, q)
    missed = abs(by_slopes - without) > APART * max(abs(by_slopes), others[1] / q)
    total = np.array([*others, without if missed else by_slopes])
    if _infinite(row):  # leaky integrate-and-fire at its threshold
        total[2:] = np.nan
    fields = dict(zip(FIELDS, map(float, total), strict=True))
    # rounding is there, whatever the rules say
    return Moments(q=q, error=max(error, 1e-15), kinks=tuple(sorted(kinks | bends)), **fields)


def draws(row: Activation) -> list[tuple[float, dict[str, float]]]:
    """Values of the sampled parameters and their weights: exact for integrands of degree 15 in each of them."""
    values = row.values()
    draws: list[tuple[float, dict[str, float]]] = [(1.0, {})]
    nodes, weights = _DRAWN
    for name, parameter in row.parameters.items():
        if isinstance(parameter, Sampled):
            low, high = values[parameter.low], values[parameter.high]
            at = 0.5 * (low + high) + 0.5 * (high - low) * nodes
            draws = [
                (weight * w / 2, {**given, name: float(v)})
                for weight, given in draws
                for v, w in zip(at, weights, strict=True)
            ]
    return draws


def _infinite(row: Activation) -> bool:
    """Whether the slope is without bound next to a point; next to a bend that is excluded it has one."""
    return any(low == high for low, high in row.fact("excluded_slope"))


def _integrands(row: Activation, q: float, drawn: list[tuple[float, dict[str, float]]]) -> tuple[Way, Way]:
    """x to f(x)^2, and to all integrands, stacked in front, the growth both ways; means over what is drawn."""
    infinite = _infinite(row)
    weights = np.array([weight for weight, _ in drawn])
    each = {name: np.array([[given[name]] for _, given in drawn]) for name in drawn[0][1]}
    forward, backward = (_called(row, way, each) for way in (row.callables.forward, row.callables.backward))
    kept = [name for name in argument_names(row.callables.backward) if name in {"x", "y"}]

    def all_draws(x: Array) -> Array:
        return np.repeat(x[None], len(drawn), axis=0) if each else x

    def squares(x: Array) -> Array:
        f_square = np.square(forward(all_draws(x)))
        return weights @ f_square if each else f_square

    def columns(x: Array) -> Array:
        at = all_draws(x)
        f = forward(at)
        saved = {"x": at, "y": f}
        # an infinite slope has no finite moments: 0 here, NaN at the end
        d = np.zeros_like(f) if infinite else backward(np.ones_like(at), **{name: saved[name] for name in kept})
        square, f_square = d * d, f * f
        growth = f * d * (x / q), f_square * ((x * x / q - 1) / (2 * q))
        stacked = np.stack([f, f_square, d, square, square * square, *growth])
        return weights @ stacked if each else stacked

    return squares, columns


def _called(row: Activation, function: Callable[..., Any], given: Mapping[str, Any]) -> Callable[..., Array]:
    """A row's callable on its parameters, without the guards that users need: they take as long as cheap rows do."""
    values = row.values(**given)
    bound = {name: np.asarray(values[name], float) for name in argument_names(function) if name in values}

    def call(first: Array, **kept: Array) -> Array:
        return np.broadcast_to(np.asarray(function(first, **kept, **bound), float), first.shape)

    return call


def _jumps(squares: Way, kinks: set[float], q: float) -> float:
    """What the jumps of f^2 add to its growth: half of jump * place / q times the density there."""
    if not kinks:
        return 0.0
    places = np.array(list(kinks))
    left, right = squares(np.nextafter(places, [[-np.inf], [np.inf]]).reshape(-1)).reshape(2, -1)
    density = np.exp(-0.5 * places * places / q) / math.sqrt(2 * math.pi * q)
    return float((0.5 * (right - left) * places / q * density).sum())
