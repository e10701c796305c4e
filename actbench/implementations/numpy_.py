"""The textbook in NumPy and SciPy: what a careful user writes, array operation by array operation, with out=.

Functions that the tables below lack are their definition, or the row's own rule, as NumPy evaluates it: unfused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from actbench.activations.record import Activation
from actbench.expression.graph import argument_names
from actbench.implementations.ready import Array, Operands, PreparedCall

Pass = Callable[[Operands, dict[str, Any]], object]


def _forward() -> dict[str, Pass]:
    from scipy.special import erf, expit, log_expit

    def silu(a: Operands, p: dict[str, Any]) -> None:
        np.multiply(a.x, expit(a.x, out=a.out), out=a.out)

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


def ready(
    activation: Activation, direction: str, operands: Operands, device: str = "cpu"
) -> tuple[PreparedCall | None, str]:
    """As `actbench.implementations.ready.get_ready`."""
    values = {name: float(value) for name, value in activation.values().items() if np.ndim(value) == 0}
    if direction == "forward":
        written, kept = _forward().get(activation.name), 0
        rule = activation.callables.definition
    else:
        written, kept = _BACKWARD.get(activation.name, (None, len(activation.saves)))
        rule = activation.callables.backward
    names = argument_names(rule)

    def call() -> Any:
        if written is not None:
            found = written(operands, values)
            return operands.out if found is None else found
        arrays = {"x": operands.x, "y": operands.y, "dy": operands.dy}
        return rule(**{name: arrays.get(name, values.get(name)) for name in names})

    def result() -> Array:
        return np.array(call())

    note = "" if written else ("the definition as written" if direction == "forward" else "the row's rule, unfused")
    return PreparedCall(
        call=call, result=result, kept=kept * operands.x.nbytes if direction == "backward" else None,
        preallocated=_fills(call, operands), around=lambda: np.errstate(all="ignore"), note=note,
    ), ""  # fmt: skip


def _fills(call: Callable[[], Any], operands: Operands) -> bool:
    with np.errstate(all="ignore"):
        return call() is operands.out
