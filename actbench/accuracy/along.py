"""Functions along an axis against mpmath: seeded vectors, their exact entries, and the sizes errors are counted in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.accuracy.meter import rounded, units
from actbench.accuracy.oracle import MP
from actbench.accuracy.points import ROOT_ZONE
from actbench.activations.vector import VectorFunction
from actbench.core.errors import ActbenchError
from actbench.core.streams import stream

Array = NDArray[Any]
LENGTH = 8  # of a seeded vector
SCALES = (1.0, 30.0, 200.0)  # of its entries: the body, the tails, and where exponentials underflow
BITS, STEP = 1600, 200  # of the oracle, for 1 + 2^-1074; its derivative is a central difference with step 2^-STEP
PEOPLE = (
    (0.0, 0.0, 0.0, 0.0), (1.0, 2.0, 3.0, 4.0), (1.0, -1.0, 0.5, -0.5), (10.0, 0.0, -10.0, 100.0),
    (1.0, 4.0, 1.0, 3.0, 1.0, 5.0, -1.0, -6.0),  # three that are equal, the last of the four largest among them
)  # fmt: skip
ARRIVING = (1.0, -1.0, 2.0, 0.5, 0.0, -2.0, 3.0, 1.0)
# promised of the fused loops, in the last place of the largest term
PROMISED = {"forward": 8.0, "backward": 16.0}


def seeded(row: VectorFunction, dtype: str, count: int) -> tuple[Array, Array]:
    """Vectors and arriving gradients, the same for every implementation."""
    rng = stream("axis accuracy", row.spec, dtype)
    scale = np.repeat(SCALES, -(-count // len(SCALES)))[:count, None]
    x = (rng.standard_normal((count, LENGTH)) * scale).astype(dtype)
    return x, rng.standard_normal((count, int(LENGTH * row.factor))).astype(dtype)


def entries(row: VectorFunction, direction: str, x: Array, dy: Array) -> tuple[list[Any], list[float]]:
    """What is right for one vector, entry by entry in mpmath, and the sizes that errors are counted against.

    Those are of the exact entry, and of the terms of a gradient, which cancel.
    """
    with MP.workprec(BITS):
        at = [MP.mpf(float(v)) for v in x]
        if direction == "forward":
            right = row.exact(MP, at)
            return right, [max(abs(float(v)), row.size(x)) for v in right]
        weights, step = [MP.mpf(float(d)) for d in dy], MP.ldexp(1, -STEP)
        columns = []
        for i in range(len(at)):
            up, down = (row.exact(MP, [*at[:i], at[i] + side, *at[i + 1 :]]) for side in (step, -step))
            columns.append([(a - b) / (2 * step) * w for a, b, w in zip(up, down, weights, strict=True)])
        # what a difference leaves of terms that cancel is 0, and has no sign
        noise = [max(map(abs, terms)) * MP.ldexp(1, -STEP) for terms in columns]
        right = [s if abs(s := sum(terms)) > least else MP.mpf(0) for terms, least in zip(columns, noise, strict=True)]
        largest = [max(float(abs(t)) for t in (*terms, sum(terms))) for terms in columns]
        return right, [max(size, row.size(x), _at_root(row, x, dy, i)) for i, size in enumerate(largest)]


def _at_root(row: VectorFunction, x: Array, dy: Array, i: int) -> float:
    """What a slope of 1 would give next to a root of a gate's slope, where the absolute error counts; else 0."""
    if not row.views or row.layout is None:
        return 0.0
    places = row.layout.split(np.arange(x.size))
    for side, own, other in (("a", *places), ("b", *places[::-1])):
        for j in np.flatnonzero(own == i):
            roots = row.view(side).fact("roots_of_slope")
            if any(abs(x[i] - root) <= ROOT_ZONE for root in roots):
                return float(abs(dy[j] * x[other[j]]))
    return 0.0


def of_people(row: VectorFunction, direction: str, dtype: str, count: int) -> list[tuple[Array, Array]]:
    """So many vectors with arriving gradients: short ones of round numbers first, where the function takes them.

    Backward without those at a kink, whose slope is a convention and no derivative.
    """
    short = []
    for numbers in PEOPLE:
        x = np.array(numbers, dtype)
        try:
            row.checked(x, -1)
            with np.errstate(all="ignore"):
                row(x.astype(np.float64))
        except ActbenchError:  # too short for it
            continue
        if direction == "backward" and not _smooth(row, x):
            continue
        short.append((x, np.resize(np.array(ARRIVING, dtype), int(x.size * row.factor))))
    rest = seeded(row, dtype, max(count - len(short), 1))
    return [*short, *zip(*rest, strict=True)][:count]


def _smooth(row: VectorFunction, x: Array) -> bool:
    """Whether differences to either side agree for every input."""
    with MP.workprec(BITS):
        at, step = [MP.mpf(float(v)) for v in x], MP.ldexp(1, -STEP)
        here = row.exact(MP, at)
        for i in range(len(at)):
            up, down = (row.exact(MP, [*at[:i], at[i] + side, *at[i + 1 :]]) for side in (step, -step))
            bends = [abs(a + b - 2 * c) / step for a, b, c in zip(up, down, here, strict=True)]
            if max(bends) > MP.ldexp(1, -STEP // 2):
                return False
    return True


@dataclass(frozen=True, kw_only=True)
class Off:
    """The vector and the entry at which a function is off, what came there, and the exact value rounded once."""

    ulp: float
    x: tuple[float, ...]
    entry: int
    came: float
    exact: float


def off(
    call: Callable[..., Any], row: VectorFunction, direction: str, dtype: str, max_ulp: float, count: int
) -> tuple[float, Off | None]:
    """The largest error in ulp, and the first vector at which it is larger than allowed, the plainest first.

    Parameters
    ----------
    call
        ``(x) -> y`` or ``(dy, x) -> dx`` on one vector.
    """
    worst, found = 0.0, None
    for x, dy in of_people(row, direction, dtype, count):
        right, sizes = entries(row, direction, x, dy)
        got = np.asarray(call(x.copy()) if direction == "forward" else call(dy.copy(), x.copy()))
        if got.shape != (len(right),) or str(got.dtype) != dtype:
            raise AssertionError(
                f"{row.spec} {direction}: gives {got.dtype}{list(got.shape)} for {dtype}{list(x.shape)}"
            )
        for i, (value, unit) in enumerate(zip(right, units(np.array(sizes), dtype), strict=True)):
            came, exact = float(got[i]), rounded(value, dtype)
            finite = np.isfinite(came) and np.isfinite(exact)
            error = (
                float(abs(MP.mpf(came) - value) / MP.mpf(float(unit))) if finite else 0.0 if came == exact else np.inf
            )
            worst = max(worst, error)
            if found is None and error > max_ulp:
                found = Off(ulp=error, x=tuple(map(float, x)), entry=i, came=came, exact=exact)
    return worst, found
