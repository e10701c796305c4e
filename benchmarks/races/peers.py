"""Is the fused kernel faster than every peer, at every function that a peer also has?

Run it as a program; ``--out DIR`` adds the cells to DIR/cells.csv and leaves those that are there, so that the whole
can be measured in pieces. One thread, outputs preallocated where the peer can, normal inputs. ``--summary``
prints the figures that stand in reports/throughput.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from actbench.activations.registry import ACTIVATIONS
from actbench.core.files import write_text
from actbench.implementations.ready import CONTENDERS
from actbench.runs.progress import follow
from actbench.speed import table as tables
from actbench.speed.lineup import COPY, IDENTITY, OURS
from actbench.speed.threads import environment, pinned

ROUNDS, MOST, SAMPLE = 15, 0.4, 0.0003
CHECKED = 2**12  # values do not depend on the size
TARGETS = {"best": 2.2, "torch": 3.2, "floor": 0.95}
# torch multiplies a kept y, and has lost the tail (1.7e7 ulp); ours needs one exponential of x
EXEMPT = ("sigmoid backward", "tanh backward", "logsigmoid backward")
EXEMPT_FLOOR, EXEMPT_SMALL = 0.3, 1.0
LINEAR = (
    "identity", "relu", "relu6", "leaky_relu", "prelu", "rrelu", "threshold", "hardtanh", "hardsigmoid", "hardshrink",
    "softshrink", "sign", "heaviside",
)  # fmt: skip
KEY = ["activation", "direction", "dtype", "size", "inputs", "threads"]


def functions() -> tuple[str, ...]:
    """Every elementwise row that torch or jax has too."""
    return tuple(row.name for row in ACTIVATIONS if row.kind == "elementwise" and {"torch", "jax"} & {*row.peers})


def contenders(size: int, chosen: Sequence[str]) -> tuple[str, ...]:
    """The textbook takes half a second a call at 2^24 and has never been near."""
    return tuple(name for name in chosen if size < 2**24 or name != "numpy")


def measure(
    out: Path, names: Sequence[str], dtypes: Sequence[str], sizes: Sequence[int], chosen: Sequence[str], fresh: bool
) -> None:
    """Race cell by cell; each cell is on disk before the next begins, and those that are there are not run again."""
    os.makedirs(out, exist_ok=True)
    file = out / "cells.csv"
    held = (
        pd.read_csv(file) if file.exists() and not fresh else pd.DataFrame(columns=[*tables.FACTORS, *tables.COLUMNS])
    )
    done = set(map(tuple, held[KEY].drop_duplicates().itertuples(index=False)))
    levels = [(dtype, size) for dtype in dtypes for size in sizes]
    todo = [cell for dtype, size in levels for cell in tables.cells(names, ("forward", "backward"), (dtype,), (size,))]
    todo = [cell for cell in todo if tuple(getattr(cell, name) for name in KEY) not in done]
    with follow("peers", len(todo)) as advance:
        for cell in todo:
            rows, _, _ = tables.measured(
                cell, contenders=contenders(cell.size, chosen), rounds=ROUNDS, most=MOST, target=SAMPLE,
                check=cell.size == CHECKED,
            )  # fmt: skip
            new = pd.DataFrame(rows, columns=[*tables.FACTORS, *tables.COLUMNS])
            held = pd.concat([held.astype(object), new.astype(object)], ignore_index=True)
            write_text(file, held.to_csv(index=False, float_format="%.6g"))
            advance(1)


def geometric(values: pd.Series) -> float:
    """The geometric mean."""
    return float(np.exp(np.log(values.astype(float)).mean()))


def best_rivals(cells: pd.DataFrame) -> pd.DataFrame:
    """One row a cell: the fastest peer's ratio, torch eager's, and what our values are like."""
    timed = cells[cells["time_s"].notna() & ~cells["implementation"].isin([COPY, IDENTITY])]
    peers = timed[(timed["implementation"] != OURS) & timed["reason"].isna()]
    best = peers.loc[peers.groupby(KEY)["ratio"].idxmin()].set_index(KEY)
    torch = peers[peers["implementation"] == "torch"].set_index(KEY)["ratio"].rename("torch_ratio")
    ours = timed[timed["implementation"] == OURS].set_index(KEY)[["copy_share"]]
    found = best[["implementation", "ratio", "ratio_low", "ratio_high"]].join(torch).join(ours)
    return found.reset_index()


def _copies(cells: pd.DataFrame) -> pd.DataFrame:
    """np.copyto's time over ours in every cell of a forward pass, which moves as many bytes."""
    times = cells[cells["implementation"].isin([COPY, OURS])].pivot_table("time_s", KEY, "implementation")
    return (times[COPY] / times[OURS]).rename("copyto_share").reset_index()


