"""The exponential and what is made of it, with branch-free kernel meanings that vectorise.

numba's own exp and tanh are scalar library calls. Here: range reduction by the magic-number add, a polynomial, and
the power of two put in through the exponent bits. Coefficients are our own relative minimax fits (Lawson iteration in
220-bit arithmetic); the error reached stands beside each; tools/fit.py measures it and makes the tables again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from actbench.core.dtypes import Format
from actbench.expression.graph import Expression
from actbench.expression.primitives import primitive, register
from actbench.expression.primitives.bits import (
    bits,
    copysign,
    from_bits,
    looked_up,
    masked,
    negated,
    plus,
    scaled,
    shifted,
    shifted_right,
    total,
)

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
# tanh(a) / a in z = a^2 for a <= 9.05: numerator and denominator, 2^-29 (float32)
TANH_TOP = (0.9999999991480404, 0.13785435026758333, 0.004008577575421138, 3.15890499495615e-05, 5.075285529899089e-08)
TANH_BOTTOM = (
    1.0, 0.4711876754032658, 0.02773781651532117, 0.0004207481474525236, 1.6173915226177497e-06, 7.37138593094108e-10,
)  # fmt: skip
# (x - tanh x) / x^3 in z = x^2: 4/5 for x <= 9.05, 2^-35 (float32); 9/10 for x <= 19.2, 2^-53 (float64)
SHRINK_TOP = {
    32: (
        0.33333333332928167, 0.024843794279401896, 0.0004631214963153108, 2.553731406738852e-06,
        3.0587489209267965e-09,
    ),
    64: (
        0.3333333333333333, 0.02894405141277996, 0.0007822057723171014, 9.283502524074516e-06, 5.511086248164417e-08,
        1.711582580858945e-10, 2.746075996699899e-13, 2.113125129152446e-16, 6.540167645954788e-20,
        5.216974880561641e-24,
    ),
}  # fmt: skip
SHRINK_BOTTOM = {
    32: (
        1.0, 0.4745313827299593, 0.02929715584354997, 0.0005060984839521026, 2.668901223286926e-06,
        3.0979368883679625e-09,
    ),
    64: (
        1.0, 0.48683215423833986, 0.03517471710752535, 0.0008857589395072298, 1.0118768763846612e-05,
        5.861849616653681e-08, 1.7890943105657597e-10, 2.832385410920697e-13, 2.1561832316166517e-16,
        6.613547075877494e-20, 5.2350037028777146e-24,
    ),
}  # fmt: skip
SHRINK_END = {32: 9.05, 64: 19.2}
# tanh(a) / a in fewer steps, for vectors: 3/4 for a <= 7.9, 2^-22.8, the leading coefficient 1 and so no factor; from
# there on 1 is right to 5 ulp
NEAR_TOP = (4010978.655460796, 518804.5532404991, 11875.189741522561, 46.26188209730846)
NEAR_BOTTOM = (4010979.1607034835, 1855793.4273563172, 95681.57467332516, 962.7911546571281, 1.0)
TANH_NEAR = 7.9
TANH_ONE = 9.05  # tanh rounds to 1 in float32 from here on
# exp of a non-positive number is carried times 2^RAISE, so that it never underflows, and scaled down once at the end
RAISE = {32: 64, 64: 600}
LOWEST = {32: -131.0, 64: -780.0}
HIGHEST = {32: 89.5, 64: 710.5}


# on vectors: 2^(k / 32) in registers, and (exp(r) - 1) / r for |r| <= ln(2) / 64 in degree 1: 2^-24.1 of exp(r); of
# float64 they hold 2^(k / 16), which leaves degree 5 for |r| <= ln(2) / 32: 2^-56.9
STEPS_OF_TWO = tuple(2.0 ** (k / 32) for k in range(32))
POWERS = {32: STEPS_OF_TWO, 64: STEPS_OF_TWO[::2]}
NEAR_ONE = {
    32: (1.0000146593412051, 0.5000015377647441),
    64: (
        1.0000000000000022, 0.4999999999999979, 0.16666666662846416, 0.04166666667833344, 0.008333496221930296,
        0.0013888842254481458,
    ),
}  # fmt: skip
SIXTEENTHS = 1.5 * 2.0**18  # adding it rounds a float32 to a multiple of 1/32
TO_A_STEP = {32: SIXTEENTHS, 64: 1.5 * 2.0**48}  # a float64 to one of 1/16

FAR_BITS = 4000  # no power of a float64 that a row takes reaches 2^4000; what does is an exponential of an exponential


def _exact_exp(mp: Any, x: Any) -> Any:
    """e^x in mpmath; beyond an exponent of 4000 bits, where it would need all memory, as far out as that exponent."""
    if x != 0 and mp.isfinite(x) and mp.mag(x) > FAR_BITS:
        return mp.ldexp(1, (1 if x > 0 else -1) << FAR_BITS)
    return mp.exp(x)


def _exact_expm1(mp: Any, x: Any) -> Any:
    return _exact_exp(mp, x) - 1 if x != 0 and mp.isfinite(x) and mp.mag(x) > FAR_BITS else mp.expm1(x)


def _exact_tanh(mp: Any, x: Any) -> Any:
    return mp.mpf(1 if x > 0 else -1) if mp.isfinite(x) and x != 0 and mp.mag(x) > FAR_BITS else mp.tanh(x)


def horner(coefficients: Sequence[float], x: Any) -> Any:
    """A polynomial, lowest coefficient first; a last one of 1 is no factor."""
    *lower, result = coefficients
    for c in reversed(lower):
        result = x + c if isinstance(result, float) and result == 1.0 else result * x + c
    return result


def _reduced(form: Format, x: Any, rest: Any = None) -> tuple[Any, Any]:
    """exp(x + rest) - 1 within its power of two, and the number whose low bits hold that power."""
    t = x * LOG2_E + form.magic
    k = t - form.magic
    high, low = LN2[form.bits]
    r = (x - k * high) - k * low
    r = r if rest is None else r + rest
    return r + r * r * horner(EXP[form.bits], r), t


def mantissa(form: Format, x: Any, rest: Any = None, extra: int = 0) -> tuple[Any, Any]:
    """y and n with exp(x + rest) 2^extra = y 2^floor(n), on vectors: `scaled` puts n in."""
    t = x * LOG2_E + TO_A_STEP[form.bits]
    n = t - TO_A_STEP[form.bits]
    high, low = LN2[form.bits]
    r = (x - n * high) - n * low
    r = r if rest is None else r + rest
    power = looked_up(bits(t), tuple(value * 2.0**extra for value in POWERS[form.bits]))
    return power + (power * r) * horner(NEAR_ONE[form.bits], r), n


def decrease(form: Format, r: Any, factor: float) -> Any:
    """(exp(-factor r) - 1) / r, on vectors, for factor r within `NEAR_ONE`."""
    first, *others = (value * factor ** (k + 1) * (-1) ** (k + 1) for k, value in enumerate(NEAR_ONE[form.bits]))
    return r * horner(others, r) - -first


def exponential_of_negative(x: Expression) -> bool:
    """Whether x is what exp of a number that is never positive became on vectors."""
    if x.op != "scaled":
        return False
    t = x.args[1].args[0]  # n = t - TO_A_STEP, t = clipped LOG2_E + TO_A_STEP
    clipped = t.args[0].args[0] if t.args[0].op == "multiply" else t
    return clipped.op == "where" and _never_positive(clipped.args[2])


def power(form: Format, x: Any, rest: Any = None, extra: int = 0) -> Any:
    """exp(x + rest) 2^extra, where that is a normal number (on vectors, any)."""
    if form.vectors:
        return scaled(*mantissa(form, x, rest, extra))
    q, t = _reduced(form, x, rest)
    s = _power_of_two(form, t, extra)
    return s + s * q


def _power_of_two(form: Format, t: Expression, extra: int) -> Expression:
    return from_bits(shifted(plus(bits(t), form.bias + extra - form.magic_bits), form.mantissa))


def _raised(form: Format, x: Any, rest: Any = None) -> Any:
    """exp(x + rest) * 2^RAISE for x <= 0; a NaN stays one because the comparison with it is false."""
    lowest = LOWEST[form.bits]
    return power(form, np.where(x < lowest, lowest, x), rest, RAISE[form.bits])


def _never_positive(x: Expression) -> bool:
    """Seen from how it is said: -|u|, -(u u), sums of these, min(u, 0), or a product with a positive constant."""
    if x.op == "minimum":
        return any(side.op == "constant" and side.args[0] <= 0 for side in x.args)
    if x.op == "multiply":
        a, b = x.args
        sign = a.args[0] if a.op == "constant" else 0.0
        return (sign > 0 and _never_positive(b)) or (sign < 0 and _never_negative(b))
    return x.op == "negative" and _never_negative(x.args[0])


def _never_negative(x: Expression) -> bool:
    if x.op == "add":
        return all(_never_negative(side) for side in x.args)
    return x.op == "absolute" or (x.op == "multiply" and x.args[0] is x.args[1])


def _exp_kernel(form: Format, x: Expression) -> Any:
    down = 2.0 ** -RAISE[form.bits]
    lowest, highest = LOWEST[form.bits], HIGHEST[form.bits]
    if _never_positive(x):
        return power(form, np.where(x < lowest, lowest, x)) if form.vectors else _raised(form, x) * down
    high = np.where(x > highest, highest, x)
    clipped = np.where(high < lowest, lowest, high)
    if form.vectors:
        return power(form, clipped)
    q, t = _reduced(form, clipped)
    # Raised below zero, lowered above: neither end leaves the range before the last multiplication. In integers, which
    # more of a processor's units add than compare floats.
    twice = masked(shifted_right(bits(x), form.bits - 1), 2 * RAISE[form.bits] << form.mantissa)
    least = (form.bias - RAISE[form.bits]) << form.mantissa
    s = from_bits(total(plus(shifted(bits(t), form.mantissa), least), twice))
    back = from_bits(plus(negated(twice), (form.bias + RAISE[form.bits]) << form.mantissa))
    return (s + s * q) * back


def _expm1_kernel(form: Format, x: Expression) -> Any:
    lowest, highest = -80.0, HIGHEST[form.bits]  # -1 long before; infinite from there on
    negative = _never_positive(x)
    clipped: Any = np.where(x < lowest, lowest, x if negative else np.where(x > highest, highest, x))
    if negative and form.vectors:
        return _expm1_of_negative(form, x, clipped)
    q, t = _reduced(form, clipped)
    if negative:  # no more than 1 in all, and k = 0 gives 1 q + 0
        s = _power_of_two(form, t, 0)
        return np.where(x == 0.0, x, s * q + (s - 1.0))
    quarter = _power_of_two(form, t, -2)  # so that 2^128 and 2^1024 need not be said
    whole = (quarter * q + (quarter - 0.25)) * 4.0
    near = np.where(x == 0.0, x, q)  # k = 0: exact down to the last subnormal, and -0.0 stays
    return np.where(t - form.magic == 0.0, near, whole)


def _expm1_of_negative(form: Format, x: Any, clipped: Any) -> Any:
    """The same with fewer steps that wait for each other: ln(2) in one part does, the more k is the less counts e^x."""
    t = clipped * LOG2_E + form.magic
    r = clipped - (t - form.magic) * math.log(2.0)
    square = r * r
    c = EXP[form.bits]
    if form.bits == 64:
        s = _power_of_two(form, t, 0)
        return np.where(x == 0.0, x, s * (r + square * horner(c, r)) + (s - 1.0))
    q = r + square * ((c[0] + c[1] * r) + square * ((c[2] + c[3] * r) + square * c[4]))
    s = _power_of_two(form, t, 0)
    return np.where(x == 0.0, x, s * q + (s - 1.0))


def _exp_times_pair_kernel(form: Format, a: Expression, high: Expression, low: Expression) -> Any:
    if form.vectors:
        lowest = LOWEST[form.bits]
        y, n = mantissa(form, np.where(high < lowest, lowest, high), low)
        return scaled(a * y, n)
    return (a * _raised(form, high, low)) * 2.0 ** -RAISE[form.bits]


def _exp_times_kernel(form: Format, a: Expression, x: Expression) -> Any:
    if form.vectors:
        lowest = LOWEST[form.bits]
        y, n = mantissa(form, np.where(x < lowest, lowest, x))
        return scaled(a * y, n)
    return (a * _raised(form, x)) * 2.0 ** -RAISE[form.bits]


def _tanh_kernel(form: Format, x: Expression) -> Any:
    if form.vectors and form.bits == 32:
        return _tanh_on_vectors(x)
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


def _tanh_on_vectors(x: Any) -> Any:
    """tanh without a sign that is taken off and put on: more of a processor's units compare than combine bits."""
    c: Any = np.where(x > TANH_NEAR, TANH_NEAR, x)
    c = np.where(c < -TANH_NEAR, -TANH_NEAR, c)
    z = c * c
    y = (c * horner(NEAR_TOP, z)) / horner(NEAR_BOTTOM, z)
    y = np.where(x > TANH_NEAR, 1.0, y)
    return np.where(x < -TANH_NEAR, -1.0, y)


