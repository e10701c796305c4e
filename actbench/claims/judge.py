"""From estimates to verdicts: an interval against an expectation, and readings rolled up into one word."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from actbench.claims.claim import Answer, Claim, Outcome, Reading
from actbench.claims.rehearsal import no_estimate, own_rows
from actbench.claims.rollup import UNRUN, Verdict, each_setting, lost_cells, of_settings, roll_up, total, where_it_holds
from actbench.core.errors import NotMeasured, reason_of
from actbench.statistics.estimates import Estimate
from actbench.statistics.expectation import Equivalence, Expectation, Region
from actbench.statistics.frames import lost_networks, reads
from actbench.statistics.power import MOST, detectable, edges, to_settle

SHOWN = 0.95
EQUIVALENCE_LEVEL = 0.90  # a 90 % interval inside the margin is two one-sided tests at 5 %
ERROR_RATE = 0.05
SLACK = 1e-6  # by which a mean of float32 may round over a bound
ENDS = ("expected_low", "expected_high")
BOOTSTRAP = ("bootstrap_low", "bootstrap_high")

Frames = Mapping[str, Any]
NONE: Mapping[Any, Any] = MappingProxyType({})


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


def judge(
    claim: Claim, frames: Frames, *, failed: Mapping[str, int] = NONE, untested: Mapping[tuple[str, str], str] = NONE,
    family: int = 1, failures: Mapping[str, Any] = NONE,
) -> list[Verdict]:  # fmt: skip
    """Every reading's verdict, then ``overall`` from the literal ones and ``overall charitable`` from the others.

    Parameters
    ----------
    claim
        The record.
    frames
        Name of observations (`Reading.observations`) to their tidy frame; a reading whose frame is missing is not
        tested.
    failed
        The same names to the number of cells that could not be computed.
    untested
        Claim and reading to the reason why it is not judged here.
    family
        How many settings of all claims share 5 % of error in ``family_verdict``.
    failures
        The same names to these cells, a row each: networks that they have taken from an estimate are left out of it.
    """
    verdicts = [_reading(claim, reading, frames, failed, untested, family, failures) for reading in claim.readings]
    deciding = [v for v, reading in zip(verdicts, claim.readings, strict=True) if not reading.beside]
    literal = [v for v in deciding if v.level == "literal"]
    charitable = [v for v in deciding if v.level == "charitable"]
    verdicts.append(_overall(claim, "overall", literal or charitable))
    if charitable and literal:
        verdicts.append(_overall(claim, "overall charitable", charitable))
    return verdicts


def _overall(claim: Claim, name: str, verdicts: list[Verdict]) -> Verdict:
    outcome = roll_up(v.verdict for v in verdicts)
    remarks = []
    if outcome == "conditional" or len({v.verdict for v in verdicts} - {"not tested"}) > 1:
        remarks = [f"{v.reading}: {where_it_holds(v)}" for v in verdicts if v.verdict != "not tested"]
    untested = [v.reading for v in verdicts if v.verdict == "not tested"]
    if untested and outcome != "not tested":
        remarks.append("not tested: " + ", ".join(untested))
    if outcome == "not tested":
        remarks = sorted({v.conditions for v in verdicts if v.conditions})
    level = "charitable" if name.endswith("charitable") or all(v.level == "charitable" for v in verdicts) else "literal"
    failed = {v.experiment: v.failed for v in verdicts if v.failed is not None}
    return Verdict(
        claim=claim.name, reading=name, level=level, kind="roll-up", verdict=outcome, conditions="; ".join(remarks),
        left_out=total(v.left_out for v in verdicts), failed=total(failed.values()),
    )  # fmt: skip


def _reading(
    claim: Claim, reading: Reading, frames: Frames, failed: Mapping[str, int], untested: Mapping[tuple[str, str], str],
    family: int, failures: Mapping[str, Any],
) -> Verdict:  # fmt: skip
    if (claim.name, reading.name) in untested:
        decided: dict[str, Any] = {"verdict": "not tested", "conditions": untested[claim.name, reading.name]}
    elif reading.kind == "experiment":
        decided = _experimental(claim, reading, frames, failed, family, failures)
    elif reading.kind == "exact":
        decided = _exact(reading)
    else:
        decided = {"verdict": reading.verdict or "opinion"}
    decided["conditions"] = "; ".join(filter(None, (decided.get("conditions", ""), reading.conditions)))
    return Verdict(**_named(claim, reading), source=reading.source, **decided)


def _named(claim: Claim, reading: Reading) -> dict[str, Any]:
    return {
        "claim": claim.name, "reading": reading.name, "level": reading.level, "kind": reading.kind,
        "expected": describe(reading.expected), "experiment": reading.experiment,
    }  # fmt: skip


def _exact(reading: Reading) -> dict[str, Any]:
    if reading.compute is None:
        return {"verdict": "not tested", "conditions": "" if reading.conditions else "needs a computation"}
    try:
        answer = reading.compute()
    except (Exception, SystemExit) as error:  # whatever it raises, it costs its reading alone
        return _mistaken(f"its computation failed: {reason_of(error)}")
    if not isinstance(answer, Answer):
        return _mistaken(f"its computation gives {type(answer).__name__}, no Answer")
    return {
        "verdict": "supported" if answer.holds else "refuted", "value": answer.value, "n": answer.n,
        "n_unit": answer.n_unit, "conditions": answer.evidence,
    }  # fmt: skip


def _mistaken(why: str) -> dict[str, Any]:
    return {"verdict": "not tested", "conditions": why, "mistake": True}


def _experimental(
    claim: Claim, reading: Reading, frames: Frames, failed: Mapping[str, int], family: int, failures: Mapping[str, Any]
) -> dict[str, Any]:
    if reading.observations not in frames:
        return {"verdict": "not tested", "conditions": f"needs experiment {reading.experiment}"}
    if not reading.effects:
        return {"verdict": "not tested", "conditions": "needs its effect"}
    lost = failed.get(reading.observations, 0)
    # several settings share the reading's part of the claim's error
    level = 1 - ERROR_RATE / (experimental_readings(claim) * len(reading.effects))
    frame = own_rows(reading, frames[reading.observations])
    cells = failures.get(reading.observations)
    parts = {name: _estimated(reading, name, frame, level, family, cells) for name in reading.effects}
    if reading.effect is not None:
        decided = parts[""]
    else:
        settings = tuple(
            Verdict(**_named(claim, reading), setting=name, failed=lost, **part) for name, part in parts.items()
        )
        decided = {
            "verdict": of_settings(settings, reading.quantifier),
            "conditions": each_setting(settings, reading.quantifier), "settings": settings,
            "left_out": total(part.left_out for part in settings), "mistake": any(part.mistake for part in settings),
        }  # fmt: skip
    remark = lost_cells(lost, reading.experiment)
    return {**decided, "failed": lost, "conditions": "; ".join(filter(None, (remark, decided["conditions"])))}


def _estimated(reading: Reading, setting: str, frame: Any, level: float, family: int, failures: Any) -> dict[str, Any]:
    """One setting's effect, held against what was expected."""
    expected = reading.expected
    assert expected is not None
    try:
        given = None if frame is None else frame.copy(deep=False)  # what an effect writes into it no other one reads
        with reads(given) as rows:
            estimate = reading.effects[setting](given)
    except NotMeasured as error:
        return {"verdict": "not tested", "conditions": str(error)}
    except (Exception, SystemExit) as error:  # whatever an effect raises, it costs its reading alone
        return _mistaken(f"its effect failed: {reason_of(error)}")
    if not isinstance(estimate, Estimate):
        wrong = no_estimate(reading, estimate)
        return _mistaken(wrong) if wrong else {"verdict": "not tested", "conditions": UNRUN}
    estimate, nets = _networks(estimate, frame, rows, failures)
    counted = {"n": estimate.n, "n_unit": estimate.n_unit, "left_out": estimate.left_out}
    if not estimate.n:
        why = f"none of {estimate.left_out} {estimate.n_unit} gave a number" if estimate.left_out else ""
        remark = "; ".join(filter(None, (why, estimate.note))) or "not in this part of the grid"
        return {"verdict": "not tested", "conditions": remark, **counted}
    if wrong := _copies(estimate, nets) or _out_of_bounds(estimate):
        return {**_mistaken(wrong), **counted}
    low, high = estimate.interval(SHOWN)
    judged = level if isinstance(expected, Region) else EQUIVALENCE_LEVEL
    ends = estimate.interval(judged)
    outcome = meets(expected, *ends)
    stands, lost = _with_left_out(estimate, expected, ends)
    both = ERROR_RATE if isinstance(expected, Region) else 1 - EQUIVALENCE_LEVEL  # two one-sided tests share the second
    wider = estimate.interval(1 - both / max(1, family))
    strict = meets(expected, *wider) if _with_left_out(estimate, expected, wider)[0] else "inconclusive"
    smallest = detectable(estimate, judged)
    needed = to_settle(estimate, expected, judged) if outcome == "inconclusive" else None
    remarks = (
        estimate.note,
        lost,
        _fewer(estimate, nets),
        _shared(estimate, frame, rows) if nets is None else "",
        _open(estimate, ends, smallest, needed) if outcome == "inconclusive" else "",
    )
    return {
        "verdict": outcome if stands else "inconclusive", "family_verdict": strict,
        "value": estimate.value, "low": low, "high": high,
        "judged_level": judged, "judged_low": ends[0], "judged_high": ends[1], **counted,
        "detectable": smallest, "n_to_settle": needed, **dict(zip(ENDS, edges(expected), strict=True)),
        **dict(zip(BOOTSTRAP, estimate.bootstrap(judged), strict=True)), "conditions": "; ".join(filter(None, remarks)),
    }  # fmt: skip


