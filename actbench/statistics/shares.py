"""A share of networks that did something: zeros and ones, with an interval that holds when all of them did."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from actbench.statistics.estimates import Estimate


@dataclass(frozen=True, kw_only=True)
class Share(Estimate):
    """The mean of zeros and ones, with the exact interval: Student's has no width when all are alike."""

    bounds: tuple[float, float] = (0.0, 1.0)

    @classmethod
    def count(cls, yes: Sequence[bool], n_unit: str = "networks") -> Share:
        """The share of what is true."""
        return cls(values=tuple(map(float, yes)), n_unit=n_unit)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Clopper & Pearson's (1934) interval at a two-sided level; (NaN, NaN) without any unit."""
        from scipy.stats import binomtest

        if not self.n:
            return math.nan, math.nan
        found = binomtest(int(sum(self.values)), self.n).proportion_ci(level, "exact")
        return float(found.low), float(found.high)

    def bootstrap(self, level: float = 0.95) -> tuple[float, float]:
        """The exact interval: resampled ones have no width either when all are alike."""
        return self.interval(level)
