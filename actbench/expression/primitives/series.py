"""Short power series: plain arithmetic that serves arrays and expressions alike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from actbench.expression.primitives.exponential import horner

SINH = tuple(1.0 / math.factorial(2 * k + 1) for k in range(13))  # what is left out is 1e-19 of it at 4

# sin(v) / v = 1 + z (..) and cos(v) = 1 + z (..), z = v^2: what is left out is below 2e-18 at pi / 4
SINE = tuple((-1.0) ** k / math.factorial(2 * k + 1) for k in range(1, 9))
COSINE = tuple((-1.0) ** k / math.factorial(2 * k) for k in range(1, 9))


def sinh_ratio(square: Any) -> Any:
    """sinh(t) / t from t^2, for t^2 from 0 to 4 (held there)."""
    return horner(SINH, np.minimum(square, 4.0))


def less_one(square: Any) -> tuple[Any, Any]:
    """sin(v) / v - 1 and cos(v) - 1 from v^2, for |v| up to pi / 4."""
    return square * horner(SINE, square), square * horner(COSINE, square)
