"""The textbook in NumPy and SciPy: what a careful user writes, array operation by array operation, with out=.

Functions that the tables below lack are their definition, or the row's own rule, as NumPy evaluates it: unfused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from actbench.activations.record import Activation
from actbench.activations.vector import VectorFunction
from actbench.expression.graph import argument_names
from actbench.implementations.forms import prepared_forms
from actbench.implementations.implementation import Absent, Array, Implementation, Operands, PreparedCall
from actbench.implementations.libraries import Function, Library

Pass = Callable[[Operands, dict[str, Any]], object]


def _forward() -> dict[str, Pass]:
    from scipy.special import erf, expit, log_expit

    def silu(a: Operands, p: dict[str, Any]) -> None:
        np.multiply(a.x, expit(a.x, out=a.out), out=a.out)

    def softplus(a: Operands, p: dict[str, Any]) -> None:
        np.logaddexp(0, a.x if p["beta"] == 1 else p["beta"] * a.x, out=a.out)
        if p["beta"] != 1:
            np.divide(a.out, p["beta"], out=a.out)

    def softsign(a: Operands, p: dict[str, Any]) -> None:
        np.absolute(a.x, out=a.out)
        np.add(a.out, 1, out=a.out)
        np.divide(a.x, a.out, out=a.out)

    return {
        "identity": lambda a, p: np.copyto(a.out, a.x),
        "relu": lambda a, p: np.maximum(a.x, 0, out=a.out),
        "relu6": lambda a, p: np.clip(a.x, 0, 6, out=a.out),
        "leaky_relu": lambda a, p: np.where(a.x > 0, a.x, a.x * p["negative_slope"]),
        "prelu": lambda a, p: np.where(a.x > 0, a.x, a.x * p["weight"]),
        "rrelu": lambda a, p: np.where(a.x > 0, a.x, a.x * p["negative_slope"]),
        "hardtanh": lambda a, p: np.clip(a.x, p["min_val"], p["max_val"], out=a.out),
        "sigmoid": lambda a, p: expit(a.x, out=a.out),
        "tanh": lambda a, p: np.tanh(a.x, out=a.out),
        "logsigmoid": lambda a, p: log_expit(a.x, out=a.out),
        "exponential": lambda a, p: np.exp(a.x, out=a.out),
        "erf": lambda a, p: erf(a.x, out=a.out),
        "arctan": lambda a, p: np.arctan(a.x, out=a.out),
        "silu": silu,
        "softsign": softsign,
        "softplus": softplus,
    }


def _sigmoid_slope(a: Operands, p: dict[str, Any]) -> None:
    np.subtract(1, a.y, out=a.out)
    np.multiply(a.out, a.y, out=a.out)
    np.multiply(a.out, a.dy, out=a.out)


def _tanh_slope(a: Operands, p: dict[str, Any]) -> None:
    np.multiply(a.y, a.y, out=a.out)
    np.subtract(1, a.out, out=a.out)
    np.multiply(a.out, a.dy, out=a.out)


def _leaky_slope(name: str) -> Pass:
    return lambda a, p: np.multiply(a.dy, np.where(a.x > 0, 1, a.x.dtype.type(p[name])), out=a.out)


_BACKWARD: dict[str, tuple[Pass, int]] = {  # with the arrays that are kept
    "identity": (lambda a, p: np.copyto(a.out, a.dy), 0),
    "relu": (lambda a, p: np.multiply(a.dy, a.y > 0, out=a.out), 1),
    "leaky_relu": (_leaky_slope("negative_slope"), 1),
    "prelu": (_leaky_slope("weight"), 1),
    "rrelu": (_leaky_slope("negative_slope"), 1),
    "sigmoid": (_sigmoid_slope, 1),
    "tanh": (_tanh_slope, 1),
}


def of_row(row: Function) -> Implementation:
    """See `actbench.implementations.libraries.Library`."""
    if isinstance(row, VectorFunction):
        return Implementation(library="numpy", version=np.__version__, forward=row.forward, backward=row.backward)

    if row.opaque:
        raise Absent(f"{row.name} is called, not traced: it has no formula to write in NumPy")

    def forward(x: Array) -> Array:
        return call("forward", Operands(x=x, dy=x, y=x, out=np.empty_like(x)))

    def backward(dy: Array, x: Array) -> Array:
        y = forward(x) if row.name in _BACKWARD or "y" in row.saves else x
        return call("backward", Operands(x=x, dy=dy, y=y, out=np.empty_like(x)))

    def call(direction: str, operands: Operands) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(_unfused(row, direction, operands)())

    return Implementation(library="numpy", version=np.__version__, forward=forward, backward=backward,
                          prepare=lambda direction, operands, device: _prepare(row, direction, operands))  # fmt: skip


def _unfused(row: Activation, direction: str, operands: Operands) -> Callable[[], Any]:
    """One pass: as it is written above, or else as the row says it."""
    values = {name: float(value) for name, value in row.values().items() if np.ndim(value) == 0}
    written = _forward().get(row.name) if direction == "forward" else _BACKWARD.get(row.name, (None,))[0]
    if written is not None:
        return lambda: operands.out if (given := written(operands, values)) is None else given
    rule = row.callables.definition if direction == "forward" else row.callables.backward
    arrays = {"x": operands.x, "y": operands.y, "dy": operands.dy}
    given = {name: arrays.get(name, values.get(name)) for name in argument_names(rule)}
    return lambda: rule(**given)


def _prepare(row: Activation, direction: str, operands: Operands) -> PreparedCall:
    call = _unfused(row, direction, operands)
    kept, note = None, ""
    if direction == "backward":
        arrays = _BACKWARD[row.name][1] if row.name in _BACKWARD else len(row.saves)
        kept = arrays * operands.x.nbytes
    if row.name not in (_forward() if direction == "forward" else _BACKWARD):
        note = "the definition as written" if direction == "forward" else "the row's rule, unfused"
    with np.errstate(all="ignore"):
        preallocated = call() is operands.out
    return PreparedCall(call=call, result=lambda: np.array(call()), kept=kept, preallocated=preallocated, note=note,
                        around=lambda: np.errstate(all="ignore"))  # fmt: skip


def _forms(direction: str, arrays: Mapping[str, Operands]) -> dict[str, Callable[[], object]]:
    def masked(a: Operands) -> None:
        a.dy[a.y <= 0] = 0

    calls = prepared_forms(of_row, direction, arrays)
    for name, call in (("relu masked", masked),
                       ("relu multiplied", lambda a: np.multiply(a.dy, a.y > 0, out=a.dy))):  # fmt: skip
        if name in arrays:
            calls[name] = partial(call, arrays[name])
    return calls


LIBRARY = Library(name="numpy", of_row=of_row, graded=False, forms=_forms)
