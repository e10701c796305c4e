"""From estimates to verdicts: an interval against an expectation, and readings rolled up into one word."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from actbench.claims.claim import Claim, Outcome, Reading
from actbench.statistics.estimates import Estimate
from actbench.statistics.expectation import Equivalence, Expectation, Region
from actbench.statistics.power import MOST, detectable, edges, to_settle

SHOWN = 0.95
EQUIVALENCE_LEVEL = 0.90  # a 90 % interval inside the margin is two one-sided tests at 5 %
ERROR_RATE = 0.05
ENDS = ("expected_low", "expected_high")
BOOTSTRAP = ("bootstrap_low", "bootstrap_high")

Frames = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The outcome of one reading, of one of its settings, or of a roll-up, with the numbers behind it."""

    claim: str
    reading: str
    level: str
    kind: str
    verdict: Outcome
    setting: str = ""
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    judged_level: float = math.nan
    judged_low: float = math.nan
    judged_high: float = math.nan
    bootstrap_low: float = math.nan
    bootstrap_high: float = math.nan
    n: int | None = None
    n_unit: str = ""
    detectable: float = math.nan
    n_to_settle: int | None = None
    expected: str = ""
    expected_low: float = math.nan
    expected_high: float = math.nan
    conditions: str = ""
    experiment: str = ""
    source: str = ""
    settings: tuple[Verdict, ...] = field(default=())


def describe(expected: Expectation | None) -> str:
    """An expectation in one line: its words and its numbers."""
    if expected is None:
        return ""
    if isinstance(expected, Equivalence):
        return f"{expected.words}: 90 % interval within {expected.margin:g} of {expected.about:g}"
    if math.isinf(expected.high):
        return f"{expected.words}: above {expected.low:g}"
    if math.isinf(expected.low):
        return f"{expected.words}: below {expected.high:g}"
    return f"{expected.words}: in [{expected.low:g}, {expected.high:g}]"


def meets(expected: Expectation, low: float, high: float) -> Outcome:
    """Supported where the whole interval lies inside, refuted where it lies wholly outside, else inconclusive."""
    inside, outside = edges(expected)
    if math.isnan(low) or math.isnan(high):
        return "inconclusive"
    if inside <= low and high <= outside:
        return "supported"
    if high < inside or low > outside:
        return "refuted"
    return "inconclusive"


def experimental_readings(claim: Claim) -> int:
    """m: how many experimental readings share the claim's 5 % of error, tested or not."""
    return sum(reading.kind == "experiment" for reading in claim.readings)


def roll_up(outcomes: Iterable[Outcome]) -> Outcome:
    """One word for several: all alike -> that; supported and refuted -> conditional; none tested -> not tested."""
    tested = [outcome for outcome in outcomes if outcome != "not tested"]
    judged = [outcome for outcome in tested if outcome != "opinion"]
    if not tested:
        return "not tested"
    if not judged:
        return "opinion"
    found = set(judged)
    if len(found) == 1:
        return judged[0]
    if "conditional" in found or {"supported", "refuted"} <= found:
        return "conditional"
    return "inconclusive"


def judge(claim: Claim, frames: Frames, elsewhere: Mapping[str, str] | None = None) -> list[Verdict]:
    """Every reading's verdict, then ``overall`` from the literal ones and ``overall charitable`` from the others.

    Parameters
    ----------
    claim
        The record.
    frames
        Experiment name to its tidy frame; a reading whose experiment is missing is not tested.
    elsewhere
        Experiment name to a remark on where its readings are judged instead of here.
    """
    verdicts = [_reading(claim, reading, frames, elsewhere or {}) for reading in claim.readings]
    literal = [v for v in verdicts if v.level == "literal"]
    charitable = [v for v in verdicts if v.level == "charitable"]
    verdicts.append(_overall(claim, "overall", literal or charitable))
    if charitable and literal:
        verdicts.append(_overall(claim, "overall charitable", charitable))
    return verdicts


def _overall(claim: Claim, name: str, verdicts: list[Verdict]) -> Verdict:
    outcome = roll_up(v.verdict for v in verdicts)
    remarks = []
    if outcome in ("conditional", "inconclusive"):
        remarks = [f"{v.reading}: {v.verdict}" for v in verdicts if v.verdict != "not tested"]
    untested = [v.reading for v in verdicts if v.verdict == "not tested"]
    if untested and outcome != "not tested":
        remarks.append("not tested: " + ", ".join(untested))
    if outcome == "not tested":
        remarks = sorted({v.conditions for v in verdicts if v.conditions})
    level = "charitable" if name.endswith("charitable") or all(v.level == "charitable" for v in verdicts) else "literal"
    return Verdict(
        claim=claim.name, reading=name, level=level, kind="roll-up", verdict=outcome, conditions="; ".join(remarks)
    )


