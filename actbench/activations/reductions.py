"""What a function that mixes a whole vector is made of: a few named reductions, and an entry in terms of them.

A record says both in the words of rows. The reference path evaluates them here; a kernel is the same text as loops
(`actbench.kernels.reductions`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Reduction:
    """One number of a vector (or one an entry), which what comes after may use by its name.

    Parameters
    ----------
    name
        What entries and later reductions call it. ``x``, ``dy``, ``n`` (the length) and parameters are there already.
    kind
        A key of `KINDS`.
    of
        What is reduced, entry by entry, of names that are known.
    """

    name: str
    kind: str
    of: Callable[..., Any]


def _first(values: Any, known: dict[str, Any]) -> Any:
    """1 at the first entry for which it holds (the first of all where it holds for none), 0 elsewhere."""
    return np.where(np.arange(values.shape[-1]) == values.argmax(axis=-1)[..., None], 1.0, 0.0)


def _there(values: Any, known: dict[str, Any]) -> Any:
    """The entry's number where ``leads`` has its 1."""
    return np.take_along_axis(values, known["leads"].argmax(axis=-1)[..., None], axis=-1)


def _kth(values: Any, known: dict[str, Any]) -> Any:
    """The k-th largest, or the least where there are fewer."""
    place = max(values.shape[-1] - int(known["k"]), 0)
    return np.partition(values, place, axis=-1)[..., place : place + 1]


def _simplex(values: Any, known: dict[str, Any]) -> Any:
    """The number tau for which max(v - tau, 0) sums to 1, the largest v being 0; NaN where there is none."""
    ordered = -np.sort(-values, axis=-1)  # the largest first, NaN last
    k = np.arange(1, values.shape[-1] + 1)
    surplus = np.cumsum(ordered, axis=-1) - 1.0
    count = np.count_nonzero(k * ordered > surplus, axis=-1)[..., None]
    return np.where(count > 0, np.take_along_axis(surplus, count - 1, axis=-1) / count, np.nan)


def _simplex_of_squares(values: Any, known: dict[str, Any]) -> Any:
    """The number tau for which max(v - tau, 0)^2 sums to 1, the largest v being 0; NaN where there is none."""
    ordered = -np.sort(-values, axis=-1)  # the largest first, NaN last
    k = np.arange(1, values.shape[-1] + 1)
    total = np.cumsum(ordered, axis=-1)
    rest = (1.0 - (np.cumsum(ordered * ordered, axis=-1) - total * (total / k))) / k
    tau = total / k - np.sqrt(np.where(rest > 0.0, rest, 0.0))  # were these k all that stay
    count = np.count_nonzero(tau < ordered, axis=-1)[..., None]
    return np.where(count > 0, np.take_along_axis(tau, count - 1, axis=-1), np.nan)


KINDS: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "sum": lambda values, known: values.sum(axis=-1, keepdims=True),
    "max": lambda values, known: values.max(axis=-1, keepdims=True),
    "each": lambda values, known: values,  # an entry's number, kept
    "once": lambda values, known: values,  # a number of earlier numbers
    "first": _first,
    "there": _there,
    "kth": _kth,
    "simplex": _simplex,
    "simplex of squares": _simplex_of_squares,
}
