"""Effects of the experiment `overfitting`: gaps at one training loss, shares of what a penalty does, and fit."""

from __future__ import annotations

import math
from typing import Any

from actbench.statistics.estimates import Effect, Estimate, pseudo_values
from actbench.statistics.frames import paired, select
from actbench.statistics.tuning import OTHER_HALF, Score, cross_tuned, rates_of

UNIT = "networks, each on its own split"
CHANCE = 0.1  # ten classes: what a diverged network is worth
PENALTY_RATE = 0.1  # a test compares with the experiment


def _by_net(runs: Any, values: Any) -> dict[int, float]:
    return dict(zip(runs["net"].astype(int), values.astype(float), strict=True))


def gap_beyond(activation: str, rival: str, *, shared: bool = False, **levels: Any) -> Effect:
    """Training less test accuracy of one activation less that of another, at one training loss, network by network.

    Each at its own tuned step size, or both at one. A network that never came down to the loss is left out.
    """

    def effect(frame: Any) -> Estimate:
        arms = [select(frame, activation=name, penalty="none", **levels) for name in (activation, rival)]
        rates, note = rates_of(arms, shared=shared)
        runs = [select(arm, rate=rate) for arm, rate in zip(arms, rates, strict=True)]
        ours, theirs = (_by_net(part, part["train_accuracy"] - part["test_accuracy"]) for part in runs)
        return Estimate.of(paired(ours, theirs), n_unit=UNIT, note=note, bounds=(-2.0, 2.0))

    return effect


def fits_better(activation: str, rival: str, column: str, **levels: Any) -> Effect:
    """Training accuracy of one activation less that of another, network by network.

    Each arm has the step size that fits best for the other half of the networks (odd for even numbers and the reverse).
    """

    def effect(frame: Any) -> Estimate:
        arms = [select(frame, activation=name, penalty="none", **levels) for name in (activation, rival)]
        runs = [cross_tuned(arm, Score(column=column, lost=CHANCE)) for arm in arms]
        ours, theirs = (_by_net(part, part[column].astype(float).fillna(CHANCE)) for part in runs)
        return Estimate.of(paired(ours, theirs), n_unit=UNIT, note=OTHER_HALF, bounds=(-1.0, 1.0))

    return effect


def share_of_l1(measure: str, on: str) -> Effect:
    """How much smaller a measure is under ReLU than under its control, as a share of what an explicit penalty does.

    All arms have one step size and are compared at one training loss; the penalty stands on the control, leaky ReLU,
    with the strength of best validation accuracy among those at which every network comes down to that loss. The share
    is a ratio of means over networks; its interval is the jackknife's (Tukey 1958), from pseudo-values.
    """

    def effect(frame: Any) -> Estimate:
        runs = select(frame, depth=2, noise=0.0, rate=PENALTY_RATE)
        base = select(runs, penalty="none")
        penalised = runs[runs["penalty"].str.startswith(f"{on}:") & (runs["activation"] == "leaky_relu")]
        complete = penalised.groupby("penalty").filter(lambda part: bool(part[measure].notna().all()))
        if complete.empty:
            return Estimate.of([], n_unit=UNIT, note="no strength at which every network comes down to the loss")
        strength = complete.groupby("penalty")["valid_accuracy"].mean().idxmax()
        arms = [select(base, activation="relu"), select(base, activation="leaky_relu"),
                select(complete, penalty=strength)]  # fmt: skip
        found = [_by_net(arm, arm[measure]) for arm in arms]
        rows = [[arm.get(net, math.nan) for arm in found] for net in sorted(set().union(*found))]
        whole = [row for row in rows if all(map(math.isfinite, row))]
        above = [control - relu for relu, control, _ in whole]
        below = [control - l1 for _, control, l1 in whole]
        values = pseudo_values(above, below) if whole else []
        return Estimate.of(values, n_unit=UNIT, note=f"penalty {strength}", left_out=len(rows) - len(whole))

    return effect
