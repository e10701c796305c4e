"""jax on the CPU: its function of an array, and the derivative that it traces, both as `jax.jit` compiles them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.peers.named import named_function
from actbench.records.activation import Activation


def load(named: str, activation: Activation, direction: str, dtype: str) -> tuple[Any, str]:
    """As `actbench.peers.find`."""
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
