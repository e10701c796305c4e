"""The record of one figure: a small table made from observations, and a picture drawn from that table alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class FigureSpec:
    """One figure.

    Parameters
    ----------
    name, experiment
        File name; whose observations it shows.
    claims
        The claims that it bears on.
    title, caption
        By language.
    table
        Observations to the table that is drawn, one row a mark.
    draw
        That table to a matplotlib figure.
    """

    name: str
    experiment: str
    claims: tuple[str, ...]
    title: Mapping[str, str]
    caption: Mapping[str, str]
    table: Callable[[pd.DataFrame], pd.DataFrame]
    draw: Callable[[pd.DataFrame], Any]
