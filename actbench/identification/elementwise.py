"""Rows up to a f(b x + c) + d: at their defaults, with their parameters fitted, and moved and stretched.

a and d follow from a linear regression, so that only b, c and a row's own parameters are searched: on a coarse grid
for every row, then by least squares for the nearest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.parameter import Fixed, Sampled
from actbench.activations.record import Activation
from actbench.activations.registry import ACTIVATIONS
from actbench.core.errors import ActbenchError
from actbench.identification.found import Near

Array = NDArray[Any]
# dense where most happens, and far enough for clamps and soft caps; no kink of a row but 0 among them
X = np.unique(np.concatenate([
    np.linspace(-6.03, 6.07, 110), np.linspace(-45.3, 45.7, 40), [0.0, 0.013, -0.013, 120.4, -120.4],
]))  # fmt: skip
STEEP = (1.0, -1.0, 0.5, 2.0, -2.0, 1.702, 0.25, 4.0)
SHIFT = (0.0, 1.0, -1.0)
REFINED = 18  # rows that are fitted after the coarse grid
FEW = 2  # parameters of a row that are searched before it is moved and stretched
SHORT = (3, 4, 6)  # digits to which a fitted number is rounded where that fits too


def difference(y: Array, has: Array) -> Array:
    """How far values are apart, of the size of either and of a hundredth of the largest."""
    with np.errstate(all="ignore"):
        size = np.maximum(
            np.maximum(np.abs(y), np.abs(has)), 0.01 * np.nanmax(np.abs(np.where(np.isfinite(y), y, 0.0)))
        )
        off = np.abs(y - has) / np.where(size > 0, size, 1.0)
    off = np.where((y == has) | (np.isnan(y) & np.isnan(has)), 0.0, off)
    return np.where(np.isnan(off), np.inf, off)


@lru_cache(maxsize=4096)
def _values(spec: str, steep: float, shift: float) -> Array:
    from actbench.activations.registry import resolve

    with np.errstate(all="ignore"):
        return np.asarray(resolve(spec).forward(steep * X + shift))


def _near(y: Array, spec: str, has: Array, **form: float) -> Near:
    off = difference(y, has)
    i = int(off.argmax())
    return Near(spec=spec, distance=float(off[i]), apart=apart(y, has, np.abs(X) <= 12.0), at=(float(X[i]),),
                came=float(y[i]), has=float(has[i]), **form)  # fmt: skip


def apart(y: Array, has: Array, inside: Array) -> float:
    """The root mean square of the difference over that of the values, in the body."""
    use = inside & np.isfinite(y) & np.isfinite(has)
    size = float(np.square(y[use]).mean()) if use.any() else 0.0
    return float(np.sqrt(np.square(y[use] - has[use]).mean() / size)) if size > 0 else np.inf


def rows() -> list[Activation]:
    """The catalogue, the plainest first: few parameters, and known to a framework; but what draws numbers."""
    mine = [
        row for row in ACTIVATIONS
        if not row.opaque and row.kind == "elementwise"
        and not any(isinstance(parameter, Sampled) for parameter in row.parameters.values())
    ]  # fmt: skip
    return sorted(mine, key=lambda row: (len(row.parameters), "torch" not in row.peers))


def search(y: Array, tolerance: float) -> Iterator[list[Near]]:
    """Stage by stage, the rows tried, the nearest first; stages become dearer."""
    yield _sorted(_near(y, row.spec, _values(row.spec, 1.0, 0.0)) for row in rows())
    a, d, line = _straight(y, X)
    yield [_near(y, "identity", line, scale=_short(a), offset=_short(d))]
    yield _sorted(_elsewhere(y))
    few = [row for row in rows() if 1 <= len(_own(row)) <= FEW]
    coarse = sorted(((_coarse(y, row), row) for row in rows()), key=lambda pair: pair[0][0])[:REFINED]
    many = [row for row in rows() if len(_own(row)) > FEW]
    for own, others in ((False, few), (True, many)):  # what is tanh(0.7 x) is no aria2 with two parameters
        fits = (_fit(y, row, own=own, moved=True, start=at) for (_, at), row in coarse if _own(row) or not own)
        yield _sorted([*filter(None, fits), *_fits(y, others, own=True)])


def _fits(y: Array, some: list[Activation], *, own: bool) -> list[Near]:
    return _sorted(filter(None, (_fit(y, row, own=own, moved=False) for row in some)))


def _short(value: float) -> float:
    """The number in few digits where it is one but for rounding."""
    return next((v for digits in SHORT if abs((v := float(f"{value:.{digits}g}")) - value) <= 1e-8 * abs(value)), value)


def _sorted(found: Any) -> list[Near]:
    return sorted(found, key=lambda one: one.distance)  # stable: the plainest of equals stays first


def _own(row: Activation) -> list[str]:
    return [name for name, parameter in row.parameters.items() if isinstance(parameter, Fixed)]


def _elsewhere(y: Array) -> Iterator[Near]:
    """Rows at the defaults that other frameworks have."""
    for row in rows():
        for values in row.defaults.values():
            numbers = {k: float(v) for k, v in values.items() if isinstance(row.parameters.get(k), Fixed)}
            if numbers:
                spec = row.bind(**numbers).spec
                yield _near(y, spec, _values(spec, 1.0, 0.0))


def _straight(y: Array, has: Array) -> tuple[float, float, Array]:
    """a, d and a has + d, nearest to y."""
    mean, own = y.mean(), has.mean()
    square = float(((has - own) ** 2).sum())
    a = float(((y - mean) * (has - own)).sum()) / square if square > 0 else 0.0
    return a, float(mean - a * own), a * (has - own) + mean


def _inside(y: Array, has: Array) -> Array:
    """Points that take part in a fit: both finite and not far out, where one number would outweigh all."""
    return np.asarray(np.isfinite(y) & np.isfinite(has) & (np.abs(X) <= 12.0))


def _coarse(y: Array, row: Activation) -> tuple[float, tuple[float, float]]:
    """The least sum of squares over a grid of b and c, and where."""
    best: tuple[float, tuple[float, float]] = (np.inf, (1.0, 0.0))
    for steep in STEEP:
        for shift in SHIFT:
            has = _values(row.spec, steep, shift)
            use = _inside(y, has)
            if use.sum() > 40:
                off = float(((y[use] - _straight(y[use], has[use])[2]) ** 2).mean())
                if off < best[0]:
                    best = (off, (steep, shift))
    return best


def _fit(y: Array, row: Activation, *, own: bool, moved: bool, start: tuple[float, float] = (1.0, 0.0)) -> Near | None:
    """Least squares from one start, the numbers rounded to few digits where that fits as well."""
    from scipy.optimize import least_squares

    names = _own(row) if own else []
    begin = [float(row.values()[name]) for name in names]
    begin = [value or 0.1 for value in begin] + (list(start) if moved else [])
    if len(begin) > 5:
        return None

    def has(numbers: Any) -> tuple[str, Array] | None:
        try:
            bound = row.bind(**dict(zip(names, map(float, numbers), strict=False))) if names else row
        except ActbenchError:
            return None
        steep, shift = numbers[len(names) :] if moved else (1.0, 0.0)
        with np.errstate(all="ignore"):
            return bound.spec, np.asarray(bound.forward(float(steep) * X + float(shift)))

    def off(numbers: Any) -> Array:
        found = has(numbers)
        if found is None:
            return np.full(X.size, 1e3)
        use = _inside(y, found[1])
        if use.sum() < 40:
            return np.full(X.size, 1e3)
        whole = _straight(y[use], found[1][use])[2] if moved else found[1][use]
        rest = np.zeros(X.size)
        rest[use] = y[use] - whole
        return rest

    best = least_squares(off, begin, method="lm", max_nfev=18 * (len(begin) + 1), xtol=1e-12, ftol=1e-14).x
    tried = [_formed(y, has, np.array([float(f"{v:.{digits}g}") for v in best]), moved) for digits in SHORT]
    exact = _formed(y, has, best, moved)
    for one in tried:
        if one is not None and exact is not None and one.distance <= max(2 * exact.distance, 1e-9):
            return one
    return exact


def _formed(y: Array, has: Callable[[Any], tuple[str, Array] | None], numbers: Any, moved: bool) -> Near | None:
    found = has(numbers)
    if found is None:
        return None
    spec, values = found
    if not moved:
        return _near(y, spec, values)
    use = _inside(y, values)
    if use.sum() < 40:
        return None
    a, d, _ = _straight(y[use], values[use])
    size = float(np.abs(y[use]).max()) or 1.0
    d = 0.0 if abs(d) < 1e-7 * size else d
    a, d = _short(a), _short(d)
    steep, shift = (float(v) for v in numbers[-2:])
    shift = 0.0 if abs(shift) < 1e-7 else shift
    with np.errstate(all="ignore"):
        return _near(y, spec, a * values + d, scale=a, steep=steep, shift=shift, offset=d)
