"""How a page's readings stand to the register of expectations: each one's time, and how many have which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

BEFORE, NUMBERS, AFTER, UNREGISTERED = "before", "numbers", "after", "unregistered"


def standing(registered: str) -> str:
    """When what decides a reading was registered, from `actbench.claims.registration.status`; empty without a line.

    ``before``: all of it before the first run. ``numbers``: the ends of what is expected before it, how they are read
    after it. ``after``: all that holds now after it. ``unregistered``: not registered, or not as it stands.

    >>> standing("registered on 2026-11-28, after the first run; its numbers on 2026-11-23, before the first run")
    'numbers'
    """
    if not registered.startswith("registered"):
        return UNREGISTERED if registered else ""
    last, _, numbers = registered.partition("; ")
    if last.endswith("before the first run"):
        return BEFORE
    return NUMBERS if numbers.endswith("before the first run") else AFTER


def counted(claims: Sequence[Mapping[str, Any]], t: Mapping[str, str]) -> str:
    """How many of a page's readings were registered when, and changed after looking; empty where none is registered."""
    readings = [row for claim in claims for row in claim["readings"] if row["standing"]]
    count = Counter(row["standing"] for row in readings)
    if not set(count) - {UNREGISTERED}:
        return ""
    told = {name: count[name] for name in (BEFORE, NUMBERS, AFTER)}
    changed = sum(row["changed"] for claim in claims for row in claim["readings"])
    return t["registered when"].format(readings=len(readings), **told, changed=changed)
