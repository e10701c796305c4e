"""`reproduce`: run what a ledger's claims need, judge them, and keep everything in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.claims import calibration
from actbench.claims.claim import Claim
from actbench.claims.family import Family, family
from actbench.claims.registration import combined, digests, statuses
from actbench.claims.rehearsal import Rehearsal, rehearsals, sufficient
from actbench.claims.verdicts import chosen, described, judged, judged_by_time, observations, together
from actbench.core.streams import whole
from actbench.report.phrases import phrases
from actbench.runs import provenance
from actbench.runs.cells import Cell
from actbench.runs.estimate import titles
from actbench.runs.experiment import EXPERIMENTS, Experiment
from actbench.runs.folder import RunFolder, open_folder
from actbench.runs.progress import follow, note, stages
from actbench.runs.workers import Workers, workers_by_default, workers_given

if TYPE_CHECKING:
    import pandas as pd


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
    untested
        Claim and reading to why it could not be judged as it is written, found before anything ran or while judging.
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
    untested: dict[tuple[str, str], str] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def family(self) -> Family | None:
        """All verdicts together: how many of them chance alone would make wrong."""
        return family([self.estimates, self.timing_estimates])

    @property
    def whole(self) -> pd.DataFrame:
        """All verdicts, those that rest on time among them."""
        return together(self.verdicts, self.timing_verdicts)

    def _repr_html_(self) -> str:
        """The page's first screen, in a notebook: verdicts, and an answer of one sentence a claim."""
        from actbench.report.notebook import report

        return report(self)

    def write_tables(self, folder: RunFolder) -> None:
        """Write the judgements: what was found, without the observations."""
        folder.write_frame("verdicts", self.verdicts)
        folder.write_frame("estimates", self.estimates)
        if len(self.timing_verdicts):
            folder.write_frame("timing_verdicts", self.timing_verdicts)
            folder.write_frame("timing_estimates", self.timing_estimates)
        if self.instrument is not None:
            folder.write_frame("instrument", self.instrument)

    def save(self, directory: str | Path, *, progress: bool = True) -> RunFolder:
        """Write every file of the run but the cell store; figures and pages are drawn from the files."""
        folder = RunFolder(Path(directory))
        self.write_tables(folder)
        for name, frame in self.frames.items():
            folder.write_frame(observations(name), frame)
        for name, frame in self.failures.items():
            folder.write_frame(f"{observations(name)}.failures", frame)
        folder.write_json("claims", [described(claim) for claim in self.claims])
        folder.write_run(self.run)
        from actbench.report.page import render

        render(folder, progress=progress)
        return folder


