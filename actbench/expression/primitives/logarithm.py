"""The logarithm, near 1 and everywhere, with branch-free kernel meanings that vectorise.

The argument is brought into [sqrt(1/2), sqrt(2)) through its exponent bits; there log(1 + f) = 2 artanh(f / (2 + f)).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from actbench.core.dtypes import Format
from actbench.expression.graph import Expression
from actbench.expression.primitives import primitive, register
from actbench.expression.primitives.bits import bits, from_bits, masked, negated, plus, shifted_right, total
from actbench.expression.primitives.exponential import LN2, RAISE, exponential_of_negative, horner

# (2 artanh(s) / s - 2) / s^2 in z = s^2 for z <= 1/9, our own relative minimax fits (Lawson iteration, 220 bits):
# degree 3, 2^-21 of a term that is at most 1/14 of the whole, for float32; degree 9, 2^-52 for float64
LOG = {
    32: (0.6666664001232716, 0.40007614230184324, 0.2823532088752585, 0.26859338400399196),
    64: (
        0.6666666666666666, 0.40000000000014757, 0.2857142856706688, 0.22222222721345644, 0.18181789253366576,
        0.1538557484144031, 0.1331407098803716, 0.12001726468436806, 0.08797593195500301, 0.16170349937999562,
    ),
}  # fmt: skip
# log(1 + e) / e for 0 <= e <= 1: degree 9, 2^-27.7 (float32); 6/6, 2^-54.4 as rounded (float64)
RATIO = (
    0.9999999952469917, -0.49999902083585823, 0.33329954394066097, -0.2495405316506886, 0.19675528763674596,
    -0.15304412861338476, 0.10601661002968508, -0.05693988093946653, 0.019841011102115096, -0.003241708621388457,
)  # fmt: skip
RATIO_TOP = (
    1.0, 2.4524191793792403, 2.170655842291391, 0.8393658333673609, 0.13522280648109103, 0.006827545602860963,
    2.2918354534838478e-05,
)  # fmt: skip
RATIO_BOTTOM = (
    1.0, 2.952419179379237, 3.3135320986478987, 1.7619921562246903, 0.4498129800002117, 0.04896917121996915,
    0.0015741908340179593,
)  # fmt: skip
ROOT_HALF = 0.7071067811865476


def _near_one(form: Format, f: Any) -> Any:
    """log(1 + f) for -0.3 <= f <= 1."""
    s = f / (2.0 + f)
    z, half = s * s, 0.5 * (f * f)
    return f - (half - s * (half + z * horner(LOG[form.bits], z)))  # f is exact, and most of the whole


def _number(form: Format, value: float) -> int:
    kind, whole = (np.float32, np.int32) if form.bits == 32 else (np.float64, np.int64)
    return int(kind(value).view(whole))


def _parts(form: Format, u: Any) -> tuple[Any, Any, Any]:
    """k, u / 2^k in [sqrt(1/2), sqrt(2)), and 2^-k, for a positive normal u."""
    steps = masked(plus(bits(u), -_number(form, ROOT_HALF)), -1 << form.mantissa)  # k in the exponent's place
    k = from_bits(plus(shifted_right(steps, form.mantissa), form.magic_bits)) - form.magic
    minus = negated(steps)
    return k, from_bits(total(bits(u), minus)), from_bits(plus(minus, _number(form, 1.0)))


def _joined(form: Format, k: Any, f: Any) -> Any:
    high, low = LN2[form.bits]
    return k * high + (k * low + _near_one(form, f))


def _ends(u: Any, inside: Any) -> Any:
    return np.where(u > 0.0, np.where(u < np.inf, inside, u), np.where(u == 0.0, -np.inf, np.nan))


def _log_kernel(form: Format, x: Any) -> Any:
    small = x < 2.0**-120
    k, m, _ = _parts(form, np.where(small, x * 2.0**64, x))
    if form.bits == 64:
        deep = x < 2.0**-1000
        k, m, _ = _parts(form, np.where(deep, x * 2.0**64, x))
        small = deep
    return _ends(x, _joined(form, np.where(small, k - 64.0, k), m - 1.0))


def _at_most_one(form: Format, x: Expression) -> bool:
    """Whether x is what exp of a non-positive number became, (s + s q) lowered again, or that kept from 0."""
    if x.op == "maximum":
        rest, floor = x.args
        return floor.op == "constant" and bool(0.0 < floor.args[0] <= 1.0) and _at_most_one(form, rest)
    if form.vectors:
        return exponential_of_negative(x)
    if x.op == "multiply" and x.args[0].op == "multiply" and x.args[1].op == "constant":
        factor, raised = x.args[0].args  # exp_times(1, u)
        if factor.op == "constant" and factor.args[0] == 1.0:
            x = raised * x.args[1].args[0]
    if x.op != "multiply" or x.args[0].op != "add" or x.args[1].op != "constant":
        return False
    return bool(x.args[1].args[0] == 2.0 ** -RAISE[form.bits])


def _log1p_kernel(form: Format, x: Any) -> Any:
    if _at_most_one(form, x):
        return _near_one(form, x)
    u = 1.0 + x
    k, m, down = _parts(form, u)
    lost = np.where(x < 1.0, x - (u - 1.0), 1.0 - (u - x))  # what rounding took from 1 + x
    near = np.absolute(x) < 0.25
    f = np.where(near, x, (m - 1.0) + np.where(u > 2.0**60, 0.0, lost * down))
    return np.where(x == 0.0, x, _ends(u, _joined(form, np.where(near, 0.0, k), f)))  # -0.0 stays


register(
    "log",
    1,
    exact=lambda mp, x: mp.log(x),
    partials=lambda y, x: (1.0 / x,),
    latex=(r"\ln({0})", 8),
    cost={"logarithm": 1},
    kernel=_log_kernel,
)
register(
    "log1p",
    1,
    exact=lambda mp, x: mp.log1p(x),
    partials=lambda y, x: (1.0 / (1.0 + x),),
    latex=(r"\ln(1 + {0})", 8),
    cost={"logarithm": 1},
    kernel=_log1p_kernel,
)


def _ratio_kernel(form: Format, e: Any) -> Any:
    return horner(RATIO, e) if form.bits == 32 else horner(RATIO_TOP, e) / horner(RATIO_BOTTOM, e)


@primitive(
    exact=lambda mp, e: (1 / (1 + e) - mp.log1p(e) / e) / e if e != 0 else mp.mpf(-0.5),
    latex=(r"(\tfrac{{1}}{{{0}}} \ln(1 + {0}))'", 5),
    cost={"logarithm": 1, "divide": 3, "add": 2},
)
def log1p_ratio_slope(e: Any) -> Any:
    """The slope of `log1p_ratio` for 0 <= e <= 1."""
    far = np.maximum(e, 2.0**-10)  # nearer to 0 the two terms cancel; the series leaves 2^-43
    ratio = log1p_ratio(far)
    return np.where(e < 2.0**-10, -0.5 + e * (2 / 3 - e * (0.75 - 0.8 * e)), (1.0 / (1.0 + far) - ratio) / far)


@primitive(
    exact=lambda mp, e: mp.log1p(e) / e if e != 0 else mp.mpf(1),
    partials=lambda y, e: (log1p_ratio_slope(e),),
    latex=(r"\tfrac{{1}}{{{0}}} \ln(1 + {0})", 5),
    cost={"logarithm": 1, "divide": 1},
    kernel=_ratio_kernel,
)
def log1p_ratio(e: Any) -> Any:
    """log(1 + e) / e for 0 <= e <= 1, and 1 at 0: what a softplus is besides its exponential."""
    return horner(RATIO_TOP, e) / horner(RATIO_BOTTOM, e)
