"""Functions along an axis as fused loops, vector by vector.

Gates and the like say what each element of a part is (`VectorFunction.pieces`), and are one loop as rows are. What
mixes a whole vector says its reductions, a loop each (`actbench.kernels.reductions`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actbench.activations.layout import Layout
from actbench.activations.registry import along
from actbench.activations.vector import VectorFunction
from actbench.core.dtypes import Format
from actbench.core.errors import ActbenchError
from actbench.expression.graph import record
from actbench.kernels import cache
from actbench.kernels.compile import compiling, in_format
from actbench.kernels.emit import written
from actbench.kernels.lower import expanded
from actbench.kernels.passes import vector_text
from actbench.kernels.reductions import bound, indented, loops

THREADED = 1 << 18  # elements, as of ufuncs: to wake a thread takes some 20 us
TEXT = '''"""{title}; generated, delete at will."""
import numpy as np
from numba import njit, types
from actbench.kernels.intrinsics import bits, fma, from_bits, select
from actbench.kernels.memory import offset, row
from actbench.kernels.vectors import vector_first, vector_pass

whole = np.int{width}
narrow = np.float{width}
A = types.Array(types.float{width}, 2, "C", readonly=True)
M = types.Array(types.float{width}, 2, "C")
{constants}


@njit([types.void({types})], cache={cache}, nogil=True, error_model="numpy", fastmath={{"contract"}})
def kernel({operands}, out):
    for r in range(out.shape[0]):
{body}
'''


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
        types=", ".join([*("A" for _ in operands), "M"]), cache=keep, operands=", ".join(operands), body=body,
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


@lru_cache(maxsize=64)
def compiled(spec: str, direction: str, bits: int) -> Callable[..., None]:
    """The machine code: ``function([dy,] x, out)`` on matrices whose rows are the vectors."""
    return cache.load(lambda keep: text(along(spec), direction, Format(bits), keep))


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
        self.function, self.direction, self.dtype = function, direction, in_format(dtype)
        self._run = compiled(function.spec, direction, self.dtype.itemsize * 8)

    def __call__(
        self, first: ArrayLike, x: ArrayLike | None = None, *, out: NDArray[Any] | None = None, axis: int = -1
    ) -> NDArray[Any]:
        """Fill and return ``out``, or a new array; any shape and layout, the vectors lie along ``axis``.

        Raises
        ------
        ActbenchError
            For a wrong dtype or shape, a missing operand, or an axis that does not exist or must be halved and is odd.
        """
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
        if last and all(array.flags.carray for array in given):
            rows = [array.reshape(-1, array.shape[-1]) for array in given]
        else:
            turned = [np.moveaxis(array, axis, -1) for array in given]
            rows = [np.require(t, self.dtype, ["C", "A"]).reshape(-1, t.shape[-1]) for t in turned]
        plain = out is not None and last and out.flags.carray
        plain = plain and not any(np.may_share_memory(out, array) for array in given)
        if plain and out is not None:
            self._share(*rows, out.reshape(-1, wanted[-1]))
            return out
        result = np.empty((len(rows[0]), wanted[axis]), self.dtype)
        self._share(*rows, result)
        before = list(wanted)
        length = before.pop(axis)
        back = np.moveaxis(result.reshape(*before, length), -1, axis)
        if out is None:
            return np.ascontiguousarray(back)
        out[...] = back
        return out

    def _share(self, *matrices: NDArray[Any]) -> None:
        """Run on blocks of rows, one a thread; this one takes the first."""
        count, parts = len(matrices[0]), min(self.threads, len(matrices[0]))
        if parts < 2 or matrices[0].size < THREADED:
            self._run(*matrices)
            return
        ends = [count * i // parts for i in range(parts + 1)]
        blocks = [tuple(matrix[a:b] for matrix in matrices) for a, b in pairwise(ends)]
        others = [_pool(os.getpid()).submit(self._run, *block) for block in blocks[1:]]
        self._run(*blocks[0])
        for other in others:
            other.result()


@lru_cache(maxsize=1)
def _pool(process: int) -> ThreadPoolExecutor:
    """Threads that wait for work, of this process: one that was forked makes its own."""
    return ThreadPoolExecutor(thread_name_prefix="actbench")
