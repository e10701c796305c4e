"""What Gaussian theory says about a wide network: moments of a row, its length map, its edge of chaos.

Setting: z = W h + b with W ~ N(0, sigma_w2 / fan_in), b ~ N(0, sigma_b2); at infinite width z ~ N(0, q) in every layer
and q' = sigma_w2 E f(z)^2 + sigma_b2 (Poole et al. 2016; Schoenholz et al. 2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from actbench.core.errors import ActbenchError
from actbench.theory.gaussian import Moments, draws, moments, variance
from actbench.theory.hermite import hermite_coefficients
from actbench.theory.subject import Subject, row_of, spec_of

SAME = 1e-11  # q' and q this close, relative, are one number: the quadrature's own error is below 1e-12


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


def lengths(name: Subject, sigma_w2: float, sigma_b2: float, q: float, depth: int) -> list[float]:
    """q_1, ..., q_depth by iterating the length map from the first layer's q."""
    sigma_w2, sigma_b2 = variance(sigma_w2, "sigma_w2"), variance(sigma_b2, "sigma_b2")
    found = [variance(q)]
    while len(found) < depth and math.isfinite(found[-1]):
        found.append(sigma_w2 * moments(name, found[-1]).second + sigma_b2)
    return found


def gradient_factor(name: Subject, sigma_w2: float, q: Sequence[float]) -> float:
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
    if not len(q):
        raise ActbenchError("no lengths: the gradient crosses no layer; give q of at least one")
    sigma_w2 = variance(sigma_w2, "sigma_w2")
    each = [sigma_w2 * moments(name, value).d_second for value in q]
    logs = [0.5 * math.log(growth) if growth else -math.inf for growth in each]
    return math.exp(sum(logs) / len(logs))


def fixed_point(name: Subject, sigma_w2: float, sigma_b2: float = 0.0, *, start: float = 1.0) -> FixedPoint:
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
    spec = spec_of(name)
    sigma_w2, sigma_b2 = variance(sigma_w2, "sigma_w2"), variance(sigma_b2, "sigma_b2")
    start = variance(start, "start")

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

    if start == 0:
        if sigma_b2 == 0 and sigma_w2 * float(row_of(spec).forward(0.0)) == 0:
            return made(0.0)
        start = 1e-19  # length 0 is left at once
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


def critical_point(name: Subject, sigma_b2: float | None = None) -> CriticalPoint | None:
    """The sigma_w2 at which the gradient keeps its size at the fixed point: chi_1 = 1.

    Parameters
    ----------
    name
        A spec.
    sigma_b2
        Variance of a bias. By default none, unless that fixed point repels: GELU, SiLU and their like are critical
        without biases only at length 0, which every signal leaves (the gradient then grows by sqrt 2 a layer). They
        get their `half_stable_point`.

    Returns
    -------
    CriticalPoint or None
        Of the q that solve q = E f^2 / E f'^2 + sigma_b2 the smallest that is a stable fixed point; else the smallest.
        Where every q solves it (ReLU at sigma_b2 = 0) q is 1 and the point is not stable. None where there is none:
        ReLU at sigma_b2 > 0.
    """
    points = critical_points(name, variance(sigma_b2 or 0.0, "sigma_b2"))
    found = next((point for point in points if point.stable), points[0] if points else None)
    if sigma_b2 is None and found is not None and found.q == 0 and not found.stable:
        return half_stable_point(name) or found
    return found


@lru_cache(maxsize=512)
def half_stable_point(name: Subject) -> CriticalPoint | None:
    """The critical point at which an error in q keeps its size too, to first order: chi_1 = dq'/dq = 1.

    Lengths that come from one side come to rest at q, from the other they leave it slowly (Roberts, Yaida & Hanin
    2022, section 5.3.4: GELU, SiLU).

    Returns
    -------
    CriticalPoint or None
        That of the smallest q between 1e-3 and 1e4; None where there is none, or only one of a negative sigma_b2.
    """
    spec = spec_of(name)

    def excess(q: float) -> float:
        at = _moments_at(spec, q)
        if at is None:
            return math.nan
        apart = at.growth - at.d_second
        return apart if abs(apart) > SAME * at.d_second else 0.0

    grid = [float(q) for q in np.geomspace(1e-3, 1e4, 57)]
    found = [excess(q) for q in grid]
    for a, b, f, g in zip(grid, grid[1:], found, found[1:], strict=False):
        if f * g < 0:
            q = _root(excess, a, b)
            at = moments(spec, q)
            sigma_b2 = q - at.second / at.d_second
            if sigma_b2 >= 0:
                return CriticalPoint(sigma_w2=1 / at.d_second, sigma_b2=sigma_b2, q=q, stable=False)
    return None


@lru_cache(maxsize=512)
def critical_points(name: Subject, sigma_b2: float = 0.0) -> tuple[CriticalPoint, ...]:
    """Every critical point with q between 1e-12 and 1e8 and the one at q = 0, by rising q; see `critical_point`."""
    spec = spec_of(name)

    def excess(q: float) -> float:
        at = _moments_at(spec, q)
        if at is None or at.d_second == 0:
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
    if sigma_b2 == 0 and float(row_of(spec).forward(0.0)) == 0 and origin.d_second > 0:
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


def _moments_at(spec: str, q: float) -> Moments | None:
    """The moments, or None at a length where there are none: a slope that overflows far out spoils no other q."""
    try:
        return moments(spec, q)
    except ActbenchError:
        return None


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
    row = row_of(spec)
    squares = np.zeros(DEGREES + 1)
    for weight, given in draws(row):
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
