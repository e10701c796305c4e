"""The vocabulary of rows: each primitive with its NumPy, exact, derivative, LaTeX and kernel meaning.

NumPy's own functions keep their names. A function of ours is decorated with `primitive`; called with arrays it computes
in float64, called with an expression it is recorded. A new one is an entry in a file beside this one, found by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from actbench.expression.graph import PRIMITIVES, Expression, Primitive, record_op


def register(name: str, arity: int, **meanings: Any) -> Primitive:
    """Enter a primitive into the vocabulary; one twice is an error."""
    if name in PRIMITIVES:
        raise ValueError(f"the primitive {name!r} is defined twice")
    meanings["cost"] = tuple(meanings.get("cost", {}).items())
    PRIMITIVES[name] = Primitive(name=name, arity=arity, **meanings)
    return PRIMITIVES[name]


COMPOSITE: dict[str, Callable[..., Any]] = {}


def primitive(**meanings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a NumPy function of ours a primitive: any expression among its operands records it.

    Parameters
    ----------
    **meanings
        Those of `actbench.expression.graph.Primitive`; without ``kernel`` a kernel takes the function's own steps.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        meanings.setdefault("kernel", lambda form, *operands: function(*operands))
        register(function.__name__, function.__code__.co_argcount, **meanings)

        @wraps(function)
        def evaluate(*operands: Any) -> Any:
            if any(isinstance(operand, Expression) for operand in operands):
                return record_op(function.__name__, *operands)
            return function(*operands)

        COMPOSITE[function.__name__] = evaluate
        return evaluate

    return decorate


for _module in sorted(module.name for module in iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")

from actbench.expression.primitives.below import exp_below as exp_below  # noqa: E402
from actbench.expression.primitives.below import shifted as shifted  # noqa: E402
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
