"""Processes that compute: kept from run to run, and ended at once."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

from actbench.core.errors import ActbenchError

if TYPE_CHECKING:
    from concurrent.futures import Future

PATIENCE = 10.0  # seconds for killed workers to be gone
STUCK = threading.Event()  # whether some never were: the command line then leaves without waiting for them

_KEPT: list[tuple[Any, Any]] = []  # the pool of the last run, and what it was started with


def reused(workers: int, start: dict[str, Any]) -> Any:
    """Workers, those of the last run where they are alike.

    Not loky's own reusable executor: there is one a process, and joblib that is given ours ends in an AttributeError.
    """
    from joblib.externals.loky import ProcessPoolExecutor

    for asked, pool in _KEPT:
        if asked == (workers, start) and not pool._flags.shutdown and pool._flags.broken is None:
            return pool
    while _KEPT:
        kill(_KEPT.pop()[1])
    pool = ProcessPoolExecutor(max_workers=workers, **start)
    _KEPT.append(((workers, start), pool))
    return pool


def finished(pool: Any, flying: Iterable[Future[Any]]) -> set[Future[Any]]:
    """What of this is back, after at most a second: on Windows a wait without a limit does not hear Ctrl-C.

    Raises
    ------
    ActbenchError
        Where nobody is left who could bring anything: loky's manager is a thread, which ends where the system lets it
        start no further one, and marks nothing as lost.
    """
    from concurrent.futures import FIRST_COMPLETED, wait

    back = wait(flying, timeout=1.0, return_when=FIRST_COMPLETED).done
    manager = pool._executor_manager_thread
    if not back and not (manager and manager.is_alive()):
        raise ActbenchError("workers cannot be looked after: a thread could not start, or ended; finished cells are "
                            "kept: allow more threads (ulimit -u) or take --workers 1")  # fmt: skip
    return back


def kill(pool: Any) -> None:
    """End a pool's workers at once.

    Not by loky's own ``kill_workers=True``: its manager thread then looks for work that it has thrown away, and leaves
    a KeyError on stderr (joblib 1.6).
    """
    for process in list((getattr(pool, "_processes", None) or {}).values()):
        process.terminate()
        if hasattr(signal, "SIGKILL"):  # one that is stopped (SIGSTOP) would not hear of a SIGTERM
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
    ending = threading.Thread(target=pool.shutdown, kwargs={"wait": True}, daemon=True)
    with suppress(RuntimeError):  # no further thread may start
        ending.start()
        ending.join(PATIENCE)
    # Its manager is waiting for what never comes, as without memory or threads: Python would wait at exit.
    if ending.is_alive() or ending.ident is None:
        STUCK.set()


def cause(death: BaseException) -> str:
    """Why a worker died, as far as the system says: ``killed its worker (SIGKILL(-9))``."""
    codes = re.search(r"exit codes of the workers are \{(.*)\}", str(death))
    return f"killed its worker ({codes[1]})" if codes else "killed its worker"


@contextmanager
def sigint_held() -> Iterator[None]:
    """Inside the block Ctrl-C waits, here and in processes that start: else they would die with a traceback each."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Before, for it starts with the first worker and lets SIGINT through again when it has (Python 3.11).
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
