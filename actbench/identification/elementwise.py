"""Rows up to a f(b x + c) + d: at their defaults, with their parameters fitted, and moved and stretched.

a and d follow from a linear regression, so that only b, c and a row's own parameters are searched: on a coarse grid
for every row, then by least squares for the nearest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.parameter import Fixed, Sampled
from actbench.activations.record import Activation
from actbench.activations.registry import ACTIVATIONS
from actbench.core.errors import ActbenchError
from actbench.expression.graph import argument_names
from actbench.identification.found import Near
from actbench.identification.jumps import Jump, jumps, mapped, placed

Array = NDArray[Any]
Pair = tuple[float, float]
# dense where most happens, and far enough for clamps and soft caps; no kink of a row but 0 among them
X = np.unique(np.concatenate([
    np.linspace(-12.03, 12.07, 220), np.linspace(-45.3, 45.7, 40), [0.0, 0.013, -0.013, 120.4, -120.4],
]))  # fmt: skip
STEEP = (1.0, -1.0, 0.5, 2.0, -2.0, 1.702, 0.25, 4.0)
SHIFT = (0.0, 1.0, -1.0)
REFINED = 18  # rows that are fitted after the coarse grid
ENOUGH = 40  # points that take part in a fit
MANY = 5  # numbers of a fit
BODY = 12.0  # to here rows are fitted, and told how far apart they are
RELATIVES = 16  # rows that are fitted by b alone, for what is none
SCALES = tuple(side * 2.0 ** (k / 4) for side in (1.0, -1.0) for k in range(-6, 7))  # from which they start
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


@dataclass(frozen=True)
class Asked:
    """A black box's answers: its values at `X` and at both sides of each of its jumps."""

    y: Array
    jumps: tuple[Jump, ...] = ()

    @cached_property
    def extra(self) -> tuple[float, ...]:
        """The sides of the jumps."""
        return tuple(side for jump in self.jumps for side in jump.sides)

    @cached_property
    def x(self) -> Array:
        """Where it was asked."""
        return np.concatenate([X, self.extra])

    def values(self, spec: str, steep: float = 1.0, shift: float = 0.0) -> Array:
        """A row's values there."""
        return _values(spec, steep, shift, self.extra)

    def near(self, spec: str, has: Array, **form: Any) -> Near:
        """A row beside it."""
        distance, apart, i = beside(self.y, has, np.abs(self.x) <= BODY)
        return Near(spec=spec, distance=distance, apart=apart, at=(float(self.x[i]),), came=float(self.y[i]),
                    has=float(has[i]), **form)  # fmt: skip

    def inside(self, has: Array) -> Array:
        """Points that take part in a fit: both finite and not far out, where one number would outweigh all."""
        return np.asarray(np.isfinite(self.y) & np.isfinite(has) & (np.abs(self.x) <= BODY))


def ask(call: Callable[[Array], Array], dtype: str) -> Asked:
    """Call a black box: at `X`, where it jumps, and on both sides of that."""
    y = call(X)
    found = jumps(call, X, y, dtype)
    sides = Asked(y, found).extra
    return Asked(np.concatenate([y, call(np.array(sides))]) if sides else y, found)


@lru_cache(maxsize=4096)
def _values(spec: str, steep: float, shift: float, extra: tuple[float, ...]) -> Array:
    from actbench.activations.registry import resolve

    with np.errstate(all="ignore"):
        return np.asarray(resolve(spec).forward(steep * np.concatenate([X, extra]) + shift))


def beside(y: Array, has: Array, body: Array) -> tuple[float, float, int]:
    """How far a row is: its distance (see `difference`), the largest difference in the body, and where that is.

    A mean over values would hide all that a function does besides rising: next to x, 0.05 sin(x) is nothing. Where the
    body shows no difference the place is where the distance is.
    """
    off = difference(y, has)
    with np.errstate(all="ignore"):
        away = np.abs(y - has)
    away = np.where(body & np.isfinite(y), np.where(np.isnan(away), np.inf, away), 0.0)
    i, j = int(off.argmax()), int(away.argmax())
    return float(off[i]), float(away[j]), j if off[j] > 1e-3 * min(off[i], 1.0) else i


