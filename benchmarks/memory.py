"""How much memory does the laboratory take at its peak?"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

from benchmarks.engine import network_pass
from benchmarks.trainer import training

SHAPE = "100x512x512"  # weights and their gradients 210 MB, what layers keep 105 MB: more than NumPy and numba together


def peakmem_pass(activation: str) -> None:
    """The process's, with a pass of a network whose arrays take most of it."""
    network_pass(activation, SHAPE)()


peakmem_pass.params = (("relu", "silu"),)
peakmem_pass.param_names = ("activation",)
peakmem_pass.version = "1"
peakmem_pass.timeout = 120


def allocated(build: Callable[[], object]) -> int:
    """Bytes that NumPy and Python held at the peak of a call beyond what they held before; exact to a kilobyte."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        build()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def track_pass_allocated(activation: str) -> int:
    """A network's, from birth through two passes."""
    network_pass(activation, "2x8x8")  # imports and kernels are no part of it
    network_pass.cache_clear()
    return allocated(lambda: network_pass(activation, "20x256x256")())


def track_training_allocated(norm: str) -> int:
    """Of 64 networks born and trained for an epoch."""
    training("relu", "adam", norm, nets=1)
    return allocated(training("relu", "adam", norm, nets=64))


for _benchmark, _name, _values in (
    (track_pass_allocated, "activation", ("relu", "silu")),
    (track_training_allocated, "norm", ("none", "batch_before")),
):
    _benchmark.params = (_values,)
    _benchmark.param_names = (_name,)
    _benchmark.version = "1"
    _benchmark.unit = "bytes"
    _benchmark.timeout = 120
