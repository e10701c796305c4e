"""How right each implementation of a function along an axis is, ours and other people's, against mpmath."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.accuracy.points import ROOT_ZONE
from actbench.activations.registry import AXIS, along
from actbench.core.errors import reason_of
from actbench.core.streams import stream
from actbench.experiments.accuracy.question import PEERS, implementation
from actbench.implementations.implementation import Absent
from actbench.implementations.libraries import values
from actbench.kernels.backends import FUSED, REFERENCE
from actbench.kernels.kernel import kernel
from actbench.runs.experiment import experiment
from actbench.runs.factors import one_of, positive

LENGTH = 8  # of a vector
SCALES = (1.0, 30.0, 200.0)  # of its entries: the body, the tails, and where exponentials underflow
BITS, STEP = 1600, 200  # of the oracle, for 1 + 2^-1074; its derivative is a central difference with step 2^-STEP
# of the reference path, as of rows: ulp of a value; of a product in the last place of its largest term
PROMISED = {"float32": {"forward": 1.0, "backward": 1.0}, "float64": {"forward": 8.0, "backward": 16.0}}
IN_THE_LARGEST_TERM = {"forward": 8.0, "backward": 16.0}  # likewise, of the fused loops in either format
OURS = (REFERENCE, FUSED)


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
        "function": axis_spec, "direction": one_of(("forward", "backward")),
        "dtype": one_of(tuple(PROMISED)),
        "implementation": implementation, "count": positive,
    },
    batch="implementation",
)  # fmt: skip
def axis_accuracy(
    *, function: str, direction: str, dtype: str, implementation: tuple[str, ...], count: int
) -> Iterator[dict[str, Any]]:
    """How many ulp is each implementation of softmax and its kin off, and where does it lose a result?"""
    row = along(function)
    x, dy = vectors(function, dtype, count)
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


def vectors(function: str, dtype: str, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Seeded inputs and arriving gradients, the same for every implementation."""
    rng = stream("axis accuracy", function, dtype)
    scale = np.repeat(SCALES, -(-count // len(SCALES)))[:count, None]
    x = (rng.standard_normal((count, LENGTH)) * scale).astype(dtype)
    return x, rng.standard_normal((count, int(LENGTH * along(function).factor))).astype(dtype)


@lru_cache(maxsize=4)
def exact(function: str, direction: str, dtype: str, count: int) -> tuple[list[list[Any]], list[list[float]]]:
    """What is right, entry by entry, and the sizes that errors are counted against."""
    from actbench.accuracy.oracle import MP

    row, (x, dy) = along(function), vectors(function, dtype, count)
    entries, sizes = [], []
    for line, arriving in zip(x, dy, strict=True):
        with MP.workprec(BITS):
            at = [MP.mpf(float(v)) for v in line]
            if direction == "forward":
                entries.append(row.exact(MP, at))
                sizes.append([max(abs(float(v)), row.size(line)) for v in entries[-1]])
                continue
            weights, step = [MP.mpf(float(d)) for d in arriving], MP.ldexp(1, -STEP)
            columns = []
            for i in range(LENGTH):
                up, down = (row.exact(MP, [*at[:i], at[i] + side, *at[i + 1 :]]) for side in (step, -step))
                columns.append([(a - b) / (2 * step) * w for a, b, w in zip(up, down, weights, strict=True)])
            entries.append([sum(terms) for terms in columns])
            largest = [max(float(abs(t)) for t in (*terms, sum(terms))) for terms in columns]
            sizes.append(
                [max(size, row.size(line), _at_root(row, line, arriving, i)) for i, size in enumerate(largest)]
            )
    return entries, sizes


def _at_root(row: Any, x: NDArray[Any], dy: NDArray[Any], i: int) -> float:
    """What a slope of 1 would give next to a root of a gate's slope, where the absolute error counts; else 0."""
    if not row.views:
        return 0.0
    places = row.layout.split(np.arange(x.size))
    for side, own, other in (("a", *places), ("b", *places[::-1])):
        for j in np.flatnonzero(own == i):
            roots = row.view(side).fact("roots_of_slope")
            if any(abs(x[i] - root) <= ROOT_ZONE for root in roots):
                return float(abs(dy[j] * x[other[j]]))
    return 0.0


def measured(function: str, direction: str, dtype: str, count: int, got: NDArray[Any]) -> dict[str, Any]:
    """The errors of the answers ``got``."""
    from actbench.accuracy.meter import rounded, units
    from actbench.accuracy.oracle import MP

    right_values, sizes = exact(function, direction, dtype, count)
    x, _ = vectors(function, dtype, count)
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
