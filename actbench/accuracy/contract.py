"""Checks of one implementation of one activation against the oracle and the house rules: records in, findings out.

The contract tests, the accuracy experiment and audits all use these; what a check demands is in `PROMISES`, and an
exception is data with a reason in the row (`excused`).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.accuracy.meter import ErrorMeter, in_format, where_promised
from actbench.accuracy.points import points
from actbench.activations.record import Activation
from actbench.core.errors import ActbenchError
from actbench.kernels.backends import FUSED, REFERENCE, TOLERANCES, allowed
from actbench.kernels.kernel import kernel


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found.

    Parameters
    ----------
    check, subject, backend, dtype
        The law, the activation's spec, and which implementation was asked.
    holds
        Whether the law holds.
    worst
        The largest error, in ulp where the check measures one.
    at
        The input where it occurs.
    says
        One sentence for a person.
    """

    check: str
    subject: str
    backend: str
    dtype: str
    holds: bool
    worst: float = 0.0
    at: float = float("nan")
    says: str = ""


@dataclass(frozen=True)
class Subject:
    """One implementation of one activation."""

    activation: Activation
    backend: str
    dtype: str
    count: int = 20_000
    confirmed: int = 32

    def forward(self, x: NDArray[Any], **options: Any) -> NDArray[Any]:
        """f(x) by this implementation."""
        return self.call("forward", x, **options)

    def backward(self, dy: NDArray[Any], x: NDArray[Any], **options: Any) -> NDArray[Any]:
        """dy * f'(x) by this implementation."""
        return self.call("backward", dy, x, **options)

    def call(self, direction: str, *arrays: NDArray[Any], **options: Any) -> NDArray[Any]:
        """Any direction by this implementation."""
        run = kernel(self.activation, direction, dtype=self.dtype, backend=self.backend)
        return np.asarray(run(*arrays, *self.activation.operands(self.dtype, **options)))

    def finding(self, check: str, holds: bool, **details: Any) -> Finding:
        """A finding about this subject."""
        return Finding(
            check=check, subject=self.activation.spec, backend=self.backend, dtype=self.dtype, holds=holds, **details
        )


Check = Callable[[Subject], Finding]
NAMES = {"forward": "value", "backward": "slope", "second": "curve"}
CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """Enter a check; its name is the law."""
    CHECKS[function.__name__] = function
    return function


def examine(
    activation: Activation,
    *,
    backend: str = REFERENCE,
    dtype: str = "float32",
    count: int = 20_000,
    confirmed: int = 32,
) -> Iterator[Finding]:
    """Every check on one implementation, in turn.

    Parameters
    ----------
    activation
        The row.
    backend, dtype
        Which implementation; one of `PROMISES`.
    count
        How many random points the checks take; a sampled maximum is a lower bound. All are screened with the row in
        float64, as `actbench.accuracy.meter` says.
    settled
        How many of them, spread over all, are settled in mpmath beside the worst.
    """
    subject = Subject(activation, backend, dtype, count, confirmed)
    for run in CHECKS.values():
        yield run(subject)


def as_taken(spec: str, backend: str, dtype: str, direction: str) -> str:
    """The spec as an implementation sees it: code of a format takes fixed parameters in that format.

    But ours that computes in float64 and rounds once: the reference path, and kernels of second derivatives.
    """
    wide = backend == REFERENCE or (backend == FUSED and direction == "second")
    return spec if wide else in_format(spec, dtype)


def _answers(subject: Subject, direction: str) -> tuple[ErrorMeter, NDArray[Any]]:
    """Where a direction promises anything, and what the implementation says there."""
    dtype = "float32" if subject.dtype == "float32" else "float64"
    spec = as_taken(subject.activation.spec, subject.backend, dtype, direction)
    x = where_promised(spec, subject.dtype, subject.count, direction)
    got = subject.backward(np.ones_like(x), x) if direction == "backward" else subject.call(direction, x)
    return ErrorMeter(spec, direction, subject.dtype, x), got


