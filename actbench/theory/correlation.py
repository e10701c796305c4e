"""How the correlation of two inputs changes from layer to layer: the map itself, layer by layer, and where it rests."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.core.errors import ActbenchError
from actbench.theory.gaussian import draws, layers, moments, variance
from actbench.theory.hermite import hermite_coefficients
from actbench.theory.quadrature import expectations, panels
from actbench.theory.roots import root
from actbench.theory.subject import Subject, row_of, spec_of

Array = NDArray[Any]

DEGREES = 400  # of Hermite polynomials; ReLU's squared coefficients fall as k^-2.5, a smooth row's geometrically
_REACH = 12.0  # standard deviations of the inner integral
_INNER = np.array([-_REACH, -9, -7, -5.5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5.5, 7, 9, _REACH])
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)


def product_moment(name: Subject, q: float, c: float) -> float:
    """E f(u) f(v) of two normal numbers of variance q and correlation c.

    Parameters
    ----------
    name
        A spec, a target or a function, as for `actbench.theory.moments`.
    q
        The variance, above 0.
    c
        From -1 to 1.

    Raises
    ------
    ActbenchError
        For a number outside these bounds.
    """
    q = variance(q)
    if not (q > 0 and -1 <= c <= 1):
        raise ActbenchError(f"q={q!r}, c={c!r}: give a variance above 0 and a correlation from -1 to 1")
    row = row_of(spec_of(name))
    rest = math.sqrt(q * (1 - c) * (1 + c))
    total = 0.0
    for weight, given in draws(row):
        kinks = sorted(map(float, row.fact("kinks", **given)))

        def product(u: Array, given: dict[str, float] = given, kinks: list[float] = kinks) -> Array:
            f = np.asarray(row.forward(u, **given))
            if rest == 0:
                return np.asarray(f * row.forward(c * u, **given))[None]
            both: Array = f * _given(row, given, kinks, c * u, rest)
            return both[None]

        total += weight * float(expectations(product, panels(q, kinks), q)[0][0])
    return total


def _given(row: Any, given: dict[str, float], kinks: list[float], middle: Array, rest: float) -> Array:
    """E f(middle + rest w) over w ~ N(0, 1), panels of each middle ending at the kinks and at the row's own scale."""
    scale = 2.0 ** np.arange(-2, 7, 2)
    places = np.unique(np.concatenate([[0.0], scale, -scale, *([k] for k in kinks)]))
    own = np.clip((places - middle[:, None]) / rest, -_REACH, _REACH)
    ends = np.sort(np.concatenate([np.broadcast_to(_INNER, (len(middle), len(_INNER))), own], axis=1), axis=1)
    half = np.diff(ends)[..., None] / 2
    w = (ends[:, 1:] + ends[:, :-1])[..., None] / 2 + half * _NODES
    density = np.exp(-0.5 * w * w) * (half * _WEIGHTS) / math.sqrt(2 * math.pi)
    f = np.asarray(row.forward((middle[:, None, None] + rest * w).reshape(-1), **given)).reshape(w.shape)
    total: Array = (f * density).sum(axis=(1, 2))
    return total


def correlations(
    name: Subject, sigma_w2: float, sigma_b2: float = 0.0, *, c: float, q: float, depth: int
) -> list[float]:
    """c_1, ..., c_depth of two inputs of one length, layer by layer; q is the first layer's and follows its own map.

    ReLU's is the arc-cosine kernel: c' = (sqrt(1 - c^2) + c (pi - arccos c)) / pi (Cho & Saul 2009).
    """
    spec = spec_of(name)
    sigma_w2, sigma_b2 = variance(sigma_w2, "sigma_w2"), variance(sigma_b2, "sigma_b2")
    found, depth = [float(c)], layers(depth)
    while len(found) < depth:
        after = sigma_w2 * moments(spec, q).second + sigma_b2
        image = (sigma_w2 * product_moment(spec, q, found[-1]) + sigma_b2) / after
        found.append(min(1.0, max(-1.0, image)))
        q = after
    return found


def resting(spec: str, sigma_w2: float, sigma_b2: float, q: float) -> tuple[float, float]:
    """The resting correlation below 1 and the correlation map's slope there, by the row's Hermite series.

    With f(sqrt(q) z) = sum a_k He_k(z) / sqrt(k!), E f f = sum a_k^2 c^k for two inputs of correlation c
    (Daniely, Frostig & Singer 2016). What DEGREES leave over of E f^2 is counted at the next degree.
    """
    row = row_of(spec)
    squares = np.zeros(DEGREES + 1)
    for weight, given in draws(row):
        squares += weight * hermite_coefficients(row, q, given, DEGREES) ** 2
    squares = np.append(squares, max(moments(spec, q).second - squares.sum(), 0.0))
    powers = np.arange(len(squares))

    def image(c: float) -> float:
        return float((sigma_w2 * (squares * c**powers).sum() + sigma_b2) / q)

    grid = 1 - np.geomspace(1, 1e-6, 121)
    excess = [image(float(c)) - float(c) for c in grid]
    crossing = [i for i in range(len(grid) - 1) if excess[i] >= 0 > excess[i + 1]]
    c = root(lambda v: image(v) - v, float(grid[crossing[0]]), float(grid[crossing[0] + 1])) if crossing else 0.0
    slope = sigma_w2 / q * float((squares[1:] * powers[1:] * c ** (powers[1:] - 1)).sum())
    return c, slope
