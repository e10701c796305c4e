"""A graph of steps as a loop over whole vectors of AVX-512, which says what LLVM's own vectoriser has no words for.

Two of those: a power of two put in by one instruction (`scaled`), and a table of 32 numbers in registers (`looked_up`).
Every element goes through the same instructions, the last vector under a mask: an element's bits do not depend on its
place. On other processors the loop is left to the vectoriser (`actbench.kernels.source`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16  # of float32
UNROLLED = 2  # vectors that are under way at once, a power of two; 4 are 10 % faster for tanh-GELU and slower for GELU
FLOATS, WHOLES, TRUTHS = (ir.VectorType(kind, LANES) for kind in (ir.FloatType(), ir.IntType(32), ir.IntType(1)))
Builder: TypeAlias = Any  # llvmlite's, which has no types
Value: TypeAlias = Any


def _splat(builder: Builder, value: Value, kind: Any) -> Value:
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.IntType(32)(0))
    return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), ir.Constant(WHOLES, [0] * LANES))


def _call(builder: Builder, name: str, result: Any, arguments: Sequence[Value]) -> Value:
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)  # type: ignore[no-untyped-call, unused-ignore]


def _whole(number: int) -> Value:
    return ir.Constant(WHOLES, [(number + (1 << 31)) % (1 << 32) - (1 << 31)] * LANES)


def _scaled(builder: Builder, y: Value, n: Value) -> Value:
    every, nearest = ir.IntType(16)(-1), ir.IntType(32)(4)  # the rounding that is set
    return _call(builder, "llvm.x86.avx512.mask.scalef.ps.512", FLOATS, [y, n, y, every, nearest])


def _looked_up(builder: Builder, i: Value, table: Sequence[float]) -> Value:
    low, high = (ir.Constant(FLOATS, [*half]) for half in (table[:LANES], table[LANES:]))
    return _call(builder, "llvm.x86.avx512.vpermi2var.ps.512", FLOATS, [low, i, high])


def _arithmetic(name: str) -> Callable[..., Value]:
    return lambda builder, a, b, value: getattr(builder, name)(a, b)


def _compared(sign: str) -> Callable[..., Value]:
    return lambda builder, a, b, value: (builder.fcmp_unordered if sign == "!=" else builder.fcmp_ordered)(sign, a, b)


_ARITHMETIC = {"add": "fadd", "subtract": "fsub", "multiply": "fmul", "divide": "fdiv"}
_COMPARED = {
    "greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!=",
}  # fmt: skip
# each with the builder, the step's operands and the constant in it
STEPS: Mapping[str, Callable[..., Value]] = {
    **{op: _arithmetic(name) for op, name in _ARITHMETIC.items()},
    **{op: _compared(sign) for op, sign in _COMPARED.items()},
    "logical_and": lambda builder, a, b, value: builder.and_(a, b),
    "logical_or": lambda builder, a, b, value: builder.or_(a, b),
    "logical_not": lambda builder, a, value: builder.not_(a),
    "negative": lambda builder, a, value: builder.fneg(a),
    "absolute": lambda builder, a, value: _call(builder, "llvm.fabs.v16f32", FLOATS, [a]),
    "sqrt": lambda builder, a, value: _call(builder, "llvm.sqrt.v16f32", FLOATS, [a]),
    "where": lambda builder, c, a, b, value: builder.select(c, a, b),
    "fma": lambda builder, a, b, c, value: _call(builder, "llvm.fma.v16f32", FLOATS, [a, b, c]),
    "bits": lambda builder, a, value: builder.bitcast(a, WHOLES),
    "from_bits": lambda builder, a, value: builder.bitcast(a, FLOATS),
    "int_add": lambda builder, a, value: builder.add(a, _whole(value)),
    "int_sum": lambda builder, a, b, value: builder.add(a, b),
    "int_minus": lambda builder, a, value: builder.neg(a),
    "int_shift": lambda builder, a, value: builder.shl(a, _whole(value)),
    "int_right": lambda builder, a, value: builder.ashr(a, _whole(value)),
    "int_and": lambda builder, a, value: builder.and_(a, _whole(value)),
    "int_or": lambda builder, a, b, value: builder.or_(a, b),
    "int_xor": lambda builder, a, b, value: builder.xor(a, b),
    "odd": lambda builder, a, value: builder.icmp_unsigned("!=", builder.and_(a, _whole(1)), _whole(0)),
    "scaled": lambda builder, y, n, value: _scaled(builder, y, n),
    "looked_up": lambda builder, i, value: _looked_up(builder, i, value),
}  # fmt: skip


def _constant(value: Any) -> Value:
    if isinstance(value, bool):
        return ir.Constant(TRUTHS, [int(value)] * LANES)
    return ir.Constant(FLOATS, [float.fromhex(value)] * LANES)


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
    steps = ast.literal_eval(text.literal_value)
    called = names.literal_value.split()

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word, size = ir.IntType(64), args[5]
        pointers = dict(zip(called, cgutils.unpack_tuple(builder, args[2]), strict=False))  # type: ignore[no-untyped-call, unused-ignore]
        given = cgutils.unpack_tuple(builder, args[3]) if len(numbers) else []  # type: ignore[no-untyped-call, unused-ignore]
        fixed = {
            name: _splat(builder, value, FLOATS) for name, value in zip(called[len(pointers) :], given, strict=True)
        }
        constants = {place: _constant(value) for place, (op, _, value) in enumerate(steps) if op == "constant"}
        whole = builder.and_(size, word(-LANES * UNROLLED))
        with cgutils.for_range_slice(builder, word(0), whole, word(LANES * UNROLLED)) as (start, _):  # type: ignore[no-untyped-call, unused-ignore]
            places = [builder.add(start, word(LANES * k)) for k in range(UNROLLED)]
            loaded = [
                {name: builder.load(_at(builder, pointer, place), align=4) for name, pointer in pointers.items()}
                for place in places
            ]
            results = _evaluated(builder, steps, [{**fixed, **each} for each in loaded], constants)
            for place, result in zip(places, results, strict=True):
                builder.store(result, _at(builder, args[4], place), align=4)
        with cgutils.for_range_slice(builder, whole, size, word(LANES)) as (start, _):  # type: ignore[no-untyped-call, unused-ignore]
            left = _splat(builder, builder.trunc(builder.sub(size, start), ir.IntType(32)), WHOLES)
            mask = builder.icmp_signed("<", ir.Constant(WHOLES, [*range(LANES)]), left)
            part = {
                name: _masked_load(builder, _at(builder, pointer, start), mask) for name, pointer in pointers.items()
            }
            [result] = _evaluated(builder, steps, [{**fixed, **part}], constants)
            _masked_store(builder, result, _at(builder, args[4], start), mask)
        return context.get_dummy_value()

    return types.none(text, names, arrays, numbers, out, count), make


def _at(builder: Builder, pointer: Value, place: Value) -> Value:
    return builder.bitcast(builder.gep(pointer, [place]), FLOATS.as_pointer())


def _masked_load(builder: Builder, place: Value, mask: Value) -> Value:
    nothing = ir.Constant(FLOATS, [0.0] * LANES)
    return _call(builder, "llvm.masked.load.v16f32.p0", FLOATS, [place, ir.IntType(32)(4), mask, nothing])


def _masked_store(builder: Builder, value: Value, place: Value, mask: Value) -> None:
    _call(builder, "llvm.masked.store.v16f32.p0", ir.VoidType(), [value, place, ir.IntType(32)(4), mask])
