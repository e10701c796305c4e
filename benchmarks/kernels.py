"""How long do the fused kernels take, forward and backward?"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

import actbench as ab
from benchmarks.imports import kernel, need, start
from benchmarks.panel import CLOCK, DIRECTIONS, DTYPES, PANEL, SIZES

start("compiler")
ab.kernel("identity")(np.ones(8, np.float32))  # numba fills its tables at its first dispatch


@cache
def arrays(dtype: str, size: int) -> tuple[Any, Any, Any]:
    """x and dy, standard normal, and memory for the result that was touched before."""
    rng = np.random.default_rng(0)
    x, dy = (rng.standard_normal(size).astype(dtype) for _ in range(2))
    return x, dy, np.zeros_like(x)


@cache
def case(name: str, direction: str, dtype: str, size: int, backend: str = "numba") -> Callable[[], object]:
    """A call that was made once before.

    A class with setup() would get number = 1 from asv_runner 0.3, hopeless for microseconds; this cache costs 0.1 us.
    """
    need(name)
    x, dy, out = arrays(dtype, size)
    run = kernel(name, direction, dtype=dtype, backend=backend)
    operands = (x,) if direction == "forward" else (dy, x)
    run(*operands, out=out)
    return lambda: run(*operands, out=out)


def time_kernel(name: str, direction: str, dtype: str, size: int) -> None:
    """One call of one kernel."""
    case(name, direction, dtype, size)()


time_kernel.params = (PANEL, DIRECTIONS, DTYPES, SIZES)
time_kernel.param_names = ("name", "direction", "dtype", "size")
time_kernel.version = "1"
time_kernel.timer = CLOCK
time_kernel.sample_time = 0.005
time_kernel.rounds = 2
time_kernel.repeat = 10
time_kernel.warmup_time = 0.1  # after 0.01 s a process just forked gave 14 us where a spawned one gave 4 us
time_kernel.timeout = 60
