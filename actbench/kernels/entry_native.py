"""What Python enters a kernel by: looks at arrays where they lie, and calls the loop. `entry` compiles this text.

Everything is an address. Offsets are those of CPython's objects (a head of two words) and of NumPy's arrays, whose
first fields are fixed because compiled extensions read them; `entry` looks whether they are so here.
"""
# mypy: ignore-errors
# (numba's types; the text is compiled, never imported)

from numba import cfunc, types

from actbench.kernels.memory import half, invoke, put, word, words

TYPE, LENGTH, ITEMS = 8, 16, 24  # any object; tuples
DATA, RANK, SHAPE, DTYPE, FLAGS = 16, 24, 32, 56, 64  # arrays
CONTIGUOUS_ALIGNED, WRITABLE = 0x101, 0x400
# a loop's table; functions are addresses, sizes in bytes but THREADED, in elements
FROM_X, FROM_Y, COUNT, WIDTH, STREAMED, VALUES, THREADED, THREADS, SHARED = range(0, 72, 8)
RELEASED = 1 << 13  # elements: a call that lasts less (a few microseconds) keeps the interpreter's lock

called = types.ExternalFunction("PyObject_Vectorcall", types.intp(types.intp, types.intp, types.intp, types.intp))
kept = types.ExternalFunction("Py_IncRef", types.void(types.intp))
unlocked = types.ExternalFunction("PyEval_SaveThread", types.intp())
locked = types.ExternalFunction("PyEval_RestoreThread", types.void(types.intp))


@cfunc(types.intp(types.intp, types.intp, types.intp, types.intp), cache=True, error_model="numpy")
def kernel(bound, given, count, names):
    """A function of Python's calling convention METH_FASTCALL | METH_KEYWORDS, whose self is an `entry.Bound`.

    A plain call is done here; every other one, wrong ones too, is handed to what the first item of ``bound`` is.
    """
    refused, array_type, dtype = word(bound, ITEMS), word(bound, ITEMS + 8), word(bound, ITEMS + 16)
    out_name, y_name, empty_like = word(bound, ITEMS + 24), word(bound, ITEMS + 32), word(bound, ITEMS + 40)
    table = word(word(bound, ITEMS + 48), DATA)
    function, wanted, width = word(table, FROM_X), word(table, COUNT), word(table, WIDTH)
    operands = words()  # objects first, then where their numbers lie; the output is the last
    found, fits = count, 0 < count <= wanted
    named = 0 if names == 0 else word(names, LENGTH)
    if fits:
        for place in range(count):
            put(operands, 8 * place, word(given, 8 * place))
        for place in range(named):
            name, value = word(names, ITEMS + 8 * place), word(given, 8 * (count + place))
            if name == out_name:
                put(operands, 8 * wanted, value)
            elif name == y_name and found == 1 and wanted == 2:
                put(operands, 8, value)
                function, found = word(table, FROM_Y), 2
            else:
                fits = False
    if not fits or found != wanted or function == 0:
        return called(refused, given, count, names)
    first, out = word(operands, 0), word(operands, 8 * wanted)
    for place in range(wanted + (out != 0)):
        operand = word(operands, 8 * place)
        if word(operand, TYPE) != array_type or word(operand, DTYPE) != dtype:
            return called(refused, given, count, names)
        if half(operand, FLAGS) & CONTIGUOUS_ALIGNED != CONTIGUOUS_ALIGNED or half(operand, RANK) != half(first, RANK):
            return called(refused, given, count, names)
        for axis in range(half(first, RANK)):
            if word(word(operand, SHAPE), 8 * axis) != word(word(first, SHAPE), 8 * axis):
                return called(refused, given, count, names)
    if out != 0 and half(out, FLAGS) & WRITABLE == 0:
        return called(refused, given, count, names)
    size = 1
    for axis in range(half(first, RANK)):
        size *= word(word(first, SHAPE), 8 * axis)
    fresh = out == 0
    if fresh:
        out = called(empty_like, given, 1, 0)
        if out == 0:  # an exception is set
            return 0
    start, length, in_place = word(out, DATA), size * width, False
    for place in range(wanted):
        data = word(word(operands, 8 * place), DATA)
        if data == start:
            in_place = True
        elif data < start + length and start < data + length:  # overlaps partly; a fresh array never does
            return called(refused, given, count, names)
        put(operands, 8 * place, data)
    put(operands, 8 * wanted, start)
    streams = 1 if (wanted + 1) * length >= word(table, STREAMED) and not in_place else 0
    values = word(table, VALUES)
    if size < RELEASED:
        invoke(function, (size, streams, operands, values))
    else:
        state = unlocked()
        if size < word(table, THREADED):
            invoke(function, (size, streams, operands, values))
        else:
            threads = word(table, THREADS)
            invoke(word(table, SHARED), (function, size, streams, operands, wanted + 1, width, values, threads))
        locked(state)
    if not fresh:
        kept(out)
    return out
