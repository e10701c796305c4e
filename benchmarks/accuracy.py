"""How far are the fused kernels from the right answer at worst? Tracked as a time is: lower is better."""

from __future__ import annotations

import numpy as np

from benchmarks.imports import find, kernel, need, start
from benchmarks.panel import DIRECTIONS, DTYPES, PANEL

start("ErrorMeter", "compiler")

POINTS = 20_000  # seeded, with kinks, limits and the whole range of the format; 1,000,000 in reports/accuracy


def worst_ulp(name: str, direction: str, dtype: str, *, backend: str = "numba", points: int = POINTS) -> float:
    """The largest error in ulp over seeded points, the worst confirmed by mpmath; inf for a lost or wild one."""
    need(name)
    x = find("where_promised")(name, dtype, points, direction)
    run = kernel(name, direction, dtype=dtype, backend=backend)
    got = run(x) if direction == "forward" else run(np.ones_like(x), x)
    found = find("ErrorMeter")(name, direction, dtype, x).measure(got)
    return float("inf") if found.lost or found.special else float(found.worst)


def track_worst_ulp(name: str, direction: str, dtype: str) -> float:
    """Of a fused kernel."""
    return worst_ulp(name, direction, dtype)


track_worst_ulp.params = (PANEL, DIRECTIONS, DTYPES)
track_worst_ulp.param_names = ("name", "direction", "dtype")
track_worst_ulp.version = "1"
track_worst_ulp.unit = "ulp"
track_worst_ulp.timeout = 120
