"""Verdicts as sentences, made from the tables alone: the answer with one number, and what holds and what does not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

ORDER = ("supported", "refuted", "conditional", "inconclusive", "opinion", "not tested")


def numbers(value: float, low: float = math.nan, high: float = math.nan) -> tuple[str, str]:
    """A number and its interval for people: as many decimals as the interval tells apart, at least three digits else.

    >>> numbers(0.00014, -0.00182, 0.00201)
    ('0.000', '[-0.002, 0.002]')
    >>> numbers(38.271)
    ('38.3', '')
    """
    if math.isnan(value):
        return "", ""
    reach = (high - low) / 2
    if not (math.isfinite(reach) and reach > 0) or max(abs(value), abs(low), abs(high)) >= 1e5 or reach < 1e-6:
        texts = [f"{x:.3g}" for x in (value, low, high)]
    else:
        places = min(6, max(0, -math.floor(math.log10(reach))))
        if places == 0 and max(abs(low), abs(high)) < 100:
            places = 1
        texts = [f"{x:.{places}f}" for x in (value, low, high)]
        texts = [text.lstrip("-") if float(text) == 0 else text for text in texts]
    return texts[0], "" if math.isnan(low) else f"[{texts[1]}, {texts[2]}]"


def answer(readings: Sequence[Mapping[str, Any]], overall: Mapping[str, Any], t: Mapping[str, str]) -> str:
    """One sentence with one number and its interval: of the reading that decides, else on what the verdict rests.

    Parameters
    ----------
    readings
        The claim's, as `actbench.report.content` shows them, those as written before those as intended.
    overall
        The row that rolls them up.
    t
        The phrases of a language.
    """
    verdict = overall["verdict"]
    alike = [row for row in readings if row["verdict"] == verdict] or list(readings)
    row = next((row for row in alike if row["estimates"]), alike[0] if alike else None)
    if row is None:
        return t[f"short {verdict}"]
    told = _evidence(row, verdict, t)
    return " ".join(filter(None, (t[f"short {verdict}"], told)))


def _evidence(row: Mapping[str, Any], verdict: str, t: Mapping[str, str]) -> str:
    """What the deciding reading found: a number, the ends of several settings, or the ground that the record names."""
    name = row["shown"]
    asked = row["expected"].partition(": ")[2] or row["expected"]
    wanted = t["asked"].format(expected=asked) if asked else ""
    estimates = [e for e in row["estimates"] if e["value"]]
    if len(estimates) > 1:
        ordered = sorted(estimates, key=lambda e: float(e["raw"]))
        ends = [f"{e['value']} {e['interval']} ({e['setting']})" for e in (ordered[0], ordered[-1])]
        said = t["from to"].format(low=ends[0], high=ends[1])
    elif estimates or row["value"]:
        one = estimates[0] if estimates else row
        said = f"{one['value']} {one['interval']}".strip()
    else:
        return _ended(row["conditions"] or row["says"], t)
    if not estimates and row["says"]:  # a computation's name says less than what was computed
        name = row["says"].rstrip(".")
    return _ended(t["colon"].format(name=name, text=f"{said}{t['comma']}{wanted}" if wanted else said), t)


def _ended(text: str, t: Mapping[str, str]) -> str:
    """A clause as a sentence."""
    return t["stop"].format(text=text[:1].upper() + text[1:].rstrip(".")) if text else ""


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
    name = str(row["shown"])
    if not row["value"]:
        return name
    numbers = " ".join(filter(None, (row["value"], row["interval"])))
    expected = str(row["expected"]).partition(": ")[2]
    parts = [numbers, t["asked"].format(expected=expected) if expected else "", f"n = {row['n']}" if row["n"] else ""]
    return f"{name} ({', '.join(filter(None, parts))})"
