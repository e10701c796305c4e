"""``actbench list``: what there is."""

from __future__ import annotations

import argparse
from typing import Any

from actbench.cli.options import add_json, as_json, table, width

Rows = list[dict[str, Any]]


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser("list", help="what there is: activations, experiments, claims, backends, peers")
    parser.add_argument("what", nargs="?", default="activations", choices=tuple(LISTS), help="default: %(default)s")
    add_json(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Print the list."""
    rows = LISTS[args.what]()
    if args.json:
        print(as_json(rows))
    else:
        head = list(rows[0]) if rows else ["nothing"]
        shown = [[", ".join(map(str, v)) if isinstance(v, (list, tuple)) else v for v in row.values()] for row in rows]
        print(table(shown, head, limit=width()))
    return 0


def activations() -> Rows:
    """Every row of the catalogue."""
    from actbench.activations.registry import ACTIVATIONS, AXIS

    rows = [
        {"name": a.name, "kind": a.kind, "parameters": [f"{k}={v:g}" for k, v in _numbers(a).items()], "keeps": a.saves,
         "aliases": list(a.aliases), "source": a.source}
        for a in ACTIVATIONS
    ]  # fmt: skip
    return rows + [
        {"name": a.name, "kind": "gate" if a.views else a.kind, "keeps": ("x",),
         "parameters": [f"{k}={v:g}" for k, v in _numbers(a).items()], "aliases": list(a.aliases),
         "source": a.source}
        for a in AXIS
    ]  # fmt: skip


def _numbers(activation: Any) -> dict[str, float]:
    return {k: float(v) for k, v in activation.values().items()}


def experiments() -> Rows:
    """Every experiment, its question and factors."""
    import actbench.experiments  # noqa: F401  fills the registry
    from actbench.runs.experiment import EXPERIMENTS

    return [
        {"name": e.name, "cells": len(e.cells()), "quick": len(e.cells(quick=True)), "factors": list(e.factors),
         "question": e.question}
        for e in EXPERIMENTS
    ]  # fmt: skip


def claims() -> Rows:
    """Every claim in the article's order."""
    import actbench.claims.ledgers  # noqa: F401  fills the registry
    from actbench.claims.claim import CLAIMS
    from actbench.claims.verdicts import natural

    return [
        {"claim": c.name, "decided by": sorted({r.kind for r in c.readings}), "readings": len(c.readings),
         "statement": c.statement["en"]}
        for c in sorted(CLAIMS, key=lambda claim: natural(claim.name))
    ]  # fmt: skip


def backends() -> Rows:
    """How rows are heard."""
    from actbench.kernels.backends import BACKENDS

    return [{"name": backend.name, "what": backend.summary} for backend in BACKENDS]


def peers() -> Rows:
    """Other people's implementations that rows name, and whether they are installed here."""
    from actbench.activations.registry import ACTIVATIONS
    from actbench.core.machine import version

    rows: Rows = []
    for peer in sorted({peer for a in ACTIVATIONS for peer in a.peers}):
        found = version(peer) or "not installed"
        named = [a.peers[peer] for a in ACTIVATIONS if peer in a.peers]
        rows.append({"name": peer, "version": found, "functions": len(named), "for example": named[-1]})
    return rows


LISTS = {
    "activations": activations, "experiments": experiments, "claims": claims, "backends": backends, "peers": peers,
}  # fmt: skip
