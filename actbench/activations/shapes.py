"""Facts that rows of one shape share, said once: ``define("silu", **GATE, ...)``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

INF = float("inf")

SIGMOID: Mapping[str, Any] = {"bounds": (0.0, 1.0), "limits": (0.0, 1.0), "slope_limits": (0.0, 0.0), "monotone": True}
ODD_SIGMOID: Mapping[str, Any] = {
    "bounds": (-1.0, 1.0), "limits": (-1.0, 1.0), "slope_limits": (0.0, 0.0), "symmetry": "odd", "monotone": True,
}  # fmt: skip
RECTIFIER: Mapping[str, Any] = {
    "bounds": (0.0, INF), "limits": (0.0, INF), "slope_limits": (0.0, 1.0), "monotone": True,
}  # fmt: skip
# x times a sigmoid: from below to 0 on the left, the identity on the right, a dip between
GATE: Mapping[str, Any] = {"limits": (-0.0, INF), "slope_limits": (-0.0, 1.0), "monotone": False}
# a smooth |x|
MODULUS: Mapping[str, Any] = {
    "bounds": (0.0, INF), "limits": (INF, INF), "slope_limits": (-1.0, 1.0), "roots_of_slope": (0.0,),
    "at_negative_zero": 0.0, "symmetry": "even", "monotone": False,
}  # fmt: skip
