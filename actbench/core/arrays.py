"""How the reference path treats arrays: float in, float64 inside, one rounding, same kind of array out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actbench.core.dtypes import is_float, narrowed
from actbench.core.errors import ActbenchError


def as_float(values: ArrayLike, what: str = "x") -> NDArray[Any]:
    """An array of a dtype that rows take: it stays as it is, integers, bools and lists become float64."""
    if getattr(values, "requires_grad", False) is True:
        raise ActbenchError(
            f"{what} is a tensor that wants a gradient; actbench.torch has every function as torch's own"
        )
    array = np.asarray(values)
    if is_float(array.dtype):
        return array
    if array.dtype.kind in "biu" or (array.dtype.kind == "O" and array.size == 0):
        return array.astype(np.float64)
    raise ActbenchError(
        f"{what} has dtype {array.dtype}; known: float16, bfloat16, float32, float64, integers, bools; convert it first"
    )


def evaluate(
    function: Callable[..., Any],
    inputs: Mapping[str, ArrayLike],
    parameters: Mapping[str, Any],
    *,
    given: Sequence[ArrayLike] = (),
) -> Any:
    """Call a row on arrays in float64 and hand back what the caller gave: dtype, byte order, shape, 0-d or scalar.

    Parameters
    ----------
    function
        A row's raw callable.
    inputs
        The arrays that the row asks for, by name; all of one shape.
    parameters
        Parameter values, scalars or arrays that broadcast against the inputs.
    given
        Further arrays of the caller that take part in shape and dtype although the row does not ask for them.

    Returns
    -------
    A new array (never a view of an input), or a NumPy scalar where no input was an array.

    Raises
    ------
    ActbenchError
        If a dtype is not understood or shapes differ.
    """
    arrays = {name: as_float(value, name) for name, value in inputs.items()}
    everything = [*arrays.values(), *(as_float(value) for value in given)]
    shapes = {array.shape for array in everything}
    if len(shapes) > 1:
        raise ActbenchError(f"shapes differ: {', '.join(map(str, sorted(shapes)))}; give arrays of one shape")
    dtypes = {array.dtype for array in everything}
    dtype = dtypes.pop() if len(dtypes) == 1 else np.result_type(*(array.dtype for array in everything))
    shape = everything[0].shape
    wide = {name: widened(array) for name, array in arrays.items()}
    values = {name: np.asarray(value, dtype=np.float64) for name, value in parameters.items()}
    # Overflow is a correct answer (silu'(dy=1e308)) and so is the narrowing cast that rounds to infinity.
    with np.errstate(over="ignore"):
        result = np.asarray(function(**wide, **values))
        if result.dtype != dtype or result.shape != shape or _shares(result, wide.values()):
            result = narrowed(np.broadcast_to(result, shape), dtype)
    scalars = not any(isinstance(value, np.ndarray) for value in (*inputs.values(), *given))
    return result[()] if scalars and shape == () else result


def widened(array: NDArray[Any]) -> NDArray[Any]:
    """In float64 without gaps, signalling NaN made quiet: a NaN that came in is no reason for a warning.

    With AVX-512 NumPy's own exp gives other last bits for numbers that do not lie one behind the other.
    """
    with np.errstate(invalid="ignore"):
        wide: NDArray[Any] = array.astype(np.float64, copy=False)
        if not (wide.flags.c_contiguous or wide.flags.f_contiguous):
            wide = wide.copy(order="K")
        return wide * 1.0 if np.isnan(wide).any() else wide  # times 1 and not plus 0, which makes -0.0 into 0.0


def _shares(result: NDArray[Any], inputs: Any) -> bool:
    return any(np.may_share_memory(result, array) for array in inputs)
