"""A graph's value on arrays, by NumPy and our own primitives; on expressions it is recorded once more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from actbench.expression.graph import Graph
from actbench.expression.primitives import COMPOSITE


def written(op: str) -> tuple[str, Callable[..., Any]]:
    """How an operation is written in Python, and the function itself."""
    if op in COMPOSITE:
        return op, COMPOSITE[op]
    return f"np.{op}", getattr(np, op)


def evaluate(graph: Graph, values: Mapping[str, Any]) -> Any:
    """The value of a graph, from those of its arguments."""

    def combine(step: Any, operands: list[Any]) -> Any:
        if step.op == "argument":
            return values[step.value]
        return step.value if step.op == "constant" else written(step.op)[1](*operands)

    return graph.fold(combine)[-1]
