"""Several threads on one kernel's arrays. `entry` compiles this text.

Each thread has a stretch of its own, so that its caches hold the same elements at every call, takes it part by part,
and then takes parts of the others': halves would wait for the slower of two cores.
"""
# mypy: ignore-errors
# (numba's types; the text is compiled, never imported)

import numpy as np
from numba import cfunc, njit, prange, types

from actbench.kernels.memory import invoke, put, taken, word, words

PART = 1 << 14  # elements
APART = 8  # words between two counters: one in a cache line

# numba's own of these names hold a process's addresses, which cannot be kept in a file
number = types.ExternalFunction("get_num_threads", types.int32())
set_number = types.ExternalFunction("set_num_threads", types.void(types.int32))


@njit(nogil=True, parallel=True)
def parts(function, size, streams, arrays, count, width, values, threads):
    stretch = ((size + threads - 1) // threads + PART - 1) // PART
    given = np.zeros(APART * threads, np.int64)
    for thread in prange(threads):
        places = words()
        for turn in range(threads):
            owner = (thread + turn) % threads
            begin, end = owner * stretch * PART, min((owner + 1) * stretch * PART, size)
            start = begin + taken(given, APART * owner) * PART
            while start < end:
                for place in range(count):
                    put(places, 8 * place, word(arrays, 8 * place) + start * width)
                invoke(function, (min(PART, end - start), streams, places, values))
                start = begin + taken(given, APART * owner) * PART


@cfunc(types.void(*[types.intp] * 8), cache=True)
def kernel(function, size, streams, arrays, count, width, values, threads):
    """The kernel at an address, on the arrays whose addresses begin at ``arrays``, the last one its output."""
    before = number()
    if before != threads:  # to set it takes 3 us
        set_number(np.int32(threads))
    parts(function, size, streams, arrays, count, width, values, threads)
    if before != threads:
        set_number(before)
