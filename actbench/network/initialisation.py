"""Random weights and biases: unit draws named by content, and the scales that initialisations put on them.

Weights are N(0, sigma_w2 / fan_in): he has sigma_w2 = 2, lecun 1, glorot 2 fan_in / (fan_in + fan_out), which is 1 at
equal widths.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.errors import ActbenchError, unknown
from actbench.streams import stream

# name -> (fan_in, fan_out) -> standard deviation of one weight
INITIALISATIONS: Mapping[str, Callable[[int, int], float]] = MappingProxyType(
    {
        "he": lambda fan_in, fan_out: math.sqrt(2 / fan_in),
        "lecun": lambda fan_in, fan_out: math.sqrt(1 / fan_in),
        "glorot": lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)),
    }
)


def weights(net: int, depth: int, width: int, layer: int, fan_in: int, init: str, dtype: Any) -> NDArray[Any]:
    """One layer's weights, shape ``(fan_in, width)``.

    The unit draws depend on the network's number and shape alone, so every activation and initialisation sees the
    same ones, scaled: comparisons between them are paired.
    """
    if init not in INITIALISATIONS:
        raise unknown("initialisation", init, INITIALISATIONS)
    unit = stream("weights", net, depth, width, layer).standard_normal((fan_in, width), dtype=np.float32)
    scale = np.dtype(dtype).type(INITIALISATIONS[init](fan_in, width))
    scaled: NDArray[Any] = unit.astype(dtype, copy=False) * scale
    return scaled


def bias_value(bias: str) -> float:
    """The number that a bias level names: ``"zero"`` or ``"constant:-0.1"``.

    Raises
    ------
    ActbenchError
        For anything else.
    """
    kind, _, number = bias.partition(":")
    if bias == "zero":
        return 0.0
    try:
        if kind == "constant":
            return float(number)
    except ValueError:
        pass
    raise ActbenchError(f"no bias named {bias!r}; known: zero, constant:NUMBER")
