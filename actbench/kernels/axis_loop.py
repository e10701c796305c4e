"""The inner loop of a function along an axis, a gufunc: vectors that lie one behind the other, shared among threads.

`actbench.kernels.axis` compiles it, and gives it arrays whose vectors are contiguous. See `inner_loop` for the flags.
"""

# mypy: ignore-errors
# (numba's types; the text is compiled, never imported)

from numba import cfunc, types

from actbench.kernels.intrinsics import keep_flags, restore_flags
from actbench.kernels.memory import invoke, load, stack, store
from actbench.kernels.sharing import shared
from actbench.kernels.table import (
    BYTES,
    LONG,
    PART,
    READ,
    ROWS_CODE,
    ROWS_OF,
    SCALAR,
    SHORT,
    THREADED,
    TRAILING,
    WIDE,
    X_AT,
    Y_AT,
    Z_AT,
)  # fmt: skip


@cfunc(types.void(types.intp, types.intp, types.intp, types.intp), cache=True, error_model="numpy")
def kernel(args, dimensions, steps, table):
    """NumPy's PyUFuncGenericFunction: forward (n)->(m), backward (m),(n)->(n); or n for m."""
    size, read, width = load(dimensions, 0), load(table, READ), load(table, BYTES)
    if size <= 0:
        return
    flags, task, places = stack(64), stack(64), stack(64)
    keep_flags(flags)
    one, other = load(dimensions, 8), load(dimensions, 16) if load(table, TRAILING) != 0 else load(dimensions, 8)
    long, short = (one, other) if read == 1 else (other, one)
    store(task, ROWS_OF, load(table, SCALAR))
    store(task, LONG, long)
    store(task, SHORT, short)
    store(task, WIDE, width)
    # forward: x, y; backward: dy, as long as y, x, and dx, as long as x
    x, y = load(args, 8 * (read - 1)), load(args, 8 if read == 1 else 0)
    z = load(args, 16) if read == 2 else 0
    x_step, y_step = load(steps, 8 * (read - 1)), load(steps, 8 if read == 1 else 0)
    z_step = load(steps, 16) if read == 2 else x_step
    store(places, 0, 0)
    if x_step == long * width and y_step == short * width and z_step == x_step:
        store(task, X_AT, x)
        store(task, Y_AT, y)
        store(task, Z_AT, z)
        part = max(1, PART // max(long, 1))
        if size * long < load(table, THREADED) or size < 2:
            invoke(load(table, ROWS_CODE), (size, 0, places, task))
        else:
            shared(table, load(table, ROWS_CODE), size, 0, places, 1, 1, task, part)
    else:
        for row in range(size):
            store(task, X_AT, x + row * x_step)
            store(task, Y_AT, y + row * y_step)
            store(task, Z_AT, z + row * z_step)
            invoke(load(table, ROWS_CODE), (1, 0, places, task))
    restore_flags(flags)
