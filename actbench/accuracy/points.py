"""Seeded test points of one dtype: all binades of both signs, the body, the tails, neighbours of what is declared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.record import Activation
from actbench.core.dtypes import SMALL, every

SEED = 20260101
ROOT_ZONE = 0.25  # next to a root relative error has no bound; within this distance the absolute error counts
# Where exp, tanh or a sigmoid under- or overflows or saturates in some format; formulas change behaviour here.
EDGES = (
    1.0,
    2.0,
    9.05,
    18.7,
    19.1,
    36.8,
    44.0,
    87.34,
    88.03,
    88.73,
    103.28,
    103.98,
    354.9,
    372.5,
    708.4,
    709.79,
    744.45,
    745.14,
)


def neighbours(value: float, dtype: Any, reach: int = 4) -> NDArray[Any]:
    """A value and the floats next to it, ``reach`` on either side."""
    kind = np.dtype(dtype).type
    found = [kind(value)]
    low = high = kind(value)
    for _ in range(reach):
        low, high = np.nextafter(low, kind(-np.inf)), np.nextafter(high, kind(np.inf))
        found += [low, high]
    return np.array(found, dtype)


def points(dtype: Any, count: int = 1000, *, activation: Activation | None = None, seed: int = SEED) -> NDArray[Any]:
    """About ``count`` distinct finite points, sorted, the same for the same seed.

    Parameters
    ----------
    dtype
        float16, float32 or float64; of bfloat16 and of formats of 8 bits all finite numbers are given.
    count
        How many random points; neighbours of edges come on top.
    activation
        Its kinks, roots of the slope and ends of flat regions get their neighbours too.
    seed
        Changes the random points only.

    Returns
    -------
    A sorted array without infinities, NaN or duplicates; -0.0 and 0.0 count as one.
    """
    if str(dtype) in SMALL:
        return every(str(dtype))
    info = np.finfo(dtype)
    rng = np.random.default_rng(np.random.SeedSequence([seed, np.dtype(dtype).itemsize]))
    quarter = max(count // 4, 8)
    smallest = int(info.minexp) - info.nmant
    exponents = rng.uniform(smallest, int(info.maxexp), 2 * quarter)
    spread = np.ldexp(rng.uniform(1.0, 2.0, exponents.size), np.floor(exponents).astype(int))
    parts = [
        (spread * rng.choice([-1.0, 1.0], spread.size)),
        rng.standard_normal(quarter) * 3.0,
        rng.uniform(-110.0, 110.0, quarter // 2),
        rng.uniform(-800.0, 800.0, quarter // 2),
    ]
    with np.errstate(over="ignore"):
        found = [np.concatenate(parts).astype(dtype)]
        found += [neighbours(sign * edge, dtype, 2) for edge in EDGES for sign in (-1, 1)]
        found += [
            neighbours(edge, dtype) for edge in (0.0, float(info.tiny), -float(info.tiny), *_declared(activation))
        ]
        found.append(np.array([info.max, -info.max], dtype))
    x: NDArray[Any] = np.unique(np.concatenate(found))
    finite: NDArray[Any] = x[np.isfinite(x)]
    return finite


def _declared(activation: Activation | None) -> Sequence[float]:
    if activation is None:
        return ()
    ends = [end for interval in activation.fact("flat") for end in interval if np.isfinite(end)]
    roots = (*activation.fact("roots"), *activation.fact("roots_of_slope"))
    return (*activation.fact("kinks"), *roots, *ends)
