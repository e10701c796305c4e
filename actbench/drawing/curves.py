"""f and its slope as a user plots them."""

from __future__ import annotations

from typing import Any

import numpy as np

from actbench.activations.record import Activation
from actbench.activations.registry import resolve
from actbench.core.errors import ActbenchError
from actbench.drawing.style import palette

POINTS = 401


def plot(*names: str | Activation, x: tuple[float, float] = (-4.0, 4.0), slope: bool = True, ax: Any = None) -> Any:
    """Plot activations, and dashed their slopes.

    Parameters
    ----------
    *names
        Names, specs (``"leaky_relu:negative_slope=0.2"``), targets (``"my.py:act"``) or activations.
    x
        The ends of the horizontal axis.
    slope
        Whether f', as `Activation.backward` gives it, is drawn as well.
    ax
        A matplotlib Axes to draw into; by default a new figure's.

    Returns
    -------
    The matplotlib Axes.

    Raises
    ------
    ActbenchError
        For an unknown name, none at all, or ends that are no interval.

    Examples
    --------
    >>> import actbench as ab
    >>> axes = ab.plot("relu", "gelu", slope=False)
    >>> [line.get_label() for line in axes.lines]
    ['relu', 'gelu']
    """
    if not names:
        raise ActbenchError("nothing to plot; give names, as in ab.plot('relu', 'gelu')")
    low, high = float(x[0]), float(x[1])
    if not low < high:
        raise ActbenchError(f"x={x!r} is no interval; give (low, high)")
    rows = [name if isinstance(name, Activation) else resolve(name) for name in names]
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(figsize=(5.2, 3.4), layout="constrained")[1]
    hues = palette(row.spec for row in rows)
    for row in rows:
        at = points(row, low, high)
        with np.errstate(all="ignore"):
            ax.plot(at, row(at), color=hues[row.spec], linewidth=1.8, label=row.spec)
            if slope:
                ax.plot(at, row.backward(np.ones_like(at), at), color=hues[row.spec], linewidth=1.2, linestyle="--")
    ax.axhline(0.0, color="#999999", linewidth=0.6, zorder=0)
    ax.axvline(0.0, color="#999999", linewidth=0.6, zorder=0)
    ax.set_xlabel("x")
    ax.set_title("f, dashed its slope" if slope else "f", loc="left", fontsize=10)
    ax.legend(frameon=False)
    return ax


def points(row: Activation, low: float, high: float) -> Any:
    """Even points, and both sides of every kink, so that a jump is upright."""
    even = np.linspace(low, high, POINTS)
    kinks = np.array([at for at in row.fact("kinks") if low < at < high])
    return np.unique(np.concatenate([even, kinks - 1e-9, kinks + 1e-9]))
