"""Effects of the experiment `features`: the share of features kept, and how much better one activation ranks them."""

from __future__ import annotations

from typing import Any

from actbench.statistics.estimates import Effect, Estimate
from actbench.statistics.frames import paired, select
from actbench.statistics.tuning import rates_of


def share_kept(data: str, model: str = "lasso") -> Effect:
    """The share of features in the one-standard-error model, one value per split of the data set.

    Splits of one data set share samples: the interval is about this data set, not about others like it.
    """

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, data=data, model=model)
        return Estimate.of(list(chosen["kept"].astype(float)), n_unit="splits of one data set", bounds=(0.0, 1.0))

    return effect


def ranks_better(measure: str, rival: str, kind: str, *, shared: bool = False) -> Effect:
    """ReLU's measure less a rival's, network by network with one teacher each, over the networks that both arms have.

    Each arm at its own tuned step size, or both at one.
    """

    def effect(frame: Any) -> Estimate:
        arms = [select(frame, data=f"teacher_{kind}", model=model) for model in ("relu", rival)]
        nets = set.intersection(*(set(arm["net"]) for arm in arms))
        arms = [arm[arm["net"].isin(nets)] for arm in arms]
        rates, note = rates_of(arms, shared=shared)
        runs = [select(arm, rate=rate) for arm, rate in zip(arms, rates, strict=True)]
        ours, theirs = (dict(zip(part["net"].astype(int), part[measure].astype(float), strict=True)) for part in runs)
        unit = "networks, each with its own teacher"
        return Estimate.of(paired(ours, theirs), n_unit=unit, note=note, bounds=(-1.0, 1.0))

    return effect
