"""Can the lab be trusted, what does a call cost, and what does a second thread bring?

Run it as a program; each part writes its table into ``--out``: ``selftest`` (identical pairs and a planted slow-down of
5 %, with their rates), ``overhead`` (256 elements against torch eager), ``threads`` (two threads against one).
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

import actbench as ab
import actbench.experiments
from actbench.runs.experiment import EXPERIMENTS
from actbench.runs.runner import run
from actbench.speed.calibration import identical, slowed
from actbench.speed.inputs import operands
from actbench.speed.race import race
from actbench.speed.threads import environment, pinned

SMOOTH = ("silu", "gelu", "sigmoid", "tanh", "mish", "elu")
CALLS = ("relu", "leaky_relu", "silu", "gelu", "sigmoid", "tanh", "softplus", "elu", "hardswish")
SMALL = 256
PAIRS = 60


def selftest() -> pd.DataFrame:
    """Two rows: identical pairs, and pairs of which the second has 5 % more work."""
    rows = []
    with pinned(1):
        for what, rate in (
            ("identical pairs called different", identical(pairs=PAIRS)),
            ("a slow-down of 5 % found", slowed(pairs=PAIRS)),
        ):
            low, high = rate.interval()
            rows.append({
                "what": what, "found": rate.found, "of": rate.of, "share": rate.share, "low": low, "high": high,
                "half_width": rate.half_width,
            })  # fmt: skip
    return pd.DataFrame(rows)


def overhead() -> pd.DataFrame:
    """A call on 256 elements: ours and torch eager's, its operator with ``out=`` and torch.nn.functional."""
    cells = EXPERIMENTS["throughput"].cells(
        activation=CALLS, dtype=["float32"], size=[SMALL], peers=["torch"], most_seconds=[1.0]
    )
    frame = run("throughput", cells).frame.drop(columns=["samples_s", "places", "warnings"])
    return pd.concat([frame, pd.DataFrame([functional(name) for name in CALLS])], ignore_index=True)


def functional(name: str) -> dict[str, object]:
    """One function as most people call it, which allocates, against our kernel with ``out=``."""
    import torch

    x = np.random.default_rng(0).standard_normal(SMALL).astype(np.float32)
    y, ours, theirs = np.empty_like(x), ab.kernel(name, dtype="float32"), getattr(torch.nn.functional, name)
    tensor = torch.from_numpy(x.copy())
    with torch.no_grad():
        found = race({"ours": lambda: ours(x, out=y), "theirs": lambda: theirs(tensor)}, most=1.0)
    ratio = found.ratio("ours", "theirs")
    return {"activation": name, "direction": "forward", "dtype": "float32", "size": SMALL, "threads": 1,
            "implementation": "torch.nn.functional", "time_s": found.median("theirs").value, "ratio": ratio.value,
            "ratio_low": ratio.low, "ratio_high": ratio.high}  # fmt: skip


def threads(count: int = 2) -> pd.DataFrame:
    """One thread and several, the same kernel on the same arrays, in pairs."""
    rows = []
    with pinned(count):
        for name in SMOOTH:
            one, many = (ab.kernel(name, threads=number) for number in (1, count))
            for power in (8, 12, 15, 16, 18, 20, 22):
                a = operands("normal", "float32", 1 << power, one)
                calls = {"one": partial(one, a.x, out=a.out), "many": partial(many, a.x, out=a.out)}
                found = race(calls, rounds=41, target=0.0005, most=1.5)
                gain = found.ratio("many", "one")
                rows.append({
                    "activation": name, "size": 1 << power, "threads": count, "gain": gain.value, "low": gain.low,
                    "high": gain.high, "rounds": gain.n, "one_s": float(np.median(found.seconds["one"])),
                })  # fmt: skip
    return pd.DataFrame(rows)


PARTS = {"selftest": selftest, "overhead": overhead, "threads": threads}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the parts that are asked for, write and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)} (default all)")
    parser.add_argument("--out", type=Path, default=Path("reports/throughput"))
    options = parser.parse_args(arguments)
    os.environ.pop("NUMBA_NUM_THREADS", None)  # benchmarks pins it to 1, and numba counts once, when it is loaded
    options.out.mkdir(parents=True, exist_ok=True)
    for part in options.parts or PARTS:
        with environment(2 if part == "threads" else 1):
            frame = PARTS[part]()
        frame.to_csv(options.out / f"{part}.csv", index=False)
        shown = [c for c in frame if c not in ("note", "reason", "holds", "worst_ulp", "peak_bytes", "calls")]
        print(frame[shown].to_string(index=False, float_format="{:.4g}".format))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
