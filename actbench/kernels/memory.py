"""Memory by its address, for generated code: scratch, stores past the caches, words of objects."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LINE = 64  # bytes of a cache line, and of the vectors that are written past the caches
# bytes of a block; with 4 KiB between their reads the processor no longer foresees two arrays
SCRATCH = 1 << 11


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def behind(typing_context: Any, pointer: Any, count: Any) -> Any:
    """A pointer so many elements behind another."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return pointer(pointer, types.int64), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def same(typing_context: Any, one: Any, other: Any) -> Any:
    """Whether two pointers are one."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.icmp_unsigned("==", *args)

    return types.boolean(one, other), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def copied(typing_context: Any, to: Any, source: Any, count: Any) -> Any:
    """The first pointer, to where so many elements were copied by the C library's memmove."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        goal, read, number = args
        width = signature.args[0].dtype.bitwidth // 8
        cgutils.raw_memmove(builder, goal, read, number, width)  # type: ignore[no-untyped-call, unused-ignore]
        return goal

    return to(to, source, types.int64), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def scratch(typing_context: Any, like: Any) -> Any:
    """A pointer to SCRATCH bytes of the stack that are nobody else's, of another pointer's type."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        with builder.goto_entry_block():  # numba's own alloca_once fills it with zeros, which takes LLVM 0.5 s
            room = builder.alloca(ir.ArrayType(ir.IntType(8), SCRATCH))
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
def streamed(typing_context: Any, to: Any, source: Any, wanted: Any) -> Any:
    """Write SCRATCH bytes past the caches, from line to line, and fetch as many behind every pointer of a tuple."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word, flag = ir.IntType(64), ir.IntType(32)
        line = ir.VectorType(flag, LINE // 4).as_pointer()
        past = builder.module.add_metadata([flag(1)])
        byte = ir.IntType(8).as_pointer()
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], ir.FunctionType(
            ir.VoidType(), [byte, flag, flag, flag]
        ))  # fmt: skip
        goal, read, *coming = (
            builder.bitcast(pointer, line)
            for pointer in (*args[:2], *cgutils.unpack_tuple(builder, args[2]))  # type: ignore[no-untyped-call, unused-ignore]
        )
        with cgutils.for_range(builder, word(SCRATCH // LINE)) as turn:  # type: ignore[no-untyped-call, unused-ignore]
            for pointer in coming:  # beyond an array's end it does nothing
                place = builder.bitcast(builder.gep(pointer, [turn.index]), byte)
                builder.call(fetch, [place, flag(0), flag(3), flag(1)])  # to read, into the first cache
            value = builder.load(builder.gep(read, [turn.index]), align=LINE)
            builder.store(value, builder.gep(goal, [turn.index]), align=LINE).set_metadata("nontemporal", past)
        return context.get_dummy_value()

    return types.none(to, source, wanted), make


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
