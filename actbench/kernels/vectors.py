"""A graph of steps as a loop over whole vectors of AVX-512, which says what LLVM's own vectoriser has no words for.

Two of those: a power of two put in by one instruction (`scaled`), and a table in two registers (`looked_up`), 32
numbers of float32 or 16 of float64; `actbench.kernels.registers` has all steps.
Functions along an axis have several programs in one loop, and sums and maxima (`actbench.kernels.passes` says which).
Every element goes through the same instructions, the last vector under a mask: an element's bits do not depend on its
place. On other processors the loop is left to the vectoriser (`actbench.kernels.source`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from actbench.kernels.registers import DOUBLE, STEPS, Builder, Shape, Value, constant, instruction, splat

# vectors that are under way at once, a power of two. Of float32 4 are 10 % faster for tanh-GELU and slower for GELU; of
# float64 4 are 5 to 10 % faster for eight of ten, and 3 % slower for GELU
UNROLLED = {32: 2, 64: 4}
TOGETHER = 4  # the same along an axis, 8 % faster than 2 for softmax
SEARCHED = 8  # vectors that one branch looks at for a first place


def _evaluated(
    builder: Builder, steps: Any, given: Sequence[Mapping[str, Value]], constants: Mapping[int, Value]
) -> list[Value]:
    """The result for each of several vectors, step by step for all of them: they wait for each other less."""
    values: list[list[Value]] = []
    for number, (op, operands, value) in enumerate(steps):
        if op == "argument":
            values.append([arguments[value] for arguments in given])
        elif op == "constant":
            values.append([constants[number]] * len(given))
        else:
            values.append(
                [STEPS[op](builder, *(values[i][k] for i in operands), value=value) for k in range(len(given))]
            )
    return values[-1]


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator, unused-ignore]
def vector_loop(typing_context: Any, text: Any, names: Any, arrays: Any, numbers: Any, out: Any, count: Any) -> Any:
    """Write a program's values for so many elements: names of arrays, then of numbers; their pointers and values."""
    programs = [("each", "", ast.literal_eval(text.literal_value))]
    named = names.literal_value.split()

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        shape = Shape(out.dtype.bitwidth)
        pointers, fixed = _given(builder, named, args[2], args[3], numbers, shape)
        _passed(builder, programs, pointers, fixed, [args[4]], args[5], UNROLLED[shape.bits], shape)
        return context.get_dummy_value()

    return types.none(text, names, arrays, numbers, out, count), make


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator, unused-ignore]
def vector_pass(
    typing_context: Any, text: Any, names: Any, arrays: Any, numbers: Any, outs: Any, coming: Any, count: Any
) -> Any:  # fmt: skip
    """Several programs in one loop over so many elements; the sums and maxima among them, in their order.

    Each is ``(kind, name, steps)``: ``"each"`` writes its values to the next pointer of ``outs``, ``"sum"`` adds them
    in float64, ``"max"`` keeps the largest or a NaN, ``"any"`` whether a condition holds, ``"value"`` is only for those
    that follow, which all may use an earlier one by its name. A number that is an integer is a place: 1 there, and 0
    elsewhere. Before the programs stands whether the loop begins at the end, which the pass before it has left in the
    caches. What ``coming`` points to is fetched.
    """
    back, programs = ast.literal_eval(text.literal_value)
    named = names.literal_value.split()
    result = types.UniTuple(arrays.dtype.dtype, sum(kind in REDUCED for kind, _, _ in programs))  # type: ignore[no-untyped-call, unused-ignore]

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        shape = Shape(arrays.dtype.dtype.bitwidth)
        pointers, fixed = _given(builder, named, args[2], args[3], numbers, shape)
        stored = cgutils.unpack_tuple(builder, args[4]) if len(outs) else []  # type: ignore[no-untyped-call, unused-ignore]
        ahead = cgutils.unpack_tuple(builder, args[5]) if len(coming) else []  # type: ignore[no-untyped-call, unused-ignore]
        reduced = _passed(builder, programs, pointers, fixed, stored, args[6], TOGETHER, shape, back, ahead)
        return context.make_tuple(builder, result, reduced) if reduced else context.get_dummy_value()

    return (result if result.count else types.none)(text, names, arrays, numbers, outs, coming, count), make


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator, unused-ignore]
def vector_first(typing_context: Any, text: Any, names: Any, arrays: Any, numbers: Any, count: Any) -> Any:
    """The first place at which a program holds, or 0."""
    steps = ast.literal_eval(text.literal_value)
    named = names.literal_value.split()

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        shape = Shape(arrays.dtype.dtype.bitwidth)
        pointers, fixed = _given(builder, named, args[2], args[3], numbers, shape)
        constants, word, lanes = _constants(steps, shape), ir.IntType(64), shape.lanes
        place, begin = (cgutils.alloca_once_value(builder, word(0)) for _ in range(2))  # type: ignore[no-untyped-call, unused-ignore]

        def holding(start: Value, loaded: Mapping[str, Value]) -> Value:
            return _evaluated(builder, steps, [{**_at_place(builder, fixed, start, shape), **loaded}], constants)[0]

        step = word(lanes * SEARCHED)
        with cgutils.for_range(builder, builder.udiv(args[4], step)) as loop:  # type: ignore[no-untyped-call, unused-ignore]
            start = builder.mul(loop.index, step)
            builder.store(start, begin)
            found = []
            for k in range(SEARCHED):
                at = builder.add(start, word(lanes * k))
                found.append(holding(at, {name: _loaded(builder, p, at, shape) for name, p in pointers.items()}))
            some = builder.bitcast(_folded(builder.or_, found), ir.IntType(lanes))
            with builder.if_then(builder.icmp_unsigned("!=", some, some.type(0))):
                loop.do_break()
            builder.store(builder.add(start, step), begin)
        first = builder.load(begin)
        turns = builder.udiv(builder.add(builder.sub(args[4], first), word(lanes - 1)), word(lanes))
        with cgutils.for_range(builder, turns) as loop:  # type: ignore[no-untyped-call, unused-ignore]
            start = builder.add(first, builder.mul(loop.index, word(lanes)))
            mask, part = _tail(builder, pointers, start, args[4], shape)
            bits = builder.bitcast(builder.and_(holding(start, part), mask), ir.IntType(lanes))
            with builder.if_then(builder.icmp_unsigned("!=", bits, bits.type(0))):
                builder.store(builder.add(start, builder.zext(builder.cttz(bits, ir.IntType(1)(1)), word)), place)
                loop.do_break()
        return builder.load(place)

    return types.int64(text, names, arrays, numbers, count), make


