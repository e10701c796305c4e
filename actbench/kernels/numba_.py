"""The row as one fused loop: any array in, the same kind of array out, machine code kept between processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actbench.activations.record import Activation
from actbench.activations.registry import ACTIVATIONS, resolve
from actbench.core.dtypes import Format
from actbench.core.errors import ActbenchError
from actbench.kernels import cache
from actbench.kernels.entry import THREADED, Loop
from actbench.kernels.source import operands_of, source

KEPT = 64  # loops of a kernel that are at hand: one for each of the parameters' values
BLOCK = 1 << 13  # elements that are copied at once where the layout asks for it: two arrays of them fit the first cache


@lru_cache(maxsize=512)
def compiled(spec: str, direction: str, bits: int, saved: bool, arrays: tuple[str, ...]) -> Any:
    """What numba makes of one variant's text: a C function."""
    activation = resolve(spec.partition(":")[0])  # parameters are run-time arguments: one kernel for every value
    return _loaded(activation, direction, bits, saved, arrays)


def _loaded(activation: Activation, direction: str, bits: int, saved: bool, arrays: tuple[str, ...]) -> Any:
    compiling()
    form = Format(bits)
    return cache.load(lambda keep: source(activation, direction, form, saved=saved, arrays=arrays, cache=keep))


def compiling() -> None:
    """Raise where numba is switched off."""
    import numba

    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined, unused-ignore]
        raise ActbenchError("numba is switched off (NUMBA_DISABLE_JIT=1); unset it or ask for backend='numpy'")


def in_format(dtype: Any) -> np.dtype[Any]:
    """The dtype of a kernel, if there are kernels in it."""
    kind: np.dtype[Any] = np.dtype(dtype)
    if kind not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ActbenchError(f"kernels come in float32 and float64, not {kind}; use backend='numpy'")
    return kind


