"""Expectations are registered: hashes of all that decides them stand in a committed file, with their dates.

``python reports/refresh.py register`` adds what is new and never rewrites a line. What has changed gets a further line,
and only with a reason: in the claim's history, or by ``--why`` where no expectation moved. The last line of a reading
is the one that holds. First lines cover the numbers expected; those since cover everything that is asked: experiment,
effects with their options and text (not what they call), settings, expectation, level, quantifier, and the cells that
are read, step sizes and networks included.
"""

from __future__ import annotations

import csv
import hashlib
import inspect
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actbench.claims.claim import Claim, Reading
from actbench.claims.rehearsal import Rehearsal, rehearsals
from actbench.core.errors import ActbenchError
from actbench.runs.experiment import EXPERIMENTS
from actbench.statistics.expectation import Equivalence, Expectation

FILE = Path(__file__).with_name("registered.csv")
FIRST_RUNS = Path(__file__).with_name("first_runs.csv")
EVERYTHING, NUMBERS = "everything", "numbers"
Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the register; ``on`` is UTC to the minute, ``covers`` what the hash is of."""

    claim: str
    reading: str
    expected: str
    sha256: str
    on: str
    covers: str
    why: str


COLUMNS = tuple(Line.__annotations__)


def ends(expected: Expectation) -> dict[str, float | None]:
    """The numbers that decide, by name; None for an infinite end."""
    if isinstance(expected, Equivalence):
        return {"about": expected.about, "margin": expected.margin}
    return {
        "low": expected.low if math.isfinite(expected.low) else None,
        "high": expected.high if math.isfinite(expected.high) else None,
    }


def numbers(expected: Expectation) -> str:
    """An expectation's ends in one line, as the register shows them."""
    return ", ".join(f"{name} {value:g}" for name, value in ends(expected).items() if value is not None)


def signature(value: Any) -> Any:
    """What an effect, or an option of one, is, as plain data: its name, its text, and what it was made with."""
    if inspect.isfunction(value):
        code, cells = value.__code__, value.__closure__ or ()
        made_with = dict(zip(code.co_freevars, (signature(cell.cell_contents) for cell in cells), strict=True))
        given = [signature(default) for default in (value.__defaults__ or ())]
        return [f"{value.__module__}.{value.__qualname__}", _text(value), made_with, given]
    if isinstance(value, Mapping):
        return {str(key): signature(item) for key, item in value.items()}
    if isinstance(value, (Sequence, set, frozenset)) and not isinstance(value, str):
        items = [signature(item) for item in value]
        return sorted(items, key=repr) if isinstance(value, (set, frozenset)) else items
    return value if isinstance(value, (str, int, float, bool, type(None))) else re.sub(r" at 0x\w+", "", repr(value))


def _text(function: Callable[..., Any]) -> str:
    """The hash of the source that makes a function, however it is laid out; empty where there is none."""
    outermost = getattr(sys.modules.get(function.__module__), function.__qualname__.partition(".")[0], function)
    try:
        text = "".join(inspect.getsource(outermost).split())
    except (OSError, TypeError):
        return ""
    return _sha(re.sub(r",([)\]}])", r"\1", text))


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def digest(claim: str, reading: Reading, rehearsal: Rehearsal | None) -> str:
    """The hash of all that decides a reading: not of the words around it."""
    expected = reading.expected
    assert expected is not None
    asked = {
        "claim": claim, "reading": reading.name, "level": reading.level, "quantifier": reading.quantifier,
        "expected": [type(expected).__name__, ends(expected)], "experiment": reading.experiment,
        "version": EXPERIMENTS[reading.experiment].version if reading.experiment in EXPERIMENTS else None,
        "settings": {name: signature(effect) for name, effect in reading.effects.items()},
        "cells": [] if rehearsal is None else sorted(json.dumps(cell, sort_keys=True) for cell in rehearsal.cells),
    }  # fmt: skip
    if reading.beside:
        asked["beside"] = True
    return _sha(json.dumps(asked, sort_keys=True, default=str))


def digests(claims: Iterable[Claim], tried: Mapping[Key, Rehearsal] | None = None) -> dict[Key, str]:
    """Every reading with an expectation: claim and reading to hash."""
    claims = list(claims)
    tried = rehearsals(claims) if tried is None else tried
    return {
        (claim.name, reading.name): digest(claim.name, reading, tried.get((claim.name, reading.name)))
        for claim in claims
        for reading in claim.readings
        if reading.expected is not None
    }


