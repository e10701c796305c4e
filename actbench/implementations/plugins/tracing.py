"""What an object says when it is called with expressions, and whether it says the same to arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import numpy as np

from actbench.core.errors import ActbenchError
from actbench.expression import primitives as words
from actbench.expression.graph import Graph, composed, derivative, record
from actbench.expression.primitives import COMPOSITE
from actbench.implementations.plugins.adapters import Callee


@lru_cache(maxsize=1)
def _own_words() -> dict[str, tuple[str, Any]]:
    """Our words: name to the module that holds it and the function."""
    found: dict[str, tuple[str, Any]] = {}
    for info in iter_modules(words.__path__):
        module = import_module(f"actbench.expression.primitives.{info.name}")
        found |= {name: (module.__name__, getattr(module, name)) for name in COMPOSITE if hasattr(module, name)}
    return found


def spoken(op: str) -> tuple[str, Callable[..., Any]]:
    """How an operation is written in Python, and the function itself."""
    if op in COMPOSITE:
        return op, _own_words()[op][1]
    return f"np.{op}", getattr(np, op)


def home(op: str) -> str:
    """The module that one of our words is imported from."""
    return _own_words()[op][0]


def speak(graph: Graph, values: Mapping[str, Any]) -> Any:
    """The graph on arrays, or on expressions once more."""

    def combine(step: Any, operands: list[Any]) -> Any:
        if step.op == "argument":
            return values[step.value]
        return step.value if step.op == "constant" else spoken(step.op)[1](*operands)

    return graph.fold(combine)[-1]


def heard(callee: Callee) -> tuple[Graph, Graph | None]:
    """The graphs of the forward pass and of the object's own backward pass, where it has one in expressions.

    Raises
    ------
    ActbenchError
        With the reason why it cannot be recorded.
    """
    if callee.kind in ("torch", "jax"):
        raise ActbenchError(f"it is {callee.kind}'s own code")
    try:
        graph = record(callee.forward)
        back = None
        if callee.backward is not None:
            back = composed(callee.backward, callee.forward)
    except ActbenchError:
        raise
    except Exception as error:  # NumPy and the object may raise whatever they like at an expression
        raise ActbenchError(f"{type(error).__name__}: {error}".split("\n")[0][:200]) from None
    return graph, back


def agrees(graph: Graph, f: Callable[[Any], Any], x: Any) -> bool:
    """Whether the recorded function has the called one's values at these points."""
    with np.errstate(all="ignore"):
        said, got = np.broadcast_to(speak(graph, {"x": x.copy()}), x.shape), f(x.copy())
    return bool(np.allclose(said, got, rtol=1e-12, atol=1e-300, equal_nan=True))


def slope_graph(graph: Graph) -> Graph:
    """The derivative, by the words' own rules."""
    return derivative(graph)


def backward_graph(slope: Graph, ends: tuple[float, float] | None) -> Graph:
    """``dy * f'(x)``.

    Parameters
    ----------
    slope
        f' in terms of x.
    ends
        The slope far out on either side, which takes the place of a NaN that the derived formula gives there (inf
        over inf); None where it gives none.
    """

    def backward(dy: Any, x: Any) -> Any:
        found = speak(slope, {"x": x})
        if ends is not None:
            outside = np.where(x > 0.0, ends[1], np.where(x < 0.0, ends[0], x))
            found = np.where(found == found, found, outside)
        return dy * found

    return record(backward)
