"""The error function and the normal distribution, whose tails hold to the last subnormal.

Phi(-a) = mills(a) phi(a), and phi(a) takes a^2 in two parts: 0.5 erfc(-x / sqrt 2) alone costs 1,500 ulp.
Coefficients are our own relative minimax fits (Lawson iteration, 220 bits), the error reached beside each; tools/fit.py
measures it and makes them again.
"""

from __future__ import annotations

import math
from itertools import zip_longest
from typing import Any

import numpy as np

from actbench.core.dtypes import Format
from actbench.expression.graph import Expression
from actbench.expression.primitives import primitive
from actbench.expression.primitives.bits import bits, copysign, fused, looked_up, scaled
from actbench.expression.primitives.exponential import (
    EXP,
    LN2,
    LOG2_E,
    POWERS,
    RAISE,
    TO_A_STEP,
    _exact_exp,
    _power_of_two,
    decrease,
    exp_times,
    exp_times_pair,
    horner,
)
from actbench.expression.primitives.pairs import two_product
from actbench.expression.primitives.pieces import ERF_PIECES, ERF_STEP, in_pieces

# Mills' ratio Phi(-a) / phi(a) = 1 / (a + S(a)), S falling from sqrt(2 / pi) to 1 / a, which is 1 / 12 of the sum at
# a = 3.5: its rounding hardly counts (7.7 ulp as one quotient, 3.0 so).
# S: 4/5 for a <= 15, both scaled so that float32 holds them: 2^-29 of the whole (float32); 9/10 for a <= 39, 2^-53
# (float64)
TAIL_TOP = {
    32: (
        1.5421028137207031, 0.9748030304908752, 0.322561115026474, 0.05806988850235939, 0.004869845230132341,
    ),
    64: (
        0.7978845608028654, 0.988787420980808, 0.6265340103178678, 0.25771401902695795, 0.07473978108038495,
        0.015731019430210384, 0.0023965686134772104, 0.00025514795464072937, 1.7320257733304544e-05,
        5.780354346373238e-07,
    ),
}  # fmt: skip
TAIL_BOTTOM = {
    32: (
        1.9327392578125, 2.101961135864258, 1.0975137948989868, 0.3317931592464447, 0.058092813938856125,
        0.004869394935667515,
    ),
    64: (
        1.0, 1.6946908300276136, 1.420436487312131, 0.762351088939638, 0.28767012909749673, 0.0794289621137505,
        0.016237848468562775, 0.002431209091083994, 0.0002563040262370792, 1.732025772488728e-05,
        5.780354346812649e-07,
    ),
}  # fmt: skip
# S in fewer steps, for vectors: 3/4 for a <= 15, 2^-24 of the whole, the leading coefficient 1
SHORT_TOP = (69.07667980658631, 34.47699486749117, 8.891091728721744, 0.9991747108364157)
SHORT_BOTTOM = (86.57478302422004, 82.63899084733907, 36.95389864868319, 8.860349584194157, 1.0)
# a^2 phi(a) is 0 from here on
TAIL_END = {32: 15.0, 64: 39.0}
# erf(a) / a in z = a^2: 5/6 for a <= 4, 2^-28 (float32); 4/5 for a <= 1, 2^-55 (float64)
ERF_TOP = {
    32: (
        1.128379169499549, 0.19290544502512466, 0.05573033840075546, 0.0042245471884878845, 0.0004102470862834808,
        6.7513603015594815e-06,
    ),
    64: (
        1.1283791670955126, 0.14214924932554923, 0.045303935434550975, 0.001827296376517829, 0.0001949570247775836,
    ),
}  # fmt: skip
ERF_BOTTOM = {
    32: (
        1.0, 0.5042914195073177, 0.11748627888096443, 0.01628791412494531, 0.0014194717966458563,
        7.227176461787219e-05, 2.583264235609812e-07,
    ),
    64: (
        1.0, 0.459309825518532, 0.09325284258392694, 0.010582221368521032, 0.0006812176266329366,
        2.0297560447517807e-05,
    ),
}  # fmt: skip
# the same minus 1
ERF_REST = {
    bits: tuple(t - b for t, b in zip_longest(ERF_TOP[bits], ERF_BOTTOM[bits], fillvalue=0.0)) for bits in (32, 64)
}
ERF_ONE = 6.0  # erf rounds to 1 in float64 from here on
ROOT_2 = 1.4142135623730951
ROOT_2_OVER_PI = 0.7978845608028654
DENSITY = 0.3989422804014327  # 1 / sqrt(2 pi)


