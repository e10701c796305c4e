"""Which claims are meant, and their judgements as the tables of a run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.claims.claim import CLAIMS, Claim
from actbench.claims.judge import BOOTSTRAP, ENDS, Verdict, judge
from actbench.core.errors import ActbenchError, unknown
from actbench.core.machine import machine
from actbench.runs.experiment import EXPERIMENTS

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "claim", "reading", "level", "kind", "verdict", "value", "low", "high", "judged_level", "judged_low",
    "judged_high", "n", "n_unit", "detectable", "n_to_settle", "expected", "conditions", "experiment", "source",
    "rehearsal",
)  # fmt: skip
COUNTS = {"n": "Int64", "n_to_settle": "Int64"}  # whole numbers that may be missing


def described(claim: Claim) -> dict[str, Any]:
    """What a page needs of a record, as plain data, so that it can be rendered without the record."""
    return {
        "claim": claim.name, "section": claim.section, "ledger": claim.ledger, "statement": dict(claim.statement),
        "contradicts": {other: dict(why) for other, why in claim.contradicts.items()}, "note": claim.note,
        "readings": {reading.name: reading.says for reading in claim.readings},
        "conditions": {reading.name: reading.conditions for reading in claim.readings if reading.conditions},
    }  # fmt: skip


def natural(claim: str) -> tuple[int, str]:
    """C2 before C10, C10 before C10b."""
    number = re.search(r"\d+", claim)
    return (int(number.group()) if number else 0, claim)


def chosen(targets: Sequence[str]) -> tuple[Claim, ...]:
    """The claims that targets name: a ledger, ids of claims, or files with ledgers of their own.

    Raises
    ------
    ActbenchError
        For a target that is none of these, or a file that cannot be loaded or defines no claim.
    """
    import actbench.claims.ledgers
    import actbench.experiments  # noqa: F401  both fill their registries

    found: dict[str, Claim] = {}
    for target in targets:
        ledgers = {claim.ledger for claim in CLAIMS}
        if target in ledgers:
            part: Iterable[Claim] = sorted((c for c in CLAIMS if c.ledger == target), key=lambda c: natural(c.name))
        elif target in CLAIMS:
            part = [CLAIMS[target]]
        elif target.endswith(".py"):
            part = _from_file(target)
        else:
            raise unknown("ledger or claim", target, [*ledgers, *CLAIMS.names()])
        found.update({claim.name: claim for claim in part})
    return tuple(found.values())


def _from_file(target: str) -> list[Claim]:
    from actbench.runs.workers import load

    before = set(CLAIMS.names())
    if not Path(target).is_file():
        raise ActbenchError(f"no file {target!r}; give a Python file that calls actbench.claim(...)")
    load([target])
    new = [claim for claim in CLAIMS if claim.name not in before]
    if not new:
        raise ActbenchError(f"{target} defines no claim; call actbench.claim(...) in it")
    return new


def rests_on_time(experiment: str) -> bool:
    """Whether an experiment's observations are times, which no second run gives again."""
    return experiment in EXPERIMENTS and EXPERIMENTS[experiment].exclusive


def observations(experiment: str) -> str:
    """The file of an experiment's observations in a run's folder, without its suffix."""
    return f"{'timings' if rests_on_time(experiment) else 'data'}/{experiment}"


def judged(
    claims: Sequence[Claim], frames: dict[str, pd.DataFrame], *, rehearsal: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables of verdicts and of the estimates behind them, without those that rest on time.

    Parameters
    ----------
    claims
        The records, in the order of the rows.
    frames
        Experiment name to observations.
    rehearsal
        Whether the experiments ran on a part of their grid: marks every verdict that rests on one.
    """
    timed = {r.experiment for claim in claims for r in claim.readings if rests_on_time(r.experiment)}
    elsewhere = dict.fromkeys(timed, "rests on time: judged in timing_verdicts.csv")
    return _tables([judge(claim, frames, elsewhere) for claim in claims], rehearsal)


def judged_by_time(
    claims: Sequence[Claim], frames: dict[str, pd.DataFrame], *, rehearsal: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same tables and the machine, for the readings that rest on time and for the roll-ups with them.

    Parameters
    ----------
    claims, frames, rehearsal
        As for `judged`.
    """
    chosen = []
    for claim in claims:
        timed = {r.name for r in claim.readings if rests_on_time(r.experiment)}
        if timed:
            chosen.append([v for v in judge(claim, frames) if v.reading in timed or v.kind == "roll-up"])
    here = machine()
    where = f"{here['processor']}, {here['cores_usable']} cores, {here['system']}"
    verdicts, estimates = _tables(chosen, rehearsal)
    return verdicts.assign(machine=where), estimates.assign(machine=where)


def _tables(judgements: Iterable[list[Verdict]], rehearsal: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Verdicts claim by claim as rows, and a row for each setting of what was measured."""
    import pandas as pd

    rows, parts = [], []
    for verdicts in judgements:
        measured = {v.reading for v in verdicts if v.kind == "experiment" and v.verdict != "not tested"}
        for verdict in verdicts:
            rests = verdict.reading in measured or (verdict.kind == "roll-up" and bool(measured))
            rows.append({**_row(verdict), "rehearsal": rehearsal and rests})
            if verdict.reading in measured:
                there = [v for v in verdict.settings or (verdict,) if v.verdict != "not tested"]
                parts += [{"setting": v.setting, **_row(v)} for v in there]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COUNTS)
    first = ["claim", "reading", "setting", "level", "verdict"]
    last = [c for c in (*COLUMNS, *ENDS, *BOOTSTRAP) if c not in (*first, "kind", "source", "rehearsal")]
    return frame, pd.DataFrame(parts, columns=first + last).astype(COUNTS)


def _row(verdict: Verdict) -> dict[str, Any]:
    names = {f.name for f in fields(verdict)} & {*COLUMNS, *ENDS, *BOOTSTRAP}
    return {name: getattr(verdict, name) for name in names}
