"""How right each implementation is: ours and other people's, on the same points, against mpmath."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from actbench.activations.registry import ACTIVATIONS, resolve
from actbench.core.dtypes import SMALL, WHOLE
from actbench.core.errors import reason_of
from actbench.implementations import libraries
from actbench.implementations.implementation import Absent, Call
from actbench.kernels.backends import BACKENDS, FUSED, REFERENCE, allowed
from actbench.kernels.kernel import kernel
from actbench.runs.experiment import experiment
from actbench.runs.factors import one_of

if TYPE_CHECKING:  # they bring mpmath, which `list experiments` does not need
    from actbench.accuracy.meter import ErrorMeter, Measured

OURS = tuple(backend.name for backend in BACKENDS)
PEERS = libraries.graded()
SPREAD = 1000  # float64 points settled in mpmath beside the worst ones: half a second a row and direction


def implementation(value: Any) -> str:
    """``numpy``, ``numba``, or a peer with the version that is installed: ``torch==2.13.0``."""
    name, _, wanted = str(value).partition("==")
    if name not in (*OURS, *PEERS):
        raise ValueError(f"is not known; known: {', '.join((*OURS, *PEERS))}")
    installed = None if name in OURS else libraries.libraries()[name].version
    if wanted and wanted != installed:
        raise ValueError(f"is not installed; there is {installed or 'none'}")
    # The version is part of the cell: a newer torch must not be answered with an older one's stored figures.
    return f"{name}=={installed}" if installed else name


def how_many(value: Any) -> int:
    """A number of points."""
    number = int(value)
    if number != float(value) or not 100 <= number <= 10_000_000:
        raise ValueError("is not a whole number from 100 to 10,000,000")
    return number


EVERY = {
    "activation": tuple(row.name for row in ACTIVATIONS if row.kind == "elementwise"),
    "direction": ("forward", "backward"),
    "dtype": ("float32", "float64"),
    "implementation": (*OURS, *PEERS),
    "count": (120_000,),
}
# mpmath takes ten times as long for second derivatives, said with 1,024 bits and more
TWICE = {**EVERY, "direction": ("second",), "count": (20_000,)}


@experiment(
    grid=(EVERY, TWICE),
    quick={"activation": ("relu", "leaky_relu", "sigmoid", "tanh", "softplus", "silu", "gelu", "mish", "elu")},
    columns={
        "worst_ulp": "largest error in units in the last place of the exact result, outside zones around roots",
        "at": "the input where it occurs",
        "at_hex": "the same as a hexadecimal float",
        "worst_normal_ulp": "the same over inputs and exact results that are normal numbers",
        "normal_at": "the input where it occurs",
        "root_zone_eps": "largest absolute error within 0.25 of a declared root, in epsilons; empty without roots",
        "lost": "points where the answer is 0 and the exact result a normal number",
        "lost_at": "of these inputs the one nearest to 0, refined to the last bit",
        "special": "points where the answer is NaN or infinite and the exact result a number of the format",
        "special_at": "of these inputs the one nearest to 0, refined to the last bit",
        "special_got": "the answer there",
        "many": "points whose answer is wrong by more than 1,000 ulp of a normal number, lost ones apart",
        "many_at": "of these inputs the one nearest to 0, refined to the last bit",
        "many_got": "the answer there",
        "wrong_limits": "answers at -inf, inf and NaN that are not the declared ones; empty where all are right",
        "holds": "whether the promise for our own implementations is kept",
        "points": "inputs compared with the reference",
        "settled": "of these, inputs compared with mpmath: the worst ones, in float64 also 1,000 spread over all",
        "yardstick": "what all points were compared with; the figures are mpmath's",
        "reason": "why there is no figure",
    },
    checks={
        "direction": one_of(("forward", "backward", "second")), "dtype": one_of(("float32", "float64", *WHOLE)),
        "implementation": implementation, "count": how_many,
    },
    batch="implementation",
    backend=FUSED,
)  # fmt: skip
def accuracy(
    *, activation: str, direction: str, dtype: str, implementation: tuple[str, ...], count: int
) -> Iterator[dict[str, Any]]:
    """How many ulp is each implementation off, and where does it lose a result altogether?"""
    from actbench.accuracy.contract import as_taken
    from actbench.accuracy.meter import ErrorMeter, where_promised

    for level in implementation:
        name = level.partition("==")[0]
        try:
            call = _call(name, activation, direction, dtype)
        except Absent as reason:
            yield {"implementation": level, "reason": str(reason)}
            continue
        if direction == "second" and "x" in resolve(activation).surrogates:
            yield {"implementation": level, "reason": "a surrogate of a slope has no second derivative"}
            continue
        spec = as_taken(activation, name, dtype, direction)
        meter = ErrorMeter(spec, direction, dtype, where_promised(spec, dtype, count, direction))
        try:
            yield {"implementation": level, **_row(meter, call, name)}
        except Exception as error:  # somebody else's code may raise whatever it likes
            if name in OURS:
                raise
            yield {"implementation": level, "reason": reason_of(error)}


def _call(name: str, spec: str, direction: str, dtype: str) -> Call:
    """The value, the slope or the second derivative, of x alone."""
    if name in PEERS:
        run = libraries.values(name, resolve(spec), direction, dtype)
    elif name == FUSED and dtype in SMALL:
        raise Absent(f"fused kernels take no {dtype}: the reference path rounds to it once")
    else:
        run = kernel(spec, direction, dtype=dtype, backend=name, at_defaults=True)
    return (lambda x: run(np.ones_like(x), x)) if direction == "backward" else run


def _row(meter: ErrorMeter, call: Call, name: str) -> dict[str, Any]:
    from actbench.accuracy.meter import ErrorMeter
    from actbench.accuracy.shrink import first, wrong_limits

    x, dtype = meter.x, meter.dtype
    got = np.asarray(call(x))
    if got.shape != x.shape or got.dtype != x.dtype:
        return {"reason": f"gives {got.dtype}{list(got.shape)} for {x.dtype}{list(x.shape)}"}
    rival, reference = None, "the row in float64"
    if name == REFERENCE and dtype == "float64":  # it cannot be its own reference
        rival, reference = _call(FUSED, meter.spec, meter.direction, dtype)(x), "the fused kernel"
    found = meter.measure(got, rival=rival, spread=SPREAD if dtype == "float64" else 0, kinks=name in OURS)
    wrong = wrong_limits(meter, call, strict=name in OURS)
    special_at = first(meter, call, found.special_at, ErrorMeter.special)
    many_at = first(meter, call, found.many_at, ErrorMeter.many)
    return {
        "worst_ulp": found.worst, "at": found.at, "at_hex": found.at.hex(),
        "worst_normal_ulp": found.worst_normal, "normal_at": found.at_normal, "root_zone_eps": found.root_eps,
        "lost": found.lost, "lost_at": first(meter, call, found.lost_at, ErrorMeter.lost),
        "special": found.special, "special_at": special_at, "special_got": answer(call, special_at, dtype),
        "many": found.many, "many_at": many_at, "many_got": answer(call, many_at, dtype),
        "wrong_limits": "; ".join(wrong), "points": found.points,
        "settled": found.confirmed, "yardstick": reference,
        "holds": kept(found, name, dtype, meter.direction) and not wrong if name in OURS else None,
    }  # fmt: skip


def answer(call: Call, at: float | None, dtype: str) -> float | None:
    """What an implementation says at one input, among as many as its vector loops take."""
    return None if at is None else float(call(np.full(64, at, dtype))[0])


def kept(found: Measured, backend: str, dtype: str, direction: str) -> bool:
    """Whether the errors are within what is promised."""

    bound, eps = allowed(backend, dtype, direction)
    return found.worst <= bound and (found.root_eps or 0.0) <= eps and not found.lost and not found.special
