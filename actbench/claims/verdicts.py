"""Which claims are meant, and their judgements as the tables of a run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from actbench.claims.claim import CLAIMS, Claim
from actbench.claims.family import size
from actbench.claims.judge import BOOTSTRAP, ENDS, NONE, Frames, judge
from actbench.claims.rollup import Verdict, each_setting, lost_cells, of_settings
from actbench.claims.units import UNITS
from actbench.core.errors import ActbenchError, unknown
from actbench.core.machine import machine
from actbench.runs.experiment import EXPERIMENTS

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "claim", "reading", "level", "kind", "verdict", "value", "low", "high", "judged_level", "judged_low",
    "judged_high", "n", "n_unit", "left_out", "failed", "detectable", "n_to_settle", "expected", "conditions",
    "registered", "experiment", "source", "rehearsal",
)  # fmt: skip
COUNTS = dict.fromkeys(("n", "left_out", "failed", "n_to_settle"), "Int64")  # whole numbers that may be missing
BY_TIME = "rests on time: judged in timing_verdicts.csv"


class Judgements(NamedTuple):
    """The tables of verdicts and of the estimates behind them, and what the authors of readings have to mend.

    ``mistakes`` is claim and reading to why the reading, or one of its settings, could not be judged as it is written.
    """

    verdicts: pd.DataFrame
    estimates: pd.DataFrame
    mistakes: dict[tuple[str, str], str]


def described(claim: Claim) -> dict[str, Any]:
    """What a page needs of a record, as plain data, so that it can be rendered without the record."""
    return {
        "claim": claim.name, "section": claim.section, "ledger": claim.ledger, "statement": dict(claim.statement),
        "contradicts": {other: dict(why) for other, why in claim.contradicts.items()}, "note": claim.note,
        "readings": {reading.name: reading.says for reading in claim.readings},
        "answer": asdict(claim.answer) if claim.answer else None,
        "history": [asdict(change) for change in claim.history],
        "conditions": {reading.name: reading.conditions for reading in claim.readings if reading.conditions},
        "units": {
            reading.name: unit for reading in claim.readings
            if (unit := reading.unit or UNITS.get(f"{claim.name} {reading.name}", ""))
        },
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
    from actbench.runs.modules import load

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
    name = experiment.partition(".")[0]
    return name in EXPERIMENTS and EXPERIMENTS[name].exclusive


def observations(experiment: str) -> str:
    """The file of an experiment's observations in a run's folder, without its suffix."""
    return f"{'timings' if rests_on_time(experiment) else 'data'}/{experiment}"


def judged(
    claims: Sequence[Claim], frames: Frames, *, rehearsal: bool, failed: Mapping[str, int] = NONE,
    untested: Mapping[tuple[str, str], str] = NONE, registered: Mapping[tuple[str, str], str] = NONE,
    failures: Mapping[str, Any] = NONE,
) -> Judgements:  # fmt: skip
    """The tables of verdicts and of the estimates behind them, without what rests on time.

    Parameters
    ----------
    claims
        The records, in the order of the rows.
    frames, failed, untested, failures
        As for `actbench.claims.judge.judge`.
    rehearsal
        Whether the experiments ran on a part of their grid: marks every verdict that rests on one. One that rests on
        an experiment with failed cells is marked whatever was run.
    registered
        Claim and reading to how it stands to the register (`actbench.claims.registration.statuses`).
    """
    timed = {(claim.name, r.name): BY_TIME for claim in claims for r in claim.readings if rests_on_time(r.experiment)}
    judgements = []
    for claim in claims:
        every = {**untested, **timed}
        verdicts = judge(claim, frames, failed=failed, untested=every, family=size(claims), failures=failures)
        for rolled in _with_time(claim):  # one verdict a run, in one file
            place = next(i for i, verdict in enumerate(verdicts) if verdict.reading == rolled)
            verdicts[place] = replace(verdicts[place], verdict="not tested", conditions=BY_TIME)
        judgements.append(verdicts)
    return _tables(judgements, rehearsal, registered)


def judged_by_time(
    claims: Sequence[Claim], frames: Frames, *, rehearsal: bool, failed: Mapping[str, int] = NONE,
    untested: Mapping[tuple[str, str], str] = NONE, registered: Mapping[tuple[str, str], str] = NONE,
    failures: Mapping[str, Any] = NONE,
) -> Judgements:  # fmt: skip
    """The same tables and the machine, for the readings that rest on time and for the roll-ups of which one is a part.

    Parameters
    ----------
    claims, frames, rehearsal, failed, untested, registered, failures
        As for `judged`.
    """
    judgements = []
    for claim in claims:
        wanted = {r.name for r in claim.readings if rests_on_time(r.experiment)} | _with_time(claim)
        if wanted:
            every: dict[str, Any] = {
                "failed": failed,
                "untested": untested,
                "family": size(claims),
                "failures": failures,
            }
            verdicts = judge(claim, frames, **every)
            judgements.append([v for v in verdicts if v.reading in wanted])
    here = machine()
    where = f"{here['processor']}, {here['cores_usable']} cores, {here['system']}"
    found = _tables(judgements, rehearsal, registered)
    return found._replace(
        verdicts=found.verdicts.assign(machine=where), estimates=found.estimates.assign(machine=where)
    )


def _with_time(claim: Claim) -> set[str]:
    """The roll-ups of a claim of which a reading that rests on time is a part."""
    levels = {r.level for r in claim.readings if rests_on_time(r.experiment)}
    split = len({r.level for r in claim.readings}) > 1
    return {"overall charitable" if split and level == "charitable" else "overall" for level in levels}


def together(verdicts: pd.DataFrame, timed: pd.DataFrame | None) -> pd.DataFrame:
    """All verdicts of a run in one table, those that rest on time from theirs."""
    import pandas as pd

    if timed is None or not len(timed):
        return verdicts
    both = pd.concat([verdicts, timed[[c for c in verdicts if c in timed]]], ignore_index=True)
    return both.drop_duplicates(["claim", "reading"], keep="last")


def told_again(claims: Sequence[Claim], verdicts: pd.DataFrame, estimates: pd.DataFrame) -> pd.DataFrame:
    """A run's table of verdicts with its conditions in today's words, from its estimates: nothing is measured.

    Parameters
    ----------
    claims, verdicts, estimates
        The records; what a run of them has written.

    Raises
    ------
    ActbenchError
        Where the estimates of a reading give another verdict than the table has: then it has to be judged again.
    """
    told = verdicts.copy()
    for name, reading in [(claim.name, reading) for claim in claims for reading in claim.readings if reading.settings]:
        at, mine = ((table["claim"] == name) & (table["reading"] == reading.name) for table in (verdicts, estimates))
        parts = tuple(map(_setting, estimates[mine].to_dict("records")))
        if not parts or not at.any():
            continue
        had = verdicts[at].iloc[0]
        if (found := of_settings(parts, reading.quantifier)) != had["verdict"]:
            why = f"{name} {reading.name} is {had['verdict']} and its estimates say {found}"
            raise ActbenchError(f"{why}; judge the run again by 'actbench reproduce'")
        lost = lost_cells(had["failed"], reading.experiment)
        words = (lost, each_setting(parts, reading.quantifier), reading.conditions)
        told.loc[at, "conditions"] = "; ".join(filter(None, words))
    return told.astype(COUNTS)


def _setting(row: Mapping[Any, Any]) -> Verdict:
    """A setting's verdict from its row."""
    known = {f.name for f in fields(Verdict)}
    given = {name: value for name, value in row.items() if name in known and value == value}  # no NaN
    return Verdict(kind="experiment", **given)


