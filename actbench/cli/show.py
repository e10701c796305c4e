"""``actbench show``: one activation's identity card, or one experiment or claim."""

from __future__ import annotations

import argparse
import re
from typing import Any

import numpy as np

from actbench.activations.record import Activation, Kink
from actbench.cli import theory
from actbench.cli.card import lines
from actbench.cli.options import RUN_OPTIONS, add_json, add_run_options, here_json, refuse_idle
from actbench.core.errors import unknown
from actbench.report import card as cards


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "show", help="one activation's identity card; also an experiment or a claim",
        description="Show an activation (relu, purlin, leaky_relu:negative_slope=0.2, my.py:act), an experiment or a "
        "claim. With --dossier, measure the activation beside ReLU and write a page with everything.",
    )  # fmt: skip
    parser.add_argument(
        "name", metavar="NAME", help="what to show; also a plug-in, FILE.py:OBJ, or a claim, FILE.py:ID"
    )
    parser.add_argument("--dossier", action="store_true", help="measure it as 'actbench compare' does; the page")
    add_run_options(parser)
    add_json(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Print the card, or make the dossier."""
    from actbench.implementations.targets import is_target

    if args.dossier:
        from actbench.cli import compare

        beside = [args.name] if args.name == "relu" else [args.name, "relu"]
        return compare.run(args, beside, command="show")
    refuse_idle(args, RUN_OPTIONS, "for 'show --dossier' alone, which measures; a card is printed as it is")
    if is_target(args.name):
        claim = own_claim(args.name)
        if claim is None:
            return plug_in(args)
        print(here_json(**claim) if args.json else lines(claim))
        return 0
    import actbench.claims.ledgers
    import actbench.experiments  # noqa: F401  both fill their registries
    from actbench.activations.registry import ACTIVATIONS, AXIS, along, resolve
    from actbench.claims.claim import CLAIMS
    from actbench.runs.experiment import EXPERIMENTS

    name = args.name.partition(":")[0]
    if name in ACTIVATIONS or (name.rpartition(".")[0] in AXIS and name[-2:] in (".a", ".b")):
        activation = resolve(args.name)
        card = cards.activation_card(activation) | theory.block(activation.spec)
        print(here_json(**card) if args.json else lines(cards.for_people(card, activation)) + "\n\n" + plot(activation))
    elif name in AXIS:
        card = cards.axis_card(along(args.name))
        print(here_json(**card) if args.json else lines(card))
    elif args.name in EXPERIMENTS:
        card = experiment_card(EXPERIMENTS[args.name])
        print(here_json(**card) if args.json else lines(card))
    elif args.name in CLAIMS:
        card = claim_card(CLAIMS[args.name])
        print(here_json(**card) if args.json else lines(card))
    else:
        kind = "claim" if re.fullmatch(r"[CL]\d+b?", args.name) else "activation"
        known = (
            CLAIMS.names() if kind == "claim" else [*ACTIVATIONS.spellings(), *AXIS.spellings(), *EXPERIMENTS.names()]
        )
        raise unknown(kind, args.name, known)
    return 0


def own_claim(text: str) -> dict[str, Any] | None:
    """The card of ``FILE.py:ID``, a claim that the file makes; None where it makes none of that name.

    The file is read before it is run, since objects are looked at in another process and claims in this one.
    """
    from pathlib import Path

    place, _, name = text.rpartition(":")
    file = Path(place)
    if file.suffix != ".py" or not file.is_file():
        return None
    said = file.read_bytes().decode("utf-8", "replace")
    if not re.search(rf"\bclaim\(\s*[\"']{re.escape(name)}[\"']", said):
        return None
    from actbench.claims.claim import CLAIMS
    from actbench.claims.verdicts import chosen

    with CLAIMS.temporary():
        found = {claim.name: claim for claim in chosen([place])}
        return claim_card(found[name]) if name in found else None


def plug_in(args: argparse.Namespace) -> int:
    """Print what is traced of a plug-in, or what was seen of code that must be called."""
    from actbench.activations.latex import text
    from actbench.activations.registry import resolve
    from actbench.expression.graph import composed, record
    from actbench.expression.numeric import evaluate
    from actbench.implementations.targets.entered import examined

    answer = examined(args.name)
    found, row = answer.found, resolve(answer.name)
    seen = {
        "slope in use": found["slope_differs"], "derived": found["derived"], "remarks": found["remarks"],
        "evaluated by": found["library"],
    }  # fmt: skip
    if not answer.traced:
        facts = {**found["facts"], "kinks": cards.kinks({x: Kink(slope=v) for x, v in found["facts"]["kinks"]})}
        card = {"name": row.name, "called, not traced": found["why_not"], **seen, **facts}
        print(here_json(**card) if args.json else lines(cards.for_people(card, row)))
        return 0
    card = cards.activation_card(row) | theory.block(row.spec)
    if found["derived"].startswith("nothing"):  # the formula's slope may not be what it uses
        back = composed(row.callables.backward, row.callables.forward)
        used = record(lambda x: evaluate(back, {"dy": 1.0, "x": x}))
        at = list(card).index("f'(x)") + 1
        card = dict([*list(card.items())[:at], ("f'(x) in use", text(used)), *list(card.items())[at:]])
    card |= seen
    print(here_json(**card) if args.json else lines(cards.for_people(card, row)) + "\n\n" + plot(row))
    return 0


def experiment_card(experiment: Any) -> dict[str, Any]:
    """The question, the grid and the columns."""
    return {
        "name": experiment.name,
        "question": experiment.question,
        "cells": f"{len(experiment.cells())}, quick {len(experiment.cells(quick=True))}",
        "grid": [{k: _levels(v) for k, v in part.items()} for part in experiment.grid],
        "measures": dict(experiment.columns),
        **_effects(experiment.name),
        "evaluated": f"{experiment.dtype} by {experiment.backend}",
    }


def _effects(name: str) -> dict[str, Any]:
    """Ready effects, for readings of claims of one's own: how each is called, to what it estimates."""
    from importlib import import_module
    from inspect import Parameter, getdoc, isfunction, signature

    place = f"actbench.experiments.{name}.effects"
    try:
        module = import_module(place)
    except ModuleNotFoundError:  # an experiment of one's own, or one that is looked at and not judged
        return {}
    found = {}
    for key, value in vars(module).items():
        if isfunction(value) and signature(value).return_annotation == "Effect":
            given = [str(each.replace(annotation=Parameter.empty)) for each in signature(value).parameters.values()]
            found[f"{key}({', '.join(given)})"] = str(getdoc(value)).split("\n")[0]
    return {"effects": {"from": place, **found}}


def _levels(values: Any) -> str:
    if isinstance(values, range):
        return f"{values.start}:{values.stop}"
    return ", ".join(map(str, values))


def claim_card(claim: Any) -> dict[str, Any]:
    """The statement and its readings with what they expect."""
    from actbench.claims.claim import LEVELS
    from actbench.claims.judge import describe
    from actbench.claims.registration import lines as lines_of_register

    readings = {}
    for r in claim.readings:
        expected = f"expected: {describe(r.expected)} ({r.expected.reason})" if r.expected else ""
        said_of = {"universal": "said of all settings", "existential": "said of some setting"}.get(r.quantifier, "")
        parts = (f"{LEVELS[r.level]}, {r.kind}", r.experiment, r.says, said_of, expected, r.conditions, r.source)
        readings[r.name] = "; ".join(part for part in parts if part)
    return {
        "claim": claim.name, "section": claim.section, "statement": dict(claim.statement), "readings": readings,
        "changed": {
            f"{change.on} {change.reading}": f"before: {change.was}; since: {change.now}; why: {change.why}"
            + ("; after looking at results" if change.after_looking else "")
            for change in claim.history
        },
        "registered": {
            f"{line.on} {line.reading}": f"{line.expected} (covers {line.covers})"
            for (name, _), known in lines_of_register().items() if name == claim.name for line in known
        },
        "contradicts": {other: why["en"] for other, why in claim.contradicts.items()}, "note": claim.note,
    }  # fmt: skip


def plot(activation: Activation, *, columns: int = 61, rows: int = 17, reach: float = 4.0) -> str:
    """f (``*``) and its slope (``.``) over [-4, 4] as text."""
    x = np.linspace(-reach, reach, columns)
    curves = {".": activation.backward(np.ones_like(x), x), "*": activation(x)}
    low = min(-1.0, *(float(max(v.min(), -reach)) for v in curves.values()))
    high = max(1.0, *(float(min(v.max(), reach)) for v in curves.values()))
    grid = [[" "] * columns for _ in range(rows)]

    def place(value: float) -> int:
        return round((high - value) / (high - low) * (rows - 1))

    grid[place(0.0)] = ["-"] * columns
    for line in grid:
        line[columns // 2] = "|"
    for mark, values in curves.items():
        for i, value in enumerate(values):
            if low <= value <= high:
                grid[place(float(value))][i] = mark
    labels = {0: f"{high:g}", place(0.0): "0", rows - 1: f"{low:g}"}
    body = [f"{labels.get(i, ''):>6} {''.join(line)}" for i, line in enumerate(grid)]
    return "\n".join([*body, f"{'':>6} {-reach:<{columns // 2}g}0{reach:>{columns // 2}g}", f"{'':>7}* f   . f'"])
