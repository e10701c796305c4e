"""What takes too long for every commit: nothing, unless ACTBENCH_BENCHMARKS=full.

These are benchmarks of their own, with names of their own: more parameters for those of the other files would leave
holes in what a default run measured before.
"""

from __future__ import annotations

from benchmarks.accuracy import worst_ulp
from benchmarks.engine import network_pass
from benchmarks.kernels import case
from benchmarks.panel import CLOCK, DIRECTIONS, DTYPES, FULL, PANEL
from benchmarks.trainer import training

if FULL:

    def time_kernel_sizes(name: str, direction: str, dtype: str, size: int) -> None:
        """One call of one kernel: the call itself, the second-level cache, and main memory."""
        case(name, direction, dtype, size)()

    time_kernel_sizes.params = (PANEL, DIRECTIONS, DTYPES, (1, 2**16, 2**24))
    time_kernel_sizes.param_names = ("name", "direction", "dtype", "size")

    def time_reference(name: str, direction: str, dtype: str) -> None:
        """The row as NumPy, 65,536 elements."""
        case(name, direction, dtype, 2**16, "numpy")()

    time_reference.params = (PANEL, DIRECTIONS, ("float16", *DTYPES))
    time_reference.param_names = ("name", "direction", "dtype")

    def time_wide_pass(activation: str, dtype: str) -> None:
        """50 layers of 512 units, 512 samples."""
        network_pass(activation, "50x512x512", dtype)()

    time_wide_pass.params = (PANEL, DTYPES)
    time_wide_pass.param_names = ("activation", "dtype")

    def time_training(activation: str, optimiser: str) -> None:
        """10 epochs of 16 networks."""
        training(activation, optimiser, "none", epochs=10)()

    time_training.params = (PANEL, ("sgd", "adam"))
    time_training.param_names = ("activation", "optimiser")

    def track_worst_ulp_many(name: str, direction: str, dtype: str, backend: str) -> float:
        """The worst error at 500,000 points, of kernels and of rows as NumPy."""
        return worst_ulp(name, direction, dtype, backend=backend, points=500_000)

    track_worst_ulp_many.params = (PANEL, DIRECTIONS, DTYPES, ("numba", "numpy"))
    track_worst_ulp_many.param_names = ("name", "direction", "dtype", "backend")
    track_worst_ulp_many.unit = "ulp"

    for _benchmark in (time_kernel_sizes, time_reference, time_wide_pass, time_training, track_worst_ulp_many):
        _benchmark.version = "1"
        _benchmark.timer = CLOCK
        _benchmark.sample_time = 0.02
        _benchmark.rounds = 2
        _benchmark.repeat = 5
        _benchmark.warmup_time = 0.05
        _benchmark.timeout = 600
