"""Effect of the experiment `bifurcation`: the share of networks whose gradient depends on the slope at 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actbench.statistics.estimates import Estimate
from actbench.statistics.frames import select
from actbench.statistics.shares import Share


def share_that_differ(**levels: Any) -> Callable[[Any], Estimate]:
    """The share of networks whose gradient differs on some batch, with the exact interval."""
    return lambda frame: Share.count(list(select(frame, **levels)["differs"].astype(bool)))
