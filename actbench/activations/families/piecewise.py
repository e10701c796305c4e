"""Straight pieces and parabolas: clipped, thresholded and stepped lines.

At a corner torch takes the slope of the flat side; where jax differs, the row says so.
"""

from __future__ import annotations

import numpy as np

from actbench.activations.define import define
from actbench.activations.parameter import Fixed
from actbench.activations.record import Kink
from actbench.activations.shapes import ODD_SIGMOID, RECTIFIER, SIGMOID
from actbench.expression.primitives.pairs import two_product

INF = np.inf
SIXTH = 1.0 / 6.0  # a product, half a unit off at most, where a division takes as long as all the rest


def _between(dy, x, low, high):
    """dy inside the interval, 0 outside whatever dy is, NaN for NaN."""
    return np.where((x > low) & (x < high), dy, np.where(x == x, 0.0, x))


define(
    "relu6",
    forward=lambda x: np.where(x <= 0.0, 0.0, np.where(x >= 6.0, 6.0, x)),
    backward=lambda dy, x: _between(dy, x, 0.0, 6.0),
    definition=lambda x: np.minimum(np.maximum(x, 0.0), 6.0),
    kinks={0.0: Kink(slope=0.0), 6.0: Kink(slope=0.0)},
    flat=((-INF, 0.0), (6.0, INF)),
    bounds=(0.0, 6.0),
    limits=(0.0, 6.0),
    slope_limits=(0.0, 0.0),
    at_negative_zero=0.0,
    monotone=True,
    source="Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10",
    peers={"torch": "torch.nn.functional.relu6", "jax": "jax.nn.relu6", "keras": "keras.activations.relu6"},
)
define(
    "threshold",
    aliases=("thresholded_relu", "trelu", "fatrelu"),
    forward=lambda x, threshold, value: np.where(x <= threshold, value, x),
    backward=lambda dy, x, threshold: np.where(x > threshold, dy, np.where(x == x, 0.0, x)),
    definition=lambda x, threshold, value: np.where(x > threshold, x, value),
    parameters={
        "threshold": Fixed(default=1.0, doc="up to here the value is given instead of x"),
        "value": Fixed(default=0.0, doc="what is given there"),
    },
    kinks=lambda threshold: {threshold: Kink(slope=0.0)},
    flat=lambda threshold: ((-INF, threshold),),
    bounds=lambda threshold, value: (min(threshold, value), INF),
    limits=lambda value: (value, INF),
    slope_limits=(0.0, 1.0),
    at_negative_zero=lambda threshold, value: value if threshold >= 0 else -0.0,
    monotone=lambda threshold, value: value <= threshold,
    defaults={"onnx": {"threshold": 1.0, "value": 0.0}},
    source="Konda, Memisevic & Krueger 2014, arXiv 1402.3337 (theta = 1, value 0); torch asks for both",
    peers={"torch": "torch.nn.functional.threshold", "keras": "keras.activations.threshold"},
)
define(
    "hardtanh",
    forward=lambda x, min_val, max_val: np.where(x < min_val, min_val, np.where(x > max_val, max_val, x)),
    backward=lambda dy, x, min_val, max_val: _between(dy, x, min_val, max_val),
    definition=lambda x, min_val, max_val: np.minimum(np.maximum(x, min_val), max_val),
    parameters={"min_val": Fixed(default=-1.0, doc="lower end"), "max_val": Fixed(default=1.0, doc="upper end")},
    together=(lambda min_val, max_val: min_val <= max_val, "min_val must not be above max_val"),
    kinks=lambda min_val, max_val: {min_val: Kink(slope=0.0, jax=1.0), max_val: Kink(slope=0.0, jax=1.0)},
    flat=lambda min_val, max_val: ((-INF, min_val), (max_val, INF)),
    bounds=lambda min_val, max_val: (min_val, max_val),
    limits=lambda min_val, max_val: (min_val, max_val),
    slope_limits=(0.0, 0.0),
    at_negative_zero=lambda min_val, max_val: -0.0 if min_val <= 0 <= max_val else min_val if min_val > 0 else max_val,
    monotone=True,
    source="Collobert 2004; torch.nn.Hardtanh",
    peers={"torch": "torch.nn.functional.hardtanh", "jax": "jax.nn.hard_tanh", "keras": "keras.activations.hard_tanh"},
)
define(
    "hardsigmoid",
    forward=lambda x: np.clip(x + 3.0, 0.0, 6.0) * SIXTH,  # not x / 6 + 0.5, which loses the digits next to -3
    backward=lambda dy, x: _between(dy * SIXTH, x, -3.0, 3.0),
    definition=lambda x: np.clip(x + 3.0, 0.0, 6.0) / 6.0,
    kinks={-3.0: Kink(slope=0.0), 3.0: Kink(slope=0.0)},
    flat=((-INF, -3.0), (3.0, INF)),
    **SIGMOID,
    at_negative_zero=0.5,
    source="Courbariaux, Bengio & David 2015, arXiv 1511.00363; Howard et al. 2019, arXiv 1905.02244 (this form)",
    peers={
        "torch": "torch.nn.functional.hardsigmoid",
        "jax": "jax.nn.hard_sigmoid",
        "keras": "keras.activations.hard_sigmoid",
    },
)


