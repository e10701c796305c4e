"""From the files of a run to its tables, figures, report.html and report.md; nothing is measured again."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actbench.claims.verdicts import natural
from actbench.core.files import write_text
from actbench.drawing.figure import FigureSpec
from actbench.drawing.style import UNDATED, Picture, save
from actbench.drawing.words import WORDS
from actbench.report.chinese import chinese
from actbench.report.content import content
from actbench.report.foot import foot_of
from actbench.report.phrases import phrases
from actbench.runs.experiment import EXPERIMENTS
from actbench.runs.folder import RunFolder
from actbench.runs.measure import reason
from actbench.runs.progress import follow, note


def render(folder: RunFolder, *, lang: str | None = None, progress: bool = True) -> Path:
    """Draw every table, figure and page of a run from its files.

    Parameters
    ----------
    folder
        A folder with run.json, verdicts.csv, estimates.csv, claims.json, and data/ or at least tables/.
    lang
        ``"en"`` or ``"zh"``; by default the run's own.
    progress
        False for silence on stderr.

    Returns
    -------
    The path of the page: report.html, or report-zh.html beside that of the run's own language.

    Raises
    ------
    ActbenchError
        Where a file is missing or damaged.
    """
    run = folder.read_run()
    lang = lang or str(run.get("lang", "en"))
    t = phrases(lang)
    shown = content(folder, run, t, lang)
    figures = draw_figures(folder, run, lang, progress=progress)
    for claim in shown["claims"]:  # a figure stands with the first claim that it bears on, the others point to it
        claim["figures"] = [f for f in figures if _first(f, shown["claims"]) == claim["name"]]
        claim["see"] = [f for f in figures if claim["name"] in f["claims"] and f not in claim["figures"]]
    shown["foot"] = foot_of(run, folder.path)
    page = typeset(template("report.html").render(**shown, t=t, lang=lang, figures=figures), lang)
    mark = beside(run, lang)
    write_text(folder.at(f"report{mark}.md"), template("report.md").render(**shown, t=t, figures=figures))
    place = write_text(folder.at(f"report{mark}.html"), page)
    folder.list_files(begin=False)
    return place


def beside(run: Mapping[str, Any], lang: str) -> str:
    """What the names of pages and figures end with in another language than the run's, whose own ones stay."""
    return "" if lang == str(run.get("lang", "en")) else f"-{lang}"


def _first(figure: dict[str, Any], claims: list[dict[str, Any]]) -> str:
    return next((claim["name"] for claim in claims if claim["name"] in figure["claims"]), "")


def draw_figures(
    folder: RunFolder, run: Mapping[str, Any], lang: str, *, progress: bool = True
) -> list[dict[str, Any]]:
    """Every figure for which the run has data, drawn; what a page needs of each."""
    specs, figures = [spec for spec in all_figures() if _held(folder, spec)], []
    with follow("draw", len(specs), show=progress, unit="figures") as advance:
        for spec in specs:
            figures.append(_drawn_or_said(folder, spec, lang, beside(run, lang)))
            advance(1)
    folder.list_files(begin=False)
    return figures


def all_figures() -> list[FigureSpec]:
    """The figures of every experiment, in the order of the first claim that each bears on."""
    import actbench.experiments  # noqa: F401  fills the registry

    specs = (spec for experiment in EXPERIMENTS for spec in experiment.figures())
    return sorted(specs, key=lambda spec: natural(spec.claims[0]) if spec.claims else (math.inf, spec.name))


def _drawn_or_said(folder: RunFolder, spec: FigureSpec, lang: str, mark: str) -> dict[str, Any]:
    """One figure; where these levels make none, one line on stderr and on the page: the data are written already."""
    shown: dict[str, Any] = {"claims": spec.claims, "data": f"tables/{spec.name}.csv"}
    words = (spec.name + mark, spec.title[lang], spec.caption[lang])
    try:
        picture = _drawn(folder, spec, lang, mark)
    except Exception as error:  # whatever a drawing raises, it costs its figure alone
        return pictured(*words, missing=undrawn(folder, spec.name + mark, error), **shown)
    return pictured(*words, picture, **shown)


def undrawn(folder: RunFolder, name: str, error: Exception) -> str:
    """Why a figure is missing, said in one line on stderr too; none of an earlier run is left in its place."""
    import matplotlib.pyplot as plt

    plt.close("all")
    for suffix in UNDATED:  # it would be taken for this run's
        folder.at(f"figures/{name}.{suffix}").unlink(missing_ok=True)
    note(f"actbench: figure {name} is not drawn ({reason(error)}); its observations are in the folder")
    return reason(error)


def pictured(name: str, title: str, caption: str, picture: Picture | None = None, **more: Any) -> dict[str, Any]:
    """What the template ``figure.html`` needs of a figure; ``missing`` says why there is none."""
    uri, width = (picture.uri, picture.width) if picture else ("", 0)
    return {"name": name, "title": title, "caption": caption, "uri": uri, "width": width, "data": "", "missing": "",
            **more}  # fmt: skip


def _held(folder: RunFolder, spec: FigureSpec) -> str:
    """What the run has for a figure: its observations, else its table, else nothing."""
    names = (f"data/{spec.experiment}", f"timings/{spec.experiment}", f"tables/{spec.name}")
    return next((name for name in names if (folder.path / f"{name}.csv").exists()), "")


def _drawn(folder: RunFolder, spec: FigureSpec, lang: str, mark: str) -> Picture:
    """One figure's table and picture."""
    table_name, held = f"tables/{spec.name}", _held(folder, spec)
    if held != table_name:
        folder.write_frame(table_name, spec.table(folder.read_frame(held)))
    picture = spec.picture(folder.read_frame(table_name))
    return save(picture, folder.at(f"figures/{spec.name}{mark}"), words=WORDS.get(lang))


def plain_markdown(value: Any) -> Any:
    """A text as Markdown shows it: no raw HTML, no link, no image, no line of its own; it may be a stranger's."""
    return " ".join(value.replace("<", "&lt;").replace("](", "]\\(").splitlines()) if isinstance(value, str) else value


def _together(value: Any) -> Any:
    """A text whose lines never end between a number and its sign of percent."""
    return re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", value) if type(value) is str else value


def _code(text: str) -> Any:
    """A phrase's words between backticks as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  the rest is escaped


def typeset(page: str, lang: str) -> str:
    """A page with its language's spaces: Chinese has colons of its own, and none after a full-width mark."""
    if lang != "zh":
        return page
    page = re.sub(r"(?<=[\u4e00-\u9fff）]): ?", "：", page)
    return re.sub(r"(?<=[。：，；]) +(?=\S)", "", page)


def template(name: str, t: Mapping[str, str] | None = None) -> Any:
    """A template of the package; HTML escapes what is put in, and ``said`` says a text in the language of phrases."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("actbench.report"),
        autoescape=name.endswith(".html"),  # names and reasons come from outside
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        finalize=plain_markdown if name.endswith(".md") else _together,
    )
    environment.filters["said"] = lambda text: chinese(str(text), t or phrases("en"))
    environment.filters["slug"] = lambda text: str(text).replace(" ", "-")
    environment.filters["code"] = _code
    environment.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("\n", " ")
    return environment.get_template(name)
