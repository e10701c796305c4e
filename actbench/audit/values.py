"""Is every number right? Values and slopes in ulp against the oracle, with the smallest input that shows each fault."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from actbench.accuracy.meter import ErrorMeter, exact, rounded, where_promised
from actbench.accuracy.shrink import first
from actbench.activations.registry import resolve
from actbench.audit.finding import Finding
from actbench.audit.region import PLAIN, region
from actbench.audit.subject import Array, Subject, unit_roundoff
from actbench.audit.worst import Worst, worst_of
from actbench.core.dtypes import every, info
from actbench.core.errors import ActbenchError

SCREEN_SLACK = 20.0  # ulp by which the float64 row, which screens float64 answers, may itself be off
CANCELLED = 8.0  # epsilons: an error this small against 1 (or x) is one of digits that cancel, not of a formula
GROSS = 2.0**-6  # relative: two correct digits are not left
NARROW = 1e5  # ulp of float64, where answers that are all float32 numbers are at home
CUT_SHARE, CUT_LEAST = 0.3, 200  # of all inexact results that a cut puts more than half a place too low; how many
IN_FLOAT32 = 8.0  # ulp of float32 that a result of 16 bits is off by before it is cut, as ours is at most
WHOLE = 1.1  # places: what is rounded is off by less than one, and by a little where it was computed in float32 before
TWICE = 500  # seeded points of second derivatives, for which mpmath takes ten times as long
ALIKE = 1.05  # times the error at the smallest input, which is then the worst too
HUGE = 1e4  # inputs beyond it are not ordinary
BESIDE = 4.0  # epsilons from a kink
ROUNDS, BETWEEN = 3, 1000  # how often points nearer to 0 are tried, and how many
Masks = Mapping[str, Array]


def values(
    subject: Subject, direction: str, dtype: str, told: Callable[[Worst], None] = lambda worst: None
) -> Iterator[Finding]:
    """Findings about finite inputs of one format; how far off it is at worst is told."""
    spec, allowed = subject.spec_in(dtype), subject.allowed[dtype]
    meter = ErrorMeter(spec, direction, dtype, tried(subject, direction, dtype))
    call = subject.call(direction, dtype)
    got = call(meter.x).astype(dtype)
    masks = classes(meter, got, allowed)
    if worst := worst_of(meter, got, allowed, beside_kinks(meter)):
        told(worst)
    narrow = dtype == "float64" and _is_narrow(meter, got)
    found = []
    for kind, mask in masks.items():
        if not mask.any():
            continue
        nearest = [_smallest(meter, call, mask, kind, allowed, subject.made.inputs is not None)]
        if direction == "second":  # whose roots are told by neighbours: a narrowed input may be right after all
            nearest.append(float(meter.smallest(mask) or 0.0))
        # where nothing but subnormal inputs fails, they are taken for 0
        flushed = kind in ("lost", "digits") and not (mask & (np.abs(meter.x) >= info(dtype).tiny)).any()
        for at in nearest:
            finding = _finding(subject, meter, call, at, "narrow" if narrow else "subnormal" if flushed else kind)
            if finding.ulp is not None and finding.ulp > allowed:  # else it is right alone: see arrays
                graded = _graded(finding, meter, got, mask)
                found.append(_everywhere(graded, subject, meter, call, masks) if kind == "value" else graded)
                break
        if narrow:
            break
    yield from found
    if direction == "backward" and not narrow:
        yield from _kinks(subject, meter, got)
    if not found and dtype != "float64":
        yield from _cut_off(subject, meter, call, got)


def _everywhere(
    finding: Finding, subject: Subject, meter: ErrorMeter, call: Callable[[Array], Array], masks: Masks
) -> Finding:
    """With the region that all that is wrong fills, and a plain input in it, where there are such."""
    wrong, tiny = np.logical_or.reduce(list(masks.values())), float(info(meter.dtype).tiny)
    looked = ~beside_kinks(meter)
    ends = [float(kink) for kink in subject.row.fact("kinks")]
    where = region(meter.x[looked], wrong[looked], meter.yard[looked], tiny, ends)
    held = subject.made.inputs
    if where is None or finding.kind != "value":
        return finding
    for x in PLAIN:
        if where[0] < x < where[1] and (held is None or x in held):
            one = _finding(subject, meter, call, x, "value")
            if one.ulp is not None and one.ulp > subject.allowed[meter.dtype]:
                return replace(finding, region=where, example=(x, float(one.came or 0.0), float(one.exact or 0.0)))
    return finding


def plainly(subject: Subject, direction: str, dtype: str, kind: str, *more: float) -> Finding | None:
    """A finding at an input that a person would have tried, or at one more; the first at which two digits are wrong."""
    places = (*PLAIN, *more)
    meter = ErrorMeter(subject.spec_in(dtype), direction, dtype, np.array(places, dtype))
    call = subject.call(direction, dtype)
    with np.errstate(all="ignore"):
        off = np.abs(call(meter.x).astype(np.float64) - meter.yard)
    gross = ~(off <= GROSS * np.abs(meter.yard)) & _is_far(meter, off) & ~beside_kinks(meter)
    found = (_finding(subject, meter, call, places[i], kind) for i in np.flatnonzero(gross))
    return next((one for one in found if one.ulp is None or one.ulp > subject.allowed[dtype]), None)  # wrong alone too


def tried(subject: Subject, direction: str, dtype: str) -> Array:
    """All inputs of a format of 16 bits, seeded ones of the others."""
    spec, held = subject.spec_in(dtype), subject.made.inputs
    if held is not None:
        x = np.unique(held[np.isfinite(held)])
    elif info(dtype).bits > 16:
        x = where_promised(spec, dtype, subject.count, direction)
        more = np.array(subject.extra.get(direction, ()), dtype)
        return np.unique(np.concatenate([x, more])) if more.size else x
    else:
        x = every(dtype)
    if direction == "backward":
        for low, high in subject.row.fact("excluded_slope"):
            x = x[(x < low) | (x > high)]
    return x


def classes(meter: ErrorMeter, got: Array, allowed: float) -> Masks:
    """Which points fall into which class of findings; a point is in one alone. Points at kinks are looked at apart."""
    form, x = info(meter.dtype), np.abs(meter.x.astype(np.float64))
    eps, tiny = float(form.eps), float(form.tiny)
    with np.errstate(all="ignore"):
        off = np.abs(got.astype(np.float64) - meter.yard)
    wrong = meter.errors(got) > allowed + (SCREEN_SLACK if meter.dtype == "float64" else 1e-6)
    kinked = beside_kinks(meter)
    wrong &= ~(meter.near & (off <= allowed * eps)) & ~kinked
    special = meter.special(got) & ~kinked
    zero = wrong & ~special & (got == 0) & ~meter.near & ~np.asarray(meter.waves)
    flushed = zero & (np.abs(meter.yard) < tiny)
    lost = zero & ~flushed
    rest = wrong & ~special & ~zero & (meter.representable | np.isfinite(got.astype(np.float64)))
    # a 0 is a tail that cancelled where 0 is near; where it is far off, it is another value
    far = _is_far(meter, off)
    value, digits = (rest | lost) & far, rest & ~far
    at_0 = got[x == 0][:1]
    other = (x >= tiny) | (x == 0) | ((got != at_0[0]) if at_0.size else False)
    if value.any() and not (value & other).any():  # subnormal inputs are taken for 0
        flushed, value = flushed | value, np.zeros_like(value)
    if value.any():  # where a formula is wrong, its smaller errors are no other fault
        value, digits = value | digits, np.zeros_like(digits)
    return {"overflow": special, "value": value, "lost": lost & ~far, "subnormal": flushed, "digits": digits}


def _is_far(meter: ErrorMeter, off: Array) -> Array:
    """Errors of a formula: larger than what cancels against 1 or x, and at least a hundredth for large x."""
    eps = CANCELLED * unit_roundoff(meter.dtype)
    return np.asarray(off > eps * np.clip(np.abs(meter.x.astype(np.float64)), 1.0, max(1.0, 0.01 / eps)))


def beside_kinks(meter: ErrorMeter) -> Array:
    """At a kink, or so near that x + 3 or x / 6 may be rounded onto it."""
    found = meter.kinked.copy()
    if meter.direction == "backward":
        x, eps = meter.x.astype(np.float64), unit_roundoff(meter.dtype)
        for kink in resolve(meter.spec).fact("kinks"):
            found |= np.abs(x - float(kink)) <= BESIDE * eps * abs(float(kink))
    return found


def _smallest(
    meter: ErrorMeter, call: Callable[[Array], Array], mask: Array, kind: str, allowed: float, whole: bool
) -> float:
    """The failing input nearest to 0: among all of a small format, else narrowed down between the seeded points."""
    near = meter.smallest(mask)
    assert near is not None
    if info(meter.dtype).bits == 16 or whole:
        return near

    def fails(meter: ErrorMeter, got: Array) -> Array:
        found = classes(meter, got.astype(meter.dtype), allowed)
        if kind != "value":
            return found[kind]
        wrong = found["subnormal"] & ((got != 0) | (np.abs(meter.yard) >= info(meter.dtype).tiny))
        return np.asarray(found["value"] | found["digits"] | wrong)

    at = float(first(meter, call, near, fails) or 0.0)
    for _ in range(ROUNDS):  # failing points may lie scattered: looked for once more, closer to 0
        x = _between(at, meter.dtype)
        closer = ErrorMeter(meter.spec, meter.direction, meter.dtype, x)
        failing = fails(closer, call(x))
        if not failing.any():
            break
        at = float(first(closer, call, closer.smallest(failing), fails) or 0.0)
    return at


def _between(at: float, dtype: str) -> Array:
    """Numbers nearer to 0 than one, of both signs, half of them spread evenly and half over all binades."""
    low = float(info(dtype).tiny)
    if abs(at) <= low:
        return np.zeros(1, dtype)
    even, binades = np.linspace(0.0, abs(at), BETWEEN + 2)[1:-1], np.geomspace(low, abs(at), BETWEEN + 2)[1:-1]
    x = np.concatenate([even, binades]).astype(dtype)
    both = np.concatenate([-x, x])
    # always as many: what compiles for a length does so once
    return np.resize(np.unique(both[np.abs(both) < abs(at)]), both.size) if (x < abs(at)).any() else np.zeros(1, dtype)


def _finding(subject: Subject, meter: ErrorMeter, call: Callable[[Array], Array], at: float, kind: str) -> Finding:
    """What is wrong at one input, by mpmath."""
    x = np.full(64, at, meter.dtype)  # as many as a vector loop takes, for its tail may have other bits
    came = float(call(x).astype(meter.dtype)[0])
    value = exact(meter.spec, meter.direction, at)
    error = ErrorMeter(meter.spec, meter.direction, meter.dtype, x[:1]).settle(0, came)
    return subject.finding(kind, direction=meter.direction, dtype=meter.dtype, at=at, came=came,
                           exact=rounded(value, meter.dtype), ulp=error)  # fmt: skip


def _graded(finding: Finding, meter: ErrorMeter, got: Array, mask: Array) -> Finding:
    """With the severity that the worst of its points deserve, and the worst of them beside the smallest."""
    if finding.kind == "overflow":
        return replace(finding, severity="warning" if abs(finding.at or 0.0) > HUGE else "error")
    errors = meter.errors(got)
    if finding.kind == "digits":
        finding = replace(finding, severity="warning" if errors[mask].max() > 1000.0 else "note")
    if finding.kind == "value":
        with np.errstate(all="ignore"):
            off = np.abs(got.astype(np.float64) - meter.yard)
            gross = bool((mask & ~meter.near & _is_far(meter, off) & ~(off <= GROSS * np.abs(meter.yard))).any())
        finding = replace(finding, severity="error" if gross else "warning")
    counts = mask & np.isfinite(errors)
    counts = counts & ~meter.near if (counts & ~meter.near).any() else counts
    if finding.kind not in ("digits", "value") or not counts.any():
        return finding
    i = int(np.argmax(np.where(counts, errors, -1.0)))
    ulp = meter.settle(i, float(got[i]))
    worse = math.isfinite(ulp) and ulp > ALIKE * (finding.ulp or 0.0)
    return replace(finding, worst=(meter.dtype, float(meter.x[i]), ulp) if worse else None)


def _is_narrow(meter: ErrorMeter, got: Array) -> bool:
    """Whether float64 answers are float32 numbers nearly everywhere, and wrong ones."""
    body = (np.abs(meter.x) < 8.0) & (np.abs(meter.x) > 0.01) & ~meter.near
    with np.errstate(all="ignore"):
        short = got.astype(np.float32).astype(np.float64) == got
    inexact = body & (meter.errors(got) > NARROW)
    with np.errstate(all="ignore"):
        off = np.where(got == meter.yard, 0.0, np.abs(got - meter.yard) / np.abs(meter.yard))
    everywhere = short[body].all() and (off <= 1e-5)[body].mean() > 0.9
    parameters = (off <= 1e-6)[body].all()  # a parameter that is a float32 number
    return bool(inexact.mean() > 0.02 and (everywhere or parameters))


def _cut_off(subject: Subject, meter: ErrorMeter, call: Callable[[Array], Array], got: Array) -> Iterator[Finding]:
    """Truncation: results are off by up to a whole place, always towards 0; or always to another side."""
    with np.errstate(all="ignore"):
        off = (meter.yard - got.astype(np.float64)) / meter.unit
    before = IN_FLOAT32 * unit_roundoff("float32") / unit_roundoff(meter.dtype) if info(meter.dtype).bits <= 16 else 0.0
    slack = max(before, 1e-6)
    counts = meter.normal & (meter.yard != 0) & ~meter.near & ~meter.kinked & (np.abs(off) > slack)
    if counts.sum() < CUT_LEAST:
        return
    low = off * np.sign(meter.yard)
    for way, short in (("", low), ("away from 0", -low), ("down", off), ("up", -off)):
        cut = counts & (short > 0.5 + slack)
        beyond = (short < -slack) | (short > WHOLE)
        if beyond[counts].mean() <= 0.01 and cut.sum() > CUT_SHARE * counts.sum():
            at = meter.smallest(cut)
            assert at is not None
            found = _finding(subject, meter, call, at, "rounding" if way else "truncation")
            yield replace(found, detail=way)
            return


def _kinks(subject: Subject, meter: ErrorMeter, got: Array) -> Iterator[Finding]:
    """Slopes at kinks: a convention between the slopes of both sides, else wrong."""
    beside = beside_kinks(meter)
    where, eps = np.flatnonzero(beside), unit_roundoff(meter.dtype)
    for i in where[np.argsort(np.abs(meter.x[where].astype(np.float64)))]:
        came, right = float(got[i]), float(meter.yard[i])
        if abs(came - right) <= 16 * eps * max(1.0, abs(right)):
            continue
        aside = 2 * BESIDE * eps * max(1.0, abs(float(meter.x[i])))
        sides = float(meter.x[i]) + np.array([-aside, aside])
        low, high = sorted(map(float, resolve(meter.spec).backward(np.ones(2), sides)))
        slack = 16 * eps * max(1.0, abs(low), abs(high))
        convention = low - slack <= came <= high + slack
        yield subject.finding("kink", severity="" if convention else "error", direction=meter.direction,
                              dtype=meter.dtype, at=float(meter.x[i]), came=came, exact=right)  # fmt: skip
        return


def special_values(subject: Subject, direction: str, dtype: str) -> Iterator[Finding]:
    """Findings at the infinities, at NaN and at -0.0."""
    row = subject.row
    call = subject.call(direction, dtype)
    if subject.made.inputs is not None:
        return  # a dump has what it has
    x = np.resize(np.array([-np.inf, np.inf, np.nan, -0.0], dtype), 64)
    got = call(x).astype(dtype)[:4].astype(np.float64)
    about: dict[str, Any] = {"direction": direction, "dtype": dtype}
    forward = direction == "forward"
    for at, came, wanted in zip((-math.inf, math.inf), got, row.fact("limits" if forward else "slope_limits"),
                                strict=False):  # fmt: skip
        right = float(np.dtype(dtype).type(wanted))
        if math.isnan(right) or came == right:
            continue
        if not abs(came - right) <= subject.allowed[dtype] * unit_roundoff(dtype) * abs(right):
            yield subject.finding("limit", at=at, came=float(came), exact=right, **about)
            break
    # the slope of a piece at NaN is anybody's: libraries hand on dy, and the forward pass has told
    if not np.isnan(got[2]) and (forward or (row.saves and not row.fact("kinks"))):
        yield subject.finding("nan", at=math.nan, came=float(got[2]), exact=math.nan, **about)
    if (
        forward
        and math.copysign(1.0, row.fact("at_negative_zero")) < 0
        and got[3] == 0
        and row.symmetry == "odd"
        and not np.signbit(got[3])
    ):
        yield subject.finding("signed zero", at=-0.0, came=float(got[3]), exact=-0.0, **about)


def second(subject: Subject, dtype: str) -> Iterator[Finding]:
    """A second derivative that autograd offers is the function's, in ulp as values and slopes are."""
    if "x" in subject.row.surrogates:
        return  # a surrogate of a slope has no second derivative
    few = replace(subject, count=min(subject.count, TWICE))
    try:
        for finding in values(few, "second", dtype):
            if finding.kind == "value":  # the smallest is a matter of digits where all is wrong
                more = finding.worst[1:2] if finding.worst else ()
                plain = None if finding.region else plainly(few, "second", dtype, "second derivative", *more)
                told = plain or replace(finding, kind="second derivative")
                worst = None if finding.worst and finding.worst[1] == told.at else finding.worst
                finding = replace(told, severity=finding.severity, worst=worst)
            yield finding
    except ActbenchError:  # a primitive whose slope has no rule: nothing is known of its second derivative
        return


