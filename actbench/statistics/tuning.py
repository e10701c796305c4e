"""An arm's best step size, by one rule: every arm has the same grid, and what chooses is never what is reported.

A step size's score is the mean over networks of their score on the validation samples, where a network that diverged
counts with what it is worth (an accuracy of 0, an infinite loss, all the epochs). The best score wins, the smallest
step size of equals. An activation and its control, which must differ in nothing else, share the step size that is best
for both: near ties that each arm breaks its own way would be taken for an effect. Where the chosen quantity is itself
reported, networks are tuned by the other half of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from actbench.core.errors import NotMeasured

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Score:
    """What step sizes are chosen by.

    Parameters
    ----------
    column
        Of a frame with ``rate`` and ``net``, one value a network and step size.
    lost
        The score of a network that diverged, or has no value.
    least
        Whether less is better.
    """

    column: str
    lost: float
    least: bool = False

    def means(self, frame: pd.DataFrame) -> pd.Series:
        """Step size to its score, smallest first; a frame with a row for each layer has every network once."""
        values = frame[self.column].astype(float)
        if "diverged" in frame:
            values = values.where(~frame["diverged"].astype(bool))
        once = frame.assign(score=values.fillna(self.lost)).drop_duplicates(["rate", "net"])
        means: pd.Series = once.groupby("rate", sort=True)["score"].mean()
        return -means if self.least else means


ACCURACY = Score(column="valid_accuracy", lost=0.0)


def best_rate(*arms: pd.DataFrame, score: Score = ACCURACY) -> float:
    """The best step size of an arm, or the one that is best for several arms together."""
    means = [score.means(arm) for arm in arms]
    if not all(map(len, means)):
        raise NotMeasured("no observations of an arm in this part of the grid")
    total = sum(means[1:], start=means[0]).dropna()  # step sizes that all of them have
    return float(total.index[int(np.argmax(total.to_numpy()))])


def rates_of(arms: Sequence[pd.DataFrame], *, shared: bool = False) -> tuple[list[float], str]:
    """The step size of each arm, its own best or the best for all of them, and how that is said in a note."""
    rates = [best_rate(*arms)] * len(arms) if shared else [best_rate(arm) for arm in arms]
    return rates, note(*rates, shared=shared)


def note(*rates: float, shared: bool = False) -> str:
    """A verdict's note on its step sizes, which names the rule."""
    if shared:
        return f"step size {rates[0]:g}, best validation accuracy of both arms together"
    if len(rates) == 1:
        return f"step size {rates[0]:g}, best validation accuracy"
    return f"step sizes {' and '.join(f'{rate:g}' for rate in rates)}, each arm's best validation accuracy"


def tuned(
    frame: pd.DataFrame, by: Sequence[str], *, together: str | None = None, score: Score = ACCURACY
) -> pd.DataFrame:
    """Of each arm the observations at its best step size; ``edge`` says whether that is an end of several.

    Parameters
    ----------
    frame
        Tidy observations.
    by
        The columns that make an arm (and its setting).
    together
        Where that makes several arms that share a step size, the column that tells them apart.
    """
    import pandas as pd

    parts = []
    for _, part in frame.groupby(list(by), sort=True, dropna=False):
        arms = [arm for _, arm in part.groupby(together, sort=True)] if together else [part]
        rates, best = part["rate"].unique(), best_rate(*arms, score=score)
        edge = len(rates) > 1 and best in (rates.min(), rates.max())
        parts.append(part[part["rate"] == best].assign(edge=edge))
    return pd.concat(parts, ignore_index=True) if parts else frame.assign(edge=False)


OTHER_HALF = "step sizes chosen by the other half of the networks"


def cross_tuned(frame: pd.DataFrame, score: Score) -> pd.DataFrame:
    """An arm's networks, each at the step size that is best for the other half of them (odd for even numbers)."""
    import pandas as pd

    odd = frame["net"] % 2 == 1
    halves = [(frame[~odd], frame[odd]), (frame[odd], frame[~odd])]
    parts: list[Any] = [
        mine[mine["rate"] == best_rate(others, score=score)] for mine, others in halves if len(mine) and len(others)
    ]
    return pd.concat(parts) if parts else frame.iloc[:0]
