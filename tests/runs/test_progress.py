"""Progress: a bar on a terminal, few plain lines on a pipe, and never a reason to lose a run."""

from __future__ import annotations

import io
import time

import pytest

from actbench.runs import progress
from actbench.runs.progress import follow


def test_progress_on_a_pipe_is_few_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    pipe = io.StringIO()
    with follow("activity", 1000, done=100, file=pipe) as advance:
        for _ in range(900):
            clock[0] += 0.5
            advance(1)
    lines = pipe.getvalue().splitlines()
    assert lines[0] == "activity: 100 of 1000 cells, 100 of them from the store"
    assert lines[1] == "activity: 200 of 1000 cells in 50.0 s, about 6 min 40 s left"
    assert lines[-1] == "activity: 1000 of 1000 cells in 7 min 30 s"
    assert len(lines) == 10


def test_progress_can_be_silent_and_outlives_its_reader() -> None:
    pipe = io.StringIO()
    with follow("activity", 3, show=False, file=pipe) as advance:
        advance(3)
    assert pipe.getvalue() == ""
    pipe.close()
    with follow("activity", 3, file=_Gone()) as advance:
        advance(3)


class _Gone(io.StringIO):
    """A pipe whose reader has left."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_progress_on_a_terminal_is_a_bar() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    with follow("[activity]", 3, file=terminal) as advance:
        advance(3)
    assert "3/3" in terminal.getvalue()
    assert "[activity]" in terminal.getvalue()


def test_lines_in_chinese() -> None:
    pipe = io.StringIO()
    with follow("审查", 3, file=pipe, unit="个文件", lang="zh") as advance:
        advance(3)
    first, last = pipe.getvalue().splitlines()
    assert first == "审查：0 / 3 个文件"
    assert last.startswith("审查：3 / 3 个文件，用时 ")


def test_a_notebook_has_one_bar_that_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    """As IPython shows it: the first call displays, the others change what is there."""
    import sys
    import types

    said: list[str] = []

    class Handle:
        def update(self, shown: str) -> None:
            said.append(f"again {shown}")

    def display(shown: str, display_id: bool) -> Handle:
        said.append(shown)
        return Handle()

    shell = types.ModuleType("IPython")
    shell.get_ipython = lambda: types.SimpleNamespace(kernel=1)  # type: ignore[attr-defined]
    shown = types.ModuleType("IPython.display")
    shown.HTML, shown.display = str, display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", shell)
    monkeypatch.setitem(sys.modules, "IPython.display", shown)
    pipe = io.StringIO()
    with follow("a<b", 4, file=pipe) as advance:
        advance(4)
    assert pipe.getvalue() == ""
    assert said[0] == '<progress value="0" max="4"></progress> a&lt;b: 0 of 4 cells'
    assert said[-1].startswith('again <progress value="4" max="4"></progress> a&lt;b: 4 of 4 cells in')


def test_workers_are_by_default_as_many_as_on_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """But of what stands in a running script no other process can know."""
    import inspect

    import actbench as ab
    from actbench.runs.workers import workers_by_default

    monkeypatch.setattr("actbench.runs.workers.usable_cores", lambda: 7)
    assert workers_by_default() == 7
    for verb in (ab.run, ab.reproduce, ab.compare):
        assert inspect.signature(verb).parameters["workers"].default is None
    ab.define("of_this_script", forward=lambda x: 2.0 * x, backward=lambda dy, x: 2.0 * dy, source="a test")
    assert workers_by_default() == 1


def test_what_is_short_says_nothing_where_it_is_asked_to_be_late(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    pipe = io.StringIO()
    with follow("exact values", 2, file=pipe, late=True) as advance:
        advance(2)
    assert pipe.getvalue() == ""
    with follow("exact values", 4, file=pipe, late=True) as advance:
        clock[0] += 6.0
        advance(1)
        clock[0] += 6.0
        advance(3)
    assert pipe.getvalue().splitlines() == [
        "exact values: 1 of 4 cells in 6.0 s, about 18.0 s left", "exact values: 4 of 4 cells in 12.0 s",
    ]  # fmt: skip


def test_time_left_counts_down_while_nothing_is_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    told = []
    for waited in (0.0, 5.0, 15.0, 60.0):
        now[0] = 120.0 + waited
        told.append(progress._left(100.0, 120.0, 2.0, 2.0))
    assert told == ["20.0 s", "15.0 s", "5.0 s", "2.0 s"]
