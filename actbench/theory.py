"""What Gaussian theory says about a wide network: moments of a row, its length map, its edge of chaos.

Setting: z = W h + b with W ~ N(0, sigma_w2 / fan_in), b ~ N(0, sigma_b2); at infinite width z ~ N(0, q) in every layer
and q' = sigma_w2 E f(z)^2 + sigma_b2 (Poole et al. 2016; Schoenholz et al. 2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.errors import ActbenchError
from actbench.hermite import hermite_coefficients
from actbench.records.activation import Activation
from actbench.records.parameter import Sampled
from actbench.registry import canonical, resolve

FAR = 38.0  # standard deviations; exp(-38^2 / 2) is float64's last binade
NODES = 20  # Gauss-Legendre nodes a panel
TOLERANCE = 1e-13  # what halving a panel may change, relative to the whole
GENERATIONS, PANELS = 50, 4000
SAME = 1e-11  # q' and q this close, relative, are one number: the quadrature's own error is below 1e-12


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


@dataclass(frozen=True, kw_only=True)
class FixedPoint:
    """Where the length map comes to rest.

    Parameters
    ----------
    q
        The length; 0 and inf are possible ends.
    chi_1
        sigma_w2 E f'(z)^2: growth of the squared gradient per layer there.
    slope
        dq'/dq, the full derivative.
    stable
        Whether the slope is below 1 in size: a small error in q dies out.
    xi_q, xi_c
        Layers in which an error in q, and in the correlation of two inputs, falls by e; inf where it does not.
    c
        The correlation at rest: 1 where chi_1 <= 1.
    """

    q: float
    chi_1: float
    slope: float
    stable: bool
    xi_q: float
    xi_c: float
    c: float


@dataclass(frozen=True, kw_only=True)
class CriticalPoint:
    """The edge of chaos for one sigma_b2: chi_1 = 1 at the fixed point q; ``stable`` as in `FixedPoint`."""

    sigma_w2: float
    sigma_b2: float
    q: float
    stable: bool


def moments(name: str, q: float = 1.0) -> Moments:
    """Gaussian moments of a row and its slope.

    Parameters
    ----------
    name
        A spec. Sampled parameters are averaged over their law, as in training; learned ones stand at their default.
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
    return _moments(canonical(name), float(q) if q > 0 else 1e-24)


@lru_cache(maxsize=8192)
def _moments(spec: str, q: float) -> Moments:
    row = resolve(spec)
    total = np.zeros(6)
    for weight, given in _draws(row):
        total += weight * _expectations(_columns(row, q, given), _panels(row, q, given), q)
        total[5] += weight * _jumps(row, q, given)
    if row.fact("excluded_slope"):  # leaky integrate-and-fire at its threshold
        total[2:] = np.nan
    mean, second, d_mean, d_second, d_fourth, growth = (float(v) for v in total)
    return Moments(
        q=q, mean=mean, second=second, d_mean=d_mean, d_second=d_second, d_fourth=d_fourth, growth=growth
    )  # fmt: skip


def _draws(row: Activation) -> list[tuple[float, dict[str, float]]]:
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


def _jumps(row: Activation, q: float, given: dict[str, float]) -> float:
    """What the jumps of f^2 add to its growth: half of jump * place / q times the density there."""
    total = 0.0
    for place in map(float, row.fact("kinks", **given)):
        left, right = (float(row.forward(math.nextafter(place, end), **given)) for end in (-math.inf, math.inf))
        density = math.exp(-0.5 * place * place / q) / math.sqrt(2 * math.pi * q)
        total += 0.5 * (right * right - left * left) * place / q * density
    return total


