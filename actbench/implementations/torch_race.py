"""torch eager at the start of a race: through ``.out`` where it can, else as a user calls it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from actbench.activations.record import Activation
from actbench.implementations.named import named_function
from actbench.implementations.ready import Array, Operands, PreparedCall
from actbench.implementations.torch_ import _MORE
from actbench.implementations.torch_calls import backward_into, forward_into


def function_of(activation: Activation) -> Callable[[Any], Any] | None:
    """torch's function of one tensor, with the row's parameters; None where the row names none."""
    torch = import_module("torch")
    named = activation.peers.get("torch")
    if named is None:
        return None
    function, options = named_function(named)
    if isinstance(function, type):
        function, options = function(**options), {}
    values, more = activation.values(), _MORE.get(activation.name)
    options = options if more else {**options, **activation.bound}
    return lambda x: function(x, *(more(torch, x, values) if more else ()), **options)


def kept_bytes(function: Callable[[Any], Any], x: Any) -> int:
    """Bytes of the tensors that autograd saves in a forward pass, each storage once."""
    torch = import_module("torch")
    seen: dict[int, int] = {}

    def keep(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        function(x.detach().clone().requires_grad_())
    return sum(seen.values())


def tensors(operands: Operands, device: str) -> tuple[list[Any], Callable[[], None]]:
    """x, dy, y and out as tensors on a device, and what copies the operands to them again; on the CPU one memory."""
    torch = import_module("torch")
    own = [torch.from_numpy(a) for a in (operands.x, operands.dy, operands.y, operands.out)]
    if device == "cpu":
        return own, _nothing
    there = [tensor.to(device, copy=True) for tensor in own]

    def copied() -> None:
        for target, tensor in zip(there[:3], own[:3], strict=True):
            target.copy_(tensor)

    return there, copied


def ready(
    activation: Activation, direction: str, operands: Operands, device: str = "cpu"
) -> tuple[PreparedCall | None, str]:
    """As `actbench.implementations.ready.get_ready`."""
    torch = import_module("torch")
    function = function_of(activation)
    if function is None:
        return None, f"{activation.name} names no function of torch"
    (x, dy, y, out), refresh = tensors(operands, device)
    values = activation.values()
    call: Callable[[], Any]
    preallocated = True
    if direction == "forward":
        into = forward_into(torch).get(activation.name)
        if into is not None:
            call = lambda: into(x, out, values)  # noqa: E731
        else:
            preallocated, call = False, lambda: function(x)
        with torch.no_grad():
            found: Any = call()
            if found.data_ptr() == x.data_ptr():
                return None, "gives its input back: nothing is computed"
    elif activation.name in (table := backward_into(torch)):
        keeps, step = table[activation.name]
        kept = y if keeps == "y" else x
        call = lambda: step(dy, kept, out, values)  # noqa: E731
    else:
        preallocated = False
        graph: list[Any] = []
        copied = refresh

        def refresh() -> None:
            copied()
            with torch.enable_grad():
                leaf = x.detach().requires_grad_()
                graph[:] = [function(leaf), leaf]

        refresh()
        if not graph[0].requires_grad or graph[0] is graph[1]:
            return None, "has no gradient to compute"
        call = lambda: torch.autograd.grad(graph[0], graph[1], dy, retain_graph=True)[0]  # noqa: E731

    def result() -> Array:
        found: Any = call()
        return np.array((found[0] if isinstance(found, tuple) else found).detach().cpu().numpy())

    kept_size = kept_bytes(function, x) if direction == "backward" else None
    return PreparedCall(
        call=call, result=result, refresh=refresh, kept=kept_size, preallocated=preallocated, around=torch.no_grad,
        note="" if preallocated else "allocates its result",
    ), ""  # fmt: skip


def _nothing() -> None:
    return None
