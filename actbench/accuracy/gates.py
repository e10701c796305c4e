"""Somebody's gate against exact values: pairs that people think of, what the gate declares, and seeded ones."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.accuracy.meter import exact, in_format, prescreened, rounded, units
from actbench.accuracy.oracle import MP, ulp_error
from actbench.accuracy.points import ROOT_ZONE, SEED
from actbench.accuracy.vectors import inputs, of_gate
from actbench.activations.registry import along
from actbench.activations.vector import VectorFunction
from actbench.core.dtypes import info, narrowed
from actbench.core.errors import ActbenchError

Array = NDArray[Any]
SIDE = 40  # numbers of each input that are tried in every pair, the first in the order of people
SLACK = 20.0  # ulp of float64 that the screen itself may be off
GROSS = 2.0**-6  # relative
RUN = 32  # entries that every layout can hold
CONFIRMED = 12  # of the nearest that fail, in mpmath


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A pair at which a gate is wrong.

    ``part`` is ``"y"``, ``"da"`` or ``"db"``; ``gross``: not two digits right; ``within``: the array that shows it,
    where one pair alone does not, because inputs are looked for in other places.
    """

    part: str
    a: float
    b: float
    came: float
    exact: float
    ulp: float
    failing: int
    tried: int
    gross: bool
    within: tuple[float, ...] = ()

    @property
    def order(self) -> tuple[bool, int, float]:
        """What is gross comes first, then what people can read, then what is near 0."""
        return (not self.gross, _length(self.a, self.b), abs(self.a) + abs(self.b))


def _length(a: Any, b: Any) -> int:
    return len(f"{float(a)!r}{float(b)!r}")


def as_in(row: VectorFunction, dtype: str) -> VectorFunction:
    """The gate with its parameters rounded to a format, as code in that format takes them."""
    return along(row.spec).bind(**{name: rounded(MP.mpf(float(v)), dtype) for name, v in row.values().items()})


def pairs(row: VectorFunction, dtype: str, count: int) -> tuple[Array, Array]:
    """Pairs of a format: clamps need large ones, which normal random numbers never are."""
    sides = []
    for side in ("a", "b"):
        view = row.view(side)
        near = [at for at in inputs(in_format(view.spec, dtype), dtype, "forward", 200) if abs(at) < 1e3]
        sides.append([*near[:SIDE], *(2.0 * kink for kink in view.fact("kinks"))])
    a, b = (grid.reshape(-1) for grid in np.meshgrid(*sides, indexing="ij"))
    rng = np.random.default_rng(SEED)
    more = rng.standard_normal((2, count)) * rng.choice([1.0, 8.0, 40.0], count)
    kind = np.dtype(dtype)
    whole = [
        np.concatenate([narrowed(side, kind), narrowed(extra, kind)]) for side, extra in zip((a, b), more, strict=True)
    ]
    return whole[0], whole[1]


