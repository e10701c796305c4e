"""Does the same input give the same answer, however many calls lie between? First answers are asked for once more."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from actbench.audit.finding import Finding
from actbench.audit.recognise import SAME, X, answers
from actbench.audit.subject import Array, Subject
from actbench.core.errors import ActbenchError

LATE = "called many times,"
STAY = ("state", "mutation", "name")  # whatever else changes
OF_ARRAYS = ("neighbours", "layout", "length", "alignment", "in place")  # where answers are compared to each other
REPEATS = 6  # of one input: what is random or alternates is right at one of them


class Steady:
    """What a subject gave at first, and which of its findings may be what it became since.

    Parameters
    ----------
    subject
        What is audited.
    first
        Its first answers at `X`, where somebody has them already.
    """

    def __init__(self, subject: Subject, first: Array | None = None) -> None:
        self.subject, self.first, self.last = subject, dict[str, Array](), dict[str, Array]()
        self.late, self.doubtful = dict[str, Finding](), list[Finding]()
        for direction in subject.passes() if subject.made.inputs is None else ():
            y = first if direction == "forward" and first is not None else self._asked(direction)
            if y is not None:
                self.first[direction] = self.last[direction] = y

    def _asked(self, direction: str) -> Array | None:
        forward, backward = self.subject.made.forward, self.subject.made.backward
        try:
            if direction == "forward" or backward is None:
                return np.asarray(answers(forward, X))
            return np.asarray(answers(lambda x: backward(np.ones_like(x), x), X))
        except ActbenchError:  # refused, which is told elsewhere
            return None

    def watched(self, found: list[Finding], direction: str) -> list[Finding]:
        """The findings of one check; those are doubtful that came of other answers than the first ones."""
        now, y = self._asked(direction) if direction in self.first else None, self.first.get(direction)
        moved = now is not None and _differ(now, self.last[direction]).size > 0
        if now is not None and y is not None:
            self.last[direction] = now
            if direction not in self.late and (places := _differ(now, y)).size:
                i = int(places[np.abs(X[places]).argmin()])
                self.late[direction] = self.subject.finding(
                    "state", direction=direction, dtype="float64", at=float(X[i]), came=float(now[i]),
                    exact=float(y[i]), detail=LATE,
                )  # fmt: skip
        became = direction in self.late and self._was_right(direction)
        self.doubtful += [one for one in found if one.at is not None and one.kind not in STAY
                          and (moved if one.kind in OF_ARRAYS else became or not self._again(one))]  # fmt: skip
        return found

    def _was_right(self, direction: str) -> bool:
        """Whether the first answers were the row's: a fault that was there from the beginning stays one."""
        row = self.subject.row
        right = np.asarray(row.forward(X) if direction == "forward" else row.backward(np.ones_like(X), X))
        return not _differ(self.first[direction], right).size

    def _again(self, finding: Finding) -> bool:
        """Whether the input that shows it does so every time."""
        if finding.direction not in self.first or finding.came is None:
            return True
        x, came, exact = np.full(64, finding.at, finding.dtype), finding.came, finding.exact
        try:
            call = self.subject.call(finding.direction, finding.dtype)
            again = np.array([float(call(x)[0]) for _ in range(REPEATS)])
        except Exception:  # somebody's code may refuse anything
            return True
        if exact is None:
            return bool((again == came).all())
        with np.errstate(all="ignore"):
            return not ((again == exact) | (np.abs(again - exact) < 0.5 * abs(came - exact))).any()

    def settled(self, found: Iterable[Finding]) -> list[Finding]:
        """All findings, the doubtful ones as what a state looks like, where there is one."""
        found = list(found)
        for direction in self.first:
            self.watched([], direction)
        states = [*(one for one in found if one.kind == "state"), *self.late.values()]
        if not states:
            return found
        passes = {one.direction for one in states}
        hidden = [one for one in self.doubtful if one.direction in passes]
        kept = [one for one in found if not any(one is other for other in (*hidden, states[0]))]
        return [*kept, states[0].seen_also_as(*(one.kind for one in hidden))]


def _differ(one: Array, other: Array) -> Array:
    """Where answers at `X` are others."""
    return np.flatnonzero(~np.isclose(one, other, rtol=SAME, atol=0.1 * SAME, equal_nan=True))
