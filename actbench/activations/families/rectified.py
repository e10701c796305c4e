"""The rectifier and its relatives: identity on one side, a slope on the other. The slope is 0, fixed, learned or drawn.

At the kink torch takes the left slope; jax takes it for ReLU and the right slope for the others.
"""

from __future__ import annotations

import math

import numpy as np

from actbench.activations.define import define
from actbench.activations.parameter import Fixed, Learned, Sampled
from actbench.activations.record import Kink
from actbench.activations.shapes import RECTIFIER

INF = np.inf


def _leaky(x, slope):
    silent = np.where(slope == 0.0, 0.0, x)  # a slope of exactly 0 is ReLU: 0 at -inf, and no 0 * inf at either end
    return np.where(x <= 0.0, slope * silent, x)  # NaN stays


def _leaky_slope(dy, x, slope):
    silent = np.where(slope == 0.0, 0.0, dy)  # a slope of exactly 0 passes no infinite dy on
    return np.where(x <= 0.0, slope * silent, np.where(x > 0.0, dy, x))  # the last arm is NaN


def _sign(*numbers):
    """The sign of the first that is not 0."""
    return next((math.copysign(1.0, v) for v in numbers if v), 0.0)


def _left_end(slope: float) -> float:
    return -slope * INF if slope else 0.0


define(
    "identity",
    aliases=("linear", "purelin", "purlin"),
    forward=lambda x: x,
    backward=lambda dy: dy,
    symmetry="odd",
    monotone=True,
    source="the linear unit; 'purelin' in the MATLAB Neural Network Toolbox",
    peers={"torch": "torch.nn.Identity", "jax": "jax.nn.identity", "keras": "keras.activations.linear"},
)
define(
    "relu",
    aliases=("rectifier", "ramp"),
    forward=lambda x: np.where(x <= 0.0, 0.0, x),  # not maximum: NaN survives and f(-0.0) is 0.0 in every dtype
    backward=lambda dy, y: np.where(y > 0.0, dy, y),  # y is 0 or NaN on the other side, so no 0 * inf
    definition=lambda x: np.maximum(x, 0.0),
    kinks={0.0: Kink(slope=0.0)},
    flat=((-INF, 0.0),),
    **RECTIFIER,
    at_negative_zero=0.0,
    source="Householder 1941; Fukushima 1969; Nair & Hinton 2010; Glorot, Bordes & Bengio 2011",
    peers={"torch": "torch.nn.functional.relu", "jax": "jax.nn.relu", "keras": "keras.activations.relu"},
)
define(
    "leaky_relu",
    aliases=("lrelu",),
    forward=lambda x, negative_slope: _leaky(x, negative_slope),
    backward=lambda dy, x, negative_slope: _leaky_slope(dy, x, negative_slope),
    definition=lambda x, negative_slope: np.where(x > 0.0, x, negative_slope * x),
    parameters={"negative_slope": Fixed(default=0.01, doc="slope for x <= 0")},
    kinks=lambda negative_slope: {0.0: Kink(slope=negative_slope, jax=1.0)},
    flat=lambda negative_slope: ((-INF, 0.0),) if negative_slope == 0 else (),
    bounds=lambda negative_slope: (-INF if negative_slope > 0 else 0.0, INF),
    limits=lambda negative_slope: (_left_end(negative_slope), INF),
    slope_limits=lambda negative_slope: (negative_slope, 1.0),
    at_negative_zero=lambda negative_slope: -0.0 if negative_slope > 0 else 0.0,
    monotone=lambda negative_slope: negative_slope >= 0,
    defaults={"torch": {"negative_slope": 0.01}, "jax": {"negative_slope": 0.01}, "keras": {"negative_slope": 0.2}},
    source="Maas, Hannun & Ng 2013",
    peers={"torch": "torch.nn.functional.leaky_relu", "jax": "jax.nn.leaky_relu"},
)
define(
    "prelu",
    aliases=("parametric_relu",),
    forward=lambda x, weight: _leaky(x, weight),
    backward=lambda dy, x, weight: _leaky_slope(dy, x, weight),
    definition=lambda x, weight: np.where(x > 0.0, x, weight * x),
    parameters={"weight": Learned(default=0.25, doc="slope for x <= 0, one number or one per unit of the last axis")},
    parameter_gradients={"weight": lambda dy, x: np.where(x > 0.0, 0.0, dy * x)},
    kinks=lambda weight: {0.0: Kink(slope=weight, jax=1.0)},
    flat=lambda weight: ((-INF, 0.0),) if np.ndim(weight) == 0 and weight == 0 else (),
    bounds=lambda weight: (-INF if np.any(np.greater(weight, 0)) else 0.0, INF),
    limits=lambda weight: (_left_end(weight), INF),
    slope_limits=lambda weight: (weight, 1.0),
    at_negative_zero=lambda weight: -0.0 if weight > 0 else 0.0,
    monotone=lambda weight: bool(np.all(np.greater_equal(weight, 0))),
    defaults={"torch": {"weight": 0.25}, "keras": {"weight": 0.0}, "flax": {"weight": 0.01}},
    source="He, Zhang, Ren & Sun 2015, arXiv 1502.01852",
    peers={"torch": "torch.nn.functional.prelu", "keras": "keras.layers.PReLU"},
)
define(
    "rrelu",
    aliases=("randomized_relu", "randomized_leaky_relu"),
    forward=lambda x, negative_slope: _leaky(x, negative_slope),
    backward=lambda dy, x, negative_slope: _leaky_slope(dy, x, negative_slope),
    definition=lambda x, negative_slope: np.where(x > 0.0, x, negative_slope * x),
    parameters={
        "lower": Fixed(default=1 / 8, doc="smallest slope that is drawn"),
        "upper": Fixed(default=1 / 3, doc="largest slope that is drawn"),
        "negative_slope": Sampled(low="lower", high="upper", doc="slope for x <= 0, one per element"),
    },
    kinks=lambda negative_slope: {0.0: Kink(slope=negative_slope)},
    limits=lambda negative_slope: (_left_end(negative_slope), INF),
    slope_limits=lambda negative_slope: (negative_slope, 1.0),
    at_negative_zero=lambda negative_slope: -0.0 if negative_slope > 0 else 0.0,
    monotone=lambda negative_slope: negative_slope >= 0,
    source="Xu, Wang, Chen & Li 2015, arXiv 1505.00853 (y = x / a, a in (3, 8), there; torch draws the slope)",
    peers={"torch": "torch.nn.functional.rrelu"},
)


