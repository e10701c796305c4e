"""The comparison: examine, measure, judge, and keep everything in files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.activations.registry import ACTIVATIONS
from actbench.comparison.arms import Arm, chosen, enter, row_of, rows_of
from actbench.comparison.cost import COLUMNS, raced
from actbench.comparison.elsewhere import elsewhere
from actbench.comparison.measured import PARTS, curves, measure, planned, theory
from actbench.comparison.models import MODELS
from actbench.comparison.tables import tables
from actbench.core.errors import ActbenchError
from actbench.core.views import VIEWS
from actbench.implementations.targets.examine import LIMIT
from actbench.runs import provenance
from actbench.runs.estimate import plan
from actbench.runs.experiment import EXPERIMENTS
from actbench.runs.folder import RunFolder, open_folder
from actbench.runs.progress import follow, note, span
from actbench.runs.workers import Workers, workers_by_default, workers_given
from actbench.statistics.differences import networks_to_decide

if TYPE_CHECKING:
    import pandas as pd

NOT_YET = "was not measured yet: the same command goes on from there"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What a comparison found.

    Parameters
    ----------
    arms
        Who was asked for, those without a part with their reason.
    tables
        ``decisions``, ``comparisons``, ``ranks``, ``medians``, ``measures``, ``scores``.
    frames
        Experiment to observations; ``cost`` and ``theory`` among them.
    failures
        Experiment to the cells that failed.
    run
        What goes into run.json.
    interrupted
        Whether Ctrl-C ended it.
    """

    arms: tuple[Arm, ...]
    tables: dict[str, pd.DataFrame]
    frames: dict[str, pd.DataFrame]
    failures: dict[str, pd.DataFrame]
    run: dict[str, Any] = field(default_factory=dict)
    interrupted: bool = False

    def _repr_html_(self) -> str:
        """Decisions and measures as the page's first screen has them, in a notebook."""
        return str(VIEWS["comparison"](self))


def _how_long(
    asked: Sequence[str], quick: bool, reference: str | None, workers: Workers, *, show: bool
) -> None:  # fmt: skip
    """Say what has begun, before it takes minutes."""
    if not show:
        return
    stages = plan(planned(asked, quick, reference), workers if isinstance(workers, int) else 1)
    cells, about = sum(row["cells"] for row in stages), span(sum(row["seconds"] for row in stages))
    less = "a quick run, nothing of it is final" if quick else "quick=True, or --quick, takes a part of the grid"
    note(f"compare: {cells:,} cells, about {about}, a third or three times that; {less}")
    note(f"compare: trained are {MODELS}")


def compare(
    *names: str | Sequence[str],
    quick: bool = False,
    seed: int = 0,
    workers: Workers | None = None,
    out: str | Path | None = None,
    fresh: bool = False,
    progress: bool = True,
    reference: str | None = None,
    parts: Sequence[str] = PARTS,
    cost: bool = True,
    limit: float = LIMIT,
    budget: float | None = None,
    command: str = "compare",
    only: dict[str, Sequence[Any]] | None = None,
) -> Comparison:
    """Compare activations on the same networks.

    Parameters
    ----------
    *names
        Names and specs of the catalogue, gates among them, and plug-ins: ``FILE.py:OBJ``, ``package.module:OBJ``,
        entry points; or one list of them.
    quick
        A part of the grid: fewer settings, step sizes and networks.
    seed, workers, fresh, progress
        As in `actbench.reproduce`.
    out
        The run's folder; by default ``actbench-out/compare-...``.
    reference
        The arm that decisions are relative to; by default relu where it takes part, else the first.
    parts, cost, only
        Which experiments run; whether passes are raced; levels that are kept: for tests.
    limit
        Seconds for the examination of one plug-in.
    budget
        Seconds for measuring one arm whose code is called; by default half an hour, quick, or eight hours. What it
        takes beyond that is a reason: the tables of the others are there before it begins.
    command
        Whose run it is, for the folder: ``"show"`` for the dossier of one activation.

    Returns
    -------
    A `Comparison`, which is also saved in the folder.

    Raises
    ------
    ActbenchError
        For an unknown name, or where nobody is left to compare.
    """
    import pandas as pd

    asked = tuple(name for each in names for name in ([each] if isinstance(each, str) else each))
    workers = workers_by_default() if workers is None else workers_given(workers)
    if not asked:
        raise ActbenchError("nothing to compare; give names or FILE.py:OBJ")
    rows_of(asked, reference)  # a misspelt name leaves no folder behind
    for name, seconds in {"limit": limit, "budget": budget}.items():
        if seconds is not None and not seconds > 0:
            raise ActbenchError(f"{name} {seconds!r} is no time; give seconds above 0")
    _how_long(asked, quick, reference, workers, show=progress and only is None)
    folder, identity = open_folder(out, command=command, target=" ".join(asked), seed=seed, fresh=fresh,
                                   quick=quick)  # fmt: skip
    started = provenance.now()
    run = {**identity, **provenance.describe(), "quick": quick, "workers": workers, "lang": "en", "started": started,
           "asked": [] if reference is None else ["--reference", reference]}  # fmt: skip
    folder.write_run({**run, "finished": None})
    try:
        with follow("examine plug-ins", len(asked), show=progress) as advance:
            arms = chosen(asked, folder.path / "plugins", limit=limit, workers=workers)
            advance(len(asked))
        alive = [arm for arm in arms if not arm.reason]
        _enough(arms, alive, progress)
    except ActbenchError:
        folder.withdraw()
        raise
    networks = _to_decide(alive, quick, progress)
    with ACTIVATIONS.temporary():
        enter(alive)
        here = [arm for arm in alive if not arm.called]
        options: dict[str, Any] = {"parts": list(parts), "quick": quick, "seed": seed, "workers": workers, "only": only,
                                   "networks": networks}  # fmt: skip
        frames, failures, interrupted = _here(here, folder, options, cost, progress)
        away = {arm.asked: replace(arm, reason=NOT_YET, module="") for arm in alive if arm.called}
        for arm in alive:
            if arm.called and not interrupted:
                _saved([away.get(a.asked, a) for a in arms], frames, failures, reference, run, folder, interrupted=True)
                try:
                    own, reason = elsewhere(arm, folder, options, cost, progress, budget)
                except KeyboardInterrupt:
                    interrupted = True
                    continue
                away[arm.asked] = replace(arm, reason=reason, module="" if reason else arm.module)
                for name, frame in own.items():
                    target = failures if name.endswith(".failures") else frames
                    key = name.removesuffix(".failures")
                    target[key] = pd.concat([target[key], frame], ignore_index=True) if key in target else frame
        final = [away.get(arm.asked, arm) for arm in arms]
        return _saved(final, frames, failures, reference, run, folder, interrupted=interrupted)


