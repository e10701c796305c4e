"""What a row declares, found by looking: kinks, flat regions, limits, bounds and roots of a function."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.implementations.targets.slopes import END, MANY_KINKS

Array = NDArray[np.float64]
Function = Callable[[Array], Array]
FAR = (1e2, 1e3, 1e4)
# Distances at which a tendency is read: doubled to 1024, where exponentials overflow, then on to the largest numbers.
LADDER = np.concatenate([2.0 ** np.arange(3, 11, 0.5), 2.0 ** np.arange(11, 1000, 8.0)])
MOST_ROOTS = 200  # that are kept, those next to 0
PLATEAU, NOTHING = 8, 1e-30  # rungs that make one; below this a value far out tends to 0
NEAR = 1e-6  # of a limit, relative: it was reached
PLAIN = 1e-11  # relative: a limit this near to a number of nine digits is that
NOISE = 1e-12  # of the largest value: what changes its sign below it has lost all digits there
SETTLED = 1e-9  # relative change over the last rungs that a limit may still make
# Stretches in which what never settles goes to and fro: no step of them is a period that people write.
STRETCHES = tuple(10.0**k + 0.0618034 * np.arange(1601) for k in (2, 3, 4))
SHARES, ROOM = (
    (0.1, 0.4, 0.7),
    350.0,
)  # where three stretches begin, of the way to an overflow that leaves room for them
FADES = 0.9  # of the extent one stretch nearer: what goes to and fro by less has a limit


def facts(f: Function, slope: Function, kinks: Sequence[float]) -> dict[str, Any]:
    """The declarations of a function that was only looked at.

    Parameters
    ----------
    f, slope
        On float64 arrays.
    kinks
        As `actbench.implementations.targets.slopes.find_kinks` gives them.

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
        slope_limits = tuple(_slope_limit(slope, side, f, kinks) for side in (-1, 1))
    finite = y[np.isfinite(y)]
    ends = [float(finite.min()), float(finite.max()), *limits]
    return {
        "kinks": [[float(k), float(v)] for k, v in zip(kinks, at, strict=True)],
        "flat": _flat(grid, s, kinks, slope),
        "bounds": [min(e for e in ends if e == e), max(e for e in ends if e == e)],
        "limits": list(limits),
        "slope_limits": list(slope_limits),
        "at_negative_zero": float(f(np.array([-0.0]))[0]),
        "roots": [r for r in _roots(f, grid, y, kinks) if r != 0.0],
        "roots_of_slope": _roots(slope, grid, s, kinks),
        "excluded_slope": [[k, k] for k, v in zip(kinks, at, strict=True) if not math.isfinite(v)],
    }


def kinks_go_on(kinks: Sequence[float], side: int) -> bool:
    """Whether many kinks reach the end of where they were looked for, so that nobody knows those beyond it."""
    return len(kinks) > MANY_KINKS and max(side * k for k in kinks) > 0.9 * END


def _slope_limit(slope: Function, side: int, f: Function, kinks: Sequence[float]) -> float:
    """What the slopes tend to, read where the function has a value; of stairs between the outermost known kinks."""
    if not kinks_go_on(kinks, side):
        return _limit(slope, side, f)
    last = np.sort([k for k in kinks if side * k > 0.5 * END])
    inside = np.array([0.23, 0.41, 0.83])
    between = slope(np.asarray(last[:-1, None] + np.diff(last)[:, None] * inside, np.float64).reshape(-1))
    middle = float(np.median(between))
    return middle if np.abs(between - middle).max() <= NEAR * max(1.0, abs(middle)) else math.nan


def to_and_fro(f: Function, side: int) -> bool:
    """Whether the values never settle: over the same extent again and again, and no less of it far out.

    Where they end in no numbers, it is looked for before that.
    """
    parts = [f(np.asarray(side * stretch, np.float64)) for stretch in STRETCHES]
    if not all(np.isfinite(part).all() for part in parts):
        good = np.isfinite(f(side * LADDER))
        last = float(LADDER[good.argmin() - 1]) if not good.all() and good[0] else 0.0
        parts = [f(side * (last * share + STRETCHES[0] - STRETCHES[0][0])) for share in SHARES]
        if last < ROOM or not all(np.isfinite(part).all() for part in parts):
            return False
    low, high = (np.array([way(part) for part in parts]) for way in (np.min, np.max))
    turns = [np.count_nonzero(np.diff(np.sign(np.diff(part)[np.diff(part) != 0]))) for part in parts]
    extent = high - low
    same = low.max() < high.min() and (extent[1:] >= FADES * extent[:-1]).all()
    return bool(same and min(turns) >= 3 and extent.min() > NEAR * max(1.0, np.abs(low).max()))


