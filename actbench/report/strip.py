"""One estimate as a strip: the expected region, the judged interval and the mean over an axis with its zero."""

from __future__ import annotations

import math

WIDTH, HEIGHT, PAD, AXIS = 320, 36, 0.15, 22


def strip(value: float, low: float, high: float, expected: tuple[float, float], label: str) -> str:
    """A small inline SVG in the colour of the element around it; empty where there is no finite interval.

    Parameters
    ----------
    value, low, high
        The mean and its interval.
    expected
        The region's ends; an infinite one runs to the strip's edge.
    label
        What a reader that cannot see it is told, as escaped text.
    """
    if not all(map(math.isfinite, (value, low, high))):
        return ""
    ends = [low, high, *filter(math.isfinite, expected)]
    span = (max(ends) - min(ends)) or abs(value) or 1.0
    if (min(ends) > 0 and min(ends) < span) or (max(ends) < 0 and -max(ends) < span):
        ends.append(0.0)  # near enough to be shown
        span = max(ends) - min(ends)
    left, right = min(ends) - PAD * span, max(ends) + PAD * span

    def place(x: float) -> float:
        return round(min(max((x - left) / (right - left), 0.0), 1.0) * WIDTH, 1)

    a, b = place(expected[0]), place(expected[1])
    middle, paint = AXIS / 2, 'stroke="currentColor"'
    marks = "".join(
        f'<path class="{"axis" if tick else "zero"}" d="M{place(tick)} {AXIS if tick else 0}V{AXIS + 3}"/>'
        f'<text x="{place(tick)}" y="{HEIGHT - 2}" text-anchor="middle">{tick:g}</text>'
        for tick in _ticks(left, right)
        if 8 < place(tick) < WIDTH - 8
    )
    return (
        f'<svg class="strip" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{label}"><rect class="region" x="{a}" y="2" width="{max(b - a, 1):.1f}" height="{AXIS - 4}"/>'
        f'<path class="axis" d="M0 {AXIS}H{WIDTH}"/>{marks}'
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
