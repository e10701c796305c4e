"""Effects of experiments that train: at tuned step sizes, with diverged networks counted and never averaged.

A network that diverged has no measures, so that its number is NaN and an estimate counts it as left out.
"""

from __future__ import annotations

import math
from typing import Any

from actbench.experiments.activity.effects import slope_of_one
from actbench.statistics.estimates import Effect, Estimate
from actbench.statistics.frames import by_net, paired, select, undiverged
from actbench.statistics.tuning import rates_of

SHARES = ("active_fraction", "path_fraction", "connection_fraction", "ks")
DIFFERENCE = (-1.0, 1.0)  # of two shares


def mean_of(measure: str, *, complement: bool = False, size: bool = False, **levels: Any) -> Effect:
    """A measure's mean over layers, one value per network; its complement to 1, or its absolute value, where asked."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        values = by_net(chosen, lambda net: float(_shaped(net[measure], complement, size).mean()))
        bounds = (0.0 if size or measure in SHARES else -math.inf, 1.0 if measure in SHARES else math.inf)
        return Estimate.of(list(values.values()), bounds=bounds)

    return effect


def _shaped(values: Any, complement: bool, size: bool) -> Any:
    return 1.0 - values if complement else values.abs() if size else values


def trained_slope(measure: str, **levels: Any) -> Effect:
    """The slope per layer of log2 of a measure in networks that did not diverge."""

    def effect(frame: Any) -> Estimate:
        return Estimate.of(list(by_net(select(frame, **levels), lambda net: slope_of_one(net, measure)).values()))

    return effect


def more_zeros(arm: dict[str, Any], than: dict[str, Any]) -> Effect:
    """The share of zeros of one arm less that of another: mean over layers, network by network."""

    def effect(frame: Any) -> Estimate:
        parts = [select(frame, **levels) for levels in (arm, than)]
        ours, theirs = (by_net(part, lambda net: float(net["active_fraction"].mean())) for part in parts)
        return Estimate.of(paired(theirs, ours), bounds=DIFFERENCE)

    return effect


def dead_beyond_birth(*, tuned: bool = False, **levels: Any) -> Effect:
    """Share of units dead after training less the share dead at birth, mean over layers, one value per network."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        rule = ""
        if tuned:
            (rate,), rule = rates_of([chosen])
            chosen = select(chosen, rate=rate)
        values = by_net(chosen, lambda net: float((net["dead_end"] - net["dead_birth"]).mean()))
        return Estimate.of(list(values.values()), note=rule, bounds=DIFFERENCE)

    return effect


def dead_at_tuned(*, certain: bool = False, **levels: Any) -> Effect:
    """Share of units dead after training at the tuned step size; ``certain`` as `Estimate` has it."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        (rate,), rule = rates_of([chosen])
        values = by_net(select(chosen, rate=rate), lambda net: float(net["dead_end"].mean()))
        return Estimate.of(list(values.values()), note=rule, bounds=(0.0, 1.0), certain=certain)

    return effect


def revived_share(*, certain: bool = False, **levels: Any) -> Effect:
    """Of the units that were ever dead, the share that had a slope again: pooled over step sizes, one per network.

    A network none of whose units died has no such share and is no unit of the estimate: said, not left out.
    ``certain`` as `Estimate` has it.
    """

    def effect(frame: Any) -> Estimate:
        whole, _ = undiverged(select(frame, **levels))
        shares = list(by_net(whole, _revived, over=("rate",)).values())
        died = [share for share in shares if not math.isnan(share)]
        none = len(shares) - len(died)
        note = f"{none} networks had no dead unit" if none else ""
        return Estimate.of(died, note=note, bounds=(0.0, 1.0), certain=certain)

    return effect


def _revived(net: Any) -> float:
    ever = float(net["ever_dead"].sum())
    return float(net["revived"].sum()) / ever if ever else math.nan


DYING = 0.05  # what EASILY_DIES asks for
CHANCE = 0.1  # ten classes: what a diverged network is worth


def gain_where(what: str, remedy: str, **levels: Any) -> Effect:
    """Accuracy of a remedy less ReLU's, network by network, at the step sizes where ReLU's units die, or it diverges.

    Parameters
    ----------
    what
        ``"dies"``: mean dead share beyond birth above 0.05 while fewer than half of ReLU's networks diverge;
        ``"diverges"``: at least half of them do. A diverged network counts with the accuracy of chance.
    remedy
        The other activation.
    """

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        relu, other = select(chosen, activation="relu"), select(chosen, activation=remedy)
        rates = [rate for rate, part in relu.groupby("rate") if _befalls(what, part)]
        if not rates:
            return Estimate.of([], note=f"no step size of the grid at which ReLU {what}")
        ours, theirs = (_accuracies(part[part["rate"].isin(rates)]) for part in (relu, other))
        shown = ", ".join(f"{rate:g}" for rate in rates)
        return Estimate.of(paired(theirs, ours), note=f"step sizes {shown}", bounds=DIFFERENCE)

    return effect


def _befalls(what: str, part: Any) -> bool:
    lost = part.drop_duplicates("net")["diverged"].astype(bool).mean()
    excess = (part["dead_end"] - part["dead_birth"]).mean()
    return bool(lost >= 0.5) if what == "diverges" else bool(lost < 0.5 and excess > DYING)


def _accuracies(frame: Any) -> dict[int, float]:
    one_row_each = frame.drop_duplicates(["rate", "net"])
    return {int(net): float(part["test_accuracy"].fillna(CHANCE).mean()) for net, part in one_row_each.groupby("net")}


def gain(better: dict[str, Any], than: dict[str, Any], **levels: Any) -> Effect:
    """Test accuracy of one arm less another's, network by network, each at its own tuned step size."""

    def effect(frame: Any) -> Estimate:
        arms = [select(frame, **levels, **arm) for arm in (better, than)]
        rates, note = rates_of(arms)
        ours, theirs = (_accuracies(select(arm, rate=rate)) for arm, rate in zip(arms, rates, strict=True))
        return Estimate.of(paired(ours, theirs), note=note, bounds=DIFFERENCE)

    return effect