def _given(
    builder: Builder, named: Sequence[str], arrays: Value, numbers: Value, kinds: Any, shape: Shape
) -> tuple[dict[str, Value], dict[str, Value]]:
    """Pointers by name, and numbers as whole vectors; a place stays an integer."""
    pointers = dict(zip(named, cgutils.unpack_tuple(builder, arrays), strict=False))  # type: ignore[no-untyped-call, unused-ignore]
    values = cgutils.unpack_tuple(builder, numbers) if len(kinds) else []  # type: ignore[no-untyped-call, unused-ignore]
    names = named[len(pointers) :]
    return pointers, {
        name: splat(builder, value, shape.floats) if isinstance(kind, types.Float) else value
        for name, kind, value in zip(names, kinds, values, strict=True)
    }


def _at_place(builder: Builder, fixed: Mapping[str, Value], start: Value, shape: Shape) -> dict[str, Value]:
    """The numbers of the vector that begins at ``start``: a place is 1 where it lies in it."""
    found = dict(fixed)
    for name, value in fixed.items():
        if isinstance(value.type, ir.IntType):
            lane = splat(builder, builder.trunc(builder.sub(value, start), ir.IntType(32)), shape.places)
            there = builder.icmp_signed("==", lane, ir.Constant(shape.places, [*range(shape.lanes)]))
            found[name] = builder.select(there, constant((1.0).hex(), shape), constant((0.0).hex(), shape))
    return found


def _constants(steps: Any, shape: Shape) -> dict[int, Value]:
    return {place: constant(value, shape) for place, (op, _, value) in enumerate(steps) if op == "constant"}


def _tail(
    builder: Builder, pointers: Mapping[str, Value], start: Value, size: Value, shape: Shape
) -> tuple[Value, dict[str, Value]]:
    """The mask of what is left from ``start`` on, and the arrays under it."""
    left = builder.sub(size, start)  # below 2^31 only in the last vector
    full = left.type(shape.lanes)
    some = builder.select(builder.icmp_signed("<", left, full), left, full)
    lanes = splat(builder, builder.trunc(some, ir.IntType(32)), shape.places)
    mask = builder.icmp_signed("<", ir.Constant(shape.places, [*range(shape.lanes)]), lanes)
    return mask, {
        name: _masked_load(builder, _at(builder, p, start, shape), mask, shape) for name, p in pointers.items()
    }


