"""One estimate as a strip: the expected region, the judged interval and the mean, on a scale of their own."""

from __future__ import annotations

import math

WIDTH, HEIGHT, PAD = 260, 22, 0.15


def strip(value: float, low: float, high: float, expected: tuple[float, float], colour: str, label: str) -> str:
    """A small inline SVG; empty where there is no finite interval.

    Parameters
    ----------
    value, low, high
        The mean and its interval.
    expected
        The region's ends; an infinite one runs to the strip's edge.
    colour, label
        The verdict's colour; what a reader that cannot see it is told, as escaped text.
    """
    if not all(map(math.isfinite, (value, low, high))):
        return ""
    ends = [low, high, *filter(math.isfinite, expected)]
    span = (max(ends) - min(ends)) or abs(value) or 1.0
    left, right = min(ends) - PAD * span, max(ends) + PAD * span

    def place(x: float) -> float:
        return round(min(max((x - left) / (right - left), 0.0), 1.0) * WIDTH, 1)

    a, b = place(expected[0]), place(expected[1])
    x0, x1, x = place(low), place(high), place(value)
    middle = HEIGHT / 2
    return (
        f'<svg class="strip" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{label}"><rect x="{a}" y="2" width="{max(b - a, 1):.1f}" height="{HEIGHT - 4}" fill="#dfe7ee"/>'
        f'<path d="M0 {middle}H{WIDTH}" stroke="#c3cad1"/>'
        f'<path d="M{x0} {middle}H{x1}" stroke="{colour}" stroke-width="5" stroke-linecap="round"/>'
        f'<circle cx="{x}" cy="{middle}" r="4.5" fill="#fff" stroke="{colour}" stroke-width="2.5"/></svg>'
    )
