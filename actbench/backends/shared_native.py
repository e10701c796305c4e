"""Several threads on one kernel's arrays. `entry` compiles this text.

Each thread takes the next part when it is done with one: numba makes a slower loop of one that is itself parallel, and
halves wait for the slower of two cores.
"""
# mypy: ignore-errors
# (numba's types; the text is compiled, never imported)

import numpy as np
from numba import njit, prange, types

from actbench.backends.memory import invoke, put, taken, word, words

PART = 1 << 15  # elements


@njit([types.void(*[types.intp] * 7)], cache=True, nogil=True, parallel=True)
def kernel(function, size, streams, arrays, count, width, values):
    given = np.zeros(1, np.int64)
    for _ in prange((size + PART - 1) // PART):  # the first of each thread leaves the others nothing
        places = words()
        start = taken(given) * PART
        while start < size:
            for place in range(count):
                put(places, 8 * place, word(arrays, 8 * place) + start * width)
            invoke(function, min(PART, size - start), streams, places, values)
            start = taken(given) * PART
