"""More bounded S-shapes: algebraic, trigonometric, Gaussian and scaled hyperbolic ones."""

from __future__ import annotations

from fractions import Fraction
from math import erfc

import numpy as np

from actbench.activations.define import define
from actbench.activations.parameter import Fixed, Learned
from actbench.activations.record import Kink
from actbench.activations.shapes import ODD_SIGMOID, SIGMOID
from actbench.expression.primitives import erf, exp_times, exp_times_pair, mills, normal_cdf
from actbench.expression.primitives.gates import FAR, decay, near, scaled
from actbench.expression.primitives.gaussian import DENSITY, TAIL_END, erf_slope
from actbench.expression.primitives.pairs import product, quotient, times, two_product, two_sum
from actbench.expression.primitives.roots import hypotenuse

INF = np.inf
SQUARE = Learned(default=1.0, doc="factor of x^2", valid=lambda v: 1e-3 <= v <= 1e3, law="must be in [0.001, 1000]")


def _elliott(x):
    a = np.absolute(x)
    t = 0.5 / (1.0 + a)
    return np.where(x >= 0.0, 1.0 - t, t)


def _elliott_slope(dy, x):
    t = 1.0 / (1.0 + np.absolute(x))
    return dy * (0.5 * (t * t))


define(
    "elliott",
    forward=_elliott,
    backward=_elliott_slope,
    definition=lambda x: 0.5 * x / (1.0 + np.absolute(x)) + 0.5,
    **SIGMOID,
    at_negative_zero=0.5,
    source="Elliott 1993, A better activation function for artificial neural networks",
)


def _isru(x, alpha):
    c = near(x, 1e30)  # inf / inf; the quotient has reached its limit long before
    return c / hypotenuse(np.sqrt(alpha) * c, 1.0)[2]


def _isru_slope(x, alpha):
    t = 1.0 / hypotenuse(np.sqrt(alpha) * x, 1.0)[2]
    return t * t * t


define(
    "isru",
    aliases=("inverse_square_root_unit",),
    forward=_isru,
    backward=lambda dy, x, alpha: dy * _isru_slope(x, alpha),
    definition=lambda x, alpha: x / np.sqrt(1.0 + alpha * x * x),
    parameters={"alpha": SQUARE},
    parameter_gradients={"alpha": lambda dy, x, alpha: dy * (-0.5 * x * x * x * _isru_slope(x, alpha))},
    bounds=lambda alpha: (-1 / np.sqrt(alpha), 1 / np.sqrt(alpha)),
    limits=lambda alpha: (-1 / np.sqrt(alpha), 1 / np.sqrt(alpha)),
    slope_limits=(0.0, 0.0),
    symmetry="odd",
    monotone=True,
    source="Carlile, Delamarter, Kinney, Marti & Whitney 2017, arXiv 1710.09967",
)
define(
    "isrlu",
    aliases=("inverse_square_root_linear_unit",),
    forward=lambda x, alpha: np.where(x >= 0.0, x, _isru(x, alpha)),
    backward=lambda dy, x, alpha: dy * np.where(x >= 0.0, 1.0, _isru_slope(x, alpha)),
    definition=lambda x, alpha: np.where(x >= 0.0, x, x / np.sqrt(1.0 + alpha * x * x)),
    parameters={"alpha": SQUARE},
    parameter_gradients={
        "alpha": lambda dy, x, alpha: dy * np.where(x >= 0.0, 0.0, -0.5 * x * x * x * _isru_slope(x, alpha))
    },
    bounds=lambda alpha: (-1 / np.sqrt(alpha), INF),
    limits=lambda alpha: (-1 / np.sqrt(alpha), INF),
    slope_limits=(0.0, 1.0),
    monotone=True,
    source="Carlile, Delamarter, Kinney, Marti & Whitney 2017, arXiv 1710.09967",
)


def _tanh_slope(factor, x):
    a = np.absolute(x)
    o = 1.0 + np.exp(-2.0 * a)
    return exp_times(factor / (o * o), -2.0 * a)


define(
    "penalized_tanh",
    forward=lambda x, alpha: np.where(x > 0.0, 1.0, alpha) * np.tanh(x),
    backward=lambda dy, x, alpha: dy * _tanh_slope(np.where(x > 0.0, 4.0, 4.0 * alpha), x),
    definition=lambda x, alpha: np.where(x > 0.0, np.tanh(x), alpha * np.tanh(x)),
    parameters={
        "alpha": Fixed(default=0.25, doc="factor for x <= 0", valid=lambda v: 0 < v <= 1e3, law="must be in (0, 1000]")
    },
    kinks=lambda alpha: {0.0: Kink(slope=alpha)},
    bounds=lambda alpha: (-alpha, 1.0),
    limits=lambda alpha: (-alpha, 1.0),
    slope_limits=(0.0, 0.0),
    monotone=True,
    source="Xu, Huang & Li 2016, arXiv 1602.05980; Eger, Youssef & Gurevych 2018, arXiv 1901.02671",
)


