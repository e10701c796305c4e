"""Functions that gate their own input: x times a sigmoidal function of x."""

from __future__ import annotations

import numpy as np

from actbench.activations.define import define
from actbench.activations.parameter import Learned
from actbench.activations.record import Kink
from actbench.expression.primitives import (
    density_times,
    exp_times,
    mills,
    normal_cdf,
    tail_size,
    x_sigmoid,
    x_sigmoid_slope,
    x_tanh_gate,
    x_tanh_gate_slope,
)
from actbench.expression.primitives.cubic import tanh_cubic
from actbench.expression.primitives.gates import FAR, gate_slope, near, scaled, sigmoid_times
from actbench.expression.primitives.pairs import times


def product_1702(x):
    """1.702 x in two parts."""
    return times(near(x), 1.702)


define(
    "silu",
    aliases=("swish", "swish1", "sil"),
    forward=lambda x: x_sigmoid(x),
    backward=lambda dy, x: dy * x_sigmoid_slope(x),
    definition=lambda x: x / (1.0 + np.exp(-x)),
    bounds=(-0.2784645427610738, np.inf),
    limits=(-0.0, np.inf),
    slope_limits=(-0.0, 1.0),
    roots_of_slope=(-1.2784645427610737,),
    monotone=False,
    source="Hendrycks & Gimpel 2016, arXiv 1606.08415; Elfwing, Uchibe & Doya 2018; Ramachandran, Zoph & Le 2017",
    peers={"torch": "torch.nn.functional.silu", "jax": "jax.nn.silu", "keras": "keras.activations.silu"},
)


def _sigmoid_slope(u):
    e = np.exp(-np.absolute(u))
    return e / ((1.0 + e) * (1.0 + e))


def _swish(x, beta):
    return sigmoid_times(np.where(beta * x < 0.0, near(x), x), scaled(x, beta))


define(
    "swish_beta",
    aliases=("swish24", "parametric_swish"),
    forward=_swish,
    backward=lambda dy, x, beta: dy * gate_slope(scaled(x, beta)),
    definition=lambda x, beta: x / (1.0 + np.exp(-(beta * x))),
    parameters={
        "beta": Learned(
            default=1.0, doc="steepness of the gate", valid=lambda v: 1e-3 <= v <= 1e3, law="must be in [0.001, 1000]"
        )
    },
    parameter_gradients={"beta": lambda dy, x, beta: dy * (x * x * _sigmoid_slope(beta * x))},
    bounds=lambda beta: (-0.2784645427610738 / beta, np.inf),
    limits=(-0.0, np.inf),
    slope_limits=(-0.0, 1.0),
    roots_of_slope=lambda beta: (-1.2784645427610737 / beta,),
    monotone=False,
    identical_to=("silu",),
    defaults={"onnx": {"beta": 1.0}},
    source="Ramachandran, Zoph & Le 2017, arXiv 1710.05941; ONNX operator Swish, version 24",
)
define(
    "quick_gelu",
    forward=lambda x: sigmoid_times(np.maximum(x, -FAR), product_1702(x)),
    backward=lambda dy, x: dy * gate_slope(product_1702(x)),
    definition=lambda x: x / (1.0 + np.exp(-(1.702 * x))),
    bounds=(-0.1636101896363536, np.inf),
    limits=(-0.0, np.inf),
    slope_limits=(-0.0, 1.0),
    roots_of_slope=(-0.751154255441289,),
    monotone=False,
    identical_to=("swish_beta:beta=1.702",),
    source="Hendrycks & Gimpel 2016, arXiv 1606.08415, section 2 (the sigmoid approximation)",
    peers={"transformers": "transformers.activations.QuickGELUActivation", "timm": "timm.layers.quick_gelu"},
)


def _gelu(x):
    a = tail_size(x)
    return np.where(x >= 0.0, x, -0.0) - density_times(a * mills(a), a)  # max(x, 0) - |x| Phi(-|x|)


def _gelu_slope(dy, x):
    a = tail_size(x)
    g = density_times(mills(a) - a, a)
    return dy * np.where(x >= 0.0, 1.0 - g, g)


