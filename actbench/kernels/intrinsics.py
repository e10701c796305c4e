"""What generated kernels need and Python cannot say: bit casts, a select, a fused product, whether arrays overlap."""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def _cast(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return builder.bitcast(args[0], context.get_value_type(signature.return_type))


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def bits(typing_context: Any, x: Any) -> Any:
    """The bits of a float32 or float64 as an integer of the same width."""
    return (types.int32 if x == types.float32 else types.int64)(x), _cast


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def from_bits(typing_context: Any, i: Any) -> Any:
    """The float that the bits of an int32 or int64 spell."""
    return (types.float32 if i == types.int32 else types.float64)(i), _cast


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def apart(typing_context: Any, a: Any, b: Any) -> Any:
    """Whether two contiguous arrays are one and the same memory or none of it."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = context.get_value_type(types.intp)
        ends = []
        for kind, value in zip(signature.args, args, strict=True):
            array = cgutils.create_struct_proxy(kind)(context, builder, value=value)  # type: ignore[no-untyped-call, unused-ignore]
            start = builder.ptrtoint(array.data, word)
            ends.append((start, builder.add(start, builder.mul(array.nitems, array.itemsize))))
        (a_start, a_end), (b_start, b_end) = ends
        same = builder.icmp_unsigned("==", a_start, b_start)
        before = builder.icmp_unsigned("<=", a_end, b_start)
        after = builder.icmp_unsigned("<=", b_end, a_start)
        return builder.or_(same, builder.or_(before, after))

    return types.boolean(a, b), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def fma(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """a b + c, rounded once."""

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return a(a, a, a), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def select(typing_context: Any, condition: Any, a: Any, b: Any) -> Any:
    """a where the condition holds, else b: one instruction, where Python's own conditional makes a branch.

    The vector loop is the same, but numba and LLVM need not find the straight line again: compiling takes 15 % less.
    """
    kind = types.unliteral(a)  # type: ignore[no-untyped-call, unused-ignore]

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(*args)

    return kind(types.boolean, kind, kind), make


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def held(typing_context: Any, x: Any) -> Any:
    """x, which LLVM is told nothing about: so that it stays in a register and is not made again at every use."""
    kind = types.unliteral(x)  # type: ignore[no-untyped-call, unused-ignore]

    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(kind.bitwidth)
        same = builder.asm(ir.FunctionType(word, [word]), "", "=r,0", [builder.bitcast(args[0], word)], False)
        return builder.bitcast(same, context.get_value_type(kind))

    return kind(kind), make


X86 = platform.machine().lower() in ("x86_64", "amd64", "i686")


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def keep_flags(typing_context: Any, room: Any) -> Any:
    """Write the floating-point status (MXCSR; elsewhere the C library's environment) to 64 bytes at an address."""
    return types.void(types.intp), _flags("llvm.x86.sse.stmxcsr", "fegetenv")


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def restore_flags(typing_context: Any, room: Any) -> Any:
    """Make the floating-point status what `keep_flags` wrote: nothing was raised in between."""
    return types.void(types.intp), _flags("llvm.x86.sse.ldmxcsr", "fesetenv")


def _flags(on_x86: str, elsewhere: str) -> Any:
    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType() if X86 else ir.IntType(32), [byte])
        function = cgutils.get_or_insert_function(builder.module, kind, on_x86 if X86 else elsewhere)  # type: ignore[no-untyped-call, unused-ignore]
        builder.call(function, [builder.inttoptr(args[0], byte)])
        return context.get_dummy_value()

    return make
