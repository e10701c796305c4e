"""Choosing rows of a tidy frame by factor levels, and one number per network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def select(frame: Any, **levels: Any) -> Any:
    """The rows of a frame at the given factor levels."""
    for factor, level in levels.items():
        frame = frame[frame[factor] == level]
    return frame


def by_net(frame: Any, number: Callable[[Any], float]) -> dict[int, float]:
    """Each network's number, from its rows in the order of the layers."""
    return {int(net): number(rows.sort_values("layer")) for net, rows in frame.groupby("net", sort=True)}


def settle(frame: pd.DataFrame, **preferred: Any) -> pd.DataFrame:
    """The rows at one level of each factor, so that what a figure does not show is not averaged over.

    Parameters
    ----------
    frame
        A tidy frame; factors that it lacks are passed over.
    **preferred
        Factor to the level that is taken where it is there; otherwise, and for None, the last one in order.
    """
    for factor, level in preferred.items():
        if factor in frame and len(frame):
            levels = sorted(frame[factor].unique())
            frame = frame[frame[factor] == (level if level in levels else levels[-1])]
    return frame


SPREAD = (0.05, 0.95)  # the middle 90 % of networks: how they differ, not how sure their mean is


def spread(frame: Any, by: list[str], measure: str) -> pd.DataFrame:
    """How networks differ: mean, median, the middle 90 % (``low``, ``high``) and their number, for each group.

    Not an interval of an estimate: it does not shrink with more networks.
    """
    groups = frame.dropna(subset=[measure]).groupby(by, sort=True)[measure]
    table: pd.DataFrame = groups.agg(mean="mean", median="median", networks="count").reset_index()
    table["low"], table["high"] = (groups.quantile(end).to_numpy() for end in SPREAD)
    return table
