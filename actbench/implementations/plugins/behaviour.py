"""Whether a callable is an activation at all: a pure function of each element, with what breaks that in one line."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.core.errors import ActbenchError

SEED = 20260401
REACH = 10.0  # between -10 and 10 every value must be finite


def sample(count: int = 256) -> NDArray[np.float64]:
    """Seeded points in [-10, 10], shuffled, with 0, 1 and 3 of both signs among them."""
    rng = np.random.default_rng(SEED)
    x = np.concatenate([rng.uniform(-REACH, REACH, count - 6), [0.0, 1.0, -1.0, 3.0, -3.0, 0.5]])
    rng.shuffle(x)
    return x


def _globals() -> tuple[Any, ...]:
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002  the plug-in may touch what we never do
    return kind, np.asarray(keys).tobytes(), tuple(rest), random.getstate()


def check(f: Callable[[NDArray[Any]], Any]) -> list[str]:
    """Hold a callable to what a row promises.

    Parameters
    ----------
    f
        From arrays to arrays; whatever it raises goes through.

    Returns
    -------
    Remarks on what is odd and does no harm here.

    Raises
    ------
    ActbenchError
        With the reason for which it cannot be compared.
    """
    x = sample()
    np.random.seed(SEED)  # noqa: NPY002  to a state that no plug-in would seed by chance
    random.seed(SEED)
    before, errors, place = _globals(), np.geterr(), os.getcwd()
    first = called(f, x)
    _same(f, x, first)
    if _globals() != before:
        raise ActbenchError("draws from or reseeds a global random generator; an activation is a function of x alone")
    remarks = []
    if np.geterr() != errors or os.getcwd() != place:
        remarks.append("changes NumPy's error state or the working directory; its process is thrown away")
    bad = np.flatnonzero(~np.isfinite(first))
    if bad.size:
        raise ActbenchError(f"gives {first[bad[0]]!r} at x = {x[bad[0]]!r}; between -10 and 10 it must be finite")
    narrow = np.asarray(f(x.astype(np.float32)))
    if narrow.shape != x.shape or narrow.dtype.kind != "f":
        raise ActbenchError(f"gives {narrow.dtype}{list(narrow.shape)} for float32[{x.size}]")
    if narrow.dtype != np.float32:
        remarks.append(f"gives {narrow.dtype} for float32")
    far = nan_at(f)
    if far is not None:
        remarks.append(f"gives NaN at x = {far:g}")
    return remarks


def called(f: Callable[[NDArray[Any]], Any], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """f(x), with shape, dtype and the input's bytes checked."""
    given = x.copy()
    found = f(given)
    if not isinstance(found, np.ndarray):
        raise ActbenchError(f"gives a {type(found).__name__} for an array; return an array")
    if found.shape != x.shape:
        raise ActbenchError(f"gives shape {list(found.shape)} for shape {list(x.shape)}")
    if found.dtype != x.dtype:
        raise ActbenchError(f"gives {found.dtype} for float64; keep the dtype of x")
    if given.tobytes() != x.tobytes():
        raise ActbenchError("writes into its input; return a new array")
    return found.copy()


def _same(f: Callable[[NDArray[Any]], Any], x: NDArray[Any], first: NDArray[Any]) -> None:
    """The same again, in another order, in another shape, and alone."""
    again = called(f, x)
    if again.tobytes() != first.tobytes():
        raise ActbenchError("keeps state: the same input gives other numbers when it is called again")
    turned = called(f, x[::-1])[::-1]
    square = called(f, x.reshape(16, -1)).reshape(-1)
    few = called(f, x[:5])
    for other, part in ((turned, first), (square, first), (few, first[:5])):
        if not np.allclose(other, part, rtol=1e-12, atol=1e-300, equal_nan=True):  # vector loops may differ by an ulp
            raise ActbenchError("is not elementwise: an element's result depends on the others or on their order")
    if called(f, x).tobytes() != first.tobytes():
        raise ActbenchError("keeps state: the same input gives other numbers after other calls")


def nan_at(f: Callable[[NDArray[Any]], Any]) -> float | None:
    """The input nearest to 0, up to 10,000, at which the answer is NaN."""
    sizes = np.unique(np.concatenate([np.arange(10.0, 120.0, 1.0), np.geomspace(120, 1e4, 60)]))
    x = np.stack([-sizes, sizes], axis=1).reshape(-1)
    with np.errstate(all="ignore"):
        bad = np.flatnonzero(np.isnan(f(x.copy())))
    return float(x[bad[0]]) if bad.size else None
