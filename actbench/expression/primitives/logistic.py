"""The logistic function and its slope, right in both tails, from one exponential.

sigmoid(x) = 2^-R / (2^-R + 2^-R e^-x): with everything carried times 2^-R, e^-x neither overflows where the result is
still a number nor is lost where it is next to 1, and the one multiplication at the end rounds into the subnormals.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from actbench.core.dtypes import Format
from actbench.expression.graph import Expression
from actbench.expression.primitives import primitive
from actbench.expression.primitives.exponential import (
    LOWEST,
    RAISE,
    _exact_exp,
    exp_times,
    exp_times_pair,
    power,
)

ONE_FROM = 40.0  # 1 + e^-40 is 1 in every format


def _kernel(form: Format, x: Any, rest: Any = None) -> Any:
    lowest, down = LOWEST[form.bits], 2.0 ** -RAISE[form.bits]
    high = np.where(x > ONE_FROM, ONE_FROM, x)  # a NaN stays
    clipped = np.where(high < lowest, lowest, high)
    if form.vectors:  # which put a power of two in without loss below the normal numbers
        e = power(form, clipped, rest)
        return e / (e + 1.0)
    return down / (power(form, -clipped, None if rest is None else -rest, -RAISE[form.bits]) + down)


def _exact(mp: Any, x: Any) -> Any:
    return 1 / (1 + _exact_exp(mp, -x))


def _slope(x: Any) -> Any:
    e = np.exp(-np.absolute(x))
    return e / ((1.0 + e) * (1.0 + e))  # not y (1 - y), which is 0 from x = 37 on


@primitive(
    exact=_exact,
    partials=lambda y, x: (_slope(x),),
    latex=(r"\sigma({0})", 8),
    cost={"exponential": 1, "add": 2, "divide": 1},
    kernel=_kernel,
)
def expit(x: Any) -> Any:
    """1 / (1 + exp(-x)), the lower tail whole."""
    e = np.exp(-np.absolute(x))
    return np.where(x >= 0.0, 1.0, e) / (1.0 + e)


def _slope_pair(high: Any, low: Any) -> Any:
    v = -np.absolute(high), np.where(high >= 0.0, -low, low)
    o = 1.0 + exp_times_pair(1.0, *v)
    return exp_times_pair(1.0 / (o * o), *v)


@primitive(
    exact=lambda mp, high, low: _exact(mp, high + low),
    partials=lambda y, high, low: (_slope_pair(high, low),) * 2,
    latex=(r"\sigma({0} + {1})", 8),
    cost={"exponential": 1, "add": 3, "divide": 1},
    kernel=_kernel,
)
def expit_pair(high: Any, low: Any) -> Any:
    """The logistic function of an argument in two parts, the second one a rounding error of the first."""
    right = high >= 0.0
    e = exp_times_pair(1.0, -np.absolute(high), np.where(right, -low, low))
    return np.where(right, 1.0, e) / (1.0 + e)


@primitive(
    exact=lambda mp, a, high, low: a * mp.sech(high + low) ** 2 / 4,
    growth=lambda high, low: (-2.0 * np.tanh(high),) * 2,
    latex=(r"\tfrac{{1}}{{4}} {0} \, \operatorname{{sech}}^2({1} + {2})", 5),
    cost={"exponential": 2, "multiply": 4, "add": 3, "divide": 1},
)
def bell_times(a: Any, high: Any, low: Any) -> Any:
    """a q / (1 + q)^2 with q = exp(-2 |u|), a quarter of a (1 - tanh^2 u), of u in two parts: the tails whole.

    A primitive for its derivative's sake: the quotient's own cancels next to 0, to 1 / u units in the last place.
    """
    size, rest = np.absolute(high), np.where(high >= 0.0, low, -low)
    o = 1.0 + np.exp(-2.0 * size)
    return exp_times_pair(a / (o * o), -2.0 * size, -2.0 * rest)


# x / (1 + e^-x), everything below the fraction times 2^-LOWERED: x e^x is a number down to LEAST, where e^-x is none
LOWERED = {32: 40, 64: 80}
LEAST = {32: -110.0, 64: -760.0}


def _lowered(form: Format, x: Any) -> tuple[Any, Any]:
    """x from LEAST on, and e^-x times 2^-LOWERED; beyond ONE_FROM some number."""
    least = LEAST[form.bits]
    c = np.where(x < least, least, x)  # a NaN stays
    return c, power(form, -c, None, -LOWERED[form.bits])


def quotient_from(form: Format, x: Expression, c: Any, e: Any, one_from: float) -> Any:
    """c / (1 + e) from a lowered e; x beyond ``one_from``."""
    down = 2.0 ** -LOWERED[form.bits]
    return np.where(x > one_from, x, (c / (e + down)) * down)


def slope_from(form: Format, x: Expression, bend: Any, e: Any, one_from: float) -> Any:
    """s (1 + bend (1 - s)) with s = 1 / (1 + e) from a lowered e; 1 beyond ``one_from``."""
    down = 2.0 ** -LOWERED[form.bits]
    r = 1.0 / (e + down)
    return np.where(x > one_from, 1.0, (r * (1.0 + bend * (e * r))) * down)


def _x_sigmoid_kernel(form: Format, x: Expression) -> Any:
    return quotient_from(form, x, *_lowered(form, x), ONE_FROM)


def _x_sigmoid_slope_kernel(form: Format, x: Expression) -> Any:
    return slope_from(form, x, *_lowered(form, x), ONE_FROM)


def _x_sigmoid_curve(x: Any) -> Any:
    a = np.minimum(np.absolute(x), -LEAST[64])
    o, t = 1.0 + np.exp(-a), np.tanh(0.5 * a)
    return exp_times((2.0 - a * t) / (o * o), -a)


@primitive(
    exact=lambda mp, x: _exact(mp, x) * (1 + x * _exact(mp, -x)),
    partials=lambda y, x: (_x_sigmoid_curve(x),),
    latex=(r"\sigma({0}) (1 + {0} \, \sigma(-{0}))", 5),
    cost={"exponential": 1, "add": 4, "divide": 1, "multiply": 3},
    kernel=_x_sigmoid_slope_kernel,
)
def x_sigmoid_slope(x: Any) -> Any:
    """The slope of `x_sigmoid`, the lower tail whole."""
    near = np.minimum(np.maximum(x, LEAST[64]), -LEAST[64])
    e = np.exp(-np.absolute(near))
    o = 1.0 + e
    return np.where(near >= 0.0, o + near * e, exp_times(o + near, -np.absolute(near))) / (o * o)


@primitive(
    exact=lambda mp, x: x * _exact(mp, x),
    partials=lambda y, x: (x_sigmoid_slope(x),),
    latex=(r"{0} \, \sigma({0})", 5),
    cost={"exponential": 1, "add": 2, "divide": 1, "multiply": 1},
    kernel=_x_sigmoid_kernel,
)
def x_sigmoid(x: Any) -> Any:
    """x / (1 + exp(-x)), the lower tail whole: x times a logistic function that has lost its digits has lost them."""
    low = np.maximum(x, LEAST[64])
    a = np.absolute(low)
    return np.where(low >= 0.0, low, exp_times(low, -a)) / (1.0 + np.exp(-a))
