"""Bounded S-shaped functions. Their slopes are said through exp(-|x|), so that no tail is lost."""

from __future__ import annotations

import numpy as np

from actbench.activations.define import define
from actbench.activations.shapes import ODD_SIGMOID, SIGMOID
from actbench.expression.primitives import expit, log1p_ratio


def _sigmoid_slope(dy, x):
    e = np.exp(-np.absolute(x))
    o = 1.0 + e
    return dy * (e / (o * o))  # not y (1 - y), which is 0 from x = 37 on in float64


def _logsigmoid(x):
    e = np.exp(-np.absolute(x))
    return np.minimum(x, 0.0) - e * log1p_ratio(e)


def _tanh_slope(dy, x):
    a = np.absolute(x)
    e = np.exp(-(a + a))
    o = 1.0 + e
    return dy * (4.0 * e / (o * o))  # not 1 - y^2, which is 0 from |x| = 19 on


define(
    "sigmoid",
    aliases=("logistic", "expit"),
    forward=lambda x: expit(x),
    backward=_sigmoid_slope,
    definition=lambda x: 1.0 / (1.0 + np.exp(-x)),
    **SIGMOID,
    at_negative_zero=0.5,
    source="Verhulst 1845; Rumelhart, Hinton & Williams 1986",
    peers={"torch": "torch.nn.functional.sigmoid", "jax": "jax.nn.sigmoid", "keras": "keras.activations.sigmoid"},
)
define(
    "tanh",
    aliases=("hyperbolic_tangent", "tansig"),
    forward=lambda x: np.tanh(x),
    backward=_tanh_slope,
    **ODD_SIGMOID,
    source="LeCun, Bottou, Orr & Müller 1998",
    peers={"torch": "torch.nn.functional.tanh", "jax": "jax.nn.tanh", "keras": "keras.activations.tanh"},
)

define(
    "logsigmoid",
    forward=_logsigmoid,
    backward=lambda dy, x: dy * expit(-x),
    definition=lambda x: -np.log1p(np.exp(-x)),
    bounds=(-np.inf, 0.0),
    limits=(-np.inf, 0.0),
    slope_limits=(1.0, 0.0),
    at_negative_zero=-0.6931471805599453,
    monotone=True,
    source="torch.nn.LogSigmoid",
    peers={
        "torch": "torch.nn.functional.logsigmoid",
        "jax": "jax.nn.log_sigmoid",
        "keras": "keras.activations.log_sigmoid",
    },
)


def _softsign_slope(dy, x):
    t = 1.0 / (1.0 + np.absolute(x))
    return dy * (t * t)


def _softsign(x):
    c = np.minimum(np.maximum(x, -1e30), 1e30)  # inf / inf; the quotient is 1 long before
    return c / (1.0 + np.absolute(c))


define(
    "softsign",
    forward=_softsign,
    backward=_softsign_slope,
    definition=lambda x: x / (1.0 + np.absolute(x)),
    **ODD_SIGMOID,
    source="Turian, Bergstra & Bengio 2009; Glorot & Bengio 2010",
    peers={"torch": "torch.nn.functional.softsign", "jax": "jax.nn.soft_sign", "keras": "keras.activations.softsign"},
)