def summary(cells: pd.DataFrame) -> dict[str, object]:
    """The figures that the lab is judged by."""
    rivals = best_rivals(cells)
    exempt = (rivals["activation"] + " " + rivals["direction"]).isin(EXEMPT)
    counted, excused = rivals[~exempt], rivals[exempt]
    below = counted[counted["ratio_high"] < TARGETS["floor"]]
    large = rivals[(rivals["size"] == 2**24) & (rivals["direction"] == "forward")].merge(_copies(cells), on=KEY)
    found: dict[str, object] = {
        "cells": len(rivals),
        "best_peer_all": geometric(rivals["ratio"]),
        "best_peer_without_exempt": geometric(counted["ratio"]),
        "torch_all": geometric(rivals["torch_ratio"].dropna()),
        "torch_without_exempt": geometric(counted["torch_ratio"].dropna()),
        "below_floor": [said(row) for row in below.itertuples()],
        "exempt_least": float(excused["ratio"].min()),
        "exempt_least_small": float(excused[excused["size"] == 2**12]["ratio"].min()),
    }
    for dtype in ("float32", "float64"):
        part = large[large["dtype"] == dtype]
        linear = part["activation"].isin(LINEAR)
        found[f"copy_share_linear_{dtype}"] = float(part[linear]["copy_share"].median())
        found[f"copy_share_smooth_{dtype}"] = geometric(part[~linear]["copy_share"])
        found[f"copyto_share_smooth_{dtype}"] = geometric(part[~linear]["copyto_share"])
    return found


def said(row: Any) -> str:
    """A cell and its fastest peer in one line."""
    cell = f"{row.activation} {row.direction} {row.dtype} 2^{int(row.size).bit_length() - 1}"
    return f"{cell}: {row.implementation} {row.ratio:.2f} [{row.ratio_low:.2f}, {row.ratio_high:.2f}]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for, or print the summary of what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="functions (default: all that torch or jax has)")
    parser.add_argument("--out", type=Path, default=Path("reports/throughput"))
    parser.add_argument("--dtype", nargs="+", default=["float32", "float64"])
    parser.add_argument("--size", nargs="+", type=int, default=[12, 16, 20, 24], help="powers of 2")
    parser.add_argument("--peers", nargs="+", default=[name for name in CONTENDERS if name != "torch.compile"])
    parser.add_argument("--fresh", action="store_true", help="measure again what is there")
    parser.add_argument("--summary", action="store_true")
    options = parser.parse_args(arguments)
    if options.summary:
        for what, value in summary(pd.read_csv(options.out / "cells.csv")).items():
            lines = value if isinstance(value, list) else [f"{value:.3g}" if isinstance(value, float) else str(value)]
            print(f"{what}: {'; '.join(lines)}")
        return 0
    with environment(1):
        for library in ("torch", "jax"):
            try:
                __import__(library)
            except ImportError:
                print(f"{library} is not installed: it takes no part")
        with pinned(1):
            sizes = [2**power for power in options.size]
            names = options.names or functions()
            measure(options.out, names, options.dtype, sizes, options.peers, options.fresh)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
