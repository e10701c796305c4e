"""How right each implementation of a function along an axis is, ours and other people's, against mpmath."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.registry import AXIS, along
from actbench.core.errors import reason_of
from actbench.experiments.accuracy.question import OURS, PEERS, implementation
from actbench.implementations.implementation import Absent
from actbench.implementations.libraries import values
from actbench.kernels.backends import FUSED
from actbench.kernels.kernel import kernel
from actbench.runs.experiment import experiment
from actbench.runs.factors import one_of, positive

# of the reference path, as of rows: ulp of a value; of a product in the last place of its largest term
PROMISED = {"float32": {"forward": 1.0, "backward": 1.0}, "float64": {"forward": 8.0, "backward": 16.0}}


def axis_spec(value: Any) -> str:
    """The canonical spec of a function along an axis."""
    return along(str(value)).spec


@experiment(
    grid={
        "function": tuple(AXIS.names()), "direction": ("forward", "backward"), "dtype": ("float32", "float64"),
        "implementation": (*OURS, *PEERS), "count": (60,),
    },
    quick={"function": ("softmax", "glu"), "count": (60,)},
    columns={
        "worst_ulp": "largest error in units in the last place: forward of the exact entry; backward of the largest of "
        "the exact entry and its terms, which cancel",
        "at": "the vector where it occurs",
        "lost": "entries 0 where the exact value is a normal number (forward)",
        "special": "entries NaN or infinite where the exact value is a number of the format",
        "holds": "whether our own implementation keeps its promise",
        "vectors": "vectors of eight compared with mpmath, three scales",
        "reason": "why there is no figure",
    },
    checks={
        "function": axis_spec, "dtype": one_of(tuple(PROMISED)), "implementation": implementation, "count": positive,
    },
    batch="implementation",
)  # fmt: skip
def axis_accuracy(
    *, function: str, direction: str, dtype: str, implementation: tuple[str, ...], count: int
) -> Iterator[dict[str, Any]]:
    """How many ulp is each implementation of softmax and its kin off, and where does it lose a result?"""
    from actbench.accuracy.along import PROMISED as IN_THE_LARGEST_TERM
    from actbench.accuracy.along import seeded

    row = along(function)
    x, dy = seeded(row, dtype, count)
    for level in implementation:
        name = level.partition("==")[0]
        try:
            if name in OURS:
                call = kernel(row, direction, dtype=dtype, backend=name)
            else:
                call = values(name, row, direction, dtype)
        except Absent as reason:
            yield {"implementation": level, "reason": str(reason)}
            continue
        try:
            with np.errstate(all="ignore"):
                got = np.asarray(call(x) if direction == "forward" else call(dy, x))
        except Exception as error:  # somebody else's code may raise whatever it likes
            if name in OURS:
                raise
            yield {"implementation": level, "reason": reason_of(error)}
            continue
        found = measured(function, direction, dtype, count, got)
        promised = IN_THE_LARGEST_TERM[direction] if name == FUSED else PROMISED[dtype][direction]
        kept = found["worst_ulp"] <= promised and not found["lost"] and not found["special"]
        yield {"implementation": level, **found, "holds": kept if name in OURS else None}


@lru_cache(maxsize=4)
def exact(function: str, direction: str, dtype: str, count: int) -> tuple[list[list[Any]], list[list[float]]]:
    """What is right, vector by vector, and the sizes that errors are counted against."""
    from actbench.accuracy.along import entries, seeded

    row = along(function)
    found = [entries(row, direction, line, arriving) for line, arriving in zip(*seeded(row, dtype, count), strict=True)]
    return [right for right, _ in found], [sizes for _, sizes in found]


def measured(function: str, direction: str, dtype: str, count: int, got: NDArray[Any]) -> dict[str, Any]:
    """The errors of the answers ``got``."""
    from actbench.accuracy.along import seeded
    from actbench.accuracy.meter import rounded, units
    from actbench.accuracy.oracle import MP

    right_values, sizes = exact(function, direction, dtype, count)
    x, _ = seeded(along(function), dtype, count)
    tiny = float(np.finfo(dtype).tiny)
    worst, where, lost, special = -1.0, 0, 0, 0
    for i, (line, size, answers) in enumerate(zip(right_values, sizes, got, strict=True)):
        unit = units(np.array(size), dtype)
        for value, u, g in zip(line, unit, map(float, answers), strict=True):
            right = rounded(value, dtype)
            if not np.isfinite(g) or not np.isfinite(right):
                special += g != right
                continue
            lost += direction == "forward" and g == 0 and abs(right) >= tiny
            off = float(abs(MP.mpf(g) - value) / MP.mpf(float(u)))
            if off > worst:
                worst, where = off, i
    at = " ".join(f"{float(v)!r}" for v in x[where])
    return {"worst_ulp": worst, "at": at, "lost": lost, "special": special, "vectors": count}