def _line(x, alpha, beta):
    high, low = two_product(np.minimum(np.maximum(x, -1e6), 1e6), alpha)
    return (high + beta) + low  # next to its zero the rounding of alpha x would be all that is left


def _line_slope(dy, x, alpha, beta):
    inside = (_line(x, alpha, beta) > 0.0) & (_line(x, alpha, beta - 1.0) < 0.0)
    return np.where(inside, alpha * np.where(inside, dy, 0.0), np.where(x == x, 0.0, x))


define(
    "hardsigmoid_onnx",
    forward=lambda x, alpha, beta: np.clip(_line(x, alpha, beta), 0.0, 1.0),
    backward=_line_slope,
    definition=lambda x, alpha, beta: np.clip(alpha * x + beta, 0.0, 1.0),
    parameters={
        "alpha": Fixed(
            default=0.2,
            doc="slope of the middle piece",
            valid=lambda v: 1e-3 <= v < 1e3,
            law="must be in [0.001, 1000)",
        ),
        "beta": Fixed(default=0.5, doc="value at 0"),
    },
    kinks=lambda alpha, beta: {-beta / alpha: Kink(slope=0.0), (1 - beta) / alpha: Kink(slope=0.0)},
    flat=lambda alpha, beta: ((-INF, -beta / alpha), ((1 - beta) / alpha, INF)),
    **SIGMOID,
    at_negative_zero=lambda beta: min(max(beta, 0.0), 1.0),
    source="ONNX operator HardSigmoid, version 6 (alpha 0.2, beta 0.5)",
    peers={"onnxruntime": "HardSigmoid"},
)


def _hardswish_slope(dy, x):
    m = np.minimum(np.maximum(x, -3.0), 3.0)
    return np.where(x <= -3.0, 0.0, np.where(x >= 3.0, dy, dy * ((2.0 * m + 3.0) * SIXTH)))


def _hardswish(x):
    m = np.minimum(np.maximum(x, -3.0), 3.0)
    return np.where(x >= 3.0, x, m * (m + 3.0) * SIXTH)


define(
    "hardswish",
    aliases=("hard_silu",),
    forward=_hardswish,
    backward=_hardswish_slope,
    definition=lambda x: x * np.clip(x + 3.0, 0.0, 6.0) / 6.0,
    kinks={-3.0: Kink(slope=0.0), 3.0: Kink(slope=1.0)},
    flat=((-INF, -3.0),),
    bounds=(-0.375, INF),
    limits=(-0.0, INF),
    slope_limits=(0.0, 1.0),
    roots_of_slope=(-1.5,),
    source="Howard et al. 2019, arXiv 1905.02244",
    peers={"torch": "torch.nn.functional.hardswish", "jax": "jax.nn.hard_silu", "keras": "keras.activations.hard_silu"},
)


def _hard_mish_slope(dy, x):
    m = np.minimum(np.maximum(x, -2.0), 0.0)
    return np.where(x <= -2.0, 0.0, np.where(x > 0.0, dy, dy * (m + 1.0)))


