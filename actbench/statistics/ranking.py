"""From scores of several arms on the same networks to paired differences and ranks.

The independently seeded network is the unit: of each pair of arms, a network gives one difference, its mean over the
settings. Settings are blocks in which arms are ranked; they are not independent samples of anything, and are shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actbench.statistics import tuning
from actbench.statistics.differences import ERROR_RATE, Difference, difference

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


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


def pairs(arms: Sequence[str], reference: str | None = None) -> list[tuple[str, str]]:
    """Which arms are compared: all with the reference, or all with all."""
    if reference is None:
        return list(combinations(arms, 2))
    return [(arm, reference) for arm in arms if arm != reference]
