"""A kernel as a built-in function of tensors, by DLPack's C exchange. `actbench.torch.direct` compiles this file.

Its arguments are tensors of one shape, the last of which is written: a new one. It answers whether it did: others than
contiguous float32 and float64 ones on the CPU, kernels that compute in another format, and machine code that is not
there yet are left to the caller. Large ones are shared by the threads of OpenMP, without Python's lock; where it cannot
be had, they are left to the caller too.
"""

# mypy: ignore-errors
# (numba's types; the text is compiled, never imported)

from numba import cfunc, njit, types

from actbench.kernels.intrinsics import keep_flags, restore_flags
from actbench.kernels.memory import invoke, load, stack, store
from actbench.kernels.sharing import describe
from actbench.kernels.table import LARGEST_TEAM, NARROW, PART, SCALAR, STREAMED, TASK_ROOM, VALUES
from actbench.kernels.team import NUMBER, TASK, WORK

# what the function is made with: the exchange's own function, tables, a number of elements that is large, the answers,
# two classes that are taken and no others, the name of a method, OpenMP, a function of Python's that tells how many
# threads there are
EXPORT, SINGLE, DOUBLE, LARGE, YES, NO, PLAIN, DERIVED, NEGATED, OPENMP, THREADS = range(0, 88, 8)
PARALLEL, OWN_NUMBER, MEMBER, WORKING = range(0, 32, 8)  # of OpenMP: two of its functions, `team`, `work`
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
result_of = types.ExternalFunction("PyObject_CallNoArgs", types.intp(types.intp))
leave_python = types.ExternalFunction("PyEval_SaveThread", types.intp())
enter_python = types.ExternalFunction("PyEval_RestoreThread", types.void(types.intp))


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
def plain(context, arguments, turn, new):
    """Whether an argument is a tensor with memory of its own that is what it says, not its negative."""
    kind = class_of(load(arguments, 8 * turn))
    give_reference(kind)  # a tensor holds another
    if kind not in (load(context, PLAIN), load(context, DERIVED)):
        return False
    if new:  # it is nobody's negative; to ask takes 0.05 us
        return True
    negated = ask(load(context, NEGATED), arguments + 8 * turn, 1, 0)
    if negated == 0:
        forget_exception()
        return False
    give_reference(negated)
    return negated == load(context, NO)


@njit(error_model="numpy")
def threads(context):
    """How many threads the caller's library has for this thread; 1 where it does not say."""
    found = result_of(load(context, THREADS))
    if found == 0:
        forget_exception()
        return 1
    number = number_of(found)
    give_reference(found)
    return max(number, 1)


@njit(error_model="numpy")
def large(context, table, size, places, count, width):
    """A call of many elements, without Python's lock."""
    openmp, function, numbers = load(context, OPENMP), load(table, SCALAR), load(table, VALUES)
    team = min(threads(context), LARGEST_TEAM, size // PART)
    streams = 1 if count * size * width >= load(table, STREAMED) else 0
    state = leave_python()
    if team < 2:
        invoke(function, (size, streams, places, numbers))
    else:
        task, given = stack(TASK_ROOM), stack(24)
        describe(task, function, size, streams, places, count, width, numbers, team, PART)
        store(given, TASK, task)
        store(given, WORK, load(openmp, WORKING))
        store(given, NUMBER, load(openmp, OWN_NUMBER))
        invoke(load(openmp, PARALLEL), (load(openmp, MEMBER), given, team, 0))
    enter_python(state)


@njit(error_model="numpy")
def answer(context, arguments, count):
    """The object that is returned."""
    tensor, places = stack(64), stack(64)
    size, form, good = -1, 0, count < 8
    for turn in range(min(count, 8)):
        if not plain(context, arguments, turn, turn == count - 1):
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
    many = size >= load(context, LARGE)
    good &= form in (FLOAT32, FLOAT64) and size >= 0 and (not many or load(load(context, OPENMP), PARALLEL) != 0)
    if not good or load(table, SCALAR) == 0 or load(table, NARROW) != 0:
        return load(context, NO)
    if size > 0:
        flags = stack(64)
        keep_flags(flags)
        if many:
            large(context, table, size, places, count, 4 if form == FLOAT32 else 8)
        else:
            invoke(load(table, SCALAR), (size, 0, places, load(table, VALUES)))
        restore_flags(flags)
    return load(context, YES)


@cfunc(types.intp(types.intp, types.intp, types.intp), cache=True, error_model="numpy")
def kernel(context, arguments, count):
    """Python's METH_FASTCALL: the object that it was made with, its arguments, their number."""
    found = answer(number_of(context), arguments, count)
    take_reference(found)
    return found
