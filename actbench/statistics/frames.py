"""Choosing rows of a tidy frame by factor levels, and one number per network."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from actbench.core.errors import ActbenchError, unknown

if TYPE_CHECKING:
    import pandas as pd


def select(frame: Any, **levels: Any) -> Any:
    """The rows of a frame at the given levels of its factors.

    Parameters
    ----------
    frame
        A tidy frame, as `actbench.run` gives it.
    **levels
        Factor to level: ``activation="relu", depth=10``.

    Returns
    -------
    The rows, none where the frame holds no such level.

    Raises
    ------
    ActbenchError
        For a factor that the frame has not; in a rehearsal of an effect also for a level that nobody runs.
    """
    root = _READ.get()
    asked = root is not None and frame is root[0]
    for factor, level in levels.items():
        if factor not in frame:
            raise unknown("column", factor, frame.columns)
        rehearsed = frame.attrs.get("every level")
        if rehearsed and factor not in rehearsed:
            continue  # a measure, which is made up there
        rows = frame[frame[factor] == level]
        if rehearsed and len(frame) and not len(rows):
            known = ", ".join(dict.fromkeys(map(str, frame[factor])))
            raise ActbenchError(f"no cell has {factor}={level!r} there; known: {known}")
        frame = rows
    if asked and root is not None:
        root[1].update(frame.index)
    return frame


# The frame that is watched, and the rows that were selected from it.
_READ: ContextVar[tuple[Any, set[int]] | None] = ContextVar("read", default=None)


@contextmanager
def reads(frame: Any) -> Iterator[set[int]]:
    """Which rows of a frame `select` takes from it directly, while this is open."""
    seen: set[int] = set()
    token = _READ.set((frame, seen))
    try:
        yield seen
    finally:
        _READ.reset(token)


def averaged(frame: Any, over: Sequence[str] = ()) -> list[str]:
    """Factors with several levels within a network, told with their levels: what a mean would pool unasked.

    The factors are what the frame's ``attrs["factors"]`` says, else the columns up to ``net``.
    """
    columns = list(frame.columns)
    factors = frame.attrs.get("factors", columns[: columns.index("net")])
    several = [factor for factor in factors if factor not in ("net", *over) and factor in frame]
    return [
        f"{factor} ({', '.join(map(str, frame[factor].unique()[:6]))})"
        for factor in several
        if len(frame) and frame.groupby("net")[factor].nunique(dropna=False).max() > 1
    ]


def by_net(frame: Any, number: Callable[[Any], float], *, over: Sequence[str] = ()) -> dict[int, float]:
    """Each network's number, from its rows in the order of the layers.

    Parameters
    ----------
    frame
        Observations of one setting.
    number
        Of one network's rows.
    over
        Factors of which a network's rows hold several levels on purpose.

    Raises
    ------
    ActbenchError
        For any other factor with several levels within a network.
    """
    if "net" in frame and (pooled := averaged(frame, over)):
        raise ActbenchError(f"one number a network would mix {'; '.join(pooled)}; select a level, or name in over=")
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


def undiverged(frame: Any) -> tuple[Any, int]:
    """The rows of the networks that did not diverge, and how many did."""
    bad = frame["diverged"].astype(bool)
    return frame[~bad], int(frame.loc[bad, "net"].nunique())


def lost_networks(read: Any, failures: Any) -> int:
    """How many networks are in none of the rows that were read because their cells failed.

    Parameters
    ----------
    read
        The rows.
    failures
        Cells that could not be computed, a row each: those at levels that were read would have been read too.
    """
    for factor in (c for c in failures.columns if c != "net" and c in read):
        failures = failures[failures[factor].isin(set(read[factor]))]
    return len(set(failures["net"]) - set(read["net"]))


def paired(
    ours: Mapping[int, float], theirs: Mapping[int, float], by: Callable[[float, float], float] = operator.sub
) -> list[float]:
    """Two arms network by network, by default ours less theirs; NaN for a network that only one of them has.

    Empty where an arm is missing altogether: that is no network lost, but a question not asked.
    """
    nets = sorted({*ours, *theirs}) if ours and theirs else []
    return [by(ours[net], theirs[net]) if net in ours and net in theirs else math.nan for net in nets]


SPREAD = (0.05, 0.95)  # the middle 90 % of networks: how they differ, not how sure their mean is


def spread(frame: Any, by: list[str], measure: str) -> pd.DataFrame:
    """How networks differ: mean, median, the middle 90 % (``low``, ``high``) and their number, for each group.

    Not an interval of an estimate: it does not shrink with more networks.
    """
    groups = frame.dropna(subset=[measure]).groupby(by, sort=True)[measure]
    table: pd.DataFrame = groups.agg(mean="mean", median="median", networks="count").reset_index()
    table["low"], table["high"] = (groups.quantile(end).to_numpy() for end in SPREAD)
    return table
