"""A small picture of a row, f and its slope, as SVG in the same bytes everywhere: no library draws it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from actbench.activations.record import Activation

WIDTH, HEIGHT, REACH = 480, 320, 5.0


def _samples(row: Activation) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Points of the plot: even ones, and both sides of every kink, so that a jump is upright."""
    even = np.linspace(-REACH, REACH, 201)
    kinks = [at for at in row.fact("kinks") if abs(at) < REACH]
    sides = [side for at in kinks for side in (at - 1e-6, at + 1e-6)]
    return np.unique(np.concatenate([even[~np.isin(even, kinks)], sides]))


def _path(x: Any, y: Any, low: float, high: float, kinks: list[float]) -> str:
    """An SVG path; lifted where the curve leaves the window or jumps at a kink."""
    words, drawing, last = [], False, (0.0, 0.0)
    for at, value in zip(map(float, x), map(float, y), strict=True):
        if not low - 0.05 <= value <= high + 0.05:
            drawing = False
            continue
        beside = at - last[0] < 1e-5 and any(last[0] < kink < at for kink in kinks)  # the two sides of a kink
        jump = drawing and beside and abs(value - last[1]) > 0.02
        across = 20 + (at + REACH) / (2 * REACH) * (WIDTH - 40)
        up = 20 + (high - value) / (high - low) * (HEIGHT - 40)
        words.append(f"{'L' if drawing and not jump else 'M'}{across:.1f} {up:.1f}")
        drawing, last = True, (at, value)
    return "".join(words)


def picture(row: Activation) -> str:
    """f and f' as SVG."""
    x = _samples(row)
    with np.errstate(all="ignore"):
        f, slope = np.asarray(row.forward(x)), np.asarray(row.backward(np.ones_like(x), x))
    both = np.concatenate([f, slope])
    both = both[np.isfinite(both)]
    low, high = max(-REACH, min(-1.0, float(both.min()))), min(REACH, max(1.0, float(both.max())))
    low, high = math.floor(low * 2) / 2 - 0.25, math.ceil(high * 2) / 2 + 0.25
    kinks = sorted(row.fact("kinks"))

    def across(at: float) -> str:
        return f"{20 + (at + REACH) / (2 * REACH) * (WIDTH - 40):.1f}"

    def up(value: float) -> str:
        return f"{20 + (high - value) / (high - low) * (HEIGHT - 40):.1f}"

    marks = [f'<path d="M{across(k)} {up(0)}v4" stroke="#888"/>' for k in range(-5, 6)]
    marks += [f'<text x="{across(k)}" y="{float(up(0)) + 16:.1f}">{k}</text>' for k in (-4, -2, 2, 4)]
    heights = [k for k in range(math.ceil(low), math.floor(high) + 1) if k]
    marks += [f'<path d="M{across(0)} {up(k)}h-4" stroke="#888"/>' for k in heights]
    marks += [f'<text x="{float(across(0)) - 12:.1f}" y="{float(up(k)) + 4:.1f}">{k}</text>' for k in heights]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{row.name} and its slope" font-family="sans-serif" font-size="12" fill="#888" '
        f'text-anchor="middle">\n<path d="M20 {up(0)}H{WIDTH - 20}M{across(0)} 20V{HEIGHT - 20}" stroke="#888"/>\n'
        + "\n".join(marks)
        + f'\n<path d="{_path(x, slope, low, high, kinks)}" fill="none" stroke="#e08214" stroke-width="2" '
        f'stroke-dasharray="5 3"/>\n<path d="{_path(x, f, low, high, kinks)}" fill="none" stroke="#2b83ba" '
        f'stroke-width="2.5"/>\n<text x="40" y="34" fill="#2b83ba" font-size="15">f</text>'
        f'<text x="64" y="34" fill="#e08214" font-size="15">f\'</text>\n</svg>\n'
    )
