"""Paired differences of two arms, their intervals and test, how many tests a number of networks allows, a decision."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.core.streams import stream
from actbench.statistics.estimates import Estimate
from actbench.statistics.power import units_needed

# Fixed before the panel first ran. Half a point of accuracy is one to two of digits' 299 test images: what a different
# draw of the test part changes anyway. A fifth of a point is the size of difference that papers report.
MARGIN = 0.005
OF_INTEREST = 0.002
ERROR_RATE = 0.05
RESAMPLES = 4999
FEW = 5  # values below which there is nothing to resample
EXACT_UP_TO = 14  # pairs whose 2^n signs are all tried


Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The paired difference of two arms, in accuracy.

    Parameters
    ----------
    value, low, high
        Mean over networks, and its 95 % BCa bootstrap interval (Efron 1987), see `bca`.
    inner_low, inner_high
        The 90 % interval, which decides on equivalence (two one-sided tests at 5 %).
    p
        Of the sign-flip permutation test: exact up to 14 networks.
    effect
        The mean over the standard deviation of the differences, corrected for small n (Hedges' g of pairs).
    n, left_out
        Networks that are in it, and those that diverged in one arm: counted, never averaged.
    spread
        The standard deviation of the differences.
    """

    value: float
    low: float
    high: float
    inner_low: float
    inner_high: float
    p: float
    effect: float
    n: int
    left_out: int
    spread: float


def difference(values: Sequence[float], *, left_out: int = 0, name: Sequence[str] = ()) -> Difference:
    """The estimate from one difference a network.

    Parameters
    ----------
    values
        Finite numbers.
    left_out
        Networks that gave none.
    name
        What the resampling stream is named by: the same comparison has the same interval in every run.
    """
    d = np.asarray(values, np.float64)
    if d.size < 2:
        value = float(d.mean()) if d.size else math.nan
        nan = math.nan
        return Difference(value=value, low=nan, high=nan, inner_low=nan, inner_high=nan, p=nan, effect=nan, n=d.size,
                          left_out=left_out, spread=nan)  # fmt: skip
    spread = float(d.std(ddof=1))
    value = float(d.mean())
    low, high = bca(d, 0.95, name)
    inner_low, inner_high = bca(d, 0.90, name)
    effect = 0.0 if value == 0 else math.copysign(math.inf, value) if spread == 0 else value / spread * _small(d.size)
    return Difference(
        value=value, low=low, high=high, inner_low=inner_low, inner_high=inner_high, p=sign_flip(d, name),
        effect=effect, n=d.size, left_out=left_out, spread=spread,
    )  # fmt: skip


def _small(n: int) -> float:
    """Hedges' correction of a standardised mean for n - 1 degrees of freedom."""
    return 1 - 3 / (4 * (n - 1) - 1) if n > 2 else 1.0


def bca(values: Array, level: float, name: Sequence[str] = ()) -> tuple[float, float]:
    """The bias-corrected and accelerated bootstrap interval of a mean; a point where all values are equal.

    Its level is expanded for small samples (Hesterberg 2015, section 6): the bootstrap's spread lacks a factor
    sqrt(n / (n - 1)), and its tails are the normal's where Student's are due. Without that, 8 of 40 comparisons of
    equal arms of 8 networks had 0 outside their 95 % interval; with it, 4. Below 5 values it is Student's own.
    """
    import inspect

    from scipy.stats import bootstrap

    if np.ptp(values) <= 1e-12 * max(1.0, float(np.abs(values).max())):
        return float(values[0]), float(values[0])
    if values.size < FEW:  # too few for a bootstrap: Student's t
        return Estimate.of(values.tolist()).interval(level)
    word = "rng" if "rng" in inspect.signature(bootstrap).parameters else "random_state"  # SciPy 1.15 renamed it
    source: Any = {word: stream("bootstrap", *name, values.size)}
    with np.errstate(all="ignore"):
        asked = expanded(level, values.size)
        found = bootstrap((values,), np.mean, confidence_level=asked, n_resamples=RESAMPLES, vectorized=True, **source)
    low, high = (float(v) for v in found.confidence_interval)
    return low, high