def rows() -> list[Activation]:
    """The catalogue, the plainest first: few parameters, and known to a framework; but what draws numbers."""
    mine = [
        row for row in ACTIVATIONS
        if not row.opaque and row.kind == "elementwise"
        and not any(isinstance(parameter, Sampled) for parameter in row.parameters.values())
    ]  # fmt: skip
    return sorted(mine, key=lambda row: (len(row.parameters), "torch" not in row.peers))


def search(asked: Asked) -> Iterator[list[Near]]:
    """Stage by stage, the rows tried, the nearest first; stages become dearer."""
    yield _sorted(asked.near(row.spec, asked.values(row.spec)) for row in rows())
    a, d, line = _straight(asked.y, asked.x)
    yield [asked.near("identity", line, scale=_short(a), offset=_short(d))]
    yield _sorted(_elsewhere(asked))
    if asked.jumps:
        yield _sorted(filter(None, _jumping(asked)))
    few = [row for row in rows() if 1 <= len(_own(row)) <= FEW]
    coarse = sorted(((_coarse(asked, row), row) for row in rows()), key=lambda pair: pair[0][0])[:REFINED]
    many = [row for row in rows() if len(_own(row)) > FEW]
    for own, others in ((False, few), (True, many)):  # what is tanh(0.7 x) is no aria2 with two parameters
        fits = [_fit(asked, row, own=_own(row) if own else [], start=at) for (_, at), row in coarse
                if _own(row) or not own]  # fmt: skip
        yield _sorted(filter(None, [*fits, *(_fit(asked, row, own=_own(row)) for row in others)]))
    yield relatives(asked)


def relatives(asked: Asked) -> list[Near]:
    """The nearest rows as a f(b x), their parameters as they are: what people mean by a scaled copy."""
    tried = []
    for row in rows():
        tried.append(
            (*min(((_scaled(asked, _at(asked, row, b))[1], b) for b in SCALES), key=lambda pair: pair[0]), row)
        )
    found = []
    for _, start, row in sorted(tried, key=lambda one: one[0])[:RELATIVES]:

        def off(numbers: Any, row: Activation = row) -> Array:
            has = _at(asked, row, float(numbers[0]))
            use = asked.inside(has)
            return (
                np.where(use, asked.y - _scaled(asked, has)[0] * has, 0.0)
                if use.sum() > ENOUGH
                else np.full(use.size, 1e3)
            )

        b = _short(float(_least(off, [start])[0]))
        has = _at(asked, row, b)
        a = _short(_scaled(asked, has)[0])
        with np.errstate(all="ignore"):
            found.append(asked.near(row.spec, a * has, scale=a, steep=b))
    return _sorted(found)


def _at(asked: Asked, row: Activation, steep: float) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(row.forward(steep * asked.x))


def _scaled(asked: Asked, has: Array) -> tuple[float, float]:
    """a of the nearest a has, and what is left: the largest difference."""
    use = asked.inside(has)
    y, own = asked.y[use], has[use]
    if use.sum() <= ENOUGH or not own.any():
        return 0.0, np.inf
    a = float(y @ own / (own @ own))
    return a, float(np.abs(y - a * own).max())


def _jumping(asked: Asked) -> Iterator[Near | None]:
    """Rows whose parameter is the place of a jump, at the black box's; rows that jump, moved to where it does."""
    mirrored = tuple(jump.mirrored() for jump in reversed(asked.jumps))
    for row in rows():
        for steep, found in ((1.0, asked.jumps), (-1.0, mirrored)):
            if there := placed(row, found):
                name, bound = there
                own = [one for one in _own(row) if one != name]
                for names in ([], own) if own else ([],):
                    if steep == 1.0:
                        yield _fit(asked, bound, names)
                    yield _fit(asked, bound, names, at=(steep, 0.0))
        for b in STEEP if row.kinks else ():
            for steep, shift in mapped(row, asked.jumps, b):
                yield _fit(asked, row, [], at=(_short(steep), _short(shift)))


def _short(value: float) -> float:
    """The number in few digits where it is one but for rounding."""
    return next((v for digits in SHORT if abs((v := float(f"{value:.{digits}g}")) - value) <= 1e-8 * abs(value)), value)


def _sorted(found: Any) -> list[Near]:
    return sorted(found, key=lambda one: one.distance)  # stable: the plainest of equals stays first


def _own(row: Activation) -> list[str]:
    """Parameters that its values depend on, and not its slope alone."""
    used = argument_names(row.callables.forward)
    return [name for name, parameter in row.parameters.items() if isinstance(parameter, Fixed) and name in used]


