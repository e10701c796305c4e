"""Whether a callable is an activation at all: a pure function of each element, with what breaks that in one line."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.core.errors import ActbenchError
from actbench.implementations.targets.objects import A_GATE, ONE_ARRAY, VECTORIZE

Function = Callable[[NDArray[Any]], Any]

SEED = 20260401
REACH = 10.0  # between -10 and 10 every value must be finite
# Neighbours that an element's result may not depend on: the first of the array decides a type, the largest a scale.
NEIGHBOURS = (-1e6, -1.0, -0.0, 0.0, 0.5, 1.0, 1e6, np.inf, -np.inf, np.nan)
SHAPES = ((16, -1), (-1, 16), (4, 8, -1), (1, -1), (-1, 1))
CLOSE = {"rtol": 1e-12, "atol": 1e-300}  # vector loops may differ by an ulp from the code for single elements
ARRIVING = (0.0, 1.0, 2.0, -1.0)  # gradients in which a backward pass must be linear, beside random ones


def sample(count: int = 256) -> NDArray[np.float64]:
    """Seeded points in [-10, 10], shuffled, with 0, 1 and 3 of both signs among them."""
    rng = np.random.default_rng(SEED)
    x = np.concatenate([rng.uniform(-REACH, REACH, count - 6), [0.0, 1.0, -1.0, 3.0, -3.0, 0.5]])
    rng.shuffle(x)
    return x


def _globals() -> tuple[Any, ...]:
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002  the plug-in may touch what we never do
    return kind, np.asarray(keys).tobytes(), tuple(rest), random.getstate()


def check(f: Function) -> list[str]:
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
    before, errors, folder = _globals(), np.geterr(), os.getcwd()
    first = called(f, x)
    _elementwise(f, x, first)
    if _globals() != before:
        raise ActbenchError("draws from or reseeds a global random generator; an activation is a function of x alone")
    remarks = []
    if np.geterr() != errors or os.getcwd() != folder:
        remarks.append("changes NumPy's error state or the working directory; its process is thrown away")
    bad = np.flatnonzero(~np.isfinite(first))
    if bad.size:
        raise ActbenchError(
            f"gives {float(first[bad[0]])!r} at x = {float(x[bad[0]])!r}; between -10 and 10 it must be finite"
        )
    narrow = np.asarray(f(x.astype(np.float32)))
    if narrow.shape != x.shape or narrow.dtype.kind != "f":
        raise ActbenchError(f"gives {narrow.dtype}{list(narrow.shape)} for float32[{x.size}]; {ONE_ARRAY}")
    if narrow.dtype != np.float32:
        remarks.append(f"gives {narrow.dtype} for float32")
    return remarks


def called(f: Function, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """f(x), with shape, dtype and the input's bytes checked."""
    given = x.copy()
    answer = f(given)
    if not isinstance(answer, np.ndarray):
        raise ActbenchError(f"gives a {type(answer).__name__} for an array; {ONE_ARRAY}")
    if answer.shape != x.shape:
        gate = f"; {A_GATE}" if 2 * answer.size == x.size else ""
        raise ActbenchError(f"gives shape {list(answer.shape)} for shape {list(x.shape)}; {ONE_ARRAY}{gate}")
    if answer.dtype != x.dtype:
        remedy = VECTORIZE if answer.dtype.kind in "iub" and _vectorized(f) else "keep the dtype of x"
        raise ActbenchError(f"gives {answer.dtype} for float64; {remedy}")
    if given.tobytes() != x.tobytes():
        raise ActbenchError("writes into its input; return a new array")
    return answer.copy()


def _vectorized(f: Any) -> bool:
    """Whether there is a np.vectorize in what a wrapper of ours closes over."""
    held = [cell.cell_contents for cell in getattr(f, "__closure__", None) or ()]
    return any(isinstance(one, np.vectorize) for one in (f, *held))


