"""From a frame to an estimate: one number per independent network, their mean, and intervals at any level.

Student's t decides (its simulated coverage is in reports/error_rates). Where all values agree it has no width, and
that is no certainty: what Clopper and Pearson's bound leaves open for networks that would not agree decides instead.
Where values are yes or no, their interval of a share does.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from actbench.core.errors import ActbenchError
from actbench.statistics.frames import averaged

RESAMPLES = 4_000


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean over independent units, with what is needed for an interval at any level.

    Parameters
    ----------
    values
        One number per unit; units are independently seeded networks unless ``n_unit`` says otherwise.
    n_unit
        What one value stands for.
    left_out
        Units that gave no number (died or diverged), counted and shown, never silently dropped.
    note
        Why they gave none, or anything else that belongs beside the number.
    bounds
        The range that no value can leave: ``(0, 1)`` for a share. It bounds what units that agree, or that are left
        out, cannot tell.
    certain
        Whether no chance is in it, so that equal values are no accident: an identity, a simulation without noise.
    """

    values: tuple[float, ...]
    n_unit: str = "networks"
    left_out: int = 0
    note: str = ""
    bounds: tuple[float, float] = (-math.inf, math.inf)
    certain: bool = False

    def __post_init__(self) -> None:
        if self.left_out < 0:
            raise ActbenchError(f"left_out counts units that gave no number: 0 or more, not {self.left_out}")
        if not self.bounds[0] <= self.bounds[1]:
            raise ActbenchError(
                f"bounds are the least and the most that a value can be, in this order, not {self.bounds}"
            )
        if not all(map(math.isfinite, self.values)):
            raise ActbenchError("values are finite numbers; Estimate.of(values) counts the others as left out")

    @classmethod
    def of(cls, values: Sequence[float], **details: object) -> Estimate:
        """An estimate from any sequence; non-finite values are counted as left out."""
        numbers = [float(v) for v in values]
        finite = tuple(v for v in numbers if math.isfinite(v))
        lost = len(numbers) - len(finite) + int(details.pop("left_out", 0))  # type: ignore[call-overload]
        return cls(values=finite, left_out=lost, **details)  # type: ignore[arg-type]

    @classmethod
    def per_net(cls, frame: Any, measure: str, *, over: Sequence[str] = (), **details: object) -> Estimate:
        """The mean over networks of each network's mean of a column; networks without a number are left out.

        Parameters
        ----------
        frame
            Observations of one setting: factors first, measures behind ``net``, as `actbench.run` gives them.
        measure
            The column.
        over
            Factors that each network is averaged over; a column such as ``layer`` that is no factor needs no mention.
        **details
            Other fields of the estimate.

        Raises
        ------
        ActbenchError
            For a factor that has several levels here and is not named: their mean would answer no question.
        """
        pooled = averaged(frame, over)
        if pooled:
            raise ActbenchError(
                f"{measure} would be averaged over {'; '.join(pooled)}; select a level, or name in over="
            )
        return cls.of(list(frame.groupby("net", sort=True)[measure].mean()), **details)

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def value(self) -> float:
        """The mean over units; NaN without any."""
        return float(np.mean(self.values)) if self.values else math.nan

    def bootstrap(self, level: float = 0.95) -> tuple[float, float]:
        """The BCa bootstrap interval (Efron 1987) for the mean, by a seed of its own; (NaN, NaN) with under two units.

        It leans on no law of the values, and with few units it is a little too narrow: shown beside the t interval,
        which decides.
        """
        if self.n < 2 or self.agree:
            return self.interval(level)
        from scipy.stats import bootstrap

        for method in ("BCa", "percentile"):  # BCa gives NaN where all but one value agree
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = bootstrap(
                    (np.array(self.values),), np.mean, n_resamples=RESAMPLES, confidence_level=level, method=method,
                    vectorized=True, rng=np.random.default_rng(0),
                ).confidence_interval  # fmt: skip
            if math.isfinite(found.low) and math.isfinite(found.high):
                break
        return float(found.low), float(found.high)

    @property
    def agree(self) -> bool:
        """Whether all values are the same number."""
        return self.n > 0 and len(set(self.values)) == 1

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Student's t interval for the mean at a two-sided level; (NaN, NaN) with fewer than two units.

        Where all n values agree, at most a share 1 - (tail)^(1/n) of all networks does not (Clopper & Pearson 1934),
        and the mean moves by no more than that share of the way to each bound. Where all of them lie on the bounds,
        some on each, the interval is Clopper and Pearson's of the share on the upper one.
        """
        from scipy.special import betaincinv, stdtrit  # 140 ms that an import of actbench shall not pay

        if self.n < 2:
            return math.nan, math.nan
        if self.agree:
            if self.certain:
                return self.value, self.value
            others = 1 - ((1 - level) / 2) ** (1 / self.n)
            return tuple(self.value + others * (end - self.value) if end != self.value else end for end in self.bounds)  # type: ignore[return-value]
        least, most = self.bounds
        if set(self.values) == {least, most}:  # one in ten collapses: of 8 that t calls below 0.42 it may be 0.53
            yes, tail = self.values.count(most), (1 - level) / 2
            low, high = betaincinv(yes, self.n - yes + 1, tail), betaincinv(yes + 1, self.n - yes, 1 - tail)
            return least + float(low) * (most - least), least + float(high) * (most - least)
        spread = float(np.std(self.values, ddof=1)) / math.sqrt(self.n)
        reach = float(stdtrit(self.n - 1, 0.5 + level / 2)) * spread
        return max(self.value - reach, self.bounds[0]), min(self.value + reach, self.bounds[1])

    def with_left_out(self, low: float, high: float) -> tuple[float, float]:
        """An interval's ends, were every unit that is left out at the worst end of the range (Manski 1989).

        A measure without bounds has as its range the values' own, widened by its width on both sides.
        """
        if not self.left_out or not self.n:
            return low, high
        least, most = min(self.values), max(self.values)
        ends = (least - (most - least), most + (most - least))
        ends = tuple(b if math.isfinite(b) else e for b, e in zip(self.bounds, ends, strict=True))  # type: ignore[assignment]
        share = self.left_out / (self.n + self.left_out)
        return low + share * (min(ends[0], low) - low), high + share * (max(ends[1], high) - high)


@dataclass(frozen=True, kw_only=True)
class MedianEstimate(Estimate):
    """A median over rounds of a timing: samples of a busy machine have no mean that means anything."""

    @property
    def value(self) -> float:
        """The median; NaN without any."""
        return float(np.median(self.values)) if self.values else math.nan

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The percentile bootstrap interval of the median; (NaN, NaN) with fewer than two rounds."""
        from actbench.statistics.medians import median

        if self.n < 2:
            return math.nan, math.nan
        found = median(np.array(self.values), level=level)
        return found.low, found.high

    def bootstrap(self, level: float = 0.95) -> tuple[float, float]:
        """Its interval is one already."""
        return self.interval(level)


Effect = Callable[[Any], Estimate]  # what a reading asks of a frame


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """The least-squares slope of y against x; NaN with fewer than two points."""
    if len(x) < 2:
        return math.nan
    dx = np.asarray(x, float) - np.mean(x)
    return float(np.dot(dx, np.asarray(y, float)) / np.dot(dx, dx))


def pseudo_values(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """The jackknife's pseudo-values of sum(above) / sum(below): n times the ratio less n - 1 times it without one."""
    n, up, down = len(above), sum(above), sum(below)
    whole = up / down
    return [n * whole - (n - 1) * (up - a) / (down - b) for a, b in zip(above, below, strict=True)]
