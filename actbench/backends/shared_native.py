"""Several threads on one kernel's arrays. `entry` compiles this text.

Each thread takes the next part when it is done with one: numba makes a slower loop of one that is itself parallel, and
halves wait for the slower of two cores.
"""
# mypy: ignore-errors
# (numba's types; the text is compiled, never imported)

import numpy as np
from numba import cfunc, njit, prange, types

from actbench.backends.memory import invoke, put, taken, word, words

PART = 1 << 15  # elements

# numba's own of these names hold a process's addresses, which cannot be kept in a file
number = types.ExternalFunction("get_num_threads", types.int32())
set_number = types.ExternalFunction("set_num_threads", types.void(types.int32))


@njit(nogil=True, parallel=True)
def parts(function, size, streams, arrays, count, width, values):
    given = np.zeros(1, np.int64)
    for _ in prange((size + PART - 1) // PART):  # the first of each thread leaves the others nothing
        places = words()
        start = taken(given) * PART
        while start < size:
            for place in range(count):
                put(places, 8 * place, word(arrays, 8 * place) + start * width)
            invoke(function, (min(PART, size - start), streams, places, values))
            start = taken(given) * PART


@cfunc(types.void(*[types.intp] * 8), cache=True)
def kernel(function, size, streams, arrays, count, width, values, threads):
    """The kernel at an address, on the arrays whose addresses begin at ``arrays``, the last one its output."""
    before = number()
    if before != threads:  # to set it takes 3 us
        set_number(np.int32(threads))
    parts(function, size, streams, arrays, count, width, values)
    if before != threads:
        set_number(before)
