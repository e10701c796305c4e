"""Choosing rows of a tidy frame by factor levels, and one number per network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def select(frame: Any, **levels: Any) -> Any:
    """The rows of a frame at the given factor levels."""
    for factor, level in levels.items():
        frame = frame[frame[factor] == level]
    return frame


def by_net(frame: Any, number: Callable[[Any], float]) -> dict[int, float]:
    """Each network's number, from its rows in the order of the layers."""
    return {int(net): number(rows.sort_values("layer")) for net, rows in frame.groupby("net", sort=True)}
