"""The process in which one plug-in is loaded and looked at.

``python -m actbench.implementations.plugins.child TARGET ANSWER``.
Nothing but the answer file leaves it: numbers and graphs as JSON, or the reason why there are none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from actbench.activations.parameter import Learned, Sampled
from actbench.activations.record import Activation
from actbench.core.errors import ActbenchError
from actbench.expression.graph import Graph, argument_names, record
from actbench.implementations.plugins.adapters import Callee, adapt
from actbench.implementations.plugins.behaviour import check, nan_at, sample
from actbench.implementations.plugins.facts import facts
from actbench.implementations.plugins.slopes import Slopes, complex_agrees, find_kinks
from actbench.implementations.plugins.target import load, parse
from actbench.implementations.plugins.tracing import agrees, backward_graph, heard, slope_graph, speak

MEMORY = 8 << 30  # bytes that the process may hold; beyond it Python raises MemoryError


def main(words: list[str]) -> None:
    """Examine, and write the answer."""
    target, answer = words
    _limit_memory()
    try:
        found: dict[str, Any] = {"ok": True, **examined(target)}
    except (Exception, SystemExit) as error:  # the plug-in may raise whatever it likes
        text = " ".join(str(error).split())[:400]
        known = isinstance(error, ActbenchError)
        reason = text if known else f"raises {type(error).__name__}: {text}".rstrip(": ")
        found = {"ok": False, "reason": reason}
    Path(answer).write_text(json.dumps(found), encoding="utf-8")


def _limit_memory() -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    except (ImportError, ValueError, OSError):  # not on this system: then the time limit alone holds
        return


def examined(text: str) -> dict[str, Any]:
    """Everything that the main process learns of a plug-in."""
    target = parse(text)
    callee = adapt(load(target))
    f, row = _function(callee), callee.row
    remarks = [*callee.remarks, *check(f)]
    graph, back, why_not = _recorded(callee, f)
    kinks = sorted(map(float, row.fact("kinks"))) if row else find_kinks(f)
    slopes = Slopes(f=f, kinks=tuple(kinks))
    own = None if callee.backward is None or row else _own_backward(callee, remarks)
    found: dict[str, Any] = {
        "kind": callee.kind, "name": target.name, "library": callee.library, "sha256": target.sha256,
        "heard": graph is not None, "why_not": why_not, "complex_step": False,
    }  # fmt: skip
    if row is not None:
        found |= _of_row(row)
        slope: Callable[[Any], Any] = lambda x: row.backward(np.ones_like(x), x)  # noqa: E731
        found["derived"] = "nothing: the row brings its backward pass"
    elif graph is not None and (back is not None or own is None):
        derived = (
            "nothing: its own backward pass"
            if back
            else f"the slope, symbolically from what it says: exact{_at_ties(graph)}"
        )
        back = back or _derived(graph)
        found |= {"graphs": {"forward": _plain(graph), "backward": _plain(back)}, "derived": derived}
        kept = back
        slope = lambda x: np.broadcast_to(speak(kept, {"dy": np.ones_like(x), "x": x}), x.shape)  # noqa: E731
    elif own is not None:
        slope = lambda x: own(np.ones_like(x), x)  # noqa: E731
        whose = {"class": "its own backward pass"}.get(callee.kind, f"the automatic derivative of {callee.kind}")
        found |= {"derived": f"nothing: {whose}", "heard": False}
    else:
        stepped = complex_agrees(f, slopes, _off(sample(), kinks))
        slopes = Slopes(f=f, kinks=tuple(kinks), complex_step=stepped)
        slope = slopes
        found |= {"complex_step": stepped, "derived": _says_derived(slopes, kinks)}
    far = nan_at(slope)
    if far is not None:
        remarks.append(f"its slope is NaN at x = {far:g}")
    found |= _against_ridders(f, slope, kinks)
    if row is None:
        found["facts"] = facts(f, slope, kinks)
    found["remarks"] = remarks
    return found


def _function(callee: Callee) -> Callable[[Any], Any]:
    if callee.row is not None:
        return callee.row.forward
    return callee.forward


def _recorded(callee: Callee, f: Callable[[Any], Any]) -> tuple[Graph | None, Graph | None, str]:
    """What it says, or why it cannot be heard."""
    try:
        graph, back = heard(callee)
    except ActbenchError as error:
        return None, None, str(error).partition("; known: ")[0]
    if callee.row is None and not agrees(graph, f, sample()):
        return None, None, "it says other things to expressions than to arrays"
    return graph, back, ""


def _own_backward(callee: Callee, remarks: list[str]) -> Callable[[Any, Any], Any]:
    """The object's backward pass on copies; remarks on whether it writes into what it is handed."""
    backward = callee.backward
    assert backward is not None
    x = sample()
    dy = np.linspace(0.5, 1.5, x.size)
    given = dy.copy()
    found = backward(given, x.copy())
    for what, wrong in (
        (f"backward gives a {type(found).__name__}; return an array", not isinstance(found, np.ndarray)),
        (f"backward gives shape {list(np.shape(found))} for shape {list(x.shape)}", np.shape(found) != x.shape),
        ("backward gives NaN or infinities between -10 and 10", not np.isfinite(np.asarray(found, float)).all()),
    ):
        if wrong:
            raise ActbenchError(what)
    if given.tobytes() != dy.tobytes():
        remarks.append("backward writes into the gradient that it is handed; it gets a copy")
    return lambda dy, x: np.asarray(backward(dy.copy(), x.copy()), np.float64)


def _derived(graph: Graph) -> Graph:
    """The backward pass by symbolic differentiation, its NaN far out replaced where the slope has a limit."""
    slope = slope_graph(graph)
    x = np.concatenate([-np.geomspace(1e4, 20, 60), np.geomspace(20, 1e4, 60)])
    with np.errstate(all="ignore"):
        s = np.broadcast_to(speak(slope, {"x": x}), x.shape)
    if not np.isnan(s).any():
        return backward_graph(slope, None)
    ends = []
    for side in (x < 0, x > 0):
        known = s[side & np.isfinite(s)]
        nearest = known[np.abs(x[side & np.isfinite(s)]).argmax()] if known.size else 0.0
        ends.append(float(np.round(nearest, 12)))
    return backward_graph(slope, (ends[0], ends[1]))


def _at_ties(graph: Graph) -> str:
    """The conventions at kinks of what the function says, where somebody may expect others."""
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
    return (
        f"{how}; kinks found at {where}, where the flatter side's slope is used" if kinks else f"{how}; no kinks found"
    )


def _against_ridders(f: Callable[[Any], Any], slope: Callable[[Any], Any], kinks: list[float]) -> dict[str, Any]:
    """Where the slope that is used differs most from differences of the function itself."""
    x = _off(sample(), kinks)
    wide, error = Slopes(f=f, kinks=tuple(kinks)).with_error(x)
    got = np.asarray(slope(x))
    off = np.abs(got - wide) / np.maximum(1.0, np.abs(wide))
    off = np.where(off <= 10 * error + 1e-6, 0.0, off)
    at = int(off.argmax())
    return {"disagrees": float(off[at]), "disagrees_at": float(x[at])}


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
