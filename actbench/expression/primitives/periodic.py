"""Sine, cosine and arc tangent, in plain arithmetic that vectorises.

The nearest multiple of pi/2 is taken off in parts so short that all but the last product are exact (Cody & Waite 1980);
what is left is a pair, and both polynomials are said, of which the quarter chooses. Vectors round at each part, by one
instruction, and have no pair. A large argument needs as many digits of pi as its exponent has bits, which no short loop
without a branch has: beyond `REACH` the step ``far_sin`` says what the C library does. The choice looks at the element
alone, never at its neighbours.
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
    fused,
    looked_up,
    masked,
    plus,
    shifted,
    shifted_right,
)
from actbench.expression.primitives.exponential import horner

# (arctan(u) / u - 1) / u^2 in z = u^2 for |u| <= 1/2, our own minimax fits (Lawson iteration, 200 bits) of the error
# relative to arctan: degree 5, 2^-31 for float32; degree 11, 2^-57 for float64
ARCTAN = {
    32: (
        -0.3333332707584636, 0.19999498289242906, -0.14272232163748752, 0.10942200543438073, -0.07988447572327305,
        0.03878193656908359,
    ),
    64: (
        -0.33333333333332993, 0.19999999999905269, -0.14285714276557676, 0.11111110666449235, -0.0909089640163318,
        0.07692076183851997, -0.06663832152215363, 0.058584346778454956, -0.051225697965280176, 0.04187987721257791,
        -0.02745733377964068, 0.010131610227324136,
    ),
}  # fmt: skip
# float64 on vectors: 16 pieces of [0, inf), two an octave from 1/16 to 16, are turned by the arc tangent of a number in
# each; what is left is below 0.0995, where the same takes degree 4, 2^-54.5. A piece's place is its last exponent bits
# and first bit behind the point
TURNS = (
    2.4140625, 3.43359375, 4.8125, 6.875, 9.625, 24.0625, 0.0, 0.109375, 0.15625, 0.21875, 0.3125, 0.4375, 0.6171875,
    0.8671875, 1.21875, 1.72265625,
)  # fmt: skip
ARCTAN_NEAR = (
    -0.33333333333316095, 0.19999999975117047, -0.14285702644925916, 0.11108735171065873, -0.08870371142446923,
)  # fmt: skip
# up to 1/2 as it is: a - 1 is exact from there on; from tan(3 pi / 8) on through 1 / a
NEAR, FAR = 0.5, 2.414213562373095
HALF_PI = {32: (1.57079637050628662, -4.37113900018624283e-8), 64: (1.5707963267948966, 6.123233995736766e-17)}
# our own minimax fits (Remez, 200 bits) in z = r^2 for |r| <= pi/4: (sin(r) / r - 1) / z to 2^-28 of sin for float32,
# 2^-56 for float64, and (cos(r) - 1 + z / 2) / z^2 to 2^-33 and 2^-59 of cos, as rounded
SIN = {
    32: (-0.16666654553738752, 0.008332157157594928, -0.00019514784413967855),
    64: (
        -0.1666666666666663, 0.008333333333322104, -0.00019841269829577548, 2.755731361706043e-06,
        -2.5050747061775796e-08, 1.5896188224162894e-10,
    ),
}  # fmt: skip
COS = {
    32: (0.04166664558439739, -0.001388731135417165, 2.443258621868443e-05),
    64: (
        0.041666666666666595, -0.0013888888888873036, 2.4801587288838304e-05, -2.755731417532571e-07,
        2.08757002890774e-09, -1.1358507235858736e-11,
    ),
}  # fmt: skip
# pi/2: parts of 14 (38) bits, which times a whole number below 2^10 (2^15) are exact, and the rest. Their sum is off
# by 2^-68 (2^-130); no float32 within REACH is nearer than 2^-31 to a multiple of pi/2, few float64 nearer than 2^-60
QUARTER = {
    32: (1.5706787109375, 0.00011761486530303955, 9.920313459588215e-10, 6.223371969669989e-14),
    64: (1.5707963267923333, 2.5633441515839558e-12, 1.0562999066987428e-23),
}
# vectors: a part of full length, one of 14 (38) bits and the rest, off by 2^-65 (2^-147). A fused step with the first
# is exact, and so is one with the second where it takes away all but a little
VECTOR_QUARTER = {
    32: (1.5707963705062866, -4.371031536720693e-08, -1.074634630414406e-12),
    64: (1.5707963267948966, 6.123233995748117e-17, -1.1351118607522201e-28),
}
REACH = {32: 1024.0, 64: 32768.0}
TWO_BY_PI = 0.6366197723675814
# ours as `SIN`, for |r| <= pi/2 and what a rounded quotient adds, to 2^-25.7 and 2^-52.7 of sin: the last one is less
# than the best, so that no result is beyond 1 (of any float32 r; of a third of all float64 ones where sin is next to 1)
SIN_OF_HALF = {
    32: (-0.1666665964623118, 0.008333068181247046, -0.0001980973767882101, 2.605778e-06),
    64: (
        -0.16666666666666666, 0.008333333333333193, -0.00019841269841208828, 2.755731921106769e-06,
        -2.505210686658763e-08, 1.6058939410092545e-10, -7.642984307507895e-13, 2.72105e-15,
    ),
}  # fmt: skip


def _quarters(form: Format, x: Any, low: Any) -> tuple[Any, Any, Any]:
    """An integer whose two lowest bits are those of k, and x + low - k pi/2 as a pair, at most pi/4 in size."""
    t = x * TWO_BY_PI + form.magic
    k = t - form.magic
    if form.vectors:
        return bits(t), _vector_rest(x, low, k, VECTOR_QUARTER[form.bits]), None
    first, *between, last = QUARTER[form.bits]
    r, rest = x - k * first, None  # exact; the next differences are where they cancel, elsewhere their error is kept
    for part in between:
        step = k * part
        before, r = r, r - step
        lost = (before - r) - step
        rest = lost if rest is None else rest + lost
    if low is not None:
        before, r = r, r + low
        rest = rest + ((before - r) + low)
    return bits(t), r, rest - k * last


def _vector_rest(x: Any, low: Any, k: Any, parts: Sequence[float]) -> Any:
    """x + low less k times the parts' sum, within a unit of its last place."""
    first, second, third = parts
    near = fused(k, -first, x)
    r: Any = fused(k, -second, near)
    if low is None:
        return fused(k, -third, r)
    lost = fused(k, -second, near - r)  # counts where the next sum cancels
    return (r + low) + fused(k, -third, lost)


