"""From one failing input to the smallest one, and what is wrong at the infinities and at NaN."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.accuracy.meter import ErrorMeter
from actbench.activations.registry import resolve
from actbench.core.dtypes import has_infinity

ALIKE = 256  # points a call; always as many, for jax compiles every length anew

Call = Callable[[NDArray[Any]], NDArray[Any]]


def first(meter: ErrorMeter, call: Call, near: float | None, fails: Any) -> float | None:
    """The failing input nearest to 0 that can be reached from one failing point through failing neighbours.

    The seeded points lie far apart; between the failing one and 0 the boundary is narrowed, 256 floats at a time.
    """
    if near is None or near == 0.0:
        return near
    kind = np.dtype(meter.dtype)
    whole = np.dtype(f"int{kind.itemsize * 8}")
    sign = math.copysign(1.0, near)
    good, bad = 0, int(np.abs(np.array([near], kind)).view(whole)[0])  # the bits of a positive float are in its order
    while bad - good > 1:
        steps = np.array([good + (bad - good) * i // ALIKE for i in range(1, ALIKE + 1)], whole)
        x = (steps.view(kind) * kind.type(sign)).astype(kind)
        with np.errstate(all="ignore"):
            failing = fails(ErrorMeter(meter.spec, meter.direction, meter.dtype, x), np.asarray(call(x)))
        if not failing.any():
            return near  # alone it does not fail: a matter of vector width
        place = int(failing.argmax())
        good, bad = good if place == 0 else int(steps[place - 1]), int(steps[place])
    return float(np.array([bad], whole).view(kind)[0]) * sign


def wrong_limits(meter: ErrorMeter, call: Call, *, strict: bool) -> list[str]:
    """Answers at the infinities and at NaN that are wrong; signs of zero count where ``strict``."""
    row = resolve(meter.spec)
    if meter.direction == "second":  # nothing is declared
        return []
    forward = meter.direction == "forward"
    name = "f" if forward else "f'"
    kind = np.dtype(meter.dtype).type
    ends = ["-inf", "inf"] if has_infinity(meter.dtype) else []
    x = np.array([*map(float, ends), np.nan], meter.dtype)
    with np.errstate(all="ignore"):
        got = np.asarray(call(x))
    wanted = [kind(v) for v in row.fact("limits" if forward else "slope_limits")][: len(ends)]
    # a slope that never looks at x cannot know of its NaN
    wanted.append(kind(np.nan) if forward or row.saves else got[-1])
    said = []
    for at, g, w in zip((*ends, "nan"), got, wanted, strict=True):
        same = np.isnan(g) if np.isnan(w) else g == w or abs(float(g) - float(w)) <= 8 * float(np.spacing(np.abs(w)))
        if not same or (strict and w == 0 and np.signbit(g) != np.signbit(w)):
            said.append(f"{name}({at}) is {float(g)!r}, not {float(w)!r}")
    return said
