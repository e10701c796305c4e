"""Vectors of 64 bytes for generated kernels: load, store, add, multiply-add. For the tiles of small matrix products.

LLVM splits a vector that the processor does not have (two registers with AVX2, four with SSE or NEON), and keeps
accumulators in registers, which no plain loop persuades it to do.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

BYTES = 64


class Lanes(types.Type):  # type: ignore[misc, unused-ignore]
    """A vector of float32 or float64 that fills BYTES."""

    def __init__(self, scalar: Any) -> None:
        self.scalar = scalar
        self.count = 8 * BYTES // scalar.bitwidth
        super().__init__(name=f"Lanes({scalar}, {self.count})")


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):  # type: ignore[misc, unused-ignore]
    """One LLVM vector."""

    def __init__(self, manager: Any, kind: Any) -> None:
        scalar = manager.lookup(kind.scalar).get_value_type()
        super().__init__(manager, kind, ir.VectorType(scalar, kind.count))  # type: ignore[no-untyped-call, unused-ignore]


def _place(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """The address of a flat array's element; no bounds, no negative indices."""
    make = cgutils.create_struct_proxy(kind)  # type: ignore[no-untyped-call, unused-ignore]
    data = make(context, builder, value=array).data
    return builder.gep(data, [index])


def _vector(context: Any, scalar: Any) -> Any:
    return context.get_value_type(Lanes(scalar))


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def load(typing_context: Any, array: Any, index: Any) -> Any:
    """The vector that begins at an element of a flat array."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        place = _place(context, builder, kind, *args)
        vector = builder.bitcast(place, _vector(context, kind.dtype).as_pointer())
        return builder.load(vector, align=kind.dtype.bitwidth // 8)

    return Lanes(array.dtype)(array, types.int64), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def gather(typing_context: Any, array: Any, index: Any, step: Any) -> Any:
    """The vector of the elements index, index + step, ...: a column of a matrix."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = _vector(context, signature.args[0].dtype)
        place, total = _place(context, builder, signature.args[0], *args[:2]), ir.Constant(vector, ir.Undefined)
        for lane in range(vector.count):
            place = builder.gep(place, [args[2]]) if lane else place
            total = builder.insert_element(total, builder.load(place), ir.IntType(32)(lane))
        return total

    return Lanes(array.dtype)(array, types.int64, types.int64), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def address(typing_context: Any, array: Any, index: Any) -> Any:
    """Where an element of a flat array lies: a number, for an array that is chosen in a loop is counted there."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(_place(context, builder, signature.args[0], *args), ir.IntType(64))

    return types.int64(array, types.int64), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def store(typing_context: Any, place: Any, value: Any) -> Any:
    """Write a vector at an address."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[1]
        goal = builder.inttoptr(args[0], _vector(context, kind.scalar).as_pointer())
        builder.store(args[1], goal, align=kind.scalar.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(types.int64, value), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def zeros(typing_context: Any, array: Any) -> Any:
    """A vector of zeros for arrays of this kind."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(_vector(context, signature.args[0].dtype), None)

    return Lanes(array.dtype)(array), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def add(typing_context: Any, a: Any, b: Any) -> Any:
    """a + b."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fadd(*args)

    return a(a, a), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def add_product(typing_context: Any, array: Any, index: Any, offset: Any, factor: Any, total: Any) -> Any:
    """total + array[index + offset] * factor, rounded once where the processor can; the offset stays in a register."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        one = builder.load(builder.gep(_place(context, builder, kind, args[0], args[1]), [args[2]]))
        vector = _vector(context, kind.dtype)
        lane = ir.IntType(32)
        first = builder.insert_element(ir.Constant(vector, ir.Undefined), one, lane(0))
        spread = builder.shuffle_vector(
            first, ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(lane, vector.count), None)
        )
        product = builder.fmul(spread, args[3], flags=("contract",))
        return builder.fadd(product, args[4], flags=("contract",))

    return total(array, types.int64, types.int64, factor, total), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def apart(typing_context: Any) -> Any:
    """Keep the function that says this from being inlined: a copy at every call only costs compile time."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), make
