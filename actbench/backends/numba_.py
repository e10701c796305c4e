"""The row as one fused loop: any array in, the same kind of array out, machine code kept between processes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actbench.backends import cache
from actbench.backends.source import operands_of, source
from actbench.errors import ActbenchError
from actbench.records.activation import Activation
from actbench.registry import resolve
from actbench.words.bits import Format


@lru_cache(maxsize=512)
def compiled(spec: str, direction: str, bits: int, saved: bool, arrays: tuple[str, ...]) -> Callable[..., None]:
    """The machine code of one variant: ``function(*operands, out)`` on flat, contiguous, native arrays."""
    import numba

    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined, unused-ignore]
        raise ActbenchError("numba is switched off (NUMBA_DISABLE_JIT=1); unset it or ask for backend='numpy'")
    activation = resolve(spec.partition(":")[0])  # parameters are run-time arguments: one kernel for every value
    form = Format(bits)
    return cache.load(lambda keep: source(activation, direction, form, saved=saved, arrays=arrays, cache=keep))


class Kernel:
    """One direction of one activation in one dtype.

    Parameters
    ----------
    activation
        A row, bound or not.
    direction
        ``"forward"``: ``k(x, out=out, **parameters)``. ``"backward"``: ``k(dy, x, out=out, **parameters)``, or the
        saved form ``k(dy, y=y, out=out)`` for rows that keep their output.
    dtype
        float32 or float64; arrays of another dtype are refused.
    """

    def __init__(self, activation: Activation, direction: str, dtype: Any) -> None:
        self.activation = activation
        self.direction = direction
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise ActbenchError(f"kernels come in float32 and float64, not {self.dtype}; use backend='numpy'")
        operands = operands_of(activation, direction)
        self._parameters = tuple(name for name in operands if name in activation.parameters)
        self._plain = self._variant(False, ()) if not self._parameters else None

    def _variant(self, saved: bool, arrays: tuple[str, ...]) -> Callable[..., None]:
        return compiled(self.activation.spec, self.direction, self.dtype.itemsize * 8, saved, arrays)

    def __call__(
        self,
        first: ArrayLike,
        x: ArrayLike | None = None,
        *,
        y: ArrayLike | None = None,
        out: NDArray[Any] | None = None,
        **parameters: Any,
    ) -> NDArray[Any]:
        """Fill and return ``out``, or a new array; see the class for the operands.

        Raises
        ------
        ActbenchError
            For a wrong dtype, differing shapes, an ``out`` that cannot take the result, or a missing operand.
        """
        arrays = [self._array(first, "x" if self.direction == "forward" else "dy")]
        saved = y is not None and self.direction == "backward" and self.activation.saves == ("y",)
        if self.direction == "backward":
            if saved:
                arrays.append(self._array(y, "y"))
            elif x is None:
                raise ActbenchError(f"{self.activation.name}: the backward kernel needs x")
            else:
                arrays.append(self._array(x, "x"))
                if arrays[1].shape != arrays[0].shape:
                    raise ActbenchError(
                        f"shapes differ: {arrays[0].shape}, {arrays[1].shape}; give arrays of one shape"
                    )
        elif x is not None or y is not None:
            raise ActbenchError("a forward kernel takes x alone")
        shape = arrays[0].shape
        result = np.empty(shape, self.dtype) if out is None else self._target(out, shape)
        flat = [self._flat(array, result, out) for array in arrays]
        values, which = self._values(parameters, shape)
        function = self._plain if self._plain is not None and not saved else self._variant(saved, which)
        if result.flags.c_contiguous and result.dtype.isnative and result.flags.aligned:
            function(*flat, *values, result.reshape(-1))
        else:
            buffer = np.empty(result.size, self.dtype)
            function(*flat, *values, buffer)
            result[...] = buffer.reshape(shape)
        return result if out is None else out

    def _array(self, value: ArrayLike | None, what: str) -> NDArray[Any]:
        array = np.asarray(value)
        if array.dtype != self.dtype and array.dtype.newbyteorder("=") != self.dtype:
            raise ActbenchError(f"{what} has dtype {array.dtype}; this kernel takes {self.dtype}")
        return array

    def _target(self, out: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        if not isinstance(out, np.ndarray) or out.shape != shape or not out.flags.writeable:
            raise ActbenchError(f"out must be a writable array of shape {shape}")
        if out.dtype.newbyteorder("=") != self.dtype:
            raise ActbenchError(f"out has dtype {out.dtype}; this kernel writes {self.dtype}")
        return out

    def _flat(self, array: NDArray[Any], result: NDArray[Any], out: NDArray[Any] | None) -> NDArray[Any]:
        """A native, contiguous, aligned, flat view where there is one, else a copy."""
        flags = array.flags
        if not (flags.c_contiguous and flags.aligned and array.dtype.isnative):
            return np.ascontiguousarray(array, dtype=self.dtype).reshape(-1)
        if out is not None and array is not out and np.may_share_memory(array, result):
            same = array.__array_interface__["data"][0] == result.__array_interface__["data"][0]
            if not (same and result.flags.c_contiguous):
                return array.reshape(-1).copy()  # a partial overlap would be read after it is written
        return array.reshape(-1)

    def _values(self, given: dict[str, Any], shape: tuple[int, ...]) -> tuple[list[Any], tuple[str, ...]]:
        """Run-time parameters in order, and which of them come as one number per element."""
        if not self._parameters and not given:
            return [], ()
        values = self.activation.values(**given)
        chosen: list[Any] = []
        arrays = []
        for name in self._parameters:
            value = values[name]
            if np.ndim(value) == 0:
                chosen.append(self.dtype.type(value))
            else:
                full = np.broadcast_to(np.asarray(value, self.dtype), shape)
                chosen.append(np.ascontiguousarray(full).reshape(-1))
                arrays.append(name)
        return chosen, tuple(arrays)
