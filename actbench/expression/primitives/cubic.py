"""x / (1 + exp(-2u)), u = sqrt(2 / pi) (x + 0.044715 x^3): GELU in its tanh form, whole to the last subnormal.

The exponent reaches 745, where one rounding alone leaves 500 ulp: it is carried as s x with s in two parts. A kernel
takes the power of two from s x without ever rounding that product.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from actbench.core.dtypes import Format
from actbench.expression.graph import Expression
from actbench.expression.primitives import primitive
from actbench.expression.primitives.bits import bits, fused, looked_up, scaled
from actbench.expression.primitives.exponential import (
    EXP,
    LN2,
    LOG2_E,
    POWERS,
    TO_A_STEP,
    _exact_exp,
    _power_of_two,
    decrease,
    exp_times_pair,
)
from actbench.expression.primitives.logistic import LOWERED, quotient_from, slope_from
from actbench.expression.primitives.pairs import Pair, two_product

# 2u = a (LINEAR + CUBIC a^2), 2 sqrt(2 / pi) to 60 digits: its double alone is 3 units off at the end of the tail
LINEAR = Fraction("1.59576912160573071175978423973752747390343452465973863066373")
CUBIC = LINEAR * Fraction("0.044715")
# LINEAR in 20 bits behind the point: taken from a sum below 16 (float32) or 2^31 it leaves no rounding
LINEAR_SHORT = round(LINEAR * 2**20) / 2**20
LINEAR_REST = float(LINEAR - Fraction(LINEAR_SHORT))
LN2_EXACT = Fraction("0.693147180559945309417232121458176568075500134360255254120680009493393622")
# the function and its slope are 0 below -END, and x and 1 above ONE_FROM, in every format
END = {32: 11.05, 64: 21.65}
ONE_FROM = 8.5


def _slope(a: Any) -> Pair:
    """2u / a in two parts, in NumPy's float64."""
    square, square_rest = two_product(a, a)
    cubic = float(CUBIC)
    bend, bend_rest = two_product(square, cubic)
    s = bend + LINEAR_SHORT
    rest = bend - (s - LINEAR_SHORT)
    return s, rest + (bend_rest + (square_rest * cubic + (square * float(CUBIC - Fraction(cubic)) + LINEAR_REST)))


def _estrin(coefficients: Any, x: Any, square: Any) -> Any:
    """A polynomial by pairs, lowest coefficient first: half as long a way as Horner's, and as many steps but one."""
    terms = list(coefficients)
    power = x
    while len(terms) > 1:
        pairs = [terms[i] + terms[i + 1] * power for i in range(0, len(terms) - 1, 2)]
        terms = pairs + terms[2 * len(pairs) :]
        power = square if power is x else power * power
    return terms[0]


def _exponent(form: Format, c: Any, base: Fraction) -> Pair:
    """2u / c in two parts, times a constant of which only the real number counts."""
    kind = np.float32 if form.bits == 32 else np.float64
    linear, exact = LINEAR * base, CUBIC * base
    short = round(linear * 2**20) / 2**20
    cubic = float(kind(float(exact)))
    square: Any = c * c
    s: Any = fused(square, cubic, short)
    rest = fused(square, cubic, -(s - short))
    smaller = square * float(exact - Fraction(cubic)) + float(linear - Fraction(short))
    return s, rest + (fused(c, c, -square) * cubic + smaller)


def _lowered(form: Format, x: Expression) -> tuple[Any, Any]:
    """x from -END on, and exp(-2u) times 2^-LOWERED; beyond ONE_FROM some number."""
    end = END[form.bits]
    c: Any = np.where(x < -end, -end, x)  # a NaN stays
    if form.vectors:
        return c, _lowered_power_of_two(form, c)
    s, rest = _exponent(form, c, Fraction(1))
    t = form.magic - (s * c) * LOG2_E
    k = t - form.magic
    high, low = LN2[form.bits]
    r: Any = fused(s, c, k * high)  # -2u without its power of two, the sign turned
    r = (r + k * low) + rest * c
    turned = [value if i % 2 == 0 else -value for i, value in enumerate(EXP[form.bits])]
    r2 = r * r
    q = r2 * _estrin(turned, r, r2) - r
    power = _power_of_two(form, t, -LOWERED[form.bits])
    return c, power + power * q


def _lowered_power_of_two(form: Format, c: Any) -> Any:
    """The same on vectors as a power of two: what is left of the exponent needs no ln(2), which is in u's constants."""
    s, rest = _exponent(form, c, 1 / LN2_EXACT)
    t = TO_A_STEP[form.bits] - s * c
    n = t - TO_A_STEP[form.bits]
    r: Any = fused(s, c, n) + rest * c  # the sign turned
    two = looked_up(bits(t), tuple(value * 2.0 ** -LOWERED[form.bits] for value in POWERS[form.bits]))
    return scaled(two + (two * r) * decrease(form, r, float(LN2_EXACT)), n)


def _gate_kernel(form: Format, x: Expression) -> Any:
    return quotient_from(form, x, *_lowered(form, x), ONE_FROM)


def _gate_slope_kernel(form: Format, x: Expression) -> Any:
    c, e = _lowered(form, x)
    bend = c * (float(LINEAR) + 3.0 * float(CUBIC) * (c * c))  # x (2u)'
    return slope_from(form, x, bend, e, ONE_FROM)


