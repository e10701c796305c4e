"""How often is an interval or a decision of this project wrong? Simulated, for every kind in use, at 8 to 64 units.

``python -m tools.error_rates`` (a few minutes) writes reports/error_rates: one row a kind, law and number of units,
with the share of samples in which it was wrong, that share's exact 95 % interval, and the level that was promised.
``--samples N`` and ``--n 8 16`` do less; ``--out FOLDER`` writes elsewhere.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from actbench.claims.expectations import SAME_ACCURACY
from actbench.claims.judge import EQUIVALENCE_LEVEL, ERROR_RATE, SHOWN, meets
from actbench.core.streams import stream
from actbench.statistics.calibration import Rate
from actbench.statistics.differences import bca, decide, difference
from actbench.statistics.estimates import Estimate, MedianEstimate, pseudo_values
from actbench.statistics.expectation import Region
from actbench.statistics.shares import Share

TARGET = Path(__file__).resolve().parents[1] / "reports" / "error_rates"
UNITS = (8, 16, 32, 64)
SAMPLES = 4000
SLOW = 8  # a kind that resamples is tried on so many times fewer samples

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Law:
    """Where simulated values come from, and what is true of them."""

    draw: Callable[[np.random.Generator, int], Array]
    mean: float
    bounds: tuple[float, float] = (-math.inf, math.inf)


def _collapsing(rng: np.random.Generator, n: int) -> Array:
    return np.where(rng.random(n) < 0.1, 0.1, rng.normal(0.96, 0.01, n))


def _counted(rng: np.random.Generator, n: int) -> Array:
    return rng.binomial(297, rng.beta(96, 4, n)) / 297  # an accuracy on 297 images


LAWS = {
    "normal": Law(lambda rng, n: rng.normal(0.0, 1.0, n), 0.0),
    "heavy tails (t, 3 degrees)": Law(lambda rng, n: rng.standard_t(3, n), 0.0),
    "skewed (exponential)": Law(lambda rng, n: rng.exponential(1.0, n), 1.0),
    "very skewed (log-normal, sigma 1)": Law(lambda rng, n: rng.lognormal(0.0, 1.0, n), math.exp(0.5)),
    "accuracies (beta-binomial, 297 images)": Law(_counted, 0.96, (0.0, 1.0)),
    "differences of accuracies": Law(lambda rng, n: _counted(rng, n) - _counted(rng, n), 0.0, (-1.0, 1.0)),
    "a share of each network's units (beta 2, 20)": Law(lambda rng, n: rng.beta(2, 20, n), 2 / 22, (0.0, 1.0)),
    "one network in ten collapses": Law(_collapsing, 0.1 * 0.1 + 0.9 * 0.96, (0.0, 1.0)),
    "one network in fifty differs at all": Law(lambda rng, n: (rng.random(n) < 0.02) * 1.0, 0.02, (0.0, 1.0)),
}
Ends = tuple[float, float]


def _student(law: Law) -> Callable[[Array], Ends]:
    return lambda values: Estimate.of(values.tolist(), bounds=law.bounds).interval(SHOWN)


def _misses(law: Law, ends: Callable[[Array], Ends], truth: float) -> Callable[[np.random.Generator, int], bool]:
    def miss(rng: np.random.Generator, n: int) -> bool:
        low, high = ends(law.draw(rng, n))
        return not low <= truth <= high

    return miss


@dataclass(frozen=True)
class Kind:
    """Something that can be wrong: of a sample of n units it says whether it was."""

    name: str
    law: str
    nominal: float
    wrong: Callable[[np.random.Generator, int], bool]
    slow: bool = False


def _pairs(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    below = rng.normal(4.0, 0.6, n)
    return 0.5 * below + rng.normal(0.0, 0.4, n), below


def _ratio_misses(rng: np.random.Generator, n: int) -> bool:
    above, below = _pairs(rng, n)
    low, high = Estimate.of(pseudo_values(above.tolist(), below.tolist())).interval(SHOWN)
    return not low <= 0.5 <= high


def _share_misses(p: float) -> Callable[[np.random.Generator, int], bool]:
    def miss(rng: np.random.Generator, n: int) -> bool:
        low, high = Share.count((rng.random(n) < p).tolist()).interval(SHOWN)
        return not low <= p <= high

    return miss


def _supported_on_the_edge(law: Law) -> Callable[[np.random.Generator, int], bool]:
    region = Region(low=law.mean, words="", reason="")

    def wrong(rng: np.random.Generator, n: int) -> bool:
        estimate = Estimate.of(law.draw(rng, n).tolist(), bounds=law.bounds)
        return meets(region, *estimate.interval(1 - ERROR_RATE)) == "supported"

    return wrong


def _equal_on_the_edge(law: Law) -> Callable[[np.random.Generator, int], bool]:
    def wrong(rng: np.random.Generator, n: int) -> bool:
        apart = law.draw(rng, n) - law.mean + SAME_ACCURACY.margin
        return meets(SAME_ACCURACY, *Estimate.of(apart.tolist()).interval(EQUIVALENCE_LEVEL)) == "supported"

    return wrong


def _told_apart(law: Law) -> Callable[[np.random.Generator, int], bool]:
    def wrong(rng: np.random.Generator, n: int) -> bool:
        found = difference(law.draw(rng, n).tolist())
        return decide(found, found.p)[0] in ("better", "worse")

    return wrong


def kinds() -> Iterator[Kind]:
    """Every interval and decision in use, with laws of the values that it meets."""
    for name, law in LAWS.items():
        student = _misses(law, _student(law), law.mean)
        yield Kind("interval of a mean (Student's t; exact where all agree)", name, 0.05, student)
    for p in (0.02, 0.1, 0.5, 0.9):
        yield Kind("interval of a share (Clopper-Pearson)", f"{p:g} of networks", 0.05, _share_misses(p))
    yield Kind("interval of a ratio of means (jackknife)", "normal pairs", 0.05, _ratio_misses)
    times = Law(lambda rng, n: rng.lognormal(0.0, 0.2, n), 1.0)
    yield Kind("interval of a median of times (percentile bootstrap)", "log-normal, sigma 0.2", 0.05,
               _misses(times, lambda v: MedianEstimate(values=tuple(v)).interval(SHOWN), 1.0), slow=True)  # fmt: skip
    for name in ("normal", "differences of accuracies", "skewed (exponential)"):
        law = LAWS[name]
        yield Kind("interval of a difference in compare (expanded BCa)", name, 0.05,
                   _misses(law, lambda v: bca(v, SHOWN, ("error rates",)), law.mean), slow=True)  # fmt: skip
    for name in ("normal", "differences of accuracies", "skewed (exponential)", "one network in ten collapses"):
        yield Kind("supported, the truth on the edge of the region", name, 0.025, _supported_on_the_edge(LAWS[name]))
    yield Kind("called the same, the truth on the edge of the margin", "differences of accuracies", 0.05,
               _equal_on_the_edge(LAWS["differences of accuracies"]))  # fmt: skip
    for name in ("normal", "differences of accuracies"):
        told = _told_apart(LAWS[name])
        yield Kind("better or worse in compare, the truth at 0 (sign flips)", name, 0.05, told, slow=True)


def simulate(units: Sequence[int] = UNITS, samples: int = SAMPLES) -> pd.DataFrame:
    """One row a kind, law and number of units: the rate at which it is wrong, and whether that is what was promised."""
    rows = []
    for kind in kinds():
        for n in units:
            rng = stream("error rates", kind.name, kind.law, n)
            count = max(1, samples // SLOW) if kind.slow else samples
            share = Share.count([kind.wrong(rng, n) for _ in range(count)], "samples")
            low, high = share.interval()
            kept = Rate(share=share, nominal=kind.nominal).kept
            rows.append({"kind": kind.name, "law": kind.law, "n": n, "nominal": kind.nominal, "wrong": share.value,
                         "low": low, "high": high, "samples": count, "kept": kept})  # fmt: skip
        sys.stderr.write(f"{kind.name}, {kind.law}\n")
    return pd.DataFrame(rows)


def page(table: pd.DataFrame) -> str:
    """The table for people: rates in percent, those above what was promised in bold."""
    units = sorted(table["n"].unique())
    lines = [
        "# How often are our intervals and decisions wrong?",
        "",
        "Simulated samples of which the truth is known, through the functions that judge claims and comparisons; "
        "written by `python -m tools.error_rates`. Shares in percent; bold where the exact 95 % interval of the share "
        "lies above the promised level. What is bold is said on the article's page.",
        "",
        f"| | values | promised | {' | '.join(f'n = {n}' for n in units)} |",
        "|---|---|---|" + "---|" * len(units),
    ]
    for (kind, law), part in table.groupby(["kind", "law"], sort=False):
        ordered = part.sort_values("n").itertuples()
        cells = [f"{100 * row.wrong:.1f}" if row.kept else f"**{100 * row.wrong:.1f}**" for row in ordered]
        lines.append(f"| {kind} | {law} | {100 * part['nominal'].iloc[0]:g} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def main(words: Sequence[str] | None = None) -> int:
    """Simulate, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=SAMPLES, help=f"of each kind, law and n (default {SAMPLES})")
    parser.add_argument("--n", type=int, nargs="+", default=list(UNITS), help="units in a sample (default 8 16 32 64)")
    parser.add_argument("--out", type=Path, default=TARGET, help="folder (default reports/error_rates)")
    asked = parser.parse_args(words)
    table = simulate(asked.n, asked.samples)
    asked.out.mkdir(parents=True, exist_ok=True)
    table.to_csv(asked.out / "rates.csv", index=False, lineterminator="\n")
    (asked.out / "README.md").write_text(page(table), encoding="utf-8")
    sys.stdout.write(page(table))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
