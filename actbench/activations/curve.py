"""The second derivative of a row: its backward pass, which is well conditioned, differentiated step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from actbench.core.errors import ActbenchError
from actbench.expression.graph import Expression, Graph, Step, argument, composed, derivative, leaf, trace
from actbench.expression.numeric import evaluate, written
from actbench.expression.primitives.gaussian import erf_slope_times
from actbench.expression.tails import factored

LARGEST = float(np.finfo(np.float64).max)
# a / (b b), as a quotient is differentiated, overflows where (a / b) / b does not; erf' as words, to be told apart
SMALL = 1e-15
RULES: dict[str, Callable[..., Any]] = {
    "divide": lambda y, a, b: (1.0 / b, -y / b),
    "maximum": lambda y, a, b: _larger(a, b),
    "erf": lambda y, a: (erf_slope_times(1.0, a),),
}


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
    x = values["x"] = argument("x")
    # What keeps exp(-|x|) from 0, as the left side divides by it, is for x < 0 alone: on the right f'' is a multiple of
    # it. So a row that has such a clip is said twice, for either side.
    sides = [_bent(back, values, sign) for sign in ((1, -1) if any(map(_clips, back.expressions())) else (0,))]
    found = sides[0] if len(sides) == 1 else np.where(x >= 0.0, *sides)
    found = evaluate(
        factored(trace(leaf(found), tuple(values))),
        {**values, "x": np.where(x < -LARGEST, -LARGEST, np.where(x > LARGEST, LARGEST, x))},
    )
    found = np.where(found == found, found, np.where(x == x, 0.0, x))  # 0 times inf, in a tail that vanishes
    left, right = np.isnan(np.asarray(row.fact("slope_limits"), float))
    found = np.where(x < -LARGEST, np.nan, found) if left else found
    found = np.where(x > LARGEST, np.nan, found) if right else found
    return trace(leaf(np.where(x == x, found, x)), tuple(dict.fromkeys(("x", *values))))


def _clips(e: Expression) -> bool:
    """Whether something is kept from 0 to be divided by."""
    return e.op == "maximum" and e.args[1].op == "constant" and 0.0 < e.args[1].args[0] <= SMALL


def _larger(a: Any, b: Any) -> tuple[Any, Any]:
    """Partial derivatives; what is kept from 0 to be divided by goes on as if it was not (calu next to 0)."""
    if b.op == "constant" and 0.0 < b.args[0] <= SMALL:
        return 1.0, 0.0
    return np.where(a >= b, 1.0, 0.0), np.where(a >= b, 0.0, 1.0)


def _bent(back: Graph, values: Mapping[str, Any], sign: int) -> Any:
    """The derivative of a backward pass for dy = 1, where x >= 0 (1), x < 0 (-1) or anywhere (0)."""
    slope = back.fold(lambda step, operands: _sided(step, operands, values, sign))[-1][0]
    bent = derivative(trace(leaf(slope), tuple(values)), rules=RULES)
    return evaluate(bent, values)


Sided = tuple[Any, int]  # a value, and 1 where it is never negative, -1 where it is below 0, 0 where either may be


def _sided(step: Step, operands: list[Sided], values: Mapping[str, Any], sign: int) -> Sided:
    """A step on one side of 0: comparisons that the signs decide are decided."""
    if step.op == "argument":
        return values.get(step.value, 1.0), sign if step.value == "x" else int(step.value == "dy")
    if step.op == "constant":
        return step.value, 1 if step.value >= 0.0 else -1
    given = [value for value, _ in operands]
    if sign > 0 and step.op == "maximum" and isinstance(given[1], float) and 0.0 < given[1] <= SMALL:
        return operands[0]
    if step.op == "where" and isinstance(given[0], bool):
        return operands[1 if given[0] else 2]
    if step.op in _DECIDED:
        a, b = operands if step.op.startswith("greater") else operands[::-1]
        if (decided := _above(a, b, "equal" in step.op)) is not None:
            return decided, 1
    return written(step.op)[1](*given), _sign(step.op, [each for _, each in operands])


_DECIDED = frozenset({"greater", "greater_equal", "less", "less_equal"})


def _above(a: Sided, b: Sided, or_equal: bool) -> bool | None:
    """Whether a > b, or a >= b, by their signs; None where these do not say."""
    low = b[1] < 0 or (or_equal and isinstance(b[0], float) and b[0] == 0.0)
    high = a[1] < 0 or (not or_equal and isinstance(a[0], float) and a[0] == 0.0)
    return True if a[1] > 0 and low else False if high and b[1] > 0 else None


def _sign(op: str, signs: list[int]) -> int:
    """The sign of what an operation gives, from those of its operands."""
    if op in ("absolute", "exp"):
        return 1
    if op == "negative":
        return int(signs[0] < 0)
    if op == "where":
        return signs[1] if signs[1] == signs[2] else 0
    if op in ("multiply", "divide"):
        return int(signs[0] * signs[1] > 0)
    return signs[0] if op in ("add", "maximum", "minimum") and signs[0] == signs[1] else 0
