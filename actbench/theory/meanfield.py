"""What Gaussian theory says about a wide network: moments of a row, its length map, its edge of chaos.

Setting: z = W h + b with W ~ N(0, sigma_w2 / fan_in), b ~ N(0, sigma_b2); at infinite width z ~ N(0, q) in every layer
and q' = sigma_w2 E f(z)^2 + sigma_b2 (Poole et al. 2016; Schoenholz et al. 2017).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from actbench.core.errors import ActbenchError
from actbench.theory.correlation import resting
from actbench.theory.dense import Doubtful, doubt
from actbench.theory.gaussian import Moments, layers, moments, variance
from actbench.theory.roots import root
from actbench.theory.subject import Subject, row_of, spec_of

SAME = 1e-11  # q' and q this close, relative, are one number: the quadrature's own error is below 1e-12
GRID = tuple(10.0 ** (k / 5) for k in range(-60, 36))  # lengths between which fixed and critical points are looked for


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


def lengths(
    name: Subject, sigma_w2: float, sigma_b2: float, q: float, depth: int, *, residual: bool = False
) -> list[float]:
    """q_1, ..., q_depth by iterating the length map from the first layer's q.

    With ``residual`` a layer adds to its input, z' = z + W f(z) + b: q' = q + sigma_w2 E f(z)^2 + sigma_b2
    (Yang & Schoenholz 2017).
    """
    sigma_w2, sigma_b2 = variance(sigma_w2, "sigma_w2"), variance(sigma_b2, "sigma_b2")
    found, depth = [variance(q)], layers(depth)
    while len(found) < depth and math.isfinite(found[-1]):
        found.append(sigma_w2 * moments(name, found[-1]).second + sigma_b2 + (found[-1] if residual else 0.0))
    return found


def gradient_factor(name: Subject, sigma_w2: float, q: Sequence[float], *, residual: bool = False) -> float:
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
    residual
        Whether each layer adds to its input: 1 + sigma_w2 E f'(z)^2 then stands under the root.

    Returns
    -------
    float
        The geometric mean of sqrt(sigma_w2 E f'(z)^2); compare with (norm at z^1 / norm at z^L)^(1 / (L - 1)).
    """
    if not len(q):
        raise ActbenchError("no lengths: the gradient crosses no layer; give q of at least one")
    sigma_w2 = variance(sigma_w2, "sigma_w2")
    each = [residual + sigma_w2 * moments(name, value).d_second for value in q]
    logs = [0.5 * math.log(growth) if growth else -math.inf for growth in each]
    return math.exp(sum(logs) / len(logs))


def normalised_factor(name: Subject, sigma_w2: float, sigma_b2: float = 0.0) -> float:
    """The gradient's factor a layer where layer or RMS normalisation stands before every f, to leading order in width.

    f sees variance 1, and the gradient is divided by what the forward pass was:
    sqrt(sigma_w2 E f'^2 / (sigma_w2 E f^2 + sigma_b2)) at q = 1. Without biases sigma_w2 cancels.
    """
    at = moments(name, 1.0)
    sigma_w2, sigma_b2 = variance(sigma_w2, "sigma_w2"), variance(sigma_b2, "sigma_b2")
    before = sigma_w2 * at.second + sigma_b2
    return math.sqrt(sigma_w2 * at.d_second / before) if before else math.nan


def fixed_points(name: Subject, sigma_w2: float, sigma_b2: float = 0.0) -> tuple[FixedPoint, ...]:
    """Every resting length between 1e-12 and 1e7, and 0 where the map leaves it there, by rising q; inf is left out.

    Where every length rests (ReLU at sigma_w2 = 2) the one at 1 stands for all.
    """
    spec = spec_of(name)
    excess = []
    for q in GRID:
        at = _moments_at(spec, q)
        apart = math.nan if at is None else sigma_w2 * at.second + sigma_b2 - q
        excess.append(0.0 if abs(apart) <= SAME * q else apart)
    if sum(value == 0 for value in excess) > len(GRID) // 2:
        return (fixed_point(spec, sigma_w2, sigma_b2, start=1.0),)
    found = {}
    if sigma_b2 == 0 and float(row_of(spec).forward(0.0)) == 0:
        found[0.0] = fixed_point(spec, sigma_w2, start=0.0)
    for a, b, f, g in zip(GRID, GRID[1:], excess, excess[1:], strict=False):
        if f * g < 0 or (g == 0 and f != 0):
            q = root(lambda v: sigma_w2 * moments(spec, v).second + sigma_b2 - v, a, b) if f * g < 0 else b
            found[q] = fixed_point(spec, sigma_w2, sigma_b2, start=q)
    return tuple(found[q] for q in sorted(found))


