"""exp(x - top), top being the largest of a vector: 1 there, and right in the last place wherever it is above 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from actbench.core.dtypes import Format
from actbench.expression.graph import Expression
from actbench.expression.primitives import primitive
from actbench.expression.primitives.bits import bits, fused, looked_up, scaled
from actbench.expression.primitives.exponential import (
    LOG2_E,
    LOWEST,
    SIXTEENTHS,
    STEPS_OF_TWO,
    _exact_exp,
    exp_times_pair,
    horner,
)

NEAR = 1e4  # a largest number of this size at most is a multiple of ln(2) / 32 in 19 bits, and a rest
# ln(2) in the 24 bits of a float32 and what is left: a multiple of the first all but takes x away, without an error
LN2_FIRST = float(np.float32(math.log(2.0)))
LN2_REST = -1.904654299957768e-09
TAYLOR = (1.0, 1 / 2, 1 / 6)  # (exp(r) - 1) / r for |r| <= ln(2) / 32: 2^-26.7 of exp(r)


def shifted(x: Any, top: Any) -> tuple[Any, Any]:
    """x - top in two parts: rounding a difference of 700 alone costs 350 ulp of its exponential."""
    high = x - top
    t = high - x
    low = (x - (high - t)) + (-top - t)
    return high, np.where(np.absolute(high) < 1e30, low, 0.0)


def _near(form: Format, x: Expression, top: Any) -> Any:
    """On vectors, |top| <= NEAR: both are reduced alone, top once a vector; where they are equal nothing is left."""
    lowest = top + LOWEST[form.bits]
    t, _, r = _split(np.where(x < lowest, lowest, x))
    _, n_top, r_top = _split(top)
    between = t - n_top
    r = r - r_top
    power = looked_up(bits(between), STEPS_OF_TWO)
    return scaled(power + (power * r) * horner(TAYLOR, r), between - SIXTEENTHS)


def _split(x: Any) -> tuple[Any, Any, Any]:
    """x = n ln(2) + r, n a multiple of 1/32, which stands in the last bits of the first number too."""
    t = x * LOG2_E + SIXTEENTHS
    n = t - SIXTEENTHS
    return t, n, fused(-n, LN2_REST, fused(-n, LN2_FIRST, x))


def _kernel(form: Format, x: Expression, top: Expression) -> Any:
    return _near(form, x, top) if form.near else exp_times_pair(1.0, *shifted(x, top))


@primitive(
    exact=lambda mp, x, top: _exact_exp(mp, x - top),
    partials=lambda y, x, top: (y, -y),
    latex=("e^{{{0} - {1}}}", 5),
    cost={"exponential": 1, "add": 7, "multiply": 1},
    kernel=_kernel,
)
def exp_below(x: Any, top: Any) -> Any:
    """exp(x - top) for x <= top."""
    return exp_times_pair(1.0, *shifted(x, top))
