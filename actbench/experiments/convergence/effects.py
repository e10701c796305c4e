"""Effects of the experiment `convergence`: steady rates, epochs against depth, and networks that stall."""

from __future__ import annotations

import math
from typing import Any

from actbench.statistics.estimates import Effect, Estimate, pseudo_values, slope
from actbench.statistics.frames import select, undiverged
from actbench.statistics.shares import Share
from actbench.statistics.tuning import OTHER_HALF, Score, cross_tuned, rates_of

CLASSES = 10
STALLED = 0.95 * math.log(CLASSES)  # a network that knows nothing but how often each class comes has ln(classes)
EPOCHS = 20  # of the experiment; a test compares


def steadiness(**levels: Any) -> Effect:
    """The second half's mean rate of log-loss over the first half's mean rate, at the tuned step size.

    A ratio of means over networks; its interval is the jackknife's (Tukey 1958). A mean of ratios would be pulled up by
    the networks whose first half has hardly any rate.
    """

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        (rate,), rule = rates_of([chosen])
        runs = select(chosen, rate=rate)
        whole, lost = undiverged(runs)
        rates = whole[["second_rate", "first_rate"]].astype(float).dropna()
        lost += len(whole) - len(rates)
        values = pseudo_values(list(rates["second_rate"]), list(rates["first_rate"])) if len(rates) > 1 else []
        return Estimate.of(values, left_out=lost, note=rule)

    return effect


SOONEST = Score(column="epochs_to_target", lost=EPOCHS, least=True)  # never counts as all the epochs


def epochs_per_layer(**levels: Any) -> Effect:
    """The slope over depth of log2 of the epochs to the target loss, one value per network number.

    Each depth has the step size that is fastest for the other half of the networks (odd for even numbers, even for odd
    ones), so that no network chooses its own. One that never reaches the target counts with all the epochs.
    """

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        logs: dict[int, dict[int, float]] = {}
        late = 0
        for depth, runs in chosen.groupby("depth", sort=True):
            mine = cross_tuned(runs, SOONEST)
            late += int(mine["epochs_to_target"].isna().sum())
            for net, epochs in zip(mine["net"], mine["epochs_to_target"].astype(float).fillna(EPOCHS), strict=True):
                logs.setdefault(int(net), {})[int(depth)] = math.log2(epochs)
        slopes = [slope(list(map(float, by)), list(by.values())) for by in logs.values()]
        censored = f"; {late} runs had not reached it and count with {EPOCHS} epochs, so the slope is at least this"
        return Estimate.of(slopes, note=OTHER_HALF + (censored if late else ""))

    return effect


def stalling(**levels: Any) -> Effect:
    """The share of networks that end above 0.95 ln(classes), or diverge, at every step size of the grid."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        loss = chosen["train_loss"].astype(float)
        stuck = (loss > STALLED) | chosen["diverged"].astype(bool)
        return Share.of([float(value) for value in stuck.groupby(chosen["net"]).all()])

    return effect
