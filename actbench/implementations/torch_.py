"""torch on the CPU: its function of a tensor, and its own automatic derivative."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.record import Activation
from actbench.implementations.named import named_function

# Functions that ask for more than x: what torch itself takes, from the row's parameters.
_MORE: dict[str, Callable[[Any, Any, dict[str, Any]], tuple[Any, ...]]] = {
    "threshold": lambda torch, x, values: (values["threshold"], values["value"]),
    "prelu": lambda torch, x, values: (torch.tensor([values["weight"]], dtype=x.dtype),),
    "heaviside": lambda torch, x, values: (torch.ones((), dtype=x.dtype),),
}


def load(named: str, activation: Activation, direction: str, dtype: str) -> tuple[Any, str]:
    """As `actbench.implementations.peers.find`."""
    torch = import_module("torch")
    function, options = named_function(named)
    if isinstance(function, type):
        function, options = function(**options), {}
    more = _MORE.get(activation.name)
    if more is None:
        options = {**options, **activation.bound}
    values = activation.values()

    def value(x: Any) -> Any:
        return function(x, *(more(torch, x, values) if more else ()), **options)

    def forward(x: NDArray[Any]) -> NDArray[Any]:
        with torch.no_grad():
            return np.array(value(torch.from_numpy(x.copy())).numpy())

    def backward(x: NDArray[Any]) -> NDArray[Any]:
        tensor = torch.from_numpy(x.copy()).requires_grad_()
        result = value(tensor)
        if not result.requires_grad:
            return np.zeros_like(x)
        (slope,) = torch.autograd.grad(result, tensor, torch.ones_like(result))
        return np.array(slope.numpy())

    return (forward if direction == "forward" else backward), ""