def _shrunk(bits: int, a: Any) -> Any:
    """a - tanh(a) for a >= 0: one rational function over the whole bend, a - 1 beyond."""
    end = SHRINK_END[bits]
    c = np.where(a > end, end, a)
    z = c * c
    return np.where(a > end, a - 1.0, c * (z * (horner(SHRINK_TOP[bits], z) / horner(SHRINK_BOTTOM[bits], z))))


def _sech2(x: Any) -> Any:
    q = np.exp(-2.0 * np.absolute(x))  # not 1 - tanh^2, which is 0 from |x| = 19 on
    return 4.0 * q / ((1.0 + q) * (1.0 + q))


register(
    "exp",
    1,
    exact=_exact_exp,
    partials=lambda y, x: (y,),
    latex=("e^{{{0}}}", 8),
    cost={"exponential": 1},
    kernel=_exp_kernel,
)
register(
    "expm1",
    1,
    exact=_exact_expm1,
    partials=lambda y, x: (np.exp(x),),
    latex=(r"\operatorname{{expm1}}({0})", 8),
    cost={"exponential": 1},
    kernel=_expm1_kernel,
)
register(
    "tanh",
    1,
    exact=_exact_tanh,
    partials=lambda y, x: (_sech2(x),),
    latex=(r"\tanh({0})", 8),
    cost={"exponential": 1},
    kernel=_tanh_kernel,
)


