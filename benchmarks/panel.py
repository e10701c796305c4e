"""What is measured: frozen lists, for asv addresses parameters by position; names are only ever added at the end."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import time

try:
    from asv_runner.benchmarks.mark import SkipNotImplemented
except ImportError:  # `actbench bench --against` runs these files too, without asv

    class SkipNotImplemented(NotImplementedError):  # type: ignore[no-redef]
        """Does not apply here."""


PANEL = (
    "identity", "relu", "leaky_relu", "prelu", "rrelu", "sigmoid", "tanh", "silu", "gelu", "elu", "softplus", "mish",
)  # fmt: skip
DIRECTIONS = ("forward", "backward")
DTYPES = ("float32", "float64")
SIZES = (2**12, 2**20)

# The processor's time of this process: everything timed here is one thread that computes, and what else runs on a
# shared machine triples the spread of wall time. Start-up, which also waits for the disk, is timed on the wall.
CLOCK = time.process_time

# Default: what every commit is measured by. Full: also what takes too long for that, in full.py. Smoke: every
# benchmark and every name of the panel, once; asv stores parameters by value, so that no place is taken by another.
MODE = os.environ.get("ACTBENCH_BENCHMARKS", "")
FULL = MODE == "full"
if MODE == "smoke":
    DTYPES, SIZES = DTYPES[:1], SIZES[:1]


def start(*modules: str) -> None:
    """Import before anything is measured, where the commit has it: asv forks its processes from one that has done so.

    Else every one of two hundred processes would pay a second for numba and scikit-learn. asv.conf.json asks
    for the fork, since asv's "auto" starts new processes; no thread runs then, for every library is told to use one.
    """
    for module in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)


def need(*names: str, module: str = "") -> None:
    """Skip on commits from before these activations, or this module, were written.

    tests/speed/test_asv.py holds that none is skipped today: a skip would hide a benchmark that a change broke.
    """
    import actbench as ab

    known = set(ab.names())
    for name in names:
        if name not in known:
            raise SkipNotImplemented(f"no activation {name!r} on this commit")
    try:
        found = not module or importlib.util.find_spec(f"actbench.{module}")
    except ModuleNotFoundError:  # not even the package that it is in
        found = False
    if not found:
        raise SkipNotImplemented(f"no actbench.{module} on this commit")
