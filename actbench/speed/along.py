"""What functions along an axis, gates among them, compute on in a race: one array, its last axis mixed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.vector import VectorFunction
from actbench.implementations.implementation import Operands
from actbench.speed import inputs

WIDTH = 4096  # of the last axis: a feed-forward of a model of some billion parameters
HEAD = 1 << 14  # elements whose values are looked at before a race


def shape(row: VectorFunction, size: int) -> tuple[int, int]:
    """Of x: rows of `WIDTH`, or one row where that does not divide the size.

    Raises
    ------
    ActbenchError
        Where the function cannot take a row of that length.
    """
    width = WIDTH if size % WIDTH == 0 else size
    row.checked(np.broadcast_to(0.0, (1, width)), -1)
    return size // width, width


def operands(
    row: VectorFunction, direction: str, kind: str, dtype: str, size: int, forward: Callable[..., Any]
) -> Operands:
    """The arrays of a race: ``size`` elements of x, as many of dy and y as the output has, and where results go."""
    wide = shape(row, size)
    across = row.output_shape(wide, -1)
    given = inputs.operands(kind, dtype, size, np.copy)
    results = inputs.operands("normal", dtype, across[0] * across[1], np.copy)
    x, y = given.x.reshape(wide), results.y.reshape(across)
    with np.errstate(all="ignore"):
        y[...] = forward(x)
    out = given.out.reshape(wide) if direction == "backward" else results.out.reshape(across)
    return Operands(x=x, dy=results.dy.reshape(across), y=y, out=out)


def head(arrays: Operands) -> Operands:
    """The first rows, some `HEAD` elements of x."""
    rows = slice(0, max(1, HEAD // arrays.x.shape[-1]))
    return Operands(x=arrays.x[rows], dy=arrays.dy[rows], y=arrays.y[rows], out=arrays.out[rows])


def first(arrays: Operands, got: NDArray[Any]) -> NDArray[Any]:
    """The results of `head` among all."""
    return got[: len(head(arrays).x)]
