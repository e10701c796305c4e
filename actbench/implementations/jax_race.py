"""jax.jit on the CPU at the start of a race; every call waits until its result is there."""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any

import numpy as np

from actbench.activations.record import Activation
from actbench.implementations.jax_ import _wide, processor
from actbench.implementations.named import named_function
from actbench.implementations.ready import Array, Operands, PreparedCall

OWN_LAYOUT = "reads a contiguous copy, made before the race"


def ready(
    activation: Activation, direction: str, operands: Operands, device: str = "cpu"
) -> tuple[PreparedCall | None, str]:
    """As `actbench.implementations.ready.get_ready`."""
    named = activation.peers.get("jax")
    if named is None:
        return None, f"{activation.name} names no function of jax"
    jax = import_module("jax")
    function, options = named_function(named)
    options = {**options, **activation.bound}
    cpu = processor(jax)

    def value(x: Any) -> Any:
        return function(x, **options)

    def slope(dy: Any, x: Any) -> Any:
        return jax.vjp(value, x)[1](dy)[0]

    compiled = jax.jit(value if direction == "forward" else slope)
    held: list[Any] = []

    def around() -> AbstractContextManager[object]:
        return _wide(jax)  # type: ignore[no-any-return]  # without x64 jax turns float64 into float32

    def refresh() -> None:
        given = (operands.x,) if direction == "forward" else (operands.dy, operands.x)
        with around():
            held[:] = [jax.device_put(np.array(array), cpu) for array in given]

    refresh()
    kept = None
    if direction == "backward":
        with around():
            pull = jax.vjp(value, held[1])[1]
            kept = sum(leaf.nbytes for leaf in jax.tree_util.tree_leaves(pull) if getattr(leaf, "size", 0) > 1)

    def result() -> Array:
        return np.array(compiled(*held))

    return PreparedCall(
        call=lambda: compiled(*held).block_until_ready(), result=result, refresh=refresh, kept=kept, around=around,
        note="allocates its result" if operands.x.flags.c_contiguous else f"allocates its result; {OWN_LAYOUT}",
    ), ""  # fmt: skip
