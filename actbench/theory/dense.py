"""Is a moment of the slope in use that of the function? A dense sum of differences, which asks for no slope."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.core.errors import ActbenchError
from actbench.theory.gaussian import draws, moments
from actbench.theory.quadrature import FAR
from actbench.theory.subject import Subject, row_of, spec_of

BODY, CELLS, TAILS = 10.0, 16_000, 2_000  # standard deviations cut into so many cells, and each side beyond
WIDTH, MOST = 0.05, 200_000  # cells are no wider, so that oscillations are seen, while they are no more than so many
STEP, ROUNDING = 2e-3, 1e-7  # of a difference: at most, but for what rounding of a large x asks
APART = 1e-3  # relative: what the cells of an undeclared kink cost is a quarter of that
GRADED = 3000  # cells from 1e-5 to 100 on either side of 0, where most functions bend
EPS = float(np.finfo(np.float64).eps)
LEAST = 1e-12  # the q at which a limit at 0 is tried


class Doubtful(ActbenchError):
    """A number of the theory that rests on a slope which is not the function's."""


def slope_square(name: Subject, q: float) -> tuple[float, float]:
    """E f'(z)^2, z ~ N(0, q), from values of f alone, to about 1e-4, and what their rounding may have added to it.

    No number where f overflows.
    """
    row = row_of(spec_of(name))
    total = noise = 0.0
    for weight, given in draws(row):
        edges = _edges(math.sqrt(q), sorted(map(float, row.fact("kinks", **given))))
        middle, width = 0.5 * (edges[1:] + edges[:-1]), np.diff(edges)
        h = np.minimum(0.1 * width, np.maximum(STEP, ROUNDING * np.abs(middle)))
        with np.errstate(all="ignore"):
            f = [np.asarray(row.forward(middle + k * h, **given)) for k in (-2, -1, 1, 2)]
            slope = (f[0] - f[3] + 8 * (f[2] - f[1])) / (12 * h)
            density = np.exp(-0.5 * middle * middle / q) * width
            density /= density.sum()
            total += weight * float(np.square(slope) @ density)
            noise += weight * float(np.square(EPS * f[1] / h) @ density)
    return total, noise


def _edges(deviation: float, kinks: list[float]) -> NDArray[Any]:
    """Ends of the cells: even ones in the body and in each tail, finer next to 0; no difference crosses a kink."""
    cells = int(min(max(CELLS, 2 * BODY * deviation / WIDTH), MOST)) // 2 * 2
    body = np.linspace(-BODY, BODY, cells + 1)
    tail = np.linspace(BODY, FAR, TAILS + 1)[1:]
    even, near = deviation * np.concatenate([-tail, body, tail]), np.geomspace(1e-5, 1e2, GRADED)
    near = near[near < deviation]
    return np.unique(np.concatenate([even, near, -near, kinks]))


@lru_cache(maxsize=1024)
def _doubt(spec: str, q: float) -> str:
    if "x" in row_of(spec).surrogates or not math.isfinite(q):
        return ""
    q = max(q, LEAST)
    used, (own, noise) = moments(spec, q).d_second, slope_square(spec, q)
    if not _apart(used, own, noise):
        return ""
    if _apart(moments(spec, 1.0).d_second, *slope_square(spec, 1.0)):
        return ""  # another function's slope throughout, as a surrogate's: what is used is what was asked for
    return f"at q={q:g} E f'^2 is {used:.6g} by the slope in use, {own:.6g} by differences of the function"


def _apart(used: float, own: float, noise: float) -> bool:
    """Whether two moments are two numbers; where one of them is none, nothing is known."""
    return abs(used - own) > APART * max(used, own) + 10 * noise and math.isfinite(own)


def doubt(name: Subject, q: float) -> str:
    """Why moments of the slope at a length are not to be believed; empty where nothing speaks against them.

    Held to differences of the function, unless its backward pass uses another function's slope throughout, which
    they then are the moments of.
    """
    return _doubt(spec_of(name), float(q))
