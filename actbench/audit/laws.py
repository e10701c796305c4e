"""Does it keep what the function keeps: order, symmetry, bounds? Asked of values that are within what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from actbench.accuracy.meter import ErrorMeter, units
from actbench.accuracy.shrink import first
from actbench.audit.finding import Finding
from actbench.audit.subject import Array, Subject
from actbench.audit.values import tried
from actbench.core.dtypes import info

SLACK = 8.0  # ulp: two neighbours, each 4 off, may lie the wrong way round
BEYOND = 2.0  # ulp beyond a bound that is also a limit
Broken = Callable[[Array, Array], Array]


def laws(subject: Subject, dtype: str) -> Iterator[Finding]:
    """Findings about the forward pass in one format."""
    row, call = subject.row, subject.call("forward", dtype)
    x = tried(subject, "forward", dtype)
    y = call(x).astype(np.float64)
    about = {"direction": "forward", "dtype": dtype}
    for bound, sign in zip(row.fact("bounds"), (-1.0, 1.0), strict=True):
        # a bound that is reached inside, at an extremum, has values beside it that may be as far off as all others
        slack = BEYOND if bound in row.fact("limits") else subject.allowed[dtype]
        edge = bound + sign * slack * float(units(np.array([abs(bound)]), dtype)[0])
        at = _smallest(subject, dtype, x, y, partial(_beyond, edge, sign))
        if np.isfinite(bound) and at is not None:
            yield subject.finding("bounds", at=at, came=_one(call, at, dtype), exact=float(bound), **about)
    if row.fact("monotone"):
        yield from _falls(subject, call, x, y, dtype)
    if row.symmetry:
        mirror = -1 if row.symmetry == "odd" else 1

        def broken(x: Array, y: Array) -> Array:
            mirrored = mirror * call(-x).astype(np.float64)
            return np.isfinite(mirrored) & (np.abs(y - mirrored) > SLACK * units(np.abs(y), dtype))

        at = _smallest(subject, dtype, x, y, broken)
        if at is not None:
            yield subject.finding("symmetry", at=at, came=_one(call, at, dtype), exact=mirror * _one(call, -at, dtype),
                                  detail=str(row.symmetry), **about)  # fmt: skip


def _beyond(edge: float, sign: float, x: Array, y: Array) -> Array:
    return np.asarray(sign * y > sign * edge)


def _one(call: Callable[[Array], Array], at: float, dtype: str) -> float:
    return float(call(np.full(64, at, dtype))[0])


def _smallest(subject: Subject, dtype: str, x: Array, y: Array, broken: Broken) -> float | None:
    """The input nearest to 0 at which a law is broken, narrowed down between seeded points."""
    with np.errstate(all="ignore"):
        failing = np.isfinite(y) & broken(x, y)
    meter = ErrorMeter(subject.spec_in(dtype), "forward", dtype, x)
    near = meter.smallest(failing)
    if near is None or info(dtype).bits == 16:
        return near
    return first(meter, subject.call("forward", dtype), near,
                 lambda meter, got: broken(meter.x, got.astype(np.float64)))  # fmt: skip


def _falls(subject: Subject, call: Callable[[Array], Array], x: Array, y: Array, dtype: str) -> Iterator[Finding]:
    """Where a value is lower than its neighbour's below: of the next number, and of the next seeded one."""
    with np.errstate(all="ignore"):
        above = np.nextafter(x, np.array(np.inf, dtype))
    pairs = [(x, y, above, call(above).astype(np.float64)), (x[:-1], y[:-1], x[1:], y[1:])]
    found: list[tuple[float, float, float, float]] = []
    for low, before, high, after in pairs:
        with np.errstate(all="ignore"):
            falls = after < before - SLACK * units(np.maximum(np.abs(before), np.abs(after)), dtype)
        falls &= np.isfinite(before) & np.isfinite(after)
        if falls.any():
            i = int(np.flatnonzero(falls)[np.abs(high[falls].astype(np.float64)).argmin()])
            found.append((float(high[i]), float(after[i]), float(low[i]), float(before[i])))
    if found:
        at, came, below, before_it = min(found, key=lambda pair: abs(pair[0]))
        yield subject.finding("monotone", direction="forward", dtype=dtype, at=at, came=came,
                              detail=f"{before_it:.9g} at {below:.9g}")  # fmt: skip