def _panels(row: Activation, q: float, given: dict[str, float]) -> NDArray[Any]:
    """Ends of the first panels: kinks, a geometric ladder around them (the row's scale), multiples of sqrt(q)."""
    deviation = math.sqrt(q)
    centres = {0.0, *map(float, row.fact("kinks", **given))}
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
        values = columns(x.reshape(-1)).reshape(-1, *x.shape) * (density * weights * half[:, None])
        return values.sum(axis=2), np.abs(values).sum(axis=2)

    a, b = ends[:-1], ends[1:]
    whole, size = over(a, b)
    scale = size.sum(axis=1)
    total = np.zeros(len(scale))
    for _ in range(GENERATIONS):
        middle = (a + b) / 2
        left, right = over(a, middle)[0], over(middle, b)[0]
        settled = (np.abs(left + right - whole) <= TOLERANCE * scale[:, None]).all(axis=0)
        total += (left + right)[:, settled].sum(axis=1)
        open_ = ~settled
        if not open_.any():
            return total
        if open_.sum() > PANELS:
            break
        a, b = np.concatenate([a[open_], middle[open_]]), np.concatenate([middle[open_], b[open_]])
        whole = np.concatenate([left[:, open_], right[:, open_]], axis=1)
    raise ActbenchError(f"the moments do not settle at q={q:g}; the row has a jump or kink that it does not declare")


def lengths(name: str, sigma_w2: float, sigma_b2: float, q: float, depth: int) -> list[float]:
    """q_1, ..., q_depth by iterating the length map from the first layer's q."""
    found = [float(q)]
    while len(found) < depth and math.isfinite(found[-1]):
        found.append(sigma_w2 * moments(name, found[-1]).second + sigma_b2)
    return found


def gradient_factor(name: str, sigma_w2: float, q: Sequence[float]) -> float:
    """By what factor does the gradient's norm change a layer, going back through layers of these lengths?

    Parameters
    ----------
    name
        A spec.
    sigma_w2
        fan_out times the variance of a weight (the matrix works transposed on the way back; equal widths: the same).
    q
        Variances of the pre-activations z^1 ... z^(L-1), measured or from `lengths`: those that the gradient crosses
        between z^L and z^1.

    Returns
    -------
    float
        The geometric mean of sqrt(sigma_w2 E f'(z)^2); compare with (norm at z^1 / norm at z^L)^(1 / (L - 1)).
    """
    each = [sigma_w2 * moments(name, value).d_second for value in q]
    logs = [0.5 * math.log(growth) if growth else -math.inf for growth in each]
    return math.exp(sum(logs) / len(logs))


def fixed_point(name: str, sigma_w2: float, sigma_b2: float = 0.0, *, start: float = 1.0) -> FixedPoint:
    """Where the length map goes from ``start``, going up or down without passing a fixed point.

    Parameters
    ----------
    name
        A spec.
    sigma_w2, sigma_b2
        Variance of a weight times fan_in, of a bias.
    start
        The first length. A row whose map is neutral there (ReLU at sigma_w2 = 2) stays.

    Returns
    -------
    FixedPoint
        ``q`` is 0 or inf where nothing stops the map before 1e-20 or 1e20.
    """
    spec = canonical(name)

    def excess(q: float) -> float:
        image = sigma_w2 * moments(spec, q).second + sigma_b2
        return 0.0 if abs(image - q) <= SAME * q else image - q

    def made(q: float) -> FixedPoint:
        if math.isinf(q):
            return FixedPoint(
                q=q, chi_1=math.nan, slope=math.nan, stable=False, xi_q=math.nan, xi_c=math.nan, c=math.nan
            )
        at = moments(spec, q)
        chi_1, slope = sigma_w2 * at.d_second, sigma_w2 * at.growth
        c, at_c = _correlation(spec, sigma_w2, sigma_b2, q) if chi_1 > 1 + 1e-9 and q > 0 else (1.0, chi_1)
        stable = abs(slope) < 1 - 1e-9
        return FixedPoint(q=q, chi_1=chi_1, slope=slope, stable=stable, xi_q=_depth(slope), xi_c=_depth(at_c), c=c)

    here = excess(start)
    if here == 0:
        return made(start)
    step = 2.0 if here > 0 else 0.5
    low = start
    while 1e-20 < low * step < 1e20:
        there = excess(low * step)
        if there * here < 0:
            return made(_root(excess, low, low * step))
        if there == 0 and excess(low * step * step) == 0:  # neutral from here on, as tanh at (1, 0) near 0
            break
        low *= step
    return made(0.0 if step < 1 else math.inf)


