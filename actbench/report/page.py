"""From the files of a run to its tables, figures, report.html and report.md; nothing is measured again."""

from __future__ import annotations

import base64
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.errors import ActbenchError
from actbench.files import write_text
from actbench.folder import RunFolder
from actbench.report.figures import FIGURES, FigureSpec
from actbench.report.phrases import phrases
from actbench.report.style import VERDICTS, save

if TYPE_CHECKING:
    import pandas as pd

OVERALL = ("overall", "overall charitable")


def render(folder: RunFolder, *, lang: str | None = None) -> Path:
    """Draw every table, figure and page of a run from its files.

    Parameters
    ----------
    folder
        A folder with run.json, verdicts.csv, estimates.csv, claims.json, and data/ or at least tables/.
    lang
        ``"en"`` or ``"zh"``; by default the run's own.

    Returns
    -------
    The path of report.html.

    Raises
    ------
    ActbenchError
        Where a file is missing or damaged.
    """
    run = folder.read_run()
    lang = lang or str(run.get("lang", "en"))
    t = phrases(lang)
    content = _content(folder, run, t, lang)
    figures = draw_figures(folder, lang)
    page = _template("report.html").render(**content, t=t, lang=lang, colours=VERDICTS, figures=figures)
    write_text(folder.path / "report.html", page)
    write_text(folder.path / "report.md", _template("report.md").render(**content, t=t, figures=figures))
    return folder.path / "report.html"


def draw_figures(folder: RunFolder, lang: str) -> list[dict[str, Any]]:
    """Every figure for which the run has data, drawn; what a page needs of each."""
    return [drawn for spec in FIGURES if (drawn := _drawn(folder, spec, lang))]


def _drawn(folder: RunFolder, spec: FigureSpec, lang: str) -> dict[str, Any] | None:
    """One figure's table and picture, or None where the run has neither its observations nor its table."""
    table_name = f"tables/{spec.name}"
    if (folder.path / "data" / f"{spec.experiment}.csv").exists():
        folder.write_frame(table_name, spec.table(folder.read_frame(f"data/{spec.experiment}")))
    elif not (folder.path / f"{table_name}.csv").exists():
        return None
    table = folder.read_frame(table_name)
    if not len(table):
        return None
    save(spec.draw(table), folder.path / "figures" / spec.name)
    svg = (folder.path / "figures" / f"{spec.name}.svg").read_bytes()
    return {
        "name": spec.name, "title": spec.title[lang], "caption": spec.caption[lang], "claims": spec.claims,
        "data": f"{table_name}.csv", "uri": "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii"),
    }  # fmt: skip


def _content(folder: RunFolder, run: dict[str, Any], t: dict[str, str], lang: str) -> dict[str, Any]:
    verdicts = folder.read_frame("verdicts")
    claims = [_claim(entry, verdicts, lang) for entry in folder.read_json("claims")]
    overall = [claim["overall"]["verdict"] for claim in claims]
    tally = [(verdict, overall.count(verdict)) for verdict in VERDICTS if verdict in overall]
    judged = sum(count for verdict, count in tally if verdict != "not tested")
    versions = run.get("versions") or {}
    machine = {"processor": "", "cores": "", "system": "", **(run.get("machine") or {})}
    names = {"python": "", "numpy": "", "scipy": "", **versions}
    return {
        "claims": claims,
        "tally": tally,
        "rehearsal": bool(verdicts["rehearsal"].any()),
        "unfinished": not run.get("finished"),
        "title": t["title"] if run.get("target") == "article" else f"{t['title_other']}: {run.get('target')}",
        "lead": t["lead"].format(claims=len(claims), judged=judged),
        "machine": t["machine"].format_map({**names, **machine}),
        "provenance": t["commit"].format(
            commit=_commit(run), seed=run.get("seed"), started=run.get("started"), finished=run.get("finished") or "-"
        ),
        "estimates": [_shown(row) for row in _rows(folder.read_frame("estimates"))],
    }


def _commit(run: dict[str, Any]) -> str:
    commit = run.get("commit") or {}
    name = commit.get("commit") or commit.get("hash") or "-"
    return str(name)[:12] + ("+" if commit.get("dirty") else "")


def _claim(entry: dict[str, Any], verdicts: pd.DataFrame, lang: str) -> dict[str, Any]:
    rows = [_shown(row) for row in _rows(verdicts[verdicts["claim"] == entry["claim"]])]
    if not rows:
        raise ActbenchError(f"verdicts.csv has no row for {entry['claim']}; run again to make it")
    by_name = {row["reading"]: row for row in rows}
    readings = [
        {**row, "says": entry["readings"].get(row["reading"], "")} for row in rows if row["reading"] not in OVERALL
    ]
    return {
        "name": entry["claim"], "section": entry["section"],
        "statement": entry["statement"].get(lang) or entry["statement"]["en"],
        "contradicts": entry["contradicts"], "note": entry["note"], "readings": readings,
        "overall": by_name["overall"], "charitable": by_name.get("overall charitable"),
    }  # fmt: skip


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict(orient="records")]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row with missing values as empty text and numbers in three significant digits."""

    def text(value: Any) -> str:
        return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)

    def number(value: Any) -> str:
        return "" if not text(value) else f"{float(value):#.3g}".rstrip(".")

    low, high = number(row.get("low")), number(row.get("high"))
    n = text(row.get("n"))
    return {
        **{key: text(value) for key, value in row.items()},
        "value": number(row.get("value")),
        "interval": f"[{low}, {high}]" if low else "",
        "n": f"{int(float(n)):,} {text(row.get('n_unit'))}".strip() if n else "",
    }


def _template(name: str) -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("actbench.report"),
        autoescape=name.endswith(".html"),  # names and reasons come from outside
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("\n", " ")
    return environment.get_template(name)