@primitive(
    exact=lambda mp, a, x: a * _exact_exp(mp, x),
    partials=lambda y, a, x: (np.exp(x), y),
    growth=lambda x: (1.0,),
    latex=("{0} \\, e^{{{1}}}", 5),
    cost={"exponential": 1, "multiply": 1},
    kernel=_exp_times_kernel,
)
def exp_times(a: Any, x: Any) -> Any:
    """a * exp(x) for x <= 0 and |a| <= 2^38, right to the last subnormal.

    The plain product loses its deep tail: at x = -745 float64's exp is down to one bit, whatever ``a`` brings back.
    """
    deep = x < -690.0  # the square root of exp(x) twice: never 0, so an infinite a makes no NaN
    e = np.exp(np.where(deep, 0.5 * np.maximum(x, -1400.0), x))
    return np.where(deep, (a * e) * e, a * e)


@primitive(
    exact=lambda mp, a, high, low: a * _exact_exp(mp, high + low),
    partials=lambda y, a, high, low: (np.exp(high + low), y, y),
    growth=lambda high, low: (1.0, 1.0),
    latex=("{0} \\, e^{{{1} + {2}}}", 5),
    cost={"exponential": 1, "multiply": 1, "add": 3},
    kernel=_exp_times_pair_kernel,
)
def exp_times_pair(a: Any, high: Any, low: Any) -> Any:
    """a * exp(high + low) for an exponent <= 0 that one float cannot hold: rounding -744.3 alone costs 500 ulp.

    ``low`` must be a rounding error, a few units in the last place of ``high``: it is added after the reduction.
    """
    total = np.maximum(high + low, -1400.0)
    rest = np.where(total > -1400.0, (high - total) + low, 0.0)
    deep = total < -690.0
    e = np.exp(np.where(deep, 0.5 * total, total))
    return np.where(deep, a * e, a) * (e + e * rest)


@primitive(
    exact=lambda mp, x: x - _exact_tanh(mp, x),
    partials=lambda y, x: (np.tanh(x) * np.tanh(x),),
    latex=(r"{0} - \tanh({0})", 4),
    cost={"multiply": 23, "add": 20, "divide": 1},
    kernel=lambda form, x: copysign(form, _shrunk(form.bits, np.absolute(x)), x),
)
def x_minus_tanh(x: Any) -> Any:
    """x - tanh(x) without the cancellation that leaves nothing of it below |x| = 1e-8."""
    return np.copysign(_shrunk(64, np.absolute(x)), x)
