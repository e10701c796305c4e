"""What one thread does of a kernel's call. `ufuncs` compiles this file; nobody imports it.

Each thread has a stretch of its own, so that its caches hold the same elements at every call, takes it part by part,
and then takes parts of the others': halves would wait for the slower of two cores. A thread that could not be begun or
has not woken yet is no loss: the others do its parts.
"""

# mypy: ignore-errors
# (numba's types; the text is compiled, never imported)

from numba import cfunc, types

from actbench.kernels.memory import fetch_add, invoke, load, stack, store
from actbench.kernels.table import (
    CHUNK,
    COUNT,
    COUNTERS,
    FUNCTION,
    LINE,
    NUMBERS,
    OPERANDS,
    SIZE,
    STREAMS,
    TEAM,
    WIDTH,
)  # fmt: skip


@cfunc(types.void(types.intp, types.intp), cache=True, error_model="numpy")
def kernel(task, member):
    """A task, by its address, and the thread's number among those that share it."""
    function, size, streams, operands = (
        load(task, FUNCTION),
        load(task, SIZE),
        load(task, STREAMS),
        load(task, OPERANDS),
    )
    count, width, numbers, team = load(task, COUNT), load(task, WIDTH), load(task, NUMBERS), load(task, TEAM)
    part = load(task, CHUNK)
    stretch = ((size + team - 1) // team + part - 1) // part
    places = stack(64)
    for turn in range(team):
        owner = (member + turn) % team
        begin, end = owner * stretch * part, min((owner + 1) * stretch * part, size)
        start = begin + fetch_add(task + COUNTERS + LINE * owner) * part
        while start < end:
            for place in range(count):
                store(places, 8 * place, load(operands, 8 * place) + start * width)
            invoke(function, (min(part, end - start), streams, places, numbers))
            start = begin + fetch_add(task + COUNTERS + LINE * owner) * part
