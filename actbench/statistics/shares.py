"""A share of networks that did something: zeros and ones, with an interval that holds when all of them did."""

from __future__ import annotations

from dataclasses import dataclass

from actbench.statistics.estimates import Estimate


@dataclass(frozen=True, kw_only=True)
class Share(Estimate):
    """The mean of zeros and ones. Student's interval has no width when all are alike; this one is exact."""

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Clopper & Pearson's (1934) interval at a two-sided level; (NaN, NaN) without any unit."""
        from scipy.special import betaincinv

        if not self.n:
            return float("nan"), float("nan")
        yes, tail = sum(self.values), (1 - level) / 2
        no = self.n - yes
        low = float(betaincinv(yes, no + 1, tail)) if yes else 0.0
        high = float(betaincinv(yes + 1, no, 1 - tail)) if no else 1.0
        return low, high

    def bootstrap(self, level: float = 0.95) -> tuple[float, float]:
        """The exact interval: resampled ones have no width either when all are alike."""
        return self.interval(level)
