"""jax on the CPU: its function of an array, and the derivative that it traces, both as `jax.jit` compiles them."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.record import Activation
from actbench.implementations.named import named_function


def processor(jax: Any) -> Any:
    """jax's CPU device, told to compute in the calling thread where the environment asks for that.

    jax 0.10 does not heed the variable by itself, and only before its first device is made: else every call wakes
    another thread, 25 to 60 us against 8 at 4,096 elements.
    """
    if os.environ.get("JAX_CPU_ENABLE_ASYNC_DISPATCH", "").lower() == "false":
        jax.config.update("jax_cpu_enable_async_dispatch", False)
    return jax.devices("cpu")[0]


def load(named: str, activation: Activation, direction: str, dtype: str) -> tuple[Any, str]:
    """As `actbench.implementations.peers.find`."""
    jax = import_module("jax")
    function, options = named_function(named)
    options = {**options, **activation.bound}
    cpu = jax.devices("cpu")[0]

    def value(x: Any) -> Any:
        return function(x, **options)

    def slope(x: Any) -> Any:
        result, pull = jax.vjp(value, x)
        return pull(jax.numpy.ones_like(result))[0]

    compiled = jax.jit(value if direction == "forward" else slope)

    def call(x: NDArray[Any]) -> NDArray[Any]:
        with _wide(jax), jax.default_device(cpu):  # without x64 jax turns float64 into float32
            return np.array(compiled(jax.numpy.asarray(x)))

    return call, ""


def _wide(jax: Any) -> Any:
    return jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64()
