"""How far a run has come: a bar on a terminal or in a notebook, few lines on a pipe; one count over all stages."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TextIO

# A line at most every 5 s, and then only for another tenth of the work or after a silence: 5 s of it in a stage's first
# minute, so that nobody wonders, and a minute later, so that a run of hours leaves one line a minute in a log.
LEAST_SECONDS, LEAST_SHARE, MOST_SECONDS = 5.0, 0.1, 60.0
LEAST_LEFT = 0.1  # of the time that was left when something was last finished, however long nothing is
NOTEBOOK_SECONDS = 0.5  # a bar that changes in place may do so often

Advance = Callable[[int], None]
WORDS = {
    "en": {"so far": "{title}: {done} of {total} {unit}", "stored": ", {stored} of them from the store",
           "in": " in {time}", "left": ", about {time} left"},
    "zh": {"so far": "{title}：{done} / {total} {unit}", "stored": "，其中 {stored} 个早已存有",
           "in": "，用时 {time}", "left": "，约剩 {time}"},
}  # fmt: skip


def _left(begun: float, moved: float, worked: float, rest: float) -> str:
    """The time left: the pace up to what was finished last, counted down since then; waiting for a cell adds none."""
    then = (moved - begun) / worked * rest
    return span(max(then - (time.monotonic() - moved), LEAST_LEFT * then))


@dataclass
class _Overall:
    """All stages of a command: how many seconds each should take, and how many of these are done."""

    plan: list[tuple[str, float]]
    begun: float = field(default_factory=lambda: time.monotonic())
    at: int = -1
    done: float = 0.0
    stored: float = 0.0
    share: float = 0.0
    bar: Any = None
    moved: float = field(default_factory=lambda: time.monotonic())

    def enter(self, title: str, total: int, stored: int) -> bool:
        """Begin the next stage of this name; False where none is planned."""
        place = next((k for k in range(self.at + 1, len(self.plan)) if self.plan[k][0] == title), -1)
        if place < 0:
            return False
        self.at, self.share = place, self.plan[place][1] / max(total, 1)
        before = sum(seconds for _, seconds in self.plan[:place])
        self.stored += max(before - self.done, 0.0) + self.share * stored
        self.done = before + self.share * stored
        return True

    def advance(self, count: int) -> None:
        """Cells of this stage are finished."""
        self.done += self.share * count
        self.moved = time.monotonic()

    @property
    def number(self) -> str:
        return f"{self.at + 1}/{len(self.plan)} "

    @property
    def left(self) -> str:
        """What is left of everything, by how long the done part took."""
        whole = sum(seconds for _, seconds in self.plan)
        worked = self.done - self.stored
        if not whole or worked <= 0:
            return ""
        rest = _left(self.begun, self.moved, worked, max(whole - self.done, 0.0))
        return f"all {min(self.done / whole, 1.0):.0%}, about {rest} left"


_OVERALL: list[_Overall] = []


@contextmanager
def stages(plan: Sequence[tuple[str, float]], *, show: bool = True, file: TextIO | None = None) -> Iterator[None]:
    """One count over several stages: inside, what `follow` tells of each names its number and the time left of all.

    Parameters
    ----------
    plan
        Each stage's title, as `follow` will get it, and the seconds that it should take; only their ratios matter.
    show, file
        As for `follow`.
    """
    overall = _Overall(list(plan))
    file = sys.stderr if file is None else file
    if not show or not overall.plan or _OVERALL:
        yield
        return
    _OVERALL.append(overall)
    try:
        if file.isatty():
            with _progress(file) as bar:
                overall.bar = (bar, bar.add_task("all", total=sum(s for _, s in overall.plan), left="", count=""))
                yield
        else:
            yield
    finally:
        _OVERALL.pop()


@contextmanager
def follow(
    title: str,
    total: int,
    *,
    done: int = 0,
    show: bool = True,
    file: TextIO | None = None,
    unit: str = "cells",
    late: bool = False,
    lang: str = "en",
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
    late
        Whether nothing is said of what takes less than five seconds: for verbs that most often answer at once.
    lang
        The language of the lines, of title and unit: ``"en"`` or ``"zh"``.
    """
    file = sys.stderr if file is None else file
    overall = _OVERALL[-1] if _OVERALL and show and _OVERALL[-1].enter(title, total, done) else None
    if not show or total == 0:
        yield lambda _: None
    elif overall is not None and overall.bar is not None:
        yield from _staged(title, total, done, overall)
    elif file.isatty():
        with _progress(file, transient=late) as bar:
            task = bar.add_task(_plain(title), total=total, completed=done, left="", count=f"{done}/{total}")
            yield lambda count: _moved(bar, task, count)
    else:
        kind = _Cell if _in_notebook() else _Lines
        lines = kind(title, total, done, file, unit, overall, WORDS[lang])
        if not late:
            lines.first()
        try:
            yield lines.advance
        finally:
            lines.last(late)


def note(text: str, *, show: bool = True) -> None:
    """One line on stderr, between progress."""
    if show:
        _write(sys.stderr, text)


