"""Processes that compute: kept from run to run, and ended at once."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from typing import Any

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
    ending.start()
    ending.join(PATIENCE)
    if ending.is_alive():  # its manager is waiting for what never comes, as without memory: Python would wait at exit
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
