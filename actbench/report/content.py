"""What a page shows, taken from the files of a run: claims with their readings, contradictions, estimates."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from actbench.claims.family import family
from actbench.claims.rollup import UNRUN
from actbench.claims.verdicts import together
from actbench.core.errors import ActbenchError
from actbench.core.numerals import numbers
from actbench.drawing.style import VERDICTS
from actbench.report.chinese import chinese
from actbench.report.names import READINGS, REGISTER, SECTIONS
from actbench.report.register import counted, standing
from actbench.report.sentences import answer, condition, edges, filled, in_words, rests_on, sentence, where
from actbench.report.strip import strips
from actbench.runs.folder import RunFolder

if TYPE_CHECKING:
    import pandas as pd

OVERALL = ("overall", "overall charitable")
WHEN = {True: "after", False: "before"}
UNDECIDED = ("inconclusive", "not tested")
FINDINGS = 6  # that the first screen shows


def content(folder: RunFolder, run: dict[str, Any], t: dict[str, str], lang: str) -> dict[str, Any]:
    """Everything but the figures, as the templates need it."""
    verdicts = folder.read_frame("verdicts")
    numbers = rows(folder.read_frame("estimates"))
    if (folder.path / "timing_verdicts.csv").exists():
        verdicts = together(verdicts, folder.read_frame("timing_verdicts"))
        numbers += rows(folder.read_frame("timing_estimates"))
    estimates = [_estimate(row, t) for row in numbers]
    entries = folder.read_json("claims")
    claims = [_claim(entry, verdicts, estimates, t, lang) for entry in entries]
    overall = [claim["overall"]["verdict"] for claim in claims]
    tally = [(verdict, overall.count(verdict)) for verdict in VERDICTS if verdict in overall]
    judged = sum(count for verdict, count in tally if verdict != "not tested")
    surprising = sorted((claim for claim in claims if claim["surprise"]), key=lambda claim: -claim["surprise"])
    if run.get("quick"):  # what the full run may turn from refuted to conditional surprises nobody yet
        surprising = [claim for claim in surprising if not claim["open"]]
    return {
        "claims": claims,
        "sections": list(dict.fromkeys(claim["section"] for claim in claims)),
        "findings": surprising[:FINDINGS],
        "contradictions": _contradictions(entries, claims, lang),
        "tally": tally,
        "rehearsal": bool(run.get("quick")),
        "failed": [
            t["failed"].format(experiment=name, failed=about["failed"], cells=about["cells"])
            for name, about in (run.get("experiments") or {}).items()
            if about.get("failed")
        ],
        "unfinished": not run.get("finished"),
        "title": t.get(f"title {run.get('target')}") or f"{t['title_other']}: {run.get('target')}",
        "about": t.get(f"about {run.get('target')}", ""),
        "not_judged": t.get(f"not judged {run.get('target')}", ""),
        "lead": t["lead"].format(claims=len(claims), judged=judged),
        "beforehand": counted(claims, t),
        **provenance_lines(run, t),
        "estimates": estimates,
        "instrument": _instrument(folder, t),
        "family": _family(folder, t, len(claims)),
    }


def provenance_lines(run: dict[str, Any], t: dict[str, str]) -> dict[str, str]:
    """Where a run's numbers come from: ``machine``, and ``provenance`` with the commit to cite."""
    machine = {"processor": "", "cores": "", "system": "", **(run.get("machine") or {})}
    names = {"python": "", "numpy": "", "scipy": "", **(run.get("versions") or {})}
    which = t["commit"] if run.get("expectations") else t["commit alone"]
    return {
        "machine": t["machine"].format_map({**names, **machine}),
        "provenance": which.format(
            commit=_commit(run),
            seed=run.get("seed"),
            started=run.get("started"),
            finished=run.get("finished") or "-",
            expectations=str(run.get("expectations"))[:12],
        ),
    }


def _commit(run: dict[str, Any]) -> str:
    commit = run.get("commit") or {}
    name = commit.get("commit") or commit.get("hash") or "-"
    return str(name)[:12] + ("+" if commit.get("dirty") else "")


