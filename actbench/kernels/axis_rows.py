"""Some vectors of a call along an axis, from one on. `ufuncs` compiles this file; nobody imports it.

It has an elementwise kernel's arguments, so that threads share vectors as they share elements (`work`): the place of
the first operand, which is 0, has become the number of the first vector.
"""

# mypy: ignore-errors
# (numba's types; the text is compiled, never imported)

from numba import cfunc, types

from actbench.kernels.memory import invoke, load
from actbench.kernels.table import LONG, ROWS_OF, SHORT, WIDE, X_AT, Y_AT, Z_AT


@cfunc(types.void(types.intp, types.intp, types.intp, types.intp), cache=True, error_model="numpy")
def kernel(count, streams, places, task):
    """So many vectors: of x and of what is as long, of y and of what is as long as that."""
    first = load(places, 0)
    long, short = load(task, LONG), load(task, SHORT)
    x = load(task, X_AT) + first * long * load(task, WIDE)
    y = load(task, Y_AT) + first * short * load(task, WIDE)
    z = load(task, Z_AT) + first * long * load(task, WIDE)
    invoke(load(task, ROWS_OF), (x, y, z, count, long, short))
