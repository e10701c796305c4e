"""What computes a row on arrays: one record each. Whoever takes a backend's name asks here what it can do.

The definition in mpmath with as many digits as it takes is no backend: it is the oracle that judges them
(`actbench.accuracy.oracle`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from actbench.activations.record import Activation
from actbench.activations.vector import VectorFunction
from actbench.core.dtypes import SMALL
from actbench.core.registry import Registry
from actbench.kernels.reference import ReferenceKernel

REFERENCE, FUSED = "numpy", "numba"
Function = Activation | VectorFunction


class Tolerance(NamedTuple):
    """The largest error that is promised: in ulp forward and backward, in eps next to a root of the slope."""

    forward: float
    backward: float
    at_root: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Backend:
    """A way to compute rows.

    Parameters
    ----------
    name, summary
        For ``backend=`` and for ``actbench list backends``.
    tolerances
        By format: what is promised for the elementwise rows, or nothing where it does not compute in that format.
    make
        ``make(function, direction, dtype, threads)``: a kernel, see `actbench.kernels.kernel.kernel`.
    """

    name: str
    summary: str
    tolerances: Mapping[str, Tolerance]
    make: Callable[[Function, str, np.dtype[Any] | None, int], Any]


def _reference(function: Function, direction: str, dtype: np.dtype[Any] | None, threads: int) -> Any:
    return ReferenceKernel(function, direction)


def _fused(function: Function, direction: str, dtype: np.dtype[Any] | None, threads: int) -> Any:
    if isinstance(function, VectorFunction):
        from actbench.kernels.axis import AlongKernel

        return AlongKernel(function, direction, dtype or np.dtype(np.float32), threads)
    if direction == "gradients" and not function.opaque:
        from actbench.kernels.learned import GradientsKernel

        return GradientsKernel(function, dtype or np.dtype(np.float32))
    if function.opaque:
        return ReferenceKernel(function, direction)
    from actbench.kernels.ufuncs import kept

    return kept(function, direction, () if dtype is None else (dtype.name,), threads)


_ROUNDED_ONCE = Tolerance(1.0, 1.0, 2.0)  # computed in float64

BACKENDS: Registry[Backend] = Registry("backend")
BACKENDS.add(Backend(
    name=REFERENCE, summary="the row as written, in float64, rounded once: the reference path", make=_reference,
    tolerances=MappingProxyType(
        {"float16": _ROUNDED_ONCE, "float32": _ROUNDED_ONCE, "float64": Tolerance(8.0, 16.0, 2.0)}
    ),
))  # fmt: skip
BACKENDS.add(Backend(
    name=FUSED, summary="the row as one fused, vectorised loop: a NumPy ufunc", make=_fused,
    tolerances=MappingProxyType(
        {"float16": _ROUNDED_ONCE, "float32": Tolerance(8.0, 16.0, 1.0), "float64": Tolerance(8.0, 16.0, 1.0)}
    ),
))  # fmt: skip


# of second derivatives, which are derived: in ulp in float64 (one rounding elsewhere), in eps next to where they turn
SECOND, SECOND_AT_ROOT = {"float64": 256.0}, 4.0


def allowed(backend: str, dtype: str, direction: str) -> tuple[float, float]:
    """The largest error of a direction in ulp, and next to roots in eps."""
    promised = tolerance(backend, dtype)
    if direction == "second":
        return SECOND.get(dtype, 1.0), SECOND_AT_ROOT
    return (promised.forward if direction == "forward" else promised.backward), promised.at_root


def tolerance(backend: str, dtype: str) -> Tolerance:
    """What a backend promises in a format; in what ml_dtypes brings (bfloat16, 8 bits), what it does in float16."""
    return TOLERANCES[backend, "float16" if dtype in SMALL else dtype]


TOLERANCES: Mapping[tuple[str, str], Tolerance] = MappingProxyType(
    {(backend.name, dtype): promised for backend in BACKENDS for dtype, promised in backend.tolerances.items()}
)