def _here(
    arms: Sequence[Arm], folder: RunFolder, options: dict[str, Any], cost: bool, progress: bool
) -> tuple[dict[str, Any], dict[str, Any], bool]:
    """Rows of the catalogue and traced code, measured in this process: frames, failures, and whether it was stopped."""
    import pandas as pd

    if not arms:
        return {}, {}, False
    frames: dict[str, Any] = {}
    if cost:
        frames["cost"] = pd.DataFrame(raced(arms), columns=list(COLUMNS))
    if single := [arm.spec for arm in arms if not arm.gate]:
        frames["theory"] = pd.DataFrame([theory(spec) for spec in single])
        frames["curves"] = pd.DataFrame([row for spec in single for row in curves(spec)])
    found, failures, interrupted = measure(arms, store=folder.store, progress=progress, **options)
    return frames | found, failures, interrupted


def _saved(
    arms: Sequence[Arm], frames: dict[str, Any], failures: dict[str, Any], reference: str | None, run: dict[str, Any],
    folder: RunFolder, *, interrupted: bool,
) -> Comparison:  # fmt: skip
    """The comparison of the arms that are measured, in the folder too."""
    import pandas as pd

    alive = [arm for arm in arms if not arm.reason]
    versus = _reference(alive, reference, strict=not interrupted) if alive else ""
    found = tables(alive, frames, versus) if alive else {"measures": pd.DataFrame()}
    finished = None if interrupted else provenance.now()
    result = Comparison(arms=tuple(arms), tables=found, frames=dict(frames), failures=dict(failures),
                        interrupted=interrupted, run={**run, "reference": versus, "finished": finished})  # fmt: skip
    save(result, folder)
    return result


def _enough(arms: Sequence[Arm], alive: Sequence[Arm], progress: bool) -> None:
    """Say at once who takes no part, for measuring the others may take long; without a second arm there is nothing."""
    refused = [f"{arm.asked}: {arm.reason}" for arm in arms if arm.reason]
    if refused and len(alive) < 2:
        beside = f"nobody is left to compare with {alive[0].asked}" if alive else "nobody is left to compare"
        raise ActbenchError(f"{beside}; {'; '.join(refused)}")
    for said in refused:
        note(f"takes no part: {said}", show=progress)


def _to_decide(alive: Sequence[Arm], quick: bool, progress: bool) -> int:
    """The networks whose smallest p is small enough for all decisions together: on accuracy, and on divergence."""
    import actbench.experiments  # noqa: F401  fills the registry

    single = sum(not arm.gate for arm in alive)  # gates are in no panel
    networks = networks_to_decide(max(1, 2 * (single - 1)))
    usual = len(EXPERIMENTS["panel"].quick["net"])
    if quick and networks > usual:
        note(f"{usual} networks could decide nothing among {single} arms: the panel takes {networks} of the full "
             "grid's", show=progress)  # fmt: skip
    return networks


def _reference(alive: Sequence[Arm], asked: str | None, *, strict: bool = True) -> str:
    specs = [arm.spec for arm in alive]
    if asked is not None:
        match = [arm.spec for arm in alive if asked in (arm.asked, arm.spec) or row_of(asked) == arm.spec]
        if not match and strict:
            raise ActbenchError(f"--reference {asked!r} takes no part; known: {', '.join(specs)}")
        specs = match or specs
    return specs[0] if asked is not None else "relu" if "relu" in specs else specs[0]


def save(result: Comparison, folder: RunFolder) -> None:
    """Write every table and frame; times lie apart from what depends on the seed alone."""
    for name, frame in result.tables.items():
        folder.write_frame(name, frame)
    for name, frame in result.frames.items():
        folder.write_frame(f"timings/{name}" if name == "cost" else f"data/{name}", frame)
    for name, frame in result.failures.items():
        folder.write_frame(f"data/{name}.failures", frame)
    folder.write_json("arms", [
        {"asked": arm.asked, "spec": arm.spec, "reason": arm.reason, "called": arm.called,
         "module": Path(arm.module).name, **{k: arm.found.get(k) for k in
         ("kind", "library", "why_not", "derived", "disagrees", "disagrees_at", "slope_differs", "nonlinear",
          "remarks", "facts")}}
        for arm in result.arms
    ])  # fmt: skip
    folder.write_run(result.run)