def _waves(form: Format, r: Any, rest: Any) -> tuple[Any, Any]:
    """sin(r + rest) and cos(r + rest)."""
    z = r * r
    if rest is None:
        cosine = fused(z, horner((-0.5, *COS[form.bits]), z), 1.0)
        return fused(r * z, horner(SIN[form.bits], z), r), cosine
    half = 0.5 * z
    most = 1.0 - half
    sine = r + (r * (z * horner(SIN[form.bits], z)) + rest * most)
    cosine = most + (((1.0 - most) - half) + ((z * z) * horner(COS[form.bits], z) - r * rest))
    return sine, cosine


def _chosen(form: Format, quarter: Any, even: Any, odd: Any) -> Any:
    """One of two by the lowest bit, its sign turned by the next."""
    size = np.where(Expression("odd", quarter), odd, even)
    sign = masked(shifted(quarter, form.bits - 2), form.sign)
    return from_bits(Expression("int_xor", bits(size), sign))


def _near_sin(form: Format, x: Expression, low: Any = None) -> Any:
    quarter, *r = _quarters(form, x, low)
    sine, cosine = _waves(form, *r)
    return _chosen(form, quarter, sine, cosine)


def _near_cos(form: Format, x: Expression, low: Any = None) -> Any:
    quarter, *r = _quarters(form, x, low)
    sine, cosine = _waves(form, *r)
    return _chosen(form, plus(quarter, 1), sine, cosine)


