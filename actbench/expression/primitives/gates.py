"""The logistic function of an argument in two parts, and what is made of it: said in words, so rows can say it.

A plain product b x rounds an argument of 745 by half a unit of 2^-44: 500 ulp of exp(b x).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from actbench.expression.primitives.exponential import exp_times, exp_times_pair
from actbench.expression.primitives.pairs import Pair, two_product

FAR = 1e4  # beyond it exp(-|x|) is 0 in every dtype; clipping there keeps inf * 0 out


def near(x: Any, limit: Any = FAR) -> Any:
    """x kept within the range in which anything still happens; NaN stays."""
    low = np.where(x < -limit, -limit, x)  # not np.maximum, which would look for a NaN in the limit too
    return np.where(low > limit, limit, low)


def scaled(x: Any, factor: Any) -> Pair:
    """factor * x in two parts, x clipped so that the product stays below 1e6."""
    size = np.absolute(factor)
    return two_product(near(x, np.minimum(FAR, 1e6 / np.maximum(size, 1e-9))), factor)


def decay(u: Pair) -> Pair:
    """-|u| in two parts."""
    return -np.absolute(u[0]), np.where(u[0] >= 0.0, -u[1], u[1])


def sigmoid_times(a: Any, u: Pair) -> Any:
    """a * sigmoid(u) for |a| <= 2^38 where u < 0, right to the last subnormal."""
    v = decay(u)
    t = a / (1.0 + exp_times_pair(1.0, *v))
    return np.where(u[0] >= 0.0, t, exp_times_pair(np.where(u[0] >= 0.0, 0.0, t), *v))


def gate_slope(u: Pair) -> Any:
    """The derivative of u sigmoid(u): s + u s (1 - s)."""
    return gate_slope_times(1.0, u)


def gate_slope_times(c: Any, u: Pair) -> Any:
    """c times the derivative of u sigmoid(u)."""
    v = decay(u)
    e = exp_times_pair(1.0, *v)
    o = 1.0 + e
    d = c / (o * o)
    return np.where(u[0] >= 0.0, (o + u[0] * e) * d, exp_times_pair((o + u[0]) * d, *v))


def tail(x: Any) -> tuple[Any, Any]:
    """x within reach, and exp(-|x|) kept above 1e-30, so that what is proportional to it can be divided by it."""
    c = near(x)
    return c, np.maximum(np.exp(-np.absolute(c)), 1e-30)


def logistic(c: Any, e: Any) -> Any:
    """sigmoid(c) from e = exp(-|c|)."""
    return np.where(c >= 0.0, 1.0, e) / (1.0 + e)


def grown(c: Any, e: Any) -> Any:
    """exp(c) from e = exp(-|c|), at most 1e15."""
    return np.where(c >= 0.0, 1.0 / np.maximum(e, 1e-15), e)


def gated(x: Any, gate: Any, e: Any) -> Any:
    """x * gate, for a gate that falls like exp(x) on the left; e as from `tail`."""
    low = np.maximum(x, -FAR)
    return np.where(x >= 0.0, x * gate, exp_times(low * (gate / e), -np.absolute(low)))


def gated_slope(c: Any, gate: Any, slope: Any, e: Any) -> Any:
    """gate + c * gate', where gate' = e * slope."""
    return np.where(c >= 0.0, gate + c * (e * slope), exp_times(gate / e + c * slope, -np.absolute(c)))


def divided(x: Any, by: Any) -> Pair:
    """x / by in two parts, kept within 1e4 of 0; by > 0."""
    u = near(x / by)
    back, error = two_product(u, by)
    rest = np.where(np.absolute(u) < FAR, ((near(x, 1e8) - back) - error) / by, 0.0)
    return u, rest