def _elsewhere(asked: Asked) -> Iterator[Near]:
    """Rows at the defaults that other frameworks have."""
    for row in rows():
        for values in row.defaults.values():
            numbers = {k: float(v) for k, v in values.items() if isinstance(row.parameters.get(k), Fixed)}
            if numbers:
                spec = row.bind(**numbers).spec
                yield asked.near(spec, asked.values(spec))


def _straight(y: Array, has: Array) -> tuple[float, float, Array]:
    """a, d and a has + d, nearest to y."""
    mean, own = y.mean(), has.mean()
    square = float(((has - own) ** 2).sum())
    a = float(((y - mean) * (has - own)).sum()) / square if square > 0 else 0.0
    return a, float(mean - a * own), a * (has - own) + mean


def _coarse(asked: Asked, row: Activation) -> tuple[float, Pair]:
    """The least sum of squares over a grid of b and c, and where."""
    best: tuple[float, Pair] = (np.inf, (1.0, 0.0))
    for steep in STEEP:
        for shift in SHIFT:
            has = asked.values(row.spec, steep, shift)
            use = asked.inside(has)
            if use.sum() > ENOUGH:
                off = float(((asked.y[use] - _straight(asked.y[use], has[use])[2]) ** 2).mean())
                if off < best[0]:
                    best = (off, (steep, shift))
    return best


def _of(asked: Asked, row: Activation, names: list[str], numbers: Any) -> tuple[str, Array] | None:
    """A row with its parameters, at b x + c where these are the numbers behind them: its spec and its values."""
    try:
        bound = row.bind(**dict(zip(names, map(float, numbers), strict=False))) if names else row
    except ActbenchError:
        return None
    steep, shift = numbers[len(names) :] if len(numbers) > len(names) else (1.0, 0.0)
    with np.errstate(all="ignore"):
        return bound.spec, np.asarray(bound.forward(float(steep) * asked.x + float(shift)))


def _fit(
    asked: Asked, row: Activation, own: list[str], *, start: Pair | None = None, at: Pair | None = None
) -> Near | None:
    """Least squares of own parameters, and of b and c from a start; they are rounded to few digits where that fits.

    ``at``: b and c that stay as they are.
    """
    begin = [float(row.values()[name]) or 0.1 for name in own] + list(start or ())
    if not begin:
        return _formed(asked, row, own, at or ())
    if len(begin) > MANY:
        return None

    def off(numbers: Any) -> Array:
        rest = np.full(asked.x.size, 1e3)
        found = _of(asked, row, own, (*numbers, *(at or ())))
        if found is None or (use := asked.inside(found[1])).sum() < ENOUGH:
            return rest
        has, y = found[1][use], asked.y[use]
        rest[:] = 0.0
        rest[use] = y - (_straight(y, has)[2] if start or at else has)
        return rest

    best = _least(off, begin)
    tried = [[float(f"{v:.{digits}g}") for v in best] for digits in SHORT]
    exact, *rounded = (_formed(asked, row, own, (*numbers, *(at or ()))) for numbers in (best, *tried))
    for one in rounded:
        if one is not None and exact is not None and one.distance <= max(2 * exact.distance, 1e-9):
            return one
    return exact


def _least(off: Callable[[Any], Array], begin: list[float]) -> Any:
    from scipy.optimize import least_squares

    return least_squares(off, begin, method="lm", max_nfev=18 * (len(begin) + 1), xtol=1e-12, ftol=1e-14).x


def _formed(asked: Asked, row: Activation, own: list[str], numbers: Any) -> Near | None:
    """The row at these numbers, a and d by regression where there are b and c."""
    found = _of(asked, row, own, numbers)
    if found is None:
        return None
    spec, values = found
    if len(numbers) == len(own):
        return asked.near(spec, values)
    use = asked.inside(values)
    if use.sum() < ENOUGH:
        return None
    a, d, _ = _straight(asked.y[use], values[use])
    size = float(np.abs(asked.y[use]).max()) or 1.0
    d = 0.0 if abs(d) < 1e-7 * size else d
    a, d = _short(a), _short(d)
    steep, shift = (float(v) for v in numbers[-2:])
    shift = 0.0 if abs(shift) < 1e-7 else shift
    with np.errstate(all="ignore"):
        return asked.near(spec, a * values + d, scale=a, steep=steep, shift=shift, offset=d)
