"""How far answers are from the right ones at very many points: screened in float64, settled in mpmath where it counts.

mpmath takes 0.1-0.7 ms a point, so 100,000 points in 2 directions and 4 implementations of each row would take days.
Hence two stages. The screen compares every answer with a float64 evaluation of the row, which is itself held to mpmath
by tests; the worst answers that it finds, and a spread of all, are then compared with mpmath, and only those figures
count. For float32 the screen is exact to 1e-7 ulp: the worst of all points is the worst that is found. For float64 it
is as good as the row (some ulp), and the figure is a lower bound of the worst.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.accuracy.oracle import MP, START_BITS, oracle, ulp
from actbench.accuracy.points import ROOT_ZONE, points
from actbench.activations.parameter import Fixed
from actbench.activations.record import Activation
from actbench.activations.registry import resolve
from actbench.core.dtypes import has_infinity, info

Array = NDArray[Any]
WORST, NEXT_TO_ROOTS = 24, 8  # how many of the worst answers of each kind are settled in mpmath
NEXT_TO_ZERO = 2.0**-512  # nearer to 0 second derivatives are not held to the oracle, whose terms there are 2^1024
JUMP = 1e-6  # of the larger one, by which second derivatives at neighbouring floats differ where they jump
MANY = 1000.0  # ulp: three digits of seven are gone


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The errors of one implementation of one direction.

    Parameters
    ----------
    worst, at
        The largest error in ulp over the finite answers outside root zones, settled by mpmath, and its input.
    worst_normal, at_normal
        The same over the inputs and exact results that are normal numbers.
    root_eps
        The largest absolute error within `ROOT_ZONE` of a declared root, in units of the format's epsilon.
    lost, lost_at
        Answers 0 where the exact result is a normal number, and the smallest such input.
    special, special_at
        Answers NaN, or infinite where the exact result is representable, and the smallest such input.
    many, many_at
        Answers off by more than 1,000 ulp of a normal number that are neither, and the smallest such input.
    points, settled
        How many points were screened, and how many of them settled in mpmath.
    """

    worst: float
    at: float
    worst_normal: float
    at_normal: float
    root_eps: float | None
    lost: int
    lost_at: float | None
    special: int
    special_at: float | None
    many: int
    many_at: float | None
    points: int
    confirmed: int


def in_format(spec: str, dtype: str) -> str:
    """The spec with its fixed parameters rounded to a format, as everybody's float32 code takes them.

    What the format cannot hold stays: mu = 1e6 is no float16.
    """
    activation = resolve(spec)
    values = activation.values()
    if info(dtype).bits == 8:  # of 8 bits are arrays; nobody keeps a parameter in them
        return activation.spec
    fixed = [name for name, parameter in activation.parameters.items() if isinstance(parameter, Fixed)]
    # through the exact value: a cast from float64 to bfloat16 rounds twice
    near = {name: rounded(MP.mpf(v), dtype) if (v := float(values[name])) else v for name in fixed}
    return activation.bind(**{name: value for name, value in near.items() if math.isfinite(value)}).spec


@lru_cache(maxsize=8)
def where_promised(spec: str, dtype: str, count: int, direction: str) -> Array:
    """The seeded points of a format at which a direction of a row promises anything; sorted."""
    x = promised(spec, points(dtype, count, activation=resolve(spec)), direction)
    x.flags.writeable = False
    return x


def promised(spec: str, x: Array, direction: str) -> Array:
    """Those of these points at which a direction of a row promises anything."""
    if direction != "forward":
        for low, high in resolve(spec).fact("excluded_slope"):
            x = x[(x < low) | (x > high)]
    return x[np.abs(x.astype(np.float64)) >= NEXT_TO_ZERO] if direction == "second" else x


def reference(spec: str, direction: str, x: Array) -> Array:
    """The row in float64 at points of any format."""
    activation, wide = resolve(spec), x.astype(np.float64)
    with np.errstate(all="ignore"):
        if direction == "backward":
            return np.asarray(activation.backward(np.ones_like(wide), wide))
        return np.asarray(getattr(activation, direction)(wide))


@lru_cache(maxsize=1 << 18)
def exact(spec: str, direction: str, x: float) -> Any:
    """The exact value, slope or second derivative at one point."""
    of = oracle(spec)
    return of.value(x) if direction == "forward" else of.slope(x) if direction == "backward" else of.second(x)


