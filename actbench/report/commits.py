"""The page "performance over commits": asv's results as one small figure a benchmark, and a table of what changed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.core.files import write_text
from actbench.drawing.style import PALETTE, save, theme
from actbench.drawing.words import WORDS
from actbench.report.chinese import chinese
from actbench.report.foot import foot
from actbench.report.page import beside, pictured, template, typeset
from actbench.report.phrases import phrases
from actbench.speed.commits.asv_results import FAILED, OK, SKIPPED, read_results

if TYPE_CHECKING:
    import pandas as pd

DEFAULT = "actbench-out/performance"
SERIES = ["benchmark", "version", "machine", "environment", "parameters"]
FEW = 8  # lines that one panel holds
LIMIT = 120_000  # bytes of an SVG; one benchmark with a hundred lines among a dozen small ones
POINTS, STROKES = 2000, 400  # that fit into it: older commits, and intervals, are left out of the drawing
CHANGED = 1.05  # from here on a change is worth a line in the table, where the intervals are apart too


def render_commits(results: str | Path, out: str | Path | None = None, *, lang: str = "en") -> Path:
    """Write ``report.html``, ``performance.csv`` and ``figures/`` from a folder of asv's results.

    Parameters
    ----------
    results
        asv's results.
    out
        Where the page goes; by default ``actbench-out/performance``.
    lang
        ``"en"`` or ``"zh"``.

    Returns
    -------
    The path of report.html, or of report-zh.html beside it: one file, nothing from outside, complete with scripts off.
    """
    frame, t, mark = read_results(results), phrases(lang), beside({}, lang)
    place = Path(DEFAULT if out is None else out)
    write_text(place / "performance.csv", frame.to_csv(index=False, lineterminator="\n"))
    content = {
        "commits": _commits(frame),
        "places": _places(frame),
        "failed": _failed(frame),
        "changes": changes(frame),
        "alone": int(_one_sample(frame).sum()),
        "benchmarks": [
            _benchmark(str(name), part, place / f"figures/{name}{mark}", t) for name, part in frame.groupby("benchmark")
        ],
        "foot": foot("asv run", "actbench report .asv/results", place),
    }
    page = typeset(template("performance.html", t).render(**content, t=t, lang=lang), lang)
    return write_text(place / f"report{mark}.html", page)


def _commits(frame: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for commit in dict.fromkeys(frame["commit"]):
        part = frame[frame["commit"] == commit]
        rows.append(
            {"commit": commit[:10], "date": part["date"].iloc[0].strftime("%Y-%m-%d %H:%M"),
             **{status: int((part["status"] == status).sum()) for status in ("ok", "failed", "skipped")}}
        )  # fmt: skip
    return rows


def _places(frame: pd.DataFrame) -> list[str]:
    return sorted({f"{m}, {e}" for m, e in zip(frame["machine"], frame["environment"], strict=True)})


def _failed(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """What failed at the last commit that has results for it."""
    last = frame.groupby(SERIES, sort=False).tail(1)
    return [
        {"benchmark": name, "commit": str(commit)[:10], "count": len(part)}
        for (name, commit), part in last[last["status"] == FAILED].groupby(["benchmark", "commit"])
    ]


def changes(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Where the last value of a series lies apart from the one before: the largest changes first.

    Apart: their 99 % intervals do not overlap and the factor is `CHANGED` or more. Of a time without an interval there
    is one sample, and nothing is claimed; other values without one (errors, sizes) count as exact.
    asv's interval is of one run's noise; another day's machine is not in it, so that a change here is a hint, and
    ``actbench bench --against`` the proof.
    """
    rows = []
    for key, part in frame[frame["status"] == OK].groupby(SERIES, sort=False):
        if len(part) < 2 or _one_sample(part.iloc[-2:]).any():
            continue
        before, now = (row for _, row in part.iloc[-2:].iterrows())
        lows = [row["value"] if math.isnan(row["low"]) else row["low"] for row in (before, now)]
        highs = [row["value"] if math.isnan(row["high"]) else row["high"] for row in (before, now)]
        apart = lows[1] > highs[0] or highs[1] < lows[0]
        factor = _factor(now["value"], before["value"])
        if apart and abs(math.log(factor) if 0 < factor < math.inf else math.inf) >= math.log(CHANGED):
            rows.append(
                {"benchmark": key[0], "parameters": key[4], "before": shown(before["value"], now["unit"]),
                 "now": shown(now["value"], now["unit"]), "factor": factor, "said": f"{factor:.2f}",
                 "from": before["commit"][:10], "to": now["commit"][:10]}
            )  # fmt: skip
    return sorted(rows, key=lambda row: -abs(math.log(row["factor"]) if 0 < row["factor"] < math.inf else math.inf))


