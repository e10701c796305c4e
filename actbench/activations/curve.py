"""The second derivative of a row: its backward pass, which is well conditioned, differentiated step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from actbench.core.errors import ActbenchError
from actbench.expression.graph import Graph, Step, argument, composed, derivative, leaf, trace
from actbench.expression.numeric import evaluate, written

LARGEST = float(np.finfo(np.float64).max)
# a / (b b), as a quotient is differentiated, overflows where (a / b) / b does not
SMALL = 1e-15
RULES = {"divide": lambda y, a, b: (1.0 / b, -y / b), "maximum": lambda y, a, b: _larger(a, b)}


def curve(row: Any) -> Graph:
    """f'' in terms of ``x`` and parameters, almost everywhere.

    Where f' has a kink or f a jump it is that of the piece that the row's backward pass takes there. At the infinities
    it is what it is at the largest number, NaN where the row has no slope there.

    Parameters
    ----------
    row
        An `actbench.activations.record.Activation`.

    Raises
    ------
    ActbenchError
        For a row whose backward pass is no derivative, or code that is called and not traced.
    """
    if row.opaque:
        raise ActbenchError(f"{row.name} has no second derivative here: it is called, not traced ({row.opaque})")
    if "x" in row.surrogates:
        raise ActbenchError(f"{row.name} has no second derivative: its backward pass uses a surrogate of the slope")
    back = composed(row.callables.backward, row.callables.forward)
    values: dict[str, Any] = {name: argument(name) for name in back.arguments if name != "dy"}
    slope = back.fold(lambda step, operands: _unclipped(step, operands, values))[-1]
    bent = derivative(trace(leaf(slope), tuple(values)), rules=RULES)
    x = argument("x")
    found = evaluate(bent, {**values, "x": np.where(x < -LARGEST, -LARGEST, np.where(x > LARGEST, LARGEST, x))})
    found = np.where(found == found, found, np.where(x == x, 0.0, x))  # 0 times inf, in a tail that vanishes
    left, right = np.isnan(np.asarray(row.fact("slope_limits"), float))
    found = np.where(x < -LARGEST, np.nan, found) if left else found
    found = np.where(x > LARGEST, np.nan, found) if right else found
    return trace(leaf(np.where(x == x, found, x)), tuple(dict.fromkeys(("x", *values))))


def _larger(a: Any, b: Any) -> tuple[Any, Any]:
    """Partial derivatives; what is kept from 0 to be divided by goes on as if it was not (calu next to 0)."""
    if b.op == "constant" and 0.0 < b.args[0] <= SMALL:
        return 1.0, 0.0
    return np.where(a >= b, 1.0, 0.0), np.where(a >= b, 0.0, 1.0)


def _unclipped(step: Step, operands: list[Any], values: Mapping[str, Any]) -> Any:
    """A step for dy = 1. What keeps exp(-|x|) from 0, as the left side divides by it, is for x < 0 alone: on the right
    f'' is a multiple of it.
    """
    if step.op == "argument":
        return values.get(step.value, 1.0)
    if step.op == "constant":
        return step.value
    said = written(step.op)[1](*operands)
    if step.op == "maximum" and isinstance(operands[1], float) and 0.0 < operands[1] <= SMALL:
        return np.where(values["x"] >= 0.0, operands[0], said)
    return said
