"""Effects of the experiment `expressivity`: how many linear pieces more, deep over shallow, and layer by layer."""

from __future__ import annotations

import math
from operator import truediv
from typing import Any

from actbench.statistics.estimates import Effect, Estimate, slope
from actbench.statistics.frames import paired, select


def _pieces(frame: Any, **levels: Any) -> dict[int, float]:
    chosen = select(frame, **levels)
    return dict(zip(chosen["net"].astype(int), chosen["pieces"].astype(float), strict=True))


def pieces_beyond(activation: str, rival: str, **levels: Any) -> Effect:
    """Linear pieces of one activation's networks less those of another's, network by network on the same line."""

    def effect(frame: Any) -> Estimate:
        ours, theirs = (_pieces(frame, task="line", activation=name, **levels) for name in (activation, rival))
        fewest = 1 - max(theirs.values(), default=math.inf)  # a network has one piece at least
        return Estimate.of(paired(ours, theirs), bounds=(fewest, math.inf))

    return effect


def deep_over_shallow(depth: int, **levels: Any) -> Effect:
    """Linear pieces of ReLU networks of that depth over those of one layer with as many units, network by network."""

    def effect(frame: Any) -> Estimate:
        deep, shallow = (_pieces(frame, task="line", activation="relu", depth=d, **levels) for d in (depth, 1))
        return Estimate.of(paired(deep, shallow, truediv), bounds=(0.0, math.inf))

    return effect


def doublings(frame: Any) -> Estimate:
    """The slope over layers of log2 of a folding map's pieces, one value per set of drawn peaks."""
    folds = select(frame, task="tent")
    slopes = [
        slope(list(rows["depth"].astype(float)), [math.log2(count) for count in rows["pieces"]])
        for _, rows in folds.groupby("net", sort=True)
    ]
    # a construction whose pieces are counted exactly: that all slopes agree is no chance
    return Estimate.of(slopes, n_unit="draws of the folds' peaks", certain=True)
