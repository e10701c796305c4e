"""Pieces with learned slopes, corners and offsets, and powers of the rectifier."""

from __future__ import annotations

import math

import numpy as np

from actbench.activations.define import define
from actbench.activations.parameter import Fixed, Learned
from actbench.activations.record import Kink
from actbench.activations.shapes import MODULUS
from actbench.expression.primitives.pairs import two_product

INF = np.inf


def _on(dy, x):
    """dy where x > 0; elsewhere 0 whatever dy is; NaN for NaN."""
    return np.where(x > 0.0, dy, np.where(x == x, 0.0, x))


define(
    "squared_relu",
    aliases=("relu2", "relu_squared"),
    forward=lambda x: np.where(x <= 0.0, 0.0, x * x),
    backward=lambda dy, x: np.where(x <= 0.0, 0.0, dy) * (2.0 * np.maximum(x, 0.0)),
    definition=lambda x: np.where(x > 0.0, x * x, 0.0),
    flat=((-INF, 0.0),),
    bounds=(0.0, INF),
    limits=(0.0, INF),
    slope_limits=(0.0, INF),
    at_negative_zero=0.0,
    monotone=True,
    source="So, Mańke, Liu, Dai, Shazeer & Le 2021, Primer, arXiv 2109.08668",
    peers={"transformers": "transformers.activations.ReLUSquaredActivation"},
)
define(
    "star_relu",
    forward=lambda x, scale, bias: np.where(x <= 0.0, bias, (scale * x) * x + bias),  # x * x alone overflows first
    backward=lambda dy, x, scale: np.where(x <= 0.0, 0.0, dy) * (2.0 * scale * np.maximum(x, 0.0)),
    definition=lambda x, scale, bias: np.where(x > 0.0, scale * (x * x) + bias, bias),
    parameters={
        "scale": Learned(
            default=0.8944,
            doc="factor; 1 / sqrt(5 / 4) for unit variance",
            valid=lambda v: 0 < v < 1e9,
            law="must be > 0",
        ),
        "bias": Learned(default=-0.4472, doc="value for x <= 0; -scale / 2 for zero mean"),
    },
    parameter_gradients={
        "scale": lambda dy, x: np.where(x > 0.0, dy * (x * x), 0.0),
        "bias": lambda dy, x: np.where(x == x, dy, x),
    },
    flat=((-INF, 0.0),),
    bounds=lambda bias: (bias, INF),
    limits=lambda bias: (bias, INF),
    slope_limits=(0.0, INF),
    at_negative_zero=lambda bias: bias,
    roots=lambda scale, bias: (float(np.sqrt(-bias / scale)),) if bias < 0 else (),
    monotone=True,
    source="Yu et al. 2022, MetaFormer baselines for vision, arXiv 2210.13452",
)
define(
    "frelu",
    aliases=("flexible_relu",),
    forward=lambda x, bias: np.where(x <= 0.0, bias, x + bias),
    backward=_on,
    definition=lambda x, bias: np.maximum(x, 0.0) + bias,
    parameters={"bias": Learned(default=0.0, doc="value for x <= 0")},
    parameter_gradients={"bias": lambda dy, x: np.where(x == x, dy, x)},
    kinks={0.0: Kink(slope=0.0)},
    flat=((-INF, 0.0),),
    bounds=lambda bias: (bias, INF),
    limits=lambda bias: (bias, INF),
    slope_limits=(0.0, 1.0),
    at_negative_zero=lambda bias: bias,
    roots=lambda bias: (-bias,) if bias < 0 else (),
    monotone=True,
    source="Qiu, Xu & Cai 2018, arXiv 1706.08098 (flexible ReLU; funnel ReLU, also called FReLU, is a convolution)",
)
define(
    "shifted_relu",
    forward=lambda x: np.where(x <= -1.0, -1.0, x),
    backward=lambda dy, x: np.where(x > -1.0, dy, np.where(x == x, 0.0, x)),
    definition=lambda x: np.maximum(x, -1.0),
    kinks={-1.0: Kink(slope=0.0)},
    flat=((-INF, -1.0),),
    bounds=(-1.0, INF),
    limits=(-1.0, INF),
    slope_limits=(0.0, 1.0),
    monotone=True,
    source="Clevert, Unterthiner & Hochreiter 2015, arXiv 1511.07289, as a baseline: max(-1, x)",
)


