"""For users of torch: every elementwise row as a function of tensors and as a module, and exact gains.

``actbench.torch.silu(x)``, ``actbench.torch.Activation("gelu")``. Torch itself is loaded by what is called, never by
importing this.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from actbench.core.errors import ActbenchError
from actbench.torch.gains import gain_ as gain_


def __getattr__(name: str) -> Any:
    from actbench.activations.registry import ACTIVATIONS, resolve

    if name.startswith("__"):
        raise AttributeError(name)
    functions: Any = import_module("actbench.torch.functions")
    if name == "functions":
        return functions
    if name in ("Activation", "function"):
        return getattr(functions, name)
    try:
        row = resolve(name)
    except ActbenchError as unknown:
        raise AttributeError(f"module 'actbench.torch': {unknown}") from None
    found = functions.function(row.spec)
    if name in ACTIVATIONS.names():
        globals()[name] = found
    return found


def __dir__() -> list[str]:
    from actbench.activations.registry import ACTIVATIONS

    return sorted(["Activation", "function", "gain_", *ACTIVATIONS.names()])
