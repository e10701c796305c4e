"""The process in which one plug-in is loaded and looked at.

``python -m actbench.implementations.targets.child TARGET ANSWER``.
Nothing but the answer file leaves it: numbers and graphs as JSON, or the reason why there are none.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from actbench.activations.parameter import Learned, Sampled
from actbench.activations.record import Activation
from actbench.core.errors import ActbenchError
from actbench.expression.graph import Graph, argument_names, record
from actbench.expression.numeric import evaluate
from actbench.implementations.implementation import Implementation
from actbench.implementations.targets.behaviour import check, check_backward, nan_at, sample
from actbench.implementations.targets.derived import Derived, derive
from actbench.implementations.targets.examine import die_with_parent
from actbench.implementations.targets.facts import ends, facts, kinks_go_on
from actbench.implementations.targets.objects import adapt, in_words
from actbench.implementations.targets.slopes import MANY_KINKS, Slopes, complex_agrees, find_kinks
from actbench.implementations.targets.target import is_request, load, parse
from actbench.implementations.targets.tracing import agrees, exact, slope_graph, traced

MEMORY = 8 << 30  # bytes that the process may hold; beyond it Python raises MemoryError


def main(words: list[str]) -> None:
    """Examine, and write the answer."""
    target, answer = words
    die_with_parent()
    limit_memory()
    try:
        found: dict[str, Any] = {"ok": True, **examined(target)}
    except (Exception, SystemExit) as error:  # the plug-in may raise whatever it likes
        found = {"ok": False, "reason": in_words(error), "request": is_request(error, target)}
    Path(answer).write_text(json.dumps(found), encoding="utf-8")


def limit_memory() -> None:
    """Let Python raise MemoryError beyond `MEMORY`."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    except (ImportError, ValueError, OSError):  # not on this system: then the time limit alone holds
        return


def examined(text: str) -> dict[str, Any]:
    """Everything that the main process learns of a plug-in."""
    target = parse(text)
    given = load(target)
    row = given if isinstance(given, Activation) else None
    made = adapt(given)
    f = made.values("forward", "float64")
    remarks = [*made.remarks, *check(f)]
    graph, back, why_not = _recorded(made, f, row)
    kinks = sorted(map(float, row.fact("kinks"))) if row else find_kinks(f)
    own, nonlinear = None, ""
    if made.backward is not None and row is None:
        own, (more, nonlinear) = _copying(made.backward), check_backward(made.backward)
        remarks += [*more, *filter(None, [nonlinear])]
    found: dict[str, Any] = {
        "kind": made.library if made.kind in ("function", "row") else made.kind, "name": target.name,
        "library": " ".join(filter(None, (made.library, made.version))), "sha256": target.sha256,
        "traced": graph is not None, "why_not": why_not, "complex_step": False, "nonlinear": nonlinear,
    }  # fmt: skip
    slope: Callable[[Any], Any]
    if row is not None:
        found |= _of_row(row)
        slope = lambda x: row.backward(np.ones_like(x), x)  # noqa: E731
        found["derived"] = "nothing: the row brings its backward pass"
    elif graph is not None and (back is not None or own is None):
        derived = "nothing: its own backward pass"
        if back is None:
            made_of = derive(graph, f, kinks)
            remarks += made_of.remarks
            back, derived = (
                made_of.graph,
                f"the slope, symbolically from what it computes: {_how_exact(graph, made_of)}",
            )
        found |= {"graphs": {"forward": _plain(graph), "backward": _plain(back)}, "derived": derived}
        kept = back
        slope = lambda x: np.broadcast_to(  # noqa: E731  a mask that is given back is no number yet
            np.asarray(evaluate(kept, {"dy": np.ones_like(x), "x": x}), np.float64), x.shape)  # fmt: skip
    elif own is not None:
        pulled = own
        slope = lambda x: pulled(np.ones_like(x), x)  # noqa: E731
        written = made.kind in ("class", "object") and made.library == "numpy"
        whose = "its own backward pass" if written else f"the automatic derivative of {made.library}"
        found |= {"derived": f"nothing: {whose}", "traced": False}
    else:
        plain = Slopes(f=f, kinks=tuple(kinks))
        stepped = complex_agrees(f, plain, _off(sample(), kinks))
        slope = Slopes(f=f, kinks=tuple(kinks), complex_step=stepped)
        found |= {"complex_step": stepped, "derived": _says_derived(slope, kinks)}
    far = nan_at(slope)
    if far is not None:
        remarks.append(f"its slope is NaN at x = {far:g}")
    found |= _against_the_function(f, slope, graph if row is None else None, kinks)
    if row is None:
        found["facts"] = facts(f, slope, kinks)
        tends = [math.nan if kinks_go_on(kinks, side) else limit
                 for side, limit in zip((-1, 1), found["facts"]["slope_limits"], strict=True)]  # fmt: skip
        remarks += [*ends(f, found["facts"]["limits"]), *ends(slope, tends, "its slope in use")]
    found["remarks"] = remarks
    return found


def _recorded(
    made: Implementation, f: Callable[[Any], Any], row: Activation | None
) -> tuple[Graph | None, Graph | None, str]:
    """What it computes, or why it cannot be traced."""
    try:
        graph, back = traced(made)
    except ActbenchError as error:
        return None, None, str(error).partition("; known: ")[0]
    if row is None and not agrees(graph, f, sample()):
        return None, None, "it gives other values for expressions than for arrays"
    return graph, back, ""


