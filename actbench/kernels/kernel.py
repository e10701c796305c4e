"""`kernel`: one direction of one activation as a function on arrays, by the backend of your choice."""

from __future__ import annotations

from typing import Any

import numpy as np

from actbench.activations.record import Activation
from actbench.activations.registry import named
from actbench.activations.vector import VectorFunction
from actbench.core.dtypes import FLOATS, SMALL, info
from actbench.core.errors import ActbenchError, unknown
from actbench.kernels.backends import BACKENDS, FUSED, REFERENCE

# functions along an axis have the first two
DIRECTIONS = ("forward", "backward", "backward_from_output", "gradients", "second")


def _small(name: str) -> Any:
    info(name)  # which tells NumPy the name
    return np.dtype(name)


def kernel(
    name: str | Activation | VectorFunction,
    direction: str = "forward",
    *,
    dtype: Any = None,
    backend: str = FUSED,
    threads: int = 1,
    at_defaults: bool = False,
) -> Any:
    """A function that computes one direction of one activation on arrays.

    Parameters
    ----------
    name
        A name, a spec such as ``"leaky_relu:negative_slope=0.2"``, or an activation. Functions along an axis too:
        their kernels take ``axis=``, and parameters and layouts as they are bound. A gate of two arrays is
        ``"swiglu.a"``: ``k(a, b)``, backward ``k(dy, a, b)``; ``"swiglu.b"``: ``k(b, a)``, ``k(dy, b, a)``.
    direction
        ``"forward"``: call ``k(x, out=out)``. ``"backward"``: ``k(dy, x, out=out)``. ``"backward_from_output"``, for
        rows that keep their output: ``k(dy, y, out=out)``. ``"gradients"``: ``k(dy, x, out=out)``, which gives
        ``dx, {parameter: gradient}`` from one pass, for rows with learned parameters. ``"second"``: f''(x) almost
        everywhere, ``k(x, out=out)``, in float64 inside; not for surrogates of a slope.
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
    wanted = None if dtype is None else _small(str(dtype)) if str(dtype) in SMALL else np.dtype(dtype).newbyteorder("=")
    if threads != int(threads) or threads < 1:
        raise ActbenchError(f"threads={threads!r} cannot be used; give a whole number, 1 or more")
    chosen = BACKENDS[backend]
    function = named(name) if isinstance(name, str) else name
    if isinstance(function, VectorFunction):
        if direction not in DIRECTIONS[:2]:
            raise unknown("direction", direction, DIRECTIONS[:2])
        return chosen.make(function, direction, wanted, int(threads))
    if direction not in DIRECTIONS:
        raise unknown("direction", direction, DIRECTIONS)
    if wanted is not None and wanted not in FLOATS and not (backend == REFERENCE and wanted.name in SMALL):
        raise ActbenchError(f"kernels come in {', '.join(map(str, FLOATS))}, not {wanted}; convert the array first")
    if direction == "backward_from_output" and function.saves != ("y",):
        raise ActbenchError(f"{function.name} does not keep its output; use direction 'backward'")
    if direction == "gradients" and (backend == REFERENCE or function.opaque):
        raise ActbenchError(f"gradients come from backend={FUSED!r}; the reference path's are activation.gradients")
    return chosen.make(function.at_defaults() if at_defaults else function, direction, wanted, int(threads))
