"""Numbers of 16 bits in float32 arrays: rounded to nearest, ties to even, in place, as training in a precision does.

Products add up in float32, as on tensor cores; there is no float32 copy of the weights and no loss scaling.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.networks.network import Rounding


def _cut(a: NDArray[Any], bits: int) -> None:
    """Round in place to a significand that is ``bits`` shorter, ties to even."""
    u = a.view(np.uint32)
    u += np.uint32((1 << (bits - 1)) - 1) + ((u >> np.uint32(bits)) & np.uint32(1))
    u &= np.uint32(0xFFFFFFFF ^ ((1 << bits) - 1))


def to_bfloat16(a: NDArray[Any]) -> NDArray[Any]:
    """Round float32 numbers in place to bfloat16."""
    _cut(a, 16)
    return a


SMALLEST_NORMAL, OVERFLOW = np.float32(2.0**-14), np.float32(65536)
GRID = np.float32(0.75)  # its neighbours lie 2^-24 apart, as float16's subnormals do


def to_float16(a: NDArray[Any]) -> NDArray[Any]:
    """Round float32 numbers in place to float16, subnormals and infinities included."""
    small = np.abs(a) < SMALLEST_NORMAL
    if small.any():
        tiny = (a[small] + GRID) - GRID
        _cut(a, 13)
        a[small] = tiny
    else:
        _cut(a, 13)
    a[np.abs(a) >= OVERFLOW] *= np.float32(np.inf)
    return a


# precision to what arithmetic is done in, and how its results are rounded; products add up in float32
PRECISIONS: Mapping[str, tuple[str, Rounding | None]] = MappingProxyType(
    {
        "float64": ("float64", None),
        "float32": ("float32", None),
        "float16": ("float32", to_float16),
        "bfloat16": ("float32", to_bfloat16),
    }
)
