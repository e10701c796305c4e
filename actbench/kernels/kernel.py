"""`kernel`: one direction of one activation as a function on arrays, by the backend of your choice."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actbench.activations.record import Activation
from actbench.activations.registry import AXIS, resolve
from actbench.activations.vector import VectorFunction
from actbench.core.dtypes import FLOATS
from actbench.core.errors import ActbenchError, unknown
from actbench.kernels.backends import BACKENDS

DIRECTIONS = ("forward", "backward", "backward_from_output", "gradients")


class ReferenceKernel:
    """The reference path behind a kernel's signature: ``k(x, *parameters, out=)``, ``k(dy, x, *parameters, out=)``."""

    def __init__(self, activation: Activation | VectorFunction, direction: str) -> None:
        self.activation: Any = activation
        self.direction = direction
        self.trailing: tuple[str, ...] = getattr(activation, "trailing", ())

    def __call__(self, *operands: ArrayLike, out: Any = None, **values: Any) -> NDArray[Any]:
        """Fill and return ``out``, or a new array; ``values`` are those of an axis function: ``axis=``."""
        read = 1 if self.direction == "forward" else 2
        if len(operands) not in (read, read + len(self.trailing)):
            named = ["x"] if read == 1 else ["dy", "y" if self.direction == "backward_from_output" else "x"]
            raise ActbenchError(
                f"{len(operands)} operands were given; this kernel takes {', '.join([*named, *self.trailing])}"
            )
        values |= dict(zip(self.trailing, operands[read:], strict=False))
        if self.direction == "backward_from_output":
            result = np.asarray(self.activation.backward(operands[0], y=operands[1], **values))
        else:
            result = np.asarray(getattr(self.activation, self.direction)(*operands[:read], **values))
        if out is None:
            return result
        out[...] = result
        return out  # type: ignore[no-any-return]


def kernel(
    name: str | Activation | VectorFunction,
    direction: str = "forward",
    *,
    dtype: Any = None,
    backend: str = "numba",
    threads: int = 1,
    at_defaults: bool = False,
) -> Any:
    """A function that computes one direction of one activation on arrays.

    Parameters
    ----------
    name
        A name, a spec such as ``"leaky_relu:negative_slope=0.2"``, or an activation. Functions along an axis too:
        their kernels take ``axis=``, one thread and no parameters.
    direction
        ``"forward"``: call ``k(x, out=out)``. ``"backward"``: ``k(dy, x, out=out)``. ``"backward_from_output"``, for
        rows that keep their output: ``k(dy, y, out=out)``. ``"gradients"``: ``k(dy, x, out=out)``, which gives
        ``dx, {parameter: gradient}`` from one pass, for rows with learned parameters.
    dtype
        ``"float16"``, ``"float32"`` or ``"float64"``: whose machine code is made at once. The others' is made when it
        is first wanted; for functions along an axis and ``"gradients"`` the one dtype of their arrays (float32).
    backend
        ``"numba"`` (one fused loop) or ``"numpy"`` (the reference path).
    threads
        How many threads share a large array; the numbers are the same.
    at_defaults
        Whether learned and sampled parameters stand at their defaults, so that there are no operands for them.

    Returns
    -------
    For elementwise rows a `numpy.ufunc`. Fixed parameters are bound; learned and sampled ones that nobody bound are
    its last operands, numbers or arrays that broadcast: ``k(x, weight, out=out)``.

    Raises
    ------
    ActbenchError
        For a name, direction, dtype or backend that is not known, or where numba is switched off.
    """
    wanted = None if dtype is None else np.dtype(dtype).newbyteorder("=")
    if isinstance(name, VectorFunction) or (isinstance(name, str) and name in AXIS):
        return _along(AXIS[name] if isinstance(name, str) else name, direction, wanted or np.dtype("float32"), backend)
    activation = resolve(name) if isinstance(name, str) else name
    if at_defaults:
        activation = activation.at_defaults()
    if direction not in DIRECTIONS:
        raise unknown("direction", direction, DIRECTIONS)
    if backend not in ("numba", "numpy"):
        raise unknown("backend", backend, [name for name in BACKENDS if name != "exact"])
    if wanted is not None and wanted not in FLOATS:
        raise ActbenchError(f"kernels come in {', '.join(map(str, FLOATS))}, not {wanted}; convert the array first")
    if threads != int(threads) or threads < 1:
        raise ActbenchError(f"threads={threads!r} cannot be used; give a whole number, 1 or more")
    if direction == "backward_from_output" and activation.saves != ("y",):
        raise ActbenchError(f"{activation.name} does not keep its output; use direction 'backward'")
    if direction == "gradients":
        if backend != "numba" or activation.opaque:
            raise ActbenchError("gradients come from backend='numba'; the reference path's are activation.gradients")
        from actbench.kernels.learned import GradientsKernel

        return GradientsKernel(activation, wanted or "float32")
    if backend == "numpy" or activation.opaque:
        return ReferenceKernel(activation, direction)
    return _ufunc(activation, direction, () if wanted is None else (wanted.name,), int(threads))


_MADE: dict[tuple[Any, ...], tuple[Any, np.ufunc]] = {}


def _ufunc(activation: Activation, direction: str, dtypes: tuple[str, ...], threads: int) -> np.ufunc:
    """A ufunc, made once for each row, its bound values, direction and threads."""
    from actbench.kernels.ufuncs import make

    # by identity: a name may come to mean another row, as in tests; who is kept here keeps its identity
    key = (id(activation.callables), *sorted(activation.bound.items()), direction, threads)
    if key not in _MADE:
        _MADE[key] = (activation.callables, make(activation, direction, dtypes, threads))
    return _MADE[key][1]


def _along(function: VectorFunction, direction: str, dtype: Any, backend: str) -> Any:
    if direction not in ("forward", "backward"):
        raise unknown("direction", direction, ("forward", "backward"))
    if backend == "numpy":
        return ReferenceKernel(function, direction)
    if backend != "numba":
        raise unknown("backend", backend, [name for name in BACKENDS if name != "exact"])
    from actbench.kernels.axis import AlongKernel

    return AlongKernel(function, direction, dtype)
