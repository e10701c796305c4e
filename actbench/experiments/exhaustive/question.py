"""Every input of a format, no sample: `actbench run accuracy --exhaustive` is this experiment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from actbench.activations.registry import ACTIVATIONS
from actbench.core.dtypes import SMALL
from actbench.kernels.backends import FUSED
from actbench.runs.experiment import experiment
from actbench.runs.factors import one_of

FORMATS = ("float16", "float32")  # of the grid; the small formats that ml_dtypes brings may be given


def code_of(cell: Mapping[str, Any]) -> str:
    """A hash of every step of the cell's kernels: a change elsewhere leaves its line."""
    from actbench.accuracy.exhaustive import code

    return code(cell["activation"], cell["direction"])


@experiment(
    grid={
        "activation": tuple(row.name for row in ACTIVATIONS if row.kind == "elementwise"),
        "direction": ("forward", "backward"), "dtype": FORMATS,
    },
    quick={"activation": tuple(row.name for row in ACTIVATIONS if row.kind == "elementwise")[:2]},
    columns={
        "inputs": "how many: finite ones against the reference; NaN must come out as NaN",
        "worst_ulp": "the largest error outside root zones, settled by mpmath",
        "at": "the input where it occurs",
        "at_hex": "the same as a hexadecimal float",
        "root_zone_eps": "the largest absolute error next to declared roots, in epsilons; empty without roots",
        "lost": "results 0 for a normal number",
        "special": "results NaN or infinite for a number",
        "nan_lost": "NaN inputs whose result is not NaN",
        "core_seconds": "processor time: a busy machine does not change it",
        "code": "a hash of every step of the kernels: equal hash, equal result on one kind of processor",
    },
    checks={"dtype": one_of((*FORMATS, *SMALL))},
    backend=FUSED,
    code=code_of,
)  # fmt: skip
def exhaustive(*, activation: str, direction: str, dtype: str) -> Iterator[dict[str, Any]]:
    """How many ulp is each kernel off at its worst input of all, and does it lose a result anywhere?"""
    from actbench.accuracy.exhaustive import exhaust

    found = exhaust(activation, direction, dtype)
    yield {name: getattr(found, name) for name in COLUMNS}


COLUMNS = tuple(exhaustive.columns)
