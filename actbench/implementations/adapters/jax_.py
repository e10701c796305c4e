"""jax on the CPU: its function of an array and the derivative that it traces, both as `jax.jit` compiles them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from actbench.activations.vector import VectorFunction
from actbench.core.machine import version
from actbench.implementations.forms import IN_PLACE
from actbench.implementations.gates import as_written
from actbench.implementations.implementation import Array, Implementation, Operands, PreparedCall
from actbench.implementations.libraries import Function, Library
from actbench.implementations.named import named_by

OWN_LAYOUT = "reads a contiguous copy, made before the race"


def wide(jax: Any) -> AbstractContextManager[object]:
    """Without x64 jax turns float64 into float32."""
    return jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64()  # type: ignore[no-any-return]


def processor(jax: Any) -> Any:
    """jax's CPU device, told to compute in the calling thread where the environment asks for that.

    jax 0.10 does not heed the variable by itself, and only before its first device is made: else every call wakes
    another thread, 25 to 60 us against 8 at 4,096 elements.
    """
    if os.environ.get("JAX_CPU_ENABLE_ASYNC_DISPATCH", "").lower() == "false":
        jax.config.update("jax_cpu_enable_async_dispatch", False)
    return jax.devices("cpu")[0]


def of_arrays(value: Callable[[Any], Any], *, kind: str = "row") -> Implementation:
    """A function of one jax array, compiled, with the vector-Jacobian product that jax traces."""
    jax = import_module("jax")
    cpu = processor(jax)
    compiled = jax.jit(value)
    pulled = jax.jit(lambda dy, x: jax.vjp(value, x)[1](dy)[0])

    def forward(x: Array) -> Array:
        with wide(jax), jax.default_device(cpu):
            return np.array(compiled(jax.numpy.asarray(x)))

    def backward(dy: Array, x: Array) -> Array:
        with wide(jax), jax.default_device(cpu):
            return np.array(pulled(jax.numpy.asarray(dy), jax.numpy.asarray(x)))

    def slope(x: Any) -> Any:
        return jax.vjp(value, x)[1](jax.numpy.ones_like(x))[0]

    def second(x: Array) -> Array:
        with wide(jax), jax.default_device(cpu):
            given = jax.numpy.asarray(x)
            return np.array(jax.vjp(slope, given)[1](jax.numpy.ones_like(given))[0])

    def prepare(direction: str, operands: Operands, device: str) -> PreparedCall:
        """Every call waits until its result is there."""
        run = compiled if direction == "forward" else pulled
        held: list[Any] = []

        def refresh() -> None:
            given = (operands.x,) if direction == "forward" else (operands.dy, operands.x)
            with wide(jax):
                held[:] = [jax.device_put(np.array(array), cpu) for array in given]

        refresh()
        kept = None
        if direction == "backward":
            with wide(jax):
                pull = jax.vjp(value, held[1])[1]
                kept = sum(leaf.nbytes for leaf in jax.tree_util.tree_leaves(pull) if getattr(leaf, "size", 0) > 1)
        return PreparedCall(
            call=lambda: run(*held).block_until_ready(), result=lambda: np.array(run(*held)), refresh=refresh,
            kept=kept, around=lambda: wide(jax),
            note="allocates its result" + ("" if operands.x.flags.c_contiguous else f"; {OWN_LAYOUT}"),
        )  # fmt: skip

    return Implementation(library="jax", version=str(version("jax")), kind=kind, forward=forward, backward=backward,
                          second=second, dtypes=("float16", "float32", "float64"), prepare=prepare)  # fmt: skip


def of_answer(function: Callable[..., Any], answer: Any) -> Implementation | None:
    """A function that gives jax arrays; jax.jit'ed and custom_vjp ones too."""
    held = answer[0] if isinstance(answer, (tuple, list)) and answer else answer
    if type(held).__module__.partition(".")[0] not in ("jax", "jaxlib"):
        return None
    import_module("jax").config.update("jax_enable_x64", True)  # in a user's process: constants that it made stay so
    return of_arrays(function, kind="function")


def of_row(row: Function) -> Implementation:
    """See `actbench.implementations.libraries.Library`."""
    if (gate := as_written(row, "jax")) is not None:
        return of_arrays(gate)
    function, options = named_by(row, "jax")
    options |= {"axis": -1} if isinstance(row, VectorFunction) else row.bound
    return of_arrays(lambda x: function(x, **options))


def _waited(function: Callable[..., Any], *arrays: Any) -> object:
    return function(*arrays).block_until_ready()


def _forms(direction: str, arrays: Mapping[str, Operands]) -> dict[str, Callable[[], object]]:
    jax = import_module("jax")
    jnp, cpu = jax.numpy, processor(jax)
    forward = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh, "softplus": jax.nn.softplus}
    backward = {
        "relu": lambda dy, y: jnp.where(y > 0, dy, 0),
        "sigmoid": lambda dy, y: dy * (y * (1 - y)),
        "tanh": lambda dy, y: dy * (1 - y * y),
    }
    calls: dict[str, Callable[[], object]] = {}
    for name, a in arrays.items():
        if name not in IN_PLACE:  # jax's arrays never change
            function = jax.jit((forward if direction == "forward" else backward)[name])
            given = (a.x,) if direction == "forward" else (a.dy, a.y)
            calls[name] = partial(_waited, function, *(jax.device_put(array, cpu) for array in given))
    return calls


LIBRARY = Library(
    name="jax", of_row=of_row, of_answer=of_answer, forms=_forms, around=lambda: wide(import_module("jax"))
)
