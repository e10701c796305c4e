"""Functions that gate their own input: x times a sigmoidal function of x."""

from __future__ import annotations

import numpy as np

from actbench.define import define
from actbench.words import exp_times

FAR = 1e4  # beyond it exp(-|x|) is 0 in every dtype; clipping there keeps inf * 0 out


def _silu(x):
    low = np.maximum(x, -FAR)
    a = np.absolute(low)
    t = low / (1.0 + np.exp(-a))
    return np.where(low >= 0.0, t, exp_times(t, -a))  # x e^x / (1 + e^x), whole down to the last subnormal


def _silu_slope(dy, x):
    near = np.minimum(np.maximum(x, -FAR), FAR)
    a = np.absolute(near)
    e = np.exp(-a)
    o = 1.0 + e
    d = 1.0 / (o * o)
    return dy * np.where(near >= 0.0, (o + near * e) * d, exp_times((o + near) * d, -a))


define(
    "silu",
    aliases=("swish", "swish1", "sil"),
    forward=_silu,
    backward=_silu_slope,
    definition=lambda x: x / (1.0 + np.exp(-x)),
    bounds=(-0.2784645427610738, np.inf),
    limits=(-0.0, np.inf),
    slope_limits=(-0.0, 1.0),
    roots_of_slope=(-1.2784645427610738,),
    at_negative_zero=-0.0,
    source="Hendrycks & Gimpel 2016, arXiv 1606.08415; Elfwing, Uchibe & Doya 2018; Ramachandran, Zoph & Le 2017",
    peers={"torch": "torch.nn.functional.silu", "jax": "jax.nn.silu", "keras": "keras.activations.silu"},
)
