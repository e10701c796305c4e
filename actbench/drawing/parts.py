"""What figures are put together from: rows of panels, given values drawn by seaborn, their given ends, one legend."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from actbench.drawing.style import colour

if TYPE_CHECKING:
    import pandas as pd

GREY = "#767676"
COUNTED = ("layer", "epoch")  # scales of whole numbers
DASHED, DOTTED = (0, (4, 2.5)), (0, (1, 1.5))
WIDTH = 7.2  # inches: what a page shows at 8 px and more on a telephone, scrolled within its frame


def panels(count: int, *, columns: int = 3, height: float = 2.5, **options: Any) -> tuple[Any, list[Any]]:
    """A figure and its axes in rows of at most ``columns``; ``options`` go to ``plt.subplots``."""
    import matplotlib.pyplot as plt

    columns = min(columns, count)
    rows = math.ceil(count / columns)
    size = (WIDTH if columns > 1 else 0.75 * WIDTH, height * rows + 0.3)
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False, **options)
    for axis in axes.flat[count:]:
        axis.remove()
    for axis in axes.flat[max(0, count - columns) : count]:
        axis.tick_params(labelbottom=True)
    return figure, list(axes.flat[:count])


def facets(
    table: pd.DataFrame, column: str, levels: Iterable[Any], **options: Any
) -> tuple[Any, list[tuple[Any, Any, pd.DataFrame]]]:
    """`panels`, one for each of these levels that the table has: axes, level and its rows."""
    there = [level for level in levels if (table[column] == level).any()]
    figure, axes = panels(len(there), **options)
    return figure, [(axis, level, table[table[column] == level]) for axis, level in zip(axes, there, strict=True)]


def lines(
    axis: Any, table: pd.DataFrame, x: str, hue: str, *, y: str = "mean", hues: Mapping[Any, str] | None = None,
    ends: bool = True, **options: Any,
) -> None:  # fmt: skip
    """Given values as lines, one a level of ``hue``, with their given ends as bands; ``options`` go to seaborn."""
    import seaborn as sns

    if not len(table):
        return
    hues = hues or {level: colour(level) for level in table[hue].unique()}
    options = {"linewidth": 1.7, "legend": False} | options
    sns.lineplot(table, x=x, y=y, hue=hue, palette=dict(hues), errorbar=None, ax=axis, **options)
    if ends:
        units = [hue, *([options["style"]] if isinstance(options.get("style"), str) else [])]
        intervals(axis, table, x, by=units, hues=hues, band=True)


def points(
    axis: Any, table: pd.DataFrame, at: str, hue: str, *, y: str = "mean", names: Mapping[Any, str] | None = None,
    hues: Mapping[Any, str] | None = None, step: float = 0.15, across: bool = False, **options: Any,
) -> None:  # fmt: skip
    """Given values as dots with their given ends as bars.

    Parameters
    ----------
    at
        The column of places, or of categories where ``names`` says what stands at each of them, in order.
    step
        How far the levels of ``hue`` stand apart in one category.
    across
        Places are heights, the first one on top.
    """
    import seaborn as sns

    if not len(table):
        return
    hues = hues or {level: colour(level) for level in table[hue].unique()}
    placed = table.assign(place=table[at])
    if names is not None:
        aside = {level: step * (k - (len(hues) - 1) / 2) for k, level in enumerate(hues)}
        order = list(names)
        placed["place"] = [order.index(level) + aside[own] for level, own in zip(table[at], table[hue], strict=True)]
        categories(axis, list(names.values()), across=across)
    ways = {"x": y, "y": "place"} if across else {"x": "place", "y": y}
    intervals(axis, placed, "place", by=[hue], hues=hues, band=False, across=across)
    options = {"s": 26, "legend": False, "linewidth": 0, "zorder": 3} | options
    sns.scatterplot(placed, **ways, hue=hue, palette=dict(hues), ax=axis, **options)


def intervals(
    axis: Any, table: pd.DataFrame, along: str, *, by: list[str], hues: Mapping[Any, str], band: bool,
    across: bool = False,
) -> None:  # fmt: skip
    """The one place that draws ends: ``low`` and ``high`` as the table gives them, nothing computed.

    Parameters
    ----------
    along
        The column of places.
    by
        What makes a line; the first column decides the colour in ``hues``.
    band
        A band between the ends, or a bar at each place; bars lie level where ``across``.
    """
    for key, part in table.dropna(subset=["low", "high"]).groupby(by, sort=False):
        hue = hues[key[0]]
        if band:
            part = part.sort_values(along)
            axis.fill_between(part[along], part["low"], part["high"], color=hue, alpha=0.16, linewidth=0)
        else:
            bars = axis.hlines if across else axis.vlines
            bars(part[along], part["low"], part["high"], color=hue, linewidth=2.2, alpha=0.45)


def categories(axis: Any, names: Sequence[str], *, across: bool = False) -> None:
    """Names at 0, 1, 2...; upwards from the last where ``across``."""
    which = "y" if across else "x"
    getattr(axis, f"set_{which}ticks")(range(len(names)), names)
    getattr(axis, f"set_{which}lim")((len(names) - 0.5, -0.5) if across else (-0.5, len(names) - 0.5))
    axis.grid(axis=which, visible=False)


def logarithmic(axis: Any, which: str, *, base: float = 10, ticks: Sequence[float] = ()) -> None:
    """A log scale, named ticks on it where they are few; left linear where nothing positive is drawn."""
    from matplotlib.ticker import NullLocator

    low, high = getattr(axis, f"get_{which}lim")()
    if max(low, high) <= 0:
        return
    getattr(axis, f"set_{which}scale")("log", base=base)
    low, high = sorted(getattr(axis, f"get_{which}lim")())  # the margins are others now
    if not len(ticks) and low > 0 and high < low * base**2:  # matplotlib names 2, 3, 4, 6 times a power: they collide
        powers = range(math.floor(math.log(low, base)), math.ceil(math.log(high, base)) + 1)
        steps = (1, 3) if base == 10 else (1,)
        ticks = [step * base**power for power in powers for step in steps if low <= step * base**power <= high]
    if len(ticks):
        getattr(axis, f"set_{which}ticks")(list(ticks), [f"{tick:g}" for tick in ticks])
        getattr(axis, f"{which}axis").set_minor_locator(NullLocator())


def label(axis: Any, *, title: str = "", x: str = "", y: str = "") -> None:
    """Title and names of both scales; empty ones are taken off."""
    axis.set_title(title)
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    from matplotlib.ticker import AutoLocator

    if x.split(" ")[0] in COUNTED and isinstance(axis.xaxis.get_major_locator(), AutoLocator):
        axis.xaxis.get_major_locator().set_params(integer=True)  # there is no layer 1.5


def legend(figure: Any, hues: Mapping[Any, str], marks: Mapping[str, Mapping[str, Any]] | None = None) -> None:
    """One legend under the panels: a line a colour, then what dashes and markers mean; only what was drawn."""
    from matplotlib.colors import to_hex
    from matplotlib.lines import Line2D

    there = _colours(figure)
    entries: dict[str, dict[str, Any]] = {
        str(name): {"color": hue} for name, hue in hues.items() if to_hex(hue) in there
    }
    entries |= {name: {"color": GREY, **how} for name, how in (marks or {}).items()}
    handles = [Line2D([], [], label=name, **{"linewidth": 1.7, **how}) for name, how in entries.items()]
    figure.legend(handles=handles, loc="outside lower left", ncols=min(len(handles), 5), frameon=False)


def _colours(figure: Any) -> set[Any]:
    """The colours of lines, dots and bars that have a place in a figure's panels."""
    from matplotlib.colors import to_hex

    found: set[Any] = set()
    for axis in figure.axes:
        found |= {to_hex(line.get_color()) for line in axis.lines if len(line.get_xydata())}
        for marks in axis.collections:
            found |= {to_hex(one) for one in (*marks.get_facecolor(), *marks.get_edgecolor())}
        found |= {to_hex(patch.get_facecolor()) for patch in axis.patches}
    return found
