"""What a row declares, found by looking: kinks, flat regions, limits, bounds and roots of a function."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Function = Callable[[Array], Array]
FAR = (1e2, 1e3, 1e4)


def facts(f: Function, slope: Function, kinks: Sequence[float]) -> dict[str, Any]:
    """The declarations of a function that was only looked at.

    Parameters
    ----------
    f, slope
        On float64 arrays.
    kinks
        As `actbench.implementations.plugins.slopes.find_kinks` gives them.

    Returns
    -------
    kinks with the slope that is used there, flat, bounds, limits, slope_limits, at_negative_zero, roots,
    roots_of_slope, excluded_slope: what was seen between -120 and 120 and far out, no proof.
    """
    grid = np.unique(np.concatenate([np.linspace(-12, 12, 4801), np.linspace(-120, 120, 4801), kinks]))
    with np.errstate(all="ignore"):
        y, s = f(grid.copy()), slope(grid.copy())
        at = slope(np.array(kinks, np.float64)) if kinks else np.empty(0)
        limits = tuple(_limit(f, side) for side in (-1, 1))
        slope_limits = tuple(_limit(slope, side) for side in (-1, 1))
    infinite = [k for k, v in zip(kinks, at, strict=True) if not math.isfinite(v)]
    finite = y[np.isfinite(y)]
    ends = [float(finite.min()), float(finite.max()), *limits]
    return {
        "kinks": [[float(k), float(v) if math.isfinite(v) else 0.0] for k, v in zip(kinks, at, strict=True)],
        "flat": _flat(grid, s, kinks, slope),
        "bounds": [min(e for e in ends if e == e), max(e for e in ends if e == e)],
        "limits": list(limits),
        "slope_limits": list(slope_limits),
        "at_negative_zero": float(f(np.array([-0.0]))[0]),
        "roots": [r for r in _roots(f, grid, y, kinks) if r != 0.0],
        "roots_of_slope": _roots(slope, grid, s, kinks),
        "excluded_slope": [[k, k] for k in infinite],
    }


def _limit(f: Function, side: int) -> float:
    """The value towards an infinity: a number where three distances agree, else by the direction."""
    values = f(side * np.array(FAR))
    at_end = float(f(np.array([side * math.inf]))[0])
    known = values[np.isfinite(values)]
    if not math.isnan(at_end) and not (math.isinf(at_end) and known.size > 1 and known.max() == known.min()):
        return at_end
    if not known.size:
        near = f(side * np.array([20.0, 40.0]))
        return float(near[-1])
    if abs(known[-1] - known[0]) <= 1e-9 * max(1.0, abs(known[0])):
        return float(known[-1])
    return math.copysign(math.inf, known[-1] - known[0])


def _flat(grid: Array, slope: Array, kinks: Sequence[float], f_slope: Function) -> list[list[float]]:
    """Intervals of slope exactly 0 that end at a kink or never; a slope that merely rounds to 0 far out is none."""
    zero = slope == 0
    runs: list[list[float]] = []
    start = None
    for i, flag in enumerate([*zero, False]):
        if flag and start is None:
            start = i
        elif not flag and start is not None:
            if i - start >= 3:
                runs.append([float(grid[start]), float(grid[i - 1])])
            start = None
    found = []
    for low, high in runs:
        ends = [_end(low, -1, grid, kinks, f_slope), _end(high, 1, grid, kinks, f_slope)]
        if None not in ends and not (math.isinf(ends[0]) and math.isinf(ends[1]) and kinks):  # type: ignore[arg-type]
            found.append([float(ends[0]), float(ends[1])])  # type: ignore[arg-type]
    return found


def _end(at: float, side: int, grid: Array, kinks: Sequence[float], slope: Function) -> float | None:
    edge = grid[0] if side < 0 else grid[-1]
    if at == edge:
        with np.errstate(all="ignore"):
            return side * math.inf if (slope(side * np.array(FAR)) == 0).all() else None
    near = [k for k in kinks if abs(k - at) <= 0.051]
    return min(near, key=lambda k: abs(k - at)) if near else None


def _roots(f: Function, grid: Array, values: Array, kinks: Sequence[float]) -> list[float]:
    """Sign changes between neighbours on the grid, closed in on; jumps at kinks are none."""
    found: list[float] = []
    for i in np.flatnonzero(values[:-1] * values[1:] < 0):
        a, b = float(grid[i]), float(grid[i + 1])
        if any(a <= k <= b for k in kinks):
            continue
        found.append(_bisected(f, a, b, values[i] < 0))
    inside = np.flatnonzero((values[1:-1] == 0) & (values[:-2] * values[2:] < 0)) + 1
    found += [float(grid[i]) for i in inside if not any(abs(grid[i] - k) < 1e-9 for k in kinks)]
    return sorted(found)[:20]


def _bisected(f: Function, a: float, b: float, rises: bool) -> float:
    """A root by halving, to neighbouring floats; SciPy's would cost a process half a second to import."""
    while a < (middle := 0.5 * (a + b)) < b:
        value = float(f(np.array([middle]))[0])
        if value == 0:
            return middle
        a, b = (middle, b) if (value < 0) == rises else (a, middle)
    return a
