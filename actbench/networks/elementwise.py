"""The elementwise part of a layer for several networks at once: fused kernels, or the reference path in NumPy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.parameter import Learned
from actbench.activations.registry import resolve
from actbench.core.errors import ActbenchError, unknown
from actbench.expression.graph import argument_names
from actbench.kernels.backends import BACKENDS
from actbench.kernels.fused_layer import LARGEST, SMALLEST, backward_kernel, forward_kernel
from actbench.kernels.fused_text import parameters_of, saved_by

FUSED = (np.dtype(np.float32), np.dtype(np.float64))


@dataclass(frozen=True, kw_only=True)
class Sums:
    """What one layer's backward pass adds up, filled in place.

    Parameters
    ----------
    bias
        ``(nets, units)``: the gradient summed over the batch.
    squares
        ``(nets,)``: its squared norm over batch and units.
    taken
        ``(nets,)``: the exponent of the power of two that was taken out of it.
    """

    bias: NDArray[Any]
    squares: NDArray[np.float64]
    taken: NDArray[np.int64]


def summed(d: NDArray[Any], sums: Sums, *, carry: bool, others: Iterable[NDArray[Any]] = ()) -> None:
    """Fill ``sums`` from a gradient ``(nets, batch, units)``; with ``carry`` bring it and others into range."""
    d.sum(axis=1, out=sums.bias)
    np.square(d, dtype=np.float64).sum(axis=(1, 2), out=sums.squares)
    sums.taken[:] = 0
    squares = sums.squares
    far = ((squares < SMALLEST) | (squares > LARGEST)) & (squares > 0) & np.isfinite(squares)
    for i in np.flatnonzero(far & carry):
        sums.taken[i] = round(math.log2(squares[i]) / 2)
        factor = 2.0 ** -float(sums.taken[i])
        for array in (d, sums.bias, *others):
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
        self.dtype = np.dtype(dtype)
        if backend not in ("numba", "numpy"):
            raise unknown("backend", backend, [name for name in BACKENDS if name != "exact"])
        if backend == "numba" and self.dtype not in FUSED:
            raise ActbenchError(f"fused layers come in float32 and float64, not {self.dtype}; use backend='numpy'")
        if self.row.kind != "elementwise":
            raise ActbenchError(f"{self.row.name} acts on an axis; layers take elementwise activations")
        self.fused = backend == "numba" and not self.row.opaque
        self.saves = saved_by(self.row)
        self.in_place = "x" not in self.saves  # then the output may take the place of the input
        self.learned = tuple(name for name, p in self.row.parameters.items() if type(p) is Learned)
        self._names = parameters_of(self.row)
        self._bits = 8 * self.dtype.itemsize

    def values(self, given: Mapping[str, Any]) -> tuple[list[Any], tuple[str, ...]]:
        """Parameters in order, and the kind of each."""
        if not self._names:
            return [], ()
        values = [np.asarray(given.get(name, value), self.dtype) for name, value in self._defaults().items()]
        kinds = tuple({0: "number", 1: "net", 3: "element"}[value.ndim] for value in values)
        return [np.ascontiguousarray(v) if v.ndim else self.dtype.type(v) for v in values], kinds

    def _defaults(self) -> dict[str, Any]:
        values = self.row.values()
        return {name: values[name] for name in self._names}

    def forward(self, z: NDArray[Any], b: NDArray[Any] | None, y: NDArray[Any], given: Mapping[str, Any]) -> None:
        """z += b, then y = f(z); y may be z itself.

        Parameters
        ----------
        b
            ``(nets, units)``, or None.
        given
            Parameters: numbers, ``(nets,)``, or ``(nets, batch, units)``.
        """
        values, kinds = self.values(given)
        if self.fused:
            same = y is z
            run = forward_kernel(self.row.spec, self._bits, kinds, same, b is not None)
            shift = np.empty((len(z), 0), self.dtype) if b is None else b
            run(z, *([] if same else [y]), shift, *values)
            return
        if b is not None:
            z += b[:, np.newaxis, :]
        y[...] = self.row.forward(z, **self._spread(values))

    def backward(
        self, d: NDArray[Any], x: NDArray[Any] | None, y: NDArray[Any] | None, out: NDArray[Any], sums: Sums,
        given: Mapping[str, Any], *, carry: bool = False,
    ) -> dict[str, NDArray[np.float64]]:  # fmt: skip
        """out = d * f'; its sum over the batch, its squared norm and what was taken out of it go to ``sums``.

        Parameters
        ----------
        out
            Other memory than ``d``.
        carry
            Whether a norm that is about to under- or overflow is brought back by a power of two.

        Returns
        -------
        dict
            The gradient ``(nets,)`` of every learned parameter that was given as one number a network.
        """
        values, kinds = self.values(given)
        found = {
            name: np.empty(len(d))
            for name, kind in zip(self._names, kinds, strict=True)
            if kind == "net" and name in self.learned
        }
        if self.fused:
            flat = (len(d), -1)
            saved = [{"x": x, "y": y}[name].reshape(flat) for name in self.saves]  # type: ignore[union-attr]
            run = backward_kernel(self.row.spec, self._bits, kinds)
            ordered = [found[name] for name in self.row.parameter_gradients if name in found]
            flattened = [v.reshape(flat) if np.ndim(v) == 3 else v for v in values]
            filled = (out.reshape(flat), sums.bias, sums.squares, sums.taken)
            run(d.reshape(flat), *saved, *filled, carry, *ordered, *flattened)
            return found
        spread = self._spread(values)
        for name in found:
            function = self.row.parameter_gradients[name]
            each = {"dy": d, "x": x, "y": y, **spread}
            found[name][:] = function(**{key: each[key] for key in argument_names(function)}).sum(axis=(1, 2))
        kept = {"y": y} if self.row.saves == ("y",) else {"x": x}
        out[...] = self.row.backward(d, **kept, **spread)
        summed(out, sums, carry=carry, others=found.values())
        return found

    def _spread(self, values: list[Any]) -> dict[str, Any]:
        """One number a network as an array that broadcasts."""
        pairs = zip(self._names, values, strict=True)
        return {name: v[:, None, None] if np.ndim(v) == 1 else v for name, v in pairs}
