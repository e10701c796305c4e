"""Functions that take away from x: everything below a threshold, the threshold itself, or tanh x."""

from __future__ import annotations

import numpy as np

from actbench.activations.define import define
from actbench.activations.parameter import Fixed
from actbench.activations.record import Kink
from actbench.expression.primitives import x_minus_tanh

INF = np.inf
LAMBD = Fixed(default=0.5, doc="half the width of the flat region", valid=lambda v: 0 <= v < INF, law="must be >= 0")


def _outside(dy, x, lambd):
    return np.where(np.absolute(x) > lambd, dy, np.where(x == x, 0.0, x))


define(
    "hardshrink",
    forward=lambda x, lambd: np.where(np.absolute(x) <= lambd, 0.0, x),
    backward=lambda dy, x, lambd: _outside(dy, x, lambd),
    definition=lambda x, lambd: np.where(np.absolute(x) > lambd, x, 0.0),
    parameters={"lambd": LAMBD},
    kinks=lambda lambd: {-lambd: Kink(slope=0.0), lambd: Kink(slope=0.0)},
    flat=lambda lambd: ((-lambd, lambd),),
    at_negative_zero=0.0,
    symmetry="odd",
    monotone=True,
    source="Donoho & Johnstone 1994",
    peers={"torch": "torch.nn.functional.hardshrink", "keras": "keras.activations.hard_shrink"},
)
define(
    "softshrink",
    aliases=("soft_threshold",),
    forward=lambda x, lambd: np.where(np.absolute(x) <= lambd, 0.0, np.where(x > 0.0, x - lambd, x + lambd)),
    backward=lambda dy, x, lambd: _outside(dy, x, lambd),
    definition=lambda x, lambd: np.where(x > lambd, x - lambd, np.where(x < -lambd, x + lambd, 0.0)),
    parameters={"lambd": LAMBD},
    kinks=lambda lambd: {-lambd: Kink(slope=0.0), lambd: Kink(slope=0.0)},
    flat=lambda lambd: ((-lambd, lambd),),
    at_negative_zero=0.0,
    symmetry="odd",
    monotone=True,
    source="Donoho 1995",
    peers={"torch": "torch.nn.functional.softshrink", "keras": "keras.activations.soft_shrink"},
)
define(
    "tanhshrink",
    forward=lambda x: x_minus_tanh(x),
    backward=lambda dy, x: dy * (np.tanh(x) * np.tanh(x)),
    definition=lambda x: x - np.tanh(x),
    roots_of_slope=(0.0,),
    symmetry="odd",
    monotone=True,
    source="torch.nn.Tanhshrink",
    peers={"torch": "torch.nn.functional.tanhshrink", "keras": "keras.activations.tanh_shrink"},
)
