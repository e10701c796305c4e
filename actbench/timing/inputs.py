"""What is computed on: arrays of five distributions, aligned, touched before, and shared by all competitors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.errors import unknown
from actbench.peers.ready import Operands
from actbench.streams import stream

Array = NDArray[Any]


def _subnormal(x: Array, dtype: str) -> Array:
    tiny = float(np.finfo(dtype).tiny)
    return np.clip(x, -4, 4) * (tiny / 5)  # all below the smallest normal number


# standard normal numbers -> numbers of the kind
_KINDS: Mapping[str, Callable[[Array, str], Array]] = MappingProxyType(
    {
        "normal": lambda x, dtype: x,
        "positive": lambda x, dtype: np.abs(x),
        "saturated": lambda x, dtype: np.copysign(20.0 + 5.0 * np.abs(x), x),
        "subnormal": _subnormal,
        "sorted": lambda x, dtype: np.sort(x),
    }
)
INPUTS: Mapping[str, str] = MappingProxyType(
    {
        "normal": "standard normal, shuffled",
        "positive": "their absolute values: the negative branch is never taken",
        "saturated": "of size 20 and more, both signs: slow paths and flat tails",
        "subnormal": "below the smallest normal number: some processors take 100 times longer",
        "sorted": "standard normal, sorted: branches are foreseen",
    }
)

LINE = 64  # bytes; jax and onnxruntime copy arrays that are not so aligned
STAGGER = 17 * LINE  # arrays at the same offset in their pages make loads wait for stores of another array


def aligned(size: int, dtype: str, place: int = 0) -> Array:
    """Zeros that begin at a cache line, touched, at an offset that differs by place."""
    nbytes = size * np.dtype(dtype).itemsize
    raw = np.zeros(nbytes + 4096 + 64 * LINE, np.uint8)
    raw[:] = 0  # np.zeros gives pages that do not exist yet
    start = -raw.ctypes.data % 4096 + place * STAGGER % 4096
    return raw[start : start + nbytes].view(dtype)


def operands(kind: str, dtype: str, size: int, forward: Callable[[Array], Array]) -> Operands:
    """The arrays for one activation.

    Parameters
    ----------
    kind
        One of `INPUTS`.
    dtype, size
        ``"float32"`` or ``"float64"``; elements.
    forward
        The activation, for y.

    Raises
    ------
    ActbenchError
        For a kind that is not known.
    """
    if kind not in _KINDS:
        raise unknown("input distribution", kind, INPUTS)
    x, dy, y, out = (aligned(size, dtype, place) for place in range(4))
    rng = stream("timing", kind, size)
    x[:] = _KINDS[kind](rng.standard_normal(size), dtype)
    dy[:] = rng.standard_normal(size)
    with np.errstate(all="ignore"):
        y[:] = forward(x)
    return Operands(x=x, dy=dy, y=y, out=out)