def rounded(value: Any, dtype: str) -> float:
    """An exact value rounded once to a format, ties to even, as a float; beyond the largest number infinity, or NaN."""
    if MP.isnan(value) or MP.isinf(value):
        return float(value)
    form = info(dtype)
    with MP.workprec(START_BITS):
        unit = ulp(value, dtype)
        result = float(MP.nint(value / unit) * unit)  # at most 53 bits: float() adds no second rounding
    if abs(result) > float(form.max):
        return math.copysign(math.inf, result) if has_infinity(dtype) else math.nan
    return math.copysign(result, -1.0) if result == 0 and value < 0 else result


def units(size: Array, dtype: str) -> Array:
    """The last place of a format at these sizes, as float64; below the normal range the subnormal step."""
    form = info(dtype)
    with np.errstate(all="ignore"):
        _, exponent = np.frexp(np.where(np.isfinite(size), size, 1.0))
    least = int(form.minexp) - form.nmant
    power = np.where(size == 0, least, np.maximum(exponent - 1 - form.nmant, least))
    return np.asarray(np.ldexp(1.0, power.astype(np.int32)))


def near_roots(activation: Activation, direction: str, x: Array) -> Array:
    """Where only the absolute error is promised; 0 is a float, so next to a root at 0 the relative error holds.

    Of a second derivative, where nothing is declared, next to changes of sign, 0 among them.
    """
    near = np.zeros(x.shape, bool)
    if direction == "second":
        return _near_turns(reference(activation.spec, "second", x), x.astype(np.float64))
    for root in activation.fact("roots_of_slope" if direction == "backward" else "roots"):
        if root != 0.0:
            near |= np.abs(x.astype(np.float64) - root) <= ROOT_ZONE
    return near


def _near_turns(bent: Array, x: Array) -> Array:
    """Points within `ROOT_ZONE` of where the points see a sign change."""
    before, after = turns(bent, x)
    left, right = before - ROOT_ZONE, after + ROOT_ZONE
    opened = np.searchsorted(left, x, side="right")
    return np.asarray((opened > 0) & (x <= right[np.maximum(opened - 1, 0)])) if left.size else np.zeros(x.shape, bool)


def turns(bent: Array, x: Array) -> tuple[Array, Array]:
    """The points before and after each change of sign that points in any order see."""
    order = np.argsort(x)
    some = order[bent[order] != 0]
    found = np.flatnonzero(np.signbit(bent[some[1:]]) != np.signbit(bent[some[:-1]]))
    return x[some[found]], x[some[found + 1]]


def overflow(dtype: str) -> float:
    """The size from which an exact value rounds to infinity; infinite for float64, where no reference is larger."""
    form = info(dtype)
    return math.inf if dtype == "float64" else float(form.max) + math.ldexp(1.0, int(form.maxexp) - form.nmant - 2)


def prescreened(got: Array, yard: Array, unit: Array, dtype: str) -> Array:
    """|got - yard| in units of the last place: inf where the answer is NaN or infinite and should not be."""
    wide = got.astype(np.float64)
    with np.errstate(all="ignore"):
        error = np.abs(wide - yard) / unit
        beyond = np.abs(yard) >= overflow(dtype)
        too_large = wide == np.sign(yard) * np.inf if has_infinity(dtype) else np.isnan(wide)
        error = np.where((wide == yard) | (beyond & too_large), 0.0, error)
    error = np.where(np.isnan(wide) & np.isnan(yard), 0.0, error)
    return np.where(np.isnan(error), np.inf, error)