def _elementwise(f: Function, x: NDArray[Any], first: NDArray[Any]) -> None:
    """The same again, in another order and shape, alone, in other company, and after other calls."""
    if called(f, x).tobytes() != first.tobytes():
        raise ActbenchError("keeps state: the same input gives other numbers when it is called again")
    cases = [("their order", x[::-1].copy(), slice(None, None, -1))]
    cases += [("the array's shape", x.reshape(shape), slice(None)) for shape in SHAPES]
    cases += [("how many there are", x[:count], slice(count)) for count in (1, 2, 3, 5, 17, 255)]
    for what, given, part in cases:
        answer = called(f, given).reshape(-1)
        _same(answer, first[part], given.reshape(-1), f"an element's result depends on {what}")
    several = np.resize(x, 5000)
    _same(called(f, several), np.resize(first, 5000), several, "an element's result depends on how many there are")
    for neighbour in NEIGHBOURS:  # before and behind the others
        with np.errstate(all="ignore"):
            answer = called(f, np.concatenate([[neighbour], x, [neighbour]]))[1:-1]
        why = f"an element's result depends on a neighbour, here {neighbour:g}"
        _same(answer, first, x, f"{why} ({VECTORIZE})" if _vectorized(f) else why)
    if called(f, x).tobytes() != first.tobytes():
        raise ActbenchError("keeps state: the same input gives other numbers after other calls")


def _same(answer: NDArray[Any], expected: NDArray[Any], x: NDArray[Any], why: str) -> None:
    wrong = np.flatnonzero(~np.isclose(answer, expected, equal_nan=True, **CLOSE))
    if wrong.size:
        i = int(wrong[np.abs(x[wrong]).argmin()])
        raise ActbenchError(f"is not elementwise: {why}; x = {float(x[i]):.6g} gives {float(answer[i]):.6g} and "
                            f"{float(expected[i]):.6g}")  # fmt: skip


def check_backward(backward: Callable[..., Any]) -> tuple[list[str], str]:
    """Hold a backward pass to being a vector-Jacobian product: an array of x's shape, finite, and linear in dy.

    Returns
    -------
    Remarks, as `check`, and where it is not linear in dy, with the numbers; empty where it is.

    Raises
    ------
    ActbenchError
        With the reason for which it cannot be used.
    """
    x = sample()
    rng = np.random.default_rng(SEED)
    remarks: list[str] = []
    slope = _pulled(backward, np.ones_like(x), x, remarks)
    for dy in (*(np.full_like(x, value) for value in ARRIVING), rng.normal(size=x.size)):
        answer = _pulled(backward, dy, x, remarks)
        wrong = np.flatnonzero(np.abs(answer - dy * slope) > 1e-9 * (np.abs(dy * slope) + np.abs(dy)) + 1e-300)
        if wrong.size:
            i = int(wrong[np.abs(x[wrong]).argmin()])
            return remarks, (
                f"its backward is not linear in dy: at x = {x[i]:.6g} it gives {slope[i]:.6g} for dy = 1 and "
                f"{answer[i]:.6g} for dy = {dy[i]:.6g}; return dy times the slope"
            )
    return remarks, ""


def _pulled(backward: Callable[..., Any], dy: NDArray[Any], x: NDArray[Any], remarks: list[str]) -> NDArray[np.float64]:
    """One answer of a backward pass, with its shape and finiteness checked; what it writes into is remarked once."""
    given = dy.copy()
    answer = backward(given, x.copy())
    if not isinstance(answer, np.ndarray):
        raise ActbenchError(f"backward gives a {type(answer).__name__}; return an array")
    if answer.shape != x.shape:
        raise ActbenchError(f"backward gives shape {list(answer.shape)} for shape {list(x.shape)}")
    answer = answer.astype(np.float64)
    bad = x[~np.isfinite(answer) & (x != 0)]  # at 0 many a slope has none, and facts say so
    if bad.size:
        raise ActbenchError(f"backward gives NaN or infinities between -10 and 10, at x = {bad[0]:.6g}")
    if given.tobytes() != dy.tobytes() and not remarks:
        remarks.append("backward writes into the gradient that it is handed; it gets a copy")
    return answer


def nan_at(f: Function) -> float | None:
    """The input nearest to 0, up to 10,000, at which the answer is NaN."""
    sizes = np.unique(np.concatenate([np.arange(10.0, 120.0, 1.0), np.geomspace(120, 1e4, 60)]))
    x = np.stack([-sizes, sizes], axis=1).reshape(-1)
    with np.errstate(all="ignore"):
        bad = np.flatnonzero(np.isnan(f(x.copy())))
    return float(x[bad[0]]) if bad.size else None
