"""`kernel`: one direction of one activation as a function on arrays, by the backend of your choice."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actbench.activations.record import Activation
from actbench.activations.registry import AXIS, resolve
from actbench.activations.vector import VectorFunction
from actbench.core.errors import ActbenchError, unknown
from actbench.kernels.backends import BACKENDS


class ReferenceKernel:
    """The reference path behind a kernel's signature."""

    def __init__(self, activation: Activation | VectorFunction, direction: str, dtype: Any) -> None:
        self.activation: Any = activation
        self.direction, self.dtype = direction, np.dtype(dtype)

    def __call__(
        self,
        first: ArrayLike,
        x: ArrayLike | None = None,
        *,
        y: ArrayLike | None = None,
        out: Any = None,
        **values: Any,
    ) -> NDArray[Any]:
        """As `actbench.kernels.numba_.Kernel`."""
        first = np.asarray(first)
        if first.dtype.newbyteorder("=") != self.dtype:
            raise ActbenchError(f"the array has dtype {first.dtype}; this kernel takes {self.dtype}")
        if self.direction == "forward":
            result = np.asarray(self.activation.forward(first, **values))
        else:
            kept = {} if y is None else {"y": y}
            result = np.asarray(self.activation.backward(first, x, **kept, **values))
        if out is None:
            return result
        out[...] = result
        return out  # type: ignore[no-any-return]


def kernel(
    name: str | Activation | VectorFunction,
    direction: str = "forward",
    *,
    dtype: Any = "float32",
    backend: str = "numba",
    threads: int = 1,
) -> Any:
    """A function that computes one direction of one activation on arrays of one dtype.

    Parameters
    ----------
    name
        A name, a spec such as ``"leaky_relu:negative_slope=0.2"``, or an activation. Functions along an axis too:
        their kernels take ``axis=``, one thread and no parameters.
    direction
        ``"forward"``: call ``k(x, out=out)``. ``"backward"``: call ``k(dy, x, out=out)``; rows that keep their
        output also take ``k(dy, y=y, out=out)``. ``"gradients"``: call ``k(dy, x, out=out)``, which gives
        ``dx, {parameter: gradient}`` from one pass, for rows with learned parameters.
    dtype
        ``"float32"`` or ``"float64"``; the numpy backend takes ``"float16"`` too.
    backend
        ``"numba"`` (one fused loop) or ``"numpy"`` (the reference path).
    threads
        How many threads share a large array, where numba has so many; the numbers are the same.

    Raises
    ------
    ActbenchError
        For a name, direction, dtype or backend that is not known, or where numba is switched off.
    """
    if isinstance(name, VectorFunction) or (isinstance(name, str) and name in AXIS):
        return _along(AXIS[name] if isinstance(name, str) else name, direction, dtype, backend)
    activation = resolve(name) if isinstance(name, str) else name
    if direction not in ("forward", "backward", "gradients"):
        raise unknown("direction", direction, ("forward", "backward", "gradients"))
    if direction == "gradients":
        if backend != "numba" or activation.opaque:
            raise ActbenchError("gradients come from backend='numba'; the reference path's are activation.gradients")
        from actbench.kernels.learned import GradientsKernel

        return GradientsKernel(activation, dtype)
    if backend == "numpy" or (backend == "numba" and activation.opaque):
        return ReferenceKernel(activation, direction, dtype)
    if backend != "numba":
        raise unknown("backend", backend, [name for name in BACKENDS if name != "exact"])
    from actbench.kernels.numba_ import Kernel

    return Kernel(activation, direction, dtype, threads).function()


def _along(function: VectorFunction, direction: str, dtype: Any, backend: str) -> Any:
    if direction not in ("forward", "backward"):
        raise unknown("direction", direction, ("forward", "backward"))
    if backend == "numpy":
        return ReferenceKernel(function, direction, dtype)
    if backend != "numba":
        raise unknown("backend", backend, [name for name in BACKENDS if name != "exact"])
    from actbench.kernels.axis import AlongKernel

    return AlongKernel(function, direction, dtype)
