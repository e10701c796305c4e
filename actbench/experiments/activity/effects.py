"""Effects of the experiment `activity`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from actbench.statistics.estimates import Estimate, slope
from actbench.statistics.frames import by_net, paired, select

FEWEST_LAYERS = 3  # below this a slope per layer says nothing


def slope_per_layer(measure: str, **levels: Any) -> Callable[[Any], Estimate]:
    """The change of log2 of a measure with each layer: -1 is halving.

    Least squares per network over the layers before the first one where the measure is 0; a network that has fewer
    than three such layers, or that diverged, gives no slope and is counted in ``left_out``.

    Parameters
    ----------
    measure
        A column of the experiment ``activity``, already a mean over inputs and units.
    **levels
        The factor levels to look at, ``activation="relu"``.

    Returns
    -------
    ``frame -> Estimate`` in log2 units per layer, one value per network.
    """

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        slopes = list(by_net(chosen, lambda net: slope_of_one(net, measure)).values())
        shortened = sum(bool((net[measure] == 0).any()) for _, net in chosen.groupby("net", sort=True))
        note = f"{shortened} of {len(slopes)} networks reached a layer of zeros" if shortened else ""
        return Estimate.of(slopes, note=note)

    return effect


def zeros_beyond(activation: str, rival: str, **levels: Any) -> Callable[[Any], Estimate]:
    """The share of exact zeros under one activation less that under another: mean over layers, network by network."""

    def effect(frame: Any) -> Estimate:
        arms = [select(frame, activation=name, **levels) for name in (activation, rival)]
        ours, theirs = (by_net(arm, lambda net: float(net["active_fraction"].mean())) for arm in arms)
        return Estimate.of(paired(theirs, ours), bounds=(-1.0, 1.0))

    return effect


def slope_of_one(net: Any, measure: str) -> float:
    """The slope of one network over the layers before the first one that is all zero; NaN with fewer than three."""
    if net["diverged"].any():
        return math.nan
    layers, values = [], []
    for layer, value in zip(net["layer"], net[measure], strict=True):
        if value == 0:
            break
        if not math.isnan(value):  # the first layer has no neighbour before it
            layers.append(float(layer))
            values.append(math.log2(value))
    return slope(layers, values) if len(layers) >= FEWEST_LAYERS else math.nan
