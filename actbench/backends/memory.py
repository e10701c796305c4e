"""Memory by its address, for generated code: scratch, stores past the caches, words of objects."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LINE = 64  # bytes of a cache line, and of the vectors that are written past the caches
SCRATCH = 1 << 12  # bytes: they stay in the first cache beside what is read


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def copied(typing_context: Any, out: Any, x: Any) -> Any:
    """Fill an array from another of its size and type, which may be itself, by the C library's memmove."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        to, source = (
            cgutils.create_struct_proxy(kind)(context, builder, value=value)  # type: ignore[no-untyped-call, unused-ignore]
            for kind, value in zip(signature.args, args, strict=True)
        )
        cgutils.raw_memmove(builder, to.data, source.data, source.nitems, source.itemsize)  # type: ignore[no-untyped-call, unused-ignore]
        return context.get_dummy_value()

    return types.none(out, x), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def scratch(typing_context: Any, like: Any) -> Any:
    """A pointer to SCRATCH bytes of the stack, of another pointer's type; all calls in one function share them."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        room = cgutils.alloca_once(builder, ir.ArrayType(ir.IntType(8), SCRATCH))  # type: ignore[no-untyped-call, unused-ignore]
        room.align = LINE
        return builder.bitcast(room, context.get_value_type(signature.return_type))

    return like(like), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def unaligned(typing_context: Any, pointer: Any) -> Any:
    """How many elements lie between the last cache line's begin and a pointer."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(64)
        behind = builder.and_(builder.ptrtoint(args[0], word), word(LINE - 1))
        return builder.udiv(behind, word(signature.args[0].dtype.bitwidth // 8))

    return types.int64(pointer), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def streamed(typing_context: Any, out: Any, start: Any, room: Any) -> Any:
    """Write SCRATCH bytes of one array into another, from an element at a line's begin, past the caches."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        to, source = (
            cgutils.create_struct_proxy(signature.args[place])(context, builder, value=args[place]).data  # type: ignore[no-untyped-call, unused-ignore]
            for place in (0, 2)
        )
        word = ir.IntType(64)
        width = signature.args[0].dtype.bitwidth // 8
        vector = ir.VectorType(ir.IntType(32), LINE // 4)
        past = builder.module.add_metadata([ir.IntType(32)(1)])
        with cgutils.for_range(builder, word(SCRATCH // LINE)) as line:  # type: ignore[no-untyped-call, unused-ignore]
            place = builder.mul(line.index, word(LINE // width))
            read, written = (
                builder.bitcast(builder.gep(data, [index]), vector.as_pointer())
                for data, index in ((source, place), (to, builder.add(args[1], place)))
            )
            store = builder.store(builder.load(read, align=LINE), written, align=LINE)
            store.set_metadata("nontemporal", past)
        return context.get_dummy_value()

    return types.none(out, types.int64, room), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def drained(typing_context: Any) -> Any:
    """What was written past the caches is seen by other threads from here on."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.none(), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def taken(typing_context: Any, counters: Any, place: Any) -> Any:
    """The number at a place of an int64 array, which is one more from then on for every thread."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = cgutils.create_struct_proxy(signature.args[0])(context, builder, value=args[0])  # type: ignore[no-untyped-call, unused-ignore]
        return builder.atomic_rmw("add", builder.gep(array.data, [args[1]]), ir.IntType(64)(1), "monotonic")

    return types.int64(counters, types.int64), make


def _at(builder: Any, width: int, address: Any, offset: Any) -> Any:
    return builder.inttoptr(builder.add(address, offset), ir.IntType(width).as_pointer())


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def word(typing_context: Any, address: Any, offset: Any) -> Any:
    """The eight bytes that lie so many bytes behind an address."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_at(builder, 64, *args))

    return types.intp(types.intp, types.intp), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def half(typing_context: Any, address: Any, offset: Any) -> Any:
    """The four bytes that lie so many bytes behind an address."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.sext(builder.load(_at(builder, 32, *args)), ir.IntType(64))

    return types.intp(types.intp, types.intp), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def put(typing_context: Any, address: Any, offset: Any, value: Any) -> Any:
    """Write eight bytes so many bytes behind an address."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], _at(builder, 64, *args[:2]))
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def words(typing_context: Any) -> Any:
    """The address of eight words of the stack, all 0 when a function is entered; all calls in it share them."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        room = cgutils.alloca_once(builder, ir.ArrayType(ir.IntType(64), 8), zfill=True)  # type: ignore[no-untyped-call, unused-ignore]
        return builder.ptrtoint(room, ir.IntType(64))

    return types.intp(), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def invoke(typing_context: Any, function: Any, arguments: Any) -> Any:
    """Call machine code by its address, with a tuple of words."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        given = cgutils.unpack_tuple(builder, args[1])  # type: ignore[no-untyped-call, unused-ignore]
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(64)] * len(given))
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), given)
        return context.get_dummy_value()

    return types.void(types.intp, types.UniTuple(types.intp, len(arguments))), make  # type: ignore[no-untyped-call, unused-ignore]