def wrong(
    fn: Callable[..., Any], row: VectorFunction, dtype: str, direction: str, max_ulp: float, count: int = 1000
) -> tuple[float, Pair | None]:
    """The largest error in ulp that the screen finds, and the failing pair of fewest digits, confirmed in mpmath.

    Where two digits of what is no tail are not right, one of these pairs; among such the nearest to 0.

    Parameters
    ----------
    fn
        ``fn(x)`` or ``fn(dy, x)`` on one array in the gate's layout, or ``fn(a, b)``, ``fn(dy, a, b)`` with two
        gradients.

    Raises
    ------
    ActbenchError
        For a result of another shape.
    """
    row = as_in(row, dtype)
    a, b = _padded(*pairs(row, dtype, count))
    wide = (a.astype(np.float64), b.astype(np.float64))
    worst, found = 0.0, None
    for part, came in _answers(fn, row, direction, a, b).items():
        yard = _yard(row, part, *wide)
        size = np.maximum(np.abs(yard), _at_root(row, part, *wide))
        error = prescreened(came, yard, units(size, dtype), dtype)
        worst = max(worst, float(error[np.isfinite(yard)].max()))
        failing = np.flatnonzero(error > max_ulp + (SLACK if dtype == "float64" else 1e-6))
        with np.errstate(all="ignore"):
            right = np.abs(came.astype(np.float64) - yard) <= GROSS * size
            seen = ~(np.fmax(np.abs(came.astype(np.float64)), size) < float(info(dtype).eps)) | np.isnan(came)
        gross = ~right & seen
        reach = np.abs(wide[0]) + np.abs(wide[1])
        length = np.array([_length(a[i], b[i]) for i in failing])
        for i in map(int, failing[np.lexsort((reach[failing], length, ~gross[failing]))][:CONFIRMED]):
            exact = of_gate(row, dtype, float(a[i]), float(b[i]), "" if part == "y" else part[1])
            off = ulp_error(float(came[i]), MP.mpf(exact), dtype)
            pair = Pair(part=part, a=float(a[i]), b=float(b[i]), came=float(came[i]), exact=exact, ulp=off,
                        failing=int(failing.size), tried=int(a.size), gross=bool(gross[i]))  # fmt: skip
            if off > max_ulp and (found is None or pair.order < found.order):
                found = pair
                break
    return worst, found and _shown(fn, row, dtype, direction, found)


def _shown(fn: Callable[..., Any], row: VectorFunction, dtype: str, direction: str, pair: Pair) -> Pair:
    """The pair, where it fails alone; else one of the pairs (1, 3) and (2, 4) in an array, which other layouts mix."""
    if _takes(fn) == (2 if direction == "forward" else 3) or row.layout is None:
        return pair
    run, kind = max(row.layout.run, 1), np.dtype(dtype)
    try:
        alone = _answers(fn, row, direction, np.full(run, pair.a, kind), np.full(run, pair.b, kind))[pair.part]
        if not np.allclose(alone, pair.exact, rtol=GROSS, atol=0.0):
            return pair
        return _shown_in(run, fn, row, dtype, direction, pair)
    except Exception:  # somebody's code: one that takes runs alone refuses a short array, and mixes a long one
        return _shown_in(RUN, fn, row, dtype, direction, pair)


def _shown_in(run: int, fn: Callable[..., Any], row: VectorFunction, dtype: str, direction: str, pair: Pair) -> Pair:
    """One of the two pairs with every number so many times, or what was found where they do not fail."""
    assert row.layout is not None
    kind = np.dtype(dtype)
    a, b = (np.repeat(np.array(two, kind), run) for two in ((1.0, 2.0), (3.0, 4.0)))
    came = _answers(fn, row, direction, a, b)[pair.part]
    right = _yard(row, pair.part, a.astype(np.float64), b.astype(np.float64))
    failing = np.flatnonzero(~(np.abs(came - right) <= GROSS * np.abs(right)))
    if not failing.size:
        return pair
    i = int(failing[0])
    exact = of_gate(row, dtype, float(a[i]), float(b[i]), "" if pair.part == "y" else pair.part[1])
    return replace(pair, a=float(a[i]), b=float(b[i]), came=float(came[i]), exact=exact,
                   ulp=ulp_error(float(came[i]), MP.mpf(exact), dtype),
                   within=tuple(row.layout.join(a, b).tolist()))  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Worst:
    """The largest error of a part over very many pairs, and the pair; settled by mpmath."""

    part: str
    ulp: float
    a: float
    b: float
    pairs: int
    settled: int


