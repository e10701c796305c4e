"""Short power series: plain arithmetic that serves arrays and expressions alike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from actbench.expression.primitives.exponential import horner

SINH = tuple(1.0 / math.factorial(2 * k + 1) for k in range(13))  # what is left out is 1e-19 of it at 4


def sinh_ratio(square: Any) -> Any:
    """sinh(t) / t from t^2, for t^2 from 0 to 4 (held there)."""
    return horner(SINH, np.minimum(square, 4.0))
