"""keras at the start of a race, on torch where that is installed, else on the backend that it is set to."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from actbench.activations.record import Activation
from actbench.implementations.keras_ import _MORE
from actbench.implementations.named import named_function
from actbench.implementations.ready import Array, Operands, PreparedCall


def start() -> Any:
    """keras, on a backend that is there: its default, TensorFlow, most often is not."""
    if "keras" not in sys.modules and "KERAS_BACKEND" not in os.environ:
        os.environ["KERAS_BACKEND"] = "torch" if find_spec("torch") else "jax" if find_spec("jax") else "tensorflow"
    return import_module("keras")


def ready(
    activation: Activation, direction: str, operands: Operands, device: str = "cpu"
) -> tuple[PreparedCall | None, str]:
    """As `actbench.implementations.ready.get_ready`."""
    named = activation.peers.get("keras")
    if named is None:
        return None, f"{activation.name} names no function of keras"
    backend = start().backend.backend()
    if backend != "torch":
        return None, f"keras runs on {backend} here, and is timed on torch alone; set KERAS_BACKEND=torch"
    function, options = named_function(named)
    if isinstance(function, type):
        return None, f"{named} is a layer with weights of its own"
    more = tuple(activation.values()[name] for name in _MORE.get(activation.name, ()))
    options = {} if more else {**options, **activation.bound}
    torch = import_module("torch")
    x, dy = torch.from_numpy(operands.x), torch.from_numpy(operands.dy)
    graph: list[Any] = []
    note = "on torch; allocates its result"

    def value(tensor: Any) -> Any:
        return function(tensor, *more, **options)

    def refresh() -> None:
        if direction == "backward":
            with torch.enable_grad():
                leaf = x.detach().requires_grad_()
                graph[:] = [value(leaf), leaf]

    refresh()
    call: Callable[[], Any]
    if direction == "forward":
        call = lambda: value(x)  # noqa: E731
        with torch.no_grad():
            if call().data_ptr() == x.data_ptr():
                return None, "gives its input back: nothing is computed"
    elif not graph[0].requires_grad or graph[0] is graph[1]:
        return None, "has no gradient to compute"
    else:
        call = lambda: torch.autograd.grad(graph[0], graph[1], dy, retain_graph=True)[0]  # noqa: E731

    def result() -> Array:
        return np.array(call().detach().numpy())

    return PreparedCall(call=call, result=result, refresh=refresh, around=torch.no_grad, note=note), ""