def _claim(
    entry: dict[str, Any], verdicts: pd.DataFrame, estimates: list[dict[str, Any]], t: dict[str, str], lang: str
) -> dict[str, Any]:
    order = [*entry["readings"], *OVERALL]
    own = sorted(rows(verdicts[verdicts["claim"] == entry["claim"]]), key=lambda row: order.index(row["reading"]))
    words = [{"shown": reading_name(row, t), "expected": expectation(row, t)} for row in own]
    found = [_in_language(shown(row) | said, t) for row, said in zip(own, words, strict=True)]
    if not found:
        raise ActbenchError(f"verdicts.csv has no row for {entry['claim']}; run again to make it")
    by_name = {row["reading"]: row for row in found}
    readings = [_reading(row, entry, estimates, t) for row in found if row["reading"] not in OVERALL]
    levels = {level: [row for row in readings if row["level"] == level] for level in ("literal", "charitable")}
    # a record may say it better than its numbers do
    ordered = [*levels["literal"], *levels["charitable"]]
    verdict = by_name["overall"]["verdict"]
    deciding = levels["literal"] or levels["charitable"]
    own_words = filled(entry["answer"], ordered, verdict, lang) if entry.get("answer") else ""
    said = own_words or answer(ordered, by_name["overall"], t)
    if by_name["overall"]["failed"] not in ("", "0"):
        said = f"{said} ({t['not final']})"
    return {
        "answer": said, "surprise": _surprise(readings, by_name["overall"]),
        "open": any(
            row["verdict"] in UNDECIDED or "inconclusive (" in str(row["conditions"]) or UNRUN in str(row["conditions"])
            for row in own
            if row["level"] == "literal"
        ),
        "name": entry["claim"], "section": _section(entry["section"], t),
        "statement": entry["statement"].get(lang) or entry["statement"]["en"],
        "note": chinese(entry["note"], t), "readings": readings,
        "history": [
            t["changed"].format(
                **{name: chinese(value, t) if isinstance(value, str) else value for name, value in change.items()},
                shown=reading_name({**change, "claim": entry["claim"]}, t), when=t[WHEN[change["after_looking"]]],
            )
            for change in entry.get("history", ())
        ],
        "sentences": {level: sentence(part, t) for level, part in levels.items() if part},
        "condition": condition(deciding, t) if verdict == "conditional" else "",
        "where": where(deciding, t) if verdict == "conditional" else [],
        "overall": by_name["overall"], "charitable": by_name.get("overall charitable"),
        "otherwise": _otherwise(by_name, t), "changed": any(row["changed"] for row in readings),
        "n": rests_on(entry["answer"], ordered, lang) if own_words else "",
    }  # fmt: skip


def _otherwise(by_name: dict[str, dict[str, Any]], t: dict[str, str]) -> str:
    """The verdict as intended, where it is another than as written."""
    intended = by_name.get("overall charitable")
    if intended is None or intended["verdict"] == by_name["overall"]["verdict"]:
        return ""
    return t["colon"].format(name=t["charitable"], text=t[intended["verdict"]])


def _section(name: str, t: dict[str, str]) -> str:
    """A part of the text by its heading."""
    return SECTIONS[t["language"]].get(name) or (f"{t['section']} {name}" if name else t["claims"])


def _in_language(row: dict[str, Any], t: dict[str, str]) -> dict[str, Any]:
    """A shown row with what its run says in the page's language."""
    return {**row, "conditions": chinese(row.get("conditions", ""), t), "n": chinese(row["n"], t)}


def reading_name(row: dict[str, Any], t: dict[str, str]) -> str:
    """A reading's name in words: its claim's own, else what readings of this name are called."""
    name, known = str(row["reading"]), READINGS.get(t["language"], {})
    return known.get(f"{row['claim']} {name}") or known.get(name, name.replace("_", " "))


REGIONS = (  # how an expectation is written, and the phrase that says it in another language
    (re.compile(r"below (\S+)$"), "below"), (re.compile(r"above (\S+)$"), "above"),
    (re.compile(r"in \[(\S+), (\S+)\]$"), "in"),
    (re.compile(r"(\d+) % interval within (\S+) of (\S+)$"), "within"),
)  # fmt: skip


def expectation(row: dict[str, Any], t: dict[str, str]) -> str:
    """What was expected, ``reason: region``; in another language the region alone: reasons are in the record's."""
    asked = row["expected"] if isinstance(row["expected"], str) else ""
    for pattern, name in REGIONS if "region below" in t else ():
        match = pattern.search(asked)
        if match:
            return t[f"region {name}"].format(*match.groups())
    return asked


def _surprise(readings: list[dict[str, Any]], overall: dict[str, Any]) -> float:
    """How far a refuted claim's number lies outside of what was expected, in widths of the nearer end; 0 for others."""
    if overall["verdict"] != "refuted":
        return 0.0
    refuted = [row for row in readings if row["verdict"] == "refuted" and row["level"] == "literal"]
    return max((e["beyond"] for row in refuted for e in row["estimates"]), default=0.0)


