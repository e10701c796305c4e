"""Effects of the experiment `jacobian_spectrum`: what was measured over what theory says, and one law over another."""

from __future__ import annotations

import math
from operator import truediv
from typing import Any

from actbench.statistics.estimates import Effect, Estimate
from actbench.statistics.frames import paired, select


def over_theory(measure: str, **levels: Any) -> Effect:
    """The mean or spread over theory's, one number a network."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        return Estimate.of(list(chosen[measure] / chosen[f"theory_{measure}"]), bounds=(0.0, math.inf))

    return effect


def measured(measure: str, **levels: Any) -> Effect:
    """The mean or spread itself."""
    return lambda frame: Estimate.of(list(select(frame, **levels)[measure]), bounds=(0.0, math.inf))


def ratio(measure: str, init: str, rival: str, **levels: Any) -> Effect:
    """A measure under one initialisation over that under another, network by network."""

    def effect(frame: Any) -> Estimate:
        ours, theirs = (
            dict(zip(chosen["net"], chosen[measure], strict=True))
            for chosen in (select(frame, init=name, **levels) for name in (init, rival))
        )
        return Estimate.of(paired(ours, theirs, truediv), bounds=(0.0, math.inf))

    return effect
