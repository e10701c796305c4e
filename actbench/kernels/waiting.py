"""What a thread of the pool does all its life. `pool` compiles this file; nobody imports it.

It looks for a task for some tens of us, for calls often come one behind the other, and then sleeps on a lock of its
own. Waking it takes the caller a system call and itself 5 to 50 us; whoever gave a task that is still unread takes it
back.
"""

# mypy: ignore-errors
# (numba's types; the text is compiled, never imported)

from numba import cfunc, njit, types

from actbench.kernels.intrinsics import restore_flags
from actbench.kernels.memory import invoke, load, pause, publish, replaced, see
from actbench.kernels.table import ASLEEP, ENVIRONMENT, LOCK, MAIL, MEMBER, SPINS, STOP, WORK_OF

acquire = types.ExternalFunction("PyThread_acquire_lock_timed", types.int32(types.intp, types.int64, types.int32))


@njit(error_model="numpy")
def mail(seat):
    """What was posted here, or 0 after a sleep."""
    for _ in range(SPINS):
        found = see(seat + MAIL)
        if found != 0:
            return found
        pause()
    publish(seat + ASLEEP, 1)
    # who posts wakes whom it sees asleep: seen from here before the sleep, or by the poster afterwards
    if see(seat + MAIL) == 0 or not replaced(seat + ASLEEP, 1, 0):
        acquire(load(seat, LOCK), -1, 0)
    return see(seat + MAIL)


@cfunc(types.intp(types.intp), cache=True, error_model="numpy")
def kernel(seat):
    """A thread's main function: its argument is the address of its seat."""
    while True:
        task = mail(seat)
        if task == STOP:
            return 0
        if task != 0 and replaced(seat + MAIL, task, task | 1):
            restore_flags(task + ENVIRONMENT)  # the caller's rounding and flushing of small numbers
            invoke(load(seat, WORK_OF), (task, load(seat, MEMBER)))
            publish(seat + MAIL, 0)
