"""Bounded S-shaped functions. Their slopes are said through exp(-|x|), so that no tail is lost."""

from __future__ import annotations

import numpy as np

from actbench.define import define
from actbench.words import exp_times


def _sigmoid(x):
    e = np.exp(-np.absolute(x))  # never overflows
    return np.where(x >= 0.0, 1.0, e) / (1.0 + e)


def _sigmoid_slope(dy, x):
    e = np.exp(-np.absolute(x))
    o = 1.0 + e
    return dy * (e / (o * o))  # not y (1 - y), which is 0 from x = 37 on in float64


def _tanh_slope(dy, x):
    a = np.absolute(x)
    o = 1.0 + np.exp(-2.0 * a)
    return dy * exp_times(4.0 / (o * o), -2.0 * a)  # not 1 - y^2, which is 0 from |x| = 19 on


define(
    "sigmoid",
    aliases=("logistic", "expit"),
    forward=_sigmoid,
    backward=_sigmoid_slope,
    definition=lambda x: 1.0 / (1.0 + np.exp(-x)),
    bounds=(0.0, 1.0),
    limits=(0.0, 1.0),
    slope_limits=(0.0, 0.0),
    at_negative_zero=0.5,
    source="Verhulst 1845; Rumelhart, Hinton & Williams 1986",
    peers={"torch": "torch.nn.functional.sigmoid", "jax": "jax.nn.sigmoid", "keras": "keras.activations.sigmoid"},
)
define(
    "tanh",
    aliases=("hyperbolic_tangent", "tansig"),
    forward=lambda x: np.tanh(x),
    backward=_tanh_slope,
    bounds=(-1.0, 1.0),
    limits=(-1.0, 1.0),
    slope_limits=(0.0, 0.0),
    at_negative_zero=-0.0,
    source="LeCun, Bottou, Orr & Müller 1998",
    peers={"torch": "torch.nn.functional.tanh", "jax": "jax.nn.tanh", "keras": "keras.activations.tanh"},
)
