"""From scores of several arms on the same networks to differences, ranks and a decision, each with its interval.

The independently seeded network is the unit: of each pair of arms, a network gives one difference, its mean over the
settings. Settings are blocks in which arms are ranked; they are not independent samples of anything, and are shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actbench.core.streams import stream
from actbench.statistics import tuning
from actbench.statistics.estimates import Estimate
from actbench.statistics.power import POWER

if TYPE_CHECKING:
    import pandas as pd

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
    needed
        Networks that would show a difference of `OF_INTEREST`, four times in five, at this spread.
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
    needed: int | None


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
                          left_out=left_out, needed=None)  # fmt: skip
    spread = float(d.std(ddof=1))
    value = float(d.mean())
    low, high = bca(d, 0.95, name)
    inner_low, inner_high = bca(d, 0.90, name)
    effect = 0.0 if value == 0 else math.copysign(math.inf, value) if spread == 0 else value / spread * _small(d.size)
    return Difference(
        value=value, low=low, high=high, inner_low=inner_low, inner_high=inner_high, p=sign_flip(d, name),
        effect=effect, n=d.size, left_out=left_out, needed=networks_needed(spread, OF_INTEREST),
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
    signs = stream("sign flips", *name, d.size).choice([-1.0, 1.0], (RESAMPLES, d.size))
    hits = int((np.abs(signs @ d) >= abs(d.sum()) * (1 - 1e-12)).sum())
    return (hits + 1) / (RESAMPLES + 1)  # the observed signs are one of the draws (Phipson & Smyth 2010)


def networks_needed(spread: float, size: float, level: float = 1 - ERROR_RATE) -> int | None:
    """The networks with which a paired difference of this size is shown four times in five.

    Returns
    -------
    None where the spread is not known; 100,000 stands for that many or more.
    """
    from scipy.special import stdtrit

    if not math.isfinite(spread):
        return None

    def short(n: int) -> bool:
        reach = float(stdtrit(n - 1, 0.5 + level / 2)) + float(stdtrit(n - 1, POWER))
        return reach * spread / math.sqrt(n) > size

    low, high = 2, 100_000
    if short(high):
        return high
    while low < high:  # the reach falls with n
        middle = (low + high) // 2
        low, high = (middle + 1, high) if short(middle) else (low, middle)
    return low


def holm(p: Sequence[float]) -> list[float]:
    """P values adjusted for their number (Holm 1979); NaN takes no part."""
    found = [math.nan] * len(p)
    order = sorted((i for i, value in enumerate(p) if not math.isnan(value)), key=lambda i: p[i])
    largest = 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p[i]))
        found[i] = largest
    return found


def tuned(frame: pd.DataFrame, setting: Sequence[str]) -> pd.DataFrame:
    """Every arm at its own best step size in every setting, by the rule of `actbench.statistics.tuning`.

    Parameters
    ----------
    frame
        Observations of the panel: ``activation``, ``rate``, ``net``, the setting's factors and the scores.
    setting
        The factors that make a setting.

    Returns
    -------
    One row for each activation, setting and network: ``setting`` (a text), ``rate``, ``test_accuracy`` (NaN where the
    network diverged), ``diverged``, ``dead_end``, and ``edge``: whether the best step size is the smallest or largest.
    """
    arm = [*setting, "activation"]
    whole = frame[~frame.assign(none=frame["reason"].notna()).groupby(arm, dropna=False)["none"].transform("any")]
    best = tuning.tuned(whole, arm)
    columns = ["activation", "setting", "net", "rate", "edge", "test_accuracy", "diverged", "dead_end"]
    best["setting"] = [" ".join(map(str, row)) for row in best[list(setting)].itertuples(index=False)]
    return best[columns].astype({"test_accuracy": float, "diverged": bool, "dead_end": float})


def paired(scores: pd.DataFrame, a: str, b: str, *, settings: Sequence[str] | None = None) -> Difference:
    """Arm a less arm b, network by network, over the settings that both have.

    A network that diverged in one of the two arms in some setting is left out of the mean, and counted.
    """
    one, other = (_wide(scores[scores["activation"] == arm]) for arm in (a, b))
    shared = [s for s in one.columns if s in other.columns and (settings is None or s in settings)]
    nets = one.index.intersection(other.index)
    each = (one.loc[nets, shared] - other.loc[nets, shared]).to_numpy(float)
    per_net = each.mean(axis=1) if each.size else np.empty(0)
    finite = np.isfinite(per_net)
    return difference(per_net[finite].tolist(), left_out=int((~finite).sum()), name=(a, b))


def lost(scores: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Activation to the settings in which at least half of its networks diverged, with their share."""
    found: dict[str, dict[str, float]] = {}
    for arm, part in scores.groupby("activation"):
        shares = part.groupby("setting")["diverged"].mean()
        found[str(arm)] = {str(setting): float(share) for setting, share in shares.items() if share >= 0.5}
    return found


def _wide(part: pd.DataFrame) -> pd.DataFrame:
    wide: pd.DataFrame = part.pivot_table(
        index="net", columns="setting", values="test_accuracy", aggfunc="first", dropna=False, sort=True
    )
    return wide