def _one_sample(frame: pd.DataFrame) -> pd.Series[bool]:
    """Times without an interval, as ``asv run --quick`` leaves them."""
    return (frame["status"] == OK) & (frame["unit"] == "seconds") & (frame["low"].isna() | frame["high"].isna())


def _factor(now: float, before: float) -> float:
    if now == before:
        return 1.0
    return now / before if before else math.inf


def shown(value: float, unit: str) -> str:
    """A value with its unit in three digits: 12.3 ms, 4.56 MB, 2.33 ulp."""
    if not math.isfinite(value):
        return "" if math.isnan(value) else str(value)
    scales: tuple[tuple[float, str], ...] = ((1.0, unit),)
    if unit == "seconds":
        scales = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
    elif unit == "bytes":
        scales = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "bytes"))
    scale, name = next((one for one in scales if abs(value) >= one[0]), scales[-1] if value else scales[0])
    return f"{value / scale:.3g} {name}".strip()


def _benchmark(name: str, part: pd.DataFrame, place: Path, t: dict[str, str]) -> dict[str, Any]:
    """One benchmark's figure and the table of its last values."""
    unit = part["unit"].iloc[-1]
    relative = unit in ("seconds", "bytes")
    figure = None
    drawn = part[part["status"] != SKIPPED]
    if len(drawn):
        scale = chinese("relative to the first value" if relative else unit, t)
        picture = save(_figure(drawn, relative), place, limit=LIMIT, words=WORDS.get(t["language"]))
        caption = chinese("Over commits, %s; the numbers are in the table below.", t) % scale
        figure = pictured(place.name, "", caption, picture)
    latest = []
    for key, series in part.groupby(SERIES, sort=False):
        ok = series[series["status"] == OK]
        row = series.iloc[-1]
        low = shown(max(row["low"], 0.0) if relative else row["low"], unit)  # no time is below 0; NaN stays
        high = shown(row["high"], unit)
        latest.append(
            {"parameters": key[4] or "-", "machine": key[2], "commit": row["commit"][:10], "status": row["status"],
             "value": shown(row["value"], unit), "interval": f"[{low}, {high}]" if low else "",
             "first": f"{_factor(row['value'], ok['value'].iloc[0]):.2f}" if row["status"] == OK else "",
             "n": len(ok)}
        )  # fmt: skip
    return {
        "name": name, "unit": unit, "relative": relative, "latest": latest,
        "figure": figure,
    }  # fmt: skip


