"""The field of a race: our kernels, other people's and a copy on the same arrays, their values checked at the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.accuracy.meter import ErrorMeter, in_format, where_promised
from actbench.activations.record import Activation
from actbench.activations.registry import named
from actbench.activations.vector import VectorFunction
from actbench.core.errors import ActbenchError, reason_of
from actbench.implementations.adapters import actbench_
from actbench.implementations.implementation import Operands, PreparedCall
from actbench.implementations.libraries import Function, prepared
from actbench.implementations.libraries import contenders as all_contenders
from actbench.implementations.targets.entered import given
from actbench.kernels.backends import FUSED, TOLERANCES
from actbench.kernels.kernel import kernel
from actbench.speed import along, cuda
from actbench.speed.inputs import operands
from actbench.speed.race import Race, race

OURS, GIVEN = "actbench", "as given"  # our kernel of the row; the target's own code, called
COPY, IDENTITY = "copy", "identity kernel"
POINTS = 2000  # for the check of values: a sampled maximum is a lower bound
WRONG = 1e-3  # of the largest value: such a result is another function's
# Of the copy's time: both read and write every element once, and no cache makes one twice as fast as the other.
IMPOSSIBLE = 0.5
CALL_SECONDS = 2e-6  # a copy that takes less is all call, and says nothing about memory


@dataclass(frozen=True, kw_only=True, eq=False)
class Entry:
    """One competitor with what was found about its values.

    Parameters
    ----------
    name
        Implementation.
    ready
        Its call.
    worst_ulp
        Largest error at `POINTS` seeded points over the whole range, root zones left out; NaN where not checked.
    holds
        Whether the fused promise holds at all of these points; None where not checked.
    wrong
        Why its values are another function's; empty where they are not. Such a competitor is never ranked.
    """

    name: str
    ready: PreparedCall
    worst_ulp: float = float("nan")
    holds: bool | None = None
    wrong: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Lineup:
    """Who is at the start, and who is not and why."""

    activation: str
    direction: str
    arrays: Operands
    entries: Mapping[str, Entry]
    absent: Mapping[str, str] = field(default_factory=dict)
    device: str = "cpu"

    @property
    def bytes_moved(self) -> int:
        """What one pass reads and writes at least: x and y, or dy, what is kept, and dx."""
        row, a = named(self.activation), self.arrays
        kept = len(row.saves) if isinstance(row, Activation) else 1
        return a.x.nbytes + a.y.nbytes if self.direction == "forward" else a.dy.nbytes + (1 + kept) * a.x.nbytes


def prepare(
    spec: str,
    direction: str,
    dtype: str,
    size: int,
    *,
    inputs: str = "normal",
    threads: int = 1,
    contenders: Sequence[str] | None = None,
    check: bool = True,
    layout: str = "contiguous",
    device: str = "cpu",
) -> Lineup:
    """The competitors for one direction of one activation.

    Parameters
    ----------
    spec
        An activation, or a function along an axis.
    direction, dtype, size, inputs
        The cell; the size is x's.
    threads
        Of our own kernel; others take what they were told (`actbench.speed.threads`).
    contenders
        Which libraries to ask; by default all that are raced.
    check
        Whether to compare values with the exact ones before the race; gross errors are looked for in any case.
    layout, device
        One of `actbench.speed.inputs.LAYOUTS`, of `DEVICES`; a GPU is torch's alone. Functions along an axis are raced
        on contiguous arrays; where a gate's inputs lie in one stands in its spec.
    """  # fmt: skip
    activation = named(spec)
    reference = _reference(activation, dtype)
    if isinstance(activation, VectorFunction):
        arrays = along.operands(activation, direction, inputs, dtype, size, reference)
    else:
        arrays = operands(inputs, dtype, size, reference, layout)
    found: dict[str, Entry] = {}
    absent: dict[str, str] = {}
    own = given(activation.name)
    asked = all_contenders() if contenders is None else contenders
    for name in (OURS, *((GIVEN,) if own is not None else ()), *asked):
        try:
            if name == GIVEN and own is not None:
                ready = own.prepared(direction, arrays, device)
            elif name == OURS:
                if device != "cpu":
                    raise ActbenchError("our kernels run on the processor")
                ready = actbench_.of_row(activation, threads=threads).prepared(direction, arrays)
            else:
                ready = prepared(name, activation, direction, arrays, device)
        except Exception as error:  # numba is switched off, or somebody's code raises what it likes
            absent[name] = str(error) if isinstance(error, ActbenchError) else reason_of(error)
        else:
            found[name] = Entry(name=name, ready=ready)
    checked = {}
    for name, entry in found.items():
        try:
            whole = check and isinstance(activation, Activation) and not activation.opaque
            checked[name] = _checked(entry, spec, direction, arrays, reference, whole)
        except Exception as error:
            absent[name] = reason_of(error)
    if device != "cpu":
        checked[COPY] = Entry(name=COPY, ready=cuda.copy(arrays, device))
        return Lineup(
            activation=spec, direction=direction, arrays=arrays, entries=checked, absent=absent, device=device
        )
    target = arrays.out if arrays.out.shape == arrays.x.shape else np.zeros_like(arrays.x)
    checked[COPY] = Entry(name=COPY, ready=_plain(lambda: np.copyto(target, arrays.x), target))
    try:
        copy_kernel = kernel("identity", dtype=dtype)
        checked[IDENTITY] = Entry(name=IDENTITY, ready=_plain(lambda: copy_kernel(arrays.x, out=target), target))
    except ActbenchError:
        pass  # numba is switched off: np.copyto alone measures the bandwidth
    return Lineup(activation=spec, direction=direction, arrays=arrays, entries=checked, absent=absent)


def _plain(call: Callable[[], object], out: NDArray[Any]) -> PreparedCall:
    return PreparedCall(call=call, result=lambda: np.array(out), preallocated=True)


def _reference(activation: Function, dtype: str) -> Callable[[NDArray[Any]], Any]:
    try:
        return kernel(activation, dtype=dtype, at_defaults=True)  # type: ignore[no-any-return]
    except ActbenchError:
        return kernel(activation, dtype=dtype, backend="numpy", at_defaults=True)  # type: ignore[no-any-return]


def _slope_or_value(activation: Function, direction: str, arrays: Operands) -> NDArray[Any]:
    wide = arrays.x.astype(np.float64)
    with np.errstate(all="ignore"):
        if direction == "forward":
            return np.asarray(activation.forward(wide))
        return np.asarray(activation.backward(arrays.dy.astype(np.float64), wide))


def _checked(
    entry: Entry, spec: str, direction: str, arrays: Operands, forward: Callable[[Any], Any], check: bool
) -> Entry:
    """The entry with what its values are like: first on points over the whole range, then on the race's own."""
    activation = named(spec)
    with ExitStack() as stack:
        stack.enter_context(np.errstate(all="ignore"))
        stack.enter_context(entry.ready.around())
        if check:
            entry = _held_to_the_promise(entry, spec, direction, arrays, forward)
        entry.ready.refresh()
        got = entry.ready.result()
        if got.shape != arrays.out.shape or got.dtype != arrays.x.dtype:
            return replace(entry, wrong=f"gives {got.dtype}{list(got.shape)}")
        if isinstance(activation, VectorFunction):
            part, got = along.head(arrays), along.first(arrays, got)
        else:
            some = slice(0, min(arrays.size, along.HEAD))
            part = Operands(**{name: getattr(arrays, name).flat[some] for name in ("x", "dy", "y", "out")})
            got = got.flat[some]
        right = _slope_or_value(activation, direction, part)
        usable = np.isfinite(right) & (np.abs(right) < float(np.finfo(arrays.x.dtype).max))
        off = np.abs(got.astype(np.float64) - right)[usable]
        scale = float(np.abs(right[usable]).max(initial=0.0))
        tiny = 64 * float(np.finfo(arrays.x.dtype).tiny)  # flushed subnormal results are a mark, not a lie
        if off.size and not float(off.max()) <= WRONG * scale + tiny:
            return replace(entry, wrong=f"wrong values: off by {float(off.max()):.2g} where values reach {scale:.2g}")
    return entry