def _reading(
    row: dict[str, Any], entry: dict[str, Any], estimates: list[dict[str, Any]], t: dict[str, str]
) -> dict[str, Any]:
    name = row["reading"]
    mine = [e for e in estimates if (e["claim"], e["reading"]) == (entry["claim"], name)]
    counted = (entry.get("units") or {}).get(name, "")
    unit = chinese(counted, t)
    for e, picture in zip(mine, strips([e["ends"] for e in mine], unit, [e["label"] for e in mine]), strict=True):
        e["strip"] = Markup(picture)  # noqa: S704  made of numbers, our colours and escaped labels
    # several settings are shown one by one, so their sentence would say it twice
    conditions = entry["conditions"].get(name, "") if len(mine) > 1 else row["conditions"]
    since = row.get("registered", "")
    changed = any(each["reading"] == name and each["after_looking"] for each in entry.get("history", ()))
    return {
        **row, "says": chinese(entry["readings"].get(name, ""), t), "estimates": mine,
        "remarks": chinese(conditions, t), "unit": counted,
        "registered": in_words(since, t, REGISTER), "moved": since.startswith("differs") or "changed" in since,
        "standing": standing(since), "changed": changed,
        "settings": t["and"].join(
            f"{e['where']}: {t[e['verdict']]} ({e['value']} {e['interval']}, n = {e['n']})" if e["value"]
            else f"{e['where']}: {t[e['verdict']]}" for e in mine
        ) if len(mine) > 1 else "",
    }  # fmt: skip


def _contradictions(entries: list[dict[str, Any]], claims: list[dict[str, Any]], lang: str) -> list[dict[str, Any]]:
    """The pairs that cannot both hold, where both were judged here, with the reason and both verdicts."""
    by_name = {claim["name"]: claim for claim in claims}
    return [
        {"one": by_name[entry["claim"]], "other": by_name[other], "why": why.get(lang) or why["en"]}
        for entry in entries
        for other, why in entry["contradicts"].items()
        if other in by_name
    ]


def _estimate(row: dict[str, Any], t: dict[str, str]) -> dict[str, Any]:
    """An estimate's row as text, with what its strip shows."""
    told = _in_language(shown(row) | {"expected": expectation(row, t), "shown": reading_name(row, t)}, t)
    told["where"] = in_words(told["setting"], t)
    label = f"{told['value']} {told['interval']}, {t['expected']}: {told['expected']}"
    ends = (_end(row["expected_low"], -math.inf), _end(row["expected_high"], math.inf))
    value, low, high = (float(row[name]) for name in ("value", "judged_low", "judged_high"))
    gap = max(ends[0] - high, low - ends[1], 0.0)
    scale = max([abs(end) for end in ends if math.isfinite(end)], default=0.0) or 1.0
    return {**told, "beyond": gap / scale, "label": label, "ends": (value, low, high, *ends)}


def _end(value: Any, otherwise: float) -> float:
    return otherwise if value is None or math.isnan(float(value)) else float(value)


def _instrument(folder: RunFolder, t: dict[str, str]) -> list[dict[str, Any]]:
    """What was asked of the method itself, where the run did."""
    if not (folder.path / "instrument.csv").exists():
        return []
    found = [shown(row) for row in rows(folder.read_frame("instrument"))]
    return [{**_in_language(row, t), "expected": chinese(row["expected"], t),
             "question": t[f"ask {row['question']}"].format(measure=t[row["measure"]])} for row in found]  # fmt: skip


def _family(folder: RunFolder, t: dict[str, str], claims: int) -> str:
    """All verdicts together in one sentence, where more than one claim was judged."""
    tables = [
        folder.read_frame(name) for name in ("estimates", "timing_estimates") if folder.at(f"{name}.csv").exists()
    ]
    found = family(tables) if claims > 1 else None
    if found is None:
        return ""
    lost = t["family lost"].format(which=", ".join(found.lost)) if found.lost else ""
    return t["family"].format(
        claims=found.claims,
        whole=claims,
        settings=found.settings,
        wrong=f"{found.wrong:.1f}",
        kept=found.kept,
        lost=lost,
    )


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows as mappings."""
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict(orient="records")]


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row with missing values as empty text and numbers as people write them."""

    def text(value: Any) -> str:
        return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)

    def number(name: str) -> float:
        return float(row[name]) if text(row.get(name)) else math.nan

    # the interval that is shown is the one that decided: a claim's several settings share its error
    judged = "judged_" if text(row.get("judged_low")) else ""
    ends = {name: number(f"{judged}{name}") for name in ("low", "high")}
    level = number("judged_level") if judged else math.nan
    value, interval = numbers(number("value"), ends["low"], ends["high"], edges(row))
    n = text(row.get("n"))
    counts = {name: text(row.get(name)).removesuffix(".0") for name in ("left_out", "failed")}
    return {
        "raw": number("value"),
        **{key: text(value) for key, value in row.items()},
        **{name: "" if math.isnan(end) else repr(end) for name, end in ends.items()},
        "at": "" if math.isnan(level) else f"{100 * level:.4g} %",
        **counts,  # a frame that lacks some has floats
        "value": value,
        "interval": interval,
        "n": f"{int(float(n)):,} {text(row.get('n_unit'))}".strip() if n else "",
    }  # fmt: skip
