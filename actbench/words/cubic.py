"""exp(-2u), u = sqrt(2 / pi) (a + 0.044715 a^3): the gate of GELU in its tanh form, whole to the last subnormal.

The exponent reaches 745, where one rounding alone leaves 500 ulp: it is carried as s a with s in two parts. A kernel
takes the power of two from s a without ever rounding that product.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from actbench.expression import Expression
from actbench.words import word
from actbench.words.bits import Format, fused
from actbench.words.exponential import EXP, LN2, LOG2_E, RAISE, _exact_exp, _power_of_two, exp_times_pair
from actbench.words.pairs import Pair, two_product

ROOT_2_PI = 0.7978845608028654  # sqrt(2 / pi)
# 2u = a (LINEAR + CUBIC a^2), exactly from the doubles that the textbook formula writes
LINEAR = 2 * Fraction(ROOT_2_PI)
BEND = 0.044715
CUBIC = LINEAR * Fraction(BEND)
# LINEAR in 20 bits behind the point: taken from a sum below 16 (float32) or 2^31 it leaves no rounding
LINEAR_SHORT = round(LINEAR * 2**20) / 2**20
LINEAR_REST = float(LINEAR - Fraction(LINEAR_SHORT))
# x exp(-2u) is 0 from here on: 2u = 118 and 775
END = {32: 11.2, 64: 21.8}


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


def _kernel(form: Format, c: Expression, x: Expression) -> Any:
    kind = np.float32 if form.bits == 32 else np.float64
    cubic = float(kind(float(CUBIC)))
    cubic_rest = float(CUBIC - Fraction(cubic))
    a: Any = np.where(x > END[form.bits], END[form.bits], x)
    square: Any = a * a
    s: Any = fused(square, cubic, LINEAR_SHORT)
    rest = fused(square, cubic, -(s - LINEAR_SHORT))
    rest = rest + (fused(a, a, -square) * cubic + (square * cubic_rest + LINEAR_REST))
    t = form.magic - (s * a) * LOG2_E
    k = t - form.magic
    high, low = LN2[form.bits]
    r: Any = fused(s, a, k * high)  # -2u without its power of two, the sign turned
    r = (r + k * low) + rest * a
    turned = [value if i % 2 == 0 else -value for i, value in enumerate(EXP[form.bits])]
    r2 = r * r
    q = r2 * _estrin(turned, r, r2) - r
    power = _power_of_two(form, t, RAISE[form.bits])
    return (c * (power + power * q)) * 2.0 ** -RAISE[form.bits]


def _partials(y: Any, a: Any) -> tuple[Any, Any]:
    bend = 3.0 * (BEND * (a * a))
    return tanh_gate_times(1.0, a), -(float(LINEAR) * (1.0 + bend)) * y


@word(
    exact=lambda mp, c, a: c * _exact_exp(mp, -(mp.mpf(LINEAR.numerator) / LINEAR.denominator * a
                                                + mp.mpf(CUBIC.numerator) / CUBIC.denominator * a**3)),
    partials=lambda y, c, a: _partials(y, a),
    latex=(r"{0} \, e^{{-2 \sqrt{{2 / \pi}} ({1} + 0.044715 {1}^3)}}", 5),
    cost={"exponential": 1, "multiply": 8, "add": 8},
    kernel=_kernel,
)  # fmt: skip
def tanh_gate_times(c: Any, a: Any) -> Any:
    """c exp(-2u) for a >= 0 and |c| <= 2^38."""
    near = np.minimum(a, END[64])
    s, rest = _slope(near)
    high, low = two_product(s, near)
    return exp_times_pair(c, -high, -(low + rest * near))
