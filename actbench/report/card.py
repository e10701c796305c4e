"""The identity card of a function: everything that its row declares and what is traced of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from actbench.activations.layout import LAYOUTS
from actbench.activations.parameter import Sampled
from actbench.activations.record import Activation, Kink
from actbench.expression.graph import PRIMITIVES
from actbench.implementations.targets.facts import to_and_fro
from actbench.implementations.targets.slopes import MANY_KINKS

SHOWN = 8  # roots on a card


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


def for_people(card: dict[str, Any], row: Activation) -> dict[str, Any]:
    """A card in words where numbers tell less: limits that do not exist, and roots, of which a few are shown."""
    told = dict(card)
    for name in ("limits", "slope_limits"):
        given = told.get(name)
        if isinstance(given, Mapping):
            told[name] = {what: _limit(what, value, row) for what, value in given.items()}
        elif given:
            signs = (what + side for what in ("f" if name == "limits" else "f'",) for side in ("(-inf)", "(inf)"))
            told[name] = [_limit(what, value, row) for what, value in zip(signs, given, strict=True)]
    for name in ("roots", "roots of slope", "roots_of_slope"):
        if told.get(name):
            told[name] = _nearest(told[name])
    return told


def _limit(what: str, value: float, row: Activation) -> Any:
    """A limit, or that there is none; ``what`` is f(inf) or f'(-inf)."""
    if value == value:
        return value

    def slope(x: Any) -> Any:
        return row.backward(np.ones_like(x), x)

    with np.errstate(all="ignore"):
        oscillates = to_and_fro(slope if "'" in what else row.forward, -1 if "-" in what else 1)
    return "none (it oscillates)" if oscillates else "none found"


def _nearest(roots: Any) -> str:
    """The roots next to 0, and how many more are known."""
    shown = sorted(roots, key=lambda root: (round(abs(root), 9), root))
    text = ", ".join(f"{root:.6g}" for root in shown[:SHOWN])
    return f"{text}, and {len(shown) - SHOWN} more" if len(shown) > SHOWN else text


def _names_of_ours(definition: Any) -> dict[str, str]:
    """What a formula's functions of one input are that NumPy and readers have no name for, in LaTeX."""
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
