"""What a notebook shows of an activation, a report or a comparison: the first screen of its page."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actbench.activations.latex import latex, slope
from actbench.activations.record import Activation
from actbench.activations.vector import VectorFunction
from actbench.expression.graph import record
from actbench.report import mathml
from actbench.report.card import activation_card, axis_card, for_people
from actbench.report.page import template
from actbench.report.picture import picture

SHOWN = ("aliases", "parameters", "bounds", "limits", "kinks", "zero slope on", "keeps for backward",
         "operations forward", "operations backward", "kind", "length", "source")  # fmt: skip


def activation(row: Activation | VectorFunction) -> str:
    """The identity card: a picture, the formulas, and what the row declares."""
    if isinstance(row, VectorFunction):
        card, formulas, drawn = axis_card(row), [mathml.formula(row.formula, block=True)], ""
    elif row.opaque:
        card, formulas, drawn = {"name": row.spec, "source": row.source, "kind": row.opaque}, [], picture(row)
    else:
        card, drawn = for_people(activation_card(row), row), picture(row)
        definition = record(row.callables.definition)
        formulas = [mathml.formula(f"f(x) = {latex(definition)}", block=True),
                    mathml.formula(f"f'(x) = {latex(slope(row))}", block=True)]  # fmt: skip
    facts = [(name, _told(card[name])) for name in SHOWN if card.get(name)]
    html: str = template("notebook.html").render(
        kind="card", name=repr(row), picture=drawn, formulas=formulas, facts=facts
    )
    return html


def _told(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_told(each)}" for name, each in value.items())
    if isinstance(value, float):
        return f"{value:.6g}"  # where people read it; the record has every digit
    return ", ".join(map(_told, value)) if isinstance(value, list) else str(value)


def report(found: Any) -> str:
    """A `Report`: how many claims came out how, what surprises, and every claim with its answer."""
    from actbench.claims.verdicts import described
    from actbench.drawing.style import VERDICTS
    from actbench.report.content import content
    from actbench.report.phrases import phrases
    from actbench.runs.folder import RunFolder

    lang = str(found.run.get("lang", "en"))
    with tempfile.TemporaryDirectory() as place:
        folder = RunFolder(Path(place))
        found.write_tables(folder)
        folder.write_json("claims", [described(claim) for claim in found.claims])
        shown = content(folder, found.run, phrases(lang), lang)
    html: str = template("notebook.html").render(kind="report", t=phrases(lang), colours=VERDICTS, **shown)
    return html


def comparison(found: Any) -> str:
    """A `Comparison`: the decisions with their reasons, then measures side by side."""
    from actbench.comparison.conclusion import conclusion
    from actbench.report.dossier import measures, tag

    tables = found.tables
    rows = tables["decisions"].to_dict(orient="records") if "decisions" in tables else []
    decisions = [{**row, **tag(row)} for row in rows]
    shown = measures(tables["measures"]) if len(tables.get("measures", ())) else {"arms": [], "rows": []}
    refused = [(arm.asked, arm.reason) for arm in found.arms if arm.reason]
    html: str = template("notebook.html").render(kind="comparison", decisions=decisions, measures=shown,
                                                 conclusion=conclusion(tables),
                                                 refused=refused, rehearsal=bool(found.run.get("quick")),
                                                 unfinished=found.interrupted)  # fmt: skip
    return html
