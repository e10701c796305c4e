"""A graph's value in mpmath, at the precision of the context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actbench.expression.graph import PRIMITIVES, Graph


def evaluate(mp: Any, graph: Graph, values: Mapping[str, Any]) -> Any:
    """The value of a graph; the arm of a `where` not taken is never evaluated."""
    steps = graph.steps
    memo: dict[int, Any] = {}

    def visit(index: int) -> Any:
        if index not in memo:
            step = steps[index]
            if step.op == "argument":
                memo[index] = values[step.value]
            elif step.op == "constant":
                memo[index] = step.value if isinstance(step.value, bool) else mp.mpf(step.value)
            elif step.op == "where":
                condition, a, b = step.operands
                memo[index] = visit(a) if visit(condition) else visit(b)
            else:
                memo[index] = PRIMITIVES[step.op].exact(mp, *(visit(i) for i in step.operands))
        return memo[index]

    return visit(len(steps) - 1)