def reproduce(
    *targets: str,
    quick: bool = False,
    seed: int = 0,
    workers: Workers | None = None,
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
        A part of each grid: fewer settings, step sizes and networks. The verdicts are marked as a quick run's.
    seed, workers
        The master seed; how many processes compute, or a scheduler's address; by default the cores, as on the command
        line (this process alone where rows or experiments are defined in the running script).
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
    workers = workers_by_default() if workers is None else workers_given(workers)
    whole(seed, "seed")
    phrases(lang)
    claims = chosen(targets)
    modules = [target for target in targets if target.endswith(".py")]
    folder, identity = None, {"command": "reproduce", "target": " ".join(targets), "seed": seed}
    if out is not None:
        folder, identity = open_folder(out, command="reproduce", target=" ".join(targets), seed=seed, fresh=fresh,
                                       quick=quick)  # fmt: skip
    started = provenance.now()
    run = {**identity, **provenance.describe(), "quick": quick, "workers": workers, "lang": lang, "started": started}
    if folder is not None:
        folder.write_run({**run, "finished": None})
    tried = rehearsals(claims)
    untested = {key: each.problem for key, each in tried.items() if each.problem}
    for (claim, reading), why in untested.items():
        note(f"{claim} {reading} is not tested: {why}", show=progress)
    results = _measured(_stages(claims, targets, quick, tried), seed, workers, folder, progress, modules)
    report = _judged(claims, tried, untested, results, run, progress)
    if folder is not None:
        report.save(folder.path, progress=progress)
    return report


def _judged(
    claims: tuple[Claim, ...], tried: Mapping[tuple[str, str], Rehearsal], untested: Mapping[tuple[str, str], str],
    results: Mapping[str, Any], run: Mapping[str, Any], progress: bool,
) -> Report:  # fmt: skip
    """The report on what runs have found."""
    experiments = {
        name: {"cells": r.computed + r.reused + len(r.failures), "reused": r.reused, "failed": len(r.failures)}
        | {"dtype": EXPERIMENTS[r.experiment].dtype, "backend": EXPERIMENTS[r.experiment].backend}
        for name, r in results.items()
    }
    frames = {name: result.frame for name, result in results.items()}
    interrupted = any(result.interrupted for result in results.values())
    failed = {name: len(result.failures) for name, result in results.items()}
    failures = {name: result.failures for name, result in results.items() if len(result.failures)}
    hashes = digests(claims, tried)
    given: dict[str, Any] = {"failed": failed, "rehearsal": run["quick"] or interrupted, "untested": untested,
                             "registered": statuses(hashes), "failures": failures}  # fmt: skip
    with follow("judge", len(claims), show=progress, unit="claims") as advance:
        found = judged(claims, frames, **given)
        by_time = judged_by_time(claims, frames, **given)
        advance(len(claims))
    twice = calibration.EXPERIMENT
    measured = found.estimates[found.estimates["n"] > 0]
    return Report(
        verdicts=found.verdicts,
        estimates=found.estimates,
        timing_verdicts=by_time.verdicts,
        timing_estimates=by_time.estimates,
        frames=frames,
        instrument=calibration.examine(frames[twice], measured) if twice in frames else None,
        failures=failures,
        untested={**untested, **found.mistakes, **by_time.mistakes},
        claims=claims,
        run={
            **run,
            "expectations": combined(hashes),
            "experiments": experiments,
            "finished": None if interrupted else provenance.now(),
        },
        interrupted=interrupted,
    )


def work(claims: Sequence[Claim], targets: Sequence[str], quick: bool) -> list[tuple[Experiment, Sequence[Cell]]]:
    """The experiments that claims need and their cells, timings last, when nothing else runs."""
    return list(_stages(claims, targets, quick, rehearsals(claims)).values())


def _stages(
    claims: Sequence[Claim], targets: Sequence[str], quick: bool, tried: Mapping[tuple[str, str], Rehearsal]
) -> dict[str, tuple[Experiment, Sequence[Cell]]]:
    """The same by the name of their observations: an experiment's grid, and what readings ask for beside it.

    Of a grid the cells that are read; for a whole ledger all of it, for its figures, and the method's own test.
    """
    whole = bool({claim.ledger for claim in claims} & set(targets))
    needed: dict[str, set[str]] = {calibration.EXPERIMENT: set()} if whole else {}
    asked: dict[str, list[Mapping[str, Any]]] = {}
    for claim in claims:
        for reading in claim.readings:
            rehearsal = tried.get((claim.name, reading.name))
            if rehearsal is None or rehearsal.problem:
                continue
            read = needed.setdefault(reading.observations, set())
            if reading.grid:
                asked.setdefault(reading.observations, []).append(reading.grid)
            elif not whole:
                read.update(map(repr, sufficient(reading, rehearsal)))
    found: dict[str, tuple[Experiment, Sequence[Cell]]] = {}
    for each in sorted(EXPERIMENTS, key=lambda each: each.exclusive):  # keeps the order among the others
        beside = f"{each.name}.asked"
        if each.name in needed:
            cells = each.cells(quick=quick)
            found[each.name] = (each, cells if whole else [c for c in cells if repr(c) in needed[each.name]])
        if beside in needed:
            own = [cell for grid in asked[beside] for cell in each.cells(quick=quick, **grid)]
            found[beside] = (each, list({repr(cell): cell for cell in own}.values()))
    return found


def _measured(
    planned: Mapping[str, tuple[Experiment, Sequence[Cell]]], seed: int, workers: Workers, folder: RunFolder | None,
    progress: bool, modules: list[str],
) -> dict[str, Any]:  # fmt: skip
    # What drawing needs is loaded first: an interrupt inside a lazy import leaves SciPy half loaded, and no report.
    import scipy.stats  # noqa: F401
    import seaborn  # noqa: F401
    import sklearn.model_selection  # noqa: F401

    from actbench.runs.runner import run as run_cells

    results: dict[str, Any] = {}
    with stages(titles(list(planned.values())), show=progress):
        for name, (experiment, cells) in planned.items():
            result = run_cells(
                experiment, cells, seed=seed, workers=workers, store=None if folder is None else folder.store,
                progress=progress, modules=modules,
            )  # fmt: skip
            results[name] = result
            if result.interrupted:
                break
    return results