def expanded(level: float, n: int) -> float:
    """The level at which a bootstrap interval of n values has the reach that Student's t asks for."""
    from scipy.special import ndtr, stdtrit

    tail = float(ndtr(math.sqrt(n / (n - 1)) * float(stdtrit(n - 1, (1 - level) / 2))))
    return 1 - 2 * tail


def sign_flip(values: Array, name: Sequence[str] = ()) -> float:
    """P of a mean this far from 0, were each difference as likely to have the other sign (Fisher 1935)."""
    d = np.asarray(values, np.float64)
    d = d[d != 0]
    if not d.size:
        return 1.0
    if d.size <= EXACT_UP_TO:
        signs = 1 - 2 * ((np.arange(2**d.size)[:, None] >> np.arange(d.size)) & 1)
        sums = signs @ d
        return float((np.abs(sums) >= abs(d.sum()) * (1 - 1e-12)).mean())
    if (d > 0).all() or (d < 0).all():  # the two signs that are furthest out: exact, and below what draws can tell
        return smallest_p(d.size)
    signs = stream("sign flips", *name, d.size).choice([-1.0, 1.0], (RESAMPLES, d.size))
    hits = int((np.abs(signs @ d) >= abs(d.sum()) * (1 - 1e-12)).sum())
    return (hits + 1) / (RESAMPLES + 1)  # the observed signs are one of the draws (Phipson & Smyth 2010)


def smallest_p(n: int) -> float:
    """The smallest p that n networks can have: of their 2^n signs two are as far from 0 as signs can be."""
    return min(1.0, 2.0 ** (1 - n))


def networks_to_decide(tests: int) -> int:
    """The fewest networks whose smallest p, corrected for the number of tests (Holm 1979), shows a difference."""
    return next(n for n in range(2, 100) if tests * smallest_p(n) < ERROR_RATE)


def networks_needed(spread: float, size: float, tests: int = 1) -> int | None:
    """The networks with which one of so many corrected tests shows a difference of this size four times in five.

    Returns
    -------
    None where the spread is not known; 100,000 stands for that many or more.
    """
    if not math.isfinite(spread):
        return None
    return max(networks_to_decide(tests), units_needed(spread, size, 1 - ERROR_RATE / tests))


def holm(p: Sequence[float]) -> list[float]:
    """P values adjusted for their number (Holm 1979); NaN takes no part."""
    found = [math.nan] * len(p)
    order = sorted((i for i, value in enumerate(p) if not math.isnan(value)), key=lambda i: p[i])
    largest = 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p[i]))
        found[i] = largest
    return found


def decide(found: Difference, p: float, tests: int = 1) -> tuple[str, str]:
    """One word for a comparison and the reason.

    Parameters
    ----------
    found
        Arm less reference.
    p
        Adjusted for the number of tests.
    tests
        That number.
    """
    if math.isnan(p):
        return "undecided", f"{found.n} networks cannot say"
    points = f"{100 * found.value:+.2f} points [{100 * found.low:.2f}, {100 * found.high:.2f}]"
    inside = found.inner_low >= -MARGIN and found.inner_high <= MARGIN
    within = f"the 90 % interval lies within {100 * MARGIN:g} points of 0"
    if p < ERROR_RATE and inside:
        return "equal in practice", f"{points}: a difference is shown (p = {p:.2g}), but {within}"
    if p < ERROR_RATE:
        return ("better" if found.value > 0 else "worse"), f"{points}, adjusted p = {p:.2g}"
    if inside:
        return "equal in practice", f"{points}; {within}"
    if tests * smallest_p(found.n) >= ERROR_RATE:
        return "undecided", (f"{points}; {found.n} networks cannot show any difference in {tests} tests: it takes "
                             f"{networks_to_decide(tests)}")  # fmt: skip
    more = networks_needed(found.spread, OF_INTEREST, tests)
    return "undecided", f"{points}, adjusted p = {p:.2g}; {more:,} networks would show {100 * OF_INTEREST:g} points"
