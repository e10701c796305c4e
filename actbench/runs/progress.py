"""How far a run has come: a bar on a terminal, few plain lines on a pipe, always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

# A line at most every 5 s, and then only for another tenth of the work or after a silent minute: a run of any length
# leaves at most 12 lines and one a minute in a log, and never looks dead.
LEAST_SECONDS, LEAST_SHARE, MOST_SECONDS = 5.0, 0.1, 60.0

Advance = Callable[[int], None]


@contextmanager
def follow(
    title: str, total: int, *, done: int = 0, show: bool = True, file: TextIO | None = None, unit: str = "cells"
) -> Iterator[Advance]:
    """Show progress while the block runs; call what it yields with the number of cells that were finished.

    Parameters
    ----------
    title
        What runs: the experiment's name.
    total, done
        Cells in all, and those that were there from the start.
    show
        False for silence.
    file
        Where to; stderr by default.
    unit
        What is counted.
    """
    file = sys.stderr if file is None else file
    if not show or total == 0:
        yield lambda _: None
    elif file.isatty():
        with _bar(title, total, done, file) as advance:
            yield advance
    else:
        lines = _Lines(title, total, done, file, unit)
        lines.first()
        try:
            yield lines.advance
        finally:
            lines.last()


def note(text: str, *, show: bool = True) -> None:
    """One line on stderr, between progress."""
    if show:
        _write(sys.stderr, text)


@contextmanager
def _bar(title: str, total: int, done: int, file: TextIO) -> Iterator[Advance]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    # Time left is not shown: rich reckons it from the last 30 s, and cells of one grid differ tenfold.
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=file)) as bar:
        task = bar.add_task(escape(title), total=total, completed=done)
        yield lambda count: bar.advance(task, count)


class _Lines:
    """Plain lines: the first, the last, and few between."""

    def __init__(self, title: str, total: int, done: int, file: TextIO, unit: str) -> None:
        self.unit = unit
        self.title, self.total, self.stored, self.done, self.file = title, total, done, done, file
        self.shown_done, self.begun = done, time.monotonic()
        self.shown_at = self.begun

    def first(self) -> None:
        stored = f", {self.stored} of them from the store" if self.stored else ""
        self._print(f"{self.done} of {self.total} {self.unit}{stored}")

    def advance(self, count: int) -> None:
        self.done += count
        now = time.monotonic()
        waited, more = now - self.shown_at, self.done - self.shown_done
        if waited < LEAST_SECONDS or self.done >= self.total:
            return
        if more >= LEAST_SHARE * self.total or waited >= MOST_SECONDS:
            spent = now - self.begun
            left = spent / max(self.done - self.stored, 1) * (self.total - self.done)
            self.shown_at, self.shown_done = now, self.done
            self._print(f"{self.done} of {self.total} {self.unit} in {_span(spent)}, about {_span(left)} left")

    def last(self) -> None:
        if self.done > self.stored or self.done < self.total:
            self._print(f"{self.done} of {self.total} {self.unit} in {_span(time.monotonic() - self.begun)}")

    def _print(self, text: str) -> None:
        _write(self.file, f"{self.title}: {text}")


def _write(file: TextIO, text: str) -> None:
    try:
        file.write(f"{text}\n")
        file.flush()
    except (AttributeError, OSError, ValueError):  # of None, where stderr was closed
        # The reader of the pipe has gone, or the file was closed: no reason to lose a run.
        return


def _span(seconds: float) -> str:
    """A length of time for people: ``4.2 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
