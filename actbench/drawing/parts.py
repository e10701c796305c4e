"""What several figures share: bands over networks, and rows of panels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

BAND = (0.05, 0.95)


def banded(frame: pd.DataFrame, by: list[str], measure: str) -> pd.DataFrame:
    """Mean over networks, the middle 90 % of them and their number, for each group."""
    groups = frame.dropna(subset=[measure]).groupby(by, sort=True)[measure]
    table = groups.agg(mean="mean", networks="count").reset_index()
    table["low"] = groups.quantile(BAND[0]).to_numpy()
    table["high"] = groups.quantile(BAND[1]).to_numpy()
    return table


def band(axis: Any, line: pd.DataFrame, x: str, hue: str, **options: Any) -> None:
    """A line with its band; ``options`` go to the line."""
    axis.fill_between(line[x], line["low"], line["high"], color=hue, alpha=0.15, linewidth=0)
    axis.plot(line[x], line["mean"], color=hue, linewidth=1.8, **options)


def panels(count: int, height: float = 2.8) -> tuple[Any, Any]:
    """A figure and its row of axes with one scale of y."""
    import matplotlib.pyplot as plt

    size = (3.6 * max(1, count), height)
    figure, axes = plt.subplots(1, max(1, count), figsize=size, sharey=True, squeeze=False)
    return figure, axes[0]


def tuned(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Of each arm the observations at its best step size: the highest mean validation accuracy, never trained is 0."""
    scores = frame.assign(score=frame["valid_accuracy"].astype(float).fillna(0.0))
    means = scores.groupby([*by, "rate"], sort=True)["score"].mean().reset_index()
    best = means.loc[means.groupby(by, sort=True)["score"].idxmax(), [*by, "rate"]]
    return frame.merge(best, on=[*by, "rate"])


def dots(axis: Any, x: Any, line: pd.DataFrame, hue: str, **options: Any) -> None:
    """Means as dots, the middle 90 % as bars; ``options`` go to the dots."""
    axis.vlines(x, line["low"], line["high"], color=hue, linewidth=2.5, alpha=0.35)
    axis.plot(x, line["mean"], color=hue, **{"marker": "o", "markersize": 4, "linewidth": 0, **options})