def _lecun_slope(dy, x):
    high, low = times(np.minimum(np.absolute(x), FAR), Fraction(-4, 3))
    o = 1.0 + exp_times_pair(1.0, high, low)
    return dy * exp_times_pair(4.0 * (1.7159 * 2.0 / 3.0) / (o * o), high, low)


define(
    "lecun_tanh",
    aliases=("stanh", "scaled_tanh"),
    forward=lambda x: 1.7159 * np.tanh(2.0 / 3.0 * x),
    backward=_lecun_slope,
    definition=lambda x: 1.7159 * np.tanh(2.0 * x / 3.0),
    bounds=(-1.7159, 1.7159),
    limits=(-1.7159, 1.7159),
    slope_limits=(0.0, 0.0),
    symmetry="odd",
    monotone=True,
    source="LeCun, Bottou, Orr & Müller 1998, Efficient BackProp, section 4.4",
)


def _sqnl(x):
    c = np.clip(x, -2.0, 2.0)
    return c * (1.0 - 0.25 * np.absolute(c))


define(
    "sqnl",
    aliases=("square_nonlinearity",),
    forward=_sqnl,
    backward=lambda dy, x: np.where(np.absolute(x) >= 2.0, 0.0, dy) * (1.0 - 0.5 * np.minimum(np.absolute(x), 2.0)),
    definition=lambda x: np.where(
        np.absolute(x) >= 2.0, np.where(x > 0.0, 1.0, -1.0), np.where(x > 0.0, x - x * x / 4.0, x + x * x / 4.0)
    ),
    flat=((-INF, -2.0), (2.0, INF)),
    **ODD_SIGMOID,
    source="Wuraola & Patel 2018, SQNL: a new computationally efficient activation function, IJCNN",
)


def _aria(x, alpha, beta):
    u = scaled(x, beta)
    v = decay(u)
    level = np.exp(-alpha * np.log1p(exp_times_pair(1.0, *v)))
    return np.where(u[0] >= 0.0, level, exp_times_pair(level, *product(v, (alpha, 0.0 * alpha))))


def _aria_slope(dy, x, alpha, beta):
    u = scaled(x, beta)
    v = decay(u)
    level = alpha * beta * np.exp(-(alpha + 1.0) * np.log1p(exp_times_pair(1.0, *v)))
    steep = product(v, (alpha, 0.0 * alpha))
    right = u[0] >= 0.0
    return dy * exp_times_pair(level, np.where(right, v[0], steep[0]), np.where(right, v[1], steep[1]))


define(
    "aria2",
    forward=_aria,
    backward=_aria_slope,
    definition=lambda x, alpha, beta: np.exp(-alpha * np.log1p(np.exp(-beta * x))),
    parameters={
        "alpha": Fixed(default=1.5, doc="power", valid=lambda v: 1e-2 <= v <= 100, law="must be in [0.01, 100]"),
        "beta": Fixed(default=1.0, doc="sharpness", valid=lambda v: 1e-2 <= v <= 100, law="must be in [0.01, 100]"),
    },
    **SIGMOID,
    at_negative_zero=lambda alpha: 2.0**-alpha,
    defaults={"echo": {"alpha": 1.0, "beta": 0.5}},
    source="Patwardhan, Ingalhalikar & Walambe 2018, arXiv 1805.08878: (1 + exp(-beta x))^-alpha",
)


def _laplace_parts(x, mu, sigma):
    high, low = quotient(two_sum(near(x), -mu), sigma)
    a = np.minimum(np.absolute(high), TAIL_END[64])
    rest = np.where(np.absolute(high) < TAIL_END[64], np.where(high >= 0.0, low, -low), 0.0)
    square, square_rest = two_product(a, a)
    return high, a, -0.5 * square, -0.5 * square_rest - a * rest


def _laplace(x, mu, sigma):
    high, a, *v = _laplace_parts(x, mu, sigma)
    t = exp_times_pair(DENSITY * mills(a), *v)
    return np.where(high >= 0.0, 1.0 - t, t)


def _laplace_slope(dy, x, mu, sigma):
    _, _, *v = _laplace_parts(x, mu, sigma)
    return dy * exp_times_pair(DENSITY / sigma, *v)


