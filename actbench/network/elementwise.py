"""The elementwise part of a layer for several networks at once: fused kernels, or the reference path in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.backends import BACKENDS
from actbench.backends.fused_text import parameters_of, saved_by
from actbench.errors import ActbenchError, unknown
from actbench.records.parameter import Learned
from actbench.registry import resolve

FUSED = (np.dtype(np.float32), np.dtype(np.float64))


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
        self.fused = backend == "numba"
        self.saves = saved_by(self.row)
        self.in_place = "x" not in self.saves  # then the output may take the place of the input
        self.learned = tuple(name for name, p in self.row.parameters.items() if type(p) is Learned)
        self._names = parameters_of(self.row)
        self._bits = 8 * self.dtype.itemsize

    def _values(self, given: Mapping[str, Any]) -> tuple[list[Any], tuple[str, ...]]:
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
        values, kinds = self._values(given)
        if self.fused:
            from actbench.backends.fused_layer import forward_kernel

            same = y is z
            run = forward_kernel(self.row.spec, self._bits, kinds, same, b is not None)
            shift = np.empty((len(z), 0), self.dtype) if b is None else b
            run(z, *([] if same else [y]), shift, *values)
            return
        if b is not None:
            z += b[:, np.newaxis, :]
        y[...] = self.row.forward(z, **self._spread(values))

    def backward(
        self, d: NDArray[Any], x: NDArray[Any] | None, y: NDArray[Any] | None, db: NDArray[Any],
        norms: NDArray[np.float64], given: Mapping[str, Any],
    ) -> dict[str, NDArray[np.float64]]:  # fmt: skip
        """d *= f', in place, with its sum over the batch in ``db`` and its squared norm of each network in ``norms``.

        Returns
        -------
        dict
            The gradient ``(nets,)`` of every learned parameter that was given as one number a network.
        """
        values, kinds = self._values(given)
        found = {
            name: np.empty(len(d))
            for name, kind in zip(self._names, kinds, strict=True)
            if kind == "net" and name in self.learned
        }
        if self.fused:
            from actbench.backends.fused_layer import backward_kernel

            saved = [{"x": x, "y": y}[name] for name in self.saves]
            run = backward_kernel(self.row.spec, self._bits, kinds)
            ordered = [found[name] for name in self.row.parameter_gradients if name in found]
            run(d, *saved, db, norms, *ordered, *values)
            return found
        spread = self._spread(values)
        for name in found:
            function = self.row.parameter_gradients[name]
            each = {"dy": d, "x": x, "y": y, **spread}
            asked = function.__code__.co_varnames[: function.__code__.co_argcount]
            found[name][:] = function(**{key: each[key] for key in asked}).sum(axis=(1, 2))
        kept = {"y": y} if self.row.saves == ("y",) else {"x": x}
        d[...] = self.row.backward(d, **kept, **spread)
        d.sum(axis=1, out=db)
        norms[:] = np.square(d, dtype=np.float64).sum(axis=(1, 2))
        return found

    def _spread(self, values: list[Any]) -> dict[str, Any]:
        """One number a network as an array that broadcasts."""
        asked = dict(zip(self._names, values, strict=True))
        return {name: v[:, None, None] if np.ndim(v) == 1 else v for name, v in asked.items()}
