"""What is computed on: arrays of five distributions in three layouts, aligned, touched before, shared by all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.core.errors import ActbenchError, unknown
from actbench.core.streams import stream
from actbench.implementations.implementation import Operands

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
LAYOUTS: Mapping[str, str] = MappingProxyType(
    {
        "contiguous": "one after the other",
        "strided": "what is read is every second element of an array; results are contiguous",
        "transposed": "x and y are the transposed of two-axis arrays; gradients and results lie row by row",
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


def laid_out(layout: str, dtype: str, size: int) -> tuple[Array, Array, Array, Array]:
    """x, dy, y and out, zero, in one of `LAYOUTS`."""
    if layout == "strided":
        x, dy, y = (aligned(2 * size, dtype, place)[::2] for place in range(3))
        return x, dy, y, aligned(size, dtype, 3)
    x, dy, y, out = (aligned(size, dtype, place) for place in range(4))
    if layout == "contiguous":
        return x, dy, y, out
    rows = sides(size)
    across, along = (size // rows, rows), (rows, size // rows)
    return x.reshape(across).T, dy.reshape(along), y.reshape(across).T, out.reshape(along)


def sides(size: int) -> int:
    """Rows of the most nearly square array of so many elements.

    Raises
    ------
    ActbenchError
        For a prime number, which has no transposed layout.
    """
    rows = next(n for n in range(math.isqrt(size), 0, -1) if size % n == 0)
    if rows == 1:
        raise ActbenchError(f"{size:,} elements have no transposed layout, being a prime number; take another size")
    return rows


def operands(
    kind: str, dtype: str, size: int, forward: Callable[[Array], Array], layout: str = "contiguous"
) -> Operands:
    """The arrays for one activation.

    Parameters
    ----------
    kind
        One of `INPUTS`.
    dtype, size
        ``"float32"`` or ``"float64"``; elements.
    forward
        The activation, for y.
    layout
        One of `LAYOUTS`; transposed arrays have two axes, all others one.

    Raises
    ------
    ActbenchError
        For a kind or layout that is not known.
    """
    if kind not in _KINDS:
        raise unknown("input distribution", kind, INPUTS)
    if layout not in LAYOUTS:
        raise unknown("layout", layout, LAYOUTS)
    x, dy, y, out = laid_out(layout, dtype, size)
    rng = stream("timing", kind, size)
    x[...] = _KINDS[kind](rng.standard_normal(size), dtype).reshape(x.shape)
    dy[...] = rng.standard_normal(size).reshape(dy.shape)
    with np.errstate(all="ignore"):
        y[...] = forward(x)
    return Operands(x=x, dy=dy, y=y, out=out)
