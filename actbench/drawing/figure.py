"""The record of one figure: a small table made from observations, and a picture drawn from that table alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actbench.core.errors import ActbenchError
from actbench.drawing.style import theme

if TYPE_CHECKING:
    import pandas as pd


# The article's largest figure has 570; at 20 bytes a mark more would not fit into the 40 kB that a page carries, and a
# legend of thousands of lines takes minutes to lay out before that is found.
MOST_MARKS = 2000


class NothingToDrawError(ActbenchError):
    """A figure has no finite point: a page says so in one line."""


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
        Observations to the table that is drawn, one row a mark, with every number that the picture shows.
    draw
        That table to a matplotlib figure; it computes nothing.
    value
        The column whose points are drawn.
    """

    name: str
    experiment: str
    claims: tuple[str, ...]
    title: Mapping[str, str]
    caption: Mapping[str, str]
    table: Callable[[pd.DataFrame], pd.DataFrame]
    draw: Callable[[pd.DataFrame], Any]
    value: str = "mean"

    def picture(self, table: pd.DataFrame) -> Any:
        """The picture of the table's finite points, in the house's theme.

        Raises
        ------
        NothingToDrawError
            Where there is none.
        ActbenchError
            Where there are more than `MOST_MARKS`.
        """
        points = table[table[self.value].notna() & (table[self.value].abs() < float("inf"))] if len(table) else table
        if not len(points):
            raise NothingToDrawError(
                f"figure {self.name}: nothing to draw, none of {len(table)} points is finite; "
                f"run {self.experiment} with more levels"
            )
        if len(points) > MOST_MARKS:
            raise ActbenchError(f"{len(points):,} points are more than the {MOST_MARKS:,} that a figure can show, all "
                                f"of them stand in tables/{self.name}.csv; run fewer levels to see them")  # fmt: skip
        with theme():
            return self.draw(points)
