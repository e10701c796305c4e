"""Functions along an axis as fused loops, vector by vector.

Gates and the like say what each element of a part is (`VectorFunction.pieces`), and are one loop as rows are. What
mixes a whole vector says its reductions, a loop each (`actbench.kernels.reductions`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actbench.activations.layout import Layout
from actbench.activations.registry import along
from actbench.activations.vector import VectorFunction
from actbench.core.dtypes import Format
from actbench.core.errors import ActbenchError
from actbench.expression.graph import record
from actbench.kernels import cache, table
from actbench.kernels.compile import compiling, in_format, native
from actbench.kernels.emit import written
from actbench.kernels.lower import expanded
from actbench.kernels.passes import vector_text
from actbench.kernels.pool import pool
from actbench.kernels.reductions import bound, indented, loops
from actbench.kernels.ufuncs import NEVER, entered

THREADED = 1 << 18  # elements, as of ufuncs
_share = np.may_share_memory  # a pass that writes would change what a later one reads; NumPy lets one array twice by
SIGNATURES = {"forward": ("(n)->(n)", "(n)->(m)"), "backward": ("(n),(n)->(n)", "(m),(n)->(n)")}
TEXT = '''"""{title}; generated, delete at will."""
import numpy as np
from numba import carray, cfunc, njit, types
from actbench.kernels.intrinsics import bits, fma, from_bits, select
from actbench.kernels.memory import offset, row
from actbench.kernels.vectors import vector_first, vector_pass

whole = np.int{width}
narrow = np.float{width}
P = types.CPointer(types.float{width})
{constants}


@njit(nogil=True, error_model="numpy", fastmath={{"contract"}})
def vectors({operands}, out):
    for r in range(out.shape[0]):
{body}


@cfunc(types.void(P, P, P, types.intp, types.intp, types.intp), cache={cache}, error_model="numpy")
def kernel(x, y, z, count, length, other):
    vectors({given})
'''
GIVEN = {
    "forward": "carray(x, (count, length)), carray(y, (count, other))",
    "backward": "carray(y, (count, other)), carray(x, (count, length)), carray(z, (count, length))",
}


def text(function: VectorFunction, direction: str, form: Format, keep: bool) -> str:
    """The Python text of one direction of one function."""
    operands = ("x",) if direction == "forward" else ("dy", "x")
    if function.pieces is not None:
        constants, body = _piecewise(function, direction, form)
    else:
        constants, lines = vector_text(function, direction, form) or loops(function, direction, form)
        body = "\n".join(indented(2, lines))
    return TEXT.format(
        title=f"{function.spec} {direction} in {form.name}", width=form.bits, constants="\n".join(constants),
        cache=keep, operands=", ".join(operands), body=body, given=GIVEN[direction],
    )  # fmt: skip


def _piecewise(function: VectorFunction, direction: str, form: Format) -> tuple[list[str], str]:
    """Constants and the loop over what is evaluated element by element; parameters are constants of it."""
    assert function.pieces is not None
    places: Mapping[str, str] = {"x": "x[r, i]", "up": "dy[r, i]", "down": "dy[r, i + n]"}
    results, head = ["i", "i + n"], ["        n = x.shape[1]", "        for i in range(n):"]
    deep = 12
    if function.layout is not None:
        head, results, deep = _walk(function.layout)
        a, b = results
        places = {"dy": "dy[r, i]", "a": f"x[r, {a}]", "b": f"x[r, {b}]"}
        results = results if direction == "backward" else ["i"]
    constants, lines, values = [], list(head), function.values()
    found = []
    for number, piece in enumerate(function.pieces[direction]):
        graph = expanded(record(bound(piece, values)), form)
        more, body, result = written(graph, form, f"p{number}_")
        constants += more
        used = {step.value for step in graph if step.op == "argument"}
        lines += [" " * deep + f"_{name} = {place}" for name, place in places.items() if name in used]
        lines += [" " * deep + line for line in body]
        found.append(result)
    lines += [" " * deep + f"out[r, {place}] = {result}" for place, result in zip(results, found, strict=False)]
    return constants, "\n".join(lines)


def _walk(layout: Layout) -> tuple[list[str], list[str], int]:
    """The lines of the loop over pairs, where a and b lie, and how deep it stands; i counts pairs."""
    if layout.run > 1:
        head = [f"        for block in range(x.shape[1] // {2 * layout.run}):",
                f"            for j in range({layout.run}):",
                f"                i = block * {layout.run} + j"]  # fmt: skip
        first = f"block * {2 * layout.run} + j"
        both, deep = [first, f"{first} + {layout.run}"], 16
    else:
        head = ["        n = x.shape[1] // 2", "        for i in range(n):"]
        both, deep = (["2 * i", "2 * i + 1"] if layout.run else ["i", "i + n"]), 12
    return head, both if layout.gate_first else both[::-1], deep


@lru_cache(maxsize=256)
def gufunc(spec: str, direction: str, bits: int, threads: int) -> np.ufunc:
    """A generalized ufunc of one format whose vectors are shared by threads; they must be contiguous."""
    function, form = along(spec), Format(bits)
    code: Any = cache.load(lambda keep: text(function, direction, form, keep))
    words = np.zeros(table.SLOTS >> 3, np.int64)
    for place, word in (
        (table.SCALAR, code.address), (table.ROWS_CODE, native("axis_rows")), (table.BYTES, bits // 8),
        (table.READ, 1 if direction == "forward" else 2), (table.TRAILING, int(function.factor != 1)),
        (table.THREADED, THREADED if threads > 1 else NEVER), (table.THREADS, threads),
        (table.WORK, native("work") if threads > 1 else 0), (table.POOL, pool().address if threads > 1 else 0),
    ):  # fmt: skip
        words[place >> 3] = word
    signature = SIGNATURES[direction][function.factor != 1]
    read = words[table.READ >> 3]
    kinds = [bytes([np.dtype(form.name).num] * (read + 1))]
    name = f"{function.name}_{direction}"
    return entered(name, function.formula, native("axis_loop"), kinds, int(read), [words], signature=signature)


class AlongKernel:
    """One direction of one function along an axis in one dtype.

    Parameters
    ----------
    function
        A function along an axis.
    direction
        ``"forward"``: ``k(x, out=out, axis=axis)``. ``"backward"``: ``k(dy, x, out=out, axis=axis)``.
    dtype
        float32 or float64; arrays of another dtype are refused.
    threads
        How many threads share the vectors of a large array; the numbers are the same.
    """

    def __init__(self, function: VectorFunction, direction: str, dtype: Any, threads: int = 1) -> None:
        compiling()
        self.threads = threads
        self.function, self.direction, self.dtype = function, direction, np.dtype(in_format(dtype).type)
        self._run = gufunc(function.spec, direction, self.dtype.itemsize * 8, threads)
        self._forward = direction == "forward"
        self._as_long = function.factor == 1 and function.layout is None

    def __call__(
        self, first: ArrayLike, x: ArrayLike | None = None, *, out: NDArray[Any] | None = None, axis: int = -1
    ) -> NDArray[Any]:
        """Fill and return ``out``, or a new array; any shape and layout, the vectors lie along ``axis``.

        Raises
        ------
        ActbenchError
            For a wrong dtype or shape, a missing operand, or an axis that does not exist or must be halved and is odd.
        """
        # what needs nothing done to it: one vector of 4,096 takes softmax 1 us, and all checks 3
        like: Any = first if x is None else x
        given: Any = (first,) if x is None else (first, x)
        if axis == -1 and (x is None) == self._forward and self._plain(like):
            shape = like.shape if self._as_long else self._output(like.shape)
            if x is None and shape is not None:
                into: Any = np.empty(shape, self.dtype) if out is None and not self._as_long else out
                if out is None or (self._plain(out, shape) and not _share(out, first)):
                    return self._run(*given, *(() if into is None else (into,)))  # type: ignore[no-any-return]
            elif x is not None and self._plain(first, shape):
                if out is None:
                    return self._run(*given)  # type: ignore[no-any-return]
                if self._plain(out, like.shape) and not (_share(out, x) or _share(out, first)):
                    return self._run(*given, out)  # type: ignore[no-any-return]
        return self._checked(first, x, out, axis)

    def _output(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """The shape that the last axis of a gate's input leads to; None where it cannot be halved."""
        if self.function.layout is not None and not self.function.layout.divides(shape[-1]):
            return None
        return self.function.output_shape(shape, -1)

    def _plain(self, array: Any, shape: Any = ()) -> bool:
        """Whether an array is one of this dtype, contiguous, may be written, and has this shape; not empty for ()."""
        return (
            type(array) is np.ndarray
            and array.dtype is self.dtype  # of a native one there is one; whoever brings another is checked
            and array.flags.carray
            and (array.shape == shape if shape != () else array.size > 0 and array.ndim > 0)
        )

    def _checked(self, first: ArrayLike, x: ArrayLike | None, out: NDArray[Any] | None, axis: int) -> NDArray[Any]:
        if (x is None) != (self.direction == "forward"):
            raise ActbenchError(f"{self.function.name}: forward takes x alone, backward takes dy and x")
        given = [np.asarray(value) for value in ((first,) if x is None else (first, x))]
        for what, array in zip(("x",) if x is None else ("dy", "x"), given, strict=True):
            if array.dtype != self.dtype:
                raise ActbenchError(f"{what} has dtype {array.dtype}; this kernel takes {self.dtype}")
        source = self.function.checked(given[-1], axis)
        shape = self.function.output_shape(source.shape, axis)
        if x is not None and given[0].shape != shape:
            raise ActbenchError(f"{self.function.name}: dy has shape {given[0].shape}; the output has {shape}")
        wanted = shape if x is None else source.shape
        if out is not None and (
            type(out) is not np.ndarray or out.shape != wanted or out.dtype != self.dtype or not out.flags.writeable
        ):
            raise ActbenchError(f"out must be a writable array of shape {wanted} and dtype {self.dtype}")
        last = axis in (-1, source.ndim - 1)
        if last and all(array.flags.c_contiguous and array.flags.aligned for array in given):
            rows = [array.reshape(-1, array.shape[-1]) for array in given]
        else:
            turned = [np.moveaxis(array, axis, -1) for array in given]
            rows = [np.require(t, self.dtype, ["C", "A"]).reshape(-1, t.shape[-1]) for t in turned]
        if out is not None and last and out.flags.carray and not any(_share(out, array) for array in given):
            self._run(*rows, out.reshape(-1, wanted[-1]))
            return out
        result = self._run(*rows, np.empty((len(rows[0]), wanted[axis]), self.dtype))
        before = list(wanted)
        length = before.pop(axis)
        back = np.moveaxis(result.reshape(*before, length), -1, axis)
        if out is None:
            return np.ascontiguousarray(back)
        out[...] = back
        return out
