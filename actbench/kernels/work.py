"""What one thread does of a kernel's call. `ufuncs` compiles this file; nobody imports it.

Each thread has a stretch of its own, so that its caches hold the same elements at every call, takes it part by part,
and then takes parts of the others': halves would wait for the slower of two cores. A thread that could not be started
is no loss: the others do its parts.
"""

# mypy: ignore-errors
# (numba's types; the text is compiled, never imported)

from numba import cfunc, types

from actbench.kernels.memory import fetch_add, invoke, load, stack, store
from actbench.kernels.table import (
    COUNT,
    COUNTERS,
    FUNCTION,
    LINE,
    MEMBER,
    NUMBERS,
    OPERANDS,
    PART,
    SIZE,
    STREAMS,
    TASK,
    TEAM,
    WIDTH,
)  # fmt: skip


@cfunc(types.intp(types.intp), cache=True, error_model="numpy")
def kernel(given):
    """A thread's main function: its argument is the address of a task's address and the thread's number."""
    task, member = load(given, TASK), load(given, MEMBER)
    function, size, streams, operands = (
        load(task, FUNCTION),
        load(task, SIZE),
        load(task, STREAMS),
        load(task, OPERANDS),
    )
    count, width, numbers, team = load(task, COUNT), load(task, WIDTH), load(task, NUMBERS), load(task, TEAM)
    stretch = ((size + team - 1) // team + PART - 1) // PART
    places = stack(64)
    for turn in range(team):
        owner = (member + turn) % team
        begin, end = owner * stretch * PART, min((owner + 1) * stretch * PART, size)
        start = begin + fetch_add(task + COUNTERS + LINE * (owner + 1)) * PART
        while start < end:
            for place in range(count):
                store(places, 8 * place, load(operands, 8 * place) + start * width)
            invoke(function, (min(PART, end - start), streams, places, numbers))
            start = begin + fetch_add(task + COUNTERS + LINE * (owner + 1)) * PART
    return 0
