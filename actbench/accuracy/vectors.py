"""Reference vectors: inputs and exactly rounded answers for other languages, libraries and chips."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from actbench.accuracy.meter import exact, in_format, near_roots, rounded, units, where_promised
from actbench.activations.registry import resolve
from actbench.core.errors import ActbenchError, unknown
from actbench.kernels.backends import FUSED, TOLERANCES

FORMATS = ("float16", "float32", "float64")
SCHEMA = "actbench-vectors-1"
COLUMNS = ("input", "output", "input_bits", "output_bits", "tolerance_ulp")


def vectors(name: str, *, dtype: str = "float32", direction: str = "forward", count: int = 1000) -> dict[str, Any]:
    """Reference vectors of one direction of one activation.

    Parameters
    ----------
    name
        A name or a spec; parameters are rounded to the format first, as code in that format takes them.
    dtype
        ``"float16"``, ``"float32"`` or ``"float64"``.
    direction
        ``"forward"``: f(x); ``"backward"``: f'(x), at kinks the declared convention.
    count
        How many seeded points; neighbours of kinks, of roots and of the format's edges, both zeros, the infinities
        and NaN come on top.

    Returns
    -------
    What the vectors are (``schema``, ``activation``, ``parameters``, ``direction``, ``dtype``, ``rounding``) and
    ``vectors``: one mapping a point. ``input`` and ``output`` are C99 hexadecimal floats, ``..._bits`` the bits in hex,
    big end first; ``output`` is the exact result rounded once, ties to even. ``tolerance_ulp`` is what actbench
    promises of its own compiled kernels: a suggestion; next to roots, where relative error has no bound, it grows.

    Raises
    ------
    ActbenchError
        For a name, dtype, direction or count that is not understood.
    """
    if dtype not in FORMATS:
        raise unknown("format", dtype, FORMATS)
    if direction not in ("forward", "backward"):
        raise unknown("direction", direction, ("forward", "backward"))
    if not 8 <= count <= 1_000_000:
        raise ActbenchError(f"count={count} is not from 8 to 1,000,000")
    spec = in_format(resolve(name).spec, dtype)
    activation = resolve(spec)
    values = {key: float(value) for key, value in activation.values().items()}
    return {
        "schema": SCHEMA, "activation": activation.name, "parameters": {k: v.hex() for k, v in values.items()},
        "direction": direction, "dtype": dtype, "rounding": "once, to nearest, ties to even",
        "vectors": list(_pairs(spec, dtype, direction, count)),
    }  # fmt: skip


def _pairs(spec: str, dtype: str, direction: str, count: int) -> Iterator[dict[str, str | float]]:
    activation, info = resolve(spec), np.finfo(dtype)
    x = where_promised(spec, dtype, count, direction)
    forward = direction == "forward"
    bound, slope_bound, at_root = TOLERANCES[FUSED, dtype]
    near = near_roots(activation, direction, x)
    terms = None if forward else activation.slope_terms
    largest = np.zeros(x.shape) if terms is None else terms(x.astype(np.float64))
    for at, root, term in zip(map(float, x), near, largest, strict=True):
        value = exact(spec, direction, at)
        size = abs(rounded(value, dtype))
        step, among = units(np.array([size, max(size, term)]), dtype).tolist()
        tolerance = (bound if forward else slope_bound) * among / step  # in the last place of this result
        if root:  # absolute there: so many epsilons
            tolerance = max(tolerance, at_root * float(info.eps) / step)
        if at == 0.0 and forward:
            minus = float(np.dtype(dtype).type(activation.fact("at_negative_zero")))
            yield _pair(-0.0, minus, dtype, tolerance)
            yield _pair(0.0, abs(minus) if minus == 0 else rounded(value, dtype), dtype, tolerance)
        else:
            yield _pair(at, rounded(value, dtype), dtype, tolerance)
    low, high = activation.fact("limits" if forward else "slope_limits")
    for at, limit in ((-math.inf, low), (math.inf, high)):
        yield _pair(at, float(np.dtype(dtype).type(limit)), dtype, bound if math.isfinite(limit) and limit else 0.0)
    if forward or activation.saves:  # a slope that never looks at x cannot know of its NaN
        yield _pair(math.nan, math.nan, dtype, 0.0)


def _pair(at: float, value: float, dtype: str, tolerance: float) -> dict[str, str | float]:
    bits = [_bits(number, dtype) for number in (at, value)]
    return {
        "input": at.hex(), "output": value.hex(), "input_bits": bits[0], "output_bits": bits[1],
        "tolerance_ulp": round(tolerance, 3),
    }  # fmt: skip


def _bits(value: float, dtype: str) -> str:
    number = np.array(value, np.dtype(dtype).newbyteorder(">"))
    return number.tobytes().hex()
