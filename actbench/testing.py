"""`check`: for other projects' test suites. Is this function what it says it is, to the last bits?"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.accuracy.along import off
from actbench.accuracy.gates import wrong
from actbench.accuracy.meter import ErrorMeter, Measured, exact, in_format, rounded, where_promised
from actbench.accuracy.shrink import first, wrong_limits
from actbench.activations.registry import AXIS, along, resolve
from actbench.activations.vector import VectorFunction
from actbench.core.dtypes import info
from actbench.core.errors import ActbenchError, unknown

Array = NDArray[Any]
ARRIVING = (0.0, 2.0, -1.0, 0.3, -1.7)  # gradients in which a backward pass must be linear
FORMATS = ("float16", "bfloat16", "float32", "float64")
VECTORS = 60  # of a function along an axis: the exact gradient takes 20 ms each
SPREAD = 400  # float64 points that are compared with mpmath beside the worst ones


def check(
    fn: Callable[..., Any],
    like: str,
    *,
    max_ulp: float = 2.0,
    dtype: str = "float32",
    direction: str = "forward",
    count: int = 2000,
    kinks: bool = True,
    limits: bool = True,
) -> float:
    """Hold a function to the exact values of an activation.

    Parameters
    ----------
    fn
        The function under test, on NumPy arrays: ``fn(x)`` forward, ``fn(dy, x)`` backward (the gradient dy * f'(x)).
    like
        What it claims to be: a name or a spec such as ``"leaky_relu:negative_slope=0.2"``. Of a gate, as
        ``"swiglu_oai:layout=halves"``, the function takes one array in that layout, or two: ``fn(a, b)``, backward
        ``fn(dy, a, b)`` with both gradients. Of ``"softmax"`` and its kin ``fn`` takes one vector.
    max_ulp
        The largest error allowed, in units in the last place of the exact result. Within 0.25 of a declared root,
        where relative error has no bound, an error of ``max_ulp`` epsilons is allowed instead.
    dtype
        ``"float16"``, ``"bfloat16"`` (with ml_dtypes), ``"float32"`` or ``"float64"``.
    direction
        ``"forward"`` or ``"backward"``.
    count
        How many seeded points over the whole range; neighbours of kinks, roots and the format's edges come on top.
        Always the same points, so a test is not flaky; the largest error found is a lower bound of the largest.
    kinks
        Whether the slope at kinks must be the declared one (torch's convention).
    limits
        Whether the answers at -inf, inf and NaN must be right.

    Returns
    -------
    The largest error in ulp that was found outside root zones.

    Raises
    ------
    AssertionError
        With the failing input nearest to 0 in decimal and hexadecimal, what came and what is exact there; or with
        what was wrong about shape, dtype, memory or special values.
    ActbenchError
        For an activation, dtype or direction that is not known.

    Examples
    --------
    >>> ab.testing.check(my_gelu, like="gelu", max_ulp=2)
    >>> ab.testing.check(lambda dy, x: my_gelu_grad(dy, x), like="gelu", direction="backward", dtype="float64")
    """
    if dtype not in FORMATS:
        raise unknown("format", dtype, FORMATS)
    if direction not in ("forward", "backward"):
        raise unknown("direction", direction, ("forward", "backward"))
    if not max_ulp >= 0.5:
        raise ActbenchError(f"max_ulp={max_ulp!r}: no format can promise less than 0.5")
    info(dtype)
    if like.partition(":")[0] in AXIS:
        return _gate(fn, like, max_ulp, dtype, direction, count)
    spec = in_format(resolve(like).spec, dtype)
    meter = ErrorMeter(spec, direction, dtype, where_promised(spec, dtype, count, direction))
    what = f"{like} {direction} in {dtype}"

    def call(x: Array) -> Array:
        return np.asarray(fn(x) if direction == "forward" else fn(np.ones_like(x), x))

    _behaves(fn, direction, dtype, what)
    got = call(meter.x.copy())
    worst = _accurate(meter, got, call, max_ulp, kinks, what)
    if direction == "backward":
        _linear(fn, meter, got, max_ulp, what)
    if limits and (wrong := wrong_limits(meter, call, strict=False)):
        raise AssertionError(f"{what}: {'; '.join(wrong)}")
    return worst


def _gate(fn: Callable[..., Any], like: str, max_ulp: float, dtype: str, direction: str, count: int) -> float:
    """`check` of a gate, or of a function along an axis."""
    row = along(like)
    if not row.views:
        return _along(fn, row, max_ulp, dtype, direction, count)
    try:
        worst, pair = wrong(fn, row, dtype, direction, max_ulp, count)
    except ActbenchError as error:  # the function's fault and not the request's
        raise AssertionError(f"{like} {direction}: {error}") from None
    if pair is None:
        return worst
    raise AssertionError(
        f"{like} {direction} in {dtype}: {pair.ulp:.3g} ulp off in {pair.part} at a = {pair.a!r}, b = {pair.b!r} "
        f"({pair.a.hex()}, {pair.b.hex()}): got {pair.came!r}, exact {pair.exact!r}; allowed {max_ulp:g} ulp. "
        f"{pair.failing} of {pair.tried} pairs fail; ab.identify says which gate it is"
    )


def _along(
    fn: Callable[..., Any], row: VectorFunction, max_ulp: float, dtype: str, direction: str, count: int
) -> float:
    """`check` of a function along the last axis; backward in the last place of the largest term."""
    worst, at = off(fn, row, direction, dtype, max_ulp, min(count, VECTORS))
    if at is None:
        return worst
    numbers = ", ".join(map(repr, at.x))
    raise AssertionError(
        f"{row.spec} {direction} in {dtype}: {at.ulp:.3g} ulp off in entry {at.entry} at x = [{numbers}]: "
        f"got {at.came!r}, exact {at.exact!r}; allowed {max_ulp:g} ulp, worst {worst:.3g}"
    )


def _behaves(fn: Callable[..., Any], direction: str, dtype: str, what: str) -> None:
    """Shape and dtype are kept, and no input is written to."""
    base = np.linspace(-3.0, 3.0, 24).astype(dtype)
    for x in (base, base.reshape(2, 3, 4), base[::2], np.empty((0, 3), dtype)):
        inputs = [x.copy()] if direction == "forward" else [np.ones_like(x), x.copy()]
        before = [array.tobytes() for array in inputs]
        got = np.asarray(fn(*inputs))
        if got.shape != x.shape:
            raise AssertionError(f"{what}: shape {x.shape} became {got.shape}")
        if got.dtype != x.dtype:
            raise AssertionError(f"{what}: {x.dtype} became {got.dtype}")
        if [array.tobytes() for array in inputs] != before:
            raise AssertionError(f"{what}: an input was written to")


def _linear(fn: Callable[..., Any], meter: ErrorMeter, slope: Array, max_ulp: float, what: str) -> None:
    """A backward pass is a vector-Jacobian product: its answers for other dy are dy times the slope.

    Two answers within ``max_ulp`` of the exact ones differ by at most twice that, in units that may be half as large;
    the product rounds once more.
    """
    x = meter.x
    form = info(meter.dtype)
    signs = np.resize(np.array(ARRIVING, meter.dtype), x.size)
    for dy in (*(np.full_like(x, value) for value in ARRIVING), signs):
        got = np.asarray(fn(dy.copy(), x.copy())).astype(np.float64)
        wanted = dy.astype(np.float64) * slope.astype(np.float64)
        unit = np.maximum(np.abs(wanted), float(form.tiny)) * float(form.eps)
        unit = np.where(meter.near, np.maximum(unit, np.abs(dy) * float(form.eps)), unit)
        known = np.isfinite(slope) & (np.abs(wanted) < float(form.max) / 4)
        wrong = known & ~(np.abs(got - wanted) <= (4 * max_ulp + 2) * unit)
        if wrong.any():
            i = int(np.flatnonzero(wrong)[np.abs(x[wrong].astype(np.float64)).argmin()])
            at = float(x[i])
            raise AssertionError(
                f"{what}: not linear in dy at x = {at!r} ({at.hex()}): dy = 1 gives {float(slope[i])!r} and "
                f"dy = {float(dy[i])!r} gives {float(got[i])!r}; return dy times the slope"
            )


def _accurate(meter: ErrorMeter, got: Array, call: Any, max_ulp: float, kinks: bool, what: str) -> float:
    eps = float(info(meter.dtype).eps)

    def fails(meter: ErrorMeter, got: Array) -> Array:
        absolute = np.abs(got.astype(np.float64) - meter.yard) <= max_ulp * eps
        wrong = (meter.errors(got) > limit) & ~(meter.near & absolute)
        return np.asarray(wrong if kinks else wrong & ~meter.kinked)

    # The float64 screen is itself some ulp of float64 off: there mpmath alone says what fails.
    slack = 20.0 if meter.dtype == "float64" else 1e-6
    limit = max_ulp + slack
    found = meter.measure(got, spread=SPREAD if meter.dtype == "float64" else 0, kinks=kinks)
    failing = fails(meter, got)
    at = first(meter, call, meter.smallest(failing), fails)
    if at is None and (found.worst > max_ulp or (found.root_eps or 0.0) > max_ulp):
        at = found.at if found.worst > max_ulp else meter.smallest(meter.near)
    if at is not None:
        raise AssertionError(_message(meter, call, at, found, int(failing.sum()), max_ulp, what))
    return found.worst


def _message(meter: ErrorMeter, call: Any, at: float, found: Measured, failing: int, max_ulp: float, what: str) -> str:
    x = np.full(64, at, meter.dtype)  # as many as a vector loop takes, for its tail may have other bits
    came = float(call(x)[0])
    right = rounded(exact(meter.spec, meter.direction, at), meter.dtype)
    error = ErrorMeter(meter.spec, meter.direction, meter.dtype, x[:1]).settle(0, came)
    size = "no number near it" if math.isinf(error) else f"{error:.3g} ulp off"
    bad = f", {found.special} of them NaN or infinite" if found.special else ""
    return (
        f"{what}: {size} at x = {at!r} ({at.hex()}): got {came!r} ({came.hex()}), exact {right!r} ({right.hex()}); "
        f"allowed {max_ulp:g} ulp. {max(failing, 1)} of {meter.x.size} points fail{bad}, worst {found.worst:.3g} ulp"
    )