@lru_cache(maxsize=64)
def _meter(spec: str, direction: str, dtype: str) -> ErrorMeter:
    spec = in_format(spec, dtype)
    return ErrorMeter(spec, direction, dtype, where_promised(spec, dtype, POINTS, direction))


def _held_to_the_promise(
    entry: Entry, spec: str, direction: str, arrays: Operands, forward: Callable[[Any], Any]
) -> Entry:
    """Largest error on seeded points, which take the place of the operands for a moment."""
    meter = _meter(spec, direction, str(arrays.x.dtype))
    count = min(meter.x.size, arrays.size)
    if count < meter.x.size:  # too few places: every part of the range still has its share
        meter = replace(meter, x=meter.x[:: -(-meter.x.size // count)])
        count = meter.x.size
    before = [array.copy() for array in (arrays.x, arrays.dy, arrays.y)]
    try:
        arrays.x.flat[:count], arrays.dy.flat[:count] = meter.x, 1.0
        arrays.y.flat[:count] = forward(meter.x)
        entry.ready.refresh()
        got = entry.ready.result().reshape(-1)[:count]
    finally:
        for array, old in zip((arrays.x, arrays.dy, arrays.y), before, strict=True):
            array[...] = old
    if got.shape != meter.x.shape or got.dtype != arrays.x.dtype:
        return entry
    found = meter.measure(got, kinks=False)
    limit, slope_limit, eps = TOLERANCES[FUSED, str(arrays.x.dtype)]
    bound = limit if direction == "forward" else slope_limit
    worst = float("inf") if found.special else max(found.worst, found.worst_normal)
    holds = worst <= bound and (found.root_eps or 0.0) <= eps and not found.lost and not found.special
    return replace(entry, worst_ulp=worst, holds=holds)


def run(field: Lineup, *, rounds: int = 61, target: float = 0.0005, most: float | None = None, seed: int = 0) -> Race:
    """Race everybody at the start whose values are not wrong."""
    with ExitStack() as stack:
        for entry in field.entries.values():
            stack.enter_context(entry.ready.around())
        watch = cuda.stopwatch() if field.device == "cuda" else None
        calls = {name: entry.ready.call for name, entry in field.entries.items() if not entry.wrong}
        return race(calls, rounds=rounds, target=target, most=most, seed=seed, stopwatch=watch)


def suspects(found: Race) -> dict[str, str]:
    """Who took less time than memory allows: a call that did nothing, or has not done it yet."""
    copies = [float(np.median(found.seconds[name])) for name in (COPY, IDENTITY) if name in found.seconds]
    if not copies or min(copies) < CALL_SECONDS:
        return {}
    floor = IMPOSSIBLE * min(copies)
    return {
        name: f"less than {IMPOSSIBLE:g} of a copy's time: nothing was computed, or it was put off"
        for name, values in found.seconds.items()
        if float(np.median(values)) < floor
    }