def _passed(
    builder: Builder, programs: Any, pointers: Mapping[str, Value], fixed: Mapping[str, Value],
    outs: Sequence[Value], size: Value, unrolled: int, shape: Shape, back: bool = False,
    coming: Sequence[Value] = (),
) -> list[Value]:  # fmt: skip
    """The loop over all programs, and its reduced numbers."""
    word, lanes = ir.IntType(64), shape.lanes
    constants = [_constants(steps, shape) for _, _, steps in programs]
    rooms = {number: REDUCED[kind](builder, shape) for number, (kind, _, _) in enumerate(programs) if kind in REDUCED}

    def turn(start: Value, places: Sequence[Value], loaded: list[dict[str, Value]], mask: Value | None) -> None:
        given = [
            {**_at_place(builder, fixed, place, shape), **each} for place, each in zip(places, loaded, strict=True)
        ]
        written = iter(outs)
        for number, (kind, name, steps) in enumerate(programs):
            results = _evaluated(builder, steps, given, constants[number])
            for each, result in zip(given, results, strict=True):
                each[name] = result
            if kind in REDUCED:
                rooms[number].take(results, mask, steps[-1][0] == "argument" and steps[-1][2] in pointers)
            elif kind == "each":
                out = next(written)
                for place, result in zip(places, results, strict=True):
                    goal = _at(builder, out, place, shape)
                    if mask is None:
                        builder.store(result, goal, align=shape.bytes)
                    else:
                        _masked_store(builder, result, goal, mask, shape)

    step = word(lanes * unrolled)
    whole = builder.and_(size, word(-lanes * unrolled))
    with cgutils.for_range_slice(builder, word(0), whole, step) as (turned, _):  # type: ignore[no-untyped-call, unused-ignore]
        start = builder.sub(builder.sub(whole, step), turned) if back else turned
        places = [builder.add(start, word(lanes * k)) for k in range(unrolled)]
        for pointer in coming:
            for place in places:
                _fetched(builder, _at(builder, pointer, place, shape))
        loaded = [
            {name: _loaded(builder, pointer, place, shape) for name, pointer in pointers.items()} for place in places
        ]
        turn(start, places, loaded, None)
    with cgutils.for_range_slice(builder, whole, size, word(lanes)) as (start, _):  # type: ignore[no-untyped-call, unused-ignore]
        mask, part = _tail(builder, pointers, start, size, shape)
        turn(start, [start], [part], mask)
    return [room.end() for room in rooms.values()]


def _folded(combine: Callable[[Value, Value], Value], values: Sequence[Value]) -> Value:
    """All in one, two by two: their number is a power of two."""
    while len(values) > 1:
        values = [combine(a, b) for a, b in zip(values[::2], values[1::2], strict=True)]
    return values[0]


def _each(builder: Builder, vector: Value) -> list[Value]:
    return [builder.extract_element(vector, ir.IntType(32)(k)) for k in range(vector.type.count)]


class Sum:
    """In float64, sixteen numbers as eight: the accumulator of a pass.

    Vectors that are under way together are added before, in their own format, where the numbers were rounded anyway:
    half a place of a sum of two and of four, for 0.76 of softmax's backward time. Numbers beyond 8e37 may overflow so.
    What was loaded is exact: in log_softmax's backward pass that would cost 29 ulp for 4 at 4,096 entries.
    """

    def __init__(self, builder: Builder, shape: Shape) -> None:
        self.builder, self.shape = builder, shape
        nothing = ir.Constant(DOUBLE.floats, [0.0] * DOUBLE.lanes)
        self.room = cgutils.alloca_once_value(builder, nothing)  # type: ignore[no-untyped-call, unused-ignore]

    def take(self, values: Sequence[Value], mask: Value | None, exact: bool) -> None:
        nothing = constant((0.0).hex(), self.shape)
        kept = values if mask is None else [self.builder.select(mask, value, nothing) for value in values]
        kept = kept if exact else [_folded(self.builder.fadd, kept)]
        total = _folded(self.builder.fadd, [part for value in kept for part in self._wide(value)])
        self.builder.store(self.builder.fadd(self.builder.load(self.room), total), self.room)

    def _wide(self, value: Value) -> list[Value]:
        if self.shape == DOUBLE:
            return [value]
        halves = []
        for start in range(0, self.shape.lanes, DOUBLE.lanes):
            places = ir.Constant(DOUBLE.places, [*range(start, start + DOUBLE.lanes)])
            half = self.builder.shuffle_vector(value, ir.Constant(self.shape.floats, ir.Undefined), places)
            halves.append(self.builder.fpext(half, DOUBLE.floats))
        return halves

    def end(self) -> Value:
        total = _folded(self.builder.fadd, _each(self.builder, self.builder.load(self.room)))
        return total if self.shape == DOUBLE else self.builder.fptrunc(total, self.shape.number)


