"""The verb that fills the catalogue: `define` an activation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actbench.activations.record import Activation, Callables
from actbench.activations.registry import ACTIVATIONS
from actbench.core.errors import ActbenchError
from actbench.expression.graph import record
from actbench.expression.primitives import COMPOSITE


def define(
    name: str,
    *,
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    definition: Callable[..., Any] | None = None,
    **declared: Any,
) -> Activation:
    """Define an activation; this is all that a new one needs.

    Parameters
    ----------
    name
        The canonical name: torch.nn.functional's where it has one.
    forward
        ``lambda x, **parameters: y`` in NumPy and primitives.
    backward
        ``lambda dy, <any of x, y>, **parameters: dx``, the vector-Jacobian product. Its signature says what must be
        kept between the passes.
    definition
        The textbook formula, which the exact oracle evaluates; may be left out where forward is that formula.
    **declared
        The other fields of `actbench.activations.record.Activation`; ``source`` is required.

    Raises
    ------
    ActbenchError
        Where the row cannot be recorded, asks for a name that it does not declare, repeats a name, or uses a
        primitive of ours in forward without giving a definition.
    """
    graph = record(forward)
    ours = sorted({step.op for step in graph if step.op in COMPOSITE})
    if definition is None and ours:
        raise ActbenchError(f"{name}: forward uses {', '.join(ours)}; give the textbook formula as definition=")
    record(backward)
    record(definition or forward)
    said = Callables(forward=forward, backward=backward, definition=definition or forward)
    return ACTIVATIONS.add(Activation(name=name, callables=said, **declared))