def _usable(threads: int) -> int:
    import numba

    if threads != int(threads) or threads < 1:
        raise ActbenchError(f"threads={threads!r} cannot be used; give a whole number, 1 or more")
    return min(int(threads), int(numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined, unused-ignore]


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
    threads
        How many of numba's threads share arrays of `THREADED` elements or more; smaller ones are one thread's.
    """

    def __init__(self, activation: Activation, direction: str, dtype: Any, threads: int = 1) -> None:
        self.activation = activation
        self.direction = direction
        self.dtype = in_format(dtype)
        self.threads = _usable(threads)
        operands = operands_of(activation, direction)
        # said once: reading a signature takes 20 us
        self.keeps_y = direction == "backward" and activation.saves == ("y",)
        self._parameters = tuple(name for name in operands if name in activation.parameters)
        self._loops: dict[tuple[bool, tuple[str, ...], tuple[Any, ...]], Loop] = {}
        self._defaults: list[Any] | None = None  # the parameters' values where each is one number
        self._entry: Loop | None = None
        if not any(np.ndim(activation.values()[name]) for name in self._parameters):
            self._defaults = self._values({}, ())[0]
            self._entry = self._loop(False, (), self._defaults)

    def function(self) -> Callable[..., Any]:
        """The kernel as Python calls it with the least in between."""
        if self._entry is None:  # some parameter is one number an element: no call is plain
            return self.__call__
        name = f"{self.activation.name}_{self.direction}"
        operands = "x, /, *" if self.direction == "forward" else "dy, /, x=None, *, y=None"
        signature = f"{name}({operands}, out=None, **parameters)\n--\n\n"
        return self._entry.entry(name, signature + str(Kernel.__call__.__doc__), self.__call__)

    def _loop(self, saved: bool, arrays: tuple[str, ...], values: Sequence[Any]) -> Loop:
        key = (saved, arrays, tuple(values))
        if key not in self._loops:
            bits = self.dtype.itemsize * 8
            if self.activation.name in ACTIVATIONS:
                found = compiled(self.activation.spec, self.direction, bits, saved, arrays)
            else:  # a record of somebody's own that is in no catalogue
                found = _loaded(self.activation, self.direction, bits, saved, arrays)
            count = len(arrays) + (1 if self.direction == "forward" else 2)
            loop = Loop(found, self.dtype, count, values, self.threads)
            if len(self._loops) >= KEPT:
                self._loops.pop(next(iter(self._loops)))
            self._loops[key] = loop
            if saved and self._entry is not None and values == self._defaults:
                self._entry.table[1] = loop.address
        return self._loops[key]

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
        saved = y is not None and self.keeps_y
        return self._any(self._operands(first, x, y, saved), saved, out, parameters)

    def _operands(self, first: ArrayLike, x: ArrayLike | None, y: ArrayLike | None, saved: bool) -> list[NDArray[Any]]:
        if self.direction == "forward":
            if x is not None or y is not None:
                raise ActbenchError("a forward kernel takes x alone")
            return [self._array(first, "x")]
        if not saved and x is None:
            raise ActbenchError(f"{self.activation.name}: the backward kernel needs x")
        arrays = [self._array(first, "dy"), self._array(y, "y") if saved else self._array(x, "x")]
        if arrays[1].shape != arrays[0].shape:
            raise ActbenchError(f"shapes differ: {arrays[0].shape}, {arrays[1].shape}; give arrays of one shape")
        return arrays

    def _any(
        self, arrays: list[NDArray[Any]], saved: bool, out: NDArray[Any] | None, parameters: dict[str, Any]
    ) -> NDArray[Any]:
        """The call for arrays of any layout and parameters of any shape."""
        shape = arrays[0].shape
        # laid out as what is read, as NumPy's own functions do: transposed arrays then need no copy
        result = np.empty_like(arrays[-1], self.dtype, subok=False) if out is None else self._target(out, shape)
        values, which = self._values(parameters, shape)
        loop = self._loop(saved, which, [value for value in values if not isinstance(value, np.ndarray)])
        operands = [*arrays, *(value for value in values if isinstance(value, np.ndarray))]
        if all(fits(end) for end in (*operands, result)) and not any(overlap(operand, result) for operand in operands):
            loop(*(operand.reshape(-1) for operand in operands), out=result.reshape(-1))
        else:
            self._in_blocks(loop, operands, result)
        return result if out is None else out

    def _in_blocks(self, loop: Loop, operands: list[NDArray[Any]], result: NDArray[Any]) -> None:
        """Any layout, byte order and overlap: NumPy's iterator hands over blocks that lie as the loop wants them."""
        block = THREADED if self.threads > 1 and result.size >= THREADED else BLOCK
        if result.size <= block and fits(result):  # copies cost less than an iterator
            given = [np.array(operand, self.dtype, order="C").reshape(-1) for operand in operands]
            loop(*given, out=result.reshape(-1))
            return
        plain: Any = ["contig", "aligned", "nbo"]  # NumPy's stubs do not know contig
        blocks = np.nditer(
            [*operands, result],
            ["external_loop", "buffered", "zerosize_ok", "copy_if_overlap"],
            [["readonly", "overlap_assume_elementwise", *plain]] * len(operands) + [["writeonly", *plain]],
            op_dtypes=[self.dtype] * (len(operands) + 1), casting="equiv", buffersize=block,
        )  # fmt: skip
        with blocks:
            for *given, out in blocks if result.size else ():
                loop(*given, out=out)

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

    def _values(self, given: dict[str, Any], shape: tuple[int, ...]) -> tuple[list[Any], tuple[str, ...]]:
        """Run-time parameters in order, and which of them come as one number per element."""
        if not given and self._defaults is not None:
            return self._defaults, ()
        values = self.activation.values(**given)
        chosen: list[Any] = []
        arrays = []
        for name in self._parameters:
            value = values[name]
            if np.ndim(value) == 0:
                chosen.append(self.dtype.type(value))
            else:
                chosen.append(np.broadcast_to(np.asarray(value, self.dtype), shape))
                arrays.append(name)
        return chosen, tuple(arrays)


def fits(array: NDArray[Any]) -> bool:
    """Whether a loop takes the array as it lies."""
    return bool(array.flags.c_contiguous and array.flags.aligned and array.dtype.isnative)


def overlap(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two contiguous arrays share memory and are not the same memory."""
    same = one.__array_interface__["data"][0] == other.__array_interface__["data"][0]
    return not same and np.may_share_memory(one, other)