def _figure(part: pd.DataFrame, relative: bool) -> Any:
    """Small panels over commits, one for each value of the first parameter where there are many lines."""
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    commits = list(dict.fromkeys(part["commit"]))
    commits = commits[-max(8, POINTS // part.groupby(SERIES).ngroups) :]
    part = part[part["commit"].isin(commits)]
    strokes = len(part) <= STROKES
    machines = part["machine"].nunique() > 1 or part["environment"].nunique() > 1
    split = part["parameters"].str.partition(", ")
    many = part.groupby(SERIES).ngroups > FEW and bool((split[2] != "").any())
    panel = split[0] if many else part["parameters"].map(lambda _: "")
    line = split[2] if many else part["parameters"]
    if machines:
        line = line + " @ " + part["machine"] + " " + part["environment"].str.slice(0, 16)
    part = part.assign(panel=panel, line=line)
    panels, lines = ([str(text) for text in dict.fromkeys(part[column])] for column in ("panel", "line"))
    columns = min(4, len(panels))
    rows = math.ceil(len(panels) / columns)
    with theme():
        size = (2.6 * columns, 1.9 * rows + 0.5) if many else (6.5, 2.8)
        figure, axes = plt.subplots(rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False)
        for axis in axes.flat[len(panels) :]:
            axis.set_visible(False)
        heights: list[float] = []
        for axis, name in zip(axes.flat, panels, strict=False):
            heights += _panel(axis, part[part["panel"] == name], commits, lines, relative, strokes)
            axis.set_title(_plain(name.partition("=")[2] or name))
        _frame_axes(axes, len(panels), commits, part["unit"].iloc[-1] if not relative else "")
        _height(axes[0, 0], [value for value in heights if 0 < value < math.inf], relative)
        handles = [
            Line2D([], [], color=PALETTE[i % len(PALETTE)], linestyle=_dashes(i), label=_plain(_short(text)) or "value")
            for i, text in enumerate(lines)
        ]
        figure.tight_layout()
        if lines != [""]:
            figure.legend(handles=handles, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return figure


def _short(text: str) -> str:
    """``forward, float32`` for ``direction=forward, dtype=float32``: the table below names the parameters."""
    return ", ".join(each.partition("=")[2] or each for each in text.split(", "))


def _plain(text: str) -> str:
    """A text that matplotlib takes as it stands: a dollar would start a formula, a first underscore hide a label."""
    return (f" {text}" if text.startswith("_") else text).replace("$", r"\$")


def _dashes(i: int) -> Any:
    return ("-", (0, (4, 2)), (0, (1, 1.5)))[(i // len(PALETTE)) % 3]


def _panel(
    axis: Any, part: pd.DataFrame, commits: list[str], lines: list[str], relative: bool, strokes: bool
) -> list[float]:
    """The lines of one panel, relative to each line's first value or as they are; the heights that were drawn."""
    heights: list[float] = []
    for name, series in part.groupby("line", sort=False):
        number = lines.index(str(name))
        colour, dashes = PALETTE[number % len(PALETTE)], _dashes(number)
        for _, one in series.groupby("version", sort=False):  # values of two versions are not joined
            ok = one[one["status"] == OK]
            if not len(ok):
                continue
            scale = 1 / (float(ok["value"].iloc[0]) or 1.0) if relative else 1.0
            at = [commits.index(commit) for commit in ok["commit"]]
            value = ok["value"].to_numpy() * scale
            mark = {"marker": "o", "markersize": 2.5} if strokes else {}
            axis.plot(at, value, color=colour, linestyle=dashes, linewidth=1.2, **mark)
            if strokes and ok["low"].notna().any():
                axis.vlines(at, ok["low"] * scale, ok["high"] * scale, color=colour, linewidth=0.8, alpha=0.6)
            heights += [float(height) for height in value]
    failed = part.loc[part["status"] == FAILED, "commit"].unique()
    if len(failed):
        at = [commits.index(commit) for commit in failed]
        axis.plot(at, [0.06] * len(at), "x", color="#b3261e", transform=axis.get_xaxis_transform(), clip_on=False)
    return heights


def _height(axis: Any, values: list[float], relative: bool) -> None:
    """The common height of all panels: of the values, for an interval of few samples may reach beyond all measure."""
    import numpy as np
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    if not relative:
        axis.set_ylim(0, 1.1 * max(values, default=1.0))
        return
    low, high = min(values, default=1.0) / 1.1, max(values, default=1.0) * 1.1
    low, high = min(low, 0.75), max(high, 1.33)
    marks = tuple(2.0 ** np.arange(-12, 13)) if high / low > 4 else (0.5, 0.7, 0.8, 1.0, 1.25, 1.5, 2.0)
    axis.set_yscale("log", base=2)
    axis.set_ylim(low, high)
    axis.yaxis.set_major_locator(FixedLocator([mark for mark in marks if low <= mark <= high]))
    axis.yaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _frame_axes(axes: Any, panels: int, commits: list[str], unit: str) -> None:
    """Commits along the lowest panels, the unit at the left ones."""
    import numpy as np

    named = np.unique(np.linspace(0, len(commits) - 1, min(len(commits), 8)).astype(int))
    for i, axis in enumerate(axes.flat[:panels]):
        axis.set_xlim(-0.3, max(len(commits) - 0.7, 0.3))
        if i >= panels - axes.shape[1]:
            axis.set_xticks(named, [commits[k][:7] for k in named], rotation=60)
            axis.tick_params(labelbottom=True)
    for axis in axes[:, 0]:
        axis.set_ylabel(unit or "of the first value")