def _exact_erfc(mp: Any, x: Any) -> Any:
    """erfc in mpmath; beyond 2^400 its first term alone, where mpmath's own test of the series overflows."""
    if mp.isfinite(x) and x > 0 and mp.mag(x) > 400:
        return mp.exp(-x * x) / (x * mp.sqrt(mp.pi))
    return mp.mpf(2) if mp.isfinite(x) and x < 0 and mp.mag(x) > 400 else mp.erfc(x)


def _ratio(bits: int, a: Any) -> tuple[Any, Any]:
    """Mills' ratio as a fraction."""
    bottom = horner(TAIL_BOTTOM[bits], a)
    return bottom, a * bottom + horner(TAIL_TOP[bits], a)


def _mills_kernel(form: Format, a: Any) -> Any:
    if form.vectors and form.bits == 32:
        bottom = horner(SHORT_BOTTOM, a)
        return bottom / (a * bottom + horner(SHORT_TOP, a))
    return _mills(form.bits, a)


def _mills(bits: int, a: Any) -> Any:
    top, bottom = _ratio(bits, a)
    return top / bottom


@primitive(
    exact=lambda mp, x: abs(x),
    partials=lambda y, x: (np.where(x < 0.0, -1.0, 1.0),),
    latex=(r"\left|{0}\right|", 9),
    cost={"select": 2},
    kernel=lambda form, x: np.minimum(np.absolute(x), TAIL_END[form.bits]),
)
def tail_size(x: Any) -> Any:
    """abs(x), but no larger than where the tail of the normal distribution is 0 in the format at hand."""
    return np.minimum(np.absolute(x), TAIL_END[64])


@primitive(
    exact=lambda mp, a: mp.sqrt(mp.pi / 2) * mp.exp(a * a / 2) * mp.erfc(a / mp.sqrt(2)),
    partials=lambda y, a: (a * y - 1.0,),
    latex=(r"\operatorname{{M}}({0})", 8),
    cost={"multiply": 19, "add": 19, "divide": 1},
    kernel=_mills_kernel,
)
def mills(a: Any) -> Any:
    """Mills' ratio Phi(-a) / phi(a) for a from `tail_size`: the normal tail without its steep factor."""
    return _mills(64, a)


def _density_times_kernel(form: Format, c: Expression, a: Expression) -> Any:
    square: Any = a * a
    magic = TO_A_STEP[form.bits] if form.vectors else form.magic
    t = magic - square * (0.5 * LOG2_E)
    k = t - magic
    high, low = LN2[form.bits]
    u: Any = fused(k, 2.0 * high, square)  # a^2 without its power of two: exact, as is the turn of every constant
    u = (u + k * (2.0 * low)) + fused(a, a, -square)
    if form.vectors:
        two = looked_up(bits(t), tuple(value * DENSITY for value in POWERS[form.bits]))
        return scaled(c * (two + (two * u) * decrease(form, u, 0.5)), k)
    turned = [value * 0.25 * (-0.5) ** power for power, value in enumerate(EXP[form.bits])]
    power = _power_of_two(form, t, RAISE[form.bits])
    raised = power + power * (u * (u * horner(turned, u) - 0.5))
    return (c * raised) * (DENSITY * 2.0 ** -RAISE[form.bits])


def _density_partials(y: Any, a: Any) -> tuple[Any, Any]:
    return density_times(1.0, a), -a * y


@primitive(
    exact=lambda mp, c, a: c * mp.exp(-a * a / 2) / mp.sqrt(2 * mp.pi),
    partials=lambda y, c, a: _density_partials(y, a),
    growth=lambda a: (-a,),
    latex=(r"{0} \, \varphi({1})", 5),
    cost={"exponential": 1, "multiply": 5, "add": 3},
    kernel=_density_times_kernel,
)
def density_times(c: Any, a: Any) -> Any:
    """c phi(a), phi the density of the normal distribution, for a from `tail_size` and c at most 2^38 in size.

    Right to the last subnormal: a^2 is taken in two parts, as rounding it alone would cost 700 ulp.
    """
    square, rest = two_product(a, a)
    return exp_times_pair(DENSITY * c, -0.5 * square, -0.5 * rest)


@primitive(
    exact=lambda mp, x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi),
    partials=lambda y, x: (-x * y,),
    latex=(r"\varphi({0})", 8),
    cost={"exponential": 1, "multiply": 4, "add": 3},
    kernel=lambda form, x: density_times(1.0, tail_size(x)),
)
def normal_pdf(x: Any) -> Any:
    """The density of the standard normal distribution."""
    return density_times(1.0, tail_size(x))


