"""Linear regions of a network along a line: counted exactly, by the points where a unit changes its side of zero.

Along x(t) = a + t b every unit of a layer is affine in t between two breakpoints of the layers before it. So the new
breakpoints of a layer are the roots of its units in each of those intervals; layer after layer none can be missed, as
on a grid (Hanin & Rolnick 2019; Telgarsky 2015 for how many there can be).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from actbench.activations.registry import resolve
from actbench.core.errors import ActbenchError

Layers = Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]  # weights (fan_in, fan_out) and biases
# Two neighbouring slopes that differ by less, relative to the largest, are one: what rounding in 50 layers leaves,
# and under anything that a drawn weight makes.
SAME = 1e-11


def slopes_of(activation: str) -> tuple[float, float]:
    """The slopes left and right of zero of an activation that is linear on both sides of it.

    Raises
    ------
    ActbenchError
        For any other.
    """
    size = 2.0 ** np.arange(-20, 21)  # powers of two, so that a slope times x is exact
    x = np.concatenate([-size, [0.0], size])
    y = np.asarray(resolve(activation)(x), float)
    left, right = -y[20], y[-21]  # at -1 and at 1
    if not np.array_equal(y, np.where(x < 0, left * x, right * x)):
        raise ActbenchError(f"{activation} is not linear on both sides of 0; regions are counted for relu and its kin")
    return float(left), float(right)


def breakpoints(
    hidden: Layers,
    slopes: tuple[float, float],
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    *,
    low: float = -math.inf,
    high: float = math.inf,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Where any hidden unit changes its side along a + t b, and the last layer's outputs between those points.

    Parameters
    ----------
    hidden
        Weights and biases of the hidden layers, input first.
    slopes
        Of the activation, left and right of zero; see `slopes_of`.
    a, b
        A point of the line and its direction, ``(features,)``.
    low, high
        The part of the line, in t.

    Returns
    -------
    points, offset, rate
        ``(k,)`` in ascending order, and ``(k + 1, units)`` twice: in interval i the outputs are
        ``offset[i] + t * rate[i]``.
    """
    points = np.empty(0)
    offset, rate = a[None, :].astype(float), b[None, :].astype(float)
    left, right = slopes
    for weights, bias in hidden:
        offset, rate = offset @ weights + bias, rate @ weights
        with np.errstate(divide="ignore", invalid="ignore"):
            roots = -offset / rate  # not finite where a unit is constant: it has no root
        ends = np.concatenate([[low], points, [high]])
        if left != right:
            inside = (roots > ends[:-1, None]) & (roots < ends[1:, None])
            ends = np.concatenate([[low], np.unique(np.concatenate([points, roots[inside]])), [high]])
        parent = np.searchsorted(points, ends[:-1], side="right")
        points = ends[1:-1]
        middle = _middles(ends)
        offset, rate = offset[parent], rate[parent]
        slope = np.where(offset + middle[:, None] * rate > 0, right, left)
        offset, rate = offset * slope, rate * slope
    return points, offset, rate


def _middles(ends: NDArray[np.float64]) -> NDArray[np.float64]:
    """A point inside each interval, also where an end is infinite."""
    inner = ends[1:-1]
    if not inner.size:
        low, high = float(ends[0]), float(ends[1])
        whole = math.isfinite(low) and math.isfinite(high)
        return np.array([(low + high) / 2 if whole else low + 1 if math.isfinite(low) else min(high - 1, 0.0)])
    reach = 1.0 + np.abs(inner).max()
    first = ends[0] if math.isfinite(ends[0]) else inner[0] - reach
    last = ends[-1] if math.isfinite(ends[-1]) else inner[-1] + reach
    cuts = np.concatenate([[first], inner, [last]])
    middle: NDArray[np.float64] = cuts[:-1] + (cuts[1:] - cuts[:-1]) / 2
    return middle


def linear_regions(
    layers: Layers,
    slopes: tuple[float, float],
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    *,
    low: float = -math.inf,
    high: float = math.inf,
) -> int:
    """How many linear regions the network's outputs have along a + t b: neighbours with one slope are one region.

    Parameters are those of `breakpoints`, but ``layers`` ends with the linear layer of outputs.
    """
    _, _, rate = breakpoints(layers[:-1], slopes, a, b, low=low, high=high)
    out = rate @ layers[-1][0]
    change = np.abs(np.diff(out, axis=0)).max(axis=1)
    return 1 + int((change > SAME * np.abs(out).max()).sum())


def tent(rng: np.random.Generator, depth: int) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """A network of two ReLU units a layer that folds [0, 1] onto itself ``depth`` times, the peak of each fold drawn.

    Telgarsky's construction (2015) with peaks anywhere in [1/4, 3/4]: each layer maps 0 to 0, its peak to 1, 1 to 0.
    """
    weights, shift, layers = np.array([[1.0]]), 0.0, []
    for peak in rng.uniform(0.25, 0.75, depth):
        # relu(x + 1) - 1 is x all over [0, 1], ends included: relu(x) would cut what rounding leaves below 0
        layers.append((weights @ np.ones((1, 2)), np.array([shift + 1.0, shift - peak])))
        weights, shift = np.array([[1 / peak], [-1 / peak - 1 / (1 - peak)]]), -1 / peak
    return [*layers, (weights, np.array([shift]))]
