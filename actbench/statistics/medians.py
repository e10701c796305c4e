"""Medians of samples and of paired ratios, with percentile bootstrap intervals over rounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 4000


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A median with the ends of its interval, and the number of rounds behind it."""

    value: float
    low: float
    high: float
    n: int


def median(values: NDArray[np.float64], *, level: float = 0.95, seed: int = 0) -> Interval:
    """The median over rounds and its percentile bootstrap interval.

    Parameters
    ----------
    values
        One number a round.
    level
        Of the two-sided interval.
    seed
        Of the resampling, so that the same samples give the same interval.
    """
    values = np.asarray(values, float)
    if values.size == 0:
        return Interval(value=float("nan"), low=float("nan"), high=float("nan"), n=0)
    rng = np.random.default_rng(seed)
    medians = np.median(values[rng.integers(0, values.size, (RESAMPLES, values.size))], axis=1)
    low, high = np.quantile(medians, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value=float(np.median(values)), low=float(low), high=float(high), n=values.size)


def ratio(ours: NDArray[np.float64], theirs: NDArray[np.float64], *, level: float = 0.95, seed: int = 0) -> Interval:
    """The median of theirs / ours, round by round: above 1, ours take less time.

    Rounds are pairs, because a machine that slows down for a while slows both.
    """
    return median(np.asarray(theirs, float) / np.asarray(ours, float), level=level, seed=seed)
