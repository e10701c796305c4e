"""The identity card of a function: everything that its row declares and what is traced of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actbench.activations.layout import LAYOUTS
from actbench.activations.parameter import Sampled
from actbench.activations.record import Activation, Kink
from actbench.expression.graph import PRIMITIVES
from actbench.implementations.targets.slopes import MANY_KINKS


def activation_card(activation: Activation) -> dict[str, Any]:
    """Everything that the row declares and what is traced of it."""
    from actbench.activations.latex import census, formula, slope, text
    from actbench.expression.graph import record

    definition = record(activation.callables.definition)
    return {
        "name": activation.spec,
        "aliases": ", ".join(activation.aliases),
        "f(x)": text(definition),
        "f'(x)": text(slope(activation)),
        "latex": formula(activation),
        "where": _names_of_ours(definition),
        "parameters": {name: _parameter(p) for name, p in activation.parameters.items()},
        "bounds": list(activation.fact("bounds")),
        "limits": dict(zip(("f(-inf)", "f(inf)"), activation.fact("limits"), strict=True))
        | dict(zip(("f'(-inf)", "f'(inf)"), activation.fact("slope_limits"), strict=True))
        | {"f(-0.0)": activation.fact("at_negative_zero")},
        "kinks": kinks(activation.fact("kinks")),
        "zero slope on": [list(interval) for interval in activation.fact("flat")],
        "roots of slope": list(activation.fact("roots_of_slope")),
        "keeps for backward": list(activation.saves),
        "operations forward": census(activation, "forward"),
        "operations backward": census(activation, "backward"),
        "defaults elsewhere": {name: dict(values) for name, values in activation.defaults.items()},
        "peers": dict(activation.peers),
        "source": activation.source,
    }


def _names_of_ours(definition: Any) -> dict[str, str]:
    """What a formula's functions of one input are that NumPy and readers have no name for, in LaTeX."""
    import numpy as np

    ours = {step.op: PRIMITIVES[step.op] for step in definition if step.op in PRIMITIVES and not hasattr(np, step.op)}
    return {f"{name}(x)": each.latex[0].format("x") for name, each in ours.items() if each.arity == 1 and each.latex}


def _parameter(parameter: Any) -> str:
    if isinstance(parameter, Sampled):
        return f"drawn from ({parameter.low}, {parameter.high}); {parameter.doc}"
    return f"{type(parameter).__name__.lower()}, default {parameter.default:g}; {parameter.doc}"


def kinks(found: Mapping[float, Kink]) -> dict[str, str]:
    """Each kink with the slope that is used there; many of them (a table's, say) as their number and extent."""
    if len(found) > MANY_KINKS:
        return {f"{len(found)}": f"from {min(found):g} to {max(found):g}; slopes {_extent(found)} are used there"}
    return {repr(x): _kink(k) for x, k in found.items()}


def _extent(found: Mapping[float, Kink]) -> str:
    slopes = [kink.slope for kink in found.values()]
    return f"{min(slopes):g} to {max(slopes):g}"


def _kink(kink: Any) -> str:
    return f"slope {kink.slope:g} is used there" + ("" if kink.jax is None else f" (jax: {kink.jax:g})")


def axis_card(function: Any) -> dict[str, Any]:
    """A function along an axis: what it is called, how long its output is; of a gate also its partial derivatives."""
    from actbench.activations.latex import text
    from actbench.expression.graph import derivative, record
    from actbench.expression.simplify import simplified

    card = {
        "name": function.spec,
        "aliases": ", ".join(function.aliases),
        "kind": "along an axis: one output depends on many inputs",
        "latex": function.formula,
        "length": f"output over input: {function.factor:g}",
        "parameters": {name: _parameter(p) for name, p in function.parameters.items()},
    }
    if function.definition is not None:
        said = record(function.definition)
        card |= {"f(a, b)": text(said)}
        if function.views:
            card |= {f"df/d{side}": text(simplified(derivative(said, wrt=side))) for side in ("a", "b")}
        card["layout"] = f"{function.layout.name}: {function.layout.summary}"
        card["layouts"] = f"layout=NAME: {', '.join(LAYOUTS.names())}; two arrays: {function.name}.a, {function.name}.b"
    return card | {
        "identical to": ", ".join(function.identical_to),
        "defaults elsewhere": {name: dict(values) for name, values in function.defaults.items()},
        "peers": dict(function.peers),
        "source": function.source,
    }