def _exact_cdf(mp: Any, x: Any) -> Any:
    if mp.isfinite(x) and x < 0 and mp.mag(x) > 300:  # the first term, from x^2 itself: x / sqrt(2) would be rounded
        return mp.exp(-x * x / 2) / (-x * mp.sqrt(2 * mp.pi))
    return _exact_erfc(mp, -x / mp.sqrt(2)) / 2


def _cdf(x: Any) -> Any:
    a = tail_size(x)
    tail = density_times(mills(a), a)
    return np.where(x >= 0.0, 1.0 - tail, tail)


@primitive(
    exact=_exact_cdf,
    partials=lambda y, x: (normal_pdf(x),),
    latex=(r"\Phi({0})", 8),
    cost={"exponential": 1, "multiply": 24, "add": 23, "divide": 1},
    kernel=lambda form, x: _cdf(x),
)
def normal_cdf(x: Any) -> Any:
    """Phi(x), the distribution function of the standard normal distribution, its lower tail whole."""
    return _cdf(x)


def _erf_size(bits: int, a: Any) -> Any:
    """erf(a) for a >= 0."""
    if bits == 32:
        c: Any = np.where(a > 4.0, 4.0, a)  # 1 from there on
        z, near = c * c, c < 1.25
        bottom = horner(ERF_BOTTOM[32], z)
        # next to 0 the quotient is a small part of the whole
        part = c * (np.where(near, horner(ERF_REST[32], z), horner(ERF_TOP[32], z)) / bottom)
        y = np.where(near, c, 0.0) + part
        return np.where(y > 1.0, 1.0, y)
    far = a > 1.0
    c, b = np.where(far, 1.0, a), np.where(a > 6.0, 6.0, a)
    top, bottom = _ratio(64, b * ROOT_2)
    # one division for both: they take a fifth of the time
    q = np.where(far, ROOT_2_OVER_PI * top, horner(ERF_REST[64], c * c)) / np.where(
        far, bottom, horner(ERF_BOTTOM[64], c * c)
    )
    return np.where(far, 1.0 - exp_times(q, -(b * b)), c + c * q)


def _erf_kernel(form: Format, x: Expression) -> Expression:
    a: Any = np.absolute(x)
    if form.vectors and form.bits == 64:
        return copysign(form, in_pieces(form, np.where(a > ERF_ONE, ERF_ONE, a), ERF_STEP, ERF_PIECES), x)
    return copysign(form, _erf_size(form.bits, a), x)


@primitive(
    exact=lambda mp, x: mp.mpf(2) / mp.sqrt(mp.pi) * _exact_exp(mp, -x * x),
    partials=lambda y, x: (-2.0 * x * y,),
    latex=(r"\tfrac{{2}}{{\sqrt{{\pi}}}} e^{{-{0}^2}}", 5),
    cost={"exponential": 1, "multiply": 4, "add": 3},
    kernel=lambda form, x: _erf_slope(x),
)
def erf_slope(x: Any) -> Any:
    """The derivative of erf."""
    return _erf_slope(x)


def _erf_slope(x: Any) -> Any:
    return erf_slope_times(1.0, x)


def erf_slope_times(c: Any, x: Any) -> Any:
    """c * erf'(x), said in words, so rows can say it."""
    a = np.minimum(np.absolute(x), 28.0)  # exp(-28^2) is 0 in every format
    square, rest = two_product(a, a)
    return exp_times_pair(1.1283791670955126 * c, -square, -rest)


# 2^k / (2k + 1)!!, the series of erf(x) / (x erf'(x)) in x^2: what is left out is 1e-17 of it at 1
RATIO = tuple(2.0**k / math.prod(range(1, 2 * k + 2, 2)) for k in range(19))


def erf_ratio(x: Any) -> Any:
    """erf(x) / (x erf'(x)) for |x| <= 1 (1 beyond its use there): a rounded number where the two would be four."""
    a = np.minimum(np.absolute(x), 1.0)
    return horner(RATIO, a * a)


def _exact_erf(mp: Any, x: Any) -> Any:
    return mp.sign(x) if mp.isfinite(x) and x != 0 and mp.mag(x) > 1000 else mp.erf(x)


@primitive(
    exact=_exact_erf,
    partials=lambda y, x: (erf_slope(x),),
    latex=(r"\operatorname{{erf}}({0})", 8),
    cost={"exponential": 1, "multiply": 12, "add": 12, "divide": 2},
    kernel=_erf_kernel,
)
def erf(x: Any) -> Any:
    """The error function."""
    return np.copysign(_erf_size(64, np.absolute(x)), x)
