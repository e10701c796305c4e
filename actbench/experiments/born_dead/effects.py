"""Effects of the experiment `born_dead`: the share of dead networks, and that share less what the law says."""

from __future__ import annotations

from typing import Any

from actbench.statistics.estimates import Effect, Estimate
from actbench.statistics.frames import select
from actbench.statistics.shares import Share


def dead_share(measure: str, **levels: Any) -> Effect:
    """The share of networks that are dead at birth, with the exact interval."""
    return lambda frame: Share.count(list(select(frame, **levels)[measure].astype(bool)))


def beyond_law(*, width: int, depth: int) -> Effect:
    """The share that is dead for one input less 1 - (1 - 2^-n)^L."""

    def effect(frame: Any) -> Estimate:
        from actbench.theory import born_dead

        said = born_dead(width, depth).point
        dead = select(frame, activation="relu", width=width, depth=depth)["dead_point"].astype(float)
        return Estimate.of([value - said for value in dead], bounds=(-said, 1 - said))

    return effect
