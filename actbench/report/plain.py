"""The page of a plain `run` or a `bench`: the question, means with intervals, figures, and where every number lies."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.core.errors import ActbenchError
from actbench.core.files import write_text
from actbench.core.numerals import numbers
from actbench.report import races
from actbench.report.chinese import chinese
from actbench.report.content import provenance_lines
from actbench.report.foot import foot_of
from actbench.report.page import beside, draw_figures, template, typeset
from actbench.report.phrases import phrases
from actbench.runs.experiment import EXPERIMENTS, Experiment
from actbench.runs.folder import RunFolder
from actbench.statistics.estimates import Estimate

if TYPE_CHECKING:
    import pandas as pd

COMMANDS = ("run", "bench")
RACES = "throughput"  # the experiment whose rows are races
UNITS = ("net", "neuron")  # batch factors whose levels are independent units: means are taken over them
INNER = ("layer", "current", "epoch")  # columns that are no factors and no measures: places inside of a unit
LONG = (
    "samples_s",
    "places",
    "warnings",
    "at_hex",
    "peers",
    "most_rounds",
    "most_seconds",
    "code",
)  # for the CSV alone
RANGES = (  # what a column's meaning begins with or names, and the range that its values cannot leave
    (re.compile(r"^(accuracy|units|paths|pairs|probability|whether)\b|\bshare\b|\bis not finite\b"), (0.0, 1.0)),
    (re.compile(r"^cosine\b"), (-1.0, 1.0)),
    (re.compile(r"^((root )?mean square|mean of the squared|mean absolute|sum of the absolute|mean training loss|loss|"
                r"(their )?variance|the largest|largest|length|epochs|spikes|rate|linear pieces|fourth standardised|"
                r"start mapped: largest|time|seconds|bytes|batches|number|count)\b"), (0.0, math.inf)),
)  # fmt: skip
MOST_ROWS = 200


def summarised(experiment: Experiment, frame: pd.DataFrame, *, most: int = MOST_ROWS) -> pd.DataFrame:
    """What a frame says: of independent units, means with 95 % intervals and n; of anything else, its rows.

    Columns are the factors that vary, then the measures as text; at most so many rows, of the first settings.
    ``attrs["more"]`` says how many are left out: a setting takes some milliseconds, and grids have 10^5.
    ``attrs["silent"]`` has the reasons of rows without any number, which are not among them.
    """
    import pandas as pd

    varying = [f for f in experiment.factors if f != experiment.batch and f in frame and frame[f].nunique() > 1]
    if experiment.batch not in UNITS or not len(frame):
        first = [*varying, *([experiment.batch] if experiment.batch else [])]
        frame, silent = _apart(experiment, frame)
        told = [c for c in experiment.columns if c in frame and frame[c].notna().any() and c not in LONG]
        table = frame[[*dict.fromkeys([*(c for c in first if c not in LONG), *told])]]
        return _cut(table.map(_brief), len(frame), most, silent)
    keys = [*varying, *(column for column in INNER if column in experiment.columns)]
    measures = [c for c in experiment.columns if c in frame and c not in INNER and frame[c].dtype.kind in "fib"]
    rows, settings = [], 1
    groups: Any = [((), frame)]
    if keys:
        number = frame.groupby(keys, sort=False).ngroup()
        settings, groups = int(number.max()) + 1, frame[number < most].groupby(keys, sort=False)
    bounds = ranges(experiment)
    for key, part in groups:
        estimates = {m: Estimate.of(list(part.groupby(experiment.batch)[m].mean()), bounds=bounds[m]) for m in measures}
        texts = {m: _told(e) for m, e in estimates.items()}
        n = {e.n for e in estimates.values() if e.n}
        rows.append({**dict(zip(keys, key, strict=True)), **texts, "n": max(n, default=0)})
    return _cut(pd.DataFrame(rows), settings, most)


def _cut(table: pd.DataFrame, whole: int, most: int, silent: str = "") -> pd.DataFrame:
    table = table.head(most)
    table.attrs["more"], table.attrs["silent"] = max(whole - most, 0), silent
    return table


def _apart(experiment: Experiment, frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The rows that say something, and the reasons of the others, each once."""
    said = [c for c in experiment.columns if c in frame and c != "reason"]
    if "reason" not in frame or not said:
        return frame, ""
    empty = frame["reason"].notna() & frame[said].isna().all(axis=1)
    reasons = dict.fromkeys(map(str, frame[empty]["reason"]))
    return (frame[~empty], "; ".join(reasons)) if not empty.all() else (frame, "")


