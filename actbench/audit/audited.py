"""`audit`: other people's code judged, each subject in a process that may die, hang or flood without harm."""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from actbench.activations import registry
from actbench.audit.chinese import PASSES
from actbench.audit.finding import KINDS, SEVERITIES, Finding
from actbench.audit.subject import DTYPES
from actbench.audit.worst import Worst
from actbench.core.errors import ActbenchError, unknown
from actbench.implementations.targets.examine import contained, ended_by_signals, how_it_ended

LIMIT = 60.0  # seconds for one subject, and for loading the module
COUNT = 4000  # seeded points of float32 and float64
NUMBERS = ("allowed", "at", "came", "exact", "ulp", "absolute", "absolute_at")  # of a `Worst`
ENDS, LATER = "ends its process", "leaves something running that later {}"
ANSWER = 1 << 20  # characters of one line that is believed


@dataclass(frozen=True, kw_only=True)
class Audited:
    """What came of one candidate.

    Parameters
    ----------
    target, row
        As it is asked for alone, and the row that it was held to.
    named
        The row that its name speaks of, or nothing.
    near
        The nearest row, where it is elementwise and no row.
    library, dtypes
        What computes it, and the formats in which it was measured.
    why_not
        Why it was not audited; empty where it was.
    findings
        What is wrong, the worst first.
    golden
        Whether it is the reference of others.
    line
        Where it begins in its file; 0 where nobody can tell.
    worst
        By pass and format: how far off it is at worst, and at how many inputs.
    """

    target: str
    row: str = ""
    named: str = ""
    near: str = ""
    library: str = ""
    dtypes: tuple[str, ...] = ()
    why_not: str = ""
    findings: tuple[Finding, ...] = ()
    golden: bool = False
    line: int = 0
    worst: tuple[Worst, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """An audit: what was asked, what was audited, and what is left out with its reason."""

    asked: str
    subjects: tuple[Audited, ...]
    left_out: tuple[Audited, ...] = ()
    others: int = 0  # candidates that no row and no name speaks of, and that are not elementwise
    seconds: float = 0.0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them, the worst first."""
        return worst_first(finding for subject in self.subjects for finding in subject.findings)


def worst_first(findings: Any) -> tuple[Finding, ...]:
    """By severity; else as they came."""
    return tuple(sorted(findings, key=lambda finding: -SEVERITIES.index(finding.level)))


def audit(
    target: str,
    *,
    like: str = "",
    golden: str = "",
    dtypes: Sequence[str] = DTYPES,
    max_ulp: float | None = None,
    count: int = COUNT,
    exhaustive: bool = False,
    limit: float = LIMIT,
    progress: Callable[[int, int, str], None] | None = None,
) -> Report:
    """Judge the implementations behind a target, a file, a module or a library's name.

    Parameters
    ----------
    target
        ``FILE.py:OBJ``, ``FILE.py``, ``package.module``, ``package.module:OBJ``, or a library that rows name.
    like
        The row that it is said to be, where names do not say it.
    golden
        Another implementation, to which somebody compares it: it is judged as well.
    dtypes
        Formats, of `DTYPES`; bfloat16 is left out where ml_dtypes is not installed.
    max_ulp
        The error that is no finding yet, in every format; by default 16 in float32 and float64, 8 in the others.
    count
        Seeded points of float32 and float64; all of float16 and bfloat16 are tried.
    exhaustive
        Whether all 2^32 float32 are tried: minutes a subject.
    limit
        Seconds for one subject.
    progress
        Called with how many are done, of how many, and which one is begun.

    Returns
    -------
    The report. Nothing of the code has run in this process.

    Raises
    ------
    ActbenchError
        For a target that names nothing, or a format that is not known.
    """
    for dtype in dtypes:
        if dtype not in DTYPES:
            raise unknown("format", dtype, DTYPES)
    if like:
        registry.named(like)
    begun = time.monotonic()
    asked = {"target": target, "like": like, "dtypes": [d for d in DTYPES if d in dtypes], "max_ulp": max_ulp,
             "count": count, "exhaustive": exhaustive}  # fmt: skip
    found = _asked(asked, limit, progress)
    subjects = [one for one in found if not one.why_not]
    if len(found) == 1 and not subjects:
        raise ActbenchError(f"{target}: {found[0].why_not}")
    if golden:
        subjects = _beside(subjects, _asked({**asked, "target": golden}, limit, None))
    named = tuple(one for one in found if one.why_not and (one.named or one.near))
    return Report(asked=target, subjects=tuple(subjects), left_out=named,
                  others=len(found) - len(named) - sum(not one.golden for one in subjects),
                  seconds=time.monotonic() - begun)  # fmt: skip


def _beside(subjects: list[Audited], golden: list[Audited]) -> list[Audited]:
    """The reference's own findings, said as such."""
    for one in golden:
        if one.why_not:
            raise ActbenchError(f"{one.target}, the reference, cannot be audited: {one.why_not}")
        found = tuple(
            replace(f, kind="reference", severity=f.level, detail=f.kind + (f", {f.detail}" if f.detail else ""))
            for f in one.findings
        )
        subjects.append(replace(one, findings=found, golden=True))
    return subjects


def _asked(asked: dict[str, Any], limit: float, progress: Callable[[int, int, str], None] | None) -> list[Audited]:
    """Run the child until every candidate has an answer; what ends it is the answer of the one it was at."""
    names: list[str] = []
    done: list[Audited] = []
    begun: set[int] = set()
    suspect: tuple[int, str] | None = None  # whose thread may have ended the process of the next one, and how

    def once(at: int, of: int, name: str) -> None:
        if progress and at not in begun:
            begun.add(at)
            progress(at, of, name)

    with tempfile.TemporaryDirectory(prefix="actbench-audit-") as place, ended_by_signals():
        for life in count():
            run = _Run(Path(place) / f"answers-{life}.jsonl", len(done), limit, names, once)
            request = {**asked, "skip": len(done), "word": run.word}
            (Path(place) / "request.json").write_text(json.dumps(request), encoding="utf-8")
            command = [
                sys.executable,
                "-P",
                "-m",
                "actbench.audit.child",
                str(Path(place) / "request.json"),
                str(run.file),
            ]
            why = run.through(command)
            names = run.names or names
            if run.refused or not names:
                if not done and run.refused:
                    raise ActbenchError(f"{asked['target']}: {run.refused}")
                return [*done, _crashed(Audited(target=asked["target"]), f"cannot be loaded: {why}")]
            if suspect and run.done:  # alone the next one comes to its end
                done[suspect[0]] = _crashed(done[suspect[0]], LATER.format(suspect[1]))
            suspect = None
            done += run.done
            if run.ended or len(done) >= len(names):
                return done
            if run.almost:
                done.append(_crashed(run.almost, LATER.format(why)))
            elif run.left and ENDS in why:
                suspect = run.left[-1], why
            else:
                stage = f" ({run.stage})" if run.stage else ""
                done.append(_crashed(Audited(target=names[len(done)]), why + stage))
    raise AssertionError  # the loop has no other end


def _crashed(one: Audited, why: str) -> Audited:
    found = (*one.findings, Finding(subject=one.target, kind="crash", detail=why))
    return replace(one, findings=worst_first(found), why_not="")


class _TooLongError(Exception):
    """A subject is over its limit."""


class _Run:
    """One life of the child: what it has told so far, and how long it has been silent about a new subject."""

    def __init__(self, file: Path, skipped: int, limit: float, names: list[str], progress: Any) -> None:
        self.file, self.skipped, self.limit, self.progress = file, skipped, limit, progress
        self.names, self.done, self.refused, self.ended, self.stage = names, list[Audited](), "", False, ""
        self.almost: Audited | None = None  # what waits for the end of the threads that it has left
        self.left: list[int] = []  # whose threads have not ended
        self.read, self.since, self.word = 0, time.monotonic(), secrets.token_hex(16)
        file.touch()

    def through(self, command: list[str]) -> str:
        """Run it; why it ended, where that is a finding."""
        try:
            # the limits of the subjects are the ones that count
            status = contained(command, 1e9, watch=self.watch, every=0.2)
        except _TooLongError:
            self.take()
            return f"does not return within {self.limit:g} s"
        return f"{ENDS} ({how_it_ended(status)})" if status is not None else "does not return"

    def watch(self) -> None:
        """Read on, and end what takes too long."""
        self.take()
        if time.monotonic() - self.since > self.limit:
            raise _TooLongError

    def take(self) -> None:
        """What was told since the last time; a line that is no answer of ours is dropped."""
        with self.file.open("rb") as file:
            file.seek(self.read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self.read += len(whole) + len(newline)
        for line in whole.splitlines():
            try:
                said = json.loads(line) if len(line) < ANSWER else {}
            except ValueError:
                continue
            if isinstance(said, dict) and said.get("word") == self.word:  # the code may have written here too
                self._hear(said)

    def _hear(self, said: dict[str, Any]) -> None:
        if "stage" in said:
            self.stage = str(said["stage"])[:80]
        elif "begun" in said:
            self.since, self.stage, self.almost = time.monotonic(), "", None
            at = self.skipped + len(self.done)
            if self.progress and at < len(self.names):
                self.progress(at, len(self.names), self.names[at])
        elif "found" in said and isinstance(said["found"], list):
            self.names = [str(name) for name in said["found"]]
        elif {"done", "almost"} & said.keys() and (one := _believed(said, self.names, self.skipped + len(self.done))):
            if "almost" in said:
                self.almost = one
                return
            self.almost = None
            self.left += [self.skipped + len(self.done)] * bool(said.get("left"))
            self.done.append(one)
        self.refused = str(said.get("refused", self.refused))[:400]
        self.ended |= bool(said.get("end"))


def _believed(said: dict[str, Any], names: list[str], at: int) -> Audited | None:
    """An answer, if it has the form of one: the code that is audited runs in the process that wrote it."""
    if at >= len(names):
        return None
    line = said.get("line")
    texts = {key: _text(said.get(key)) for key in ("spec", "named", "near", "library", "why_not")}
    found = []
    for given in said.get("findings", ()):
        try:
            numbers: dict[str, Any] = {
                k: given[k] if given[k] is None else float(given[k]) for k in ("at", "came", "exact", "ulp")
            }
            words: dict[str, Any] = {k: _text(given[k]) for k in ("row", "direction", "dtype", "detail", "promise")}
            seen_as = tuple(map(str, given.get("seen_as", ())))
            if not {given["kind"], *seen_as} <= KINDS.keys() or given["severity"] not in (*SEVERITIES, ""):
                return None
            also = tuple(_text(name) for name in given["also"])
            where, example = (tuple(float(v) for v in given.get(k, ())) for k in ("region", "example"))
            if (len(where), len(example)) not in ((0, 0), (2, 3)):
                return None
            most = given.get("worst") and (str(given["worst"][0]), *map(float, given["worst"][1:]))
            if most and (len(most) != 3 or most[0] not in DTYPES):
                return None
        except (KeyError, IndexError, TypeError, ValueError):
            return None
        found.append(Finding(subject=names[at], kind=given["kind"], severity=given["severity"], also=also,
                             region=where, example=example, worst=most or None, seen_as=seen_as,
                             **numbers, **words))  # fmt: skip
    return Audited(
        target=names[at], row=texts["spec"], named=texts["named"], near=texts["near"], library=texts["library"],
        why_not=texts["why_not"], dtypes=tuple(map(_text, said.get("dtypes", ()))), findings=worst_first(found),
        line=line if type(line) is int else 0, worst=tuple(_worst(said.get("worst", ()))),
    )  # fmt: skip


def _worst(given: Any) -> Iterator[Worst]:
    """What has the form of one, of a pass and a format that there are."""
    for one in given if isinstance(given, list) else ():
        try:
            numbers = {key: float(one[key]) for key in NUMBERS}
            worst = Worst(direction=str(one["direction"]), dtype=str(one["dtype"]), n=int(one["n"]),
                          beyond=int(one["beyond"]), **numbers)  # fmt: skip
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if worst.direction in PASSES and worst.dtype in DTYPES and worst.n > 0:
            yield worst


def _text(given: Any) -> str:
    """One line of letters that can be printed."""
    return "".join(letter if letter.isprintable() else " " for letter in str(given or ""))[:400]
