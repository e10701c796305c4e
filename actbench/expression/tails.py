"""A graph whose exponentials stand apart as the factor of what they multiply, so that tails keep their digits.

u exp(-u) at u = 745 is 700 times a number of one bit. A derivative is such sums and products: here each becomes one
``exp_times(a, v)``, whose ``a`` holds all that multiplies exp(v), and which rounds into the subnormals once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from actbench.expression.graph import PRIMITIVES, Expression, Graph, Step, constant, trace
from actbench.expression.primitives import exp_exp_times
from actbench.expression.primitives.exponential import _never_positive
from actbench.expression.primitives.nested import DEEPEST
from actbench.expression.primitives.pairs import product_error, two_sum

STEEP = "exp_exp_times"


class Term(NamedTuple):
    """A step, and where it is an operation of `Primitive.growth`: its first operand, its op and the others.

    ``rest`` is what the others become, ``meant`` what they were: the same objects for the same exponential.
    """

    whole: Expression
    factor: Expression | None = None
    op: str = ""
    rest: tuple[Expression, ...] = ()
    meant: tuple[Expression, ...] = ()

    def by(self, factor: Any) -> Term:
        """The same exponential times another factor."""
        return self._replace(whole=Expression(self.op, factor, *self.rest), factor=factor)

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for the same exponential."""
        return (self.op, *map(id, self.meant))


def factored(graph: Graph) -> Graph:
    """The same function; every product, quotient and sum of one exponential is that exponential times one factor."""
    return trace(graph.fold(_term)[-1].whole, graph.arguments)


def _term(step: Step, operands: list[Term]) -> Term:
    whole = Expression(step.op, *([o.whole for o in operands] or [step.value]))
    if step.op in PRIMITIVES and PRIMITIVES[step.op].growth is not None:
        others = tuple(o.whole for o in operands[1:])
        if step.op == "exp_times_pair" and _is_zero(others[1]) and _steep(others[0]) is not None:
            steep = _exponential(whole, others[0])
            return steep.by(operands[0].whole * steep.factor)
        rest, within = _exact(step.op, *others)
        first: Any = operands[0].whole if within is None else np.where(within, operands[0].whole, 0.0)
        return Term(Expression(step.op, first, *rest), first, step.op, rest, others)
    if step.op == "exp":
        return _exponential(whole, operands[0].whole)
    if step.op == "negative" and operands[0].factor is not None:
        return operands[0].by(-operands[0].factor)
    if step.op == "multiply":
        a, b = sorted(operands, key=lambda o: (o.factor is None, o.op != STEEP))  # what falls fastest stays apart
        return Term(whole) if a.factor is None else a.by(a.factor * b.whole)
    if step.op == "divide" and operands[0].factor is not None:
        return operands[0].by(operands[0].factor / operands[1].whole)
    if step.op in ("add", "subtract", "where"):
        return _joined(whole, step.op, operands)
    return Term(whole)


def _joined(whole: Expression, op: str, operands: list[Term]) -> Term:
    """A sum or a choice of the same exponential; 0 is any."""
    *condition, a, b = operands
    known = [t for t in (a, b) if t.factor is not None]
    if not known or any(t.key != known[0].key for t in known):
        return Term(whole)
    if any(t.factor is None and not _is_zero(t.whole) for t in (a, b)):
        return Term(whole)
    factors = [t.whole if t.factor is None else t.factor for t in (a, b)]
    return known[0].by(Expression(op, *(c.whole for c in condition), *factors))


def _is_zero(e: Expression) -> bool:
    return e.op == "constant" and e.args[0] == 0.0


def _exponential(whole: Expression, v: Expression) -> Term:
    """exp(v) for v <= 0; exp(-n / exp(w)), w <= 0, is exp(-exp(-w)) n times, whose exponent no float holds."""
    if (found := _steep(v)) is not None:
        times, w = found
        factor: Any = np.where(w < -DEEPEST, 0.0, 1.0)  # beyond it is 0, whatever an exponential of more multiplies
        for _ in range(times - 1):
            factor = exp_exp_times(factor, w)
        return Term(Expression(STEEP, factor, w), factor, STEEP, (w,), (w,))
    return Term(whole, constant(1.0), "exp_times", (v,), (v,)) if _falls(v) else Term(whole)


def _falls(v: Expression) -> bool:
    """Whether v is never positive, by how it is said; kernels do not ask for max(u, 0), whose exp is another there."""
    inner = v.args[0] if v.op == "negative" else v
    return _never_positive(v) or (inner is not v and inner.op == "maximum" and _is_zero(inner.args[1]))


def _steep(v: Expression) -> tuple[int, Expression] | None:
    """n and w of -n / exp(w), or -n times its size, w <= 0."""
    times = 1.0
    if v.op == "negative":
        v = v.args[0]
    elif v.op == "multiply" and v.args[0].op == "constant":
        times, v = -v.args[0].args[0], v.args[1]
    else:
        return None
    v = v.args[0] if v.op == "absolute" else v
    if v.op != "divide" or v.args[0].op != "constant" or v.args[0].args[0] != 1.0 or v.args[1].op != "exp":
        return None
    w = v.args[1].args[0]
    return (int(times), w) if times in (1.0, 2.0) and _falls(w) else None


def _exact(op: str, *rest: Expression) -> tuple[tuple[Expression, ...], Any]:
    """The exponent -t t with what rounding left out of t (at 26^2 half a unit of t is 370 of the result's).

    And where t = min(.., end) is below its end: from there on it is 0, whatever an exponential of more multiplies.
    """
    if op != "exp_times_pair" or rest[0].op != "negative" or rest[0].args[0].op != "multiply":
        return rest, None
    t, same = rest[0].args[0].args
    if same is not t:
        return rest, None
    within = t < t.args[1] if t.op == "minimum" and t.args[1].op == "constant" else None
    error = rounding(t)
    return (rest if error is None else (rest[0], rest[1] - 2.0 * t * error)), within


def rounding(e: Expression) -> Any:
    """What the roundings of a sum or product took away from it, or None where its value is what was meant."""
    if e.op == "add":
        a, b = e.args
        return _sum(two_sum(a, b)[1], rounding(a), rounding(b))
    if e.op == "multiply":
        a, b = e.args
        of_a, of_b = rounding(a), rounding(b)
        return _sum(product_error(a, b, e), None if of_a is None else of_a * b, None if of_b is None else a * of_b)
    if e.op == "absolute":
        inner = rounding(e.args[0])
        return None if inner is None else np.where(e.args[0] < 0.0, -inner, inner)
    if e.op in ("minimum", "maximum") and e.args[1].op == "constant":
        inner = rounding(e.args[0])
        return None if inner is None else np.where(e == e.args[0], inner, 0.0)
    return None


def _sum(*parts: Any) -> Any:
    first, *more = [part for part in parts if part is not None]
    for part in more:
        first = first + part
    return first
