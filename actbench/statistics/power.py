"""What a number of units could have shown: the smallest effect in reach, and how many units would settle a question."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from actbench.statistics.estimates import Estimate
from actbench.statistics.expectation import Equivalence, Expectation

POWER = 0.8  # four times in five, the convention since Cohen 1988
MOST = 100_000  # beyond this the estimate lies on the edge, and no number of networks is an answer


def edges(expected: Expectation) -> tuple[float, float]:
    """The ends of what is expected, infinite where there is none."""
    if isinstance(expected, Equivalence):
        return expected.about - expected.margin, expected.about + expected.margin
    return expected.low, expected.high


def detectable(estimate: Estimate, level: float) -> float:
    """How far from an edge the truth must lie for this many units to show it, four times in five.

    Parameters
    ----------
    estimate
        Its n and its spread are used, its mean is not.
    level
        Of the two-sided interval that is judged.

    Returns
    -------
    (t_level + t_power) s / sqrt(n), in the estimate's own units; NaN with fewer than two units.
    """
    return _reach(float(np.std(estimate.values, ddof=1)), estimate.n, level) if estimate.n > 1 else math.nan


def to_settle(estimate: Estimate, expected: Expectation, level: float) -> int | None:
    """The number of units that would settle the question four times in five, were the truth where the estimate is.

    Returns
    -------
    None with fewer than two units, and where those seen agree and no number of others that do would settle it; `MOST`
    stands for that many or more.
    """
    if estimate.n < 2:
        return None
    if estimate.agree:
        return _agreeing(estimate, expected, level)
    distance = min(abs(estimate.value - edge) for edge in edges(expected) if math.isfinite(edge))
    return units_needed(float(np.std(estimate.values, ddof=1)), distance, level)


def units_needed(spread: float, distance: float, level: float) -> int:
    """The units of this spread that show, four times in five, what lies so far from an edge; `MOST` or fewer.

    Parameters
    ----------
    level
        Of the two-sided interval that is judged.
    """
    return _fewest(lambda n: _reach(spread, n, level) <= distance)  # the reach falls with n


def _agreeing(estimate: Estimate, expected: Expectation, level: float) -> int | None:
    """How many units that all agree have an interval inside what is expected, or outside of it."""
    low, high = edges(expected)

    def settled(n: int) -> bool:
        least, most = replace(estimate, values=estimate.values[:1] * n).interval(level)
        return (low <= least and most <= high) or most < low or least > high

    return _fewest(settled) if settled(MOST) else None


def _fewest(enough: Callable[[int], bool]) -> int:
    """The smallest number from 2 to `MOST` that is enough, where every larger one is."""
    low, high = 2, MOST
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def _reach(spread: float, n: int, level: float) -> float:
    from scipy.special import stdtrit

    quantiles = float(stdtrit(n - 1, 0.5 + level / 2)) + float(stdtrit(n - 1, POWER))
    return quantiles * spread / math.sqrt(n)
