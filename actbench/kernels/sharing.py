"""One call by several threads of the pool (`pool`), from within a loop that holds no lock of Python's."""

# mypy: ignore-errors
# (numba's types)

from numba import njit, types

from actbench.kernels.intrinsics import keep_flags
from actbench.kernels.memory import invoke, load, pause, publish, replaced, see, stack, store
from actbench.kernels.table import (
    ALIVE,
    ASLEEP,
    BUSY,
    CHUNK,
    COUNT,
    COUNTERS,
    ENVIRONMENT,
    FUNCTION,
    LARGEST_TEAM,
    LINE,
    LOCK,
    MAIL,
    MASKING,
    NUMBERS,
    OPERANDS,
    POOL,
    PROCESS,
    SEAT,
    SIZE,
    SPINS,
    STREAMS,
    TASK_ROOM,
    TEAM,
    THREAD_OF,
    THREADS,
    WAITING,
    WIDTH,
    WORK,
)  # fmt: skip

begin_thread = types.ExternalFunction("pthread_create", types.int32(types.intp, types.intp, types.intp, types.intp))
current_process = types.ExternalFunction("getpid", types.int32())
let_others_run = types.ExternalFunction("sched_yield", types.int32())
all_signals = types.ExternalFunction("sigfillset", types.int32(types.intp))
mask_signals = types.ExternalFunction("pthread_sigmask", types.int32(types.int32, types.intp, types.intp))
# Python's own locks, which need none of its threads: https://docs.python.org/3/c-api/threads.html
new_lock = types.ExternalFunction("PyThread_allocate_lock", types.intp())
free_lock = types.ExternalFunction("PyThread_free_lock", types.void(types.intp))
acquire = types.ExternalFunction("PyThread_acquire_lock", types.int32(types.intp, types.int32))
release = types.ExternalFunction("PyThread_release_lock", types.void(types.intp))


@njit(error_model="numpy")
def begun(pool, team):
    """How many threads there are beside the caller's, at most a team's; those that are missing are begun."""
    alive, process = load(pool, ALIVE), current_process()
    if load(pool, PROCESS) != process:  # forked without Python's knowledge: they are the parent's
        alive = 0
        store(pool, PROCESS, process)
    if alive < team - 1:
        every, before = stack(128), stack(128)
        all_signals(every)
        mask_signals(load(pool, MASKING), every, before)  # they are the main thread's to meet
        while alive < team - 1:
            seat = pool + SEAT * (alive + 1)
            lock = new_lock()
            if lock == 0:
                break
            acquire(lock, 0)
            store(seat, LOCK, lock)
            store(seat, ASLEEP, 0)
            store(seat, MAIL, 0)
            if begin_thread(seat + THREAD_OF, 0, load(pool, WAITING), seat) != 0:
                free_lock(lock)
                break
            alive += 1
        mask_signals(load(pool, MASKING), before, 0)
        store(pool, ALIVE, alive)
    return min(alive, team - 1)


@njit(error_model="numpy")
def describe(task, function, size, streams, operands, count, width, numbers, team, part):
    """A call as a task of that many threads, in the caller's floating-point environment; nothing of it is done yet."""
    store(task, FUNCTION, function)
    store(task, SIZE, size)
    store(task, STREAMS, streams)
    store(task, OPERANDS, operands)
    store(task, COUNT, count)
    store(task, WIDTH, width)
    store(task, NUMBERS, numbers)
    store(task, TEAM, team)
    store(task, CHUNK, part)
    keep_flags(task + ENVIRONMENT)
    for member in range(team):
        store(task, COUNTERS + LINE * member, 0)


@njit(error_model="numpy")
def shared(table, function, size, streams, operands, count, width, numbers, part):
    """One call by several threads; this one is the first of them, and the only one while they work for another."""
    pool = load(table, POOL)
    if acquire(load(pool, BUSY), 0) == 0:
        invoke(function, (size, streams, operands, numbers))
        return
    team = min(load(table, THREADS), LARGEST_TEAM, max(size // part, 1))
    task = stack(TASK_ROOM)
    describe(task, function, size, streams, operands, count, width, numbers, team, part)
    others = begun(pool, team)
    for member in range(1, others + 1):
        seat = pool + SEAT * member
        publish(seat + MAIL, task)
        if replaced(seat + ASLEEP, 1, 0):
            release(load(seat, LOCK))
    invoke(load(table, WORK), (task, 0))
    for member in range(1, others + 1):
        mail, looks = pool + SEAT * member + MAIL, 0
        if not replaced(mail, task, 0):
            while see(mail) != 0:  # a part at most, or the core is another's
                looks += 1
                if looks < SPINS:
                    pause()
                else:
                    let_others_run()
    release(load(pool, BUSY))
