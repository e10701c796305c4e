"""actbench: benchmark and analyse neural-network activation functions, and judge what is said about them.

A function, forward and backward, as a fused kernel, and plotted:

>>> import numpy as np
>>> import actbench as ab
>>> gelu = ab.get("gelu")
>>> x = np.array([-1.0, 0.0, 2.0])
>>> gelu(x)
array([-0.15865525,  0.        ,  1.95449974])
>>> gelu.backward(np.ones_like(x), x)  # the vector-Jacobian product
array([-0.08331547,  0.5       ,  1.0852318 ])
>>> fused = ab.kernel("gelu", "backward", dtype="float32")  # a numpy.ufunc
>>> axes = ab.plot("relu", "gelu")

Claims, judged with intervals; activations side by side; theory; tests of your own implementation:

>>> report = ab.reproduce("C07")  # "article" by default; shows itself in a notebook
>>> ab.theory.critical_point("tanh", sigma_b2=0.05).sigma_w2.__round__(2)
1.76
>>> worst = ab.testing.check(np.tanh, like="tanh", max_ulp=4, dtype="float64")

``ab.names()`` lists the functions, ``ab.compare("relu", "gelu", "my.py:act")`` compares, ``ab.run("activity")`` runs
one experiment; ``define``, ``experiment`` and ``claim`` add your own. `actbench --help` is the command line.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from actbench.activations import families as families
from actbench.activations.define import define
from actbench.activations.record import Activation
from actbench.activations.registry import ACTIVATIONS, AXIS, ENTERING, named
from actbench.claims.claim import claim
from actbench.core.errors import ActbenchError
from actbench.core.views import VIEWS
from actbench.runs.experiment import experiment

if TYPE_CHECKING:
    from actbench import testing as testing
    from actbench import theory as theory
    from actbench.claims.claim import Answer as Answer
    from actbench.claims.claim import Change as Change
    from actbench.claims.claim import Reading as Reading
    from actbench.comparison import compare as compare
    from actbench.core.streams import stream as stream
    from actbench.drawing.curves import plot as plot
    from actbench.experiments.run import run as run
    from actbench.identification.identified import identify as identify
    from actbench.kernels.kernel import kernel as kernel
    from actbench.report.reproduction import Report as Report
    from actbench.report.reproduction import reproduce as reproduce
    from actbench.statistics.estimates import Estimate as Estimate
    from actbench.statistics.expectation import Equivalence as Equivalence
    from actbench.statistics.expectation import Region as Region
    from actbench.statistics.frames import select as select

__version__ = "0.1.0"

# Loaded on first use: they bring pandas, numba or SciPy, which `--help` and `list` do not need.
_LATER = {
    "kernel": ("actbench.kernels.kernel", "kernel"),
    "plot": ("actbench.drawing.curves", "plot"),
    "run": ("actbench.experiments.run", "run"),
    "testing": ("actbench.testing", ""),  # a module stands for itself
    "theory": ("actbench.theory", ""),
    "identify": ("actbench.identification.identified", "identify"),
    "reproduce": ("actbench.report.reproduction", "reproduce"),
    "compare": ("actbench.comparison", "compare"),
    "Report": ("actbench.report.reproduction", "Report"),
    "Equivalence": ("actbench.statistics.expectation", "Equivalence"),
    "Estimate": ("actbench.statistics.estimates", "Estimate"),
    "Answer": ("actbench.claims.claim", "Answer"),
    "Change": ("actbench.claims.claim", "Change"),
    "Reading": ("actbench.claims.claim", "Reading"),
    "Region": ("actbench.statistics.expectation", "Region"),
    "select": ("actbench.statistics.frames", "select"),
    "stream": ("actbench.core.streams", "stream"),
}


def _target(text: str) -> str | None:
    from actbench.implementations.targets.entered import row_name

    return row_name(text)


ENTERING.append(_target)


def _view(module: str, name: str) -> Callable[..., Any]:
    """A function of a later room, loaded when something is shown."""
    return lambda *given, **options: getattr(import_module(module), name)(*given, **options)


VIEWS.update(
    plot=_view("actbench.drawing.curves", "plot"),
    activation=_view("actbench.report.notebook", "activation"),
    comparison=_view("actbench.report.notebook", "comparison"),
)


def get(spec: str, **parameters: Any) -> Activation:
    """The activation of a name, an alias, a spec or a target, with parameters bound.

    Parameters
    ----------
    spec
        ``"relu"``, ``"purlin"``, ``"leaky_relu:negative_slope=0.2"``; case, hyphens and underscores do not count.
        Or a target, which is examined in a process of its own first: ``"my.py:act"``, ``"torch.nn.functional:silu"``,
        ``'torch:nn.GELU(approximate="tanh")'``. Code that cannot be traced runs in this process when it is called.
    **parameters
        Values of fixed or learned parameters; of a gate also ``layout=``: ``"halves"``, ``"interleaved"``,
        ``"blocks"``, or one of these and ``_value_first``.

    Returns
    -------
    An `Activation`; for softmax and other functions along an axis an `actbench.activations.vector.VectorFunction`.

    Raises
    ------
    ActbenchError
        For an unknown name or parameter, or a value outside the parameter's law.
    """
    found: Any = named(spec)  # typed as what nearly every call returns
    return found.bind(**parameters) if parameters else found  # type: ignore[no-any-return]


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


def __dir__() -> list[str]:
    """What users use; the rooms of the package are importable as ``actbench.ROOM``."""
    return sorted([*__all__, "__version__"])


__all__ = [
    "ACTIVATIONS",
    "ActbenchError",
    "Activation",
    "Answer",
    "Change",
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
    "identify",
    "kernel",
    "names",
    "plot",
    "reproduce",
    "run",
    "select",
    "stream",
    "testing",
    "theory",
]  # fmt: skip
