"""Somebody's gate, held to exact values: the product of two inputs, and both of its gradients where it has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from actbench.accuracy.gates import Pair, wrong
from actbench.accuracy.meter import MANY
from actbench.activations.registry import AXIS, along
from actbench.activations.vector import VectorFunction
from actbench.audit.discover import Candidate
from actbench.audit.finding import Finding
from actbench.audit.recognise import row_named
from actbench.audit.subject import ALLOWED
from actbench.core.errors import ActbenchError
from actbench.identification.blackbox import FORMATS, BlackBox
from actbench.identification.identified import identify
from actbench.implementations.targets.objects import in_words

SMALL = 1e-5  # what is 0 in place of something smaller is a tail that was lost

LONGEST = 8  # numbers of an array that are written out


def gate_of(candidate: Candidate, like: str) -> VectorFunction | None:
    """The gate that a candidate is said to be, by ``like`` or by its name."""
    name = like.partition(":")[0] or row_named(candidate.name)[0]
    if name not in AXIS or not AXIS[name].views:
        return None
    return along(like) if like else AXIS[name]


def gate_findings(
    candidate: Candidate, row: VectorFunction, asked: Mapping[str, Any]
) -> tuple[list[Finding], list[str]]:
    """What is wrong with it, and the formats that were tried.

    Raises
    ------
    ActbenchError
        For what is no gate at all.
    """
    wanted = [dtype for dtype in asked["dtypes"] if dtype in FORMATS] or ["float64"]
    box = BlackBox(candidate.given(), FORMATS if "float64" in wanted else FORMATS[::-1])
    if box.kind == "elementwise":
        is_ = identify(candidate.given())
        said = f"[1, 2] -> 2 numbers, of which {row.name} makes one; it is "
        said += is_.found.form if is_.found else "no row of the catalogue"
        # in a module it may be another function of that name, which is no error
        return [Finding(subject=candidate.target, row=row.spec, kind="shape", direction="forward", dtype=box.dtype,
                        detail=said, severity="" if candidate.explicit else "warning")], [box.dtype]  # fmt: skip
    if box.kind not in ("two", "halved"):
        raise ActbenchError(f"{row.name} takes two inputs, or one array that it halves; this one does not")
    dtypes = [dtype for dtype in wanted if dtype in ("float32", box.dtype) and dtype in box.formats] or [box.dtype]
    found = []
    for dtype in dtypes:
        for direction, call in _calls(box, row).items():
            allowed = float(asked["max_ulp"] or ALLOWED[dtype])
            try:
                with np.errstate(all="ignore"):
                    _, pair = wrong(call, row, dtype, direction, allowed, asked["count"])
            except ActbenchError as error:  # a shape that no gradient has
                found.append(Finding(subject=candidate.target, row=row.spec, kind="shape", direction=direction,
                                     dtype=dtype, detail=str(error)))  # fmt: skip
                continue
            except Exception as error:  # somebody's code may raise whatever it likes
                found.append(Finding(subject=candidate.target, row=row.spec, kind="raises", direction=direction,
                                     dtype=dtype, detail=f"every input that was tried: {in_words(error)}"))  # fmt: skip
                continue
            if pair is not None:
                found.append(_finding(candidate, row, pair, direction, dtype, box))
        if (came := _answers_in(box, dtype)) != dtype:
            found.append(Finding(subject=candidate.target, row=row.spec, kind="dtype", direction="forward", dtype=dtype,
                                 detail=f"{dtype} -> {came}"))  # fmt: skip
    return found, dtypes


def _answers_in(box: BlackBox, dtype: str) -> str:
    """The format of its product of numbers of a format."""
    x = np.full(box.length, 0.5, dtype)
    with np.errstate(all="ignore"):
        return str(np.asarray(box.raw(x, x.copy()) if box.kind == "two" else box.raw(x)).dtype)


def _calls(box: BlackBox, row: VectorFunction) -> dict[str, Callable[..., Any]]:
    """Its passes as `actbench.accuracy.gates.wrong` calls them: a row of a matrix, or two vectors."""
    raw, pull = box.raw, box.pull
    two, layout = box.kind == "two", row.layout

    def whole(x: Any) -> Any:
        return box.joined(*layout.split(x), layout) if box.fixed and layout else np.asarray(raw(x))

    calls: dict[str, Callable[..., Any]] = {
        "forward": (lambda a, b: raw(a, b)) if two else (lambda x: whole(x[0])[None])
    }
    if pull is not None:
        calls["backward"] = (
            (lambda dy, a, b: pull(dy, a, b)) if two else (lambda dy, x: np.asarray(pull(dy[0], x[0]))[None])
        )
    return calls


def _in_order(pair: Pair, row: VectorFunction) -> Pair:
    """With the halves as they lie in the array: a is the first, as libraries call it, though it be the value."""
    if row.layout is None or row.layout.gate_first:
        return pair
    parts = {"da": "db", "db": "da"}
    return replace(pair, a=pair.b, b=pair.a, part=parts.get(pair.part, pair.part))


def _finding(
    candidate: Candidate, row: VectorFunction, pair: Pair, direction: str, dtype: str, box: BlackBox
) -> Finding:
    """With what `identify` says that it is instead, where a value is wrong and no tail lost."""
    lost = pair.came == 0 and np.finfo(dtype).tiny <= abs(pair.exact) < SMALL
    severity = "warning" if lost or (pair.ulp > MANY and not pair.gross) else "error" if pair.gross else "note"
    pair = pair if box.kind == "two" else _in_order(pair, row)
    what = f"a = {pair.a!r}, b = {pair.b!r}"
    if box.fixed:  # the only arrays that it takes
        what += f" of an array of {box.length}"
    elif pair.within:
        numbers = ", ".join(f"{x:g}" for x in pair.within)
        what += f" of x = [{numbers}]" if len(pair.within) <= LONGEST else f" of an array of {len(pair.within)}"
    if direction == "forward" and pair.gross:
        is_ = identify(candidate.given())
        form = is_.found.form if is_.found else "no gate of the catalogue"
        what += f" ({form})" if form != row.spec else ""
    elif direction == "backward":
        what = f"{pair.part}, {what}"
    return Finding(
        subject=candidate.target, row=row.spec, kind="gate", direction=direction, dtype=dtype,
        severity=severity, came=pair.came, exact=pair.exact, ulp=pair.ulp, detail=what,
    )  # fmt: skip
