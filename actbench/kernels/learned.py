"""The backward pass of a row with learned parameters in one loop: dx, and every parameter's gradient summed beside it.

Sums are kept in float64, one for each place of a block of `LANES` elements: the loop over a block has no sum that the
next element waits for, so that it becomes vectors. Blocks are slices: indices from a start cost 3 times as much.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actbench.activations.record import Activation
from actbench.activations.registry import resolve
from actbench.core.dtypes import Format
from actbench.core.errors import ActbenchError
from actbench.expression.graph import record
from actbench.kernels import cache
from actbench.kernels.compile import in_format
from actbench.kernels.emit import written
from actbench.kernels.lower import expanded, graph_of
from actbench.kernels.ufuncs import kept

LANES = 256

TEXT = '''"""{title}; generated, delete at will."""
import numpy as np
from numba import njit, types
from actbench.kernels.intrinsics import apart, bits, fma, from_bits, select

whole = np.int{width}
A = types.Array(types.float{width}, 1, "C", readonly=True)
M = types.Array(types.float{width}, 1, "C")
F = types.float{width}
S = types.Array(types.float64, 1, "C")
{constants}

@njit([types.boolean(A, A, {types}, M)], cache={cache}, nogil=True, error_model="numpy", fastmath={{"contract"}})
def kernel(dy, x, {names}, out):
    if not (dy.size == out.size and x.size == out.size and apart(dy, out) and apart(x, out)):
        return False
{loads}
    for start in range(0, out.size, {lanes}):
        stop = min(start + {lanes}, out.size)
        a, b, c = dy[start:stop], x[start:stop], out[start:stop]
        for j in range(c.size):
            _dy = a[j]
            _x = b[j]
{body}
            c[j] = {result}
    return True
'''


def text(activation: Activation, form: Format, keep: bool) -> str:
    """The Python text of the loop."""
    names = tuple(activation.parameters)
    parts = {"d": graph_of(activation, "backward")}
    parts |= {f"g{n}": record(rule) for n, rule in enumerate(activation.parameter_gradients.values())}
    constants: list[str] = []
    lines: list[str] = []
    results = {}
    for prefix, graph in parts.items():
        found, body, results[prefix] = written(expanded(graph, form), form, prefix)
        constants += found
        lines += body
    sums = [f"sum{n}" for n in range(len(activation.parameter_gradients))]
    lines += [f"{total}[j] += np.float64({results[f'g{n}']})" for n, total in enumerate(sums)]
    return TEXT.format(
        title=f"{activation.name} gradients in {form.name}", width=form.bits, cache=keep,
        constants="\n".join(constants), types=", ".join([*("F" for _ in names), *("S" for _ in sums)]),
        names=", ".join([*names, *sums]), lanes=LANES,
        loads="\n".join(f"    _{name} = {name}" for name in names),
        body="\n".join(f"            {line}" for line in lines), result=results["d"],
    )  # fmt: skip


@lru_cache(maxsize=128)
def compiled(name: str, bits: int) -> Callable[..., bool]:
    """The machine code: ``function(dy, x, *parameters, *sums, out)``."""
    activation = resolve(name)
    return cache.load(lambda keep: text(activation, Format(bits), keep))


class GradientsKernel:
    """dx and the gradients of learned parameters, in one pass over the arrays.

    Parameters
    ----------
    activation
        A row with learned parameters.
    dtype
        float32 or float64.
    """

    def __init__(self, activation: Activation, dtype: Any) -> None:
        if not activation.parameter_gradients:
            raise ActbenchError(f"{activation.name} has no learned parameters; use direction 'backward'")
        self.activation = activation
        self.dtype = in_format(dtype)
        self.backward = kept(activation, "backward", (self.dtype.name,), 1)

    def __call__(
        self, dy: ArrayLike, x: ArrayLike, *, out: NDArray[Any] | None = None, **parameters: Any
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """``dx, {parameter: gradient}``, a gradient summed to its parameter's shape.

        Parameters that are one number take the fused loop; others are summed by the reference path.

        Raises
        ------
        ActbenchError
            For a wrong dtype or differing shapes.
        """
        values = self.activation.values(**parameters)
        dy, x = np.asarray(dy), np.asarray(x)
        for what, array in (("dy", dy), ("x", x)):
            if array.dtype.newbyteorder("=") != self.dtype:
                raise ActbenchError(f"{what} has dtype {array.dtype}; this kernel takes {self.dtype}")
        if dy.shape != x.shape:
            raise ActbenchError(f"shapes differ: {dy.shape}, {x.shape}; give arrays of one shape")
        if any(np.ndim(value) for value in values.values()):
            dx = self.backward(dy, x, *self.activation.operands(self.dtype, **parameters), out=out)
            return dx, self.activation.gradients(dy, x, **parameters)[1]
        dx = out if out is not None and _plain(out, x) else np.empty(x.shape, self.dtype)
        sums = np.zeros((len(self.activation.parameter_gradients), LANES))
        scalars = [self.dtype.type(values[name]) for name in self.activation.parameters]
        run = compiled(self.activation.name, self.dtype.itemsize * 8)
        flat = [np.require(a, self.dtype, ["C", "A"]).reshape(-1) for a in (dy, x)]
        if not run(*flat, *scalars, *sums, dx.reshape(-1)):  # they overlap
            dx = np.empty(x.shape, self.dtype)
            run(*(array.copy() for array in flat), *scalars, *sums, dx.reshape(-1))
        if out is not None and dx is not out:
            np.copyto(out, dx, casting="equiv")
            dx = out
        names = self.activation.parameter_gradients
        return dx, {name: self.dtype.type(total) for name, total in zip(names, sums.sum(axis=1), strict=True)}


def _plain(out: Any, x: NDArray[Any]) -> bool:
    return type(out) is np.ndarray and out.dtype == x.dtype and out.shape == x.shape and out.flags.carray