define(
    "gelu",
    aliases=("gelu_exact", "gelu_erf", "gelu_python"),
    forward=_gelu,
    backward=_gelu_slope,
    definition=lambda x: x * normal_cdf(x),
    bounds=(-0.16997120747990366, np.inf),
    limits=(-0.0, np.inf),
    slope_limits=(-0.0, 1.0),
    roots_of_slope=(-0.7517915246935645,),
    monotone=False,
    defaults={"jax": {"approximate": True}},
    source="Hendrycks & Gimpel 2016, arXiv 1606.08415",
    peers={
        "torch": "torch.nn.functional.gelu",
        "jax": "jax.nn.gelu(approximate=False)",
        "keras": "keras.activations.gelu",
    },
)


define(
    "gelu_tanh",
    aliases=("gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_accurate", "sielu"),
    forward=lambda x: x_tanh_gate(x),
    backward=lambda dy, x: dy * x_tanh_gate_slope(x),
    definition=lambda x: x / (1.0 + np.exp(-2.0 * tanh_cubic(x))),
    bounds=(-0.17004075057125403, np.inf),
    limits=(-0.0, np.inf),
    slope_limits=(-0.0, 1.0),
    roots_of_slope=(-0.7524614220710162,),
    monotone=False,
    source="Hendrycks & Gimpel 2016, arXiv 1606.08415: 0.5 x (1 + tanh u) = x sigmoid(2 u)",
    peers={
        "torch": "torch.nn.functional.gelu(approximate='tanh')",
        "jax": "jax.nn.gelu",
        "keras": "keras.activations.gelu(approximate=True)",
    },
)
define(
    "gelu_10",
    aliases=("clipped_gelu",),
    forward=lambda x: np.minimum(_gelu(x), 10.0),
    backward=lambda dy, x: np.where(x >= 10.0, 0.0, _gelu_slope(np.where(x >= 10.0, 0.0, dy), x)),
    definition=lambda x: np.clip(x * normal_cdf(x), -10.0, 10.0),
    kinks={10.0: Kink(slope=0.0)},
    flat=((10.0, np.inf),),
    bounds=(-0.16997120747990366, 10.0),
    limits=(-0.0, 10.0),
    slope_limits=(-0.0, 0.0),
    roots_of_slope=(-0.7517915246935645,),
    monotone=False,
    source="Wu et al. 2020, arXiv 2004.09602 (GELU clipped at 10 for quantisation)",
    peers={"transformers": "transformers.activations.ClippedGELUActivation"},
)


def _mish(x):
    low = np.maximum(x, -FAR)
    a = np.absolute(low)
    e = np.exp(-a)
    n = e + 2.0
    top = np.where(low >= 0.0, low * (1.0 + 2.0 * e), exp_times(low * n, -a))
    return top / np.where(low >= 0.0, 1.0 + 2.0 * (e * (1.0 + e)), e * n + 2.0)


def _mish_slope(dy, x):
    c = near(x)
    a = np.absolute(c)
    e = np.exp(-a)
    w, d, m = 1.0 + 2.0 * e, 1.0 + 2.0 * (e * (1.0 + e)), e * (e + 2.0) + 2.0
    right = w * d + 4.0 * (c * (e * e * (1.0 + e)))
    left = (e + 2.0) * m + 4.0 * (c * (e + 1.0))
    b = np.where(c >= 0.0, d, m)
    return dy * (np.where(c >= 0.0, right, exp_times(left, -a)) / (b * b))


define(
    "mish",
    forward=_mish,
    backward=_mish_slope,
    definition=lambda x: x * np.tanh(np.log1p(np.exp(x))),
    bounds=(-0.30884341301725043, np.inf),
    limits=(-0.0, np.inf),
    slope_limits=(-0.0, 1.0),
    roots_of_slope=(-1.1924312145154952,),
    monotone=False,
    cancels="on the right the terms in exp(-x) cancel and x exp(-2x) is left",
    source="Misra 2019, arXiv 1908.08681",
    peers={"torch": "torch.nn.functional.mish", "jax": "jax.nn.mish", "keras": "keras.activations.mish"},
)
