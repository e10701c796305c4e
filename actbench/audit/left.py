"""What somebody's code leaves running behind its call: threads and processes, which may end the one they are in."""

from __future__ import annotations

import sys
import time
from pathlib import Path

LINGER = 1.5  # seconds that a subject's own threads and processes have to come to an end


def running() -> frozenset[str]:
    """Threads that run Python and, on Linux, child processes, by a name for each."""
    found = {f"thread {ident}" for ident in sys._current_frames()}
    for file in Path("/proc/self/task").glob("*/children"):
        try:
            found |= {f"process {pid}" for pid in file.read_text(encoding="ascii").split() if _lives(pid)}
        except OSError:  # a thread that is gone
            continue
    return frozenset(found)


def _lives(pid: str) -> bool:
    """Whether it is more than an exit status that nobody has asked for."""
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0] != "Z"
        )
    except (OSError, IndexError):
        return False


def awaited(new: frozenset[str], seconds: float = LINGER) -> bool:
    """Wait for their end; whether some are running still."""
    last = time.monotonic() + seconds
    while new & running():
        if time.monotonic() >= last:
            return True
        time.sleep(0.02)
    return False