def linear(subject: Subject, dtype: str) -> Iterator[Finding]:
    """A backward pass is dy times the slope for every dy."""
    run = subject.made.values("backward", dtype)
    x = np.linspace(-6.0, 6.0, 241).astype(dtype)
    with np.errstate(all="ignore"):
        slope = np.asarray(run(np.ones_like(x), x.copy())).astype(np.float64)
    mixed = np.resize(np.array([1.0, -2.0, 0.5, 3.0]), x.size)
    failing: list[tuple[float, float, float, float]] = []
    used = not slope.any()
    for dy in (np.zeros(x.size), np.full(x.size, 2.0), np.full(x.size, -1.0), mixed):
        with np.errstate(all="ignore"):
            got = np.asarray(run(dy.astype(dtype), x.copy())).astype(np.float64)
        wanted = dy * slope
        used |= not np.array_equal(got, slope, equal_nan=True)
        wrong = np.flatnonzero(np.abs(got - wanted) > 64 * unit_roundoff(dtype) * (np.abs(wanted) + np.abs(dy)))
        if wrong.size:
            i = int(wrong[np.abs(x[wrong]).argmin()])
            failing.append((float(x[i]), float(got[i]), float(wanted[i]), float(dy[i])))
    if failing:
        at, came, right, arriving = min(failing, key=lambda f: abs(f[0]))
        yield subject.finding("linear", direction="backward", dtype=dtype, at=at, came=came, exact=right,
                              detail=f"dy = {arriving:g}{'' if used else ' (dy is not used at all)'}")  # fmt: skip
