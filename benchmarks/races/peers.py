"""Is the fused kernel faster than every peer, at every function that a peer also has?

Run it as a program: cells of the experiment `throughput` in DIR/cells.sqlite, so that what is measured is kept, and as
a table in DIR/cells.csv. One thread, outputs preallocated where the peer can, normal inputs. Softmax, log_softmax and
gates come with the elementwise rows; their figures stand apart. ``--short`` is the whole, torch.compile included, with
7 rounds in place of 15 and without 2^16 and float64 at 2^24: an interval is then about 1.5 times as wide.
``--summary`` prints the figures that stand in reports/throughput.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from actbench.activations.registry import ACTIVATIONS
from actbench.core.files import write_text
from actbench.experiments.throughput.question import COLUMNS, FACTORS
from actbench.implementations.libraries import contenders
from actbench.runs.cells import Cell
from actbench.runs.experiment import EXPERIMENTS
from actbench.runs.runner import run
from actbench.runs.store import discard
from actbench.speed.lineup import COPY, IDENTITY, OURS

ROUNDS, MOST = 15, 0.4
SHORT_ROUNDS, SHORT_MOST = 7, 0.1
AXIS_ROWS = ("softmax", "log_softmax", "glu", "swiglu", "geglu", "reglu")
TARGETS = {"best": 2.5, "torch": 3.2, "floor": 0.95}
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


def cells(
    names: Sequence[str], dtypes: Sequence[str], sizes: Sequence[int], chosen: Sequence[str],
    rounds: int | None = None, most: float | None = None,
) -> list[Cell]:  # fmt: skip
    """Cells of the experiment `throughput`; the textbook takes half a second a call at 2^24 and was never near."""
    found = []
    for size in sizes:
        taken = [name for name in chosen if size < 2**24 or name != "numpy"]
        found += EXPERIMENTS["throughput"].cells(
            activation=names, dtype=dtypes, size=[size], peers=[",".join(taken) or "none"],
            most_rounds=[rounds or ROUNDS], most_seconds=[most or MOST],
        )  # fmt: skip
    return found


def measure(
    out: Path, names: Sequence[str], dtypes: Sequence[str], sizes: Sequence[int], chosen: Sequence[str], fresh: bool,
    short: bool = False,
) -> None:  # fmt: skip
    """Race what the store of the folder does not hold yet, and write the table of all that is asked for."""
    out.mkdir(parents=True, exist_ok=True)
    if fresh:
        discard(out / "cells.sqlite")
    if short:
        kept = [[size for size in sizes if size != 2**16 and (dtype, size) != ("float64", 2**24)] for dtype in dtypes]
        asked = [
            cell for dtype, some in zip(dtypes, kept, strict=True)
            for cell in cells(names, [dtype], some, chosen, SHORT_ROUNDS, SHORT_MOST)
        ]  # fmt: skip
    else:
        asked = cells(names, dtypes, sizes, chosen)
    frame = run("throughput", asked, store=out / "cells.sqlite").frame
    write_text(out / "cells.csv", frame[[*FACTORS, *COLUMNS]].to_csv(index=False, float_format="%.6g"))


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


def honest_only(cells: pd.DataFrame) -> pd.DataFrame:
    """Without the peers that break the fused promise at a function; values are looked at in one size for all."""
    key = ["activation", "direction", "dtype", "implementation"]
    broken = cells[cells["holds"].astype(str) == "False"][key].drop_duplicates().assign(broken=True)
    return cells[cells.merge(broken, on=key, how="left")["broken"].isna().to_numpy()]


def _copies(cells: pd.DataFrame) -> pd.DataFrame:
    """np.copyto's time over ours in every cell of a forward pass, which moves as many bytes."""
    times = cells[cells["implementation"].isin([COPY, OURS])].pivot_table("time_s", KEY, "implementation")
    return (times[COPY] / times[OURS]).rename("copyto_share").reset_index()


def summary(cells: pd.DataFrame) -> dict[str, object]:
    """The figures that the lab is judged by."""
    along = cells["activation"].isin(AXIS_ROWS)
    apart, cells = cells[along], cells[~along]
    rivals = best_rivals(cells)
    exempt = (rivals["activation"] + " " + rivals["direction"]).isin(EXEMPT)
    counted, excused = rivals[~exempt], rivals[exempt]
    below = counted[counted["ratio_high"] < TARGETS["floor"]]
    large = rivals[(rivals["size"] == 2**24) & (rivals["direction"] == "forward")].merge(_copies(cells), on=KEY)
    found: dict[str, object] = {
        "cells": len(rivals),
        "best_peer_all": geometric(rivals["ratio"]),
        "best_peer_without_exempt": geometric(counted["ratio"]),
        "best_peer_that_holds": geometric(best_rivals(honest_only(cells))["ratio"]),
        "torch_all": geometric(rivals["torch_ratio"].dropna()),
        "torch_without_exempt": geometric(counted["torch_ratio"].dropna()),
        "below_floor": [said(row) for row in below.itertuples()],
        "exempt_least": float(excused["ratio"].min()),
        "exempt_least_small": float(excused[excused["size"] == 2**12]["ratio"].min()),
    }
    if len(apart):
        found["best_peer_along_an_axis"] = geometric(best_rivals(apart)["ratio"])
        found["along_an_axis"] = [said(row) for row in best_rivals(apart).itertuples()]
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
    parser.add_argument(
        "names", nargs="*", help="functions (default: all that torch or jax has, softmax, log_softmax and gates)"
    )
    parser.add_argument("--out", type=Path, default=Path("reports/throughput"))
    parser.add_argument("--dtype", nargs="+", default=["float32", "float64"])
    parser.add_argument("--size", nargs="+", type=int, default=[12, 16, 20, 24], help="powers of 2")
    parser.add_argument("--peers", nargs="+", default=list(contenders()))
    parser.add_argument("--fresh", action="store_true", help="measure again what is there")
    parser.add_argument("--short", action="store_true", help="fewer rounds and sizes")
    parser.add_argument("--summary", action="store_true")
    options = parser.parse_args(arguments)
    if options.summary:
        for what, value in summary(pd.read_csv(options.out / "cells.csv")).items():
            lines = value if isinstance(value, list) else [f"{value:.3g}" if isinstance(value, float) else str(value)]
            print(f"{what}: {'; '.join(lines)}")
        return 0
    names = options.names or (*functions(), *AXIS_ROWS)
    sizes = [2**power for power in options.size]
    measure(options.out, names, options.dtype, sizes, options.peers, options.fresh, options.short)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
