"""Numbers in two parts, for the few places where one float cannot hold an argument (Dekker 1971, Knuth 1969).

A pair is a tuple ``(high, low)``; its functions are plain arithmetic, so they serve arrays and expressions alike.
Their operands must be finite: rows clip first.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from actbench.core.dtypes import Format
from actbench.expression.graph import Expression, leaf
from actbench.expression.primitives import primitive
from actbench.expression.primitives.bits import bits, from_bits, fused, masked

Pair = tuple[Any, Any]
# low bits of the significand that `upper` clears: what is left squares without rounding
CLEARED = {32: 12, 64: 27}


def _upper_kernel(form: Format, x: Expression) -> Expression:
    return from_bits(masked(bits(x), -1 << CLEARED[form.bits]))


@primitive(
    exact=lambda mp, x: x,
    partials=lambda y, x: (1.0,),
    latex=("{0}", 9),
    cost={"select": 1},
    kernel=_upper_kernel,
)
def upper(x: Any) -> Any:
    """The upper half of the significand: what is cut off depends on the format, the sum with the rest does not."""
    whole = np.asarray(x, np.float64)
    return (whole.view(np.int64) & (-1 << CLEARED[64])).view(np.float64)[()]


def _rest_kernel(form: Format, x: Expression, high: Expression, low: Expression) -> Expression:
    value = high.args[0]
    kept = float(np.float32(value)) if form.bits == 32 else value
    return leaf((value - kept) + low.args[0])


@primitive(
    exact=lambda mp, x, high, low: low,
    partials=lambda y, x, high, low: (0.0, 0.0, 1.0),
    latex=("{2}", 9),
    kernel=_rest_kernel,
)
def rest(x: Any, high: Any, low: Any) -> Any:
    """The second part of a constant in the format at hand; ``x`` only says that a row is being traced."""
    return low


def parts(value: Fraction | int | float) -> tuple[float, float]:
    """An exact number as two floats."""
    high = float(value)
    return high, float(Fraction(value) - Fraction(high))


def constant_pair(x: Any, value: Fraction | float) -> Pair:
    """An exact constant as a pair beside ``x``."""
    high, low = parts(value)
    return high, rest(x, high, low)


def two_sum(a: Any, b: Any) -> Pair:
    """a + b without error."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


@primitive(
    exact=lambda mp, a, b, p: a * b - p,
    partials=lambda y, a, b, p: (b, a, -1.0),
    latex=(r"({0} {1} - {2})", 9),
    cost={"select": 2, "multiply": 4, "add": 6},
    kernel=lambda form, a, b, p: fused(a, b, -p),
)
def product_error(a: Any, b: Any, p: Any) -> Any:
    """a b - p where p is the rounded product: one instruction where products are fused, 16 where not."""
    return halved(a, b, p)


def halved(a: Any, b: Any, p: Any) -> Any:
    """a b - p by halves of the factors, exact but for underflow (Dekker 1971)."""
    ah, bh = upper(a), upper(b)
    al, bl = a - ah, b - bh
    return ((ah * bh - p) + ah * bl + al * bh) + al * bl


def two_product(a: Any, b: Any) -> Pair:
    """a * b, its error below 2^-104 of it; |a b| above the square of the smallest normal number."""
    p = a * b
    return p, product_error(a, b, p)


def normal(p: Pair) -> Pair:
    """The same number with the low part below half a unit of the high one; |high| >= |low| before."""
    s = p[0] + p[1]
    return s, (p[0] - s) + p[1]


def product(p: Pair, q: Pair) -> Pair:
    """p * q."""
    high, low = two_product(p[0], q[0])
    return normal((high, low + (p[0] * q[1] + p[1] * q[0])))


def total(p: Pair, q: Pair) -> Pair:
    """p + q; some of the low digits go where they cancel."""
    high, low = two_sum(p[0], q[0])
    return normal((high, low + (p[1] + q[1])))


def quotient(p: Pair, d: Any) -> Pair:
    """p / d for a plain number d."""
    q = p[0] / d
    back, error = two_product(q, d)
    return q, (((p[0] - back) - error) + p[1]) / d


def times(x: Any, value: Any) -> Pair:
    """x * value as a pair; a written number is taken as it stands in float64, a parameter as it is."""
    if isinstance(value, (int, float, Fraction)):
        return product((x, 0.0 * x), constant_pair(x, value))
    return two_product(x, value)
