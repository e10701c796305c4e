"""What language models cap and score with: a tanh that bounds logits, a gate and a square, and the root of softplus."""

from __future__ import annotations

import math

import numpy as np

from actbench.activations.define import define
from actbench.activations.families.learned_gates import _crossing
from actbench.activations.parameter import Fixed
from actbench.expression.primitives import exp_times, log1p_ratio
from actbench.expression.primitives.gates import FAR, divided, near, sigmoid_times
from actbench.expression.primitives.logistic import bell_times

INF = np.inf
SMALL = 1e-8  # |x / cap| up to which tanh changes no digit: x / cap may be subnormal there, x is not
LAW = "must be in [0.001, 10000]"


def _cap(default, doc):
    return Fixed(default=default, doc=doc, valid=lambda v: 1e-3 <= v <= 1e4, law=LAW)


def softcapped(x, cap):
    """cap * tanh(x / cap), said in words, so rows can say it."""
    return np.where(np.absolute(x) <= SMALL * cap, x, cap * np.tanh(near(x, FAR * cap) / cap))


def softcap_slope_times(c, x, cap):
    """c * (1 - tanh^2(x / cap)), the tails whole."""
    return bell_times(4.0 * c, *divided(x, cap))


define(
    "softcap",
    aliases=("logit_softcap", "tanh_softcap"),
    forward=softcapped,
    backward=lambda dy, x, cap: dy * softcap_slope_times(1.0, x, cap),
    definition=lambda x, cap: cap * np.tanh(x / cap),
    parameters={"cap": _cap(30.0, "the largest size of a result")},
    bounds=lambda cap: (-cap, cap),
    limits=lambda cap: (-cap, cap),
    slope_limits=(0.0, 0.0),
    symmetry="odd",
    monotone=True,
    defaults={"gemma2 attention": {"cap": 50.0}, "gemma2 logits": {"cap": 30.0}},
    source="logits of Bello, Pham, Le, Norouzi & Bengio 2017, arXiv 1611.09940 (10 tanh u); Gemma 2, arXiv 2408.00118",
)


def situ_times(c, x, beta):
    """c * beta tanh(x / beta) sigmoid(x), said in words, so rows can say it.

    A float32 tanh is 6 ulp off, with the sigmoid 8.4 at -2.964; of m = 1 - exp(-2 |x| / beta) it is m / (2 - m).
    """
    m = -np.expm1(-2.0 * (np.absolute(near(x, FAR * beta)) / beta))
    capped = np.where(np.absolute(x) <= SMALL * beta, x, np.copysign(beta * (m / (2.0 - m)), x))
    return sigmoid_times(capped * c, (near(x), 0.0))


def situ_slope_times(c, x, beta):
    """c times the slope of that; what cancels next to the root is one sum in m = 1 - exp(-2 |x| / beta).

    A float32 tanh there is 4 ulp off, which the sum makes 21 at -1.498; expm1 is 1 ulp off, which it makes 15.
    """
    low = near(x)
    size = np.absolute(low)
    o = 1.0 + np.exp(-size)
    m = -np.expm1(-2.0 * (size / beta))
    d = 2.0 - m  # tanh(|x| / beta) = m / d, and 1 less its square is 4 (1 - m) / d^2
    right = softcap_slope_times(c / o, x, beta) + exp_times(c * beta * (m / d) / (o * o), -size)
    left = c * (4.0 * (1.0 - m) * o - beta * (m * d)) / ((d * o) * (d * o))
    return np.where(low >= 0.0, right, exp_times(left, -size))


def _situ_lowest(beta):
    def slope(x):
        t, s = math.tanh(x / beta), 1.0 / (1.0 + math.exp(-x))
        return 1.0 - t * t + beta * t * (1.0 - s)  # over s, which is positive

    return _crossing(slope, -40.0, 0.0)


def _situ_least(beta):
    at = _situ_lowest(beta)
    return beta * math.tanh(at / beta) / (1.0 + math.exp(-at))


define(
    "situ",
    forward=lambda x, beta: situ_times(1.0, x, beta),
    backward=lambda dy, x, beta: dy * situ_slope_times(1.0, x, beta),
    definition=lambda x, beta: beta * np.tanh(x / beta) / (1.0 + np.exp(-x)),
    parameters={"beta": _cap(4.0, "the cap: the largest value")},
    bounds=lambda beta: (_situ_least(beta), beta),
    limits=lambda beta: (-0.0, beta),
    slope_limits=(-0.0, 0.0),
    roots_of_slope=lambda beta: (_situ_lowest(beta),),
    source="sigmoid tanh unit, the elementwise half of situ_glu: Kimi K3 report, equation 12; cudnn-frontend#645",
)


def _clamped(x, scale):
    """scale * tanh(relu(x) / scale); next to 1 a float32 tanh is 4 ulp off, which a square doubles, and this one not."""
    r = np.where(x <= 0.0, 0.0, x)
    m = -np.expm1(-2.0 * (near(r, FAR * scale) / scale))
    return np.where(r <= SMALL * scale, r, scale * (m / (2.0 - m)))


def _clamped_square_slope(dy, x, scale):
    c = _clamped(x, scale)
    passed = np.where(x <= 0.0, 0.0, dy)
    return passed * softcap_slope_times(2.0 * c, np.where(x <= 0.0, 0.0, x), scale)


define(
    "clamped_squared_relu",
    aliases=("clamped_relu2",),
    forward=lambda x, scale: _clamped(x, scale) * _clamped(x, scale),
    backward=_clamped_square_slope,
    definition=lambda x, scale: (
        scale * np.tanh(np.maximum(x, 0.0) / scale) * (scale * np.tanh(np.maximum(x, 0.0) / scale))
    ),
    parameters={
        "scale": _cap(16.0, "the square root of the largest value; no code has a default, one profiler has 16")
    },
    flat=((-INF, 0.0),),
    bounds=lambda scale: (0.0, scale * scale),
    limits=lambda scale: (0.0, scale * scale),
    slope_limits=(0.0, 0.0),
    at_negative_zero=0.0,
    monotone=True,
    source="cudnn-frontend#858; flashinfer's ClampedRelu2: (S tanh(relu(x) / S))^2",
)


def _right_softplus(x, e):
    return np.maximum(np.maximum(x, 0.0) + np.log1p(e), 0.5)  # 0.69 at 0; a discarded arm divides by no 0


def _sqrt_softplus(x):
    e = np.exp(-np.absolute(x))
    left = exp_times(np.sqrt(log1p_ratio(e)), 0.5 * np.minimum(x, 0.0))  # sqrt(log(1 + e^x)) = e^(x/2) sqrt(...)
    return np.where(x >= 0.0, np.sqrt(_right_softplus(x, e)), left)


def _sqrt_softplus_slope(dy, x):
    e = np.exp(-np.absolute(x))
    left = exp_times(0.5 / ((1.0 + e) * np.sqrt(log1p_ratio(e))), 0.5 * np.minimum(x, 0.0))
    right = 0.5 / ((1.0 + e) * np.sqrt(_right_softplus(x, e)))
    return dy * np.where(x >= 0.0, right, left)


define(
    "sqrt_softplus",
    forward=_sqrt_softplus,
    backward=_sqrt_softplus_slope,
    definition=lambda x: np.sqrt(np.log1p(np.exp(x))),
    bounds=(0.0, INF),
    limits=(0.0, INF),
    slope_limits=(0.0, 0.0),
    at_negative_zero=math.sqrt(math.log(2.0)),
    monotone=True,
    source="router scores of DeepSeek V4 (transformers' sqrtsoftplus): the square root of softplus",
)