def _by_halves(form: Format, x: Any, low: Any, between: float) -> tuple[Any, Any]:
    """An integer whose lowest bit is that of n, and sin(r) for r = x + low - (n + between) pi, at most pi/2 in size."""
    turns = x * (0.5 * TWO_BY_PI)
    t = (turns - between if between else turns) + form.magic
    n = t - form.magic
    r = _vector_rest(x, low, n + between if between else n, [2.0 * part for part in VECTOR_QUARTER[form.bits]])
    z = r * r
    return bits(t), fused(r * z, horner(SIN_OF_HALF[form.bits], z), r)


def _turned(form: Format, n: Any, sine: Any) -> Any:
    """A number whose sign is turned where n is odd."""
    return from_bits(Expression("int_xor", bits(sine), shifted(n, form.bits - 1)))


def _phase_sin(form: Format, x: Expression, low: Any) -> Any:
    return _turned(form, *_by_halves(form, x, low, 0.0)) if form.vectors else _near_sin(form, x, low)


def _phase_cos(form: Format, x: Expression, low: Any) -> Any:
    if not form.vectors:
        return _near_cos(form, x, low)
    low = from_bits(Expression("int_xor", bits(low), masked(bits(x), form.sign)))
    n, sine = _by_halves(form, np.absolute(x), low, 0.5)
    return _turned(form, plus(n, 1), sine)


def _sin_kernel(form: Format, x: Expression) -> Any:
    return np.where(x == 0.0, x, _near_sin(form, x))  # -0.0 stays


def _to_the_last_digit(form: Format) -> Format:
    """What takes a sine from a cosine needs the pair on vectors too: without it sinsig's slope is 16.3 ulp off."""
    return Format(form.bits)


def _beyond(form: Format, x: Expression) -> Any:
    return np.absolute(x) > REACH[form.bits]


def _far_pair(name: str, form: Format, near: Any, x: Any, low: Any) -> Expression:
    """The sine or cosine of a far pair: next to roots the terms of two floats cancel, whose sum a double has whole."""
    return Expression(f"far_{name}_{'sum' if form.bits == 32 else 'pair'}", _beyond(form, x), near, x, low)


def _arctan_by_turns(form: Format, a: Any) -> Any:
    """arctan(a) = arctan(t) + arctan((a - t) / (1 + a t)) for a >= 0, t from a table."""
    b: Any = np.where(a < 0.0625, 0.0625, np.where(a > 15.0, 15.0, a))
    place = shifted_right(bits(b), form.mantissa - 1)
    t, angle = (looked_up(place, table) for table in (TURNS, tuple(map(math.atan, TURNS))))
    c = np.where(a > 2.0**60, 2.0**60, a)  # pi/2 from there on
    u = (c - t) / (c * t + 1.0)
    z = u * u
    return angle + (u + u * (z * horner(ARCTAN_NEAR, z)))


def _arctan_kernel(form: Format, x: Expression) -> Expression:
    a: Any = np.absolute(x)
    if form.vectors and form.bits == 64:
        return copysign(form, _arctan_by_turns(form, a), x)
    far, middle = a > FAR, a > NEAR
    # arctan(a) = pi/2 + arctan(-1/a) = pi/4 + arctan((a - 1) / (a + 1))
    top: Any = np.where(far, -1.0, np.where(middle, a - 1.0, a))
    u = top / np.where(far, a, np.where(middle, a + 1.0, 1.0))
    high, low = HALF_PI[form.bits]
    z = u * u
    rest = u * (z * horner(ARCTAN[form.bits], z))
    bent = np.where(far, high, 0.5 * high) + (u + (rest + np.where(far, low, 0.5 * low)))
    return copysign(form, np.where(middle, bent, u + rest), x)