def _copying(backward: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """A backward pass that may write into what it is handed."""
    return lambda dy, x: np.asarray(backward(dy.copy(), x.copy()), np.float64)


def _how_exact(graph: Graph, made: Derived) -> str:
    if made.flaws:
        return f"not exact everywhere, for {'; '.join(made.flaws)}{_at_ties(graph)}"
    return f"exact{_at_ties(graph)}"


def _at_ties(graph: Graph) -> str:
    """The conventions at kinks of what the function computes, where somebody may expect others."""
    used = {step.op for step in graph}
    said = []
    if used & {"maximum", "minimum"}:
        said.append(
            "where the operands of np.maximum or np.minimum are equal, the first one's slope is used "
            "(so the slope at 0 is 1 for np.maximum(x, 0), and 0 for np.maximum(0, x) and for this catalogue's relu)"
        )
    if "absolute" in used:
        said.append("np.abs has slope 1 at 0")
    return "".join(f"; {text}" for text in said)


def _off(x: Any, kinks: list[float]) -> Any:
    """The points that are not next to a kink."""
    far = np.ones(x.shape, bool)
    for kink in kinks:
        far &= np.abs(x - kink) > 1e-3
    return x[far]


def _says_derived(slopes: Slopes, kinks: list[float]) -> str:
    x = _off(sample(), kinks)
    slope, error = Slopes(f=slopes.f, kinks=slopes.kinks).with_error(x)
    worst = float((error / np.maximum(np.abs(slope), 1e-3)).max())
    how = f"the slope, by Ridders' differences (largest estimated relative error {worst:.1g} at {x.size} points)"
    if slopes.complex_step:
        how = f"the slope, by the complex step, which agrees with Ridders' differences at {x.size} points"
    where = ", ".join(f"{k:g}" for k in kinks)
    if len(kinks) > MANY_KINKS:
        where = f"{len(kinks)} places from {min(kinks):g} to {max(kinks):g}"
        where += " (none was looked for beyond)" * any(kinks_go_on(kinks, side) for side in (-1, 1))
    return (
        f"{how}; kinks found at {where}, where the flatter side's slope is used" if kinks else f"{how}; no kinks found"
    )


def _against_the_function(
    f: Callable[[Any], Any], slope: Callable[[Any], Any], graph: Graph | None, kinks: list[float]
) -> dict[str, Any]:
    """Where the slope that is used is not the function's own: how far at most, where, at what share of points.

    The function's slope is exact where it was traced, else by differences with their estimated error.
    """
    x = _off(sample(), kinks)
    if graph is not None:
        try:
            true = np.array([exact(slope_graph(graph), float(v)) for v in x])
        except ActbenchError:  # a primitive without a derivative
            graph = None
    error = np.zeros(x.shape)
    if graph is None:
        true, error = Slopes(f=f, kinks=tuple(kinks)).with_error(x)
    got = np.asarray(slope(x), np.float64)
    off = np.abs(got - true)
    off = np.where((off <= (10 * error + 1e-6) * np.maximum(1.0, np.abs(true))) | np.isnan(true), 0.0, off)
    at = int(off.argmax())
    wrong = np.flatnonzero(off)
    found = {"disagrees": float(off[at] / max(1.0, abs(true[at]))), "disagrees_at": float(x[at]), "slope_differs": ""}
    if wrong.size:
        near = int(wrong[np.abs(x[wrong]).argmin()])
        found["slope_differs"] = (
            f"the slope in use is not the function's at {wrong.size / x.size:.0%} of the points in [-10, 10]: "
            f"{got[near]:.4g} in place of {true[near]:.4g} at x = {x[near]:.4g}, and farthest off at x = {x[at]:.4g}, "
            f"{got[at]:.4g} in place of {true[at]:.4g}"
        )
    return found


def _of_row(row: Activation) -> dict[str, Any]:
    """A row as data: its graphs, its parameters at their defaults, and its declarations at these."""
    values = row.values()
    parameters: dict[str, Any] = {}
    for name, p in row.parameters.items():
        if isinstance(p, Sampled):
            parameters[name] = {"kind": "sampled", "low": p.low, "high": p.high, "doc": p.doc}
        else:
            kind = "learned" if isinstance(p, Learned) else "fixed"
            parameters[name] = {"kind": kind, "default": float(values[name]), "doc": p.doc}
    graphs = {
        "forward": row.callables.forward,
        "backward": row.callables.backward,
        "definition": row.callables.definition,
    }
    kinks = row.fact("kinks")
    facts = {what: row.fact(what) for what in ("bounds", "limits", "slope_limits", "at_negative_zero", "roots",
                                                "roots_of_slope", "excluded_slope", "flat")}  # fmt: skip
    return {
        "graphs": {name: _plain(record(function)) for name, function in graphs.items()},
        "gradients": {name: _plain(record(function)) for name, function in row.parameter_gradients.items()},
        "parameters": parameters,
        "asked": {name: list(argument_names(function)) for name, function in graphs.items()},
        "facts": {**facts, "kinks": [[float(x), kink.slope] for x, kink in kinks.items()]},
    }


def _plain(graph: Graph) -> dict[str, Any]:
    """A graph as JSON can say it."""
    return {"arguments": list(graph.arguments), "steps": [[s.op, list(s.operands), s.value] for s in graph.steps]}


if __name__ == "__main__":
    main(sys.argv[1:])