def _exact_gate(mp: Any, x: Any) -> Any:
    """1 / (1 + exp(-2u)) and (2u)'."""
    linear, cubic = (2 * value for value in _exact_cubic(mp))
    return 1 / (1 + _exact_exp(mp, -(linear * x + cubic * x**3))), linear + 3 * cubic * x * x


def _exact_slope(mp: Any, x: Any) -> Any:
    gate, slope = _exact_gate(mp, x)
    return gate * (1 + x * (1 - gate) * slope)


def _times_e(c: Any, a: Any) -> Any:
    """c exp(-2u) for a >= 0, in NumPy."""
    s, rest = _slope(a)
    high, low = two_product(s, a)
    return exp_times_pair(c, -high, -(low + rest * a))


def _exact_cubic(mp: Any) -> tuple[Any, Any]:
    """The two coefficients of u as real numbers."""
    linear = mp.sqrt(2 / mp.pi)
    return linear, linear * 44715 / 10**6


@primitive(
    exact=lambda mp, x: 6 * _exact_cubic(mp)[1] * x,
    latex=(r"0.26829 \, \sqrt{{2 / \pi}} \, {0}", 5),
    cost={"multiply": 1},
)
def tanh_cubic_curve(x: Any) -> Any:
    """The second derivative of `tanh_cubic`."""
    return 3.0 * float(CUBIC) * x


@primitive(
    exact=lambda mp, x: _exact_cubic(mp)[0] + 3 * _exact_cubic(mp)[1] * x**2,
    partials=lambda y, x: (tanh_cubic_curve(x),),
    latex=(r"\sqrt{{2 / \pi}} \, (1 + 0.134145 \, {0}^2)", 5),
    cost={"multiply": 3, "add": 1},
)
def tanh_cubic_slope(x: Any) -> Any:
    """The slope of `tanh_cubic`."""
    return 0.5 * float(LINEAR) + 1.5 * float(CUBIC) * (x * x)


@primitive(
    exact=lambda mp, x: _exact_cubic(mp)[0] * x + _exact_cubic(mp)[1] * x**3,
    partials=lambda y, x: (tanh_cubic_slope(x),),
    latex=(r"\sqrt{{2 / \pi}} \, ({0} + 0.044715 \, {0}^3)", 5),
    cost={"multiply": 4, "add": 1},
)
def tanh_cubic(x: Any) -> Any:
    """u = sqrt(2 / pi) (x + 0.044715 x^3): the constants of a definition are the real numbers, not their doubles."""
    return x * (0.5 * float(LINEAR) + 0.5 * float(CUBIC) * (x * x))


def _exact_curve(mp: Any, x: Any) -> Any:
    gate, slope = _exact_gate(mp, x)
    bend = 12 * _exact_cubic(mp)[1] * x
    return gate * (1 - gate) * (2 * slope + x * bend + x * slope * slope * (1 - 2 * gate))


@primitive(
    exact=_exact_curve,
    latex=(r"\frac{{d^2}}{{d{0}^2}} \, {0} \, \sigma(2u)", 5),
    cost={"exponential": 2, "multiply": 14, "add": 8, "divide": 2},
)
def x_tanh_gate_curve(x: Any) -> Any:
    """The slope of `x_tanh_gate_slope`: g' (2 s + x s' - x s^2 tanh(u)), the gate g = sigmoid(2u), s = (2u)'."""
    a = np.minimum(np.absolute(x), END[64])
    o = 1.0 + _times_e(1.0, a)
    square = a * a
    s, bend = float(LINEAR) + 3.0 * float(CUBIC) * square, 6.0 * float(CUBIC) * square
    u = a * (0.5 * float(LINEAR) + 0.5 * float(CUBIC) * square)
    return _times_e((2.0 * s + bend - a * (s * s) * np.tanh(u)) / (o * o), a)


@primitive(
    exact=_exact_slope,
    partials=lambda y, x: (x_tanh_gate_curve(x),),
    latex=(r"\frac{{d}}{{d{0}}} \, {0} \, \sigma(2u)", 5),
    cost={"exponential": 1, "multiply": 9, "add": 6, "divide": 1},
    kernel=_gate_slope_kernel,
)
def x_tanh_gate_slope(x: Any) -> Any:
    """The slope of `x_tanh_gate`, the lower tail whole."""
    a = np.minimum(np.absolute(x), END[64])
    e = _times_e(1.0, a)
    o = 1.0 + e
    s = a * (float(LINEAR) + 3.0 * float(CUBIC) * (a * a))
    return np.where(x >= 0.0, o + s * e, _times_e(o - s, a)) / (o * o)


@primitive(
    exact=lambda mp, x: x * _exact_gate(mp, x)[0],
    partials=lambda y, x: (x_tanh_gate_slope(x),),
    latex=(r"\frac{{{0}}}{{1 + e^{{-2 \sqrt{{2 / \pi}} ({0} + 0.044715 {0}^3)}}}}", 8),
    cost={"exponential": 1, "multiply": 5, "add": 3, "divide": 1},
    kernel=_gate_kernel,
)
def x_tanh_gate(x: Any) -> Any:
    """x (1 + tanh(u)) / 2 = x / (1 + exp(-2u)), the lower tail whole."""
    a = np.minimum(np.absolute(x), END[64])
    top = np.where(x >= 0.0, x, _times_e(np.maximum(x, -END[64]), a))
    return top / (1.0 + _times_e(1.0, a))
