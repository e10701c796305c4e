"""Competitors in one process, in random order round by round: a claim of speed is a ratio within one run."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Mapping

import numpy as np


def race(
    competitors: Mapping[str, Callable[[], object]], *, rounds: int = 31, target: float = 0.004
) -> dict[str, np.ndarray]:
    """Seconds a call for each competitor, one number a round; the i-th numbers were taken in the same round.

    Parameters
    ----------
    competitors
        Name to a call without arguments.
    rounds
        How many rounds.
    target
        Seconds that one sample lasts: calls are repeated within it.
    """
    repeats = {}
    for name, call in competitors.items():
        for _ in range(3):
            call()
        start = time.perf_counter()
        call()
        repeats[name] = max(1, int(target / max(time.perf_counter() - start, 1e-7)))
    samples: dict[str, list[float]] = {name: [] for name in competitors}
    order, shuffle = list(competitors), random.Random(0)  # noqa: S311  an order, not a secret
    gc.disable()
    try:
        for _ in range(rounds):
            shuffle.shuffle(order)
            for name in order:
                call, n = competitors[name], repeats[name]
                start = time.perf_counter()
                for _ in range(n):
                    call()
                samples[name].append((time.perf_counter() - start) / n)
    finally:
        gc.enable()
    return {name: np.array(values) for name, values in samples.items()}


def ratio(ours: np.ndarray, theirs: np.ndarray, *, level: float = 0.95) -> tuple[float, float, float]:
    """The median of theirs / ours over rounds, with a bootstrap interval; above 1 is faster than they."""
    paired = theirs / ours
    rng = np.random.default_rng(0)
    medians = np.median(rng.choice(paired, (2000, paired.size)), axis=1)
    low, high = np.quantile(medians, [(1 - level) / 2, (1 + level) / 2])
    return float(np.median(paired)), float(low), float(high)
