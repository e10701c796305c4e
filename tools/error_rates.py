"""How often is an interval or a decision of this project wrong? Simulated, for every kind in use, at 8 to 64 units.

``python -m tools.error_rates`` (a few minutes) writes reports/error_rates: one row a kind, law and number of units,
with the share of samples in which it was wrong, that share's exact 95 % interval, and the level that was promised; of
an interval also its mean width. The betting interval is tried beside them and used by nothing: it keeps its promise
for whatever values of a known range, and the table says what that costs in width.
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
Trial = tuple[bool, float]  # was it wrong, and how wide was it? A decision has no width
STUDENT = "interval of a mean (Student's t; exact where all agree)"
BETTING = "interval of a bounded mean (betting; not in use)"


def _student(law: Law) -> Callable[[Array], Ends]:
    return lambda values: Estimate.of(values.tolist(), bounds=law.bounds).interval(SHOWN)


STEPS = 1000  # of the range, at whose ends a mean is tried
BET_AT_MOST = 0.75  # of what can be lost in one value


def betting(values: Array, bounds: Ends, level: float) -> Ends:
    """The hedged capital interval of a bounded mean (Waudby-Smith & Ramdas 2024, theorem 3), for n known beforehand.

    A mean is ruled out once a gambler who bets on it being higher, or lower, would have won 1 / (1 - level) times what
    was staked: a bet on a true mean wins nothing on average, whatever the law. Stakes depend on earlier values alone.
    """
    x = (np.asarray(values, float) - bounds[0]) / (bounds[1] - bounds[0])
    n, tried = len(x), np.linspace(0.0, 1.0, STEPS + 1)
    count = np.arange(1, n + 1)
    means = (0.5 + np.cumsum(x)) / (count + 1)
    variances = (0.25 + np.cumsum((x - means) ** 2)) / (count + 1)
    before = np.concatenate([[0.25], variances[:-1]])
    stake = np.sqrt(2 * math.log(2 / (1 - level)) / (n * before))[:, None]
    with np.errstate(divide="ignore"):
        up, down = np.minimum(stake, BET_AT_MOST / tried), np.minimum(stake, BET_AT_MOST / (1 - tried))
    gap = x[:, None] - tried
    won = np.maximum(np.cumsum(np.log1p(up * gap), axis=0), np.cumsum(np.log1p(-down * gap), axis=0)).max(axis=0)
    left = np.flatnonzero(won < math.log(2 / (1 - level)))  # each gambler has half of what is staked
    ends = np.array([max(left[0] - 1, 0), min(left[-1] + 1, STEPS)]) / STEPS if len(left) else means[[-1, -1]]
    low, high = bounds[0] + (bounds[1] - bounds[0]) * ends
    return float(low), float(high)


def _bet(law: Law) -> Callable[[Array], Ends]:
    return lambda values: betting(values, law.bounds, SHOWN)


def _misses(law: Law, ends: Callable[[Array], Ends], truth: float) -> Callable[[np.random.Generator, int], Trial]:
    def miss(rng: np.random.Generator, n: int) -> Trial:
        low, high = ends(law.draw(rng, n))
        return not low <= truth <= high, high - low

    return miss


@dataclass(frozen=True)
class Kind:
    """Something that can be wrong: of a sample of n units it says whether it was, and how wide."""

    name: str
    law: str
    nominal: float
    trial: Callable[[np.random.Generator, int], Trial]
    slow: bool = False


def _pairs(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    below = rng.normal(4.0, 0.6, n)
    return 0.5 * below + rng.normal(0.0, 0.4, n), below


def _ratio_misses(rng: np.random.Generator, n: int) -> Trial:
    above, below = _pairs(rng, n)
    low, high = Estimate.of(pseudo_values(above.tolist(), below.tolist())).interval(SHOWN)
    return not low <= 0.5 <= high, high - low


def _share_misses(p: float) -> Callable[[np.random.Generator, int], Trial]:
    def miss(rng: np.random.Generator, n: int) -> Trial:
        low, high = Share.count((rng.random(n) < p).tolist()).interval(SHOWN)
        return not low <= p <= high, high - low

    return miss


def _supported_on_the_edge(law: Law) -> Callable[[np.random.Generator, int], Trial]:
    region = Region(low=law.mean, words="", reason="")

    def wrong(rng: np.random.Generator, n: int) -> Trial:
        estimate = Estimate.of(law.draw(rng, n).tolist(), bounds=law.bounds)
        return meets(region, *estimate.interval(1 - ERROR_RATE)) == "supported", math.nan

    return wrong


def _equal_on_the_edge(law: Law) -> Callable[[np.random.Generator, int], Trial]:
    def wrong(rng: np.random.Generator, n: int) -> Trial:
        apart = law.draw(rng, n) - law.mean + SAME_ACCURACY.margin
        return meets(SAME_ACCURACY, *Estimate.of(apart.tolist()).interval(EQUIVALENCE_LEVEL)) == "supported", math.nan

    return wrong


def _told_apart(law: Law) -> Callable[[np.random.Generator, int], Trial]:
    def wrong(rng: np.random.Generator, n: int) -> Trial:
        found = difference(law.draw(rng, n).tolist())
        return decide(found, found.p)[0] in ("better", "worse"), math.nan

    return wrong


def kinds() -> Iterator[Kind]:
    """Every interval and decision in use, with laws of the values that it meets."""
    for name, law in LAWS.items():
        student = _misses(law, _student(law), law.mean)
        yield Kind(STUDENT, name, 0.05, student)
    for name, law in LAWS.items():
        if math.isfinite(law.bounds[1] - law.bounds[0]):
            yield Kind(BETTING, name, 0.05, _misses(law, _bet(law), law.mean), slow=True)
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
            trials = [kind.trial(rng, n) for _ in range(count)]
            share = Share.count([wrong for wrong, _ in trials], "samples")
            low, high = share.interval()
            kept = Rate(share=share, nominal=kind.nominal).kept
            rows.append({"kind": kind.name, "law": kind.law, "n": n, "nominal": kind.nominal, "wrong": share.value,
                         "low": low, "high": high, "samples": count, "kept": kept,
                         "width": float(np.mean([width for _, width in trials]))})  # fmt: skip
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
    return "\n".join([*lines, "", *_widths(table), ""])


def _widths(table: pd.DataFrame) -> list[str]:
    """What certainty costs: the betting interval's mean width over that of Student's, of the same law and n."""
    width = table.set_index(["kind", "law", "n"])["width"].unstack("n")
    laws = [law for law in LAWS if (BETTING, law) in width.index]
    ratios = (width.loc[BETTING] / width.loc[STUDENT]).loc[laws]
    return [
        "## How wide is an interval that is right for any law of a known range?",
        "",
        "Mean width of the betting interval (Waudby-Smith & Ramdas 2024) in multiples of Student's, on the same laws, "
        "and in brackets its share of the whole range of values. It decides nothing: where Student's holds it asks "
        "for many times the networks.",
        "",
        f"| values | {' | '.join(f'n = {n}' for n in ratios)} |",
        "|---|" + "---|" * len(ratios.columns),
        *(f"| {law} | {' | '.join(_wide(law, row[n], width.loc[BETTING, law][n]) for n in ratios)} |"
          for law, row in ratios.iterrows()),
    ]  # fmt: skip


def _wide(law: Any, ratio: float, width: float) -> str:
    low, high = LAWS[law].bounds
    return f"{ratio:.1f} ({width / (high - low):.0%})"


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
