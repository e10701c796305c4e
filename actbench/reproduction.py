"""`reproduce`: run what a ledger's claims need, judge them, and keep everything in files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.claims.registration import combined
from actbench.errors import ActbenchError, unknown
from actbench.folder import RunFolder, open_folder
from actbench.judging import instrument
from actbench.judging.judge import BOOTSTRAP, ENDS, Verdict, judge
from actbench.records.claim import Claim
from actbench.registry import CLAIMS, EXPERIMENTS
from actbench.report.phrases import phrases
from actbench.running import provenance
from actbench.streams import whole

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "claim", "reading", "level", "kind", "verdict", "value", "low", "high", "judged_level", "judged_low",
    "judged_high", "n", "n_unit", "detectable", "n_to_settle", "expected", "conditions", "experiment", "source",
    "rehearsal",
)  # fmt: skip
COUNTS = {"n": "Int64", "n_to_settle": "Int64"}  # whole numbers that may be missing


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a reproduction found.

    Parameters
    ----------
    verdicts
        One row a reading, and the roll-ups; the columns of ``verdicts.csv``.
    estimates
        One row for each setting of an experimental reading that was judged.
    frames
        Experiment name to its tidy observations.
    timing_verdicts, timing_estimates
        The same columns and the machine, for readings that rest on time, and the roll-ups with them; no two runs agree
        on time to the last digit, so that ``verdicts`` leaves them out.
    instrument
        How often the statistics told equal arms apart; None where no whole ledger was judged.
    failures
        Experiment name to the cells that failed, with their reasons.
    claims
        The records that were judged.
    run
        What goes into run.json.
    interrupted
        Whether Ctrl-C ended the run; the verdicts then rest on what was finished.
    """

    verdicts: pd.DataFrame
    estimates: pd.DataFrame
    frames: dict[str, pd.DataFrame]
    instrument: pd.DataFrame | None
    failures: dict[str, pd.DataFrame]
    claims: tuple[Claim, ...]
    timing_verdicts: pd.DataFrame
    timing_estimates: pd.DataFrame
    run: dict[str, Any] = field(default_factory=dict)
    interrupted: bool = False

    def _repr_html_(self) -> str:
        shown = self.verdicts[["claim", "reading", "verdict", "value", "low", "high", "n", "conditions"]]
        html: str = shown.to_html(index=False, escape=True, na_rep="", float_format="{:.3g}".format)
        return html

    def save(self, directory: str | Path) -> RunFolder:
        """Write every file of the run but the cell store; figures and pages are drawn from the files."""
        folder = RunFolder(Path(directory))
        folder.write_frame("verdicts", self.verdicts)
        folder.write_frame("estimates", self.estimates)
        if len(self.timing_verdicts):
            folder.write_frame("timing_verdicts", self.timing_verdicts)
            folder.write_frame("timing_estimates", self.timing_estimates)
        if self.instrument is not None:
            folder.write_frame("instrument", self.instrument)
        for name, frame in self.frames.items():
            folder.write_frame(observations(name), frame)
        for name, frame in self.failures.items():
            folder.write_frame(f"{observations(name)}.failures", frame)
        folder.write_json("claims", [described(claim) for claim in self.claims])
        folder.write_run(self.run)
        from actbench.report.page import render

        render(folder)
        return folder


def described(claim: Claim) -> dict[str, Any]:
    """What a page needs of a record, as plain data, so that it can be rendered without the record."""
    return {
        "claim": claim.name, "section": claim.section, "ledger": claim.ledger, "statement": dict(claim.statement),
        "contradicts": {other: dict(why) for other, why in claim.contradicts.items()}, "note": claim.note,
        "readings": {reading.name: reading.says for reading in claim.readings},
        "conditions": {reading.name: reading.conditions for reading in claim.readings if reading.conditions},
    }  # fmt: skip


def natural(claim: Claim) -> tuple[int, str]:
    """C2 before C10, C10 before C10b."""
    number = re.search(r"\d+", claim.name)
    return (int(number.group()) if number else 0, claim.name)


def chosen(targets: Sequence[str]) -> tuple[Claim, ...]:
    """The claims that targets name: a ledger, ids of claims, or files with ledgers of their own.

    Raises
    ------
    ActbenchError
        For a target that is none of these, or a file that cannot be loaded or defines no claim.
    """
    import actbench.claims
    import actbench.experiments  # noqa: F401  both fill their registries

    found: dict[str, Claim] = {}
    for target in targets:
        ledgers = {claim.ledger for claim in CLAIMS}
        if target in ledgers:
            part: Iterable[Claim] = sorted((c for c in CLAIMS if c.ledger == target), key=natural)
        elif target in CLAIMS:
            part = [CLAIMS[target]]
        elif target.endswith(".py"):
            part = _from_file(target)
        else:
            raise unknown("ledger or claim", target, [*ledgers, *CLAIMS.names()])
        found.update({claim.name: claim for claim in part})
    return tuple(found.values())


