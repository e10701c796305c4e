"""An exponential of an exponential, whose argument must be known to more digits than one float holds."""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np

from actbench.core.dtypes import Format
from actbench.expression.graph import Expression
from actbench.expression.primitives import primitive
from actbench.expression.primitives.exponential import LN2, LOG2_E, _exact_exp, _power_of_two, exp_times_pair, horner
from actbench.expression.primitives.pairs import Pair, normal, product, two_sum

# exp(-exp(-x)) is 0 below -6.6 in float64 and below -4.7 in float32; there exp(-x) is 745 and 104, so it is needed
# with ten more bits than a float64 has. The argument is halved twice and the result squared twice, in two parts.
DEEPEST = 7.0
# exp(r) - 1 - r - r^2 / 2 = r^3 (1/6 + r / 24 + ...): |r| <= ln(2) / 8 leaves 2^-75 at degree 12
SERIES = tuple(1.0 / factorial(n) for n in range(3, 13))


def _grown(y: Any, k: Any, high: float, low: float) -> Pair:
    """exp(y - k ln 2) as a pair, |y - k ln 2| <= ln(2) / 2."""
    r, s = two_sum(0.25 * (y - k * high), -0.25 * (k * low))
    square = product((r, s), (r, s))
    value = two_sum(1.0, r)
    value = normal(
        (value[0], value[1] + (s + (0.5 * square[0] + (0.5 * square[1] + r * square[0] * horner(SERIES, r)))))
    )
    for _ in range(2):
        value = product(value, value)
    return value


def _kernel(form: Format, a: Expression, x: Expression) -> Any:
    y: Any = np.where(x < -DEEPEST, DEEPEST, -x)
    t = y * LOG2_E + form.magic
    high, low = _grown(y, t - form.magic, *LN2[form.bits])
    s = _power_of_two(form, t, 0)
    return exp_times_pair(a, -(high * s), -(low * s))


@primitive(
    exact=lambda mp, a, x: a * _exact_exp(mp, -_exact_exp(mp, -x)),
    growth=lambda x: (np.exp(np.minimum(-x, DEEPEST)),),
    latex=("{0} \\, e^{{-e^{{-{1}}}}}", 5),
    cost={"exponential": 2, "multiply": 1},
    kernel=_kernel,
)
def exp_exp_times(a: Any, x: Any) -> Any:
    """a * exp(-exp(-x)) for x <= 0, right to the last subnormal."""
    y = np.minimum(-x, DEEPEST)
    k = np.rint(y * LOG2_E)
    high, low = _grown(y, k, *LN2[64])
    s = np.exp2(k)
    return exp_times_pair(a, -(high * s), -(low * s))
