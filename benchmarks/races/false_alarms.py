"""How often does ``actbench bench --against`` call identical code slower?

Run it in a clone: ``python -m benchmarks.races.false_alarms --runs 20 --keep FILE.csv``. Each run compares a commit
with itself, all benchmarks of it; a run counts as an alarm when a single case is called slower. It should be at most
one in twenty. What is in FILE already is not run again, so that twenty runs may be made in pieces.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from scipy.stats import binomtest

from actbench.speed.commits import PAIRS, THRESHOLD, against

COUNTED = ("same", "unclear", "slower", "faster", "failed")
ASKED = ("commit", "names", "benchmark", "threshold", "pairs")  # rows that agree in these are of one experiment


def one(run: int, asked: dict[str, Any]) -> dict[str, Any]:
    """One comparison of a commit with itself."""
    begun = time.perf_counter()
    frame = against(
        asked["commit"], head=asked["commit"], threshold=asked["threshold"], names=asked["names"].split(),
        benchmarks=asked["benchmark"], pairs=asked["pairs"], seed=2 * run,
    ).frame  # fmt: skip
    for row in frame[frame["verdict"] == "slower"].itertuples():
        print(f"   {row.benchmark}({row.parameters}): {row.ratio:.2f}, then {row.ratio_again:.2f}")
    half = (frame["high"] / frame["low"]).map(math.log).median() / 2
    return {
        **asked, "run": run, "cases": len(frame), **{word: int((frame["verdict"] == word).sum()) for word in COUNTED},
        "slower_once": int((frame["low"] > asked["threshold"]).sum()), "half_interval": half,
        "seconds": time.perf_counter() - begun,
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every run, and the rate with its exact interval; 1 where more than one run in twenty raised an alarm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only cases of these activations (default: all)")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--keep", type=Path, metavar="FILE.csv", help="a row a run, added to those that are there")
    parser.add_argument("--most", type=int, metavar="N", help="of new runs now")
    parser.add_argument("--commit", default="HEAD")
    parser.add_argument("--threshold", type=float, default=THRESHOLD)
    parser.add_argument("--benchmark", default="", metavar="REGEX")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    options = parser.parse_args(arguments)
    # S603, S607: git from the path; --verify takes one revision and no option
    said = subprocess.run(["git", "rev-parse", "--verify", "--short", options.commit],  # noqa: S603, S607
                          capture_output=True, check=True, text=True)  # fmt: skip
    asked = {
        "commit": said.stdout.strip(), "names": " ".join(options.names), "benchmark": options.benchmark,
        "threshold": options.threshold, "pairs": options.pairs,
    }  # fmt: skip
    rows = kept(options.keep, asked)
    left = [run for run in range(options.runs) if run not in {row["run"] for row in rows}][: options.most]
    for run in left:
        rows.append(one(run, asked))
        row = rows[-1]
        counts = ", ".join(f"{row[word]} {word}" for word in COUNTED if row[word])
        print(
            f"run {run}: {counts}; slower the first time {row['slower_once']}; half an interval "
            f"{row['half_interval']:.3f} (median); {row['seconds']:.0f} s",
            flush=True,
        )
        if options.keep:
            new = not options.keep.exists()
            pd.DataFrame(rows[-1:]).to_csv(options.keep, mode="a", header=new, index=False, lineterminator="\n")
    alarms, n = sum(row["slower"] > 0 for row in rows), len(rows)
    low, high = binomtest(alarms, n).proportion_ci(0.95)
    print(f"{alarms} of {n} runs raised an alarm: rate {alarms / n:.2f} [{low:.2f}, {high:.2f}]")
    print(f"{sum(row['slower_once'] for row in rows)} of {sum(row['cases'] for row in rows)} cases were slower once")
    return int(alarms > n / 20)


def kept(file: Path | None, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Runs of the same experiment that are in the file."""
    if file is None or not file.exists():
        return []
    rows = pd.read_csv(file, dtype={"commit": str}, keep_default_na=False).to_dict(orient="records")
    return [{str(k): v for k, v in row.items()} for row in rows if all(row[key] == asked[key] for key in ASKED)]


if __name__ == "__main__":
    raise SystemExit(main())
