"""How often does ``actbench bench --against`` call identical code slower?

Run it in a clone: ``python -m benchmarks.races.false_alarms --runs 20``. Each run compares a commit with itself, all
benchmarks of it; a run counts as an alarm when a single case is called slower. It should be at most one in twenty.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence

from scipy.stats import binomtest

from actbench.against import PAIRS, THRESHOLD, against


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every run, and the rate with its exact interval; 1 where more than one run in twenty raised an alarm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only cases of these activations (default: all)")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="number of the first run; its seed")
    parser.add_argument("--commit", default="HEAD")
    parser.add_argument("--threshold", type=float, default=THRESHOLD)
    parser.add_argument("--benchmark", default="", metavar="REGEX")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    options = parser.parse_args(arguments)
    alarms = suspicions = cases = 0
    for run in range(options.first, options.first + options.runs):
        begun = time.perf_counter()
        found = against(
            options.commit, head=options.commit, threshold=options.threshold, names=options.names,
            benchmarks=options.benchmark, pairs=options.pairs, seed=2 * run,
        )  # fmt: skip
        slower = found.frame[found.frame["verdict"] == "slower"]
        once = int((found.frame["low"] > options.threshold).sum())
        counts = ", ".join(f"{count} {verdict}" for verdict, count in found.frame["verdict"].value_counts().items())
        half = (found.frame["high"] / found.frame["low"]).map(math.log).median() / 2
        print(
            f"run {run}: {counts}; slower the first time {once}; half an interval {half:.3f} (median); "
            f"{time.perf_counter() - begun:.0f} s",
            flush=True,
        )
        for _, row in slower.iterrows():
            print(f"   {row['benchmark']}({row['parameters']}): {row['ratio']:.2f}, then {row['ratio_again']:.2f}")
        alarms, suspicions, cases = alarms + (len(slower) > 0), suspicions + once, cases + len(found.frame)
    low, high = binomtest(alarms, options.runs).proportion_ci(0.95)
    print(f"{alarms} of {options.runs} runs raised an alarm: rate {alarms / options.runs:.2f} [{low:.2f}, {high:.2f}]")
    print(f"{suspicions} of {cases} cases were slower the first time")
    return int(alarms > options.runs / 20)


if __name__ == "__main__":
    raise SystemExit(main())