register(
    "sin",
    1,
    exact=lambda mp, x: mp.sin(x),
    partials=lambda y, x: (np.cos(x),),
    latex=(r"\sin({0})", 8),
    cost={"trigonometric": 1},
    kernel=lambda form, x: Expression("far_sin", _beyond(form, x), _sin_kernel(form, x), x),
)
register(
    "cos",
    1,
    exact=lambda mp, x: mp.cos(x),
    partials=lambda y, x: (-np.sin(x),),
    latex=(r"\cos({0})", 8),
    cost={"trigonometric": 1},
    kernel=lambda form, x: Expression("far_cos", _beyond(form, x), _near_cos(form, x), x),
)
register(
    "arctan",
    1,
    exact=lambda mp, x: mp.atan(x),
    partials=lambda y, x: (1.0 / (1.0 + x * x),),
    latex=(r"\arctan({0})", 8),
    cost={"trigonometric": 1},
    kernel=_arctan_kernel,
)


@primitive(
    exact=lambda mp, x: mp.sin(x),
    partials=lambda y, x: (cos_within(x),),
    latex=(r"\sin({0})", 8),
    cost={"trigonometric": 1},
    kernel=lambda form, x: _sin_kernel(_to_the_last_digit(form), x),
)
def sin_within(x: Any) -> Any:
    """sin(x) for an angle within `REACH`, or where the result does not count: beyond, a kernel gives some number."""
    return np.sin(x)


@primitive(
    exact=lambda mp, x: mp.cos(x),
    partials=lambda y, x: (-sin_within(x),),
    latex=(r"\cos({0})", 8),
    cost={"trigonometric": 1},
    kernel=lambda form, x: _near_cos(_to_the_last_digit(form), x),
)
def cos_within(x: Any) -> Any:
    """cos(x) for an angle within `REACH`, or where the result does not count: beyond, a kernel gives some number."""
    return np.cos(x)


@primitive(
    exact=lambda mp, high, low: mp.sin(high + low),
    partials=lambda y, high, low: (cos_pair(high, low), cos_pair(high, low)),
    latex=(r"\sin({0} + {1})", 8),
    cost={"trigonometric": 1, "add": 1},
    kernel=lambda form, x, low: _far_pair("sin", form, _near_sin(form, x, low), x, low),
)
def sin_pair(high: Any, low: Any) -> Any:
    """The sine of an angle in two parts, the second one a rounding error of the first; 0.0 where both are 0."""
    # a huge angle's rounding error may be large: the angles are added, not the first order
    return np.sin(high) * np.cos(low) + np.cos(high) * np.sin(low)


@primitive(
    exact=lambda mp, high, low: mp.cos(high + low),
    partials=lambda y, high, low: (-sin_pair(high, low), -sin_pair(high, low)),
    latex=(r"\cos({0} + {1})", 8),
    cost={"trigonometric": 1, "add": 1},
    kernel=lambda form, x, low: _far_pair("cos", form, _near_cos(form, x, low), x, low),
)
def cos_pair(high: Any, low: Any) -> Any:
    """The cosine of an angle in two parts, the second one a rounding error of the first."""
    return np.cos(high) * np.cos(low) - np.sin(high) * np.sin(low)


@primitive(
    exact=lambda mp, high, low: mp.sin(high + low),
    partials=lambda y, high, low: (cos_phase(high, low), cos_phase(high, low)),
    latex=(r"\sin({0} + {1})", 8),
    cost={"trigonometric": 1, "add": 1},
    kernel=lambda form, x, low: _far_pair("sin", form, _phase_sin(form, x, low), x, low),
)
def sin_phase(high: Any, low: Any) -> Any:
    """`sin_pair` where it is the result, which may be off by 2 ulp: vectors of AVX-512 then need one polynomial."""
    return sin_pair(high, low)


@primitive(
    exact=lambda mp, high, low: mp.cos(high + low),
    partials=lambda y, high, low: (-sin_phase(high, low), -sin_phase(high, low)),
    latex=(r"\cos({0} + {1})", 8),
    cost={"trigonometric": 1, "add": 1},
    kernel=lambda form, x, low: _far_pair("cos", form, _phase_cos(form, x, low), x, low),
)
def cos_phase(high: Any, low: Any) -> Any:
    """`cos_pair`, as `sin_phase`."""
    return cos_pair(high, low)
