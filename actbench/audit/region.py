"""Where a fault shows, in words that need no format: at every negative input, at every input from 3 on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from actbench.audit.finding import Finding
    from actbench.audit.subject import Array

LEAST = 8  # wrong inputs that make a region
PLAIN = (-1.0, 1.0, -2.0, 2.0, -4.0, 4.0, -10.0, 10.0, -100.0, 100.0)  # inputs that a person would have tried, in turn
WORDS = {
    "en": ("every input", "every negative input", "every positive input", "every x < {high}", "every x > {low}"),
    "zh": ("每个输入", "每个负输入", "每个正输入", "每个 x < {high}", "每个 x > {low}"),
}
# what one fault of a formula is called at a kink, at an infinity, where results are small or exact ones are rounded
SAME = ("value", "kink", "lost", "limit", "digits", "subnormal", "overflow")


def region(x: Array, wrong: Array, right: Array, tiny: float, ends: Sequence[float]) -> tuple[float, float] | None:
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


def one_fault(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings for people: what lies in the region of another of the same pass is that one's, with its formats."""
    from actbench.audit.finding import SEVERITIES

    kept = list(findings)
    for whole in [f for f in findings if f.region]:
        if whole not in kept:
            continue
        parts = [f for f in kept if f is not whole and _part(f, whole)]
        formats = dict.fromkeys(d for f in (whole, *parts) for d in (f.dtype, *f.also))
        level = max((f.level for f in (whole, *parts)), key=SEVERITIES.index)
        one = replace(whole, also=tuple(d for d in formats if d != whole.dtype), severity=level)
        kept = [one if f is whole else f for f in kept if f not in parts]
    return tuple(kept)


def _part(finding: Finding, whole: Finding) -> bool:
    """Whether a finding is the same fault; a note about a convention never is."""
    if finding.kind not in SAME or finding.direction != whole.direction or finding.at is None or not whole.region:
        return False
    low, high = whole.region
    return low <= finding.at <= high and not (finding.kind == "kink" and finding.level == "note")