def edge(name: Subject, q: Sequence[float]) -> list[CriticalPoint]:
    """The edge of chaos as a curve: for each resting length q its critical (sigma_w2, sigma_b2), where one is believed.

    At q chi_1 = 1 asks for sigma_w2 = 1 / E f'^2, and rest for sigma_b2 = q - sigma_w2 E f^2, never below 0.
    """
    spec, q = spec_of(name), [variance(value) for value in q]
    if not q:
        raise ActbenchError("no lengths: a curve has points; give q of at least one")
    found = []
    for value in q:
        at = _moments_at(spec, value)
        if at is None or not at.d_second > 0:
            continue
        sigma_b2 = value - at.second / at.d_second
        if sigma_b2 >= -SAME * value:
            stable = abs(at.growth / at.d_second) < 1 - 1e-9
            found.append(
                CriticalPoint(sigma_w2=1 / at.d_second, sigma_b2=max(sigma_b2, 0.0), q=float(value), stable=stable)
            )
    if found and doubt(spec, max(point.q for point in found)):  # a slope is flawed far out, if it is
        found = [point for point in found if not doubt(spec, point.q)]
    return found


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
        c, at_c = resting(spec, sigma_w2, sigma_b2, q) if chi_1 > 1 + 1e-9 and q > 0 else (1.0, chi_1)
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
            return made(root(excess, low, low * step))
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

    Raises
    ------
    Doubtful
        (an ActbenchError) Where chi_1 is 1 by the slope in use alone, and not by differences of the function.
    """
    points = critical_points(name, sigma_b2 or 0.0)
    found = next((point for point in points if point.stable), points[0] if points else None)
    if sigma_b2 is None and found is not None and found.q == 0 and not found.stable:
        return half_stable_point(name) or found
    return found


def half_stable_point(name: Subject) -> CriticalPoint | None:
    """The critical point at which an error in q keeps its size too, to first order: chi_1 = dq'/dq = 1.

    Lengths that come from one side come to rest at q, from the other they leave it slowly (Roberts, Yaida & Hanin
    2022, section 5.3.4: GELU, SiLU).

    Returns
    -------
    CriticalPoint or None
        That of the smallest q between 1e-3 and 1e4; None where there is none, or only one of a negative sigma_b2.
    """
    return _half_stable(spec_of(name))


@lru_cache(maxsize=512)
def _half_stable(spec: str) -> CriticalPoint | None:
    def excess(q: float) -> float:
        at = _moments_at(spec, q)
        if at is None:
            return math.nan
        apart = at.growth - at.d_second
        return apart if abs(apart) > SAME * at.d_second else 0.0

    grid = [q for q in GRID if 0.99e-3 < q < 1.01e4]
    found = [excess(q) for q in grid]
    for a, b, f, g in zip(grid, grid[1:], found, found[1:], strict=False):
        if f * g < 0:
            q = root(excess, a, b)
            at = moments(spec, q)
            sigma_b2 = q - at.second / at.d_second
            if sigma_b2 >= 0 and not doubt(spec, q):
                return CriticalPoint(sigma_w2=1 / at.d_second, sigma_b2=sigma_b2, q=q, stable=False)
    return None


def critical_points(name: Subject, sigma_b2: float = 0.0) -> tuple[CriticalPoint, ...]:
    """Every critical point with q between 1e-12 and 1e7 and the one at q = 0, by rising q; see `critical_point`."""
    return _points(spec_of(name), variance(sigma_b2, "sigma_b2"))


@lru_cache(maxsize=512)
def _points(spec: str, sigma_b2: float) -> tuple[CriticalPoint, ...]:
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

    found = [excess(q) for q in GRID]
    if sum(value == 0 for value in found) > len(GRID) // 2:
        return _believed(spec, [made(1.0)])
    origin, points = moments(spec, 0.0), []
    sloped = origin.d_second > 0.5 * moments(spec, 1e-20).d_second  # a slope that is 0 at 0 falls with q
    if sigma_b2 == 0 and float(row_of(spec).forward(0.0)) == 0 and sloped:
        points.append(CriticalPoint(sigma_w2=1 / origin.d_second, sigma_b2=0.0, q=0.0, stable=_settles(spec, origin)))
    points += [
        made(root(excess, a, b)) for a, b, f, g in zip(GRID, GRID[1:], found, found[1:], strict=False) if f * g < 0
    ]
    return _believed(spec, points)


def _believed(spec: str, points: list[CriticalPoint]) -> tuple[CriticalPoint, ...]:
    """The points at which chi_1 = 1 without the slope too; where there are none but others, that is said."""
    why = [doubt(spec, point.q) for point in points]
    if points and all(why):
        raise Doubtful(f"no critical point to be believed: {why[0]}, so the slope in use is not the function's")
    return tuple(point for point, doubted in zip(points, why, strict=True) if not doubted)


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


def _depth(slope: float) -> float:
    """Layers in which an error falls by e under a map of this slope."""
    size = abs(slope)
    if size == 0:
        return 0.0
    return -1 / math.log(size) if size < 1 - 1e-9 else math.inf