def measured(
    fn: Callable[..., Any], row: VectorFunction, dtype: str, direction: str, count: int,
    rival: Callable[..., Any] | None = None, spread: int = 0,
) -> Iterator[Worst]:  # fmt: skip
    """The largest error of y, or of both gradients, in ulp: of the screened pairs the worst and a spread are settled.

    Parameters
    ----------
    fn
        ``fn(a, b)``, or ``fn(dy, a, b)`` with two gradients.
    row
        The gate with its parameters as the implementation takes them.
    count
        How many seeded pairs, beside those of declared facts and of people.
    rival
        Another evaluation in float64, for answers of the row itself, which cannot be its own screen.
    spread
        How many pairs spread over all are settled beside the worst.
    """
    a, b = _padded(*pairs(row, dtype, count))
    wide = (a.astype(np.float64), b.astype(np.float64))
    others = {} if rival is None else _answers(rival, row, direction, a, b)
    for part, came in _answers(fn, row, direction, a, b).items():
        yard = others.get(part, _yard(row, part, *wide))
        size = np.maximum(np.abs(yard), _at_root(row, part, *wide))
        error = np.where(np.isfinite(yard), prescreened(came, yard, units(size, dtype), dtype), 0.0)
        chosen = {*np.argsort(error)[-CONFIRMED:].tolist(), *np.linspace(0, a.size - 1, spread).astype(int).tolist()}
        settled = {i: _settled(row, dtype, part, float(a[i]), float(b[i]), float(came[i]), size[i]) for i in chosen}
        worst = max(settled, key=lambda i: settled[i])
        yield Worst(part=part, ulp=settled[worst], a=float(a[worst]), b=float(b[worst]), pairs=a.size,
                    settled=len(settled))  # fmt: skip


def _settled(row: VectorFunction, dtype: str, part: str, a: float, b: float, came: float, size: float) -> float:
    """The error at a pair, by mpmath; next to a root in the last place of ``size``."""
    own, other = ("b", "a") if part == "db" else ("a", "b")
    at = {"a": a, "b": b}
    value = exact(row.view(own).bind(**{other: at[other]}).spec, "forward" if part == "y" else "backward", at[own])
    unit = units(np.array([max(size, abs(float(value)))]), dtype)[0]
    return float(abs(MP.mpf(came) - value) / MP.mpf(float(unit))) if np.isfinite(came) else np.inf


def _padded(a: Array, b: Array) -> tuple[Array, Array]:
    """To a multiple of every layout's blocks."""
    room = -a.size % 64
    whole = [np.concatenate([side, np.full(room, 0.5, side.dtype)]) for side in (a, b)]
    return whole[0], whole[1]


def _yard(row: VectorFunction, part: str, a: Array, b: Array) -> Array:
    """The row in float64."""
    with np.errstate(all="ignore"):
        if part == "y":
            return np.asarray(row.of(a, b))
        return np.asarray(row.partials(np.ones(a.size), a, b)[["da", "db"].index(part)])


def _at_root(row: VectorFunction, part: str, a: Array, b: Array) -> Array:
    """Next to a root of a factor or of its slope the absolute error counts: the size of the other input there."""
    floor = np.zeros(a.size)
    for side, own, other in (("a", a, b), ("b", b, a)):
        view = row.view(side)
        for root in (*view.fact("roots"), *(view.fact("roots_of_slope") if part == f"d{side}" else ())):
            floor = np.where(np.abs(own - root) <= ROOT_ZONE, np.maximum(np.abs(other), 1.0), floor)
    return floor


def _answers(fn: Callable[..., Any], row: VectorFunction, direction: str, a: Array, b: Array) -> dict[str, Array]:
    """What it gives, by part."""
    assert row.layout is not None
    dy = () if direction == "forward" else (np.ones_like(a),)
    if _takes(fn) == 2 + len(dy):
        got = fn(*dy, a.copy(), b.copy())
        parts = [got] if direction == "forward" else list(got)
    else:
        got = np.asarray(fn(*(each[None] for each in dy), row.layout.join(a, b)[None]))
        wanted = (1, a.size if direction == "forward" else 2 * a.size)
        if got.shape != wanted:
            raise ActbenchError(f"gives the shape {got.shape}; {wanted} is right for an array of {(1, 2 * a.size)}")
        parts = [got[0]] if direction == "forward" else list(row.layout.split(got[0]))
    names = ("y",) if direction == "forward" else ("da", "db")
    return {name: np.asarray(part) for name, part in zip(names, parts, strict=True)}


def _takes(fn: Callable[..., Any]) -> int:
    """How many arrays it asks for."""
    try:
        kinds = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):
        return 1
    return sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in kinds)
