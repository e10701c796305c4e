"""Smooth ramps: functions that turn gently from one straight line into another."""

from __future__ import annotations

import numpy as np

from actbench.activations.define import define
from actbench.activations.parameter import Fixed
from actbench.activations.shapes import MODULUS, RECTIFIER
from actbench.expression.primitives import exp_times_pair, expit_pair, log1p_ratio
from actbench.expression.primitives.gates import decay, scaled
from actbench.expression.primitives.roots import hypotenuse

INF = np.inf
LN2 = 0.6931471805599453


def _softplus(x, beta):
    u = scaled(x, beta)
    v = decay(u)
    more = exp_times_pair(log1p_ratio(exp_times_pair(1.0, *v)) * (1.0 / beta), *v)
    return np.where(u[0] >= 0.0, x + more, more)


define(
    "softplus",
    forward=_softplus,
    backward=lambda dy, x, beta: dy * expit_pair(*scaled(x, beta)),
    definition=lambda x, beta: np.log1p(np.exp(beta * x)) / beta,
    parameters={
        "beta": Fixed(
            default=1.0, doc="sharpness of the bend", valid=lambda v: 1e-3 <= v <= 1e3, law="must be in [0.001, 1000]"
        )
    },
    **RECTIFIER,
    at_negative_zero=lambda beta: LN2 / beta,
    source="Dugas, Bengio, Bélisle, Nadeau & Garcia 2001 (torch's threshold=20 is left out: it costs float64 its digits)",
    peers={"torch": "torch.nn.functional.softplus", "jax": "jax.nn.softplus", "keras": "keras.activations.softplus"},
)


def _squareplus(x, b):
    _, _, r = hypotenuse(x, b)
    half = 0.5 * np.absolute(x) + 0.5 * r
    return np.where(x >= 0.0, half, 0.25 * b / half)


def _squareplus_slope(dy, x, b):
    c, t, r = hypotenuse(x, b)
    low = (np.absolute(x) + r) * 2.0**-80 * r  # its square overflows only where the slope is 0, float32 or float64
    return dy * (np.where(x >= 0.0, 0.5 * c + 0.5 * t, 2.0**-81 * b) / np.where(x >= 0.0, t, low))


define(
    "squareplus",
    forward=_squareplus,
    backward=_squareplus_slope,
    definition=lambda x, b: (x + np.sqrt(x * x + b)) / 2.0,
    parameters={
        "b": Fixed(default=4.0, doc="size of the bend", valid=lambda v: 1e-8 <= v <= 1e8, law="must be in [1e-8, 1e8]")
    },
    **RECTIFIER,
    at_negative_zero=lambda b: 0.5 * np.sqrt(b),
    cancels="the slope's two terms cancel from |x| = 1e8 on",
    source="Barron 2021, arXiv 2112.11687",
    peers={"jax": "jax.nn.squareplus", "keras": "keras.activations.squareplus"},
)


def _logcosh(x):
    a = np.absolute(x)
    m = np.expm1(-np.minimum(a, 1.0))
    return np.where(a < 1.0, np.log1p(m * m / (2.0 * (1.0 + m))), a + (np.log1p(np.exp(-2.0 * a)) - LN2))


define(
    "logcosh",
    forward=_logcosh,
    backward=lambda dy, x: dy * np.tanh(x),
    definition=lambda x: np.log1p((np.expm1(x) + np.expm1(-x)) / 2.0),  # log cosh x
    kinks={},
    **MODULUS,
    source="NNlib.logcosh; x + softplus(-2 x) - log 2",
    peers={"nnlib": "NNlib.logcosh"},
)


def _lisht_slope(dy, x):
    a = np.minimum(np.absolute(x), 1e4)
    q = np.exp(-2.0 * a)
    o = 1.0 + q
    t = a * (4.0 * q / (o * o))
    return dy * (np.tanh(x) + np.where(x >= 0.0, t, -t))


define(
    "lisht",
    forward=lambda x: x * np.tanh(x),
    backward=_lisht_slope,
    **MODULUS,
    cancels="the tail is a product with a subnormal number",
    source="Roy, Manna, Dubey & Chaudhuri 2019, arXiv 1901.05894",
    peers={"nnlib": "NNlib.lisht"},
)


def _bent_slope(dy, x):
    c, t, _ = hypotenuse(x, 1.0)
    return dy * (1.0 + 0.5 * (np.where(x >= 0.0, c, -c) / t))


def _bent(x):
    c, t, _ = hypotenuse(x, 1.0)
    return x * (1.0 + 0.5 * (np.where(x >= 0.0, c, -c) / (t + 1.0)))


define(
    "bent_identity",
    forward=_bent,
    backward=_bent_slope,
    definition=lambda x: (np.sqrt(x * x + 1.0) - 1.0) / 2.0 + x,
    slope_limits=(0.5, 1.5),
    monotone=True,
    cancels="the slope's two terms cancel from |x| = 1e8 on",
    source="widely used without a known first source; torch_activation",
)
