"""What a row says, recorded through NumPy's own dispatch protocols (NEP 13 and 18) and written down once as a graph.

A row is ordinary NumPy. Called with arrays it computes; called with `Expression` leaves it leaves a trace. `record`
turns the trace into a `Graph`: steps in order of evaluation, equal subexpressions shared. Every interpreter (exact
value, derivative, kernel source, LaTeX, operation count) is a walk over those steps.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType, MappingProxyType
from typing import Any

import numpy as np

from actbench.core.errors import ActbenchError


def argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names in a callable's signature: what a row asks for."""
    return _of_function(function) if isinstance(function, FunctionType) else _in_signature(function)


def _in_signature(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


_of_function = lru_cache(maxsize=2048)(_in_signature)  # 20 us each, several times in every call of a row


class ExpressionError(ActbenchError, TypeError):
    """A row said something that cannot be recorded."""


@dataclass(frozen=True, kw_only=True)
class Primitive:
    """One operation of the vocabulary and its meaning to every interpreter.

    Parameters
    ----------
    name
        NumPy's name of the function, or ours.
    arity
        The number of operands.
    exact
        ``(mp, *operands) -> value`` in mpmath.
    partials
        ``(y, *operands) -> one partial derivative each``, in recorded words; None where no derivative exists.
    latex
        A template over ``{0}``, ``{1}``, ..., and the binding strength of the result.
    cost
        Primitive operations, by kind: ``{"exponential": 1}``.
    kernel
        ``(format, *operands) -> expression`` in primitive steps, for words that hardware lacks.
    discrete
        True for truth values: constant almost everywhere, so without a slope of their own.
    growth
        For ``a g(u, ...)``, linear in the first operand: ``(u, ...) -> g's logarithmic derivatives``. The slope is then
        the same operation on ``a' + a rate u'``, whole in the tail where a product by exp(x) has lost its digits.
    """

    name: str
    arity: int
    exact: Callable[..., Any]
    partials: Callable[..., tuple[Any, ...]] | None = None
    latex: tuple[str, int] = ("", 9)
    cost: tuple[tuple[str, int], ...] = ()
    kernel: Callable[..., Any] | None = None
    discrete: bool = False
    growth: Callable[..., tuple[Any, ...]] | None = None


PRIMITIVES: dict[str, Primitive] = {}

_REMEDY = {
    "__bool__": "write numpy.where(condition, a, b) instead of if, and/or, min or max",
    "__array__": "use NumPy functions of the vocabulary, not numpy.asarray or array methods",
    "__getitem__": "an activation acts on each element alone; use numpy.where instead of indexing",
    "__setitem__": "return a new value with numpy.where instead of assigning into the array",
    "__iter__": "an activation acts on each element alone; do not loop over the array",
    "__len__": "an activation acts on each element alone and may not ask for a length",
    "__float__": "stay with NumPy functions; math.* and float() cannot be recorded",
}


class Expression(np.lib.mixins.NDArrayOperatorsMixin):
    """A value that remembers how it was said; not an array, not a number, not hashable."""

    __slots__ = ("args", "op")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, op: str, *args: Any) -> None:
        self.op = op
        self.args = args

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Expression:
        if method != "__call__":
            raise ExpressionError(
                f"{ufunc.__name__}.{method} cannot be recorded; use {ufunc.__name__} element by element"
            )
        if options:
            raise ExpressionError(f"{ufunc.__name__} with {', '.join(options)}= cannot be recorded; leave it out")
        return record_op(ufunc.__name__, *inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Expression:
        if kwargs:
            raise ExpressionError(f"{function.__name__} with {', '.join(kwargs)}= cannot be recorded; leave it out")
        return record_op(function.__name__, *args)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ExpressionError(f"an expression has no attribute {name!r}; write a NumPy function of the vocabulary")


def _refuse(name: str) -> Callable[..., Any]:
    def refuse(self: Expression, *args: Any, **kwargs: Any) -> Any:
        raise ExpressionError(f"{name.strip('_')}() of an expression cannot be recorded; {_REMEDY[name]}")

    return refuse


for _name in _REMEDY:
    setattr(Expression, _name, _refuse(_name))


def record_op(op: str, *inputs: Any) -> Expression:
    """Record one operation, rewriting the few that other words already say."""
    if op in _REWRITES:
        result = _REWRITES[op](*inputs)
        return result if isinstance(result, Expression) else constant(result)
    primitive = PRIMITIVES.get(op)
    if primitive is None:
        raise ExpressionError(f"{op!r} is not in the vocabulary of activations; known: {', '.join(sorted(PRIMITIVES))}")
    if len(inputs) != primitive.arity:
        raise ExpressionError(f"{op} takes {primitive.arity} operands here, not {len(inputs)}")
    return Expression(op, *(leaf(value) for value in inputs))


def leaf(value: Any) -> Expression:
    """An operand as an expression: itself, or a constant."""
    return value if isinstance(value, Expression) else constant(value)


def constant(value: Any) -> Expression:
    """A number or truth value that the row writes down."""
    if isinstance(value, np.ndarray) and value.shape == ():
        value = value[()]
    if isinstance(value, (bool, np.bool_)):
        return Expression("constant", bool(value))
    if isinstance(value, (int, float, np.integer, np.floating)):
        return Expression("constant", float(value))
    raise ExpressionError(
        f"{type(value).__name__} in an activation cannot be recorded; write numbers and NumPy functions"
    )


def argument(name: str) -> Expression:
    """A named input: ``x``, ``y``, ``dy`` or a parameter."""
    return Expression("argument", name)


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(exponent, Expression):
        raise ExpressionError("a power with a variable exponent cannot be recorded; write exp(b * log(a))")
    if exponent == 0.5:
        return np.sqrt(base)
    if float(exponent) != int(exponent) or abs(exponent) > 64:
        raise ExpressionError(f"the power {exponent!r} cannot be recorded; integers up to 64 and 0.5 can")
    result, square, n = None, base, abs(int(exponent))
    while n:  # integer powers become multiplications
        if n & 1:
            result = square if result is None else result * square
        n >>= 1
        square = square * square if n else square
    result = base * 0.0 + 1.0 if result is None else result
    return 1.0 / result if exponent < 0 else result


_REWRITES: dict[str, Callable[..., Any]] = {
    "power": _power,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1.0 / x,
    "positive": lambda x: x,
    "fabs": lambda x: np.absolute(x),
    "float_power": lambda a, b: _power(a, b),
    "bitwise_and": lambda a, b: np.logical_and(a, b),
    "bitwise_or": lambda a, b: np.logical_or(a, b),
    "invert": lambda a: np.logical_not(a),
    "fmax": lambda a, b: _no_fmax("fmax", "maximum"),
    "fmin": lambda a, b: _no_fmax("fmin", "minimum"),
    "heaviside": lambda x, at: np.where(x > 0.0, 1.0, np.where(x < 0.0, 0.0, np.where(x == 0.0, at, x))),
    "exp2": lambda x: np.exp(0.6931471805599453 * x),
    "log2": lambda x: np.log(x) / 0.6931471805599453,
    "log10": lambda x: np.log(x) / 2.302585092994046,
    "logaddexp": lambda a, b: np.maximum(a, b) + np.log1p(np.exp(-np.absolute(a - b))),
    "copysign": lambda a, b: np.where(b < 0.0, -np.absolute(a), np.where(b >= 0.0, np.absolute(a), b)),
    "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
}


def _no_fmax(name: str, other: str) -> Any:
    raise ExpressionError(f"{name} swallows NaN and cannot be recorded; use {other}")


@dataclass(frozen=True)
class Step:
    """One operation of a graph; operands are indices of earlier steps."""

    op: str
    operands: tuple[int, ...] = ()
    value: Any = None


@dataclass(frozen=True)
class Graph:
    """What a function says: steps in order of evaluation, the last one being the result."""

    arguments: tuple[str, ...]
    steps: tuple[Step, ...]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def fold(self, combine: Callable[[Step, list[Any]], Any]) -> list[Any]:
        """Walk once: the value of every step from the step and the values of its operands."""
        values: list[Any] = []
        for step in self.steps:
            values.append(combine(step, [values[i] for i in step.operands]))
        return values

    def expressions(self) -> list[Expression]:
        """Every step as an expression again, sharing kept."""
        return self.fold(lambda step, args: Expression(step.op, *(args or [step.value])))


def _key(node: Expression, operands: tuple[int, ...]) -> tuple[Any, ...]:
    if node.op == "constant":
        value = node.args[0]
        # -0.0, 0.0 and False are equal to a dict and are three different things to a row
        return ("constant", type(value).__name__, value if isinstance(value, bool) else value.hex())
    if node.op == "argument":
        return ("argument", node.args[0])
    return (node.op, *operands)


def trace(root: Expression, arguments: Sequence[str]) -> Graph:
    """The graph below an expression, with equal subexpressions shared."""
    steps: list[Step] = []
    seen: dict[tuple[Any, ...], int] = {}
    place: dict[int, int] = {}
    stack: list[tuple[Expression, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if id(node) in place:
            continue
        children = [] if node.op in ("constant", "argument") else [a for a in node.args if isinstance(a, Expression)]
        if not ready and children:
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(children) if id(child) not in place)
            continue
        operands = tuple(place[id(child)] for child in children)
        extra = tuple(a for a in node.args if not isinstance(a, Expression))
        key = (*_key(node, operands), *(extra if children else ()))
        if key not in seen:
            seen[key] = len(steps)
            steps.append(Step(node.op, operands, extra[0] if extra else None))
        place[id(node)] = seen[key]
    return Graph(tuple(arguments), tuple(steps))


def record(function: Callable[..., Any]) -> Graph:
    """Call a function with expressions in place of arrays and return what it says.

    Raises
    ------
    ExpressionError
        Where it branches, indexes, reduces, or uses a word outside the vocabulary; the text names the remedy.
    """
    names = argument_names(function)
    return trace(leaf(function(*(argument(name) for name in names))), names)


def composed(backward: Callable[..., Any], forward: Callable[..., Any]) -> Graph:
    """The graph of a backward pass in terms of ``dy`` and ``x`` alone: a kept ``y`` is said by the forward pass."""
    names = argument_names(backward)
    own = tuple(name for name in names if name != "y")
    further = tuple(name for name in argument_names(forward) if name not in own) if "y" in names else ()
    values = {name: argument(name) for name in (*own, *further)}
    if "y" in names:
        values["y"] = leaf(forward(**{name: values[name] for name in argument_names(forward)}))
    root = leaf(backward(**{name: values[name] for name in names}))
    return trace(root, (*own, *further))


def derivative(graph: Graph, wrt: str = "x", rules: Mapping[str, Callable[..., Any]] = MappingProxyType({})) -> Graph:
    """The graph of the derivative, almost everywhere; conventions at kinks are the record's.

    Parameters
    ----------
    graph, wrt
        The function, and the argument.
    rules
        Primitive to partial derivatives that are used in place of its own.

    Raises
    ------
    ExpressionError
        Where a word has no derivative.
    """
    values = graph.expressions()
    slopes: list[Expression | None] = []
    for step, value in zip(graph.steps, values, strict=True):
        operands = [values[i] for i in step.operands]
        inner = [slopes[i] for i in step.operands]
        if step.op == "argument":
            slopes.append(constant(1.0) if step.value == wrt else None)
        elif step.op == "where":
            arms = [constant(0.0) if arm is None else arm for arm in inner[1:]]
            varies = any(arm is not None for arm in inner[1:])
            slopes.append(record_op("where", operands[0], *arms) if varies else None)
        elif all(slope is None for slope in inner) or PRIMITIVES[step.op].discrete:
            slopes.append(None)
        elif PRIMITIVES[step.op].growth is not None and step.op not in rules:
            slopes.append(_grown(step.op, operands, inner))
        else:
            slopes.append(_chain(step.op, value, operands, inner, rules))
    return trace(slopes[-1] if slopes[-1] is not None else constant(0.0), graph.arguments)


def _product(a: Expression, b: Expression) -> Expression:
    """a * b, with factors 1 and -1 said plainly."""
    for factor, other in ((a, b), (b, a)):
        if factor.op == "constant" and factor.args[0] in (1.0, -1.0):
            return other if factor.args[0] == 1.0 else record_op("negative", other)
    return record_op("multiply", a, b)


def _grown(op: str, operands: list[Expression], inner: list[Expression | None]) -> Expression:
    factor, *rest = operands
    total, rates = inner[0], PRIMITIVES[op].growth
    assert rates is not None
    for rate, slope in zip(rates(*rest), inner[1:], strict=True):
        if slope is not None:
            term = _product(factor, _product(leaf(rate), slope))
            total = term if total is None else total + term
    assert total is not None
    return record_op(op, total, *rest)


def _chain(
    op: str, value: Expression, operands: list[Expression], inner: list[Expression | None],
    rules: Mapping[str, Callable[..., Any]],
) -> Expression:  # fmt: skip
    rule = rules.get(op, PRIMITIVES[op].partials)
    if rule is None:
        raise ExpressionError(f"{op} has no derivative; give backward= yourself")
    total: Expression | None = None
    for partial, slope in zip(rule(value, *operands), inner, strict=True):
        if slope is None:
            continue
        term = _product(leaf(partial), slope)
        total = term if total is None else total + term
    assert total is not None
    return total
