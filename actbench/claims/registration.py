"""Expectations are registered: their hashes stand in a committed file that is older than the results.

``python reports/refresh.py register`` adds what is new and never rewrites a line. An expectation that has changed gets
a further line, and only where the claim's history says so; the last line of a reading is the one that holds.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Iterable
from pathlib import Path

from actbench.claims.claim import Claim
from actbench.core.errors import ActbenchError
from actbench.statistics.expectation import Equivalence, Expectation

FILE = Path(__file__).with_name("registered.csv")
COLUMNS = ("claim", "reading", "expected", "sha256")


def ends(expected: Expectation) -> dict[str, float | None]:
    """The numbers that decide, by name; None for an infinite end."""
    if isinstance(expected, Equivalence):
        return {"about": expected.about, "margin": expected.margin}
    return {
        "low": expected.low if math.isfinite(expected.low) else None,
        "high": expected.high if math.isfinite(expected.high) else None,
    }


def digest(claim: str, reading: str, expected: Expectation) -> str:
    """The hash of one expectation: of its numbers and of whose they are, not of the words around them."""
    text = json.dumps([claim, reading, type(expected).__name__, ends(expected)], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def digests(claims: Iterable[Claim]) -> dict[tuple[str, str], str]:
    """Every expectation of these claims: claim and reading to hash."""
    return {
        (claim.name, reading.name): digest(claim.name, reading.name, reading.expected)
        for claim in claims
        for reading in claim.readings
        if reading.expected is not None
    }


def combined(claims: Iterable[Claim]) -> str:
    """One hash for all of them; run.json carries it."""
    lines = (f"{claim} {reading} {sha}\n" for (claim, reading), sha in sorted(digests(claims).items()))
    return hashlib.sha256("".join(lines).encode("utf-8")).hexdigest()


def registered() -> dict[tuple[str, str], str]:
    """What the committed file holds."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        return {(row["claim"], row["reading"]): row["sha256"] for row in csv.DictReader(lines)}


def register(claims: Iterable[Claim]) -> int:
    """Append the expectations that the file does not hold yet; how many they were.

    Raises
    ------
    ActbenchError
        For one that differs from the registered one although its claim's history says nothing.
    """
    claims = list(claims)
    known = registered() if FILE.exists() else {}
    expected = {(c.name, r.name): r.expected for c in claims for r in c.readings if r.expected is not None}
    told = {(claim.name, change.reading) for claim in claims for change in claim.history}
    new = [(key, sha) for key, sha in digests(claims).items() if known.get(key) != sha]
    silent = [key for key, _ in new if key in known and key not in told]
    if silent:
        raise ActbenchError(f"{silent[0]} has another expectation than is registered; say why in the claim's history")
    with FILE.open("a", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        if not known:
            writer.writerow(COLUMNS)
        for key, sha in new:
            numbers = ", ".join(f"{k} {v:g}" for k, v in ends(expected[key]).items() if v is not None)
            writer.writerow([*key, numbers, sha])
    return len(new)
