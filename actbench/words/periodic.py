"""Sine, cosine and arc tangent.

The arc tangent is plain arithmetic and vectorises. Sine and cosine are the C library's, one at a time: a large argument
needs as many digits of pi as its exponent has bits, which no short loop without a branch has.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from actbench.expression import Expression
from actbench.words import known
from actbench.words.bits import Format, copysign
from actbench.words.exponential import horner

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
# up to 1/2 as it is: a - 1 is exact from there on; from tan(3 pi / 8) on through 1 / a
NEAR, FAR = 0.5, 2.414213562373095
HALF_PI = {32: (1.57079637050628662, -4.37113900018624283e-8), 64: (1.5707963267948966, 6.123233995736766e-17)}


def _arctan_kernel(form: Format, x: Expression) -> Expression:
    a: Any = np.absolute(x)
    far, middle = a > FAR, a > NEAR
    # arctan(a) = pi/2 + arctan(-1/a) = pi/4 + arctan((a - 1) / (a + 1))
    top: Any = np.where(far, -1.0, np.where(middle, a - 1.0, a))
    u = top / np.where(far, a, np.where(middle, a + 1.0, 1.0))
    high, low = HALF_PI[form.bits]
    z = u * u
    rest = u * (z * horner(ARCTAN[form.bits], z))
    bent = np.where(far, high, 0.5 * high) + (u + (rest + np.where(far, low, 0.5 * low)))
    return copysign(form, np.where(middle, bent, u + rest), x)


known(
    "sin",
    1,
    exact=lambda mp, x: mp.sin(x),
    partials=lambda y, x: (np.cos(x),),
    latex=(r"\sin({0})", 8),
    cost={"trigonometric": 1},
)
known(
    "cos",
    1,
    exact=lambda mp, x: mp.cos(x),
    partials=lambda y, x: (-np.sin(x),),
    latex=(r"\cos({0})", 8),
    cost={"trigonometric": 1},
)
known(
    "arctan",
    1,
    exact=lambda mp, x: mp.atan(x),
    partials=lambda y, x: (1.0 / (1.0 + x * x),),
    latex=(r"\arctan({0})", 8),
    cost={"trigonometric": 1},
    kernel=_arctan_kernel,
)
