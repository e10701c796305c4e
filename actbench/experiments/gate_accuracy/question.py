"""How right our gates are, product and both gradients, at very many pairs of inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from actbench.activations.registry import AXIS, along, parsed
from actbench.activations.vector import VectorFunction
from actbench.core.errors import unknown
from actbench.experiments.accuracy.question import OURS, how_many
from actbench.kernels.backends import FUSED, REFERENCE, tolerance
from actbench.kernels.kernel import kernel
from actbench.runs.experiment import experiment
from actbench.runs.factors import one_of

GATES = tuple(row.name for row in AXIS if row.views)
SPREAD = 100  # float64 pairs settled in mpmath beside the worst: 3 ms each


def gate_of_two(value: Any) -> str:
    """A gate's spec, its layout left out: pairs of inputs have none."""
    name = parsed(str(value))[0]
    if name not in AXIS or not AXIS[name].views:
        raise unknown("gate", name, GATES)
    function = along(str(value))
    return function.bind(layout=function.standard).spec


@experiment(
    grid={
        "function": GATES, "direction": ("forward", "backward"), "dtype": ("float32", "float64"),
        "implementation": OURS, "count": (100_000,),
    },
    quick={"function": ("swiglu", "swiglu_oai")},
    columns={
        "part": "y, or the gradient at a (da) or at b (db)",
        "worst_ulp": "largest error in units in the last place of the exact result; next to roots of a factor or of "
        "its slope in that of the other input",
        "at_a": "the pair where it occurs",
        "at_b": "the pair where it occurs",
        "pairs": "pairs compared with the row in float64 (in float64 with the other implementation)",
        "settled": "of these, pairs compared with mpmath: the worst ones, in float64 also 100 spread over all",
        "holds": "whether the promise is kept",
    },
    checks={
        "function": gate_of_two, "dtype": one_of(("float32", "float64")), "implementation": one_of(OURS),
        "count": how_many,
    },
    backend=FUSED,
)  # fmt: skip
def gate_accuracy(
    *, function: str, direction: str, dtype: str, implementation: str, count: int
) -> Iterator[dict[str, Any]]:
    """How many ulp are a gate and its two gradients off, at very many pairs of inputs?"""
    from actbench.accuracy.gates import as_in, measured

    gate = along(function)
    row = gate if implementation == REFERENCE else as_in(gate, dtype)
    wide, rival = dtype == "float64", None
    if wide and implementation == REFERENCE:
        rival = calls(row, FUSED, direction, dtype)
    promised = tolerance(implementation, dtype)[0 if direction == "forward" else 1]
    run = calls(row, implementation, direction, dtype)
    for worst in measured(run, row, dtype, direction, count, rival, SPREAD if wide else 0):
        yield {"part": worst.part, "worst_ulp": worst.ulp, "at_a": worst.a, "at_b": worst.b, "pairs": worst.pairs,
               "settled": worst.settled, "holds": worst.ulp <= promised}  # fmt: skip


def calls(row: VectorFunction, implementation: str, direction: str, dtype: str) -> Callable[..., Any]:
    """A pass on two arrays."""
    at_a, at_b = (kernel(row.view(side), direction, dtype=dtype, backend=implementation) for side in ("a", "b"))

    def quiet(*given: Any) -> Any:
        with np.errstate(all="ignore"):
            if direction == "forward":
                return at_a(*given)
            dy, a, b = given
            return at_a(dy, a, b), at_b(dy, b, a)

    if direction == "forward":
        return lambda a, b: quiet(a, b)
    return lambda dy, a, b: quiet(dy, a, b)