def _brief(value: Any) -> Any:
    """A vector's numbers in four digits; anything else as it is."""
    try:
        return " ".join(f"{float(x):.4g}" for x in value.split()) if isinstance(value, str) and " " in value else value
    except ValueError:
        return value


def ranges(experiment: Experiment) -> dict[str, tuple[float, float]]:
    """Where the values of each column can be, by what its meaning says; "the same" is what the one before says."""
    found: dict[str, tuple[float, float]] = {}
    last = (-math.inf, math.inf)
    for column, meaning in experiment.columns.items():
        if not meaning.startswith("the same"):
            last = next((ends for words, ends in RANGES if words.search(meaning)), (-math.inf, math.inf))
        found[column] = last
    return found


def _told(estimate: Estimate) -> str:
    """A mean with its interval; alone where the values agree and nothing bounds them."""
    low, high = estimate.interval()
    return " ".join(numbers(estimate.value, *((low, high) if math.isfinite(high - low) else ()))).strip()


def render(folder: RunFolder, *, lang: str | None = None) -> Path:
    """Draw the figures and the page of a run from its files; the path of the page.

    Raises
    ------
    ActbenchError
        Where the folder lacks its observations, or the experiment is not known any more.
    """
    import actbench.experiments  # noqa: F401  fills the registry

    run = folder.read_run()
    lang = lang or str(run.get("lang", "en"))
    t, name = phrases(lang), str(run.get("target"))
    if name not in EXPERIMENTS:
        raise ActbenchError(
            f"no experiment {name!r} here; it was run with a file of one's own: give it to 'actbench run'"
        )
    experiment = EXPERIMENTS[name]
    place = next((f"{p}/{name}" for p in ("data", "timings") if (folder.path / p / f"{name}.csv").exists()), "")
    if not place:
        raise ActbenchError(
            f"{str(folder.path)!r} has no observations of {name}; give the same command again, it goes on"
        )
    frame = folder.read_frame(place)
    raced = name == RACES
    table = _cut(timed := races.shown(frame), len(timed), MOST_ROWS) if raced else summarised(experiment, frame)
    failures = folder.path / f"{place}.failures.csv"
    content = {
        "title": f"{t['run of']}: {name}", "answer": t["stop"].format(text=races.summary(frame, t)) if raced else "",
        "silent": races.silent(frame) if raced else table.attrs["silent"], "question": chinese(experiment.question, t),
        "rehearsal": bool(run.get("quick")),
        "unfinished": not run.get("finished"), "head": list(table.columns),
        "rows": [["" if v != v or v is None else v for v in row] for row in table.values.tolist()],
        "more": table.attrs["more"], "observations": len(frame), "file": f"{place}.csv",
        "columns": {c: chinese(experiment.columns[c], t) for c in table.columns if c in experiment.columns},
        "failures": len(folder.read_frame(f"{place}.failures")) if failures.exists() else 0,
        "units": experiment.batch in UNITS, "figures": draw_figures(folder, run, lang), **provenance_lines(run, t),
        "foot": foot_of(run, folder.path),
    }  # fmt: skip
    page = write_text(
        folder.at(f"report{beside(run, lang)}.html"),
        typeset(template("run.html").render(**content, t=t, lang=lang), lang),
    )
    folder.list_files(begin=False)
    return page
