"""Every input of a format, no sample: all float32 through a fused kernel, all of a small format through the row."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.accuracy.meter import ErrorMeter, in_format, overflow, reference, turns, where_promised
from actbench.accuracy.points import ROOT_ZONE
from actbench.activations.registry import resolve
from actbench.core.dtypes import WHOLE, Format, every, patterns
from actbench.core.errors import unknown
from actbench.kernels.kernel import kernel
from actbench.kernels.lower import lowered

Array = NDArray[Any]
FORMATS = (*WHOLE, "float32")
BLOCK = 1 << 15  # floats at a time: all arrays of a block (0.7 MB) stay in the second-level cache
SHARE = 1 << 27  # inputs that one thread takes at a time
TURNED = 4000  # points that are asked where a second derivative changes its sign
HUGE = 1e5  # from here on every point is looked at one by one: it may be a result lost


@dataclass(frozen=True, kw_only=True)
class Exhausted:
    """The errors of one direction of one activation over every input of a format.

    Parameters
    ----------
    activation, direction, dtype
        Spec, forward or backward, and the format: float32 by the fused kernel, smaller ones by the reference path.
    inputs
        How many: finite ones against the reference; NaN must come out as NaN.
    worst_ulp, at, at_hex
        The largest error outside root zones, settled by mpmath, and where it occurs.
    root_zone_eps
        The largest absolute error next to declared roots, in epsilons; None without roots.
    lost, special, nan_lost
        Results 0 for a normal number; NaN or infinite for a number; NaN inputs whose result is not NaN.
    core_seconds
        Processor time, all cores together: a busy machine does not change it.
    code
        A hash of every step of the kernels: equal hash, equal result on one kind of processor.
    """

    activation: str
    direction: str
    dtype: str
    inputs: int
    worst_ulp: float
    at: float
    at_hex: str
    root_zone_eps: float | None
    lost: int
    special: int
    nan_lost: int
    core_seconds: float
    code: str


def code(spec: str, direction: str, *, vectors: bool | None = None) -> str:
    """A hash of what is computed: every step of the float32 kernel of one direction, and of its reference.

    The kernel of this processor, or of one with or without vectors of AVX-512. The reference, the float64 kernel,
    counts as the steps that all processors have: others move it by some ulp of float64, of 2^-29 of a float32's.
    """
    told = ((32, vectors), (64, False))
    graphs = [lowered(resolve(spec), direction, Format(bits), vectors=has)[0] for bits, has in told]
    steps = [(step.op, step.operands, repr(step.value)) for graph in graphs for step in graph]
    return hashlib.sha256(repr(steps).encode()).hexdigest()[:16]


def exhaust(
    spec: str, direction: str, dtype: str = "float32", *, threads: int = 1, narrow: Callable[..., Any] | None = None
) -> Exhausted:
    """Compare one direction of one activation with its reference at every input.

    Parameters
    ----------
    spec, direction
        An activation, and ``"forward"``, ``"backward"`` or, in float32, ``"second"``.
    dtype
        ``"float32"``: the fused kernel against the fused float64 kernel, which tests hold to mpmath; 13-110 s of
        processor time. ``"float16"``, and with ml_dtypes ``"bfloat16"``, ``"float8_e4m3fn"``, ``"float8_e5m2"``: the
        reference path against the row in float64; under a second.
    threads
        How many cores.
    narrow
        Whose float32 answers are judged, called as the fused kernel is, which is the default.

    Raises
    ------
    ActbenchError
        For a name, direction or format that is not known.
    """
    if dtype not in FORMATS:
        raise unknown("format", dtype, FORMATS)
    spec = resolve(spec).spec
    if dtype in WHOLE:
        return _whole(spec, direction, dtype)
    sweep = _Sweep(in_format(spec, dtype), direction, narrow)
    with ThreadPoolExecutor(threads) as pool:
        shares = [pool.submit(sweep.share, start) for start in range(-(1 << 31), 1 << 31, SHARE)]
        try:
            done, _ = wait(shares, return_when=FIRST_EXCEPTION)
            for share in done:
                share.result()
        finally:
            sweep.stop.set()  # an interrupt, or a failing share, ends the others within a block
    meter = ErrorMeter(sweep.spec, direction, dtype, np.array([sweep.at], np.float32))
    worst = meter.settle(0, float(sweep.fused(np.array([sweep.at], np.float32))[0]))
    return Exhausted(
        activation=spec, direction=direction, dtype=dtype, inputs=1 << 32, worst_ulp=worst, at=sweep.at,
        at_hex=sweep.at.hex(), root_zone_eps=sweep.root_eps if sweep.roots else None, lost=sweep.lost,
        special=sweep.special, nan_lost=sweep.nan_lost, core_seconds=sweep.seconds,
        code=code(spec, direction),
    )  # fmt: skip


def _whole(spec: str, direction: str, dtype: str) -> Exhausted:
    """Every number of a format of 16 or 8 bits."""
    begun = time.thread_time()
    row = resolve(spec)
    all_bits, x = patterns(dtype), every(dtype)
    if direction == "backward":
        for low, high in row.fact("excluded_slope"):
            x = x[(x < low) | (x > high)]
    with np.errstate(invalid="ignore"):  # signalling NaN among them
        nan = all_bits[np.isnan(all_bits)]

    def run(x: Array) -> Array:
        return np.asarray(row.forward(x) if direction == "forward" else row.backward(np.ones_like(x), x))

    found = ErrorMeter(spec, direction, dtype, x).measure(run(x))
    passes = direction == "forward" or bool(row.saves)
    return Exhausted(
        activation=spec, direction=direction, dtype=dtype, inputs=all_bits.size, worst_ulp=found.worst, at=found.at,
        at_hex=found.at.hex(), root_zone_eps=found.root_eps, lost=found.lost, special=found.special,
        nan_lost=int((~np.isnan(run(nan))).sum()) if passes else 0, core_seconds=time.thread_time() - begun,
        code=code(spec, direction),
    )  # fmt: skip


class _Sweep:
    """The state of one pass over all float32, shared by its threads."""

    def __init__(self, spec: str, direction: str, narrow: Callable[..., Any] | None) -> None:
        row = resolve(spec)
        self.spec, self.direction = spec, direction
        self._narrow = narrow or kernel(spec, direction, dtype="float32", at_defaults=True)
        self._wide = kernel(spec, direction, dtype="float64", at_defaults=True)
        self.roots = _roots(spec, direction)
        self.excluded = () if direction == "forward" else row.fact("excluded_slope")
        self.terms = None if direction == "forward" else row.slope_terms
        if direction == "second" and row.cancels:  # as `ErrorMeter` counts: what float64 loses of 1
            self.terms = lambda x: np.full(x.shape, 2.0**-52 / float(np.finfo(np.float32).eps))
        self.passes_nan = direction != "backward" or bool(row.saves)
        self.stop, self.lock = threading.Event(), threading.Lock()
        self.seconds = 0.0
        self.worst, self.at, self.root_eps, self.lost, self.special, self.nan_lost = -1.0, 0.0, 0.0, 0, 0, 0

    def fused(self, x: Array) -> Array:
        """The float32 answers that are judged."""
        found = self._narrow(np.ones_like(x), x) if self.direction == "backward" else self._narrow(x)
        return np.asarray(found)

    def share(self, start: int) -> None:
        """Compare the inputs whose bits, as signed numbers, run from ``start`` to ``start + SHARE``."""
        begun = time.thread_time()
        fill, compare = loops()
        x, got, error = (np.empty(BLOCK, np.float32) for _ in range(3))
        wide, yard = np.empty(BLOCK), np.empty(BLOCK)
        one, one_wide = np.ones(BLOCK, np.float32), np.ones(BLOCK)
        for first in range(start, start + SHARE, BLOCK):
            if self.stop.is_set():
                return
            fill(first, x, wide)
            if self.direction == "backward":
                self._narrow(one, x, out=got)
                self._wide(one_wide, wide, out=yard)
            else:
                self._narrow(x, out=got)
                self._wide(wide, out=yard)
            compare(got, yard, yard, error)
            if self.terms is not None and (doubtful := ~(error <= self.worst)).any():
                # a size only lowers an error: sines in NumPy for these alone, or they take half of all time
                size, of_terms = np.maximum(np.abs(yard[doubtful]), self.terms(wide[doubtful])), error[doubtful]
                compare(got[doubtful], yard[doubtful], size, of_terms)
                error[doubtful] = of_terms
            largest = float(error.max())
            # not "greater": a NaN among them has to be looked at
            if not largest <= self.worst or largest >= HUGE or self._touches(float(x[0]), float(x[-1])):
                self._look(x, got, yard, error)
        with self.lock:
            self.seconds += time.thread_time() - begun

    def _touches(self, one: float, other: float) -> bool:
        """Whether a block meets a root zone, an excluded interval, or no number at all."""
        if not np.isfinite(other) or not np.isfinite(one):
            return True
        low, high = min(one, other), max(one, other)
        zones = [(root - ROOT_ZONE, root + ROOT_ZONE) for root in self.roots]
        return any(low <= last and high >= begin for begin, last in (*zones, *self.excluded))

    def _look(self, x: Array, got: Array, yard: Array, error: Array) -> None:
        """One block point by point."""
        with np.errstate(invalid="ignore"):  # the casts of signalling NaN
            wide, exactly = x.astype(np.float64), got.astype(np.float64)
        counts = np.isfinite(x)
        for low, high in self.excluded:
            counts &= (x < low) | (x > high)
        near = np.zeros(x.shape, bool)
        for root in self.roots:
            near |= np.abs(wide - root) <= ROOT_ZONE
        number = counts & np.isfinite(yard) & (np.abs(yard) < overflow("float32"))
        special = number & ~np.isfinite(got)
        normal = np.abs(yard) >= float(np.finfo(np.float32).tiny)
        lost = number & (got == 0) & normal & ~near & (self.terms is None)
        error = np.where(counts & ~near & ~special, error, -1.0)
        i = int(error.argmax())
        pick = near & counts & ~special
        inside = np.abs(exactly[pick] - yard[pick])
        nan = np.isnan(x)
        with self.lock:
            self.lost += int(lost.sum())
            self.special += int(special.sum())
            self.nan_lost += int((nan & ~np.isnan(got)).sum()) if self.passes_nan else 0
            if inside.size:
                self.root_eps = max(self.root_eps, float(inside.max()) / float(np.finfo(np.float32).eps))
            if error[i] > self.worst:
                self.worst, self.at = float(error[i]), float(x[i])


def _roots(spec: str, direction: str) -> list[float]:
    """Next to which the absolute error counts: declared ones but 0; of second derivatives, where points see a turn."""
    row = resolve(spec)
    if direction != "second":
        return [root for root in row.fact("roots" if direction == "forward" else "roots_of_slope") if root != 0.0]
    if row.slope_terms is not None or row.cancels:
        return []
    x = where_promised(spec, "float64", TURNED, direction)
    before, after = turns(reference(spec, direction, x), x)
    return [float(root) for root in 0.5 * (before + after)]


@lru_cache(maxsize=1)
def loops() -> tuple[Any, Any]:
    """``fill(first, x, wide)`` and ``compare(got, yard, size, error)``, compiled and without the interpreter's lock."""
    import numba

    from actbench.kernels import intrinsics

    bits: Any = intrinsics.bits
    from_bits: Any = intrinsics.from_bits
    beyond, whole, narrow = overflow("float32"), np.int32, np.float32

    @numba.njit(nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
    def fill(first: int, x: Array, wide: Array) -> None:
        for i in range(x.size):
            x[i] = from_bits(whole(first + i))
            wide[i] = x[i]

    @numba.njit(nogil=True, error_model="numpy")  # type: ignore[untyped-decorator, unused-ignore]
    def compare(got: Array, yard: Array, size: Array, error: Array) -> None:
        for i in range(got.size):
            y, g = yard[i], np.float64(got[i])
            # 2^(23 - exponent), the exponent at least float32's smallest: one over the last place, without a division
            exponent = max((bits(np.float64(size[i])) >> 52) & 0x7FF, 1023 - 126)
            d = abs(g - y) * from_bits((2046 + 23 - exponent) << 52)
            right = (g == y) | ((abs(y) >= beyond) & (abs(g) == np.inf) & ((g > 0) == (y > 0)))
            error[i] = narrow(0.0) if right else narrow(d)

    return fill, compare