def _poly_relu(x, w1, w2, w3, bias):
    r = np.where(x <= 0.0, 0.0, x)
    return r * (w1 + r * (w2 + r * w3)) + bias


def _third(power):
    return Learned(default=1 / 3, doc=f"weight of relu(x)^{power}")


define(
    "poly_relu",
    forward=_poly_relu,
    backward=lambda dy, x, w1, w2, w3: np.where(
        x > 0.0, dy * (w1 + x * (2.0 * w2 + x * (3.0 * w3))), np.where(x == x, 0.0, x)
    ),
    definition=lambda x, w1, w2, w3, bias: (
        w1 * np.maximum(x, 0.0) + w2 * np.maximum(x, 0.0) ** 2 + w3 * np.maximum(x, 0.0) ** 3 + bias
    ),
    parameters={
        "w1": _third(1),
        "w2": _third(2),
        "w3": _third(3),
        "bias": Learned(default=0.0, doc="value for x <= 0"),
    },
    parameter_gradients={
        "w1": lambda dy, x: np.where(x <= 0.0, 0.0, dy * x),
        "w2": lambda dy, x: np.where(x <= 0.0, 0.0, dy * x * x),
        "w3": lambda dy, x: np.where(x <= 0.0, 0.0, dy * x * x * x),
        "bias": lambda dy, x: np.where(x == x, dy, x),
    },
    kinks={0.0: Kink(slope=0.0)},
    flat=((-INF, 0.0),),
    bounds=lambda w1, w2, w3, bias: (bias, INF) if min(w1, w2, w3) >= 0 else (-INF, INF),
    limits=lambda w1, w2, w3, bias: (bias, _sign(w3, w2, w1) * INF if _sign(w3, w2, w1) else bias),
    slope_limits=lambda w1, w2, w3: (0.0, _sign(w3, w2) * INF if _sign(w3, w2) else w1),
    at_negative_zero=lambda bias: bias,
    monotone=lambda w1, w2, w3: True if min(w1, w2, w3) >= 0 else None,
    source="Zhuo et al. 2024, Polynomial composition activations, arXiv 2411.03884; weights 1/3 and bias 0 as in its code",
)
