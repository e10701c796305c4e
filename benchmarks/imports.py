"""Where a name of the package lives, on this commit and on older ones: the only file here that knows module paths.

asv and ``actbench bench --against`` run today's benchmarks on yesterday's code, and the modules moved once (10b1a48 is
the last commit before it). Newest place first; the old ones go one release after the move.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
from typing import Any

try:
    from asv_runner.benchmarks.mark import SkipNotImplemented
except ImportError:  # `actbench bench --against` runs these files too, without asv

    class SkipNotImplemented(NotImplementedError):  # type: ignore[no-redef]
        """Does not apply here."""


PLACES = {
    "Design": ("networks.design:Design", "network.design:Design"),
    "ErrorMeter": ("accuracy.meter:ErrorMeter", "accuracy.yardstick:Yardstick"),
    "Network": ("networks.network:Network", "network.network:Network"),
    "Recipe": ("networks.training:Recipe", "network.training:Recipe"),
    "compiler": ("kernels.ufuncs", "kernels.numba_", "backends.numba_"),
    "data_set": ("networks.data:data_set", "network.data:data_set"),
    "design_for": ("networks.training:design_for", "network.training:design_for"),
    "theory": ("theory",),
    "train": ("networks.training:train", "network.training:train"),
    "where_promised": ("accuracy.meter:where_promised", "accuracy.yardstick:where_promised"),
}


def find(name: str) -> Any:
    """What goes by this name on this commit; the benchmark is skipped where it was not written yet."""
    for place in PLACES[name]:
        module, _, attribute = place.partition(":")
        with contextlib.suppress(ModuleNotFoundError, AttributeError):
            found = importlib.import_module(f"actbench.{module}")
            return getattr(found, attribute) if attribute else found
    raise SkipNotImplemented(f"no {name} on this commit")


def start(*names: str) -> None:
    """Import before anything is measured, where the commit has it: asv forks its processes from one that has done so.

    Else every one of two hundred processes would pay a second for numba and scikit-learn. asv.conf.json asks for the
    fork, since asv's "auto" starts new processes; no thread runs then, for every library is told to use one.
    """
    for name in names:
        with contextlib.suppress(ModuleNotFoundError, SkipNotImplemented):
            find(name) if name in PLACES else importlib.import_module(name)


def kernel(name: str, direction: str, *, dtype: str, backend: str = "numba") -> Any:
    """``ab.kernel`` with parameters at their defaults, which older commits take for granted."""
    import actbench as ab

    more = {"at_defaults": True} if "at_defaults" in inspect.signature(ab.kernel).parameters else {}
    return ab.kernel(name, direction, dtype=dtype, backend=backend, **more)


def need(*names: str) -> None:
    """Skip on commits from before these activations were written.

    tests/speed/test_asv.py holds that none is skipped today: a skip would hide a benchmark that a change broke.
    """
    import actbench as ab

    known = set(ab.names())
    for name in names:
        if name not in known:
            raise SkipNotImplemented(f"no activation {name!r} on this commit")
