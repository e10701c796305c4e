"""Are our kernels as fast as XNNPACK's, the fastest that can be installed, with the promise kept?

``python -m benchmarks.races.xnnpack`` races nine functions, float32, forward, one thread, against LiteRT's operators:
many short rounds, interleaved, in one process. A figure is the median of XNNPACK's time over ours in the same round
with its 95 % interval, above 1 where ours is faster. At 2^12 a call counts, so there its ratio stands a second time
with either's call on 16 elements taken off. Two minutes; ``--rounds`` for more or fewer.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import pandas as pd

from actbench.speed.lineup import COPY, OURS, prepare, run

PEER = "litert"
SMOOTH = ("tanh", "sigmoid", "exponential", "elu", "silu")
NAMES = (*SMOOTH, "relu", "hardswish", "gelu", "gelu_tanh")
POWERS = (12, 16, 20)
CALL = 16  # elements: next to nothing but the call


def raced(name: str, size: int, rounds: int) -> dict[str, object]:
    """One cell: least times in microseconds, the ratio with its interval, and what the peer's values are like."""
    field = prepare(name, "forward", "float32", size, contenders=[PEER])
    if PEER in field.absent:
        raise SystemExit(f"no race: {field.absent[PEER]}")
    found = run(field, rounds=rounds, target=0.0003)
    ratio, theirs = found.ratio(OURS, PEER), field.entries[PEER]
    return {
        "function": name, "size": size, "ours_us": found.seconds[OURS].min() * 1e6,
        "peer_us": found.seconds[PEER].min() * 1e6, "copy_us": found.seconds[COPY].min() * 1e6,
        "ratio": ratio.value, "low": ratio.low, "high": ratio.high, "peer_worst_ulp": theirs.worst_ulp,
        "peer_holds": bool(theirs.holds), "ours_worst_ulp": field.entries[OURS].worst_ulp,
    }  # fmt: skip


def table(names: Sequence[str], powers: Sequence[int], rounds: int) -> pd.DataFrame:
    """A row a function and size; ``ratio_without_call`` at 2^12 alone, where a call is a large part."""
    rows = []
    for name in names:
        call = raced(name, CALL, rounds) if 12 in powers else {}
        for power in powers:
            row = raced(name, 2**power, rounds)
            if power == 12:
                ours, theirs = (float(row[f"{who}_us"]) - float(call[f"{who}_us"]) for who in ("ours", "peer"))  # type: ignore[arg-type]
                row |= {"ratio_without_call": theirs / ours if ours > 0 else float("nan")}
            rows.append(row)
    return pd.DataFrame(rows)


def summary(frame: pd.DataFrame) -> dict[str, float]:
    """Geometric means of the ratio: the five smooth functions, and by whether the peer's values hold our promise."""
    held = frame["peer_holds"].astype(bool)
    groups = {
        "five smooth functions": frame["function"].isin(SMOOTH), "where it holds the promise": held,
        "where it does not": ~held, "all": held | ~held,
    }  # fmt: skip
    return {what: float(np.exp(np.log(frame.loc[part, "ratio"]).mean())) for what, part in groups.items() if part.any()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Race, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(NAMES), help=f"functions (default: {' '.join(NAMES)})")
    parser.add_argument("--size", nargs="+", type=int, default=list(POWERS), help="powers of 2")
    parser.add_argument("--rounds", type=int, default=201)
    options = parser.parse_args(arguments)
    frame = table(options.names, options.size, options.rounds)
    print(frame.to_string(index=False, float_format=lambda value: f"{value:.3g}"))
    for what, value in summary(frame).items():
        print(f"{what}: {value:.2f} (geometric mean)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