define(
    "hard_mish",
    forward=lambda x: np.where(x > 0.0, x, 0.5 * (np.maximum(x, -2.0) * (np.maximum(x, -2.0) + 2.0))),
    backward=_hard_mish_slope,
    definition=lambda x: 0.5 * x * np.clip(x + 2.0, 0.0, 2.0),
    kinks={-2.0: Kink(slope=0.0)},
    flat=((-INF, -2.0),),
    bounds=(-0.5, INF),
    limits=(-0.0, INF),
    slope_limits=(0.0, 1.0),
    roots_of_slope=(-1.0,),
    source="H-Mish, github.com/digantamisra98/H-Mish; timm.layers.hard_mish",
    peers={"timm": "timm.layers.hard_mish"},
)


def _ramp(x, beta):
    return np.minimum(np.maximum(x, -beta), beta) + beta


define(
    "sparse_plus",
    forward=lambda x: np.where(x >= 1.0, x, 0.25 * ((np.clip(x, -1.0, 1.0) + 1.0) * (np.clip(x, -1.0, 1.0) + 1.0))),
    backward=lambda dy, x: np.where(x <= -1.0, 0.0, dy) * (0.5 * (np.clip(x, -1.0, 1.0) + 1.0)),
    definition=lambda x: np.where(x <= -1.0, 0.0, np.where(x >= 1.0, x, (x + 1.0) * (x + 1.0) / 4.0)),
    flat=((-INF, -1.0),),
    **RECTIFIER,
    at_negative_zero=0.25,
    identical_to=("smelu:beta=1",),
    source="Blondel, Martins & Niculae 2019, arXiv 1901.02324; jax.nn.sparse_plus",
    peers={"jax": "jax.nn.sparse_plus", "keras": "keras.activations.sparse_plus"},
)
define(
    "smelu",
    aliases=("smooth_relu",),
    forward=lambda x, beta: np.where(x >= beta, x, _ramp(x, beta) * (_ramp(x, beta) / (4.0 * beta))),
    backward=lambda dy, x, beta: np.where(x <= -beta, 0.0, dy) * (_ramp(x, beta) / (2.0 * beta)),
    definition=lambda x, beta: np.where(
        x <= -beta, 0.0, np.where(x >= beta, x, (x + beta) * (x + beta) / (4.0 * beta))
    ),
    parameters={
        "beta": Fixed(
            default=2.0,
            doc="half the width of the bend",
            valid=lambda v: 1e-6 <= v <= 1e6,
            law="must be in [1e-6, 1e6]",
        )
    },
    flat=lambda beta: ((-INF, -beta),),
    **RECTIFIER,
    at_negative_zero=lambda beta: 0.25 * beta,
    source="Shamir & Lin 2022, arXiv 2202.06499; beta 2 as in github.com/ChristophReich1996/SmeLU",
)
define(
    "sparse_sigmoid",
    forward=lambda x: 0.5 * (np.clip(x, -1.0, 1.0) + 1.0),
    backward=lambda dy, x: _between(0.5 * dy, x, -1.0, 1.0),
    kinks={-1.0: Kink(slope=0.0), 1.0: Kink(slope=0.0)},
    flat=((-INF, -1.0), (1.0, INF)),
    **SIGMOID,
    at_negative_zero=0.5,
    source="the derivative of sparse_plus; Martins & Astudillo 2016, arXiv 1602.02068, for two classes",
    peers={"jax": "jax.nn.sparse_sigmoid", "keras": "keras.activations.sparse_sigmoid"},
)
define(
    "heaviside",
    aliases=("binary_step", "step"),
    forward=lambda x: np.where(x < 0.0, 0.0, np.where(x >= 0.0, 1.0, x)),
    backward=lambda dy, x: np.where(x == x, 0.0, x),  # training needs a straight-through estimate in its place
    definition=lambda x: np.where(x >= 0.0, 1.0, 0.0),
    kinks={0.0: Kink(slope=0.0)},
    flat=((-INF, 0.0), (0.0, INF)),
    **SIGMOID,
    at_negative_zero=1.0,
    source="McCulloch & Pitts 1943; Rosenblatt 1958",
    peers={"torch": "torch.heaviside"},
)
define(
    "sign",
    aliases=("signum",),
    forward=lambda x: np.where(x > 0.0, 1.0, np.where(x < 0.0, -1.0, x)),
    backward=lambda dy, x: np.where(x == x, 0.0, x),
    kinks={0.0: Kink(slope=0.0)},
    flat=((-INF, 0.0), (0.0, INF)),
    **ODD_SIGMOID,
    source="Rosenblatt 1958, with outputs -1 and 1",
    peers={"torch": "torch.sign"},
)
