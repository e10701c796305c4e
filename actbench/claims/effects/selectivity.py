"""Effects of the experiment `selectivity`: by how much training raises the between-class share of variance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actbench.claims.effects.frames import by_net, select
from actbench.claims.effects.training import tuned_rate
from actbench.statistics import Estimate

Effect = Callable[[Any], Estimate]


def _rises(frame: Any, activation: str) -> tuple[dict[int, float], float]:
    """Each network's rise, mean over layers, at the activation's own tuned step size; and that step size."""
    chosen = select(frame, activation=activation)
    if chosen.empty:
        return {}, float("nan")
    rate = tuned_rate(chosen)
    whole = select(chosen, rate=rate)
    whole = whole[~whole["diverged"].astype(bool)]
    return by_net(whole, lambda net: float((net["share_end"] - net["share_birth"]).mean())), rate


def rise(activation: str) -> Effect:
    """The share after training less the share at birth, one value per network."""

    def effect(frame: Any) -> Estimate:
        rises, rate = _rises(frame, activation)
        return Estimate.of(list(rises.values()), note=f"step size {rate:g}")

    return effect


def rise_beyond(activation: str, rival: str) -> Effect:
    """One activation's rise less another's, network by network, each at its own tuned step size."""

    def effect(frame: Any) -> Estimate:
        (ours, rate), (theirs, other) = (_rises(frame, name) for name in (activation, rival))
        values = [ours[net] - theirs[net] for net in ours if net in theirs]
        return Estimate.of(values, note=f"step sizes {rate:g} and {other:g}")

    return effect
