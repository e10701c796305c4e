"""A comparison as one page and LaTeX tables, from the files of its run; nothing is measured again."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.activations.latex import latex, slope
from actbench.activations.record import Activation
from actbench.activations.registry import ACTIVATIONS, along, resolve
from actbench.activations.vector import VectorFunction
from actbench.comparison.arms import is_gate
from actbench.comparison.conclusion import concluded, label, remark, told
from actbench.comparison.figures import FIGURES
from actbench.comparison.measured import NO_START
from actbench.comparison.models import MODELS
from actbench.core.errors import ActbenchError
from actbench.core.files import write_text
from actbench.core.numerals import in_column, numbers
from actbench.drawing.figure import NothingToDrawError
from actbench.drawing.style import save
from actbench.drawing.words import WORDS
from actbench.expression.graph import record
from actbench.implementations.targets.slopes import MANY_KINKS
from actbench.report import mathml
from actbench.report.bibliography import entries
from actbench.report.checklist import checklist
from actbench.report.chinese import chinese
from actbench.report.foot import foot_of
from actbench.report.page import beside, pictured, template, typeset, undrawn
from actbench.report.phrases import phrases
from actbench.runs.folder import RunFolder
from actbench.statistics import differences

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("decisions", "comparisons", "ranks", "medians", "measures", "scores")
FRAMES = ("curves", "gradient_flow", "activity", "theory", "panel", "learning", "accuracy", "transformer")
COMMANDS = ("compare", "show")  # whose runs a dossier can be made of
LIBRARIES = ("python", "numpy", "scipy", "numba", "torch", "jax")
ENDS = ("value", "low", "high")
LONGEST_SLOPE = 400  # characters of LaTeX: beyond, nobody reads it
TAGS = {
    "better": "#1a7f4b", "worse": "#b3261e", "equal in practice": "#0b5e8a", "undecided": "#5f6368",
}  # fmt: skip
# measure -> its name and how its number is shown: a share as percent, bytes as they are
MEASURES = {
    "test_accuracy": ("test accuracy, %", 100.0), "dead_units": ("dead units after training, %", 100.0),
    "torch_panel": ("test accuracy of the same networks in torch, %", 100.0),
    "torch_panel difference": ("the same, less the reference's, points", 100.0),
    "transformer": ("small transformer, test loss, bits a character", 1.0),
    "transformer difference": ("the same, less the reference's", 1.0),
    "slope_error": ("slope in use, farthest from the function's own", 1.0),
    "diverged_share": ("trained networks that diverged, %", 100.0),
    "forward_ratio": ("time forward, over ReLU's", 1.0), "backward_ratio": ("time backward, over ReLU's", 1.0),
    "kept_bytes": ("bytes kept an element, float32", 1.0),
    "gradient_factor he": ("gradient's factor a layer, He", 1.0),
    "gradient_factor critical": ("the same, each at its critical point", 1.0),
    "active_fraction": ("active units in layer 30, He, %", 100.0),
    "forward_ulp float32 numba": ("largest error forward, fused float32, ulp", 1.0),
    "backward_ulp float32 numba": ("largest error backward, fused float32, ulp", 1.0),
}  # fmt: skip


def render(folder: RunFolder, *, title: str | None = None, lang: str | None = None) -> Path:
    """Write ``dossier.html``, ``figures/`` and ``latex/*.tex``.

    Parameters
    ----------
    folder
        The folder of an ``actbench compare``.
    title
        By default who is compared, or the one that ``actbench show`` was asked for.
    lang
        ``"en"`` or ``"zh"``; by default the run's own. LaTeX stays English.

    Returns
    -------
    The path of the page.

    Raises
    ------
    ActbenchError
        Where the folder holds another kind of run.
    """
    run = folder.read_run()
    if run.get("command") not in COMMANDS:
        raise ActbenchError(f"{str(folder.path)!r} holds no comparison; give the folder of an 'actbench compare'")
    lang = lang or str(run.get("lang", "en"))
    t, mark = phrases(lang), beside(run, lang)
    tables = _tables(folder)
    reference = str(run.get("reference", ""))
    arms = folder.read_json("arms")
    figures = {figure["name"].removesuffix(mark): figure for figure in _figures(folder, tables, reference, t, mark)}
    content: dict[str, Any] = {
        "title": title or _title(run, arms, t), "lang": lang,
        "rehearsal": bool(run.get("quick")), "unfinished": not run.get("finished"), "reference": reference,
        "arms": [_arm(arm, tables.get("theory")) for arm in arms], "decisions": _decisions(tables),
        "conclusion": concluded(tables), "trained": MODELS,
        "measures": measures(tables["measures"], tables.get("theory")), "ranks": _ranks(tables),
        "settings": _settings(tables), "theory": _theory(tables, arms), "margin": 100 * differences.MARGIN,
        "interest": 100 * differences.OF_INTEREST,
        "figures": figures, "t": t,
        "checks": checklist(tables, arms, run), "run": _run(run, t),
    }  # fmt: skip
    content["not_final"] = " A quick run, not final." if run.get("quick") else ""
    content["works"] = entries({arm["spec"]: arm["source"] for arm in content["arms"] if arm["source"]})
    for name in ("decisions", "measures", "settings", "theory"):
        write_text(folder.at(f"latex/{name}.tex"), _tex(f"dossier_{name}.tex").render(**content))
    write_text(folder.at("latex/sources.bib"), _tex("dossier_sources.tex").render(**content))
    content["foot"] = foot_of(run, folder.path, " --dossier")
    page = write_text(folder.at(f"dossier{mark}.html"), typeset(template("dossier.html", t).render(**content), lang))
    folder.list_files(begin=False)
    return page


def _title(run: dict[str, Any], arms: list[dict[str, Any]], t: Mapping[str, str]) -> str:
    known = [str(arm["spec"]) for arm in arms if not arm["reason"]]
    if run.get("command") == "show":
        return f"{chinese('Dossier', t)}: {known[0]}, {chinese('beside', t)} {', '.join(known[1:])}"
    return f"{chinese('Compared', t)}: {', '.join(known)}"


def _tables(folder: RunFolder) -> dict[str, pd.DataFrame]:
    found = {}
    for name, place in [*((t, t) for t in TABLES), *((f, f"data/{f}") for f in FRAMES), ("cost", "timings/cost")]:
        if (folder.path / f"{place}.csv").exists():
            frame = folder.read_frame(place)
            if len(frame):
                found[name] = frame
    if "measures" not in found:
        raise ActbenchError(f"{str(folder.path)!r} has nobody to show: every arm was refused; see its arms.json")
    return found


def _arm(arm: dict[str, Any], theory: pd.DataFrame | None) -> dict[str, Any]:
    formula = _said_in(theory, arm, "formula")
    facts = arm.get("facts") or {}
    warning = "; ".join(filter(None, [arm.get("slope_differs"), arm.get("nonlinear")]))
    return {
        **arm, "formula": formula, "math": _math(arm, theory), "source": _source(arm),
        "kinks": kink_lines(facts.get("kinks", [])), "warning": warning,
        "remarks": arm.get("remarks") or [],
    }  # fmt: skip


def _said_in(theory: pd.DataFrame | None, arm: Mapping[str, Any], column: str) -> str:
    """A text of the arm's row in the table of the theory; nothing where it has none."""
    if theory is None or column not in theory:
        return ""
    own = theory[theory["activation"] == arm["spec"]][column]
    return str(own.iloc[0]) if len(own) and own.iloc[0] == own.iloc[0] else ""  # a slope may be the number 1


def _row(arm: Mapping[str, Any]) -> Activation | VectorFunction | None:
    """The catalogue's row of an arm; None for code of the user's own."""
    name = str(arm.get("spec", "")).partition(":")[0]
    if is_gate(name):
        return along(str(arm["spec"]))
    return resolve(str(arm["spec"])) if name in ACTIVATIONS and not arm["reason"] and not arm.get("kind") else None


def _latex(arm: Mapping[str, Any], theory: pd.DataFrame | None) -> tuple[str, str]:
    """f and its slope in LaTeX, of a plug-in as its run wrote them down; nothing for what is too long to read."""
    row = _row(arm)
    if isinstance(row, Activation) and not row.opaque:
        found = latex(record(row.callables.definition)), latex(slope(row))
    else:
        found = _said_in(theory, arm, "formula"), _said_in(theory, arm, "slope")
    return found[0], found[1] if len(found[1]) <= LONGEST_SLOPE else ""


def _math(arm: Mapping[str, Any], theory: pd.DataFrame | None) -> list[str]:
    """f as MathML, and its slope."""
    row = _row(arm)
    if isinstance(row, VectorFunction):
        return [mathml.formula(row.formula, block=True)]
    each = zip(("f(x)", "f'(x)"), _latex(arm, theory), strict=True)
    return [mathml.formula(f"{name} = {text}", block=True) for name, text in each if text]


def _ours(text: str) -> str:
    """LaTeX that is what we write, and nothing where it is not: the files of a run may be a stranger's."""
    try:
        mathml.mathml(text)
    except ActbenchError:
        return ""
    return text if text.count("{") == text.count("}") and not re.search(r"\^\^|[$%#~]", text) else ""


def _source(arm: Mapping[str, Any]) -> str:
    row = _row(arm)
    return "" if row is None else row.source


def kink_lines(kinks: Sequence[tuple[float, float]]) -> list[str]:
    """Kinks with the slopes that are used there; many of them (a table's, say) as their number and extent."""
    if len(kinks) > MANY_KINKS:
        places = [float(x) for x, _ in kinks]
        return [f"{len(kinks)} kinks, from {min(places):g} to {max(places):g}"]
    return [f"{x:g} (f' = {s:g})" for x, s in kinks]


def measures(frame: pd.DataFrame, theory: pd.DataFrame | None = None) -> dict[str, Any]:
    """Measures down, arms across, each a value, an interval and an n; where there is no number, a word why."""
    arms = list(dict.fromkeys(frame["activation"]))
    without: set[str] = set()
    if theory is not None and "critical_sigma_w2" in theory:
        without = set(theory[theory["critical_sigma_w2"].isna()]["activation"])
    rows = []
    for name, (words, factor) in MEASURES.items():
        part = frame[frame["measure"] == name].set_index("activation")
        if not len(part):
            continue
        cells = []
        each = [part.loc[arm] if arm in part.index else None for arm in arms]
        empty = (math.nan,) * 3
        shown = in_column([empty if row is None else tuple(row[end] * factor for end in ENDS) for row in each])
        for arm, row, (value, interval) in zip(arms, each, shown, strict=True):
            if not value:
                value = _absent(name, arm, frame, without) if row is None else "no number"
            note = "" if row is None else remark(name, row)
            cells.append({"value": value, "interval": interval, "note": note,
                          "n": numbers(row["n"])[0] if row is not None else ""})  # fmt: skip
        unit = next((u for u in part["n_unit"] if isinstance(u, str) and u), "")
        rows.append({"name": words, "cells": cells, "unit": unit})
    return {"arms": arms, "rows": rows}


def _absent(name: str, arm: str, frame: pd.DataFrame, without: set[str]) -> str:
    """Why an arm has no number of a measure: it has no critical point, or is what differences are taken from."""
    if name.endswith(" critical") and arm in without:
        return NO_START
    own = frame[frame["activation"] == arm]["measure"]
    return "the reference" if name.removesuffix(" difference") in set(own) else "not measured"


def _decisions(tables: dict[str, pd.DataFrame]) -> list[dict[str, Any]]:
    if "decisions" not in tables:
        return []
    rows, told_rows = [], tables["decisions"].to_dict(orient="records")
    shown = in_column([tuple(100 * row[end] for end in ENDS) for row in told_rows])
    for row, (value, interval) in zip(told_rows, shown, strict=True):
        told = {name: numbers(row[name])[0] for name in ("effect", "n", "left_out", "needed")}
        about = {"activation": row["activation"], "reason": row["reason"], **tag(row)}
        rows.append({**about, **told, "value": value, "interval": interval, "p": numbers(row["p_holm"])[0]})
    return rows


def tag(row: Mapping[Any, Any]) -> dict[str, str]:
    """How a decision is shown: its word in its colour, grey where demands of the protocol fail, and which these are."""
    against = told(row)
    colour = TAGS["undecided" if against else row["decision"]]
    return {"decision": label(row), "colour": colour, "provisional": against}


def _ranks(tables: dict[str, pd.DataFrame]) -> dict[str, Any] | None:
    if "ranks" not in tables:
        return None
    frame = tables["ranks"]
    first = frame.iloc[0]
    return {
        "rows": [{"activation": r["activation"], "rank": numbers(r["mean_rank"])[0],
                  "stable": numbers(100 * r["stable"])[0]} for r in frame.to_dict(orient="records")],
        "test": said_test(first), "critical": numbers(first["critical_difference"])[0],
        "settings": int(first["settings"]), "agreement": numbers(first["agreement"])[0],
    }  # fmt: skip


def said_test(row: Any) -> str:
    """What the ranks say of all arms being alike."""
    settings = int(row["settings"])
    if not isinstance(row["test"], str) or not row["test"]:
        return f"too few for a test that all are alike ({settings}; it takes 3)"
    over = " over the settings, which is Friedman's for two" if row["test"] == "sign test" else ""
    return f"{row['test']}{over}, that all are alike: p = {numbers(row['p'])[0]}"


def _settings(tables: dict[str, pd.DataFrame]) -> dict[str, Any] | None:
    if "medians" not in tables:
        return None
    frame = tables["medians"]
    arms = [c for c in frame.columns if c != "setting"]
    rows = []
    for row in frame.to_dict(orient="records"):
        known = [row[arm] for arm in arms]
        best = max(known)
        cells = [{"value": "diverged" if v < 0 else f"{100 * v:.1f}", "best": v == best and v >= 0} for v in known]
        rows.append({"setting": row["setting"], "cells": cells})
    return {"arms": arms, "rows": rows}


def _theory(tables: dict[str, pd.DataFrame], arms: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    if "theory" not in tables:
        return []
    said = {str(arm["spec"]): [_ours(text) for text in _latex(arm, tables["theory"])] for arm in arms}
    names = ("mean", "second", "gain", "he_q", "he_chi_1", "critical_sigma_w2", "critical_sigma_b2")
    return [
        {"activation": str(row["activation"]),
         **dict(zip(("formula", "slope"), said.get(str(row["activation"]), ("", "")), strict=True)),
         **{name: numbers(round(row.get(name, math.nan), 12))[0] for name in names},  # rounded: sums end near 0
         "reason": row["reason"] if isinstance(row.get("reason"), str) else _stability(row)}
        for row in tables["theory"].to_dict(orient="records")
    ]  # fmt: skip


def _stability(row: Any) -> str:
    """What to know of a critical point: whether lengths stay there."""
    if str(row.get("critical_stable")) != "False":
        return ""
    if float(row.get("critical_sigma_b2", 0.0)) > 0:
        return "half-stable: lengths below or above it leave, slowly"
    return "its length is not stable at the critical point"


def _figures(
    folder: RunFolder, tables: dict[str, pd.DataFrame], reference: str, t: Mapping[str, str], mark: str
) -> list[dict[str, Any]]:
    drawn = []
    for figure in FIGURES:
        missing, picture = "", None
        try:
            picture = save(figure.picture(tables, reference), folder.at(f"figures/{figure.name}{mark}"),
                           words=WORDS.get(t["language"]))  # fmt: skip
        except NothingToDrawError:
            continue
        except Exception as error:  # whatever a drawing raises, it costs its figure alone
            missing = undrawn(folder, figure.name + mark, error)
        files = (f"{need}.csv" if need in TABLES else f"data/{need}.csv" for need in figure.needs)
        data = next((file for file in files if (folder.path / file).exists()), "")
        drawn.append(pictured(figure.name + mark, chinese(figure.title, t), chinese(figure.caption, t), picture,
                              data=data, missing=missing))  # fmt: skip
    return drawn


def _run(run: dict[str, Any], t: Mapping[str, str]) -> dict[str, str]:
    machine, versions, commit = (run.get(key) or {} for key in ("machine", "versions", "commit"))
    return {
        "machine": t["machine alone"].format_map({"processor": "", "cores": "", "system": "", **machine}),
        "versions": ", ".join(f"{name} {versions[name]}" for name in LIBRARIES if name in versions),
        "commit": str(commit.get("commit", "-"))[:12] + ("+" if commit.get("dirty") else ""),
        "seed": str(run.get("seed")), "started": str(run.get("started")), "finished": str(run.get("finished") or "-"),
    }  # fmt: skip


_TEX = {"\\": r"\textbackslash{}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$",
        "{": r"\textbraceleft{}", "}": r"\textbraceright{}",  # BibTeX counts braces, escaped or not
        "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}  # fmt: skip


def _tex(name: str) -> Any:
    """A template of LaTeX, whose braces are its own."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("actbench.report"),
        autoescape=False,  # noqa: S701  LaTeX has its own filter
        trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, keep_trailing_newline=True,
        block_start_string="<%", block_end_string="%>", variable_start_string="<<", variable_end_string=">>",
        comment_start_string="<#", comment_end_string="#>",
    )  # fmt: skip
    environment.filters["tex"] = lambda text: "".join(_TEX.get(c, c if c.isprintable() else " ") for c in str(text))
    return environment.get_template(name)
