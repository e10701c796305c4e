"""SciPy's special functions; it has values only."""

from __future__ import annotations

from typing import Any

import numpy as np

from actbench.activations.record import Activation
from actbench.implementations.named import named_function


def load(named: str, activation: Activation, direction: str, dtype: str) -> tuple[Any, str]:
    """As `actbench.implementations.peers.find`."""
    if direction == "backward":
        return None, "scipy has no gradients"
    function, options = named_function(named)

    def forward(x: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.asarray(function(x, **options)).astype(dtype, copy=False)

    return forward, ""
