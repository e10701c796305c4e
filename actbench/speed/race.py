"""Competitors in one process, in random order round by round, until their samples say who is faster.

A sample is a block of calls that lasts long against the clock; every block starts with one call that is not timed, so
that what another competitor left in the caches is nobody's fault. The garbage collector is off. Raw samples are kept.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from actbench.core.errors import reason_of
from actbench.statistics.medians import Interval, median, ratio

Call = Callable[[], object]
Stopwatch = Callable[[Call, int], float]  # seconds that so many calls take one after the other
FEWEST_ROUNDS = 5
STEADY = 0.05  # warm-up ends when the last three blocks are this close to the three before them
WARM_BLOCKS, WARM_SECONDS = 24, 0.2  # at most
LONG_CALL = 0.25  # seconds; of calls that last longer one is a sample, and the first calls were warm-up enough
NOISY = 0.15  # spread of the middle half of the samples over their median
COARSE = 0.01  # a tick of the clock over the length of a sample


@dataclass(frozen=True, kw_only=True)
class Race:
    """What was measured.

    Parameters
    ----------
    seconds
        Competitor to seconds a call, one number a round; the i-th numbers were taken in the same round.
    places
        Competitor to its place in the order of each round.
    calls
        Competitor to the calls in one sample.
    failed
        Competitor that raised, to the reason; it has no samples.
    tick
        Seconds between two readings of the clock that differ.
    """

    seconds: Mapping[str, NDArray[np.float64]]
    places: Mapping[str, NDArray[np.int64]]
    calls: Mapping[str, int]
    failed: Mapping[str, str] = field(default_factory=dict)
    tick: float = 0.0

    @property
    def rounds(self) -> int:
        """How many rounds were run."""
        return max((len(values) for values in self.seconds.values()), default=0)

    def median(self, name: str, *, level: float = 0.95) -> Interval:
        """Seconds a call: the median over rounds with its interval."""
        return median(self.seconds[name], level=level)

    def ratio(self, ours: str, theirs: str, *, level: float = 0.95) -> Interval:
        """Their time over ours, round by round: above 1, ours are faster."""
        return ratio(self.seconds[ours], self.seconds[theirs], level=level)

    def warnings(self) -> list[str]:
        """What makes the numbers doubtful, each with its remedy, in one line."""
        found = []
        wide = {name: spread(values) for name, values in self.seconds.items()}
        noisy = {name: value for name, value in wide.items() if value > NOISY}
        if noisy:
            worst = max(noisy, key=lambda name: noisy[name])
            others = f" ({len(noisy) - 1} more are noisy)" if len(noisy) > 1 else ""
            found.append(
                f"noise: the middle half of {worst}'s samples spans {noisy[worst]:.0%} of their median{others}; "
                "stop other programs or give more rounds"
            )
        for name, values in self.seconds.items():
            if values.size and self.tick > COARSE * float(np.median(values)) * self.calls[name]:
                found.append(f"clock: a sample of {name} lasts few ticks of {self.tick:.1g} s; give longer samples")
        return found


WIDEST = 2.0  # an interval whose ends are further apart says that the machine did something else meanwhile
BUSY = "machine was busy: no usable time"


def busy(low: float | None, high: float | None) -> bool:
    """Whether the interval of a time, or of a ratio of times, is too wide to tell anything."""
    return bool(low is not None and high is not None and low > 0 and high > WIDEST * low)


def spread(values: NDArray[np.float64]) -> float:
    """The middle half of the samples over their median."""
    if values.size < 4:
        return 0.0
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return float((high - low) / middle)


def tick() -> float:
    """The smallest step of the clock that is seen, in seconds."""
    steps = []
    for _ in range(200):
        start = now = time.perf_counter()
        while now == start:
            now = time.perf_counter()
        steps.append(now - start)
    return float(np.median(steps))


def race(
    competitors: Mapping[str, Call],
    *,
    rounds: int = 61,
    target: float = 0.0005,
    most: float | None = None,
    seed: int = 0,
    stopwatch: Stopwatch | None = None,
) -> Race:
    """Time competitors against each other.

    Parameters
    ----------
    competitors
        Name to a call without arguments. What it returns is thrown away: check values before.
    rounds
        Samples of each.
    target
        Seconds that a sample lasts at least: calls are repeated within it. Many short samples are better than few long
        ones: a sample shorter than a time slice is mostly undisturbed, and the median leaves out the others.
    most
        Seconds for all rounds together: their number is lowered to fit, not below 5.
    seed
        Of the order.
    stopwatch
        What times a block of calls; by default the wall clock.

    Returns
    -------
    A `Race`. A competitor that raises is in ``failed``, and the others run on.
    """
    watch = stopwatch or wall
    failed: dict[str, str] = {}
    calls: dict[str, int] = {}
    for name, call in competitors.items():
        try:
            calls[name] = _calibrated(call, target, watch)
        except Exception as error:  # somebody else's code may raise whatever it likes
            failed[name] = reason_of(error)
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    places: dict[str, list[int]] = {name: [] for name in calls}
    order = np.random.default_rng(seed)
    names = list(calls)
    begun = time.perf_counter()
    with quiet():
        for done in range(rounds):
            if most is not None and done >= FEWEST_ROUNDS:
                spent = time.perf_counter() - begun
                if spent * (done + 1) / done > most:
                    break
            for place, index in enumerate(order.permutation(len(names))):
                name = names[int(index)]
                if name in failed:
                    continue
                try:
                    seconds[name].append(_sample(competitors[name], calls[name], watch, warm=calls[name] > 1))
                    places[name].append(place)
                except Exception as error:
                    failed[name] = reason_of(error)
    alive = [name for name in names if name not in failed]
    return Race(
        seconds={name: np.array(seconds[name]) for name in alive},
        places={name: np.array(places[name]) for name in alive},
        calls={name: calls[name] for name in alive},
        failed=failed,
        tick=tick(),
    )


def wall(call: Call, calls: int) -> float:
    """The `Stopwatch` for calls that return when they are done."""
    clock, block = time.perf_counter, repeat(None, calls)
    start = clock()
    for _ in block:
        call()
    return clock() - start


def _sample(call: Call, calls: int, watch: Stopwatch, *, warm: bool = True) -> float:
    """Seconds a call in one block."""
    if warm:
        call()
    return watch(call, calls) / calls


def _calibrated(call: Call, target: float, watch: Stopwatch) -> int:
    """How many calls last as long as a sample shall, found on a call that has become steady."""
    call()
    once = min(_sample(call, 1, watch, warm=False) for _ in range(2))
    if once > LONG_CALL:
        return 1
    calls = 1
    while (seconds := _sample(call, calls, watch) * calls) < target:
        calls = min(calls * 8, int(calls * target / max(seconds, 1e-9)) + 1)
    recent: list[float] = []
    begun = time.perf_counter()
    for _ in range(WARM_BLOCKS):
        recent.append(_sample(call, calls, watch, warm=False))
        if len(recent) >= 2 and time.perf_counter() - begun > WARM_SECONDS:
            break
        if len(recent) >= 6:
            before, after = np.median(recent[-6:-3]), np.median(recent[-3:])
            if abs(after / before - 1) < STEADY:
                break
    return max(1, round(target / float(np.median(recent[-3:]))))


@contextmanager
def quiet() -> Iterator[None]:
    """The garbage collector off, and what there is collected before."""
    was = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
