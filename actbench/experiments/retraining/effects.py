"""Effects of the experiment `retraining`: measures at an arm's tuned step size, differences of two arms, stalls."""

from __future__ import annotations

import math
from typing import Any

from actbench.statistics.estimates import Effect, Estimate
from actbench.statistics.frames import paired, select
from actbench.statistics.shares import Share
from actbench.statistics.tuning import rates_of

STALLED = 0.95 * math.log(10)  # nats; ln 10 is what a network that knows nothing has, of ten classes


def _values(frame: Any, measure: str) -> dict[int, float]:
    return {int(net): float(value) for net, value in zip(frame["net"], frame[measure].astype(float), strict=True)}


def at_tuned(measure: str, **levels: Any) -> Effect:
    """A measure at the arm's tuned step size, one number a network."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        (rate,), note = rates_of([chosen])
        return Estimate.of(list(_values(select(chosen, rate=rate), measure).values()), note=note)

    return effect


def beyond(measure: str, ours: dict[str, Any], theirs: dict[str, Any], **levels: Any) -> Effect:
    """A measure of one arm less that of another, network by network, each at its own tuned step size."""

    def effect(frame: Any) -> Estimate:
        arms = [select(frame, **levels, **arm) for arm in (ours, theirs)]
        rates, note = rates_of(arms)
        mine, others = (_values(select(arm, rate=rate), measure) for arm, rate in zip(arms, rates, strict=True))
        return Estimate.of(paired(mine, others), note=note, bounds=(-1.0, 1.0))

    return effect


def fall(first: str, second: str, *, least: float = -1.0, **levels: Any) -> Effect:
    """One measure less another of the same network; 0 at least where the second is the lowest of the first."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        return Estimate.of(list((chosen[first] - chosen[second]).astype(float)), bounds=(least, 1.0))

    return effect


def measured(measure: str, **levels: Any) -> Effect:
    """A measure where there is one step size."""
    return lambda frame: Estimate.per_net(select(frame, **levels), measure)


def stalling(**levels: Any) -> Effect:
    """The share of networks whose loss stays above 0.95 ln 10 at every step size; a diverged one has not stalled."""

    def effect(frame: Any) -> Estimate:
        loss = select(frame, **levels).groupby("net")["train_loss"]
        return Share.count([bool((each > STALLED).all()) for _, each in loss])

    return effect
