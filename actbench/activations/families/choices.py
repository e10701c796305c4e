"""What ReLU leaves to choice, as parameters: the way it points, its steepness, and its slope at 0."""

from __future__ import annotations

import numpy as np

from actbench.activations.define import define
from actbench.activations.parameter import Fixed
from actbench.activations.record import Kink
from actbench.activations.shapes import RECTIFIER

INF = np.inf
TINY = 5e-324  # the smallest float64


def _oriented_slope(dy, x, facing, height):
    z = facing * x
    return np.where(z <= 0.0, 0.0, np.where(z > 0.0, (facing * height) * dy, z))  # the last arm is NaN


define(
    "oriented_relu",
    forward=lambda x, facing, height: np.where(facing * x <= 0.0, 0.0, height * (facing * x)),
    backward=_oriented_slope,
    definition=lambda x, facing, height: height * np.maximum(facing * x, 0.0),
    parameters={
        "facing": Fixed(
            default=-1.0,
            doc="1: open to the right, -1: to the left",
            valid=lambda v: abs(v) == 1,
            law="must be 1 or -1",
        ),
        "height": Fixed(
            default=1.0,
            doc="factor of the output; below 0 it extends downwards",
            valid=lambda v: 1e-3 <= abs(v) <= 1e3,
            law="must be 0.001 to 1000 in size",
        ),
    },
    kinks={0.0: Kink(slope=0.0)},
    flat=lambda facing: ((-INF, 0.0),) if facing > 0 else ((0.0, INF),),
    bounds=lambda height: (0.0, INF) if height > 0 else (-INF, 0.0),
    limits=lambda facing, height: (0.0, height * INF) if facing > 0 else (height * INF, 0.0),
    slope_limits=lambda facing, height: (0.0, height) if facing > 0 else (-height, 0.0),
    at_negative_zero=0.0,
    monotone=lambda facing, height: facing * height > 0,
    source="ReLU mirrored (facing -1), turned by 180 degrees (both -1) or scaled; Shang et al. 2016 pair relu(-x) with it",
)


def _with_slope_at_zero(dy, x, at_zero):
    handed = np.where(at_zero == 0.0, 0.0, dy)  # a slope of exactly 0 passes no infinite dy on
    return np.where(x > 0.0, dy, np.where(x == 0.0, at_zero * handed, np.where(x < 0.0, 0.0, x)))


define(
    "relu_at_zero",
    forward=lambda x: np.where(x <= 0.0, 0.0, x),
    backward=_with_slope_at_zero,
    definition=lambda x: np.maximum(x, 0.0),
    parameters={
        "at_zero": Fixed(
            default=0.5, doc="slope that is used at 0", valid=lambda v: 0 <= v <= 1, law="must be in [0, 1]"
        )
    },
    kinks=lambda at_zero: {0.0: Kink(slope=at_zero)},
    flat=lambda at_zero: ((-INF, 0.0 if at_zero == 0 else -TINY),),  # closed: 0 belongs to it with slope 0 only
    **RECTIFIER,
    at_negative_zero=0.0,
    source="Bertoin, Bolte, Gerchinovitz & Pauwels 2021; jax.numpy.maximum(x, 0) has 1/2 there, torch.clamp(x, min=0) has 1",
)
