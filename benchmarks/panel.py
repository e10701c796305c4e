"""The frozen panel: asv addresses parameters by position, so names are only ever added at the end."""

from __future__ import annotations

PANEL = ("identity", "relu", "leaky_relu", "prelu", "rrelu", "sigmoid", "tanh", "silu")
DTYPES = ("float32", "float64")
SIZES = (2**12, 2**20)
