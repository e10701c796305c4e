"""Gaussian moments of a row and of its slope, by adaptive quadrature on panels that end at the kinks."""

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.parameter import Sampled
from actbench.activations.record import Activation
from actbench.core.errors import ActbenchError
from actbench.theory.quadrature import expectations, panels
from actbench.theory.subject import Subject, row_of, spec_of

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
    total, error = np.zeros(len(FIELDS)), 1e-15  # rounding, whatever the rules say
    places: tuple[float, ...] = ()
    for weight, given in draws(row):
        bends = (0.5 * (low + high) for low, high in row.fact("excluded_slope", **given))
        kinks = tuple(sorted({*map(float, row.fact("kinks", **given)), *bends}))
        value, apart = expectations(_columns(row, q, given), panels(q, kinks), q)
        *others, by_slopes, without = value
        by_slopes += _jumps(row, q, given)
        missed = abs(by_slopes - without) > APART * max(abs(by_slopes), others[1] / q)
        total += weight * np.array([*others, without if missed else by_slopes])
        error, places = max(error, apart), kinks
    if _infinite(row):  # leaky integrate-and-fire at its threshold
        total[2:] = np.nan
    return Moments(q=q, error=error, kinks=places, **dict(zip(FIELDS, map(float, total), strict=True)))


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


def _columns(row: Activation, q: float, given: dict[str, float]) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """x to the integrands, stacked in front; the growth both ways."""
    infinite = _infinite(row)

    def columns(x: NDArray[Any]) -> NDArray[Any]:
        f = np.asarray(row.forward(x, **given))
        # an infinite slope has no finite moments: 0 here, NaN at the end
        d = np.zeros_like(f) if infinite else row.backward(np.ones_like(x), x, **given)
        square = d * d
        return np.stack([f, f * f, d, square, square * square, f * d * (x / q), f * f * ((x * x / q - 1) / (2 * q))])

    return columns


def _jumps(row: Activation, q: float, given: dict[str, float]) -> float:
    """What the jumps of f^2 add to its growth: half of jump * place / q times the density there."""
    places = np.array(list(map(float, row.fact("kinks", **given))))
    if not places.size:
        return 0.0
    sides = np.nextafter(places, np.array([[-np.inf], [np.inf]]))
    left, right = np.square(np.asarray(row.forward(sides.reshape(-1), **given))).reshape(sides.shape)
    density = np.exp(-0.5 * places * places / q) / math.sqrt(2 * math.pi * q)
    return float((0.5 * (right - left) * places / q * density).sum())
