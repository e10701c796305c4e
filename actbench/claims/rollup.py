"""A verdict, and how several become one word: of a reading's settings, of a claim's readings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from actbench.claims.claim import Outcome, Quantifier

UNRUN = "not in this run"
ORDER: tuple[Outcome, ...] = ("supported", "refuted", "inconclusive", "not tested")
ASKED: Mapping[Quantifier, str] = {
    "universal": ", and it was said of all", "existential": ", and it was said of some", "each": ""
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The outcome of one reading, of one of its settings, or of a roll-up, with the numbers behind it.

    ``left_out`` counts the units that gave no number, ``failed`` the cells of the experiment that could not be
    computed: neither is in ``value``. ``mistake`` says that how the reading is written is why it, or one of its
    settings, is not tested: its author has to mend it, and no run can.
    """

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
    left_out: int | None = None
    failed: int | None = None
    detectable: float = math.nan
    n_to_settle: int | None = None
    family_verdict: str = ""
    expected: str = ""
    expected_low: float = math.nan
    expected_high: float = math.nan
    conditions: str = ""
    experiment: str = ""
    source: str = ""
    mistake: bool = False
    settings: tuple[Verdict, ...] = field(default=())


def roll_up(outcomes: Iterable[Outcome], quantifier: Quantifier = "each") -> Outcome:
    """One word for several, of which those not tested say nothing.

    All alike -> that. Refuted and open -> refuted, for no setting that is still open can make it hold. Supported and
    refuted -> conditional; refuted if it was said of all, supported if of one.
    """
    tested = [outcome for outcome in outcomes if outcome != "not tested"]
    kinds = set(tested) - {"opinion"}
    if not kinds:
        return "opinion" if tested else "not tested"
    if len(kinds) == 1:
        return kinds.pop()
    decisive: dict[Quantifier, Outcome] = {"universal": "refuted", "existential": "supported"}
    if decisive.get(quantifier) in kinds:
        return decisive[quantifier]
    if "conditional" in kinds or {"supported", "refuted"} <= kinds:
        return "conditional"
    return "refuted" if "refuted" in kinds and quantifier == "each" else "inconclusive"


def where_it_holds(verdict: Verdict) -> str:
    """A reading's verdict; where it is conditional, in which settings it holds, each with its number."""
    if verdict.verdict != "conditional" or not verdict.settings:
        return verdict.verdict
    words = {"supported": "holds in", "refuted": "not in", "inconclusive": "open in"}
    groups = {word: [f"{p.setting} ({p.value:.3g})" for p in verdict.settings if p.verdict == kind]
              for kind, word in words.items()}  # fmt: skip
    return ", ".join(f"{word} {', '.join(names)}" for word, names in groups.items() if names)


def lost_cells(count: int | None, experiment: str) -> str:
    """What a verdict's conditions say of cells that failed; empty where none did."""
    return f"{count} cells of {experiment} failed" if count else ""


def total(counts: Iterable[int | None]) -> int | None:
    """The sum; None where nothing was counted."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def of_settings(settings: Sequence[Verdict], quantifier: Quantifier) -> Outcome:
    """Their roll-up; what was said of all is not shown, nor what was said of some refuted, by some of them alone.

    A setting that is not in the part of the grid that was run is another matter: the run is marked for it.
    """
    outcome = roll_up((part.verdict for part in settings), quantifier)
    leans: dict[Quantifier, Outcome] = {"universal": "supported", "existential": "refuted"}  # on every one of them
    lost = any(part.verdict == "not tested" and _why_not(part) != UNRUN for part in settings)
    return "inconclusive" if lost and outcome == leans.get(quantifier) else outcome


def each_setting(settings: Sequence[Verdict], quantifier: Quantifier) -> str:
    """What came out in each setting, with the interval that was judged, behind how many of them came out how.

    As ``1 supported, 1 refuted of 2 settings; sgd: refuted (0.5 [0.4, 0.6]); ...``.
    """
    told = [
        f"{p.setting}: {p.verdict} ({p.value:.3g} [{p.judged_low:.3g}, {p.judged_high:.3g}]"
        + (f", {p.left_out} left out)" if p.left_out else ")")
        if p.verdict != "not tested"
        else f"{p.setting}: {_why_not(p)}"
        for p in settings
    ]
    counts = Counter(part.verdict for part in settings)
    if len(counts) > 1:
        whole = all(_why_not(part) == UNRUN for part in settings if part.verdict == "not tested")
        words = {"inconclusive": "open", "not tested": UNRUN if whole else "not tested"}
        said = [f"{counts[kind]} {words.get(kind, kind)}" for kind in ORDER if counts[kind]]
        told.insert(0, f"{', '.join(said)} of {len(settings)} settings{ASKED[quantifier]}")
    return "; ".join(told)


def _why_not(part: Verdict) -> str:
    """Why a setting is not tested, in one clause."""
    routine = part.conditions in ("", "not in this part of the grid")
    return UNRUN if routine else part.conditions.replace("; ", ", ")