def _clamped(alpha):
    return np.minimum(np.maximum(alpha, 0.01), 0.99)


def _sigmoid(beta):
    return 1.0 / (1.0 + np.exp(-beta))


define(
    "arelu",
    aliases=("attention_relu",),
    forward=lambda x, alpha, beta: np.where(x > 0.0, (1.0 + _sigmoid(beta)) * x, _clamped(alpha) * x),
    backward=lambda dy, x, alpha, beta: (
        dy * np.where(x > 0.0, 1.0 + _sigmoid(beta), np.where(x <= 0.0, _clamped(alpha), x))
    ),
    parameters={
        "alpha": Learned(default=0.9, doc="slope for x <= 0, clamped to [0.01, 0.99]"),
        "beta": Learned(
            default=2.0,
            doc="1 + sigmoid(beta) is the slope for x > 0",
            valid=lambda v: abs(v) <= 80,
            law="must be in [-80, 80]",
        ),
    },
    parameter_gradients={
        "alpha": lambda dy, x, alpha: np.where((x <= 0.0) & (alpha > 0.01) & (alpha < 0.99), dy * x, 0.0),
        "beta": lambda dy, x, beta: np.where(x > 0.0, dy * x * (_sigmoid(beta) * _sigmoid(-beta)), 0.0),
    },
    kinks=lambda alpha: {0.0: Kink(slope=min(max(alpha, 0.01), 0.99))},
    slope_limits=lambda alpha, beta: (min(max(alpha, 0.01), 0.99), float(1.0 + _sigmoid(beta))),
    monotone=True,
    source="Chen, Li & Xu 2020, arXiv 2006.13858",
)


def _srelu(x, t_left, a_left, t_right, a_right):
    left, right = t_left + a_left * (x - t_left), t_right + a_right * (x - t_right)
    return np.where(x <= t_left, left, np.where(x >= t_right, right, x))


def _srelu_at_zero(t_left, a_left, t_right, a_right):
    if t_left < 0 < t_right:
        return -0.0
    return t_left + a_left * (-0.0 - t_left) if t_left >= 0 else t_right + a_right * (-0.0 - t_right)


def _srelu_slope(dy, x, t_left, a_left, t_right, a_right):
    return dy * np.where(x <= t_left, a_left, np.where(x >= t_right, a_right, np.where(x == x, 1.0, x)))


define(
    "srelu",
    aliases=("s_shaped_relu",),
    forward=_srelu,
    backward=_srelu_slope,
    parameters={
        "t_left": Learned(default=0.0, doc="left corner"),
        "a_left": Learned(
            default=0.5,
            doc="slope left of it (keras-contrib draws it from (0, 1))",
            valid=lambda v: 0 < v < 1e9,
            law="must be > 0",
        ),
        "t_right": Learned(default=2.5, doc="right corner (keras-contrib draws it from (0, 5))"),
        "a_right": Learned(default=1.0, doc="slope right of it", valid=lambda v: 0 < v < 1e9, law="must be > 0"),
    },
    parameter_gradients={
        "t_left": lambda dy, x, t_left, a_left: np.where(x <= t_left, dy * (1.0 - a_left), 0.0),
        "a_left": lambda dy, x, t_left: np.where(x <= t_left, dy * (x - t_left), 0.0),
        "t_right": lambda dy, x, t_right, a_right: np.where(x >= t_right, dy * (1.0 - a_right), 0.0),
        "a_right": lambda dy, x, t_right: np.where(x >= t_right, dy * (x - t_right), 0.0),
    },
    together=(lambda t_left, t_right: t_left <= t_right, "t_left must not be above t_right"),
    kinks=lambda t_left, a_left, t_right, a_right: {t_left: Kink(slope=a_left), t_right: Kink(slope=a_right)},
    slope_limits=lambda a_left, a_right: (a_left, a_right),
    at_negative_zero=_srelu_at_zero,
    roots=lambda t_left, a_left: (t_left - t_left / a_left,) if t_left > 0 else (),
    monotone=True,
    source="Jin, Xu, Feng, Wei, Xiong & Yan 2015, arXiv 1512.07030",
)


