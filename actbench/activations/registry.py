"""The catalogue's registries, and the spec strings by which an activation is named."""

from __future__ import annotations

from collections.abc import Callable

from actbench.activations.record import Activation
from actbench.activations.vector import VectorFunction
from actbench.core.errors import ActbenchError
from actbench.core.registry import Registry

ACTIVATIONS: Registry[Activation] = Registry("activation")
AXIS: Registry[VectorFunction] = Registry("axis function")  # softmax and its kin, which no element computes alone


# A text that names no row is offered to these: each may enter one and give its name. Later rooms fill it.
ENTERING: list[Callable[[str], str | None]] = []


def resolve(spec: str) -> Activation:
    """The activation that a spec string names: ``relu``, ``purlin``, ``leaky_relu:negative_slope=0.2``.

    A target (``my.py:act``, ``torch:nn.GELU(approximate="tanh")``) is examined and entered as a row first.

    A spec is the only form in which an activation crosses processes or enters a cell's key.
    """
    name, colon, tail = str(spec).partition(":")
    if name not in ACTIVATIONS:
        for entered in filter(None, (enter(str(spec)) for enter in ENTERING)):
            return ACTIVATIONS[entered]
    activation = ACTIVATIONS[name]
    given: dict[str, float] = {}
    for part in tail.split(",") if colon else ():
        key, equals, text = (word.strip() for word in part.partition("="))
        try:
            number = float(text)
        except ValueError:
            equals = ""
        if not equals:
            raise ActbenchError(f"cannot read {part!r} in {spec!r}; write name:parameter=number,...")
        if key in given:
            raise ActbenchError(f"{spec!r} gives {key} twice; give it once")
        given[key] = number
    return activation.bind(**given) if given else activation


def canonical(spec: str) -> str:
    """The one spelling of a spec: canonical name, parameters that differ from the defaults, sorted."""
    return resolve(spec).spec
