"""The error function and the normal distribution, whose tails hold to the last subnormal.

Phi(-a) = scaled_tail(a) exp(-a^2 / 2) / 2 with a^2 taken in two parts: 0.5 erfc(-x / sqrt 2) alone costs 1,500 ulp.
Coefficients are our own relative minimax fits (Lawson iteration, 220 bits), the error reached beside each.
"""

from __future__ import annotations

import math
from itertools import zip_longest
from typing import Any

import numpy as np

from actbench.expression import Expression
from actbench.words import word
from actbench.words.bits import Format, copysign
from actbench.words.exponential import _exact_exp, exp_times, exp_times_pair, horner
from actbench.words.pairs import two_product

# exp(a^2 / 2) erfc(a / sqrt 2) = C / (a + S(a)) with C = sqrt(2 / pi) and S falling from C to 1 / a, which is 1 / 12 of
# the sum at a = 3.5: its rounding hardly counts (7.7 ulp as one quotient, 3.0 so).
# S: 4/5 for a <= 15.6, 2^-30 of the whole (float32); 9/10 for a <= 39.5, 2^-57 (float64)
TAIL_TOP = {
    32: (0.7978845613852281, 0.5054727800710136, 0.16745843630540758, 0.03019320393611446, 0.0025367230474142746),
    64: (
        0.7978845608028654, 0.988787420980808, 0.6265340103178678, 0.25771401902695795, 0.07473978108038495,
        0.015731019430210384, 0.0023965686134772104, 0.00025514795464072937, 1.7320257733304544e-05,
        5.780354346373238e-07,
    ),
}  # fmt: skip
TAIL_BOTTOM = {
    32: (
        1.0, 1.0889458194896684, 0.5691955910153691, 0.17227630190103516, 0.030204612741545102, 0.002536502425732493,
    ),
    64: (
        1.0, 1.6946908300276136, 1.420436487312131, 0.762351088939638, 0.28767012909749673, 0.0794289621137505,
        0.016237848468562775, 0.002431209091083994, 0.0002563040262370792, 1.732025772488728e-05,
        5.780354346812649e-07,
    ),
}  # fmt: skip
# erf(a) / a in z = a^2: 5/6 for a <= 4, 2^-26 (float32); 4/5 for a <= 1, 2^-56 (float64)
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
FARTHEST = 39.0  # Phi(-39) is 0 in every format
ROOT_2 = 1.4142135623730951
ROOT_2_OVER_PI = 0.7978845608028654
DENSITY = 0.3989422804014327  # 1 / sqrt(2 pi)


def _exact_erfc(mp: Any, x: Any) -> Any:
    """erfc in mpmath; beyond 2^400 its first term alone, where mpmath's own test of the series overflows."""
    if mp.isfinite(x) and x > 0 and mp.mag(x) > 400:
        return mp.exp(-x * x) / (x * mp.sqrt(mp.pi))
    return mp.mpf(2) if mp.isfinite(x) and x < 0 and mp.mag(x) > 400 else mp.erfc(x)


def _scaled(bits: int, a: Any) -> Any:
    bottom = horner(TAIL_BOTTOM[bits], a)
    return (ROOT_2_OVER_PI * bottom) / (a * bottom + horner(TAIL_TOP[bits], a))


@word(
    exact=lambda mp, a: mp.exp(a * a / 2) * mp.erfc(a / mp.sqrt(2)),
    latex=(r"\operatorname{{erfcx}}({0} / \sqrt{{2}})", 8),
    cost={"multiply": 19, "add": 19, "divide": 1},
    kernel=lambda form, a: _scaled(form.bits, a),
)
def scaled_tail(a: Any) -> Any:
    """2 exp(a^2 / 2) Phi(-a) for 0 <= a <= 39: the normal tail without its steep factor."""
    return _scaled(64, a)


def gauss_times(c: Any, a: Any) -> Any:
    """c * exp(-a^2 / 2), |a| <= 39, right to the last subnormal: a^2 in two parts: its rounding does not count."""
    square, rest = two_product(a, a)
    return exp_times_pair(c, -0.5 * square, -0.5 * rest)


def _pdf(x: Any) -> Any:
    return gauss_times(DENSITY, np.minimum(np.absolute(x), FARTHEST))


@word(
    exact=lambda mp, x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi),
    partials=lambda y, x: (-x * y,),
    latex=(r"\varphi({0})", 8),
    cost={"exponential": 1, "multiply": 4, "add": 3},
    kernel=lambda form, x: _pdf(x),
)
def normal_pdf(x: Any) -> Any:
    """The density of the standard normal distribution."""
    return _pdf(x)


def _exact_cdf(mp: Any, x: Any) -> Any:
    if mp.isfinite(x) and x < 0 and mp.mag(x) > 300:  # the first term, from x^2 itself: x / sqrt(2) would be rounded
        return mp.exp(-x * x / 2) / (-x * mp.sqrt(2 * mp.pi))
    return _exact_erfc(mp, -x / mp.sqrt(2)) / 2


def _cdf(x: Any) -> Any:
    a = np.minimum(np.absolute(x), FARTHEST)
    tail = gauss_times(0.5 * scaled_tail(a), a)
    return np.where(x >= 0.0, 1.0 - tail, tail)


@word(
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
    c, b = np.where(a > 1.0, 1.0, a), np.where(a > 6.0, 6.0, a)
    small = c + c * (horner(ERF_REST[64], c * c) / horner(ERF_BOTTOM[64], c * c))
    return np.where(a > 1.0, 1.0 - exp_times(_scaled(64, b * ROOT_2), -(b * b)), small)


def _erf_kernel(form: Format, x: Expression) -> Expression:
    return copysign(form, _erf_size(form.bits, np.absolute(x)), x)


@word(
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


@word(
    exact=_exact_erf,
    partials=lambda y, x: (erf_slope(x),),
    latex=(r"\operatorname{{erf}}({0})", 8),
    cost={"exponential": 1, "multiply": 12, "add": 12, "divide": 2},
    kernel=_erf_kernel,
)
def erf(x: Any) -> Any:
    """The error function."""
    return np.copysign(_erf_size(64, np.absolute(x)), x)
