"""Memory by its address, for compiled loops: scratch, elements, stores past the caches, calls."""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LINE = 64  # bytes of a cache line, and of the vectors that are written past the caches
# bytes of a block; with 4 KiB between their reads the processor no longer foresees two arrays
SCRATCH = 1 << 11


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def offset(typing_context: Any, pointer: Any, count: Any) -> Any:
    """A pointer so many elements behind another."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return pointer(pointer, types.int64), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def row(typing_context: Any, matrix: Any, number: Any) -> Any:
    """A pointer to a row of a contiguous matrix."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = cgutils.create_struct_proxy(matrix)(context, builder, value=args[0])  # type: ignore[no-untyped-call, unused-ignore]
        length = builder.extract_value(array.shape, 1)
        return builder.gep(array.data, [builder.mul(args[1], length)])

    return types.CPointer(matrix.dtype)(matrix, types.int64), make  # type: ignore[no-untyped-call, unused-ignore]


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def same(typing_context: Any, one: Any, other: Any) -> Any:
    """Whether two pointers are one."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.icmp_unsigned("==", *args)

    return types.boolean(one, other), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def memcpy(typing_context: Any, to: Any, source: Any, count: Any) -> Any:
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
def store_nontemporal(typing_context: Any, to: Any, source: Any, wanted: Any) -> Any:
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
def fence(typing_context: Any) -> Any:
    """What was written past the caches is seen by other threads from here on."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.none(), make


def _at(builder: Any, width: int, address: Any, place: Any) -> Any:
    return builder.inttoptr(builder.add(address, place), ir.IntType(width).as_pointer())


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def load(typing_context: Any, address: Any, place: Any) -> Any:
    """The eight bytes that lie so many bytes behind an address."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_at(builder, 64, *args))

    return types.intp(types.intp, types.intp), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def store(typing_context: Any, address: Any, place: Any, value: Any) -> Any:
    """Write eight bytes so many bytes behind an address."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], _at(builder, 64, *args[:2]))
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp), make


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator, unused-ignore]
def move(typing_context: Any, width: Any, to: Any, source: Any) -> Any:
    """Copy an element of 16, 32 or 64 bits, a literal, from one address to another."""
    bits = width.literal_value

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.IntType(bits).as_pointer()
        builder.store(builder.load(builder.inttoptr(args[2], kind)), builder.inttoptr(args[1], kind))
        return context.get_dummy_value()

    return types.void(width, types.intp, types.intp), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def half(typing_context: Any, address: Any) -> Any:
    """The two bytes at an address, as a number from 0."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.zext(builder.load(_at(builder, 16, args[0], ir.IntType(64)(0))), ir.IntType(64))

    return types.intp(types.intp), make


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator, unused-ignore]
def stack(typing_context: Any, size: Any) -> Any:
    """The address of so many bytes, a literal, of the stack that are nobody else's."""
    count = size.literal_value

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        with builder.goto_entry_block():  # numba's own alloca_once fills it with zeros
            room = builder.alloca(ir.ArrayType(ir.IntType(8), count))
        room.align = LINE
        return builder.ptrtoint(room, ir.IntType(64))

    return types.intp(size), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def fetch_add(typing_context: Any, address: Any) -> Any:
    """The eight bytes at an address, which are one more from then on for every thread."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", _at(builder, 64, args[0], ir.IntType(64)(0)), ir.IntType(64)(1), "monotonic")

    return types.intp(types.intp), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def invoke(typing_context: Any, function: Any, arguments: Any) -> Any:
    """Call machine code by its address, with a tuple of words."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        given = cgutils.unpack_tuple(builder, args[1])  # type: ignore[no-untyped-call, unused-ignore]
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(64)] * len(given))
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), given)
        return context.get_dummy_value()

    return types.void(types.intp, types.UniTuple(types.intp, len(arguments))), make  # type: ignore[no-untyped-call, unused-ignore]


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def see(typing_context: Any, address: Any) -> Any:
    """The eight bytes at an address, as other threads wrote them last, with all that they had written before."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_at(builder, 64, args[0], ir.IntType(64)(0)), "seq_cst", 8)

    return types.intp(types.intp), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def publish(typing_context: Any, address: Any, value: Any) -> Any:
    """Write eight bytes that other threads `see`, and what was written before with them."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[1], _at(builder, 64, args[0], ir.IntType(64)(0)), "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def replaced(typing_context: Any, address: Any, old: Any, new: Any) -> Any:
    """Whether the eight bytes at an address were the old ones and, by this alone, are the new ones now."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _at(builder, 64, args[0], ir.IntType(64)(0))
        return builder.extract_value(builder.cmpxchg(place, args[1], args[2], "seq_cst"), 1)

    return types.boolean(types.intp, types.intp, types.intp), make


# LLVM's name of the instruction, and its operands; elsewhere a loop waits without one
_PAUSES: dict[str, tuple[str, tuple[int, ...]]] = {
    **dict.fromkeys(("x86_64", "amd64"), ("llvm.x86.sse2.pause", ())),
    **dict.fromkeys(("aarch64", "arm64"), ("llvm.aarch64.hint", (1,))),
}


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def pause(typing_context: Any) -> Any:
    """Tell the processor that a loop waits for another thread."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        flag = ir.IntType(32)
        name, given = _PAUSES.get(platform.machine().lower(), ("", ()))
        if name:
            kind = ir.FunctionType(ir.VoidType(), [flag] * len(given))
            function = cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call, unused-ignore]
            builder.call(function, [flag(value) for value in given])
        return context.get_dummy_value()

    return types.void(), make