def _rival(subject: Subject, meter: ErrorMeter) -> NDArray[Any] | None:
    """The float64 row cannot be its own screen: its fused kernel is, where it has one. Derived ones share a graph."""
    if (subject.backend, subject.dtype) != (REFERENCE, "float64") or meter.direction == "second":
        return None
    try:
        run = kernel(subject.activation, meter.direction, dtype="float64", at_defaults=True)
    except ActbenchError:
        return None
    return np.asarray(run(np.ones_like(meter.x), meter.x) if meter.direction == "backward" else run(meter.x))


def _accuracy(subject: Subject, direction: str) -> Finding:
    meter, got = _answers(subject, direction)
    found = meter.measure(
        got, rival=_rival(subject, meter), spread=subject.confirmed, worst=max(1, subject.confirmed // 4)
    )
    bound, eps_at_root = allowed(subject.backend, subject.dtype, direction)
    inside = found.root_eps or 0.0
    name = NAMES[direction]
    says = f"{name}: {found.worst:.3g} ulp at {found.at!r} (promised {bound:g}), {found.points} points"
    if found.root_eps is not None:
        says += f"; next to roots {inside:.3g} eps (promised {eps_at_root:g})"
    holds = bool(found.worst <= bound and inside <= eps_at_root)
    return subject.finding(name, holds, worst=found.worst, at=found.at, says=says)


@check
def value(subject: Subject) -> Finding:
    """f is within the promised ulp of the definition."""
    return _accuracy(subject, "forward")


@check
def slope(subject: Subject) -> Finding:
    """f' is within the promised ulp of the definition's derivative."""
    return _accuracy(subject, "backward")


def curve(subject: Subject) -> Finding:
    """f'' is within the promised ulp of the definition's second derivative, absolutely where the row says `cancels`.

    None of `CHECKS`: mpmath needs 1,024 bits and more for it, seconds for the points that the others take.
    """
    return _accuracy(subject, "second")


@check
def nothing_lost(subject: Subject) -> Finding:
    """No result is 0, infinite or NaN where the exact one is a normal number."""
    lost = []
    for direction in ("forward", "backward"):
        meter, got = _answers(subject, direction)
        zero, special = meter.missing(got)
        lost += [(direction, float(meter.x[i]), float(got[i])) for i in np.flatnonzero(zero | special)]
    says = f"{len(lost)} results lost" + (f", first {lost[0]}" if lost else "")
    return subject.finding("nothing_lost", not lost, worst=float(len(lost)), says=says)


def _same(got: Any, wanted: Any, slack: float) -> bool:
    """Zeros and infinities equal with their signs, NaN equal to NaN, other numbers within the promised ulp."""
    if np.isnan(wanted) or np.isnan(got):
        return bool(np.isnan(wanted) and np.isnan(got))
    if np.isfinite(wanted) and wanted != 0 and np.isfinite(got):
        return bool(abs(got - wanted) <= slack * np.spacing(abs(wanted)))
    return bool(got == wanted and np.signbit(got) == np.signbit(wanted))


@check
def limits(subject: Subject) -> Finding:
    """f and f' at the infinities, and f(-0.0), are what the row declares, signs of zero included."""
    ends = np.array([-np.inf, np.inf], subject.dtype)
    kind = ends.dtype.type
    pairs = [
        *zip(subject.forward(ends), subject.activation.fact("limits"), ("f(-inf)", "f(inf)"), strict=True),
        *zip(
            subject.backward(np.ones_like(ends), ends),
            subject.activation.fact("slope_limits"),
            ("f'(-inf)", "f'(inf)"),
            strict=True,
        ),
        (subject.forward(np.array([-0.0], subject.dtype))[0], subject.activation.fact("at_negative_zero"), "f(-0.0)"),
    ]
    slack = TOLERANCES[subject.backend, subject.dtype][0]
    wrong = [
        f"{what} is {got!r}, declared {wanted!r}" for got, wanted, what in pairs if not _same(got, kind(wanted), slack)
    ]
    return subject.finding("limits", not wrong, says="; ".join(wrong) or "as declared")


@check
def special_values(subject: Subject) -> Finding:
    """NaN in x comes out of both passes; a NaN or infinite dy inside a flat region is silenced to 0."""
    wrong = []
    nan = np.array([np.nan], subject.dtype)
    one = np.ones_like(nan)
    if not np.isnan(subject.forward(nan)[0]):
        wrong.append("f(NaN) is not NaN")
    if subject.activation.saves and not np.isnan(subject.backward(one, nan)[0]):
        wrong.append("f'(NaN) is not NaN")
    for low, high in subject.activation.fact("flat"):
        first = low if np.isfinite(low) else min(high, 0.0) - 1e4
        last = high if np.isfinite(high) else max(first, 0.0) + 1e4
        inside = np.array([first, first / 2 + last / 2, last]).astype(subject.dtype)
        inside = inside[(inside.astype(float) >= low) & (inside.astype(float) <= high)]  # an end may round outwards
        for dy in (np.nan, np.inf, -np.inf):
            dx = subject.backward(np.full(inside.shape, dy, subject.dtype), inside)
            if not (dx == 0).all():
                wrong.append(f"dy={dy} in the flat region gives {dx.tolist()}")
    return subject.finding("special_values", not wrong, says="; ".join(wrong) or "as promised")


@check
def bounds(subject: Subject) -> Finding:
    """No value leaves the declared bounds by more than the promised ulp."""
    low, high = (np.dtype(subject.dtype).type(end) for end in subject.activation.fact("bounds"))
    x = points(subject.dtype, subject.count, activation=subject.activation)
    y = subject.forward(x)
    slack = TOLERANCES[subject.backend, subject.dtype][0]
    steps = [slack * np.spacing(np.abs(end)) if np.isfinite(end) else 0.0 for end in (low, high)]
    out = (y < low - steps[0]) | (y > high + steps[1])
    where = float(x[out][0]) if out.any() else float("nan")
    return subject.finding("bounds", not out.any(), at=where, says=f"{int(out.sum())} of {x.size} values outside")


@check
def symmetric(subject: Subject) -> Finding:
    """f(-x) is -f(x) or f(x) to the last bit where the row says odd or even, and the slope is even or odd."""
    kind = subject.activation.symmetry
    if kind is None:
        return subject.finding("symmetric", True, says="declares none")
    x = points(subject.dtype, subject.count, activation=subject.activation)
    one, sign = np.ones_like(x), np.dtype(subject.dtype).type(-1 if kind == "odd" else 1)
    kinks = np.isin(x, [float(np.dtype(subject.dtype).type(at)) for at in subject.activation.fact("kinks")])
    broken = subject.forward(-x) != sign * subject.forward(x)
    broken |= (subject.backward(one, -x) != -sign * subject.backward(one, x)) & ~kinks
    where = float(x[broken][0]) if broken.any() else float("nan")
    return subject.finding("symmetric", not broken.any(), at=where, says=f"{kind} but for {int(broken.sum())} points")


@check
def monotone(subject: Subject) -> Finding:
    """f never falls by more than the promised ulp where the row says that it never falls."""
    if not subject.activation.fact("monotone"):
        return subject.finding("monotone", True, says="not declared")
    y = subject.forward(points(subject.dtype, subject.count, activation=subject.activation))
    finite = y[np.isfinite(y)]
    slack = TOLERANCES[subject.backend, subject.dtype][0]
    step = np.finfo(subject.dtype).eps * np.abs(finite[:-1]) + np.finfo(subject.dtype).smallest_subnormal
    with np.errstate(over="ignore"):
        falls = finite[1:] < finite[:-1] - slack * step
    return subject.finding("monotone", not falls.any(), says=f"{int(falls.sum())} falls")


@check
def silent(subject: Subject) -> Finding:
    """No warning over the whole range, infinities and NaN included, quiet and signalling."""
    kind = np.dtype(subject.dtype)
    ends = np.array([np.inf, -np.inf, np.nan, -0.0, np.inf], kind)
    ends.view(f"u{kind.itemsize}")[-1] += 1  # the first NaN, a signalling one
    x = np.concatenate([points(subject.dtype, subject.count), ends])
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("always")
        subject.forward(x)
        subject.backward(np.ones_like(x), x)
    says = str(caught[0].message) if caught else "no warning"
    return subject.finding("silent", not caught, worst=float(len(caught)), says=says)


def _layouts(dtype: str) -> dict[str, NDArray[Any]]:
    base = np.linspace(-3.0, 3.0, 24).astype(dtype)
    readonly = base.copy()
    readonly.flags.writeable = False
    return {
        "0-d": np.array(0.5, dtype),
        "empty": np.empty((0, 3), dtype),
        "2-d": base.reshape(4, 6),
        "strided": base[::3],
        "reversed": base[::-1],
        "fortran": np.asfortranarray(base.reshape(4, 6)),
        "transposed": base.reshape(4, 6).T,
        "big-endian": base.astype(np.dtype(dtype).newbyteorder(">")),
        "read-only": readonly,
        "broadcast": np.broadcast_to(base[:1], (3, 2)),
    }


@check
def layouts(subject: Subject) -> Finding:
    """Any layout gives the same numbers as a plain array, with shape and dtype kept."""
    wrong = []
    native = np.dtype(subject.dtype)
    for name, x in _layouts(subject.dtype).items():
        plain = np.array(x, dtype=native, order="C").reshape(-1)
        dy = np.ones_like(x)
        for got, flat in (
            (subject.forward(x), subject.forward(plain)),
            (subject.backward(dy, x), subject.backward(np.ones_like(plain), plain)),
        ):
            kept = x.dtype if subject.backend == REFERENCE else native
            if got.shape != x.shape or got.dtype != kept:
                wrong.append(f"{name}: {x.dtype}{x.shape} became {got.dtype}{got.shape}")
            elif got.astype(native).tobytes() != flat.tobytes():
                wrong.append(f"{name}: other numbers than a plain array's")
    return subject.finding("layouts", not wrong, says="; ".join(wrong) or "every layout alike")


@check
def inputs_untouched(subject: Subject) -> Finding:
    """x and dy keep their bytes, and the result is memory of its own."""
    x = points(subject.dtype, 200)
    dy = x[::-1].copy()
    before = x.tobytes(), dy.tobytes()
    results = [subject.forward(x), subject.backward(dy, x)]
    shared = any(np.may_share_memory(result, array) for result in results for array in (x, dy))
    changed = (x.tobytes(), dy.tobytes()) != before
    says = "an input was written" if changed else "the result shares memory with an input" if shared else "untouched"
    return subject.finding("inputs_untouched", not (shared or changed), says=says)


@check
def saved_form(subject: Subject) -> Finding:
    """backward(dy, y=y) equals backward(dy, x) bit for bit, for rows that keep their output."""
    if subject.activation.saves != ("y",):
        return subject.finding("saved_form", True, says="keeps no y")
    x = points(subject.dtype, 200)
    dy = x[::-1].copy()
    run, saved = (
        kernel(subject.activation, way, dtype=subject.dtype, backend=subject.backend)
        for way in ("backward", "backward_from_output")
    )
    more = subject.activation.operands(subject.dtype)
    same = saved(dy, subject.forward(x), *more).tobytes() == run(dy, x, *more).tobytes()
    return subject.finding("saved_form", same, says="equal" if same else "differs")