def _from_file(target: str) -> list[Claim]:
    from actbench.running.workers import load

    before = set(CLAIMS.names())
    if not Path(target).is_file():
        raise ActbenchError(f"no file {target!r}; give a Python file that calls actbench.claim(...)")
    load([target])
    new = [claim for claim in CLAIMS if claim.name not in before]
    if not new:
        raise ActbenchError(f"{target} defines no claim; call actbench.claim(...) in it")
    return new


def reproduce(
    *targets: str,
    quick: bool = False,
    seed: int = 0,
    workers: int = 1,
    out: str | Path | None = None,
    fresh: bool = False,
    progress: bool = True,
    lang: str = "en",
) -> Report:
    """Run the experiments that claims need, and judge the claims.

    Parameters
    ----------
    *targets
        ``"article"`` (the default), ids such as ``"C10"``, or files with claims of your own.
    quick
        Take each experiment's sub-grid: the same cells, fewer networks. The verdicts are marked as rehearsals.
    seed, workers
        The master seed; how many processes compute.
    out
        The run's folder, where cells are kept for resuming and all files are written. None, from Python, keeps nothing.
    fresh
        Whether to delete what the folder holds of an earlier run.
    progress
        False for silence on stderr.
    lang
        The language of the page: ``"en"`` or ``"zh"``.

    Returns
    -------
    A `Report`; with ``out`` it is already saved there.

    Raises
    ------
    ActbenchError
        For a request that cannot be met.
    """
    targets = targets or ("article",)
    whole(workers, "workers", 1)
    whole(seed, "seed")
    phrases(lang)
    claims = chosen(targets)
    modules = [target for target in targets if target.endswith(".py")]
    folder, identity = None, {"command": "reproduce", "target": " ".join(targets), "seed": seed}
    if out is not None:
        folder, identity = open_folder(out, command="reproduce", target=" ".join(targets), seed=seed, fresh=fresh)
    started = provenance.now()
    run = {**identity, **provenance.describe(), "quick": quick, "workers": workers, "lang": lang, "started": started}
    if folder is not None:
        folder.write_run({**run, "finished": None})
    needed = {reading.experiment for claim in claims for reading in claim.readings if reading.effects}
    if {claim.ledger for claim in claims} & set(targets):  # a whole ledger: the method is put to the test as well
        needed.add(instrument.EXPERIMENT)
    results = _measured(needed, quick, seed, workers, folder, progress, modules)
    experiments = {
        name: {"cells": r.computed + r.reused + len(r.failures), "reused": r.reused, "failed": len(r.failures)}
        | {"dtype": EXPERIMENTS[name].dtype, "backend": EXPERIMENTS[name].backend}
        for name, r in results.items()
    }
    frames = {name: result.frame for name, result in results.items()}
    interrupted = any(result.interrupted for result in results.values())
    verdicts, estimates = judged(claims, frames, rehearsal=quick or interrupted)
    by_time = judged_by_time(claims, frames, rehearsal=quick or interrupted)
    trial = instrument.EXPERIMENT
    report = Report(
        verdicts=verdicts,
        estimates=estimates,
        timing_verdicts=by_time[0],
        timing_estimates=by_time[1],
        frames=frames,
        instrument=instrument.examine(frames[trial], estimates) if trial in frames else None,
        failures={name: result.failures for name, result in results.items() if len(result.failures)},
        claims=claims,
        run={
            **run,
            "expectations": combined(claims),
            "experiments": experiments,
            "finished": None if interrupted else provenance.now(),
        },
        interrupted=interrupted,
    )
    if folder is not None:
        report.save(folder.path)
    return report


def _measured(
    needed: set[str],
    quick: bool,
    seed: int,
    workers: int,
    folder: RunFolder | None,
    progress: bool,
    modules: list[str],
) -> dict[str, Any]:
    # What drawing needs is loaded first: an interrupt inside a lazy import leaves SciPy half loaded, and no report.
    import scipy.stats  # noqa: F401
    import seaborn  # noqa: F401
    import sklearn.model_selection  # noqa: F401

    from actbench.running.runner import run as run_cells

    results: dict[str, Any] = {}
    # timings last, when nothing else runs; sorted() keeps the order among the others
    for experiment in sorted(EXPERIMENTS, key=lambda experiment: experiment.exclusive):
        if experiment.name not in needed:
            continue
        result = run_cells(
            experiment, experiment.cells(quick=quick), seed=seed, workers=workers,
            store=None if folder is None else folder.store, progress=progress, modules=modules,
        )  # fmt: skip
        results[experiment.name] = result
        if result.interrupted:
            break
    return results


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
    machine = provenance.machine()
    where = f"{machine['processor']}, {machine['cores_usable']} cores, {machine['system']}"
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
