"""The elementwise part of a layer for several networks at once, and what its gradient adds up to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.parameter import Learned
from actbench.activations.registry import resolve
from actbench.core.errors import ActbenchError
from actbench.expression.graph import argument_names
from actbench.kernels.backends import FUSED
from actbench.kernels.epoch import saved_by
from actbench.kernels.kernel import kernel

# A squared norm outside is brought back by a power of two; the compiled passes have the same bounds (a test compares).
SMALLEST, LARGEST = 2.0**-32, 2.0**32


@dataclass(frozen=True, kw_only=True)
class Reductions:
    """What one layer's gradient adds up to, filled in place.

    Parameters
    ----------
    bias
        ``(nets, units)``: the gradient summed over the batch.
    squares
        ``(nets,)``: its squared norm over batch and units.
    exponents
        ``(nets,)``: of the power of two that was taken out of it.
    """

    bias: NDArray[Any]
    squares: NDArray[np.float64]
    exponents: NDArray[np.int64]

    def fill(self, d: NDArray[Any], *, rescale: bool, others: Iterable[NDArray[Any]] = ()) -> None:
        """From a gradient ``(nets, batch, units)``; with ``rescale`` bring it and others into range."""
        d.sum(axis=1, out=self.bias)
        self.squares[:] = np.square(d, dtype=np.float64).sum(axis=(1, 2))
        self.exponents[:] = 0
        squares = self.squares
        far = ((squares < SMALLEST) | (squares > LARGEST)) & (squares > 0) & np.isfinite(squares)
        for i in np.flatnonzero(far & rescale):
            self.exponents[i] = round(math.log2(squares[i]) / 2)
            factor = 2.0 ** -float(self.exponents[i])
            for array in (d, self.bias, *others):
                array[i] *= array.dtype.type(factor)
            squares[i] *= factor * factor


class Elementwise:
    """One activation between matrix products, on arrays ``(nets, batch, units)``.

    Parameters
    ----------
    spec
        The activation.
    dtype
        Of every array.
    backend
        ``"numba"`` (float32 and float64) or ``"numpy"``.
    """

    def __init__(self, spec: str, dtype: Any, backend: str) -> None:
        self.row = resolve(spec)
        if self.row.kind != "elementwise":
            raise ActbenchError(f"{self.row.name} acts on an axis; layers take elementwise activations")
        self.keeps_y = self.row.saves == ("y",)
        way = "backward_from_output" if self.keeps_y and not self.row.opaque else "backward"
        self._forward, self._backward = (kernel(self.row, d, dtype=dtype, backend=backend) for d in ("forward", way))
        self.compiled = backend == FUSED and not self.row.opaque
        self.in_place = "x" not in saved_by(self.row)  # then the output may take the place of the input
        self.learned = tuple(name for name, p in self.row.parameters.items() if type(p) is Learned)

    def forward(self, z: NDArray[Any], y: NDArray[Any], given: Mapping[str, Any]) -> None:
        """y = f(z); y may be z itself. Parameters are given as ``(nets,)`` or ``(nets, batch, units)``."""
        self._forward(z, *self.row.operands(z.dtype, **_spread(given)), out=y)

    def backward(
        self, d: NDArray[Any], x: NDArray[Any] | None, y: NDArray[Any], given: Mapping[str, Any]
    ) -> tuple[NDArray[Any], dict[str, NDArray[np.float64]]]:
        """d * f', a new array, and the gradient ``(nets,)`` of every learned parameter."""
        spread = _spread(given)
        # a row that saves nothing has no x here, and does not read what stands there
        slope = self._backward(d, y if self.keeps_y or x is None else x, *self.row.operands(d.dtype, **spread))
        every = {"dy": d, "x": x, "y": y, **self.row.values(), **spread}
        learned = {}
        for name, function in self.row.parameter_gradients.items():
            each = np.asarray(function(**{key: every[key] for key in argument_names(function)}), d.dtype)
            learned[name] = each.sum(axis=(1, 2))
        return slope, learned


def _spread(given: Mapping[str, Any]) -> dict[str, Any]:
    """One number a network as an array that broadcasts."""
    return {name: value[:, None, None] if np.ndim(value) == 1 else value for name, value in given.items()}
