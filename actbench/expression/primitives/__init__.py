"""The vocabulary in which rows are said: each word with its NumPy, exact, derivative, LaTeX and kernel meaning.

NumPy's own functions keep their names. A function of ours is decorated with `word`; called with arrays it computes in
float64, called with an expression it is recorded. To add a word, write one entry in the file of its kind.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from actbench.expression.graph import PRIMITIVES, Expression, Primitive, record_op


def register(name: str, arity: int, **meanings: Any) -> Primitive:
    """Enter a word into the vocabulary; a word twice is an error."""
    if name in PRIMITIVES:
        raise ValueError(f"the word {name!r} is defined twice")
    meanings["cost"] = tuple(meanings.get("cost", {}).items())
    PRIMITIVES[name] = Primitive(name=name, arity=arity, **meanings)
    return PRIMITIVES[name]


COMPOSITE: set[str] = set()


def primitive(**meanings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a NumPy function of ours a word: any expression among its operands records it."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        register(function.__name__, function.__code__.co_argcount, **meanings)
        COMPOSITE.add(function.__name__)

        @wraps(function)
        def evaluate(*operands: Any) -> Any:
            if any(isinstance(operand, Expression) for operand in operands):
                return record_op(function.__name__, *operands)
            return function(*operands)

        return evaluate

    return decorate


from actbench.expression.primitives import cubic as cubic  # noqa: E402  the folder fills the vocabulary
from actbench.expression.primitives import elementary as elementary  # noqa: E402
from actbench.expression.primitives import exponential as exponential  # noqa: E402
from actbench.expression.primitives import gaussian as gaussian  # noqa: E402
from actbench.expression.primitives import logarithm as logarithm  # noqa: E402
from actbench.expression.primitives import logistic as logistic  # noqa: E402
from actbench.expression.primitives import nested as nested  # noqa: E402
from actbench.expression.primitives import pairs as pairs  # noqa: E402
from actbench.expression.primitives import periodic as periodic  # noqa: E402
from actbench.expression.primitives.cubic import x_tanh_gate as x_tanh_gate  # noqa: E402
from actbench.expression.primitives.cubic import x_tanh_gate_slope as x_tanh_gate_slope  # noqa: E402
from actbench.expression.primitives.exponential import exp_times as exp_times  # noqa: E402
from actbench.expression.primitives.exponential import exp_times_pair as exp_times_pair  # noqa: E402
from actbench.expression.primitives.exponential import x_minus_tanh as x_minus_tanh  # noqa: E402
from actbench.expression.primitives.gaussian import density_times as density_times  # noqa: E402
from actbench.expression.primitives.gaussian import erf as erf  # noqa: E402
from actbench.expression.primitives.gaussian import mills as mills  # noqa: E402
from actbench.expression.primitives.gaussian import normal_cdf as normal_cdf  # noqa: E402
from actbench.expression.primitives.gaussian import normal_pdf as normal_pdf  # noqa: E402
from actbench.expression.primitives.gaussian import tail_size as tail_size  # noqa: E402
from actbench.expression.primitives.logarithm import log1p_ratio as log1p_ratio  # noqa: E402
from actbench.expression.primitives.logistic import expit as expit  # noqa: E402
from actbench.expression.primitives.logistic import expit_pair as expit_pair  # noqa: E402
from actbench.expression.primitives.logistic import x_sigmoid as x_sigmoid  # noqa: E402
from actbench.expression.primitives.logistic import x_sigmoid_slope as x_sigmoid_slope  # noqa: E402
from actbench.expression.primitives.nested import exp_exp_times as exp_exp_times  # noqa: E402
