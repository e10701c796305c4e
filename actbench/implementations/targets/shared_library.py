"""A symbol of a shared library: ``void f(const float *x, float *y, size_t n)``, called through ctypes."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np

from actbench.core.errors import ActbenchError, unknown
from actbench.implementations.implementation import Array, Implementation

GUARD = 64  # elements on both sides of the output, which a call may not touch
DOUBLE = ("f64", "d", "double", "64")  # ends of names of functions of doubles: gelu_f64, gelu_d
DTYPES = ("float32", "float64")
ORDERS = ("xyn", "yxn", "nxy")


def load(file: Path, name: str, *, dtype: str = "", backward: str = "", order: str = "xyn") -> Implementation:
    """A function of pointers and a length.

    Parameters
    ----------
    file, name
        The library and the symbol.
    dtype
        ``"float32"`` or ``"float64"``; by default told by the end of the name (``_f64``, ``_d``, ``_double``).
    backward
        The symbol of its backward pass, ``(dy, x, dx, n)``.
    order
        Of input, output and length: ``"xyn"``, ``"yxn"`` or ``"nxy"``.

    Raises
    ------
    ActbenchError
        Where the library or a symbol cannot be had.
    """
    if order not in ORDERS:
        raise unknown("order of arguments", order, ORDERS)
    dtype = dtype or ("float64" if name.rpartition("_")[2] in DOUBLE else "float32")
    if dtype not in DTYPES:
        raise unknown("format", dtype, DTYPES)
    try:
        library = ctypes.CDLL(str(file))
    except OSError as error:
        raise ActbenchError(f"{file.name} is no library that can be loaded: {error}") from None
    run = _Symbol(library, name, dtype, order)
    pull = _Symbol(library, backward, dtype, order) if backward else None
    return Implementation(
        library="shared library", kind="symbol", dtypes=(dtype,), forward=run, raw=run, into=run.into,
        backward=(lambda dy, x: pull(x, dy)) if pull is not None else None,
        lacks={"backward": f'{file.name} was given without one; write {name}(backward="NAME")'},
    )  # fmt: skip


class _Symbol:
    """One function of a library on arrays."""

    def __init__(self, library: Any, name: str, dtype: str, order: str) -> None:
        try:
            self.call = getattr(library, name)
        except AttributeError:
            raise ActbenchError(f"the library has no symbol {name!r}; list them by 'nm -D'") from None
        self.call.restype, self.name, self.dtype, self.order = None, name, np.dtype(dtype), order

    def __call__(self, x: Array, dy: Array | None = None) -> Array:
        """A new array; memory beside it is watched."""
        given = [self._plain(array) for array in (dy, x) if array is not None]
        store = np.full(x.size + 2 * GUARD, np.nan, self.dtype)
        y = store[GUARD : GUARD + x.size]
        self._run(given, y)
        if not (np.isnan(store[:GUARD]).all() and np.isnan(store[GUARD + x.size :]).all()):
            raise ActbenchError(f"{self.name} writes beyond the {x.size} elements that it is given")
        return y.reshape(x.shape)

    def into(self, x: Array, out: Array) -> None:
        """Writes into an array, which may be x itself."""
        self._run([x], out)

    def _plain(self, array: Array) -> Array:
        """As C takes it: without gaps, at an address that fits its type."""
        if array.dtype != self.dtype:
            raise ActbenchError(f"{self.name} computes in {self.dtype} alone")
        return array if array.flags.c_contiguous and array.flags.aligned else np.array(array, order="C")

    def _run(self, given: list[Array], y: Array) -> None:
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in given]
        parts: dict[str, list[Any]] = {
            "x": pointers,
            "y": [ctypes.c_void_p(y.ctypes.data)],
            "n": [ctypes.c_size_t(y.size)],
        }
        self.call(*(argument for letter in self.order for argument in parts[letter]))
