"""The exponential and what is made of it, with branch-free kernel meanings that vectorise.

numba's own exp and tanh are scalar library calls. Here: range reduction by the magic-number add, a polynomial, and
the power of two put in through the exponent bits. Coefficients are our own relative minimax fits (Lawson iteration in
220-bit arithmetic); the error that the fit reached stands beside each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from actbench.expression import Expression
from actbench.words import known, word
from actbench.words.bits import Format, bits, copysign, from_bits, plus, shifted

LOG2_E = 1.4426950408889634
# (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2: degree 4, 2^-27 relative for float32; degree 9, 2^-56 for float64
EXP = {
    32: (0.4999999949551271, 0.1666657578253877, 0.04166688300030103, 0.008363409065691937, 0.0013899381700457863),
    64: (
        0.5000000000000001, 0.1666666666666664, 0.041666666666622616, 0.008333333333357876, 0.0013888888917979291,
        0.00019841269780872728, 2.4801520093752247e-05, 2.755735848069171e-06, 2.7620663928855786e-07,
        2.5067512644350946e-08,
    ),
}  # fmt: skip
# ln(2) in two parts, the first short enough that k times it is exact (Cody & Waite 1980)
LN2 = {32: (0.693359375, -2.12194440e-4), 64: (6.93147180369123816490e-01, 1.90821492927058770002e-10)}
# tanh(a) / a in z = a^2 for a <= 9.05: numerator and denominator, float32
TANH_TOP = (0.9999999991480404, 0.13785435026758333, 0.004008577575421138, 3.15890499495615e-05, 5.075285529899089e-08)
TANH_BOTTOM = (
    1.0, 0.4711876754032658, 0.02773781651532117, 0.0004207481474525236, 1.6173915226177497e-06, 7.37138593094108e-10,
)  # fmt: skip
TANH_ONE = 9.05  # tanh rounds to 1 in float32 from here on
# exp of a non-positive number is carried times 2^RAISE, so that it never underflows, and scaled down once at the end
RAISE = {32: 64, 64: 600}
LOWEST = {32: -131.0, 64: -780.0}
HIGHEST = {32: 89.5, 64: 710.5}


def horner(coefficients: Sequence[float], x: Any) -> Any:
    """A polynomial, lowest coefficient first."""
    result: Any = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        result = result * x + c
    return result


def _reduced(form: Format, x: Any) -> tuple[Any, Any]:
    """exp(x) - 1 within its power of two, and the number whose low bits hold that power."""
    t = x * LOG2_E + form.magic
    k = t - form.magic
    high, low = LN2[form.bits]
    r = (x - k * high) - k * low
    return r + r * r * horner(EXP[form.bits], r), t


def _power_of_two(form: Format, t: Expression, extra: int) -> Expression:
    return from_bits(shifted(plus(bits(t), form.bias + extra - form.magic_bits), form.mantissa))


def _raised(form: Format, x: Any) -> Any:
    """exp(x) * 2^RAISE for x <= 0; a NaN stays one because the comparison with it is false."""
    lowest = LOWEST[form.bits]
    q, t = _reduced(form, np.where(x < lowest, lowest, x))
    s = _power_of_two(form, t, RAISE[form.bits])
    return s + s * q


def _never_positive(x: Expression) -> bool:
    """Seen from how it is said: -|u|, or a product of one with a positive constant."""
    if x.op == "multiply":
        a, b = x.args
        sign = a.args[0] if a.op == "constant" else 0.0
        return (sign > 0 and _never_positive(b)) or (sign < 0 and b.op == "absolute")
    return x.op == "negative" and x.args[0].op == "absolute"


def _exp_kernel(form: Format, x: Expression) -> Any:
    down = 2.0 ** -RAISE[form.bits]
    if _never_positive(x):
        return _raised(form, x) * down
    lowest, highest = LOWEST[form.bits], HIGHEST[form.bits]
    clipped = np.where(x < lowest, lowest, np.where(x > highest, highest, x))
    q, t = _reduced(form, clipped)
    # raised below zero, lowered above: neither end leaves the range before the last multiplication
    s = np.where(x < 0.0, _power_of_two(form, t, RAISE[form.bits]), _power_of_two(form, t, -RAISE[form.bits]))
    return (s + s * q) * np.where(x < 0.0, down, 1.0 / down)


def _exp_times_kernel(form: Format, a: Expression, x: Expression) -> Any:
    return (a * _raised(form, x)) * 2.0 ** -RAISE[form.bits]


def _tanh_kernel(form: Format, x: Expression) -> Expression:
    a: Any = np.absolute(x)
    if form.bits == 32:
        a = np.where(a > TANH_ONE, TANH_ONE, a)
        z = a * a
        y = a * (horner(TANH_TOP, z) / horner(TANH_BOTTOM, z))
        return copysign(form, np.where(y > 1.0, 1.0, y), x)
    lowest = -80.0  # expm1 is -1 long before
    u = -2.0 * a
    q, t = _reduced(form, np.where(u < lowest, lowest, u))
    s = _power_of_two(form, t, 0)
    m = s * q + (s - 1.0)  # expm1(-2a)
    return copysign(form, m / (2.0 + m), x)


def _sech2(x: Any) -> Any:
    q = np.exp(-2.0 * np.absolute(x))  # not 1 - tanh^2, which is 0 from |x| = 19 on
    return 4.0 * q / ((1.0 + q) * (1.0 + q))


known(
    "exp",
    1,
    exact=lambda mp, x: mp.exp(x),
    partials=lambda y, x: (y,),
    latex=("e^{{{0}}}", 8),
    cost={"exponential": 1},
    kernel=_exp_kernel,
)
known(
    "expm1",
    1,
    exact=lambda mp, x: mp.expm1(x),
    partials=lambda y, x: (np.exp(x),),
    latex=(r"\operatorname{{expm1}}({0})", 8),
    cost={"exponential": 1},
)
known(
    "log",
    1,
    exact=lambda mp, x: mp.log(x),
    partials=lambda y, x: (1.0 / x,),
    latex=(r"\ln({0})", 8),
    cost={"logarithm": 1},
)
known(
    "log1p",
    1,
    exact=lambda mp, x: mp.log1p(x),
    partials=lambda y, x: (1.0 / (1.0 + x),),
    latex=(r"\ln(1 + {0})", 8),
    cost={"logarithm": 1},
)
known(
    "tanh",
    1,
    exact=lambda mp, x: mp.tanh(x),
    partials=lambda y, x: (_sech2(x),),
    latex=(r"\tanh({0})", 8),
    cost={"exponential": 1},
    kernel=_tanh_kernel,
)


@word(
    exact=lambda mp, a, x: a * mp.exp(x),
    partials=lambda y, a, x: (np.exp(x), y),
    latex=("{0} \\, e^{{{1}}}", 5),
    cost={"exponential": 1, "multiply": 1},
    kernel=_exp_times_kernel,
)
def exp_times(a: Any, x: Any) -> Any:
    """a * exp(x) for x <= 0 and |a| <= 2^38, right to the last subnormal.

    The plain product loses its deep tail: at x = -745 float64's exp is down to one bit, whatever ``a`` brings back.
    """
    half = np.exp(0.5 * np.maximum(x, -1400.0))  # never 0, so an infinite a makes no NaN
    return (a * half) * half
