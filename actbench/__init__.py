"""actbench: benchmark and analyse neural-network activation functions, and judge what is said about them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from actbench import activations as activations
from actbench.define import claim, define, experiment
from actbench.errors import ActbenchError
from actbench.records.activation import Activation
from actbench.registry import ACTIVATIONS, AXIS, resolve

if TYPE_CHECKING:
    from actbench import testing as testing
    from actbench.compare import compare as compare
    from actbench.kernels import kernel as kernel
    from actbench.records.claim import Equivalence as Equivalence
    from actbench.records.claim import Reading as Reading
    from actbench.records.claim import Region as Region
    from actbench.reproduction import Report as Report
    from actbench.reproduction import reproduce as reproduce
    from actbench.running.run import run as run
    from actbench.statistics.estimates import Estimate as Estimate

__version__ = "0.1.0"

# Loaded on first use: they bring pandas, numba or SciPy, which `--help` and `list` do not need.
_LATER = {
    "kernel": ("actbench.kernels", "kernel"),
    "run": ("actbench.running.run", "run"),
    "testing": ("actbench.testing", ""),  # a module stands for itself
    "theory": ("actbench.theory", ""),
    "reproduce": ("actbench.reproduction", "reproduce"),
    "compare": ("actbench.compare", "compare"),
    "Report": ("actbench.reproduction", "Report"),
    "Equivalence": ("actbench.records.claim", "Equivalence"),
    "Estimate": ("actbench.statistics.estimates", "Estimate"),
    "Reading": ("actbench.records.claim", "Reading"),
    "Region": ("actbench.records.claim", "Region"),
}


def get(spec: str, **parameters: float) -> Any:
    """The activation of a name, an alias or a spec, with parameters bound.

    Parameters
    ----------
    spec
        ``"relu"``, ``"purlin"``, ``"leaky_relu:negative_slope=0.2"``; case, hyphens and underscores do not count.
    **parameters
        Values of fixed or learned parameters.

    Returns
    -------
    An `Activation`; for softmax and other functions along an axis an `actbench.records.vector.VectorFunction`.

    Raises
    ------
    ActbenchError
        For an unknown name or parameter, or a value outside the parameter's law.
    """
    if spec in AXIS and not parameters:
        return AXIS[spec]
    return resolve(spec).bind(**parameters) if parameters else resolve(spec)


def names(kind: str = "elementwise") -> list[str]:
    """Canonical names of the activations of one kind: ``"elementwise"``, or ``"axis"`` for vector and gated ones."""
    if kind not in ("elementwise", "axis"):
        raise ActbenchError(f"no kind {kind!r}; known: elementwise, axis")
    return AXIS.names() if kind == "axis" else ACTIVATIONS.names()


def __getattr__(name: str) -> Any:
    if name in _LATER:
        module, attribute = _LATER[name]
        found = import_module(module)
        return getattr(found, attribute) if attribute else found
    raise AttributeError(f"module 'actbench' has no attribute {name!r}")


__all__ = [
    "ACTIVATIONS",
    "ActbenchError",
    "Activation",
    "Equivalence",
    "Estimate",
    "Reading",
    "Region",
    "Report",
    "claim",
    "compare",
    "define",
    "experiment",
    "get",
    "kernel",
    "names",
    "reproduce",
    "run",
    "testing",
]  # fmt: skip
