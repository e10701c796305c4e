"""How many threads compute, and on which cores: pinned for all libraries at once, recorded, and put back."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

# Read by libraries when they are loaded; those that are loaded already are told below.
VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
XLA = {False: "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1", True: ""}


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """What was pinned.

    Parameters
    ----------
    count
        Threads that each library was told to use.
    cores
        The cores that this process may run on; empty where the system does not say.
    """

    count: int
    cores: tuple[int, ...]


def usable() -> tuple[int, ...]:
    """The cores that this process may use; empty where the system does not say."""
    return tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ()


def many() -> int:
    """How many cores this process may use."""
    return len(usable()) or os.cpu_count() or 1


@contextmanager
def environment(count: int = 1) -> Iterator[None]:
    """Inside the block, libraries that are loaded for the first time start with so many threads.

    XLA reads its flags once, when it starts; numba refuses a change of its number, so that it is not told here.
    """
    wanted = dict.fromkeys(VARIABLES, str(count))
    if count == 1:  # else jax hands work to a thread that must first be woken: 30 us a call
        wanted["JAX_CPU_ENABLE_ASYNC_DISPATCH"] = "false"
    wanted["XLA_FLAGS"] = " ".join(filter(None, (os.environ.get("XLA_FLAGS"), XLA[count > 1])))
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def pinned(count: int = 1) -> Iterator[Pinned]:
    """Inside the block every library computes with so many threads, on so many cores, the last ones.

    Parameters
    ----------
    count
        Threads; more than there are cores are not pinned to cores.
    """
    import numba  # noqa: F401  counts the cores when it is first loaded, and for good: before they are taken away
    from threadpoolctl import threadpool_limits

    before = usable()
    cores = before[-count:] if 0 < count <= len(before) else before
    with ExitStack() as stack:
        stack.enter_context(threadpool_limits(limits=count))
        stack.enter_context(_told(count))
        _move(cores)
        stack.callback(_move, before)
        yield Pinned(count=count, cores=cores)


@contextmanager
def _told(count: int) -> Iterator[None]:
    torch, numba = sys.modules.get("torch"), sys.modules.get("numba")
    threads = torch.get_num_threads() if torch else 0
    ours = numba.get_num_threads() if numba else 0
    try:
        if torch:
            torch.set_num_threads(count)
        if numba:
            numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))
        yield
    finally:
        if torch:
            torch.set_num_threads(threads)
        if numba:
            numba.set_num_threads(ours)


def _move(cores: tuple[int, ...]) -> None:
    """All threads of this process to these cores: thread pools that were started before do not follow by themselves."""
    if not cores or not hasattr(os, "sched_setaffinity"):
        return
    tasks = Path("/proc/self/task")
    numbers = [int(task.name) for task in tasks.iterdir()] if tasks.is_dir() else [0]
    for number in numbers:
        try:
            os.sched_setaffinity(number, cores)
        except OSError:  # a thread that has ended meanwhile, or a system that forbids it
            continue
