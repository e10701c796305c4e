"""Roots to neighbouring floats."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

MOST = 5000  # steps: halving alone takes 1,000 from 1 to a root at 0


def root(function: Callable[[float], float], a: float, b: float) -> float:
    """Where a function changes its sign between a and b (Brent's method)."""
    from scipy.optimize import brentq

    return float(brentq(function, a, b, xtol=1e-300, rtol=4 * np.finfo(float).eps, maxiter=MOST))
