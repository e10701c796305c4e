"""Square roots of sums of squares, and halves of pairs: plain arithmetic that serves arrays and expressions alike."""

from __future__ import annotations

from typing import Any

import numpy as np


def hypot(x: Any, side: Any) -> Any:
    """sqrt(x^2 + side^2) without the overflow of x^2 at 1e154 (1e19 in float32), side > 0."""
    a = np.absolute(x)
    large = np.maximum(a, side)
    ratio = np.minimum(a, side) / large
    return large * np.sqrt(1.0 + ratio * ratio)