def _apl_slope(dy, x, a, b):
    return dy * (np.where(x > 0.0, 1.0, np.where(x == x, 0.0, x)) - np.where(x < b, a, 0.0))


define(
    "apl",
    aliases=("adaptive_piecewise_linear",),
    forward=lambda x, a, b: np.maximum(x, 0.0) + a * np.maximum(b - x, 0.0),
    backward=_apl_slope,
    parameters={
        "a": Learned(default=0.2, doc="size of the hinge", valid=lambda v: 0 < v < 1, law="must be in (0, 1)"),
        "b": Learned(default=0.5, doc="place of the hinge", valid=lambda v: 0 <= v < 1e9, law="must be >= 0"),
    },
    parameter_gradients={
        "a": lambda dy, x, b: dy * np.maximum(b - x, 0.0),
        "b": lambda dy, x, a, b: np.where(x < b, dy * a, 0.0),
    },
    kinks=lambda a, b: {0.0: Kink(slope=-a), b: Kink(slope=1.0)},
    bounds=lambda a, b: (a * b, INF),
    limits=(INF, INF),
    slope_limits=lambda a: (-a, 1.0),
    at_negative_zero=lambda a, b: a * b,
    monotone=False,
    source="Agostinelli, Hoffman, Sadowski & Baldi 2014, arXiv 1412.6830, with one hinge (a and b as in Echo)",
)


def _expm1_less_x(x):
    """expm1(x) - x for -1 <= x <= 0 by its series: x^2 times the sum of x^k / (k + 2)!, below 2^-60 from k = 18 on."""
    total = 1.0 / math.factorial(20)
    for k in range(17, -1, -1):
        total = total * x + 1.0 / math.factorial(k + 2)
    return x * x * total


def _xielu(x, alpha_p, alpha_n, beta):
    low = np.minimum(x, 0.0)
    near, small = np.maximum(low, -1e6), np.maximum(low, -1.0)
    line, bend = two_product(near, beta - alpha_n), two_product(np.expm1(low), alpha_n)  # they cancel around -2.4
    left = np.where(low < -1e6, (beta - alpha_n) * low - alpha_n, (line[0] + bend[0]) + (line[1] + bend[1]))
    left = np.where(low > -1.0, alpha_n * _expm1_less_x(small) + beta * small, left)  # there expm1 would cancel x
    return np.where(x > 0.0, x * (alpha_p * x + beta), np.where(x == 0.0, x, left))


def _xielu_least(alpha_n, beta):
    """The value at the root of the slope; its two terms cancel, so a few units are given away."""
    return float((beta - alpha_n) * np.log1p(-beta / alpha_n) - beta) - 4e-16


def _xielu_root(alpha_n, beta):
    """The root left of the minimum, by Newton's method on a convex function."""
    x = -2.0 * alpha_n / (alpha_n - beta)
    for _ in range(60):
        x -= (alpha_n * (np.expm1(x) - x) + beta * x) / (alpha_n * np.expm1(x) + beta)
    return (float(x),)


