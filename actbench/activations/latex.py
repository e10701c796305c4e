"""A row for people: its formula in LaTeX, and the primitive operations that it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from actbench.activations.record import Activation
from actbench.expression.graph import PRIMITIVES, Expression, Graph, Step, composed, derivative, record, trace
from actbench.expression.numeric import evaluate
from actbench.expression.simplify import simplified

# Sum, product and sign need brackets around what binds less; a fraction or a function brings its own.
_WEAKEST = {
    "add": (4, 4), "subtract": (4, 5), "multiply": (5, 6), "negative": (5,),
    "greater": (2, 2), "greater_equal": (2, 2), "less": (2, 2), "less_equal": (2, 2), "exp_times": (5, 0),
}  # fmt: skip


def _number(value: float | bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(int(value)) if value == int(value) and abs(value) < 1e6 else f"{value:.10g}"
    base, e, exponent = text.partition("e")
    return f"{base} \\cdot 10^{{{int(exponent)}}}" if e else base


def _symbol(name: str) -> str:
    return name if len(name) == 1 or name == "dy" else r"\mathrm{" + name.replace("_", r"\_") + "}"


def latex(graph: Graph) -> str:
    """The formula of a graph in LaTeX."""

    powers: dict[str, tuple[str, int]] = {}  # a power's text to its base and exponent

    def combine(step: Step, operands: list[tuple[str, int]]) -> tuple[str, int]:
        if step.op == "argument":
            return _symbol(step.value), 9
        if step.op == "constant":
            return _number(step.value), 9 if isinstance(step.value, bool) or step.value >= 0 else 6
        if step.op == "multiply":
            (base, n), (again, m) = (powers.get(text, (text if own == 9 else rf"\left({text}\right)", 1))
                                     for text, own in operands)  # fmt: skip
            if base == again:
                text = f"{base}^{{{n + m}}}" if n + m > 9 else f"{base}^{n + m}"
                powers[text] = (base, n + m)
                return text, 8
        template, strength = PRIMITIVES[step.op].latex
        weakest = _WEAKEST.get(step.op, (0,) * len(operands))
        texts = [
            rf"\left({text}\right)" if own < least else text
            for (text, own), least in zip(operands, weakest, strict=True)
        ]
        if step.op == "negative" and operands[0][1] < 6:
            strength = 4  # -a b is no factor
        return template.format(*texts), strength

    return str(graph.fold(combine)[-1][0])


_INFIX = {
    "add": ("{0} + {1}", 4), "subtract": ("{0} - {1}", 4), "multiply": ("{0} * {1}", 5), "divide": ("{0} / {1}", 5),
    "negative": ("-{0}", 6), "greater": ("{0} > {1}", 1), "greater_equal": ("{0} >= {1}", 1), "less": ("{0} < {1}", 1),
    "less_equal": ("{0} <= {1}", 1), "absolute": ("|{0}|", 9), "where": ("({1} if {0} else {2})", 9),
}  # fmt: skip
_INFIX_WEAKEST = {**_WEAKEST, "divide": (5, 6), "exp_times": (0, 0)}


def text(graph: Graph) -> str:
    """The formula of a graph in one line of plain text."""

    def combine(step: Step, operands: list[tuple[str, int]]) -> tuple[str, int]:
        if step.op == "argument":
            return step.value, 9
        if step.op == "constant":
            return (f"{step.value:.10g}", 9 if step.value >= 0 else 6) if step.value is not True else ("true", 9)
        calls = f"{step.op}(" + ", ".join(f"{{{i}}}" for i in range(len(operands))) + ")"
        template, strength = _INFIX.get(step.op, (calls, 9))
        weakest = _INFIX_WEAKEST.get(step.op, (0,) * len(operands)) if step.op in _INFIX else (0,) * len(operands)
        parts = [f"({part})" if own < least else part for (part, own), least in zip(operands, weakest, strict=True)]
        return template.format(*parts), strength

    return str(graph.fold(combine)[-1][0])


STRICTLY = {"greater_equal": "greater", "less_equal": "less"}


def slope(activation: Activation) -> Graph:
    """f' as people would write it: where f has a kink, with the slope that the row takes there.

    A derived slope takes that of the first of two equal operands, so that relu's would be 1 at 0.
    """
    derived = simplified(derivative(record(activation.callables.definition)))

    def combine(step: Step, operands: list[Expression]) -> Expression:
        value = [] if step.value is None else [step.value]
        return Expression(STRICTLY.get(step.op, step.op), *operands, *value)

    strict = trace(derived.fold(combine)[-1], derived.arguments)
    places = activation.fact("kinks")
    x = np.array([*places], dtype=float)
    with np.errstate(all="ignore"):  # a root's slope at 0 is infinite
        used = activation.backward(np.ones_like(x), x, **activation.draw(None, x))

    def others(graph: Graph) -> int:
        with np.errstate(all="ignore"):
            shown = np.broadcast_to(evaluate(graph, {**activation.values(), "x": x}), x.shape)
        return int((shown != used).sum())

    return strict if others(strict) < others(derived) else derived


def formula(activation: Activation) -> str:
    """The definition in LaTeX."""
    return latex(record(activation.callables.definition))


def count(graph: Graph) -> dict[str, int]:
    """Primitive operations of a graph by kind, words expanded to what they cost, shared subexpressions once."""
    total: Counter[str] = Counter()
    for step in graph:
        if step.op in PRIMITIVES:
            total.update(dict(PRIMITIVES[step.op].cost))
    return dict(sorted(total.items()))


def census(activation: Activation, direction: str = "forward") -> dict[str, int]:
    """What one element costs, forward or backward, as the row says it.

    Parameters
    ----------
    direction
        ``"forward"``; ``"backward"`` from what the row saves; ``"backward from x"`` with a kept y computed anew.

    Returns
    -------
    Kind of operation (``"exponential"``, ``"divide"``, ``"multiply"``, ``"add"``, ``"select"``, ``"compare"``) to
    its number.
    """
    said = activation.callables
    graphs: dict[str, Callable[[], Any]] = {
        "forward": lambda: record(said.forward),
        "backward": lambda: record(said.backward),
        "backward from x": lambda: composed(said.backward, said.forward),
    }
    return count(graphs[direction]())