class Largest:
    """Lane by lane, and a mask of where a NaN was."""

    def __init__(self, builder: Builder, shape: Shape) -> None:
        self.builder, self.shape, self.least = builder, shape, constant("-inf", shape)
        self.peaks = cgutils.alloca_once_value(builder, self.least)  # type: ignore[no-untyped-call, unused-ignore]
        nowhere = ir.Constant(shape.truths, [0] * shape.lanes)
        self.lost = cgutils.alloca_once_value(builder, nowhere)  # type: ignore[no-untyped-call, unused-ignore]

    def take(self, values: Sequence[Value], mask: Value | None, exact: bool) -> None:
        builder = self.builder
        kept = values if mask is None else [builder.select(mask, value, self.least) for value in values]
        pairs = [*zip(kept[::2], kept[1::2], strict=True)] if len(kept) > 1 else [(kept[0], kept[0])]
        for a, b in pairs:  # one comparison tells whether either is NaN
            builder.store(builder.or_(builder.load(self.lost), builder.fcmp_unordered("uno", a, b)), self.lost)
        builder.store(self._larger(_folded(self._larger, kept), builder.load(self.peaks)), self.peaks)

    def _larger(self, a: Value, b: Value) -> Value:
        return self.builder.select(self.builder.fcmp_ordered(">", a, b), a, b)

    def end(self) -> Value:
        builder, bits = self.builder, ir.IntType(self.shape.lanes)
        largest = _folded(self._larger, _each(builder, builder.load(self.peaks)))
        any_lost = builder.icmp_unsigned("!=", builder.bitcast(builder.load(self.lost), bits), bits(0))
        return builder.select(any_lost, ir.Constant(self.shape.number, float("nan")), largest)


class Some:
    """Whether a condition holds anywhere, as 1 or 0."""

    def __init__(self, builder: Builder, shape: Shape) -> None:
        self.builder, self.shape, self.nowhere = builder, shape, ir.Constant(shape.truths, [0] * shape.lanes)
        self.found = cgutils.alloca_once_value(builder, self.nowhere)  # type: ignore[no-untyped-call, unused-ignore]

    def take(self, values: Sequence[Value], mask: Value | None, exact: bool) -> None:
        builder = self.builder
        kept = values if mask is None else [builder.and_(value, mask) for value in values]
        builder.store(builder.or_(builder.load(self.found), _folded(builder.or_, kept)), self.found)

    def end(self) -> Value:
        bits = self.builder.bitcast(self.builder.load(self.found), ir.IntType(self.shape.lanes))
        return self.builder.uitofp(self.builder.icmp_unsigned("!=", bits, bits.type(0)), self.shape.number)


REDUCED: Mapping[str, Any] = {"sum": Sum, "max": Largest, "any": Some}


def _fetched(builder: Builder, place: Value) -> None:
    byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
    fetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], ir.FunctionType(
        ir.VoidType(), [byte, flag, flag, flag]
    ))  # fmt: skip
    builder.call(fetch, [builder.bitcast(place, byte), flag(0), flag(3), flag(1)])  # to read, into the first cache


def _at(builder: Builder, pointer: Value, place: Value, shape: Shape) -> Value:
    return builder.bitcast(builder.gep(pointer, [place]), shape.floats.as_pointer())


def _loaded(builder: Builder, pointer: Value, place: Value, shape: Shape) -> Value:
    return builder.load(_at(builder, pointer, place, shape), align=shape.bytes)


def _masked_load(builder: Builder, place: Value, mask: Value, shape: Shape) -> Value:
    name, nothing = f"llvm.masked.load.{shape.name}.p0", ir.Constant(shape.floats, [0.0] * shape.lanes)
    return instruction(builder, name, shape.floats, [place, ir.IntType(32)(shape.bytes), mask, nothing])


def _masked_store(builder: Builder, value: Value, place: Value, mask: Value, shape: Shape) -> None:
    name, operands = f"llvm.masked.store.{shape.name}.p0", [value, place, ir.IntType(32)(shape.bytes), mask]
    instruction(builder, name, ir.VoidType(), operands)