@dataclass(frozen=True)
class ErrorMeter:
    """What is right at an array of points of one format.

    Parameters
    ----------
    spec, direction, dtype
        The activation with its parameters as the implementation takes them; forward or backward; the format.
    x
        The points.
    """

    spec: str
    direction: str
    dtype: str
    x: Array

    @cached_property
    def yard(self) -> Array:
        """The row in float64."""
        return reference(self.spec, self.direction, self.x)

    @cached_property
    def waves(self) -> bool:
        """Whether there are roots everywhere: errors count in the last place of the largest term, no answer is lost.

        So do those of second derivatives whose terms cancel in a tail, as the row says: the largest is then 1.
        """
        row = resolve(self.spec)
        return self.direction != "forward" and (row.slope_terms is not None or self.cancels)

    @cached_property
    def cancels(self) -> bool:
        """Whether a second derivative is promised absolutely."""
        return self.direction == "second" and bool(resolve(self.spec).cancels)

    @property
    def _floor(self) -> float:
        """The size whose last place is 2^-52, what is lost of 1 where terms cancel in float64."""
        return 2.0**-52 / float(info(self.dtype).eps) if self.cancels else 0.0

    @cached_property
    def unit(self) -> Array:
        """The last place at each point."""
        terms = resolve(self.spec).slope_terms if self.waves else None
        size = np.maximum(np.abs(self.yard), self._floor)
        return units(size if terms is None else np.maximum(size, terms(self.x.astype(np.float64))), self.dtype)

    @cached_property
    def near(self) -> Array:
        """Where only the absolute error is promised."""
        row = resolve(self.spec)
        if self.cancels:
            return np.zeros(self.x.shape, bool)
        near = near_roots(row, self.direction, self.x)
        if self.direction == "second" and row.slope_terms is not None:  # coslu's f'' crosses 0 where its waves begin
            near &= row.slope_terms(self.x.astype(np.float64)) == 0.0
        return near

    @cached_property
    def kinked(self) -> Array:
        """Where the slope is a convention; of second derivatives, where they jump from one float to the next."""
        if self.direction == "second":
            return self._jumps()
        kinks = resolve(self.spec).fact("kinks") if self.direction == "backward" else ()
        return np.isin(self.x, [np.dtype(self.dtype).type(at) for at in kinks])

    def _jumps(self) -> Array:
        if self.waves:
            return np.zeros(self.x.shape, bool)
        kind = self.x.dtype.type
        with np.errstate(all="ignore"):
            ends = [reference(self.spec, "second", np.nextafter(self.x, kind(side * np.inf))) for side in (-1, 1)]
            size = np.maximum(np.maximum(*map(np.abs, ends)), 1e-290)
            step = 1e3 * float(info(self.dtype).eps) * np.maximum(1.0, np.abs(self.x.astype(np.float64)))
            return np.asarray(np.abs(ends[0] - ends[1]) > np.maximum(JUMP, step) * size)

    @cached_property
    def representable(self) -> Array:
        """Where the exact result is a finite number of the format."""
        return np.isfinite(self.yard) & (np.abs(self.yard) < overflow(self.dtype))

    @cached_property
    def undefined(self) -> Array:
        """Where mpmath itself has no answer: looked up where the row has none, at the ends of such a run."""
        where = np.flatnonzero(np.isnan(self.yard) & np.isfinite(self.x))
        if not where.size:
            return np.zeros(self.x.shape, bool)
        ends = {int(where[0]), int(where[-1])}
        nowhere = all(bool(MP.isnan(exact(self.spec, self.direction, float(self.x[i])))) for i in ends)
        return np.isnan(self.yard) & nowhere

    @cached_property
    def normal(self) -> Array:
        """Where input and exact result are normal numbers of the format, or 0."""
        tiny = float(info(self.dtype).tiny)
        sizes = np.abs(self.yard), np.abs(self.x.astype(np.float64))
        return np.asarray(np.logical_and(*((size >= tiny) | (size == 0) for size in sizes)) & self.representable)

    def lost(self, got: Array) -> Array:
        """Where the answer is 0 and the exact result is a normal number."""
        if self.waves:
            return np.zeros(got.shape, bool)
        tiny = float(info(self.dtype).tiny)
        return np.asarray((got == 0) & (np.abs(self.yard) >= tiny) & self.representable & ~self.near)

    def special(self, got: Array) -> Array:
        """Where the answer is NaN or infinite and the exact result is a number of the format."""
        # a finite input never asks for NaN, but where a format has no infinity
        nan = np.isnan(got) & (self.representable | has_infinity(self.dtype))
        no_number = nan | (np.isinf(got) & self.representable)
        return np.asarray(no_number & np.isfinite(self.x) & ~self.undefined)

    def missing(self, got: Array) -> tuple[Array, Array]:
        """`lost` and `special`, with the points where answer and screen agree and both are wrong.

        A row that loses its tail loses it in float64 too, and the screen with it: mpmath is asked at both ends of each
        run of agreeing zeros and infinities.
        """
        lost, special = self.lost(got), self.special(got)
        tiny = float(info(self.dtype).tiny)
        for kind in ((got == 0) & (self.yard == 0), np.isinf(got) & ~self.representable):
            for side in (self.x < 0, self.x > 0):
                run = np.flatnonzero(kind & side & ~self.near & ~self.kinked)
                for i in {int(run[0]), int(run[-1])} if run.size else ():
                    right = exact(self.spec, self.direction, float(self.x[i]))
                    lost[i] |= bool(got[i] == 0 and abs(right) >= tiny) and not self.waves
                    special[i] |= bool(got[i] != 0 and rounded(right, self.dtype) != float(got[i]))
        return lost, special

    def many(self, got: Array) -> Array:
        """Where a normal result is off by more than `MANY` ulp, and neither lost nor NaN or infinite."""
        found = (self.errors(got) > MANY) & self.normal & ~self.near & np.isfinite(got) & ~self.lost(got)
        return np.asarray(found)

    def errors(self, got: Array, yard: Array | None = None) -> Array:
        """Every error in ulp against the screen, or against another float64 reference."""
        return prescreened(got, self.yard if yard is None else yard, self.unit, self.dtype)

    def settle(self, i: int, got: float) -> float:
        """The error at one point in ulp, by mpmath."""
        value = exact(self.spec, self.direction, float(self.x[i]))
        if math.isnan(got) or math.isinf(got):
            return 0.0 if math.isinf(got) and rounded(value, self.dtype) == got else math.inf
        with MP.workprec(START_BITS):
            unit = MP.mpf(float(self.unit[i])) if self.waves else ulp(value, self.dtype)
            return float(min(abs(MP.mpf(got) - value) / unit, MP.mpf(1e300)))

    def measure(
        self, got: Array, *, rival: Array | None = None, spread: int = 0, kinks: bool = True, worst: int = WORST
    ) -> Measured:
        """The errors of the answers ``got``.

        Parameters
        ----------
        got
            One answer a point.
        rival
            Another evaluation in float64, where the answers are the row's own, which cannot be its own screen.
        spread
            How many points spread over all are settled beside the worst.
        kinks
            Whether the slope at kinks counts: a convention, and other projects have others.
        worst
            How many of the worst answers are settled.
        """
        error = self.errors(got, rival)
        out = self.kinked & (not kinks or self.direction == "second")
        error[out] = 0.0
        lost, special = (found & ~out for found in self.missing(got))
        outside = np.where(self.near | ~np.isfinite(got), 0.0, error)
        normal = np.where(self.normal, outside, 0.0)
        zone = np.flatnonzero(self.near & np.isfinite(got) & ~out)
        inside = np.abs(got[zone].astype(np.float64) - (self.yard if rival is None else rival)[zone])
        chosen = {*_top(outside, worst), *_top(normal, worst), *np.flatnonzero(self.kinked & ~out).tolist()}
        if spread:
            chosen |= {int(i) for i in np.linspace(0, got.size - 1, spread) if not (out[int(i)])}
        confirmed = {
            i: self.settle(i, float(got[i])) for i in sorted(chosen) if not self.near[i] and np.isfinite(got[i])
        }
        at = max(confirmed, key=lambda i: confirmed[i])
        ordinary = {i: e for i, e in confirmed.items() if self.normal[i]} or confirmed
        at_normal = max(ordinary, key=lambda i: ordinary[i])
        eps = float(info(self.dtype).eps)
        closest = [int(zone[i]) for i in _top(inside, min(worst, NEXT_TO_ROOTS))]
        truth = [(float(got[i]), exact(self.spec, self.direction, float(self.x[i]))) for i in closest]
        large = self.direction == "second"  # may be 6e5 next to its roots (smu): of its own size there
        roots = [abs(value - right) / eps / (max(1, abs(right)) if large else 1) for value, right in truth]
        many = self.many(got) & ~out
        return Measured(
            worst=confirmed[at], at=float(self.x[at]), worst_normal=ordinary[at_normal],
            at_normal=float(self.x[at_normal]), root_eps=float(max(roots)) if roots else None,
            lost=int(lost.sum()), lost_at=self.smallest(lost), special=int(special.sum()),
            special_at=self.smallest(special), many=int(many.sum()), many_at=self.smallest(many),
            points=got.size, confirmed=len(confirmed) + len(roots),
        )  # fmt: skip

    def smallest(self, where: Array) -> float | None:
        """The input nearest to 0 among some."""
        chosen = self.x[where]
        return float(chosen[np.abs(chosen).argmin()]) if chosen.size else None


def _top(error: Array, count: int) -> list[int]:
    """The places of the largest."""
    count = min(count, error.size)
    return [int(i) for i in np.argpartition(error, error.size - count)[error.size - count :]]