def _networks(estimate: Estimate, frame: Any, rows: set[int], failures: Any) -> tuple[Estimate, int | None]:
    """How many networks an effect reads: those that it selects, else all; None where it counts something else.

    Those that failed cells have taken from these rows are left out of its estimate.
    """
    if not estimate.n_unit.startswith("networks") or "net" not in getattr(frame, "columns", ()):
        return estimate, None
    read = frame.loc[sorted(rows)] if rows else frame
    lost = 0 if failures is None or "net" not in failures else lost_networks(read, failures)
    return replace(estimate, left_out=estimate.left_out + lost), int(read["net"].nunique()) + lost


def _copies(estimate: Estimate, nets: int | None) -> str:
    """Why these are no independent networks, where there are more of them than were read."""
    units = estimate.n + estimate.left_out
    if nets is None or units <= nets:
        return ""
    return f"{units} values from {nets} networks are no independent ones: one number a network, or name what one is"


def _fewer(estimate: Estimate, nets: int | None) -> str:
    """What an effect has dropped without counting it: networks that it read and that are neither in nor left out."""
    units = estimate.n + estimate.left_out
    return f"of {nets} networks that it reads {units} are in it" if nets is not None and units < nets else ""


def _shared(estimate: Estimate, frame: Any, rows: set[int]) -> str:
    """What units that are no networks may have in common: the networks that they come from, where these are fewer."""
    if "net" not in getattr(frame, "columns", ()):
        return ""
    nets = (frame.loc[sorted(rows)] if rows else frame)["net"].nunique()
    return f"{estimate.n} {estimate.n_unit} come from {nets} networks" if nets < estimate.n else ""


