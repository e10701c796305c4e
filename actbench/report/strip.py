"""Estimates as strips: the expected region, the judged interval and the mean over an axis its zero and unit."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import escape

WIDTH, HEIGHT, PAD, AXIS, LINE = 320, 36, 0.1, 22, 11
MANY = 20.0  # estimates this many times as wide as the narrowest region or interval have an axis each

Ends = tuple[float, float, float, float, float]


def strips(estimates: Sequence[Ends], unit: str, labels: Sequence[str]) -> list[str]:
    """Small inline SVGs in the colour of the element around each; empty where there is no finite interval.

    Parameters
    ----------
    estimates
        The mean, the ends of its interval, the region's ends; an infinite one runs to the strip's edge. They have one
        axis together where all of them can be seen on it.
    unit
        What the numbers are counted in, written below the axis.
    labels
        What a reader that cannot see each is told.
    """
    drawn = [each for each in estimates if all(map(math.isfinite, each[:3]))]
    together = _axis(drawn)
    widths = [right - left for left, right in map(_axis, ([each] for each in drawn))]
    alike = drawn and together[1] - together[0] < MANY * min(widths)
    return [
        _strip(each, together if alike else _axis([each]), str(escape(unit)), str(escape(label)))
        if each in drawn
        else ""
        for each, label in zip(estimates, labels, strict=True)
    ]


def _axis(estimates: Sequence[Ends]) -> tuple[float, float]:
    """Where the axis begins and ends."""
    ends = [x for each in estimates for x in each if math.isfinite(x)] or [0.0]
    span = (max(ends) - min(ends)) or abs(ends[0]) or 1.0
    if (min(ends) > 0 and min(ends) < span) or (max(ends) < 0 and -max(ends) < span):
        ends.append(0.0)  # near enough to be shown
        span = max(ends) - min(ends)
    return min(ends) - PAD * span, max(ends) + PAD * span


def _strip(each: Ends, axis: tuple[float, float], unit: str, label: str) -> str:
    value, low, high, *expected = each
    left, right = axis

    def place(x: float) -> float:
        return round(min(max((x - left) / (right - left), 0.0), 1.0) * WIDTH, 1)

    a, b = map(place, expected)
    middle, paint, height = AXIS / 2, 'stroke="currentColor"', HEIGHT + LINE * bool(unit)
    marks = "".join(
        f'<path class="{"axis" if tick else "zero"}" d="M{place(tick)} {AXIS if tick else 0}V{AXIS + 3}"/>'
        f'<text x="{place(tick)}" y="{HEIGHT - 2}" text-anchor="middle">{tick:g}</text>'
        for tick in _ticks(left, right)
        if 8 < place(tick) < WIDTH - 8
    )
    named = f'<text x="{WIDTH / 2:g}" y="{height - 2}" text-anchor="middle">{unit}</text>' if unit else ""
    return (
        f'<svg class="strip" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        f'aria-label="{label}"><rect class="region" x="{a}" y="2" width="{max(b - a, 1):.1f}" height="{AXIS - 4}"/>'
        f'<path class="axis" d="M0 {AXIS}H{WIDTH}"/>{marks}{named}'
        f'<path d="M{place(low)} {middle}H{place(high)}" {paint} stroke-width="5" stroke-linecap="round"/>'
        f'<circle cx="{place(value)}" cy="{middle}" r="4.5" fill="#fff" {paint} stroke-width="2.5"/></svg>'
    )


def _ticks(left: float, right: float) -> list[float]:
    """Round numbers between two ends, three to five of them, zero as such."""
    rough = (right - left) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    first = math.ceil(left / step)
    return [round(k * step, 12) + 0.0 for k in range(first, math.floor(right / step) + 1)]