def _reading(claim: Claim, reading: Reading, frames: Frames, elsewhere: Mapping[str, str]) -> Verdict:
    decide: dict[str, Callable[[], dict[str, Any]]] = {
        "experiment": lambda: _experimental(claim, reading, frames, elsewhere),
        "exact": lambda: _exact(reading),
        "literature": lambda: {"verdict": reading.verdict},
        "opinion": lambda: {"verdict": "opinion"},
    }
    found = decide[reading.kind]()
    found["conditions"] = "; ".join(filter(None, (found.get("conditions", ""), reading.conditions)))
    return Verdict(
        claim=claim.name, reading=reading.name, level=reading.level, kind=reading.kind, source=reading.source,
        expected=describe(reading.expected), experiment=reading.experiment, **found,
    )  # fmt: skip


def _exact(reading: Reading) -> dict[str, Any]:
    if reading.compute is None:
        return {"verdict": "not tested", "conditions": "" if reading.conditions else "needs a computation"}
    answer = reading.compute()
    return {
        "verdict": "supported" if answer.holds else "refuted", "value": answer.value, "n": answer.n,
        "n_unit": answer.n_unit, "conditions": answer.evidence,
    }  # fmt: skip


def _experimental(claim: Claim, reading: Reading, frames: Frames, elsewhere: Mapping[str, str]) -> dict[str, Any]:
    if reading.experiment in elsewhere:
        return {"verdict": "not tested", "conditions": elsewhere[reading.experiment]}
    if not reading.effects or reading.experiment not in frames:
        remark = f"needs experiment {reading.experiment}" if reading.experiment not in frames else "needs its effect"
        return {"verdict": "not tested", "conditions": remark}
    frame = frames[reading.experiment]
    readings = experimental_readings(claim)
    if reading.effect is not None:
        return _estimated(reading.effect(frame), reading.expected, 1 - ERROR_RATE / readings)
    # several settings share the reading's part of the error
    level = 1 - ERROR_RATE / (readings * len(reading.settings))
    parts = []
    for name, effect in reading.settings.items():
        found = _estimated(effect(frame), reading.expected, level)
        parts.append(
            Verdict(
                claim=claim.name,
                reading=reading.name,
                level=reading.level,
                kind=reading.kind,
                setting=name,
                expected=describe(reading.expected),
                experiment=reading.experiment,
                **found,
            )
        )
    sentence = "; ".join(
        f"{p.setting}: {p.verdict} ({p.value:.3g} [{p.low:.3g}, {p.high:.3g}])"
        if p.verdict != "not tested"
        else f"{p.setting}: not in this run"
        for p in parts
    )
    return {"verdict": roll_up(p.verdict for p in parts), "conditions": sentence, "settings": tuple(parts)}


def _estimated(estimate: Estimate | None, expected: Expectation | None, level: float) -> dict[str, Any]:
    assert expected is not None
    if estimate is None:
        return {"verdict": "not tested", "conditions": "not in this run"}
    if not (estimate.n or estimate.left_out or estimate.note):
        return {"verdict": "not tested", "conditions": "not in this part of the grid"}
    low, high = estimate.interval(SHOWN)
    judged = level if isinstance(expected, Region) else EQUIVALENCE_LEVEL
    judged_low, judged_high = estimate.interval(judged)
    outcome = meets(expected, judged_low, judged_high)
    smallest = detectable(estimate, judged)
    needed = to_settle(estimate, expected, judged) if outcome == "inconclusive" else None
    return {
        "verdict": outcome, "value": estimate.value, "low": low, "high": high, "judged_level": judged,
        "judged_low": judged_low, "judged_high": judged_high, "n": estimate.n, "n_unit": estimate.n_unit,
        "detectable": smallest, "n_to_settle": needed, **dict(zip(ENDS, edges(expected), strict=True)),
        **dict(zip(BOOTSTRAP, estimate.bootstrap(judged), strict=True)),
        "conditions": "; ".join(filter(None, (estimate.note, _open(estimate, smallest, needed)))),
    }  # fmt: skip


def _open(estimate: Estimate, smallest: float, needed: int | None) -> str:
    """Beside an inconclusive verdict: what this n could have shown, and the n that would settle it."""
    if needed is None:
        return ""
    enough = f"{MOST:,} or more" if needed >= MOST else f"about {needed:,}"
    return (
        f"{estimate.n} {estimate.n_unit} show what lies {smallest:.2g} from the edge, four times in five; "
        f"{enough} would settle this"
    )
