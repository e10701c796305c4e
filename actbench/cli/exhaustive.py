"""``actbench run accuracy --exhaustive``: every float32 of fused kernels and every float16 of the reference path."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from actbench.cli.options import as_json
from actbench.core.errors import ActbenchError

FACTORS = ("activation", "direction", "dtype")


def call(args: argparse.Namespace, chosen: dict[str, list[Any]]) -> int:
    """Sweep, row by row; what an earlier call finished with the same kernels is kept."""
    import pandas as pd

    from actbench.accuracy.exhaustive import FORMATS, Exhausted, code, exhaust
    from actbench.activations.registry import ACTIVATIONS, canonical
    from actbench.core.streams import whole
    from actbench.runs import provenance
    from actbench.runs.folder import open_folder
    from actbench.runs.progress import follow

    whole(args.workers, "workers", 1)
    for name in chosen:
        if name not in FACTORS:
            raise ActbenchError(f"--{name} is no factor of an exhaustive run; known: {', '.join(FACTORS)}")
    rows = [canonical(str(spec)) for spec in chosen.get("activation", [r.name for r in ACTIVATIONS if _plain(r)])]
    if args.quick and "activation" not in chosen:
        rows = rows[:2]
    cells = [(a, d, t) for a in rows for d in chosen.get("direction", ["forward", "backward"])
             for t in chosen.get("dtype", list(FORMATS))]  # fmt: skip
    folder, identity = open_folder(args.out, command="run", target="exhaustive", seed=args.seed, fresh=args.fresh)
    description = {**identity, **provenance.describe(), "workers": args.workers, "started": provenance.now()}
    folder.write_run({**description, "finished": None})
    columns = [field.name for field in dataclasses.fields(Exhausted)]
    known = _known(folder)
    left = [cell for cell in cells if known.get(cell, {}).get("code") != code(*cell[:2])]
    with follow("exhaustive", len(cells), done=len(cells) - len(left)) as advance:
        for cell in left:
            known[cell] = dataclasses.asdict(exhaust(*cell, threads=args.workers))
            frame = pd.DataFrame(list(known.values()), columns=columns)
            folder.write_frame("data/exhaustive", frame)  # after each: an interrupt loses one row at most
            advance(1)
    folder.write_run({**description, "finished": provenance.now()})
    found = pd.DataFrame([known[cell] for cell in cells], columns=columns)
    shown = found.drop(columns=["at", "code"])
    print(as_json(found.to_dict(orient="records")) if args.json else shown.to_string(index=False))
    return 0


def _plain(row: Any) -> bool:
    return bool(row.kind == "elementwise")


def _known(folder: Any) -> dict[tuple[str, str, str], dict[str, Any]]:
    """What the folder holds of earlier calls."""
    if not (folder.path / "data" / "exhaustive.csv").exists():
        return {}
    rows = folder.read_frame("data/exhaustive").to_dict(orient="records")
    return {(row["activation"], row["direction"], row["dtype"]): row for row in rows}
