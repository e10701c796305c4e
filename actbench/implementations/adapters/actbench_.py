"""Our own: the fused kernels, with the row's reference path where none can be made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from actbench.activations.record import Activation, Callables
from actbench.implementations.forms import IN_PLACE
from actbench.implementations.implementation import Absent, Array, Implementation, Operands, PreparedCall
from actbench.implementations.libraries import Function, Library
from actbench.kernels.kernel import kernel


def of_row(row: Function, *, threads: int = 1) -> Implementation:
    """See `actbench.implementations.libraries.Library`; ``threads`` are the kernel's."""

    def forward(x: Array) -> Array:
        return np.asarray(kernel(row, dtype=x.dtype, threads=threads, at_defaults=True)(x))

    def backward(dy: Array, x: Array) -> Array:
        return np.asarray(kernel(row, "backward", dtype=x.dtype, threads=threads, at_defaults=True)(dy, x))

    def prepare(direction: str, operands: Operands, device: str) -> PreparedCall:
        x, dy, y, out = operands.x, operands.dy, operands.y, operands.out
        saves = getattr(row, "saves", ("x",))
        saved = direction == "backward" and saves == ("y",)
        way = "backward_from_output" if saved else direction
        run = kernel(row, way, dtype=x.dtype, threads=threads, at_defaults=True)
        call: Callable[[], Any]
        if direction == "forward":
            call = lambda: run(x, out=out)  # noqa: E731
        elif saved:
            call = lambda: run(dy, y, out=out)  # noqa: E731
        else:
            call = lambda: run(dy, x, out=out)  # noqa: E731
        kept = len(saves) * x.nbytes if direction == "backward" else None
        return PreparedCall(call=call, result=lambda: np.array(call()), kept=kept, preallocated=True)

    if getattr(row, "opaque", ""):
        raise Absent(f"{row.name} is called, not traced: there is nothing to compile")
    return Implementation(library="actbench", forward=forward, backward=backward, prepare=prepare)


def _kept(name: str, backward: Callable[..., Any]) -> Activation:
    callables = Callables(forward=lambda x: x + 0.0, backward=backward, definition=lambda x: x + 0.0)
    return Activation(name=name, callables=callables, source="the textbook slope from the kept output")


KEPT = MappingProxyType(
    {
        "sigmoid": _kept("sigmoid_from_y", lambda dy, y: dy * (y * (1.0 - y))),
        "tanh": _kept("tanh_from_y", lambda dy, y: dy * (1.0 - y * y)),
    }
)


def _forms(direction: str, arrays: Mapping[str, Operands]) -> dict[str, Callable[[], object]]:
    from actbench.activations.registry import resolve

    calls: dict[str, Callable[[], object]] = {}
    for name, a in arrays.items():
        if name not in IN_PLACE:
            row = KEPT[name] if direction == "backward" and name in KEPT else resolve(name)
            calls[name] = of_row(row).prepared(direction, a).call
    return calls


LIBRARY = Library(name="actbench", of_row=of_row, graded=False, raced=False, forms=_forms)
