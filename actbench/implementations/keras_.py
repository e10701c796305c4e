"""keras on the backend that it is set to (KERAS_BACKEND); gradients where that is torch."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.record import Activation
from actbench.implementations.named import named_function

# Functions that ask for more than x, from the row's parameters.
_MORE = {"threshold": ("threshold", "value")}


def load(named: str, activation: Activation, direction: str, dtype: str) -> tuple[Any, str]:
    """As `actbench.implementations.peers.find`."""
    keras = import_module("keras")
    function, options = named_function(named)
    options = {**options, **activation.bound}
    if isinstance(function, type):
        return None, f"{named} is a layer with weights of its own"
    more = tuple(activation.values()[name] for name in _MORE.get(activation.name, ()))
    backend = keras.backend.backend()
    if dtype == "float64" and backend == "jax":
        return None, "keras on jax computes in float32 unless jax is told otherwise before it starts"
    if direction == "backward" and backend != "torch":
        return None, f"no gradients from keras on {backend} here; set KERAS_BACKEND=torch"

    def forward(x: NDArray[Any]) -> NDArray[Any]:
        given = keras.ops.convert_to_tensor(x.copy(), dtype=dtype)
        return np.array(keras.ops.convert_to_numpy(function(given, *more, **({} if more else options))))

    def backward(x: NDArray[Any]) -> NDArray[Any]:
        torch = import_module("torch")
        tensor = torch.from_numpy(x.copy()).requires_grad_()
        result = function(tensor, *more, **({} if more else options))
        (slope,) = torch.autograd.grad(result, tensor, torch.ones_like(result))
        return np.array(slope.numpy())

    return (forward if direction == "forward" else backward), ""
