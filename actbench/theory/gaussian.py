"""Gaussian moments of a row and of its slope, by adaptive quadrature on panels that end at the kinks."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.parameter import Sampled
from actbench.activations.record import Activation
from actbench.activations.registry import canonical, resolve
from actbench.core.errors import ActbenchError
from actbench.expression import primitives
from actbench.expression.graph import Graph, Step, derivative, record

FAR = 38.0  # standard deviations; exp(-38^2 / 2) is float64's last binade
NODES = 20  # Gauss-Legendre nodes a panel
TOLERANCE = 1e-13  # what halving a panel may change, relative to the whole
GENERATIONS, PANELS = 50, 4000


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
    """

    q: float
    mean: float
    second: float
    d_mean: float
    d_second: float
    d_fourth: float
    growth: float


def moments(name: str | Callable[..., Any], q: float = 1.0) -> Moments:
    """Gaussian moments of a row and its slope.

    Parameters
    ----------
    name
        A spec. Sampled parameters are averaged over their law, as in training; learned ones stand at their default.
        Or a function of one array in plain NumPy, such as ``np.tanh``: its slope is derived from its trace, and halving
        panels finds its kinks and jumps; its growth is E f^2 (z^2 / q - 1) / 2q, which loses digits as q falls.
    q
        Variance of the normal input, 0 or more; at 0 the limit from above.

    Returns
    -------
    Moments
        By adaptive quadrature on panels that end at the row's kinks.

    Raises
    ------
    ActbenchError
        For q below 0 or not finite, or where halving panels does not settle.
    """
    if not (math.isfinite(q) and q >= 0):
        raise ActbenchError(f"q={q!r} is no variance; give a finite number, 0 or more")
    q = float(q) if q > 0 else 1e-24
    if callable(name):
        return _named(_expectations(_traced(name, q), _panels(q), q), q)
    return _moments(canonical(name), q)


@lru_cache(maxsize=8192)
def _moments(spec: str, q: float) -> Moments:
    row = resolve(spec)
    total = np.zeros(6)
    for weight, given in draws(row):
        total += weight * _expectations(_columns(row, q, given), _panels(q, row.fact("kinks", **given)), q)
        total[5] += weight * _jumps(row, q, given)
    if row.fact("excluded_slope"):  # leaky integrate-and-fire at its threshold
        total[2:] = np.nan
    return _named(total, q)


def _named(total: NDArray[Any], q: float) -> Moments:
    mean, second, d_mean, d_second, d_fourth, growth = (float(v) for v in total)
    return Moments(
        q=q, mean=mean, second=second, d_mean=d_mean, d_second=d_second, d_fourth=d_fourth, growth=growth
    )  # fmt: skip


def draws(row: Activation) -> list[tuple[float, dict[str, float]]]:
    """Values of the sampled parameters and their weights: exact for integrands of degree 15 in each of them."""
    values = row.values()
    draws: list[tuple[float, dict[str, float]]] = [(1.0, {})]
    nodes, weights = np.polynomial.legendre.leggauss(8)
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


def _columns(row: Activation, q: float, given: dict[str, float]) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """x to the six integrands, stacked in front."""

    def columns(x: NDArray[Any]) -> NDArray[Any]:
        f = row.forward(x, **given)
        # an infinite slope has no finite moments: 0 here, NaN at the end
        d = np.zeros_like(f) if row.fact("excluded_slope") else row.backward(np.ones_like(x), x, **given)
        square = d * d
        return np.stack([f, f * f, d, square, square * square, f * d * (x / q)])

    return columns


def _traced(function: Callable[..., Any], q: float) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """x to the six integrands of a function that is no row; the last needs no slope, so jumps are counted."""
    value = record(lambda x: function(x))
    slope = derivative(value)

    def columns(x: NDArray[Any]) -> NDArray[Any]:
        f, d = (np.broadcast_to(computed(graph, x), x.shape) for graph in (value, slope))
        square = d * d
        return np.stack([f, f * f, d, square, square * square, f * f * ((x * x / q - 1) / (2 * q))])

    return columns


def computed(graph: Graph, x: NDArray[Any]) -> Any:
    """A graph's value in NumPy."""

    def visit(step: Step, operands: Any) -> Any:
        if step.op in ("argument", "constant"):
            return x if step.op == "argument" else step.value
        return (getattr(np, step.op, None) or getattr(primitives, step.op))(*operands)

    return graph.fold(visit)[-1]


def _jumps(row: Activation, q: float, given: dict[str, float]) -> float:
    """What the jumps of f^2 add to its growth: half of jump * place / q times the density there."""
    total = 0.0
    for place in map(float, row.fact("kinks", **given)):
        left, right = (float(row.forward(math.nextafter(place, end), **given)) for end in (-math.inf, math.inf))
        density = math.exp(-0.5 * place * place / q) / math.sqrt(2 * math.pi * q)
        total += 0.5 * (right * right - left * left) * place / q * density
    return total


def _panels(q: float, kinks: Iterable[float] = ()) -> NDArray[Any]:
    """Ends of the first panels: kinks, a geometric ladder around them (the row's scale), multiples of sqrt(q)."""
    deviation = math.sqrt(q)
    centres = {0.0, *map(float, kinks)}
    ladder = 2.0 ** np.arange(-2, 12, dtype=float)
    sigma = deviation * np.array([0.5, 1, 2, 3, 4.5, 6, 8, 10, 13, 18, 26, FAR])
    parts = [np.array([centre]) + side for centre in centres for side in (np.zeros(1), ladder, -ladder)]
    ends = np.concatenate([*parts, sigma, -sigma])
    inside: NDArray[Any] = np.unique(ends[np.abs(ends) <= FAR * deviation])
    return inside


def _expectations(columns: Callable[[NDArray[Any]], NDArray[Any]], ends: NDArray[Any], q: float) -> NDArray[Any]:
    """Integrals against the density of N(0, q): panels are halved until the halves agree with the whole."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    deviation = math.sqrt(q)

    def over(a: NDArray[Any], b: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        half, middle = (b - a) / 2, (a + b) / 2
        x = middle[:, None] + half[:, None] * nodes
        density = np.exp(-0.5 * (x / deviation) ** 2) / (deviation * math.sqrt(2 * math.pi))
        values = columns(x.reshape(-1)).reshape(-1, *x.shape)
        if np.isnan(values).any():
            where = x[np.isnan(values).any(axis=0)]
            raise ActbenchError(
                f"value or slope is NaN at x = {where[np.abs(where).argmin()]:g}: no moments at q={q:g}"
            )
        values *= density * weights * half[:, None]
        return values.sum(axis=2), np.abs(values).sum(axis=2)

    a, b = ends[:-1], ends[1:]
    whole, size = over(a, b)
    scale = size.sum(axis=1)
    total = np.zeros(len(scale))
    for _ in range(GENERATIONS):
        middle = (a + b) / 2
        left, right = over(a, middle)[0], over(middle, b)[0]
        confirmed = (np.abs(left + right - whole) <= TOLERANCE * scale[:, None]).all(axis=0)
        total += (left + right)[:, confirmed].sum(axis=1)
        open_ = ~confirmed
        if not open_.any():
            return total
        if open_.sum() > PANELS:
            break
        a, b = np.concatenate([a[open_], middle[open_]]), np.concatenate([middle[open_], b[open_]])
        whole = np.concatenate([left[:, open_], right[:, open_]], axis=1)
    raise ActbenchError(f"the moments do not settle at q={q:g}; the row has a jump or kink that it does not declare")
