"""Where a fault shows, in words that need no format: at every negative input, at every input from 3 on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST = 8  # wrong inputs that make a region
PLAIN = (-1.0, 1.0, -2.0, 2.0, -4.0, 4.0, -10.0, 10.0, -100.0, 100.0, -0.5, 0.5)  # what a person would try, in turn
WORDS = {
    "en": ("every input", "every negative input", "every positive input", "every x < {high}", "every x > {low}"),
    "zh": ("每个输入", "每个负输入", "每个正输入", "每个 x < {high}", "每个 x > {low}"),
}


def region(
    x: NDArray[Any], wrong: NDArray[Any], right: NDArray[Any], tiny: float, ends: Sequence[float]
) -> tuple[float, float] | None:
    """The side of a kink, or the whole line, on which every input that was tried is wrong, and none elsewhere.

    Parameters
    ----------
    x, wrong, right
        Inputs, which of them are wrong, and the right values.
    tiny
        The smallest normal number: next to 0, where results are rounded to it, a wrong formula may be right by chance.
    ends
        Kinks of the function, where a side may begin.

    Returns
    -------
    The open interval's ends, or None where what is wrong fills no such region.
    """
    size = np.abs(x.astype(np.float64))
    told = wrong | ~((size < tiny) | ((size < 1.0) & (np.abs(right) < tiny)))
    for end in sorted({0.0, *ends}, key=abs):
        for low, high in ((-math.inf, math.inf), (-math.inf, end), (end, math.inf)):
            inside = (x > low) & (x < high)
            if (wrong & inside).sum() >= LEAST and np.array_equal(wrong & told, inside & told):
                return low, high
    return None


def words(low: float, high: float, lang: str) -> str:
    """A region as a person says it."""
    whole, negative, positive, below, above = WORDS[lang]
    if (low, high) == (-math.inf, math.inf):
        return whole
    if low == -math.inf:
        return negative if high == 0 else below.format(high=f"{high:g}")
    return positive if low == 0 else above.format(low=f"{low:g}")
