"""Forward passes with another function's slope: what trains a step, a rectifier or a threshold.

Such a row declares its `surrogates`: the slope in use is a fact that is stated and held to, not the derivative.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from actbench.activations.define import define
from actbench.activations.families.learned_gates import _crossing
from actbench.activations.parameter import Fixed, Learned
from actbench.activations.record import Kink
from actbench.activations.shapes import RECTIFIER
from actbench.expression.primitives import exp_times
from actbench.expression.primitives.gates import near

INF = np.inf


def _wide(default, doc):
    return Fixed(default=default, doc=doc, valid=lambda v: 1e-3 <= v <= 1e3, law="must be in [0.001, 1000]")


def _bounded_silu_slope(x, alpha):
    """s + (x + alpha) s (1 - s)."""
    c = near(x)
    a = np.absolute(c)
    e = np.exp(-a)
    o = 1.0 + e
    left = exp_times((o + (c + alpha)) / (o * o), -a)
    return np.where(c >= 0.0, (o + (c + alpha) * e) / (o * o), left)


def _root(alpha):
    return (_crossing(lambda x: 1.0 + (x + alpha) / (1.0 + math.exp(x)), -60.0, 0.0),)


define(
    "sugar_bsilu",
    forward=lambda x: np.where(x <= 0.0, 0.0, x),
    backward=lambda dy, x, alpha: dy * _bounded_silu_slope(x, alpha),
    definition=lambda x: np.maximum(x, 0.0),
    surrogates={
        "x": lambda x, alpha: (1.0 + np.exp(-x) * (1.0 + x + alpha)) / ((1.0 + np.exp(-x)) * (1.0 + np.exp(-x)))
    },
    parameters={"alpha": _wide(1.67, "what makes SiLU (x + alpha) sigmoid(x) - alpha / 2 of the backward pass")},
    bounds=(0.0, INF),
    limits=(0.0, INF),
    slope_limits=(-0.0, 1.0),
    roots_of_slope=_root,
    at_negative_zero=0.0,
    source="SUGAR: Horuz et al. 2025, The resurrection of the ReLU, arXiv 2505.22074, with its bounded SiLU",
)


def _arctan_bump(x, alpha):
    # everything times 2^-80: the square overflows nowhere where the slope is still a number
    t = np.minimum(np.absolute(0.5 * math.pi * alpha * x), 2.0**540) * 2.0**-40
    return 0.5 * alpha * (2.0**-80 / (2.0**-80 + t * t))


def _step(x):
    return np.where(x < 0.0, 0.0, np.where(x >= 0.0, 1.0, x))


STEP: dict[str, Any] = {
    "forward": _step, "definition": lambda x: np.where(x >= 0.0, 1.0, 0.0), "bounds": (0.0, 1.0), "limits": (0.0, 1.0),
    "at_negative_zero": 1.0, "slope_limits": (0.0, 0.0),
}  # fmt: skip
define(
    "heaviside_arctan",
    aliases=("spike_arctan", "atan_surrogate"),
    backward=lambda dy, x, alpha: dy * _arctan_bump(x, alpha),
    surrogates={
        "x": lambda x, alpha: (
            0.5 * alpha
            / (1.0 + (2.0 * alpha * x * np.arctan(1.0 + 0.0 * x)) * (2.0 * alpha * x * np.arctan(1.0 + 0.0 * x)))
        )
    },
    parameters={"alpha": _wide(2.0, "steepness; 2 gives 1 / (1 + (pi x)^2); libraries differ")},
    source="spiking networks: Fang et al. 2021, arXiv 2007.05785; the slope of arctan(pi alpha x / 2) / pi",
    **STEP,
)  # fmt: skip
define(
    "heaviside_fast_sigmoid",
    aliases=("spike_fast_sigmoid",),
    backward=lambda dy, x, slope: dy * (1.0 / (1.0 + slope * np.absolute(x)) * (1.0 / (1.0 + slope * np.absolute(x)))),
    surrogates={"x": lambda x, slope: 1.0 / ((1.0 + slope * np.absolute(x)) * (1.0 + slope * np.absolute(x)))},
    parameters={"slope": _wide(25.0, "steepness; libraries differ")},
    kinks={0.0: Kink(slope=1.0)},
    source="spiking networks: Zenke & Ganguli 2018, SuperSpike, arXiv 1705.11146",
    **STEP,
)
define(
    "sign_straight_through",
    aliases=("sign_ste", "binarize"),
    forward=lambda x: np.where(x > 0.0, 1.0, np.where(x < 0.0, -1.0, x)),
    backward=lambda dy, x: np.where(np.absolute(x) <= 1.0, dy, np.where(x == x, 0.0, x)),
    definition=lambda x: np.sign(x),
    surrogates={"x": lambda x: np.where(np.absolute(x) <= 1.0, 1.0, 0.0)},
    kinks={-1.0: Kink(slope=1.0), 1.0: Kink(slope=1.0)},
    flat=((-INF, math.nextafter(-1.0, -2.0)), (math.nextafter(1.0, 2.0), INF)),
    bounds=(-1.0, 1.0),
    limits=(-1.0, 1.0),
    slope_limits=(0.0, 0.0),
    symmetry="odd",
    source="Hubara, Courbariaux, Soudry, El-Yaniv & Bengio 2016, arXiv 1602.02830: straight through where |x| <= 1",
)
THETA = Learned(default=1e-3, doc="threshold", valid=lambda v: 0 <= v <= 1e3, law="must be in [0, 1000]")
define(
    "jumprelu",
    forward=lambda x, theta: np.where(x <= theta, 0.0, x),
    backward=lambda dy, x, theta: np.where(x > theta, dy, np.where(x == x, 0.0, x)),
    definition=lambda x, theta: np.where(x > theta, x, 0.0),
    parameters={"theta": THETA, "bandwidth": _wide(1e-3, "width of the rectangle that stands for a step in theta")},
    parameter_gradients={
        "theta": lambda dy, x, theta, bandwidth: np.where(
            np.absolute(x - theta) <= 0.5 * bandwidth, dy * (-theta / bandwidth), 0.0
        )
    },
    surrogates={
        "theta": lambda x, theta, bandwidth: np.where(
            np.absolute(x - theta) <= 0.5 * bandwidth, -theta / bandwidth, 0.0
        )
    },
    kinks=lambda theta: {theta: Kink(slope=0.0)},
    flat=lambda theta: ((-INF, theta),),
    **RECTIFIER,
    at_negative_zero=0.0,
    identical_to=("threshold:threshold=0.001",),
    source="Rajamanoharan et al. 2024, Jumping ahead, arXiv 2407.14435 (Gemma Scope): theta learns through a rectangle",
)
