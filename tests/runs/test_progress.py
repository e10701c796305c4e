"""Progress: a bar on a terminal, few plain lines on a pipe, and never a reason to lose a run."""

from __future__ import annotations

import io
import time

import pytest

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