def medians(scores: pd.DataFrame) -> pd.DataFrame:
    """Setting by activation: the median test accuracy, diverged networks being worse than all others (-1).

    Settings in which an arm is missing (it has no critical point, say) are left out: ranks need them all.
    """
    low = scores.assign(score=scores["test_accuracy"].where(~scores["diverged"], -1.0))
    table: pd.DataFrame = low.groupby(["setting", "activation"])["score"].median().unstack("activation")
    return table.dropna()


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """Ranks of arms over settings.

    Parameters
    ----------
    mean
        Arm to its mean rank; 1 is best, equals share.
    settings
        How many settings there are.
    test, p
        That all arms are alike: Friedman's test, which takes three arms, or the sign test over the settings for two;
        an empty name and NaN where there are fewer than three settings.
    critical
        Nemenyi's critical difference of mean ranks at 5 %.
    groups
        Largest sets of arms whose mean ranks differ by less than that.
    stable
        Arm to the share of settings, one left out at a time, in which its place among the arms stays what it is.
    agreement
        Kendall's W: 1 where all settings rank alike, 0 where they have nothing in common.
    """

    mean: Mapping[str, float]
    settings: int
    test: str
    p: float
    critical: float
    groups: tuple[tuple[str, ...], ...]
    stable: Mapping[str, float]
    agreement: float


def ranks(table: pd.DataFrame) -> Ranks:
    """Rank arms in every setting (Demsar 2006), from `medians`."""
    from scipy.stats import rankdata

    arms, settings = list(table.columns), len(table)
    each = np.array([rankdata(-row, method="average") for row in table.to_numpy(float)]).reshape(settings, len(arms))
    mean = each.mean(axis=0) if settings else np.full(len(arms), math.nan)
    test, p = _alike(each)
    critical = critical_difference(len(arms), settings)
    order = np.argsort(mean)
    places = {arms[i]: rankdata(mean)[i] for i in range(len(arms))}
    without = [np.delete(each, i, axis=0).mean(axis=0) for i in range(settings)] if settings > 1 else []
    kept = {arm: float(np.mean([rankdata(m)[i] == places[arm] for m in without])) if without else math.nan
            for i, arm in enumerate(arms)}  # fmt: skip
    spread = 12 * float(((mean - (len(arms) + 1) / 2) ** 2).sum()) if settings else math.nan
    agreement = spread / (len(arms) * (len(arms) ** 2 - 1)) if len(arms) > 1 else math.nan
    return Ranks(
        mean={arms[i]: float(mean[i]) for i in order}, settings=settings, test=test, p=p, critical=critical,
        groups=_groups([arms[i] for i in order], mean[order], critical), stable=kept, agreement=agreement,
    )  # fmt: skip


def _alike(each: Array) -> tuple[str, float]:
    """The test that all arms are alike, from the ranks in every setting, and its p."""
    from scipy.stats import binomtest, friedmanchisquare

    settings, arms = each.shape
    if settings < 3 or arms < 2:
        return "", math.nan
    if arms == 2:  # exact; settings in which the two are equal say nothing of either
        first, other = (int((each[:, i] < each[:, 1 - i]).sum()) for i in range(2))
        return "sign test", float(binomtest(first, first + other).pvalue) if first + other else 1.0
    with np.errstate(all="ignore"):
        p = float(friedmanchisquare(*each.T).pvalue)
    return "Friedman's test", 1.0 if math.isnan(p) else p  # NaN: every setting ranks all arms equal


def critical_difference(arms: int, settings: int) -> float:
    """Nemenyi's: q sqrt(k (k + 1) / (6 N)) with q of the studentised range over sqrt(2)."""
    from scipy.stats import studentized_range

    if arms < 2 or not settings:
        return math.nan
    q = float(studentized_range.ppf(1 - ERROR_RATE, arms, np.inf)) / math.sqrt(2)
    return q * math.sqrt(arms * (arms + 1) / (6 * settings))


def _groups(arms: Sequence[str], mean: Array, critical: float) -> tuple[tuple[str, ...], ...]:
    found: list[tuple[str, ...]] = []
    for i in range(len(arms)):
        last = max(j for j in range(i, len(arms)) if mean[j] - mean[i] < critical or j == i)
        group = tuple(arms[i : last + 1])
        if len(group) > 1 and not any(set(group) <= set(known) for known in found):
            found.append(group)
    return tuple(found)


def pareto(points: Mapping[str, tuple[float, float]]) -> list[str]:
    """The arms that no other arm beats in both: points are (cost, quality)."""
    known = {arm: point for arm, point in points.items() if all(map(math.isfinite, point))}
    return [
        arm
        for arm, (cost, quality) in known.items()
        if not any(c <= cost and q >= quality and (c, q) != (cost, quality) for c, q in known.values())
    ]


def decide(found: Difference, p: float) -> tuple[str, str]:
    """One word for a comparison and the reason.

    Parameters
    ----------
    found
        Arm less reference.
    p
        Adjusted for the number of comparisons.
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
    more = f"; {found.needed:,} networks would show {100 * OF_INTEREST:g} points" if found.needed else ""
    return "undecided", f"{points}, adjusted p = {p:.2g}{more}"


def pairs(arms: Sequence[str], reference: str | None = None) -> list[tuple[str, str]]:
    """Which arms are compared: all with the reference, or all with all."""
    if reference is None:
        return list(combinations(arms, 2))
    return [(arm, reference) for arm in arms if arm != reference]