def combined(found: Mapping[Key, str]) -> str:
    """One hash for all of `digests`; run.json carries it."""
    return _sha("".join(f"{claim} {reading} {sha}\n" for (claim, reading), sha in sorted(found.items())))


def lines() -> dict[Key, list[Line]]:
    """The committed file: claim and reading to its lines, oldest first."""
    found: dict[Key, list[Line]] = {}
    if FILE.exists():
        with FILE.open(encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text):
                found.setdefault((row["claim"], row["reading"]), []).append(Line(**row))
    return found


def registered() -> dict[Key, str]:
    """The hashes that hold."""
    return {key: each[-1].sha256 for key, each in lines().items()}


def first_runs() -> dict[Key, str]:
    """Claim and reading to the minute (UTC) of the first full run that decided it."""
    if not FIRST_RUNS.exists():
        return {}
    with FIRST_RUNS.open(encoding="utf-8", newline="") as text:
        return {(row["claim"], row["reading"]): row["first_run"] for row in csv.DictReader(text)}


def status(key: Key, sha: str, known: Mapping[Key, Sequence[Line]], ran: Mapping[Key, str]) -> str:
    """How a reading stands to the register, for its verdict: since when, before or after it was first run, changed?"""
    if key not in known:
        return "not registered"
    each = known[key]
    last = each[-1]
    if last.sha256 != sha:
        return f"differs from what was registered on {last.on[:10]}"
    told = f"registered on {last.on[:10]}, {_when(last, ran.get(key))}"
    others = [line for line in each if line.expected != last.expected]
    if others:
        return f"{told}; changed, before: {others[-1].expected}"
    same = next(line for line in each if line.expected == last.expected)
    return told if same is last else f"{told}; its numbers on {same.on[:10]}, {_when(same, ran.get(key))}"


def _when(line: Line, first_run: str | None) -> str:
    return "before the first run" if first_run is None or line.on < first_run else "after the first run"


def statuses(found: Mapping[Key, str]) -> dict[Key, str]:
    """`status` of all of `digests`."""
    known, ran = lines(), first_runs()
    return {key: status(key, sha, known, ran) for key, sha in found.items()}


def register(claims: Iterable[Claim], why: str = "") -> int:
    """Append what the file does not hold yet; how many lines that were.

    Parameters
    ----------
    claims
        The records.
    why
        The reason for changes that move no expectation, such as an effect's text.

    Raises
    ------
    ActbenchError
        For what differs from what is registered although neither the claim's history nor ``why`` gives a reason.
    """
    claims = list(claims)
    known, now = lines(), datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ")
    readings = {(claim.name, r.name): r for claim in claims for r in claim.readings if r.expected is not None}
    new: list[Line] = []
    for key, sha in digests(claims).items():
        before = known.get(key, [])
        if before and before[-1].sha256 == sha:
            continue
        expected = readings[key].expected
        assert expected is not None
        line = Line(claim=key[0], reading=key[1], expected=numbers(expected), sha256=sha, on=now, covers=EVERYTHING,
                    why=_reason(key, claims, before, numbers(expected), why))  # fmt: skip
        new.append(line)
    write_header = not FILE.exists()
    with FILE.open("a", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        if write_header:
            writer.writerow(COLUMNS)
        writer.writerows([getattr(line, column) for column in COLUMNS] for line in new)
    return len(new)


def _reason(key: Key, claims: Sequence[Claim], before: Sequence[Line], expected: str, why: str) -> str:
    """Why a reading has a further line."""
    if not before:
        return ""
    told = [change for claim in claims if claim.name == key[0] for change in claim.history
            if change.reading == key[1] and change.on >= before[-1].on[:10]]  # fmt: skip
    if told:
        return told[-1].why
    if before[-1].expected != expected:
        raise ActbenchError(f"{key[0]} {key[1]} has another expectation than is registered; say why in its history")
    if not why and before[-1].covers == EVERYTHING:
        raise ActbenchError(
            f"{key[0]} {key[1]} asks otherwise than is registered, with the same numbers; give --why 'THE REASON'"
        )
    return why


def ran(decided: Iterable[Key], started: str) -> None:
    """Note the first full run of readings that had none."""
    known = first_runs()
    new = [key for key in decided if key not in known]
    write_header = not FIRST_RUNS.exists()
    with FIRST_RUNS.open("a", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        if write_header:
            writer.writerow(("claim", "reading", "first_run"))
        writer.writerows([*key, started[:16] + "Z"] for key in new)