def _out_of_bounds(estimate: Estimate) -> str:
    """Why an estimate contradicts itself, where a value lies outside the range that it says no value can leave."""
    low, high = estimate.bounds
    outside = [v for v in estimate.values if not low - SLACK <= v <= high + SLACK]
    if not outside:
        return ""
    return f"{len(outside)} values such as {outside[0]:.6g} lie outside the bounds [{low:g}, {high:g}] of its effect"


def _with_left_out(estimate: Estimate, expected: Expectation, ends: tuple[float, float]) -> tuple[bool, str]:
    """Whether the verdict stands whatever the units that are left out would have given, and how that is said.

    The bound is Manski's (1989): all of them at one end of what a value can be.
    """
    if not estimate.left_out:
        return True, ""
    units = f"{estimate.left_out} of {estimate.n + estimate.left_out} {estimate.n_unit} gave no number"
    if estimate.n < 2:
        return True, units
    worst = estimate.with_left_out(*ends)
    stands = meets(expected, *worst) == meets(expected, *ends)
    then = "which turns nothing" if stands else "which could turn the verdict"
    return stands, f"{units}; at worst they make the interval [{worst[0]:.3g}, {worst[1]:.3g}], {then}"


def _open(estimate: Estimate, ends: tuple[float, float], smallest: float, needed: int | None) -> str:
    """Beside an inconclusive verdict: what this n could have shown, and the n that would settle it."""
    if estimate.n < 2:
        return "one value alone has no interval"
    if estimate.agree and not all(map(math.isfinite, ends)):
        return f"all {estimate.n} values agree, which says nothing of others without bounds on what a value can be"
    if needed is None:
        return ""
    if estimate.agree:
        return f"all {estimate.n} values agree, and {needed:,} that do would settle this"
    enough = f"{MOST:,} or more" if needed >= MOST else f"about {needed:,}"
    return (
        f"{estimate.n} {estimate.n_unit} show what lies {smallest:.2g} from the edge, four times in five; "
        f"{enough} would settle this"
    )
