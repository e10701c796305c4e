"""What an object computes, traced by calling it with expressions, and whether it gives the same for arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from actbench.core.errors import ActbenchError, reason_of
from actbench.expression.graph import PRIMITIVES, Graph, composed, derivative, record
from actbench.expression.numeric import evaluate
from actbench.expression.primitives import COMPOSITE
from actbench.implementations.implementation import Implementation


def home(op: str) -> str:
    """The module that one of our composite primitives is imported from."""
    return COMPOSITE[op].__module__


def traced(implementation: Implementation) -> tuple[Graph, Graph | None]:
    """The graphs of the forward pass and of the object's own backward pass, where it has one in expressions.

    Raises
    ------
    ActbenchError
        With the reason why it cannot be recorded.
    """
    if implementation.expression is None:
        raise ActbenchError(f"it is {implementation.library}'s own code")
    try:
        graph = record(implementation.expression)
        back = implementation.own_backward
        return graph, None if back is None else composed(back, implementation.expression)
    except ActbenchError:
        raise
    except Exception as error:  # NumPy and the object may raise whatever they like at an expression
        raise ActbenchError(reason_of(error)) from None


def agrees(graph: Graph, f: Callable[[Any], Any], x: Any) -> bool:
    """Whether the recorded function has the called one's values at these points."""
    with np.errstate(all="ignore"):
        drawn, got = np.broadcast_to(evaluate(graph, {"x": x.copy()}), x.shape), f(x.copy())
    return bool(np.allclose(drawn, got, rtol=1e-12, atol=1e-300, equal_nan=True))


def exact(graph: Graph, x: float) -> float:
    """The graph's value at one point in arithmetic of 2,000 bits, rounded once; NaN where it has none."""
    mp: Any = import_module("mpmath").mp
    values: list[Any] = []
    try:
        with mp.workprec(2000):
            for step in graph:
                if step.op == "argument":
                    values.append(mp.mpf(x))
                elif step.op == "constant":
                    values.append(step.value if isinstance(step.value, bool) else mp.mpf(step.value))
                else:
                    values.append(PRIMITIVES[step.op].exact(mp, *(values[i] for i in step.operands)))
            return float(values[-1])
    except (ArithmeticError, ValueError, TypeError, MemoryError):  # a pole, a root of a negative number
        return math.nan


def slope_graph(graph: Graph) -> Graph:
    """The derivative in a form for computing: b * b overflows where a / b does not."""
    return derivative(graph, rules={"divide": lambda y, a, b: (1.0 / b, -y / b)})


def backward_graph(
    slope: Graph, ends: tuple[float, float] | None, kinks: Mapping[float, float], bounds: Mapping[int, float]
) -> Graph:
    """``dy * f'(x)``.

    Parameters
    ----------
    slope
        f' in terms of x.
    ends
        The slope far out on either side, which takes the place of what the derived formula gives there that is no
        number (inf over inf); None where it gives none.
    kinks
        Places where the formula gives NaN, to the slope that is used there.
    bounds
        Side (-1, 1) to the distance beyond which the end is taken in any case.
    """

    def backward(dy: Any, x: Any) -> Any:
        used = evaluate(slope, {"x": x})
        if ends is not None:
            outside = np.where(x > 0.0, ends[1], np.where(x < 0.0, ends[0], x))
            used = np.where(np.absolute(used) < np.inf, used, outside)
            for side, distance in bounds.items():
                if distance < np.inf:
                    used = np.where(x >= distance if side > 0 else x <= -distance, ends[side > 0], used)
        for place, value in kinks.items():
            used = np.where(x == place, value, used)
        return dy * used

    return record(backward)
