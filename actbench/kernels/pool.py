"""Threads of our own that wait for large arrays: begun when first wanted, ended before a fork and at exit.

The inner loop begins and wakes them without Python's lock (`sharing.shared`). Whoever comes while they work for
another works alone. A forked child begins its own; a thread that cannot be begun is no loss.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
from functools import lru_cache

from actbench.kernels import table
from actbench.kernels.compile import native


class Pool:
    """The words of the pool, which is one a process, and its end.

    Parameters
    ----------
    waiting, work
        The addresses of a thread's main function and of what it does with a task.
    """

    def __init__(self, waiting: int, work: int) -> None:
        api = ctypes.pythonapi
        allocate, size = api.PyMem_RawCalloc, ctypes.c_size_t
        allocate.restype, allocate.argtypes = ctypes.c_void_p, [size, size]
        made = allocate(1, table.POOL_ROOM + table.LINE)  # never freed: a thread may look at it to the very end
        self.address = made + -made % table.LINE
        # by a library that gives Python's lock away, for they wait
        library = ctypes.PyDLL(None)
        waits = ctypes.CDLL(None)
        library.PyThread_allocate_lock.restype = ctypes.c_void_p
        self._acquire, self._join = waits.PyThread_acquire_lock_timed, waits.pthread_join
        self._acquire.argtypes = [ctypes.c_void_p, ctypes.c_longlong, ctypes.c_int]
        self._join.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        self._release, self._free = library.PyThread_release_lock, library.PyThread_free_lock
        self._release.argtypes = self._free.argtypes = [ctypes.c_void_p]
        self.closed = self.held = False
        self._write(table.BUSY, library.PyThread_allocate_lock())
        self._write(table.MASKING, int(signal.SIG_SETMASK))
        self._write(table.WAITING, waiting)
        for member in range(1, table.LARGEST_TEAM):
            self._write(table.SEAT * member + table.MEMBER, member)
            self._write(table.SEAT * member + table.WORK_OF, work)
        os.register_at_fork(before=self.rest, after_in_parent=self.go_on, after_in_child=self.go_on)
        atexit.register(self.close)

    def _word(self, place: int) -> ctypes.c_int64:
        return ctypes.c_int64.from_address(self.address + place)

    def _write(self, place: int, value: int) -> None:
        self._word(place).value = value

    def rest(self) -> None:
        """End all threads; none is begun until `go_on`. Waits for who is at work.

        Ctrl-C may leave it anywhere: at worst the pool stays busy, which is everybody alone, or a thread sleeps on.
        """
        if self.closed:
            return
        self._acquire(self._word(table.BUSY).value, -1, 0)
        self.held = True
        own = self._word(table.PROCESS).value == os.getpid()  # or forked without Python's knowledge: they are elsewhere
        seats = [table.SEAT * member for member in range(1, self._word(table.ALIVE).value + 1)] if own else []
        self._write(table.ALIVE, 0)  # first: nobody may wait twice for a thread that has ended
        for seat in seats:
            self._write(seat + table.MAIL, table.STOP)
            self._release(self._word(seat + table.LOCK).value)
        for seat in seats:
            self._join(self._word(seat + table.THREAD_OF).value, None)
            self._free(self._word(seat + table.LOCK).value)

    def go_on(self) -> None:
        """Let threads be begun again."""
        if self.held and not self.closed:  # a lock that is free would let two in
            self.held = False
            self._release(self._word(table.BUSY).value)

    def close(self) -> None:
        """End all threads for good: whoever calls a kernel from here on works alone."""
        if self._word(table.PROCESS).value == os.getpid():
            self.rest()
        self.closed = True


@lru_cache(maxsize=1)
def pool() -> Pool:
    """The pool of this process."""
    return Pool(native("waiting"), native("work"))
