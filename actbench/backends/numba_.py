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
from actbench.registry import ACTIVATIONS, resolve
from actbench.words.bits import Format

Loop = Callable[..., bool]
BLOCK = 1 << 13  # elements that are copied at once where the layout asks for it: two arrays of them fit the first cache
THREADED = 1 << 18  # elements: below, two threads measured slower than one at the cheaper rows (0.6 at 2^15)


@lru_cache(maxsize=512)
def compiled(
    spec: str, direction: str, bits: int, saved: bool, arrays: tuple[str, ...], parallel: bool = False
) -> Loop:
    """The machine code of one variant: ``function(*operands, out)`` on flat, contiguous, native arrays.

    It says False, and has done nothing, where sizes differ or arrays overlap partly; other arrays are a TypeError.
    """
    activation = resolve(spec.partition(":")[0])  # parameters are run-time arguments: one kernel for every value
    return _loaded(activation, direction, bits, saved, arrays, parallel)


def _loaded(
    activation: Activation, direction: str, bits: int, saved: bool, arrays: tuple[str, ...], parallel: bool
) -> Loop:
    import numba

    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined, unused-ignore]
        raise ActbenchError("numba is switched off (NUMBA_DISABLE_JIT=1); unset it or ask for backend='numpy'")
    form = Format(bits)
    return cache.load(
        lambda keep: source(activation, direction, form, saved=saved, arrays=arrays, cache=keep, parallel=parallel)
    )


def _usable(threads: int) -> int:
    import numba

    if threads != int(threads) or threads < 1:
        raise ActbenchError(f"threads={threads!r} cannot be used; give a whole number, 1 or more")
    return min(int(threads), int(numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined, unused-ignore]


def _shared(loop: Loop, threads: int) -> Loop:
    """The loop with its number of threads; numba's own number is the caller's again afterwards."""
    import numba

    def run(*arrays: Any) -> bool:
        before = numba.get_num_threads()
        if before == threads:  # to set it takes 3 us
            return loop(*arrays)
        numba.set_num_threads(threads)
        try:
            return loop(*arrays)
        finally:
            numba.set_num_threads(before)

    return run


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
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise ActbenchError(f"kernels come in float32 and float64, not {self.dtype}; use backend='numpy'")
        self.threads = _usable(threads)
        operands = operands_of(activation, direction)
        # said once: reading a signature takes 20 us
        self.keeps_y = direction == "backward" and activation.saves == ("y",)
        self._parameters = tuple(name for name in operands if name in activation.parameters)
        self._variants: dict[tuple[bool, tuple[str, ...], bool], Loop] = {}
        self.defaults: list[Any] | None = None  # the parameters' values where each is one number
        if not self._takes_arrays():
            self.defaults = self._values({}, ())[0]
            self.loop()

    def _takes_arrays(self) -> bool:
        values = self.activation.values()
        return any(np.ndim(values[name]) for name in self._parameters)

    def loop(self, *, saved: bool = False, size: int = 0) -> Loop:
        """The loop for so many elements, ``function(*operands, *defaults, out)``, for parameters that are numbers."""
        return self._variant(saved, (), size)

    def _variant(self, saved: bool, arrays: tuple[str, ...], size: int = 0) -> Loop:
        parallel = self.threads > 1 and size >= THREADED
        key = (saved, arrays, parallel)
        if key not in self._variants:
            bits = self.dtype.itemsize * 8
            if self.activation.name in ACTIVATIONS:
                found = compiled(self.activation.spec, self.direction, bits, saved, arrays, parallel)
            else:  # a record of somebody's own that is in no catalogue
                found = _loaded(self.activation, self.direction, bits, saved, arrays, parallel)
            self._variants[key] = _shared(found, self.threads) if parallel else found
        return self._variants[key]

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
        second = y if saved else x
        fits = (second is None) == (self.direction == "forward") and (y is None or saved)
        defaults = self.defaults
        if out is not None and not parameters and defaults is not None and fits:
            operands = (first,) if second is None else (first, second)
            if self._plain(out, *operands):  # any shape; the checks below take 10 us
                loop = self._variant(saved, (), out.size)
                if out.ndim == 1:
                    loop(*operands, *defaults, out)
                else:
                    loop(*(o.reshape(-1) for o in operands), *defaults, out.reshape(-1))  # type: ignore[union-attr]
                return out
        return self._any(self._operands(first, x, y, saved), saved, out, parameters)

    def _plain(self, out: NDArray[Any], *operands: Any) -> bool:
        """Whether all are native contiguous arrays of one shape that do not overlap partly."""
        if type(out) is not np.ndarray or out.dtype is not self.dtype or not out.flags.carray:
            return False
        dtype, shape = self.dtype, out.shape
        for operand in operands:
            if type(operand) is not np.ndarray or operand.dtype is not dtype or operand.shape != shape:
                return False
            if not operand.flags.carray or (operand is not out and np.may_share_memory(operand, out)):
                return False
        return True

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
        operands = [*arrays, *values]
        ends = [*(value for value in operands if isinstance(value, np.ndarray)), result]
        if all(end.flags.c_contiguous and end.flags.aligned and end.dtype.isnative for end in ends):
            loop = self._variant(saved, which, result.size)
            if loop(*(o.reshape(-1) if isinstance(o, np.ndarray) else o for o in operands), result.reshape(-1)):
                return result if out is None else out
        self._in_blocks(operands, result, saved, which)
        return result if out is None else out

    def _in_blocks(self, operands: list[Any], result: NDArray[Any], saved: bool, which: tuple[str, ...]) -> None:
        """Any layout, byte order and overlap: NumPy's iterator hands over blocks that lie as the loop wants them."""
        block = THREADED if self.threads > 1 and result.size >= THREADED else BLOCK
        loop = self._variant(saved, which, block)
        places = [place for place, value in enumerate(operands) if isinstance(value, np.ndarray)]
        given = list(operands)
        if result.size <= block and result.flags.carray and result.dtype.isnative:  # copies cost less than an iterator
            for place in places:
                given[place] = np.array(operands[place], self.dtype, order="C").reshape(-1)
            loop(*given, result.reshape(-1))
            return
        plain: Any = ["contig", "aligned", "nbo"]  # NumPy's stubs do not know contig
        blocks = np.nditer(
            [*(operands[place] for place in places), result],
            ["external_loop", "buffered", "zerosize_ok", "copy_if_overlap"],
            [["readonly", "overlap_assume_elementwise", *plain]] * len(places) + [["writeonly", *plain]],
            op_dtypes=[self.dtype] * (len(places) + 1), casting="equiv", buffersize=block,
        )  # fmt: skip
        with blocks:
            for found in blocks if result.size else ():
                for place, part in zip(places, found, strict=False):
                    given[place] = part
                loop(*given, found[-1])

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
        if not given and self.defaults is not None:
            return self.defaults, ()
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
