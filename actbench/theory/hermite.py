"""A row under a Gaussian as a series of Hermite polynomials: what correlation maps are made of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.record import Activation


def hermite_coefficients(row: Activation, q: float, given: dict[str, float], degrees: int) -> NDArray[Any]:
    """a_0 ... a_degrees of f(sqrt(q) z) = sum a_k He_k(z) / sqrt(k!).

    Panels of an eighth of a standard deviation are finer than the waves of degrees up to 1000.
    """
    deviation = math.sqrt(q)
    kinks = [float(kink) / deviation for kink in row.fact("kinks", **given)]
    reach = 14.0  # the weight times any normalised polynomial of these degrees times f is below 1e-20 from here on
    ends = np.unique([*np.arange(-reach, reach + 0.01, 0.125), *(kink for kink in kinks if abs(kink) < reach)])
    nodes, weights = np.polynomial.legendre.leggauss(12)
    half = np.diff(ends)[:, None] / 2
    z = ((ends[1:] + ends[:-1])[:, None] / 2 + half * nodes).reshape(-1)
    f = row.forward(deviation * z, **given) * np.exp(-z * z / 2) / math.sqrt(2 * math.pi) * (half * weights).reshape(-1)
    before, now = np.zeros_like(z), np.ones_like(z)
    found = []
    for k in range(degrees + 1):
        found.append(float((f * now).sum()))
        before, now = now, (z * now - math.sqrt(k) * before) / math.sqrt(k + 1)
    return np.array(found)
