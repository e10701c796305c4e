"""Initialise a torch module for the function that follows it, by its exact gain instead of a table of seven names."""

from __future__ import annotations

from typing import Any

from actbench.core.errors import ActbenchError
from actbench.theory.gains import gains

MODES = {"fan_in": "forward", "fan_out": "slope"}


def gain_(module: Any, activation: Any, *, mode: str = "fan_in", q: float = 1.0) -> Any:
    """Draw the weights of every linear and convolutional layer in a module anew, in place; biases become 0.

    Parameters
    ----------
    module
        A ``torch.nn.Module``.
    activation
        What `actbench.theory.gains` takes: ``"silu"``, ``"swiglu"``, ``"my.py:act"``, ``torch.nn.functional.mish``.
    mode
        ``"fan_in"``: variance forward^2 / fan_in keeps E z^2 = q from layer to layer; ``"fan_out"``: slope^2 / fan_out
        keeps the gradient.
    q
        The variance of the pre-activations.

    Returns
    -------
    The module, as torch's own functions of such names.

    Raises
    ------
    ActbenchError
        For an unknown mode, or a function without that gain.
    """
    import torch

    if mode not in MODES:
        raise ActbenchError(f"no mode {mode!r}; known: {', '.join(MODES)}")
    gain = getattr(gains(activation, q), MODES[mode])
    if not 0 < gain < float("inf"):
        raise ActbenchError(f"{activation} has no {MODES[mode]} gain at q={q:g} ({gain}); choose another mode")
    for layer in module.modules():
        if isinstance(layer, torch.nn.Linear | torch.nn.modules.conv._ConvNd):
            fan_in, fan_out = torch.nn.init._calculate_fan_in_and_fan_out(layer.weight)
            torch.nn.init.normal_(layer.weight, std=gain / (fan_in if mode == "fan_in" else fan_out) ** 0.5)
            if layer.bias is not None:
                torch.nn.init.zeros_(layer.bias)
    return module
