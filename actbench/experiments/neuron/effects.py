"""Effects of the experiment `neuron`: how far a neuron's curve is from a rectifying one; one value a neuron."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from actbench.statistics.estimates import Estimate
from actbench.statistics.frames import select

THRESHOLD = 1.0


def up_to_threshold(neuron: Any) -> float:
    """The highest rate at a current up to the threshold."""
    return float(neuron.loc[neuron["current"] <= THRESHOLD, "rate"].max())


def from_closed_form(neuron: Any) -> float:
    """The largest gap between the rate and the closed form."""
    return float((neuron["rate"] - neuron["closed_form"]).abs().max())


def fall(neuron: Any) -> float:
    """The largest fall of the rate from one current to the next; 0 where it never falls."""
    return float(max(0.0, -neuron.sort_values("current")["rate"].diff().min()))


def of_top_rate(measure: Callable[[Any], float], **levels: Any) -> Callable[[Any], Estimate]:
    """A measure in Hz over the neuron's rate at the largest current by the closed form."""

    def effect(frame: Any) -> Estimate:
        groups = select(frame, **levels).groupby("neuron", sort=True)
        values = [measure(rows) / float(rows["closed_form"].max()) for _, rows in groups]
        return Estimate.of(values, n_unit="neurons", certain=levels.get("noise") == 0.0, bounds=(0.0, math.inf))

    return effect
