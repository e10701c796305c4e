"""Slopes of a function that is only called: Ridders' differences with an error, the complex step, and kinks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Function = Callable[[Array], Array]

SHRINK, ROWS = 2.0, 7  # of the steps from one row of Ridders' table to the next; rows
FIRST_STEP = 0.25  # in units of max(1, |x|)
CLOSE = 1e-3  # nearer to a kink than this, relative, the differences are one-sided
COMPLEX_STEP = 1e-30
SCALES = (1.0, 2.0**-5, 2.0**-10, 2.0**-16)  # of the first step, for what changes within it
WINDOW = 12.0  # kinks are looked for in [-12, 12] on a fine grid, in [-120, 120] on a coarse one
END = 10 * WINDOW
NARROW = 1e-9  # to which a kink is closed in on
PART = 0.55  # of a window's size that its parts have: they overlap, else a jump on an edge is lost to rounding
MANY_KINKS = 12  # beyond this people are told their number and extent


def ridders(f: Function, x: Array, step: Array, side: Array) -> tuple[Array, Array]:
    """The slope and an estimate of its error: differences at shrinking steps, extrapolated (Ridders 1982).

    Parameters
    ----------
    f
        The function, called on arrays of the shape of ``x``.
    x, step
        Where, and the first and largest step.
    side
        0 for central differences, 1 or -1 for such as stay on one side of x.

    Returns
    -------
    slope, error
        ``error`` is the larger of the two differences between the entry that is chosen and its parents in the table.
    """
    best, error = np.full(x.shape, np.nan), np.full(x.shape, np.inf)
    before: list[Array] = []
    at = f(x)
    with np.errstate(all="ignore"):
        for row in range(ROWS):
            h = step / SHRINK**row
            now = [_difference(f, x, at, h, side)]
            for column in range(1, row + 1):
                # the error of a central difference runs in even powers of h, of a one-sided one from the square up
                factor = SHRINK ** np.where(side == 0, 2 * column, column + 1)
                now.append((now[column - 1] * factor - before[column - 1]) / (factor - 1))
                guess = np.maximum(np.abs(now[column] - now[column - 1]), np.abs(now[column] - before[column - 1]))
                better = guess < error
                error, best = np.where(better, guess, error), np.where(better, now[column], best)
            before = now
    return best, error


def confirmed(f: Function, x: Array, step: Array, side: Array) -> tuple[Array, Array]:
    """`ridders` from several first steps, each believed as far as the next finer one agrees.

    Extrapolation from steps that reach past a singularity (a root's, say) may agree with itself and be wrong: 3.88 in
    place of 50 for the slope of sqrt at 1e-4.
    """
    with np.errstate(all="ignore"):
        rounding = np.finfo(np.float64).eps * np.abs(f(x)) / step  # of a quotient at the first step
    tries = []
    for shrink in SCALES:
        value, guess = ridders(f, x, step * shrink, side)
        tries.append((value, np.maximum(guess, rounding / shrink)))  # agreement to the last digit is luck
    slope, error = tries[-1]
    for (coarse, own), (fine, finer) in zip(tries[-2::-1], tries[:0:-1], strict=True):
        believed = np.maximum(own, np.where(np.isfinite(fine), np.maximum(np.abs(coarse - fine) - 3 * finer, 0), 0))
        better = believed < error
        slope, error = np.where(better, coarse, slope), np.where(better, believed, error)
    return slope, error


def _difference(f: Function, x: Array, at: Array, h: Array, side: Array) -> Array:
    """Central, or the one-sided formula of second order."""
    left = np.where(side == 0, x - h, x + side * h)
    right = np.where(side == 0, x + h, x + 2 * side * h)
    low, high = f(left), f(right)
    one_sided = side * (4 * low - high - 3 * at) / (2 * h)
    return np.where(side == 0, (high - low) / (right - left), one_sided)


@dataclass(frozen=True, kw_only=True)
class Slopes:
    """Slopes of a function that nobody differentiated.

    Parameters
    ----------
    f
        The function on float64 arrays.
    kinks
        Places whose two sides are never mixed. At a kink itself the flatter side's slope is used, as torch does for
        ReLU and its kin.
    complex_step
        Whether the function was found to agree with Ridders' differences when it is continued into the complex plane.
    """

    f: Function
    kinks: tuple[float, ...] = ()
    complex_step: bool = False

    def __call__(self, x: Array) -> Array:
        """f'(x)."""
        return self.with_error(x)[0]

    def with_error(self, x: Array) -> tuple[Array, Array]:
        """f'(x) and the error that is estimated; 0 where the complex step is taken."""
        flat = np.ascontiguousarray(x, np.float64).reshape(-1)
        slope = stepped(self.f, flat) if self.complex_step else None
        error = np.zeros(flat.shape)
        if slope is None:
            slope, error = self._differences(flat)
        for kink in self.kinks:
            if (flat == kink).any():
                slope = np.where(flat == kink, self._flatter[kink], slope)
        return slope.reshape(x.shape), error.reshape(x.shape)

    def _differences(self, flat: Array) -> tuple[Array, Array]:
        """Central where there is room, one-sided next to kinks."""
        scale = np.maximum(1.0, np.abs(flat))
        step, side = FIRST_STEP * scale, np.zeros(flat.shape)
        for kink in self.kinks:
            distance = np.abs(flat - kink)
            close = distance < CLOSE * scale
            side = np.where(close, np.where(flat > kink, 1.0, -1.0), side)
            step = np.where(close, step, np.minimum(step, 0.99 * distance))
        for kink in self.kinks:  # a one-sided formula reaches two steps far, and must not cross the next kink
            ahead = side * (kink - flat)
            step = np.where(ahead > 0, np.minimum(step, 0.45 * ahead), step)
        return confirmed(self.f, flat, step, side)

    @cached_property
    def _flatter(self) -> dict[float, float]:
        """At each kink, from no farther than to the next one: tables and stairs have thousands."""
        places = np.sort(self.kinks)
        gaps = np.diff(places, prepend=-np.inf, append=np.inf)
        reach = np.minimum(gaps[:-1], gaps[1:])
        return {float(k): flatter(self.f, float(k), float(room)) for k, room in zip(places, reach, strict=True)}


def flatter(f: Function, kink: float, reach: float = math.inf) -> float:
    """The slope of the flatter side of a kink; 0 where it rises on one side and falls on the other."""
    left, right = (one_sided(f, kink, side, reach) for side in (-1.0, 1.0))
    if left * right < 0 and abs(left + right) < 1e-6 * max(abs(left), abs(right)):
        return 0.0
    return left if abs(left) <= abs(right) else right


def one_sided(f: Function, x: float, side: float, reach: float = math.inf) -> float:
    """The slope on one side of a point, from so near to it; infinite where difference quotients grow without end."""
    size = max(1.0, abs(x))
    steps = size * 10.0 ** -np.arange(3, 10)
    with np.errstate(all="ignore"):
        ends = f(x + side * np.concatenate([steps, [1e-12 * size]]))
        quotients = side * (ends[:-1] - ends[-1]) / (steps - 1e-12 * size)
    growth = quotients[1:] / np.where(quotients[:-1] == 0, np.nan, quotients[:-1])
    if (growth > 1.5).all():  # ten times nearer: a root's quotient grows by its power of ten, a smooth one's not at all
        return math.copysign(math.inf, quotients[-1])
    at = np.array([x + side * 1e-9 * size])  # off the point itself, whose value may belong to neither side
    return float(ridders(f, at, np.full(1, min(1e-2 * size, 0.3 * reach)), np.full(1, side))[0][0])


def stepped(f: Function, x: Array) -> Array | None:
    """The slope by one complex step (Squire & Trapp 1998), or None where the function takes no complex numbers."""
    try:
        with np.errstate(all="ignore"):
            found = np.asarray(f(x + 1j * COMPLEX_STEP))  # type: ignore[arg-type]
    except Exception:  # somebody else's code may raise whatever it likes
        return None
    if found.dtype.kind != "c" or found.shape != x.shape:
        return None
    slope: Array = found.imag / COMPLEX_STEP
    return slope if np.isfinite(slope).all() else None


def complex_agrees(f: Function, slopes: Slopes, x: Array) -> bool:
    """Whether the complex step gives Ridders' slopes at every one of these points."""
    step = stepped(f, x)
    if step is None:
        return False
    slope, error = slopes.with_error(x)
    return bool((np.abs(step - slope) <= 10 * error + 1e-7 * np.maximum(1.0, np.abs(slope))).all())


def find_kinks(f: Function) -> list[float]:
    """Where the slopes on the two sides differ, or the function jumps.

    A second difference over its step shrinks with the step where a function is smooth and stays where it is not:
    windows where it stays are about halved until they are 1e-9 wide.
    """
    fine, coarse = np.linspace(-WINDOW, WINDOW, 4801), np.linspace(-END, END, 4801)
    found: list[float] = []
    for grid in (fine, coarse):
        half = grid[1] - grid[0]
        centres = grid if grid is fine else grid[np.abs(grid) > WINDOW]
        for centre in _suspects(f, centres, half):
            place = _closed_in(f, centre, half)
            if place is not None and not any(abs(place - known) < 1e-6 for known in found):
                found.append(place)
    return sorted(found)


def _bend(f: Function, centre: Array, half: Any) -> Array:
    with np.errstate(all="ignore"):
        bend = np.abs(f(centre - half) - 2 * f(centre) + f(centre + half)) / half
    return np.where(np.isfinite(bend), bend, 0.0)


def _suspects(f: Function, centres: Array, half: float) -> Sequence[float]:
    """Windows whose bend is still there in one of their three parts, and again; the middle one where all are equal."""
    current, size = centres, half
    start = _bend(f, centres, half)
    first = start
    for _ in range(6):
        parts = np.stack([current, current - size / 2, current + size / 2])
        bends = np.stack([_bend(f, part, PART * size) for part in parts])
        chosen = bends.argmax(axis=0)
        current = np.take_along_axis(parts, chosen[None], axis=0)[0]
        start, size = np.take_along_axis(bends, chosen[None], axis=0)[0], PART * size
    keep = (start > 1e-6) & (start > 0.25 * first)  # a smooth bend would be 1/36 of what it was
    return [float(v) for v in np.unique(np.round(centres[keep], 12))]


def _closed_in(f: Function, centre: float, half: float) -> float | None:
    place, size = centre, half
    while size > NARROW:
        parts = np.array([place, place - size / 2, place + size / 2])
        bends = _bend(f, parts, PART * size)
        if bends.max() < 1e-7:
            return None
        place, size = float(parts[bends.argmax()]), PART * size
    # what people write has few digits
    for digits in range(9):
        near = round(place, digits)
        if abs(near - place) <= 4 * NARROW * max(1.0, abs(place)):
            place = near
            break
    near, far = _bend(f, np.full(2, place), np.array([1e-6, 1e-5]) * max(1.0, abs(place)))
    if near < 0.5 * far:  # it shrinks with the step: a steep curve
        return None
    left, right = one_sided(f, place, -1.0), one_sided(f, place, 1.0)
    ends = f(np.array([place - 1e-8, place + 1e-8]))
    jump = abs(float(ends[1] - ends[0])) > 1e-6
    if math.isinf(left) != math.isinf(right):  # also where the place is off by less than 1e-9, to a step's own side
        return place + 0.0
    return place + 0.0 if jump or abs(left - right) > 1e-5 * max(1.0, abs(left), abs(right)) else None
