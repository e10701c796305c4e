"""How long do the fused kernels take, forward and backward?"""

from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

from collections.abc import Callable  # noqa: E402  threads are pinned before NumPy starts
from functools import lru_cache  # noqa: E402

import numpy as np  # noqa: E402

import actbench as ab  # noqa: E402
from benchmarks.panel import DTYPES, PANEL, SIZES  # noqa: E402


@lru_cache(maxsize=4)
def case(name: str, direction: str, dtype: str, size: int) -> Callable[[], object]:
    """A call on standard normal input into memory that was touched before.

    A class with setup() would get number = 1 from asv_runner 0.3, hopeless for microseconds; this cache costs 0.1 us.
    """
    rng = np.random.default_rng(0)
    x, dy = (rng.standard_normal(size).astype(dtype) for _ in range(2))
    out = np.zeros_like(x)
    run = ab.kernel(name, direction, dtype=dtype)
    operands = (x,) if direction == "forward" else (dy, x)
    run(*operands, out=out)
    return lambda: run(*operands, out=out)


def time_kernel(name: str, direction: str, dtype: str, size: int) -> None:
    """One call of one kernel."""
    case(name, direction, dtype, size)()


time_kernel.params = (PANEL, ("forward", "backward"), DTYPES, SIZES)
time_kernel.param_names = ("name", "direction", "dtype", "size")
time_kernel.version = "1"
time_kernel.sample_time = 0.005
time_kernel.rounds = 2
time_kernel.repeat = 5
time_kernel.warmup_time = 0.01
time_kernel.timeout = 60
