"""Effects of the experiment `selectivity`: by how much training raises the between-class share of variance."""

from __future__ import annotations

from typing import Any

from actbench.statistics.estimates import Effect, Estimate
from actbench.statistics.frames import by_net, paired, select
from actbench.statistics.tuning import rates_of


def _rises(runs: Any, rate: float) -> dict[int, float]:
    """Each network's rise, mean over layers, at a step size; NaN where it diverged."""
    return by_net(select(runs, rate=rate), lambda net: float((net["share_end"] - net["share_birth"]).mean()))


def rise(activation: str) -> Effect:
    """The share after training less the share at birth at the tuned step size, one value per network."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, activation=activation)
        (rate,), note = rates_of([chosen])
        return Estimate.of(list(_rises(chosen, rate).values()), note=note, bounds=(-1.0, 1.0))

    return effect


def rise_beyond(activation: str, rival: str, *, shared: bool = False) -> Effect:
    """One activation's rise less another's, network by network, each at its own tuned step size or both at one."""

    def effect(frame: Any) -> Estimate:
        arms = [select(frame, activation=name) for name in (activation, rival)]
        rates, note = rates_of(arms, shared=shared)
        ours, theirs = (_rises(arm, rate) for arm, rate in zip(arms, rates, strict=True))
        return Estimate.of(paired(ours, theirs), note=note, bounds=(-2.0, 2.0))

    return effect
