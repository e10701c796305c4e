"""What an estimate has to meet: a region, or closeness to a value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from actbench.core.errors import ActbenchError


@dataclass(frozen=True, kw_only=True)
class Region:
    """The claim holds where the estimate lies in ``[low, high]``: judged at level 1 - 0.05/m.

    Parameters
    ----------
    low, high
        The ends, closed; infinite where there is none.
    words
        The region in words: ``"halves with every layer"``.
    reason
        Why these ends, written before anything was measured.
    """

    low: float = -math.inf
    high: float = math.inf
    words: str
    reason: str

    def __post_init__(self) -> None:
        if not self.low <= self.high or self.low == self.high:
            raise ActbenchError(f"the region {self.low!r} to {self.high!r} is empty; give low < high")
        if math.isinf(self.low) and math.isinf(self.high):
            raise ActbenchError("a region without an end is met by whatever is measured; give low, high or both")


@dataclass(frozen=True, kw_only=True)
class Equivalence:
    """The claim holds where a 90 % interval lies within ``margin`` of ``about``: two one-sided tests at 5 %."""

    margin: float
    words: str
    reason: str
    about: float = 0.0

    def __post_init__(self) -> None:
        if not (self.margin > 0 and math.isfinite(self.margin) and math.isfinite(self.about)):
            raise ActbenchError(f"about {self.about!r} within {self.margin!r}: both are finite, the margin positive")


Expectation = Region | Equivalence
