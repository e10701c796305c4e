"""Verdicts as sentences, made from the tables alone: the answer with one number, and what holds and what does not."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from actbench.core.numerals import alike
from actbench.report.names import SETTINGS

ORDER = ("supported", "refuted", "conditional", "inconclusive", "opinion", "not tested")


PLACE = re.compile(r"\{([^{}|#]+)(?:(#n)|\|([^{}]+))?\}")


def filled(said: Mapping[str, str], readings: Sequence[Mapping[str, Any]], verdict: str, lang: str) -> str:
    """A record's own sentence with the run's numbers in it; empty for another verdict, or where one is missing.

    The first number that was estimated has its interval beside it.

    Parameters
    ----------
    said
        An `actbench.claims.claim.Said` as a mapping.
    readings, verdict
        The claim's, as `actbench.report.content` shows them, and its overall verdict.
    lang
        Of the page.
    """
    if said["verdict"] not in ("", verdict):
        return ""
    missing, spread = [], False

    def number(match: re.Match[str]) -> str:
        nonlocal spread
        reading, _, setting = match[1].partition("/")
        row = next((row for row in readings if row["reading"] == reading), None)
        if row and setting:
            row = next((e for e in row["estimates"] if e["setting"] == setting), None)
        if not row or not row["value"]:
            missing.append(match[1])
            return ""
        if match[2]:
            return str(row["n"]).partition(" ")[0]
        text = format(float(row["raw"]), match[3]) if match[3] else str(row["value"])
        if match[3] and not spread:
            text, spread = _with_interval(row, match[3]) or text, True
        return text.replace("%", " %")

    text = PLACE.sub(number, said.get(lang) or said["en"])
    return "" if missing else text


def rests_on(said: Mapping[str, str], readings: Sequence[Mapping[str, Any]], lang: str) -> str:
    """The n of the first number of a record's sentence (`filled`) that was measured; empty where none was."""
    for name, _, _ in PLACE.findall(said.get(lang) or said["en"]):
        reading, _, setting = name.partition("/")
        row: Mapping[str, Any] = next((row for row in readings if row["reading"] == reading), {})
        row = next((e for e in row.get("estimates", ()) if e["setting"] == setting), row) if setting else row
        if row.get("low"):
            return str(row["n"])
    return ""


def _with_interval(row: Mapping[str, Any], spec: str) -> str:
    """A number and its interval in one format, with more decimals where an end looks like another number."""
    low, high = (float(row.get(name) or "nan") for name in ("low", "high"))
    if not low < high:
        return ""
    sign, places, kind = re.fullmatch(r"(\+?)\.(\d)([a-z%])", spec).groups()  # type: ignore[union-attr]
    raw = float(row["raw"])
    others = (raw, low, high, *edges(row))
    most = 5 if kind == "%" else 7
    decimals = next((d for d in range(int(places), most) if not alike(f".{d}{kind}", (low, high), others)), most)
    value, *ends = (format(x, f"{sign}.{decimals}{kind}") for x in (raw, low, high))
    return f"{value} [{', '.join(end.rstrip('%') for end in ends)}]"


def edges(row: Mapping[str, Any]) -> list[float]:
    """The finite ends of what was expected."""
    ends = (float(row.get(name) or "nan") for name in ("expected_low", "expected_high"))
    return [end for end in ends if math.isfinite(end)]


def where(readings: Sequence[Mapping[str, Any]], t: Mapping[str, str]) -> list[tuple[str, str]]:
    """Where a conditional claim holds and where it does not, setting by setting, each with its number, by verdict.

    Parameters
    ----------
    readings
        The claim's as written (or as intended, where there are no others), as `actbench.report.content` shows them.
    t
        The phrases of a language.
    """
    groups: dict[str, list[str]] = {}
    for row in readings:
        parts = [e for e in row["estimates"] if e["value"]] if row["verdict"] == "conditional" else []
        for verdict in ORDER:
            told = [_numbered(in_words(e["setting"], t), _said(e, row), t) for e in parts if e["verdict"] == verdict]
            if told:
                said = t["of"].format(reading=row["shown"], setting=t["comma"].join(told))
                groups.setdefault(verdict, []).append(said)
        if not parts:  # a conditional reading without settings has its condition from its record
            because = row["conditions"] if row["verdict"] == "conditional" and row.get("conditions") else _ends(row)
            groups.setdefault(row["verdict"], []).append(_numbered(row["shown"], because, t))
    return [(verdict, t[f"where {verdict}"].format(which=t["and"].join(groups[verdict])))
            for verdict in ORDER if groups.get(verdict)]  # fmt: skip


def condition(readings: Sequence[Mapping[str, Any]], t: Mapping[str, str]) -> str:
    """The same as one sentence."""
    return _ended(t["and"].join(text for _, text in where(readings, t)), t)


def _numbered(name: str, number: str, t: Mapping[str, str]) -> str:
    """A name with what was found of it in brackets."""
    return t["number of"].format(name=name, number=number) if number else name


def _ends(row: Mapping[str, Any]) -> str:
    """A reading's number, or the least and the largest of its settings."""
    ordered = sorted((e for e in row["estimates"] or [row] if e["value"]), key=lambda e: float(e["raw"]))
    return " ... ".join(dict.fromkeys(_said(e, row) for e in (ordered[:1] + ordered[-1:])))


def _said(estimate: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """An estimate's number: as a percentage where its reading counts shares."""
    if str(row.get("unit", "")).startswith("share of "):
        return f"{100 * float(estimate['raw']):.3g} %"
    return str(estimate["value"])


def in_words(setting: str, t: Mapping[str, str], words: Mapping[str, Mapping[str, str]] = SETTINGS) -> str:
    """A setting's name, or another text of few words, in the page's language, word by word."""
    for word, said in words.get(t["language"], {}).items():
        setting = re.sub(rf"(?<![\w.]){re.escape(word)}(?![\w.]| weights)", said, setting)
    return setting.replace(", ", "、") if t["language"] == "zh" and words is SETTINGS else setting


def answer(readings: Sequence[Mapping[str, Any]], overall: Mapping[str, Any], t: Mapping[str, str]) -> str:
    """One sentence of the reading that decides: its number, the ends of its settings, or on what the verdict rests.

    The verdict itself is not in it: it stands beside it wherever it is shown.

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
        return ""
    name = row["shown"]
    asked = row["expected"].partition(": ")[2] or row["expected"]
    wanted = t["asked"].format(expected=asked) if asked else ""
    estimates = [e for e in row["estimates"] if e["value"]]
    if len(estimates) > 1:
        ordered = sorted(estimates, key=lambda e: float(e["raw"]))
        ends = [f"{e['value']} {e['interval']} ({in_words(e['setting'], t)})" for e in (ordered[0], ordered[-1])]
        said = t["from to"].format(low=ends[0], high=ends[1])
    elif estimates or row["value"]:
        one = estimates[0] if estimates else row
        said = f"{one['value']} {one['interval']}".strip()
    else:
        return _ended(row["conditions"] or row["says"], t)
    if not estimates and row["says"]:  # a computation's name says less than what was computed
        name = row["says"].rstrip(".。")
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
    return t["between"].join(groups)


def _told(row: Mapping[str, Any], t: Mapping[str, str]) -> str:
    name = str(row["shown"])
    if not row["value"]:
        return name
    numbers = " ".join(filter(None, (row["value"], row["interval"])))
    expected = str(row["expected"]).partition(": ")[2]
    parts = [numbers, t["asked"].format(expected=expected) if expected else "", f"n = {row['n']}" if row["n"] else ""]
    return f"{name} ({', '.join(filter(None, parts))})"
