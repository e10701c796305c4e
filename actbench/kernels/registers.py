"""What the 512 bits of a register of AVX-512 hold, and each step of a graph as instructions on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from llvmlite import ir
from numba.core import cgutils

Builder: TypeAlias = Any  # llvmlite's, which has no types
Value: TypeAlias = Any


@dataclass(frozen=True)
class Shape:
    """The numbers of one format that a register holds: 16 of float32, 8 of float64."""

    bits: int

    @cached_property
    def lanes(self) -> int:
        return 512 // self.bits

    @property
    def bytes(self) -> int:
        """Of one number."""
        return self.bits // 8

    @cached_property
    def number(self) -> Any:
        return ir.FloatType() if self.bits == 32 else ir.DoubleType()

    @cached_property
    def floats(self) -> Any:
        return ir.VectorType(self.number, self.lanes)

    @cached_property
    def wholes(self) -> Any:
        return ir.VectorType(ir.IntType(self.bits), self.lanes)

    @cached_property
    def truths(self) -> Any:
        return ir.VectorType(ir.IntType(1), self.lanes)

    @cached_property
    def places(self) -> Any:
        return ir.VectorType(ir.IntType(32), self.lanes)

    @property
    def name(self) -> str:
        """What LLVM calls such a vector."""
        return f"v{self.lanes}f{self.bits}"

    @property
    def end(self) -> str:
        """How the processor's instructions on it end."""
        return "ps.512" if self.bits == 32 else "pd.512"


SINGLE, DOUBLE = Shape(32), Shape(64)
SHAPES = {shape.lanes: shape for shape in (SINGLE, DOUBLE)}


def _of(value: Value) -> Shape:
    return SHAPES[value.type.count]


def splat(builder: Builder, value: Value, kind: Any) -> Value:
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.IntType(32)(0))
    places = ir.Constant(SHAPES[kind.count].places, [0] * kind.count)
    return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), places)


def instruction(builder: Builder, name: str, result: Any, arguments: Sequence[Value]) -> Value:
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)  # type: ignore[no-untyped-call, unused-ignore]


def _whole(like: Value, number: int) -> Value:
    bits = _of(like).bits
    low = number % (1 << bits)
    return ir.Constant(like.type, [low - (low >> (bits - 1) << bits)] * like.type.count)


def _scaled(builder: Builder, y: Value, n: Value) -> Value:
    shape = _of(y)
    every, nearest = ir.IntType(shape.lanes)(-1), ir.IntType(32)(4)  # the rounding that is set
    return instruction(builder, f"llvm.x86.avx512.mask.scalef.{shape.end}", shape.floats, [y, n, y, every, nearest])


def _looked_up(builder: Builder, i: Value, table: Sequence[float]) -> Value:
    shape = _of(i)
    low, high = (ir.Constant(shape.floats, [*half]) for half in (table[: shape.lanes], table[shape.lanes :]))
    return instruction(builder, f"llvm.x86.avx512.vpermi2var.{shape.end}", shape.floats, [low, i, high])


def _library(name: str) -> Callable[..., Value]:
    def call(builder: Builder, *operands: Value, value: Any) -> Value:
        shape = _of(operands[0])
        return instruction(builder, f"llvm.{name}.{shape.name}", shape.floats, operands)

    return call


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
    "absolute": _library("fabs"),
    "sqrt": _library("sqrt"),
    "where": lambda builder, c, a, b, value: builder.select(c, a, b),
    "fma": _library("fma"),
    "bits": lambda builder, a, value: builder.bitcast(a, _of(a).wholes),
    "from_bits": lambda builder, a, value: builder.bitcast(a, _of(a).floats),
    "int_add": lambda builder, a, value: builder.add(a, _whole(a, value)),
    "int_sum": lambda builder, a, b, value: builder.add(a, b),
    "int_minus": lambda builder, a, value: builder.neg(a),
    "int_shift": lambda builder, a, value: builder.shl(a, _whole(a, value)),
    "int_right": lambda builder, a, value: builder.ashr(a, _whole(a, value)),
    "int_and": lambda builder, a, value: builder.and_(a, _whole(a, value)),
    "int_or": lambda builder, a, b, value: builder.or_(a, b),
    "int_xor": lambda builder, a, b, value: builder.xor(a, b),
    "odd": lambda builder, a, value: builder.icmp_unsigned("!=", builder.and_(a, _whole(a, 1)), _whole(a, 0)),
    "scaled": lambda builder, y, n, value: _scaled(builder, y, n),
    "looked_up": lambda builder, i, value: _looked_up(builder, i, value),
}  # fmt: skip


def constant(value: Any, shape: Shape) -> Value:
    if isinstance(value, bool):
        return ir.Constant(shape.truths, [int(value)] * shape.lanes)
    return ir.Constant(shape.floats, [float.fromhex(value)] * shape.lanes)