def _plain(title: str) -> str:
    from rich.markup import escape

    return escape(title)


def _progress(file: TextIO, *, transient: bool = False) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    # Time left is our own: rich reckons it from the last 30 s, and cells of one grid differ tenfold.
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"), TimeElapsedColumn(),
               TextColumn("{task.fields[left]}"))  # fmt: skip
    return Progress(*columns, console=Console(file=file), transient=transient)


def _moved(bar: Any, task: Any, count: int) -> None:
    bar.advance(task, count)
    now = next(each for each in bar.tasks if each.id == task)
    bar.update(task, count=f"{now.completed:.0f}/{now.total:.0f}")


def _staged(title: str, total: int, done: int, overall: _Overall) -> Iterator[Advance]:
    """A stage's own bar beside the one of all stages, for as long as it runs."""
    bar, whole = overall.bar
    task = bar.add_task(overall.number + _plain(title), total=total, completed=done, left="", count=f"{done}/{total}")

    def advance(count: int) -> None:
        _moved(bar, task, count)
        overall.advance(count)
        bar.update(whole, completed=overall.done, left=overall.left)

    bar.update(whole, completed=overall.done)
    try:
        yield advance
    finally:
        bar.remove_task(task)


class _Lines:
    """Plain lines: the first, the last, few between, and one where it would be silent for long."""

    least_seconds, least_share = LEAST_SECONDS, LEAST_SHARE

    def __init__(
        self, title: str, total: int, done: int, file: TextIO, unit: str, overall: _Overall | None = None,
        words: Mapping[str, str] = WORDS["en"],
    ) -> None:  # fmt: skip
        self.unit, self.overall, self.words = unit, overall, words
        self.title = (overall.number if overall else "") + title
        self.total, self.stored, self.done, self.file = total, done, done, file
        self.shown_done, self.begun = done, time.monotonic()
        self.shown_at = self.moved = self.begun
        self.ended, self.writing = threading.Event(), threading.Lock()
        threading.Thread(target=self._breathe, daemon=True).start()

    def first(self) -> None:
        self._print(self.words["stored"].format(stored=self.stored) if self.stored else "")

    def advance(self, count: int) -> None:
        self.done += count
        self.moved = time.monotonic()
        if self.overall:
            self.overall.advance(count)
        waited, more = time.monotonic() - self.shown_at, self.done - self.shown_done
        if waited < self.least_seconds or self.done >= self.total:
            return
        if more >= self.least_share * self.total or waited >= MOST_SECONDS:
            self._state()

    def last(self, late: bool = False) -> None:
        self.ended.set()
        if late and self.shown_at == self.begun:
            return
        if self.done > self.stored or self.done < self.total:
            self._print(self.words["in"].format(time=span(time.monotonic() - self.begun)))

    def _breathe(self) -> None:
        """A line where nothing was finished for long: in a clock of its own, for one cell may take minutes."""
        begun = silent = time.perf_counter()
        shown = self.shown_at
        while not self.ended.wait(0.5):
            now = time.perf_counter()
            if self.shown_at != shown:
                shown, silent = self.shown_at, now
            elif now - silent >= (LEAST_SECONDS if now - begun < MOST_SECONDS else MOST_SECONDS):
                self._state()
                shown, silent = self.shown_at, now

    def _state(self) -> None:
        now = time.monotonic()
        spent, worked = now - self.begun, self.done - self.stored
        rest = _left(self.begun, self.moved, worked, self.total - self.done) if worked else ""
        left = self.words["left"].format(time=rest) if rest else ""
        if self.overall:
            left = f"; {self.overall.left}" if self.overall.left else ""
        self.shown_at, self.shown_done = now, self.done
        self._print(self.words["in"].format(time=span(spent)) + left)

    def _line(self, more: str) -> str:
        told = {"title": self.title, "done": self.done, "total": self.total, "unit": self.unit}
        return self.words["so far"].format(**told) + more

    def _print(self, more: str) -> None:
        with self.writing:
            _write(self.file, self._line(more))


class _Cell(_Lines):
    """In a notebook: one bar with its line, changed in place."""

    least_seconds, least_share = NOTEBOOK_SECONDS, 0.0
    handle: Any = None

    def _print(self, more: str) -> None:
        from html import escape

        from IPython.display import HTML, display

        line = escape(self._line(more))
        shown = HTML(f'<progress value="{self.done}" max="{self.total}"></progress> {line}')
        with self.writing:
            if self.handle is None:
                self.handle = display(shown, display_id=True)
            else:
                self.handle.update(shown)


def _in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    shell = sys.modules.get("IPython")
    return shell is not None and hasattr(shell.get_ipython(), "kernel")


def _write(file: TextIO, text: str) -> None:
    """One line: what a stranger's file puts into it ends no line and steers no terminal."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    try:
        file.write(f"{shown}\n")
        file.flush()
    except (AttributeError, OSError, ValueError):  # of None, where stderr was closed
        # The reader of the pipe has gone, or the file was closed: no reason to lose a run.
        return


def span(seconds: float) -> str:
    """A length of time for people: ``4.2 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