def _limit(f: Function, side: int, where: Function | None = None) -> float:
    """What the values tend to, read from those that are numbers: a number where they settle, else an infinity.

    NaN where they go to and fro for ever.

    A value that is reached only beyond an overflow (inf, NaN) is no tendency; `ends` says it beside this one.
    """
    with np.errstate(all="ignore"):
        if to_and_fro(f, side):
            return math.nan
        values = f(side * LADDER)
        good = np.isfinite(values) & (True if where is None else np.isfinite(where(side * LADDER)))
    count = values.size if good.all() else int(good.argmin())  # up to the first that is no number
    known = values[:count]
    if known.size < 4:
        return float(known[-1]) if known.size else math.nan
    still = np.abs(np.diff(known)) <= SETTLED * np.maximum(1.0, np.abs(known[1:]))
    start = next((i for i in range(still.size - PLATEAU + 1) if still[i : i + PLATEAU].all()), None)
    if start is not None:  # the first plateau: what comes after it is an overflow
        moves = np.flatnonzero(~still[start:])
        last = float(known[start + moves[0] if moves.size else -1])
        plain = float(f"{last:.9g}")  # (1 + x) - x is 1.0000000000001137 far out
        last = plain if abs(plain - last) <= PLAIN * max(1.0, abs(last)) else last
        return 0.0 if abs(last) < NOTHING else last
    rises = np.diff(known[-6:])
    if (np.abs(rises[1:]) < 0.9 * np.abs(rises[:-1])).all():  # still on its way, and slower at every rung
        return 0.0 if abs(known[-1]) < SETTLED else float(known[-1])
    return math.copysign(math.inf, rises[-1])


def ends(f: Function, limits: Sequence[float], what: str = "it") -> list[str]:
    """What the code really gives far out, where that is not what its values tend to."""
    said = []
    for side, limit in zip((-1, 1), limits, strict=True):
        if math.isnan(limit):
            said += _ending(f, side, what)
            continue
        with np.errstate(all="ignore"):
            values, at_end = f(side * LADDER), float(f(np.array([side * math.inf]))[0])
            near = np.abs(values - limit) <= NEAR * max(1.0, abs(limit))
        reached = float(LADDER[near.argmax()]) if near.any() else math.inf

        def right(distance: Any, side: int = side, limit: float = limit, reached: float = reached) -> Any:
            """A number, and once the limit was reached, still there."""
            with np.errstate(all="ignore"):
                values = f(side * np.atleast_1d(distance))
                near = np.abs(values - limit) <= NEAR * max(1.0, abs(limit))
            return np.isfinite(values) & (near | (np.atleast_1d(distance) < reached))

        bad = np.flatnonzero(~right(LADDER))
        bad = bad[bad > 0]
        if bad.size:
            edge = _edge(right, float(LADDER[bad[0] - 1]), float(LADDER[bad[0]]))
            with np.errstate(all="ignore"):
                before = abs(float(f(np.array([side * edge * (1 - 1e-6)]))[0]))
            if before < 1e290:  # else a result too large for the format
                why = ", an overflow inside it" if _overflows(f, float(side * LADDER[bad[0]])) else ""
                said.append(f"{what} gives {values[bad[0]]:g} from x = {side * edge:.6g} on{why}: "
                            f"its values tend to {limit:g}")  # fmt: skip
                continue
        if not (at_end == limit or abs(at_end - limit) <= SETTLED):
            said.append(f"{what} gives {at_end:g} at x = {side * math.inf:g}: its values tend to {limit:g}")
    return said


def _ending(f: Function, side: int, what: str) -> list[str]:
    """Where what goes to and fro ends in no numbers."""

    def right(distance: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.isfinite(f(side * np.atleast_1d(distance)))

    bad = np.flatnonzero(~right(LADDER))
    if not bad.size or not bad[0] or LADDER[bad[0]] > FAR[-1]:  # at 1e300 a sine's argument is as good as none
        return []
    edge, at = _edge(right, float(LADDER[bad[0] - 1]), float(LADDER[bad[0]])), float(side * LADDER[bad[0]])
    with np.errstate(all="ignore"):
        value = float(f(np.array([at]))[0])
    why = ", an overflow inside it" if _overflows(f, at) else ""
    return [f"{what} gives {value:g} from x = {side * edge:.6g} on{why}"]


def _overflows(f: Function, x: float) -> bool:
    """Whether no number comes, or NumPy saw none on the way."""
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            return not np.isfinite(f(np.array([x]))[0])
    except FloatingPointError:
        return True


def _edge(right: Callable[[Any], Any], good: float, bad: float) -> float:
    """The distance from which on the values are no longer right, to six digits."""
    while bad - good > 1e-7 * bad:
        middle = 0.5 * (good + bad)
        good, bad = (middle, bad) if right(middle)[0] else (good, middle)
    return bad


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
    """Sign changes between neighbours on the grid, closed in on, those next to 0 first; no jumps at kinks, no noise."""
    size = np.abs(values)
    sure = np.maximum(size[:-1], size[1:]) > NOISE * size[np.isfinite(size)].max(initial=0.0)
    at = np.flatnonzero((values[:-1] * values[1:] < 0) & sure)
    at = np.array([i for i in at if not any(grid[i] <= k <= grid[i + 1] for k in kinks)], int)
    at = at[np.abs(grid[at]).argsort(kind="stable")][:MOST_ROOTS]
    found = _bisected(f, grid[at], grid[at + 1], values[at] < 0).tolist()
    inside = np.flatnonzero((values[1:-1] == 0) & (values[:-2] * values[2:] < 0) & sure[:-1]) + 1
    found += [float(grid[i]) for i in inside if not any(abs(grid[i] - k) < 1e-9 for k in kinks)]
    return sorted(found, key=lambda root: (round(abs(root), 9), root))[:MOST_ROOTS]


def _bisected(f: Function, a: Array, b: Array, rises: NDArray[np.bool_]) -> Array:
    """Roots by halving, to neighbouring floats; SciPy's would cost a process half a second to import."""
    while a.size and ((a < (middle := 0.5 * (a + b))) & (middle < b)).any():
        value = f(middle.copy())
        a = np.where((value == 0) | ((value < 0) == rises), middle, a)
        b = np.where((value == 0) | ((value < 0) != rises), middle, b)
    return a
