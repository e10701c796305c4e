"""Sine, cosine and arc tangent. Their kernel meaning is the C library's function: right everywhere, one at a time."""

from __future__ import annotations

import numpy as np

from actbench.words import known

known(
    "sin",
    1,
    exact=lambda mp, x: mp.sin(x),
    partials=lambda y, x: (np.cos(x),),
    latex=(r"\sin({0})", 8),
    cost={"trigonometric": 1},
)
known(
    "cos",
    1,
    exact=lambda mp, x: mp.cos(x),
    partials=lambda y, x: (-np.sin(x),),
    latex=(r"\cos({0})", 8),
    cost={"trigonometric": 1},
)
known(
    "arctan",
    1,
    exact=lambda mp, x: mp.atan(x),
    partials=lambda y, x: (1.0 / (1.0 + x * x),),
    latex=(r"\arctan({0})", 8),
    cost={"trigonometric": 1},
)