def _mistake(verdict: Verdict, rehearsal: bool) -> str:
    """Why a reading could not be judged as it is written; where others of its settings were, why these were not."""
    if not verdict.mistake:
        nothing = verdict.verdict == "not tested" and verdict.n == 0 and not verdict.left_out and not rehearsal
        return f"its effect finds nothing in the whole grid ({verdict.conditions})" if nothing else ""
    if verdict.verdict == "not tested":
        return verdict.conditions
    return "; ".join(f"in {part.setting}, {part.conditions}" for part in verdict.settings if part.mistake)


def _tables(
    judgements: Sequence[list[Verdict]], rehearsal: bool, registered: Mapping[tuple[str, str], str]
) -> Judgements:
    """Verdicts claim by claim as rows, and a row for each setting of what was measured, those not tested included."""
    import pandas as pd

    rows, parts = [], []
    for verdicts in judgements:
        measured = {v.reading for v in verdicts if v.kind == "experiment" and v.verdict != "not tested"}
        for verdict in verdicts:
            rests = verdict.reading in measured or (verdict.kind == "roll-up" and bool(measured))
            since = registered.get((verdict.claim, verdict.reading), "")
            marked = rests and (rehearsal or bool(verdict.failed))
            rows.append({**_row(verdict), "registered": since, "rehearsal": marked})
            if verdict.reading in measured:
                parts += [{"setting": v.setting, **_row(v)} for v in verdict.settings or (verdict,)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COUNTS)
    first = ["claim", "reading", "setting", "level", "verdict"]
    last = [
        c
        for c in (*COLUMNS, "family_verdict", *ENDS, *BOOTSTRAP)
        if c not in (*first, "kind", "source", "registered", "rehearsal")
    ]
    mistakes = {
        (v.claim, v.reading): why for verdicts in judgements for v in verdicts if (why := _mistake(v, rehearsal))
    }
    return Judgements(frame, pd.DataFrame(parts, columns=first + last).astype(COUNTS), mistakes)


def _row(verdict: Verdict) -> dict[str, Any]:
    names = {f.name for f in fields(verdict)} & {*COLUMNS, "family_verdict", *ENDS, *BOOTSTRAP}
    return {name: getattr(verdict, name) for name in names}