define(
    "xielu",
    forward=_xielu,
    backward=lambda dy, x, alpha_p, alpha_n, beta: (
        dy * np.where(x > 0.0, 2.0 * alpha_p * x + beta, alpha_n * np.expm1(np.minimum(x, 0.0)) + beta)
    ),
    definition=lambda x, alpha_p, alpha_n, beta: np.where(
        x > 0.0, alpha_p * x * x + beta * x, alpha_n * (np.expm1(x) - x) + beta * x
    ),
    parameters={
        "alpha_p": Learned(
            default=0.8,
            doc="curvature on the right, after its softplus",
            valid=lambda v: 0 < v < 1e9,
            law="must be > 0",
        ),
        "alpha_n": Learned(
            default=0.8, doc="size on the left, after beta + softplus", valid=lambda v: 0 < v < 1e9, law="must be > 0"
        ),
        "beta": Fixed(default=0.5, doc="slope at 0", valid=lambda v: 0 < v < 1e9, law="must be > 0"),
    },
    together=(lambda alpha_n, beta: beta < alpha_n, "alpha_n is beta plus a softplus, so above beta"),
    parameter_gradients={
        "alpha_p": lambda dy, x: np.where(x > 0.0, dy * (x * x), 0.0),
        "alpha_n": lambda dy, x: np.where(x > 0.0, 0.0, dy * (np.expm1(np.minimum(x, 0.0)) - x)),
    },
    bounds=lambda alpha_n, beta: (_xielu_least(alpha_n, beta), INF),
    limits=(INF, INF),
    slope_limits=lambda alpha_n, beta: (beta - alpha_n, INF),
    roots=_xielu_root,
    roots_of_slope=lambda alpha_n, beta: (float(np.log1p(-beta / alpha_n)),),
    monotone=False,
    source="Huang & Schlag 2024, arXiv 2411.13010",
    peers={"transformers": "transformers.activations.XIELUActivation"},
)


def _log_ramp(x, beta):
    c = np.where(x <= 0.0, 0.0, x)
    far = c > 1e30  # beta x may overflow there
    return np.where(far, np.log(np.where(far, c, 1.0)) + np.log(beta), np.log1p(beta * np.where(far, 1.0, c)))


define(
    "nlrelu",
    aliases=("natural_logarithm_relu",),
    forward=_log_ramp,
    backward=lambda dy, x, beta: np.where(x <= 0.0, 0.0, dy / (1.0 / beta + np.maximum(x, 0.0))),
    definition=lambda x, beta: np.log1p(beta * np.maximum(x, 0.0)),
    parameters={
        "beta": Fixed(default=1.0, doc="slope at 0+", valid=lambda v: 0 < v <= 1e3, law="must be in (0, 1000]")
    },
    kinks={0.0: Kink(slope=0.0)},
    flat=((-INF, 0.0),),
    bounds=(0.0, INF),
    limits=(0.0, INF),
    slope_limits=(0.0, 0.0),
    at_negative_zero=0.0,
    monotone=True,
    source="Liu, Zhang & Wang 2019, arXiv 1908.03682",
)


def _modulus_slope(dy, x):
    c = np.clip(x, -1.0, 1.0)
    return dy * (c * (4.0 - 3.0 * np.absolute(c)))


define(
    "soft_modulus_q",
    forward=lambda x: np.where(
        np.absolute(x) <= 1.0, np.clip(x, -1.0, 1.0) * (np.clip(x, -1.0, 1.0) * (2.0 - np.absolute(x))), np.absolute(x)
    ),
    backward=_modulus_slope,
    definition=lambda x: np.where(np.absolute(x) <= 1.0, x * x * (2.0 - np.absolute(x)), np.absolute(x)),
    **MODULUS,
    source="Vallés-Pérez, Soria-Olivas, Martínez-Sober, Serrano-López, Vila-Francés & Gómez-Sanchís 2023",
)


def _modulus_t_slope(dy, x, alpha):
    u = np.minimum(np.maximum(x / alpha, -1e4), 1e4)
    q = np.exp(-2.0 * np.absolute(u))
    return dy * (np.tanh(u) + u * (4.0 * q / ((1.0 + q) * (1.0 + q))))


define(
    "soft_modulus_t",
    forward=lambda x, alpha: x * np.tanh(x / alpha),
    backward=_modulus_t_slope,
    parameters={
        "alpha": Fixed(
            default=0.01, doc="width of the dip", valid=lambda v: 1e-6 <= v <= 1e6, law="must be in [1e-6, 1e6]"
        )
    },
    **MODULUS,
    cancels="its terms cancel where the hyperbolic tangent is 1",
    source="Vallés-Pérez, Soria-Olivas, Martínez-Sober, Serrano-López, Vila-Francés & Gómez-Sanchís 2023",
)
