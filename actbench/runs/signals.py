"""Signals that end a run, held back while something must be done as a whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ENDING = tuple(number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)))


@contextmanager
def held() -> Iterator[None]:
    """Inside the block an interrupt waits; it is raised at the end.

    By handlers, not by the thread's mask: another thread would take the signal, and this one be interrupted all the
    same. Other threads than the main one are never interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    met: list[tuple[Any, ...]] = []
    before: dict[Any, Any] = {}
    try:
        for number in ENDING:
            if callable(handler := signal.getsignal(number)):
                before[number] = handler
                signal.signal(number, lambda *given: met.append(given))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for given in met[:1]:
            before[given[0]](*given)
