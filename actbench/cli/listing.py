"""``actbench list``: what there is."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

from actbench.cli.options import add_json, as_json, table, width
from actbench.core.errors import ActbenchError, unknown
from actbench.runs.folder import DEFAULT, RunFolder
from actbench.runs.progress import note

Rows = list[dict[str, Any]]
DESCRIPTION = """\
List what there is, sorted; on a terminal long texts are cut, in a pipe never.

  actbench list                     activations
  actbench list relu                those whose name, alias or source holds "relu"
  actbench list claims sparse       claims with that word
  actbench list peers --json        for machines
"""


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "list", help="what there is: activations, experiments, claims, backends, peers", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("words", nargs="*", metavar="LIST|TEXT",
                        help=f"{', '.join(LISTS)} (default activations); other words: rows with them")  # fmt: skip
    parser.add_argument("--sort", metavar="COLUMN", help="by a column (default: the first; claims in the text's order)")
    add_json(parser, bare="a list, an entry a row")
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Print the list."""
    what, *texts = args.words if args.words[:1] and args.words[0] in LISTS else ["activations", *args.words]
    rows = LISTS[what]()
    head = list(rows[0])
    if args.sort is not None and args.sort not in head:
        raise unknown("column", args.sort, head)
    if args.sort is not None or what != "claims":
        rows.sort(key=lambda row: _key(row[args.sort or head[0]]))
    kept = [row for row in rows if all(_plain(text) in _plain(" ".join(map(_told, row.values()))) for text in texts)]
    if not kept:
        raise ActbenchError(f"{' '.join(texts)!r} is in none of {len(rows)} {what}; lists: {', '.join(LISTS)}")
    print(
        as_json(kept)
        if args.json
        else table([[_told(row.get(c, "")) for c in head] for row in kept], head, limit=width())
    )
    for ledger, place in _runs().items() if what == "claims" else ():
        run = RunFolder(place).read_run()
        kind = "quick run, not final," if run.get("quick") else "full run"
        note(f"verdicts of {ledger}: {kind} of {str(run.get('started'))[:10]} in {place}")
    return 0


def _told(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _plain(text: str) -> str:
    """As names are compared: case, hyphens and underscores do not count."""
    return text.lower().replace("-", "").replace("_", "")


def _key(value: Any) -> tuple[bool, Any]:
    return (False, value) if isinstance(value, (int, float)) else (True, _plain(_told(value)))


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
    """Every claim, ledger by ledger, the article's first, in the order of the text."""
    import actbench.claims.ledgers  # noqa: F401  fills the registry
    from actbench.claims.claim import CLAIMS
    from actbench.claims.verdicts import natural

    verdicts = {name: verdict for ledger in _runs() for name, verdict in _verdicts(ledger).items()}
    return [
        {"claim": c.name, "ledger": c.ledger, "verdict": verdicts.get(c.name, ""),
         "decided by": sorted({r.kind for r in c.readings}), "readings": len(c.readings),
         "statement": c.statement["en"]}
        for c in sorted(CLAIMS, key=lambda claim: (claim.ledger != "article", claim.ledger, natural(claim.name)))
    ]  # fmt: skip


COMMITTED = Path(__file__).resolve().parents[2] / "reports"  # of a checkout; what is installed has none


def _runs() -> dict[str, Path]:
    """Ledger to the run that has its verdicts: the full one of a checkout, else the last one in this folder."""
    import actbench.claims.ledgers  # noqa: F401  fills the registry
    from actbench.claims.claim import CLAIMS

    found = {}
    for ledger in sorted({claim.ledger for claim in CLAIMS}):
        places = (COMMITTED / ledger, Path(DEFAULT) / f"reproduce-{ledger}")
        if place := next((place for place in places if (place / "verdicts.csv").is_file()), None):
            found[ledger] = place
    return found


def _verdicts(ledger: str) -> dict[str, str]:
    """Claim to its verdict as written."""
    found: dict[str, str] = {}
    for name in ("verdicts.csv", "timing_verdicts.csv"):  # what rests on time stands in both, judged in the second
        if (place := _runs()[ledger] / name).is_file():
            with place.open(encoding="utf-8", newline="") as lines:
                found |= {row["claim"]: row["verdict"] for row in csv.DictReader(lines) if row["reading"] == "overall"}
    return found


def backends() -> Rows:
    """What computes rows."""
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