define(
    "laplace",
    forward=_laplace,
    backward=_laplace_slope,
    definition=lambda x, mu, sigma: normal_cdf((x - mu) / sigma),
    parameters={
        "mu": Fixed(default=0.707107, doc="mean", valid=lambda v: abs(v) <= 1e3, law="must be in [-1000, 1000]"),
        "sigma": Fixed(
            default=0.282095, doc="deviation", valid=lambda v: 1e-3 <= v <= 20, law="must be in [0.001, 20]"
        ),
    },
    **SIGMOID,
    at_negative_zero=lambda mu, sigma: 0.5 * erfc(mu / sigma / 2.0**0.5),
    source="Ma et al. 2022, Mega, arXiv 2209.10655, in place of squared ReLU",
    peers={"transformers": "transformers.activations.LaplaceActivation"},
)
define(
    "erf",
    forward=lambda x: erf(x),
    backward=lambda dy, x: dy * erf_slope(x),
    definition=lambda x: erf(x),
    **ODD_SIGMOID,
    source="the error function; Williams 1996, Computing with infinite networks, for its kernel",
    peers={"torch": "torch.erf", "jax": "jax.lax.erf"},
)


def _arctan_slope(dy, x):
    # 1 / (1 + x^2), everything times 2^-80: x^2 does not overflow where the slope is still a number in either format
    t = np.minimum(np.absolute(x), 2.0**540) * 2.0**-40
    return dy * (2.0**-80 / (2.0**-80 + t * t))


define(
    "arctan",
    aliases=("atan",),
    forward=lambda x: np.arctan(x),
    backward=_arctan_slope,
    bounds=(-1.5707963267948966, 1.5707963267948966),
    limits=(-1.5707963267948966, 1.5707963267948966),
    slope_limits=(0.0, 0.0),
    symmetry="odd",
    monotone=True,
    cancels="1 / (1 + x^2) is squared, which is 0 from |x| = 1e77 on",
    source="the arc tangent; Kamruzzaman & Aziz 2002, A note on activation function in multilayer feedforward learning",
    peers={"torch": "torch.atan", "jax": "jax.numpy.arctan"},
)


def _split_square(a):
    square, rest = two_product(a, a)
    return -square, -rest


def _gaussian_slope(dy, x):
    c = near(x, 28.0)
    return dy * exp_times_pair(-2.0 * c, *_split_square(np.absolute(c)))


define(
    "gaussian",
    forward=lambda x: exp_times_pair(1.0, *_split_square(np.minimum(np.absolute(x), 28.0))),
    backward=_gaussian_slope,
    definition=lambda x: np.exp(-(x * x)),
    bounds=(0.0, 1.0),
    limits=(0.0, 0.0),
    slope_limits=(0.0, -0.0),
    roots_of_slope=(0.0,),
    at_negative_zero=1.0,
    symmetry="even",
    monotone=False,
    source="radial basis functions; Broomhead & Lowe 1988",
)


def _clipping_parts(x, p):
    """K = e^p - 1 and p (z - 1) in two parts, z = min(x, 1 - x)."""
    shift = two_sum(near(x), -1.0)
    left = x <= 0.5
    w = np.where(left, shift[0], -near(x)), np.where(left, shift[1], 0.0)
    u = product(w, (p, 0.0 * p))
    return np.expm1(p), u, np.maximum(exp_times_pair(1.0, *u), 1e-30)


def _soft_clipping(x, p):
    k, u, g = _clipping_parts(x, p)
    y = k * g / (1.0 + g)
    part = exp_times_pair(np.log1p(y) / y * k / (1.0 + g) / p, *u)
    return np.where(x <= 0.5, part, 1.0 - part)


def _soft_clipping_slope(dy, x, p):
    k, u, g = _clipping_parts(x, p)
    return dy * exp_times_pair(k / ((1.0 + g) * (1.0 + (k + 1.0) * g)), *u)


define(
    "soft_clipping",
    forward=_soft_clipping,
    backward=_soft_clipping_slope,
    # log((1 + e^(p x)) / (1 + e^(p (x - 1)))) / p; on the right through softplus(u) = u + softplus(-u), whose slope
    # does not cancel
    definition=lambda x, p: np.where(
        x <= 0.5,
        (np.log1p(np.exp(p * x)) - np.log1p(np.exp(p * (x - 1.0)))) / p,
        1.0 + (np.log1p(np.exp(-(p * x))) - np.log1p(np.exp(-(p * (x - 1.0))))) / p,
    ),
    parameters={"p": Fixed(default=0.5, doc="sharpness", valid=lambda v: 1e-2 <= v <= 20, law="must be in [0.01, 20]")},
    **SIGMOID,
    at_negative_zero=lambda p: float((np.log(2.0) - np.log1p(np.exp(-p))) / p),
    source="Klimek & Perelstein 2018, arXiv 1810.11509",
)
