"""The race raced: identical competitors must look alike, and a planted slow-down must be found; with their rates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from actbench.speed.race import Race, race
from actbench.statistics.calibration import calibration
from actbench.statistics.medians import Interval
from actbench.statistics.shares import Share

SIZE = 1 << 12  # elements of float64: 32 kB, in a near cache everywhere
TARGET, ROUNDS = 0.0003, 101  # seconds a sample: shorter than a time slice, so that most samples are undisturbed


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How often something was called different.

    Parameters
    ----------
    found, of
        Pairs whose 95 % interval leaves out 1, and all pairs.
    ratios
        Each pair's ratio with its interval.
    """

    found: int
    of: int
    ratios: tuple[Interval, ...]

    @property
    def share(self) -> float:
        """Found over all."""
        return self.found / self.of if self.of else math.nan

    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share."""
        return Share.count([True] * self.found + [False] * (self.of - self.found)).interval()

    @property
    def half_width(self) -> float:
        """The median over pairs of the interval's half width: what this machine can tell apart."""
        return float(np.median([(r.high - r.low) / 2 for r in self.ratios])) if self.ratios else math.nan


def work(size: int = SIZE) -> Callable[[], object]:
    """A call of plain NumPy on touched memory, whose time is proportional to its size."""
    x = np.linspace(-3.0, 3.0, size)
    out = np.zeros_like(x)
    return lambda: np.tanh(x, out=out)


def identical(*, pairs: int = 20, rounds: int = ROUNDS, seed: int = 0) -> Rate:
    """An A/A test: the same call under two names, pair after pair; 5 % may be called different at 95 %."""
    call = work()
    return _rate(call, call, lambda ratio: not ratio.low <= 1 <= ratio.high, pairs, rounds, seed)


def slowed(*, by: float = 1.05, pairs: int = 20, rounds: int = ROUNDS, seed: int = 0) -> Rate:
    """A planted slow-down: the second competitor has so many times the work; the share of pairs that show it."""
    return _rate(work(), work(round(SIZE * by)), lambda ratio: ratio.low > 1, pairs, rounds, seed)


def _rate(
    a: Callable[[], object],
    b: Callable[[], object],
    says: Callable[[Interval], bool],
    pairs: int,
    rounds: int,
    seed: int,
) -> Rate:
    races: list[Race] = [race({"a": a, "b": b}, rounds=rounds, target=TARGET, seed=seed + i) for i in range(pairs)]
    ratios = [found.ratio("a", "b") for found in races]
    share = calibration(ratios, {"said": (says, None)}, "pairs")["said"].share
    return Rate(found=int(sum(share.values)), of=share.n, ratios=tuple(ratios))
