"""The fewest inputs that tell functions apart: what a port's test should contain, where random inputs see nothing."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.accuracy.meter import exact, in_format, rounded, units
from actbench.accuracy.vectors import FORMATS, SCHEMA, inputs, of_gate
from actbench.activations.registry import named
from actbench.activations.vector import VectorFunction
from actbench.core.dtypes import info
from actbench.core.errors import ActbenchError, unknown

Point = tuple[float, ...]
POOL = 600  # points that are tried, in the order of people, for each candidate
GATE_POOL = 9  # numbers that people think of, for each input of a gate, and what the candidates declare
ARRAYS = 60  # that are tried where layouts differ
Array = NDArray[Any]


def distinguish(names: list[str], *, dtype: str = "float32", ulp: float = 16.0) -> dict[str, Any]:
    """The fewest inputs on which every two of some functions differ by more than a number of ulp.

    Parameters
    ----------
    names
        Two functions or more: elementwise rows, or gates.
    dtype
        The format of inputs and results.
    ulp
        How far apart counts, in the last place of the larger exact result.

    Returns
    -------
    ``vectors``: a mapping an input, with the exact result of each candidate rounded once and the pairs that it tells
    apart; ``alike``: pairs that no input of those tried tells apart. One input or two are the fewest; more are chosen
    greedily, the plainest first among equals. Of gates in different layouts an input is an array, ``x``.

    Raises
    ------
    ActbenchError
        For fewer than two candidates, an unknown name or format, or rows and gates together.
    """
    if dtype not in FORMATS:
        raise unknown("format", dtype, FORMATS)
    if len(set(names)) < 2:
        raise ActbenchError(f"--distinguish takes two functions or more, not {len(set(names))}")
    if not ulp > 0:
        raise ActbenchError(f"ulp={ulp!r} is no distance; give a number above 0")
    info(dtype)
    candidates = [named(name) for name in names]
    gates = [isinstance(row, VectorFunction) for row in candidates]
    if any(gates) and not (all(gates) and all(getattr(row, "views", None) for row in candidates)):
        raise ActbenchError("give elementwise rows alone, or gates alone; softmax and its kin have no one input")
    pool = _pairs(candidates, dtype) if all(gates) else _singles(candidates, dtype)
    laid = len({getattr(row, "layout", None) for row in candidates}) > 1
    if laid:  # pairs cannot tell where inputs lie
        pool = _arrays(candidates, pool)
    values = np.array([[_value(row, point, dtype) for point in pool] for row in candidates])  # of arrays, a list each
    pairs = list(combinations(range(len(candidates)), 2))
    apart = np.array([_apart(values[i], values[j], dtype, ulp) for i, j in pairs])
    if laid:
        apart = np.asarray(apart.any(axis=-1))
    chosen = _cover(apart)
    specs = [row.spec for row in candidates]
    said = [
        {
            **_hexes(pool[p], laid),
            "decimal": ", ".join(repr(at) for at in pool[p]),
            "results": {spec: _hex(values[i][p]) for i, spec in enumerate(specs)},
            "tells_apart": [f"{specs[i]} | {specs[j]}" for k, (i, j) in enumerate(pairs) if apart[k][p]],
        }
        for p in chosen
    ]
    alike = [f"{specs[i]} | {specs[j]}" for k, (i, j) in enumerate(pairs) if not apart[k].any()]
    return {"schema": SCHEMA, "distinguish": specs, "dtype": dtype, "more_than_ulp": ulp, "tried": len(pool),
            "vectors": said, "alike": alike}  # fmt: skip


def _singles(candidates: list[Any], dtype: str) -> list[Point]:
    found: dict[Point, None] = {}
    for row in candidates:
        spec = in_format(row.spec, dtype)
        found |= dict.fromkeys((at,) for at in inputs(spec, dtype, "forward", POOL)[:POOL])
    return list(found)


def _pairs(candidates: list[Any], dtype: str) -> list[Point]:
    """What people think of, what any candidate declares, and twice that, in every pair."""
    sides: dict[str, dict[float, None]] = {"a": {}, "b": {}}
    for row in candidates:
        for side, kept in sides.items():
            view = row.view(side)
            kept |= dict.fromkeys(inputs(in_format(view.spec, dtype), dtype, "forward", 64)[:GATE_POOL])
            for kink in view.fact("kinks"):
                kept |= dict.fromkeys(rounded_to(at, dtype) for at in (0.5 * kink, 1.5 * kink, 2.0 * kink))
            kept |= dict.fromkeys(rounded_to(at, dtype) for at in (8.0, -8.0, 20.0, -20.0, 40.0))
    both = [(a, b) for a in sides["a"] for b in sides["b"]]
    plain = [pair for pair in both if all(at == 0 or 1e-2 <= abs(at) < 1e3 for at in pair)]
    return sorted(plain, key=lambda pair: (sum(len(f"{at:g}") for at in pair), sum(map(abs, pair)), -sum(pair)))


def rounded_to(value: float, dtype: str) -> float:
    """A number of the format."""
    from actbench.accuracy.oracle import MP

    return rounded(MP.mpf(value), dtype)


def _arrays(candidates: list[Any], pairs: list[Point]) -> list[Point]:
    """Arrays of two pairs in every layout: [a, 1, b, 2] for the plainest pairs, in runs as long as the longest."""
    run = max(1, *(row.layout.run for row in candidates))
    return [tuple(np.repeat([a, 1.0, b, 2.0], run).tolist()) for a, b in pairs[:ARRAYS]]


def _hexes(point: Point, laid: bool) -> dict[str, Any]:
    if laid:
        return {"x": [at.hex() for at in point]}
    return {key: at.hex() for key, at in zip(("a", "b") if len(point) == 2 else ("input",), point, strict=True)}


def _hex(value: Any) -> Any:
    return [float(v).hex() for v in value] if np.ndim(value) else float(value).hex()


def _value(row: Any, point: Point, dtype: str) -> Any:
    if len(point) > 2:
        known = {pair: of_gate(row, dtype, *pair) for pair in set(zip(*row.layout.split(np.array(point)), strict=True))}
        return [known[pair] for pair in zip(*row.layout.split(np.array(point)), strict=True)]
    if len(point) == 2:
        return of_gate(row, dtype, *point)
    return rounded(exact(in_format(row.spec, dtype), "forward", point[0]), dtype)


def _apart(one: Array, other: Array, dtype: str, ulp: float) -> Array:
    """Where two exact results differ by more, or one of them alone is a number."""
    with np.errstate(all="ignore"):
        size = np.maximum(np.abs(one), np.abs(other))
        far = np.abs(one - other) > ulp * units(size, dtype)
    return np.asarray(np.where(np.isfinite(one) & np.isfinite(other), far, one != other))


def _cover(apart: Array) -> list[int]:
    """The fewest columns of which every row that has one has one: one or two where these do, else greedily."""
    able = apart[apart.any(axis=1)]
    for i in range(able.shape[1] if len(able) else 0):
        if able[:, i].all():
            return [i]
    for i in range(able.shape[1] if len(able) else 0):
        rest = able[~able[:, i]].all(axis=0)
        if rest.any():
            return [i, int(rest.argmax())]
    open_ = apart.any(axis=1)
    chosen: list[int] = []
    while open_.any():
        gain = apart[open_].sum(axis=0)
        chosen.append(int(gain.argmax()))
        open_ &= ~apart[:, chosen[-1]]
    return chosen
