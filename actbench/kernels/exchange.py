"""A kernel as a built-in function of tensors, by DLPack's C exchange. `actbench.torch.direct` compiles this file.

Its arguments are tensors of one shape, the last of which is written. It answers whether it did: others than contiguous
float32 and float64 ones on the CPU, many elements and machine code that is not there yet are left to the caller.
"""

# mypy: ignore-errors
# (numba's types; the text is compiled, never imported)

from numba import cfunc, njit, types

from actbench.kernels.intrinsics import keep_flags, restore_flags
from actbench.kernels.memory import invoke, load, stack, store
from actbench.kernels.table import SCALAR, VALUES

# what the function is made with: the exchange's own function, tables, a number of elements, the answers, two classes
# that are taken and no others, the name of a method
EXPORT, SINGLE, DOUBLE, MOST, YES, NO, PLAIN, DERIVED, NEGATED = range(0, 72, 8)
# DLTensor, https://dmlc.github.io/dlpack/latest/c_api.html: ndim and the type share a word, as device and number do
DATA, DEVICE, FORM, SHAPE, STRIDES, BEHIND = range(0, 48, 8)
HALF_WORD = 0xFFFFFFFF
CPU, FLOAT32, FLOAT64 = 1, 0x12002, 0x14002
number_of = types.ExternalFunction("PyLong_AsSsize_t", types.intp(types.intp))
forget_exception = types.ExternalFunction("PyErr_Clear", types.void())
class_of = types.ExternalFunction("PyObject_Type", types.intp(types.intp))
ask = types.ExternalFunction("PyObject_VectorcallMethod", types.intp(types.intp, types.intp, types.intp, types.intp))
give_reference = types.ExternalFunction("Py_DecRef", types.void(types.intp))
take_reference = types.ExternalFunction("Py_IncRef", types.void(types.intp))


@njit(error_model="numpy")
def elements(tensor):
    """How many elements lie one behind the other, or -1."""
    count, shape, strides = 1, load(tensor, SHAPE), load(tensor, STRIDES)
    for turn in range((load(tensor, FORM) & HALF_WORD) - 1, -1, -1):
        length = load(shape, 8 * turn)
        if length != 1 and strides != 0 and load(strides, 8 * turn) != count:
            return -1
        count *= length
    return count


@njit(error_model="numpy")
def plain(context, arguments, turn):
    """Whether an argument is a tensor with memory of its own that is what it says, not its negative."""
    kind = class_of(load(arguments, 8 * turn))
    give_reference(kind)  # a tensor holds another
    if kind not in (load(context, PLAIN), load(context, DERIVED)):
        return False
    negated = ask(load(context, NEGATED), arguments + 8 * turn, 1, 0)
    if negated == 0:
        forget_exception()
        return False
    give_reference(negated)
    return negated == load(context, NO)


@njit(error_model="numpy")
def answer(context, arguments, count):
    """The object that is returned."""
    tensor, places = stack(64), stack(64)
    size, form, good = -1, 0, count < 8
    for turn in range(min(count, 8)):
        if not plain(context, arguments, turn):
            return load(context, NO)
        store(tensor, BEHIND, -1)
        invoke(load(context, EXPORT), (load(arguments, 8 * turn), tensor))
        if load(tensor, BEHIND) < 0:
            forget_exception()
            return load(context, NO)
        kind, some = load(tensor, FORM) >> 32, elements(tensor)
        if turn == 0:
            size, form = some, kind
        good &= load(tensor, DEVICE) & HALF_WORD == CPU and some == size and kind == form
        store(places, 8 * turn, load(tensor, DATA) + load(tensor, BEHIND))
    table = load(context, SINGLE if form == FLOAT32 else DOUBLE)
    good &= form in (FLOAT32, FLOAT64) and 0 <= size < load(context, MOST)
    if not good or load(table, SCALAR) == 0:
        return load(context, NO)
    if size > 0:
        flags = stack(64)
        keep_flags(flags)
        invoke(load(table, SCALAR), (size, 0, places, load(table, VALUES)))
        restore_flags(flags)
    return load(context, YES)


@cfunc(types.intp(types.intp, types.intp, types.intp), cache=True, error_model="numpy")
def kernel(context, arguments, count):
    """Python's METH_FASTCALL: the object that it was made with, its arguments, their number."""
    found = answer(number_of(context), arguments, count)
    take_reference(found)
    return found
