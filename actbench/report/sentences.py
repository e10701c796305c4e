"""Verdicts as sentences, made from the tables alone: what holds, what does not, and by which numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

ORDER = ("supported", "refuted", "conditional", "inconclusive", "opinion", "not tested")


def sentence(readings: Sequence[Mapping[str, Any]], t: Mapping[str, str]) -> str:
    """One line for several readings, grouped by verdict; the groups are the condition of a conditional verdict.

    Parameters
    ----------
    readings
        Rows as `actbench.report.content` shows them: numbers as text.
    t
        The phrases of a language.
    """
    groups = []
    for verdict in ORDER:
        told = [_told(row, t) for row in readings if row["verdict"] == verdict]
        if told:
            groups.append(t[f"says {verdict}"].format(which=t["and"].join(told)))
    return " ".join(groups)


def _told(row: Mapping[str, Any], t: Mapping[str, str]) -> str:
    name = str(row["reading"]).replace("_", " ")
    if not row["value"]:
        return name
    numbers = " ".join(filter(None, (row["value"], row["interval"])))
    expected = str(row["expected"]).partition(": ")[2]
    parts = [numbers, t["asked"].format(expected=expected) if expected else "", f"n = {row['n']}" if row["n"] else ""]
    return f"{name} ({', '.join(filter(None, parts))})"
