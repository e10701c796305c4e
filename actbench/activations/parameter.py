"""Where a row's parameters come from: written down, learned, or drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """A number that the user chooses once, such as the slope of leaky ReLU.

    Parameters
    ----------
    default
        Its value where the user says nothing.
    valid, law
        What values are allowed, as a predicate and in words.
    doc
        What it means.
    """

    default: float
    doc: str
    valid: Callable[[float], bool] = np.isfinite
    law: str = "must be finite"


@dataclass(frozen=True, kw_only=True)
class Learned(Fixed):
    """A number, or one per unit of the last axis, that training adjusts; ``default`` is where training starts."""


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """A number drawn anew for every element in training, uniform between two fixed parameters of the same row.

    In evaluation mode it is their midpoint.
    """

    low: str
    high: str
    doc: str

    def draw(self, rng: np.random.Generator | None, x: NDArray[Any] | None, low: float, high: float) -> Any:
        """One value per element of ``x`` in its dtype, or the midpoint where ``rng`` is None."""
        if rng is None or x is None:
            return 0.5 * (low + high)
        shape, dtype = np.shape(x), getattr(x, "dtype", np.dtype(np.float64))
        kind = dtype if dtype.kind == "f" else np.dtype(np.float64)
        return rng.uniform(low, high, shape).astype(kind)


Parameter = Fixed | Learned | Sampled
