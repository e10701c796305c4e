"""The catalogue's registries, and the spec strings by which an activation is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping

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

    A gate as a row of one of its inputs is ``swiglu.a:b=0.5``.

    A target (``my.py:act``, ``torch:nn.GELU(approximate="tanh")``) is examined and entered as a row first.

    A spec is the only form in which an activation crosses processes or enters a cell's key.
    """
    name = str(spec).partition(":")[0]
    gate, _, side = name.rpartition(".")
    if name in ACTIVATIONS:
        activation = ACTIVATIONS[name]
    elif gate in AXIS and side in AXIS[gate].views:
        activation = AXIS[gate].views[side]
    else:
        for entered in filter(None, (enter(str(spec)) for enter in ENTERING)):
            return ACTIVATIONS[entered]
        if name in AXIS:
            raise ActbenchError(_of_one_input(AXIS[name]))
        activation = ACTIVATIONS[name]  # which says what is known
    given = numbers(spec, parsed(spec)[1])
    return activation.bind(**given) if given else activation


def _of_one_input(function: VectorFunction) -> str:
    """Why a function along an axis is no elementwise row, and what is."""
    name = function.name
    if function.views:
        return f"{name} is a gate of two inputs; as a row of one of them it is {name}.a:b=1 or {name}.b:a=1"
    return f"{name} acts along an axis, on whole vectors; this is for elementwise rows and gates, as swiglu.a:b=1"


def along(spec: str) -> VectorFunction:
    """The function along an axis that a spec names: ``swiglu``, ``swiglu_oai:limit=5,layout=halves``."""
    name, given = parsed(spec)
    function = AXIS[name]
    layout = given.pop("layout", None)
    return function.bind(layout=layout, **numbers(spec, given)) if given or layout else function


def named(spec: str) -> Activation | VectorFunction:
    """What a spec names of either kind."""
    if not isinstance(spec, str):
        raise ActbenchError(
            f"spec={spec!r} cannot be used; give a name such as 'relu', or a target such as 'my.py:act'"
        )
    return along(spec) if spec.partition(":")[0] in AXIS else resolve(spec)


def parsed(spec: str) -> tuple[str, dict[str, str]]:
    """A spec's name and what it gives, as text."""
    name, colon, tail = str(spec).partition(":")
    given: dict[str, str] = {}
    for part in tail.split(",") if colon else ():
        key, _, text = (word.strip() for word in part.partition("="))
        if key in given:
            raise ActbenchError(f"{spec!r} gives {key} twice; give it once")
        given[key] = text
    return name, given  # what is no number is said by `numbers`


def numbers(spec: str, given: Mapping[str, str]) -> dict[str, float]:
    """The parameters that a spec gives."""
    found = {}
    for key, text in given.items():
        try:
            found[key] = float(text)
        except ValueError:
            part = f"{key}={text}" if text else key
            raise ActbenchError(f"cannot read {part!r} in {spec!r}; write name:parameter=number,...") from None
    return found


def canonical(spec: str) -> str:
    """The one spelling of a spec: canonical name, parameters that differ from the defaults, sorted."""
    return resolve(spec).spec
