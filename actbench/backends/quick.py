"""The shortest way from a call to a kernel's loop: a function that looks at no more than the loop itself does not.

Of a call on few elements most is Python: an instance with `__call__` and its checks cost 750 ns beside the loop's 450;
a function that holds what it needs costs 150 (same machine, `python -m benchmarks.races.lab overhead`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from actbench.backends.numba_ import THREADED, Kernel


def _contiguous(*arrays: Any) -> bool:
    return all(type(array) is np.ndarray and array.flags.c_contiguous for array in arrays)


def quick(kernel: Kernel) -> Any:
    """The kernel as a function; its attribute ``kernel`` is the `Kernel`, which takes every call that is not plain.

    Its attributes ``activation``, ``direction`` and ``dtype`` say what it computes.

    A plain call gives native contiguous arrays of one dimension, one size and the kernel's dtype, an ``out`` and no
    parameters. numba looks at layout and dimension, the loop at sizes and overlap; neither does anything where they do
    not fit.
    """
    if kernel.defaults is None:  # some parameter is one number an element: no call is plain

        def run(*arrays: Any, **named: Any) -> Any:
            return kernel(*arrays, **named)
    elif kernel.direction == "forward":
        run = _forward(kernel, kernel.defaults)
    else:
        run = _backward(kernel, kernel.defaults)
    run.__name__ = run.__qualname__ = f"{kernel.activation.name}_{kernel.direction}"
    run.__doc__ = Kernel.__call__.__doc__
    vars(run).update(kernel=kernel, activation=kernel.activation, direction=kernel.direction, dtype=kernel.dtype)
    return run


def _forward(kernel: Kernel, defaults: Sequence[Any]) -> Any:
    dtype, one = kernel.dtype, kernel.loop()
    limit = THREADED if kernel.threads > 1 else None
    mixed = False  # numba needs 70 us to refuse another layout: once one came, layouts are looked at first (60 ns)

    def call(first: Any, x: Any = None, *, y: Any = None, out: Any = None, **parameters: Any) -> Any:
        nonlocal mixed
        try:
            # numba may take big-endian numbers for native ones once it saw an array that is not aligned
            if (
                first.dtype is dtype is out.dtype
                and x is y is None
                and not parameters
                and (not mixed or _contiguous(first, out))
            ):
                run = one if limit is None or out.size < limit else kernel.loop(size=out.size)
                if run(first, *defaults, out) if defaults else run(first, out):
                    return out
        except AttributeError:  # no array
            pass
        except Exception:  # numba refuses in several classes of its own
            mixed = True
        return kernel(first, x, y=y, out=out, **parameters)

    return call


def _backward(kernel: Kernel, defaults: Sequence[Any]) -> Any:
    dtype, from_x = kernel.dtype, kernel.loop()
    from_y: Any = None  # made when the first y comes
    limit = THREADED if kernel.threads > 1 else None
    mixed = False

    def call(first: Any, x: Any = None, *, y: Any = None, out: Any = None, **parameters: Any) -> Any:
        nonlocal mixed, from_y
        try:
            if y is None:
                run, second = from_x, x
            else:
                if from_y is None and kernel.keeps_y:
                    from_y = kernel.loop(saved=True)
                run, second = from_y, y
            if (
                first.dtype is dtype is second.dtype
                and out.dtype is dtype
                and (x is None or y is None)
                and not parameters
                and (not mixed or _contiguous(first, second, out))
            ):
                if limit is not None and out.size >= limit and (y is None or kernel.keeps_y):
                    run = kernel.loop(saved=y is not None, size=out.size)
                if run(first, second, *defaults, out) if defaults else run(first, second, out):
                    return out
        except AttributeError:
            pass
        except Exception:  # arrays that numba refuses, or a row without a loop from y
            mixed = True
        return kernel(first, x, y=y, out=out, **parameters)

    return call
