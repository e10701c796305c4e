"""How a row is heard: as NumPy (the reference path), exactly (mpmath), and as one fused loop (numba).

The same graph is walked by each listener; `notation` writes it for people and counts its operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Name to what it is, for `actbench list backends`.
BACKENDS: Mapping[str, str] = MappingProxyType(
    {
        "numpy": "the row as written, in float64, rounded once: the reference path",
        "exact": "the definition in mpmath with as many digits as it takes: the oracle",
        "numba": "the row as one fused, vectorised loop in float32 or float64",
    }
)