def critical_point(name: str, sigma_b2: float = 0.0) -> CriticalPoint | None:
    """The sigma_w2 at which the gradient keeps its size at the fixed point: chi_1 = 1.

    The smallest q that solves q = E f^2 / E f'^2 + sigma_b2 and is a stable fixed point; else the smallest. Where
    every q solves it (ReLU at sigma_b2 = 0) q is 1 and the point is not stable.

    Returns
    -------
    CriticalPoint or None
        None where there is none: ReLU at sigma_b2 > 0.
    """
    points = critical_points(name, sigma_b2)
    return next((point for point in points if point.stable), points[0] if points else None)


@lru_cache(maxsize=512)
def critical_points(name: str, sigma_b2: float = 0.0) -> tuple[CriticalPoint, ...]:
    """Every critical point with q between 1e-12 and 1e8 and the one at q = 0, by rising q; see `critical_point`."""
    spec = canonical(name)

    def excess(q: float) -> float:
        at = moments(spec, q)
        if at.d_second == 0:
            return math.nan
        image = at.second / at.d_second + sigma_b2
        return 0.0 if abs(image - q) <= SAME * q else q - image

    def made(q: float) -> CriticalPoint:
        at = moments(spec, q)
        slope = at.growth / at.d_second
        return CriticalPoint(sigma_w2=1 / at.d_second, sigma_b2=sigma_b2, q=q, stable=abs(slope) < 1 - 1e-9)

    grid = np.geomspace(1e-12, 1e8, 161)
    found = [excess(float(q)) for q in grid]
    if sum(value == 0 for value in found) > len(grid) // 2:
        return (made(1.0),)
    origin, points = moments(spec, 0.0), []
    if sigma_b2 == 0 and float(resolve(spec).forward(0.0)) == 0 and origin.d_second > 0:
        points.append(CriticalPoint(sigma_w2=1 / origin.d_second, sigma_b2=0.0, q=0.0, stable=_settles(spec, origin)))
    points += [
        made(_root(excess, float(a), float(b)))
        for a, b, f, g in zip(grid, grid[1:], found, found[1:], strict=False)
        if f * g < 0
    ]
    return tuple(points)


def _settles(spec: str, origin: Moments) -> bool:
    """Whether q = 0 attracts although its slope is 1 there: the map lies below the diagonal just above it."""
    q = 1e-4
    return moments(spec, q).second / origin.d_second < q * (1 - 1e-8)


def _root(function: Callable[[float], float], a: float, b: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(function, a, b, xtol=1e-300, rtol=4 * np.finfo(float).eps))


def _depth(slope: float) -> float:
    """Layers in which an error falls by e under a map of this slope."""
    size = abs(slope)
    if size == 0:
        return 0.0
    return -1 / math.log(size) if size < 1 - 1e-9 else math.inf


DEGREES = 400  # of Hermite polynomials; ReLU's squared coefficients fall as k^-2.5, a smooth row's geometrically


def _correlation(spec: str, sigma_w2: float, sigma_b2: float, q: float) -> tuple[float, float]:
    """The resting correlation below 1 and the correlation map's slope there, by the row's Hermite series.

    With f(sqrt(q) z) = sum a_k He_k(z) / sqrt(k!), E f f = sum a_k^2 c^k for two inputs of correlation c
    (Daniely, Frostig & Singer 2016). What DEGREES leave over of E f^2 is counted at the next degree.
    """
    row = resolve(spec)
    squares = np.zeros(DEGREES + 1)
    for weight, given in _draws(row):
        squares += weight * hermite_coefficients(row, q, given, DEGREES) ** 2
    squares = np.append(squares, max(moments(spec, q).second - squares.sum(), 0.0))
    powers = np.arange(len(squares))

    def image(c: float) -> float:
        return float((sigma_w2 * (squares * c**powers).sum() + sigma_b2) / q)

    grid = 1 - np.geomspace(1, 1e-6, 121)
    excess = [image(float(c)) - float(c) for c in grid]
    crossing = [i for i in range(len(grid) - 1) if excess[i] >= 0 > excess[i + 1]]
    c = _root(lambda v: image(v) - v, float(grid[crossing[0]]), float(grid[crossing[0] + 1])) if crossing else 0.0
    slope = sigma_w2 / q * float((squares[1:] * powers[1:] * c ** (powers[1:] - 1)).sum())
    return c, slope
