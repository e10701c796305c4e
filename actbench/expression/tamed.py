"""A graph in which textbook forms whose exponentials overflow stand as the forms that do not.

log(1 + exp(u)) is u + exp(-u) far out, not infinity; exp(u) / (1 + exp(u)) is 1, not inf / inf. The values are the
same numbers wherever both are numbers; the derivative of the tame form is one everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from actbench.expression.graph import Expression, Graph, Step, constant, leaf, trace
from actbench.expression.primitives import expit


@dataclass(frozen=True)
class Tamed:
    """A form that was found: as it was said, as it should be said, and the argument of its exponential.

    ``instead`` is empty where the form's own values stay right, and only its derivative needs another one.
    """

    said: str
    instead: str
    argument: Graph


def tamed(graph: Graph) -> tuple[Graph, tuple[Tamed, ...]]:
    """The same function in forms that do not overflow, and what was written otherwise.

    Returns
    -------
    The graph itself and nothing, where no form is known.
    """
    found: list[tuple[str, str, Expression]] = []

    def rewritten(step: Step, operands: list[Expression]) -> Expression:
        for rule in (_softplus, _quotient):
            made = rule(step.op, operands)
            if made is not None:
                found.append(made[:3])
                return leaf(made[3])
        return Expression(step.op, *(operands or [step.value]))

    root = graph.fold(rewritten)[-1]
    if not found:
        return graph, ()
    return trace(root, graph.arguments), tuple(
        Tamed(said, instead, trace(u, graph.arguments)) for said, instead, u in found
    )


Made = tuple[str, str, Expression, Any]


def _softplus(op: str, operands: list[Expression]) -> Made | None:
    """log1p(exp(u)) and log(1 + exp(u))."""
    inner = operands[0] if op == "log1p" else _beside_one(operands[0]) if op == "log" else None
    if inner is None or inner.op != "exp":
        return None
    u = inner.args[0]
    said = "np.log1p(np.exp(u))" if op == "log1p" else "np.log(1 + np.exp(u))"
    return said, "np.logaddexp(0, u)", u, np.logaddexp(u, 0.0)


def _quotient(op: str, operands: list[Expression]) -> Made | None:
    """a / (1 + exp(u)), a exp(u) / (1 + exp(u)), and tanh(u) by four exponentials."""
    if op != "divide":
        return None
    top, below = operands
    e = _beside_one(below)
    if e is not None and e.op == "exp":
        u, rest = e.args[0], _without(top, e)
        if rest is not None:
            return "np.exp(u) / (1 + np.exp(u))", "1 / (1 + np.exp(-u))", u, rest * expit(u)
        return "1 / (1 + np.exp(u))", "", u, top * expit(-u)
    if below.op == "add" and top.op == "subtract" and all(a.op == "exp" for a in (*top.args, *below.args)):
        a, b = (e.args[0] for e in top.args)
        if {id(e) for e in top.args} == {id(e) for e in below.args} and _opposite(a, b):
            return "(np.exp(u) - np.exp(-u)) / (np.exp(u) + np.exp(-u))", "np.tanh(u)", a, np.tanh(a)
    return None


def _beside_one(e: Expression) -> Expression | None:
    """What stands beside 1 in a sum."""
    if e.op != "add":
        return None
    a, b = e.args
    for one, other in ((a, b), (b, a)):
        if one.op == "constant" and one.args[0] == 1.0:
            return other  # type: ignore[no-any-return]
    return None


def _without(e: Expression, factor: Expression) -> Expression | None:
    """A product without one of its factors, or None where that is none."""
    if e is factor:
        return constant(1.0)
    if e.op != "multiply":
        return None
    a, b = e.args
    for one, other in ((a, b), (b, a)):
        rest = _without(one, factor)
        if rest is not None:
            return rest * other  # type: ignore[no-any-return]
    return None


def _opposite(a: Expression, b: Expression) -> bool:
    """Whether b is said as -a, or both are one thing times opposite numbers."""
    if a.op == "negative" or b.op == "negative":
        return a.args[0] is b or b.args[0] is a
    if a.op != "multiply" or b.op != "multiply":
        return False
    (c, u), (d, v) = (sorted(e.args, key=lambda part: part.op != "constant") for e in (a, b))
    return u is v and c.op == d.op == "constant" and c.args[0] == -d.args[0]
