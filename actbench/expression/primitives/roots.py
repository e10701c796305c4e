"""Square roots of sums of squares: plain arithmetic that serves arrays and expressions alike."""

from __future__ import annotations

from typing import Any

import numpy as np

FAR = 1e18  # whose square is finite in float32 and drowns any number up to 1e8


def hypotenuse(x: Any, added: Any) -> tuple[Any, Any, Any]:
    """sqrt(x^2 + added) without the overflow of x^2 at 1e154 (1e19 in float32), added from 1e-8 to 1e8.

    Returns
    -------
    c, t, r
        c = min(|x|, 1e18) and t = sqrt(c^2 + added), whose ratio is that of |x| and r to every digit and never
        inf / inf; r = sqrt(x^2 + added). One root and no division: a root of a rounded square is exact, so that t is
        at least c and r at least |x|.
    """
    a = np.absolute(x)
    c = np.minimum(a, FAR)
    t = np.sqrt(c * c + added)
    return c, t, np.maximum(t, a)
