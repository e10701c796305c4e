"""The inner loop of every elementwise ufunc: from NumPy's pointers and strides to a kernel. `ufuncs` compiles it.

Arrays that lie as the kernel wants them go to it as they are, shared among threads where they are many; others are
gathered block by block, with the same bits as result. NumPy asks the floating-point status after every inner loop, and
an arm of a kernel that overflows and is not taken would warn: it is put back to what it was.
"""

# mypy: ignore-errors
# (numba's types; the text is compiled, never imported)

import numpy as np
from numba import cfunc, njit, types

from actbench.kernels.intrinsics import bits, from_bits, keep_flags, restore_flags
from actbench.kernels.memory import half, invoke, load, move, stack, store
from actbench.kernels.sharing import shared
from actbench.kernels.table import (
    ARRAYS,
    BLOCK,
    BYTES,
    COMPILE,
    ERROR,
    FIXED,
    HALVES,
    NARROW,
    PART,
    RAISE,
    READ,
    ROOM,
    SCALAR,
    SLOTS,
    STREAMED,
    THREAD,
    THREADED,
    TRAILING,
    VALUES,
)  # fmt: skip


@njit(error_model="numpy")
def widened(h):
    """The bits of a double that is a half's number, exactly."""
    exponent, mantissa = (h >> 10) & 31, h & 1023
    if exponent == 31:
        return ((h & 0x8000) << 48) | (0x7FF << 52) | (mantissa << 42)
    size = float(mantissa + (1024 if exponent > 0 else 0)) * from_bits((max(exponent, 1) - 25 + 1023) << 52)
    return bits(size) | ((h & 0x8000) << 48)


@njit(error_model="numpy")
def narrowed(d):
    """The bits of the half that is nearest to a double, ties to even."""
    size, sign = d & 0x7FFFFFFFFFFFFFFF, (d >> 48) & 0x8000
    if size > 0x7FF << 52:
        return sign | 0x7E00
    if size >= 0x40EFFE0000000000:  # 65520 rounds to infinity
        return sign | 0x7C00
    if size < 0x3F10000000000000:  # below 2^-14: a multiple of 2^-24, rounded by adding 1.5 2^52
        return sign | (bits(from_bits(size) * 16777216.0 + 6755399441055744.0) & 0xFFF)
    return sign | ((size - (1008 << 52) + (1 << 41) - 1 + ((size >> 42) & 1)) >> 42)


@njit(error_model="numpy")
def gather(width, target, source, step, count):
    """Elements that lie ``step`` bytes apart, to where they lie one behind the other; narrow ones become doubles."""
    if width == 4:
        for i in range(count):
            move(32, target + 4 * i, source + step * i)
    elif width == 8:
        for i in range(count):
            move(64, target + 8 * i, source + step * i)
    elif width == HALVES:
        for i in range(count):
            store(target, 8 * i, widened(half(source + step * i)))
    else:
        room = stack(8)
        for i in range(count):
            move(32, room, source + step * i)
            store(target, 8 * i, bits(np.float64(from_bits(np.int32(load(room, 0))))))


@njit(error_model="numpy")
def scatter(width, target, step, source, count):
    """The way back."""
    if width == 4:
        for i in range(count):
            move(32, target + step * i, source + 4 * i)
    elif width == 8:
        for i in range(count):
            move(64, target + step * i, source + 8 * i)
    elif width == HALVES:
        room = stack(8)
        for i in range(count):
            store(room, 0, narrowed(load(source, 8 * i)))
            move(16, target + step * i, room)
    else:
        room = stack(8)
        for i in range(count):
            store(room, 0, bits(np.float32(from_bits(load(source, 8 * i)))))
            move(32, target + step * i, room)


@njit(error_model="numpy")
def run(args, size, steps, table):
    """One inner loop; see `table`."""
    read, trailing, narrow = load(table, READ), load(table, TRAILING), load(table, NARROW)
    width = load(table, BYTES)
    plain, one_number = narrow == 0, True
    for place in range(read):
        plain &= load(steps, 8 * place) == width
    plain &= load(steps, 8 * (read + trailing)) == width
    for place in range(trailing):
        if load(table, SLOTS + 16 * place) >= 0:
            one_number &= load(steps, 8 * (read + place)) == 0 or size == 1
    which, numbers, count = (SCALAR, load(table, VALUES), read) if one_number else (ARRAYS, load(table, FIXED), read)
    if load(table, which) == 0:
        invoke(load(table, COMPILE), (table, which))
    function = load(table, which)
    if function == 0:
        invoke(load(table, RAISE), (load(table, THREAD), load(table, ERROR)))
        return
    places, strides = stack(64), stack(64)
    for place in range(read):
        store(places, 8 * place, load(args, 8 * place))
        store(strides, 8 * place, load(steps, 8 * place))
    if trailing > 0 and one_number:
        own = stack(64)
        for place in range(8):
            store(own, 8 * place, load(numbers, 8 * place))
        for place in range(trailing):
            slot = load(table, SLOTS + 16 * place)
            if slot >= 0:
                gather(width, own + slot, load(args, 8 * (read + place)), 0, 1)
        numbers = own
    elif trailing > 0:
        for place in range(trailing):
            goal = load(table, SLOTS + 16 * place + 8)
            if goal >= 0:
                store(places, 8 * goal, load(args, 8 * (read + place)))
                store(strides, 8 * goal, load(steps, 8 * (read + place)))
                plain &= load(steps, 8 * (read + place)) == width
                count += 1
    out, out_step = load(args, 8 * (read + trailing)), load(steps, 8 * (read + trailing))
    if plain:
        store(places, 8 * count, out)
        in_place = False
        for place in range(count):
            in_place |= load(places, 8 * place) == out
        streams = 1 if (count + 1) * size * width >= load(table, STREAMED) and not in_place else 0
        if size < load(table, THREADED):
            invoke(function, (size, streams, places, numbers))
        else:
            shared(table, function, size, streams, places, count + 1, width, numbers, PART)
        return
    blocks, room = stack(64), stack(ROOM)
    inside = narrow if narrow != 0 else width
    for start in range(0, size, BLOCK):
        some = min(BLOCK, size - start)
        for place in range(count):
            source, step = load(places, 8 * place), load(strides, 8 * place)
            form = inside if place < read else width  # parameters of what becomes doubles are doubles
            if step == width and form == width:
                store(blocks, 8 * place, source + step * start)
            else:
                gather(form, room + 8 * BLOCK * place, source + step * start, step, some)
                store(blocks, 8 * place, room + 8 * BLOCK * place)
        store(blocks, 8 * count, room + 8 * BLOCK * count)
        invoke(function, (some, 0, blocks, numbers))
        scatter(inside, out + out_step * start, out_step, room + 8 * BLOCK * count, some)


@cfunc(types.void(types.intp, types.intp, types.intp, types.intp), cache=True, error_model="numpy")
def kernel(args, dimensions, steps, table):
    """NumPy's PyUFuncGenericFunction."""
    if load(dimensions, 0) > 0:
        flags = stack(64)
        keep_flags(flags)
        run(args, load(dimensions, 0), steps, table)
        restore_flags(flags)
