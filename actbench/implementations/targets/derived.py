"""The backward pass of a traced function by its symbolic slope, no worse conditioned than the function or not exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actbench.expression.graph import Graph
from actbench.expression.numeric import evaluate
from actbench.expression.simplify import simplified
from actbench.expression.tamed import Tamed, tamed
from actbench.implementations.targets.slopes import Function, flatter
from actbench.implementations.targets.tracing import backward_graph, exact, slope_graph

# Where a slope is held to its exact value: the middle, the tails, and where exponentials of either format overflow.
PLACES = np.concatenate([0.37 * 1.45 ** np.arange(-24, 20), [20.0, 45.0, 50.0, 88.5, 90.0, 105.0, 200.0, 709.0, 711.0]])
POINTS = np.unique(np.concatenate([-PLACES, PLACES]).astype(np.float32)).astype(np.float64)  # numbers of both formats
BAD = {"float32": 1e-3, "float64": 1e-7}  # relative; a rounding or two that cancel leave less
ROUNDED = 16.0  # ulp: what roundings of a few steps leave, and what an audit lets pass of others' slopes
NEAR = 1e-12  # relative, and to 0: an end this near to a plain number is that
FAR, PARTS = 1e4, (1.0, 1.0618, 1.31, 1.777)  # where the ends of the slope are read; in steps of no plain period


@dataclass(frozen=True, kw_only=True)
class Derived:
    """A backward pass, where its slope is not the exact one, and what of the function overflows, in words."""

    graph: Graph
    flaws: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def derive(graph: Graph, f: Function, kinks: Sequence[float]) -> Derived:
    """The backward pass of a traced function.

    Parameters
    ----------
    graph, f
        The function as it was traced, and as it is called on float64 arrays.
    kinks
        Where it has no slope: what the formula gives as NaN there becomes the flatter side's slope.
    """
    slope = slope_graph(graph)
    true = np.array([exact(slope, float(x)) for x in POINTS])
    value = np.array([exact(graph, float(x)) for x in POINTS])
    forms = [slope, simplified(slope)]
    tame, found = tamed(graph)
    if found:
        forms += [slope_graph(tame), simplified(slope_graph(tame))]
    slope = min(forms, key=lambda form: _badness(form, graph, true, value))
    ends: tuple[float, float] | None = None
    bounds: dict[int, float] = {}
    failing, none = np.zeros(POINTS.shape, bool), np.zeros(POINTS.shape, bool)
    for dtype in BAD:
        failing |= _wrong(slope, graph, true, value, dtype)
        none |= ~np.isfinite(_drawn(slope, POINTS, dtype))
    if (failing | none).any():
        ends = (_end(slope, -1, none, true), _end(slope, 1, none, true))
        bounds = {side: _settled(failing, true, side, end) for side, end in zip((-1, 1), ends, strict=True)}
    with np.errstate(all="ignore"):
        undefined = [k for k in kinks if np.isnan(evaluate(slope, {"x": np.array([k])})).any()]
    at = {k: flatter(f, k) for k in undefined}
    back = backward_graph(slope, ends, {k: v for k, v in at.items() if not np.isnan(v)}, bounds)
    used = _used(back)
    flaws = []
    for dtype in BAD:
        wrong = np.flatnonzero(_off(used, true, dtype))
        if wrong.size:
            got = _drawn(used, POINTS, dtype)
            grave = wrong[np.abs(got - true)[wrong] > 0.1 * np.abs(true)[wrong]]  # no digit is left there
            start, show = POINTS[wrong[np.abs(POINTS[wrong]).argmin()]], grave if grave.size else wrong
            i = int(show[np.abs(POINTS[show]).argmin()])
            what = "loses digits" if np.isfinite(got[i]) else "overflows"
            flaws.append(f"in {dtype} it {what} from x = {start:.3g} on and gives {got[i]:.3g} at x = "
                         f"{POINTS[i]:.4g}, where the slope is {true[i]:.3g}")  # fmt: skip
            continue
        ulp = _ulp(used, true, dtype)
        if ulp.max() > ROUNDED:
            flaws.append(f"in {dtype} it is {ulp.max():.3g} ulp off at x = {POINTS[ulp.argmax()]:.4g}")
    return Derived(graph=back, flaws=tuple(flaws), remarks=tuple(dict.fromkeys(filter(None, map(_remedy, found)))))


def _remedy(form: Tamed) -> str:
    """Where a form overflows, and what to write in its place."""
    if not form.instead:
        return ""
    single, double = (_overflow(form.argument, dtype) for dtype in BAD)
    if single is None:
        return ""
    further = "" if double is None else f", from {double:.6g} on in float64"
    return f"{form.said} overflows from x = {single:.6g} on in float32{further}: write {form.instead}"


def _overflow(argument: Graph, dtype: str) -> float | None:
    """The place nearest to 0 from which on the exponential of an argument is no number of the format."""
    most, distances = float(np.log(np.finfo(dtype).max)), np.geomspace(1e-3, FAR, 400)
    found = []
    for side in (-1.0, 1.0):
        beyond = np.flatnonzero(_drawn(argument, side * distances, "float64") > most)
        if beyond.size and beyond[0]:
            good, bad = distances[beyond[0] - 1], distances[beyond[0]]
            while bad - good > 1e-8 * bad:
                middle = 0.5 * (good + bad)
                past = _drawn(argument, np.array([side * middle]), "float64")[0] > most
                good, bad = (good, middle) if past else (middle, bad)
            found.append(side * float(bad))
    return min(found, key=abs, default=None)


def _end(slope: Graph, side: int, none: NDArray[np.bool_], true: NDArray[np.float64]) -> float:
    """What the slope tends to on a side; NaN where it tends to no number, or is not that yet where the formula fails.

    Parameters
    ----------
    none, true
        At `POINTS`: whether the formula gives no number there, and the exact slope.
    """
    read = np.array([_plain(exact(slope, side * FAR * factor)) for factor in PARTS])
    filled = true[none & (side * POINTS > 0)]
    with np.errstate(all="ignore"):
        same = _same(read, read[0]).all() and _same(filled[~np.isnan(filled)], read[0]).all()
    return float(read[0]) if np.isfinite(read).all() and same else float("nan")


def _same(slopes: NDArray[np.float64], end: float) -> NDArray[np.bool_]:
    """Which slopes are an end to a rounding of float32."""
    return np.asarray(np.abs(slopes - end) <= (1e-7 * abs(end) if end else float(np.finfo("float32").tiny)))


def _plain(end: float) -> float:
    """What a slope tends to, read far out: 0, a number of nine digits that is as near as that, or what was read."""
    short = float(f"{end:.9g}")
    return 0.0 if abs(end) < NEAR else short if abs(end - short) <= NEAR * abs(end) else end


def _badness(
    slope: Graph, graph: Graph, true: NDArray[np.float64], value: NDArray[np.float64]
) -> tuple[int, int, float]:
    """How many points a form of the slope has wrong, or without a number, in both formats; then its largest error."""
    wrong = sum(int(_wrong(slope, graph, true, value, dtype).sum()) for dtype in BAD)
    none = sum(int((~np.isfinite(_drawn(slope, POINTS, dtype))).sum()) for dtype in BAD)
    return wrong, none, max(float(_ulp(slope, true, dtype).max()) for dtype in BAD)


def _used(back: Graph) -> Graph:
    """The slope that a backward pass uses: dy = 1."""
    from actbench.expression.graph import record

    return record(lambda x: evaluate(back, {"dy": 1.0, "x": x}))


def _drawn(graph: Graph, x: NDArray[np.float64], dtype: str) -> NDArray[np.float64]:
    """The graph in NumPy's arithmetic of a format."""
    given = x.astype(dtype)
    with np.errstate(all="ignore"):
        return np.broadcast_to(np.asarray(evaluate(graph, {"x": given}), np.float64), x.shape)


def _wrong(
    slope: Graph, graph: Graph, true: NDArray[np.float64], value: NDArray[np.float64], dtype: str
) -> NDArray[np.bool_]:
    """Where the slope is wrong by more than roundings although the function's own value is right."""
    own = _drawn(graph, POINTS, dtype)
    with np.errstate(all="ignore"):
        fine = np.abs(own - value) <= BAD[dtype] * np.abs(value) + float(np.finfo(dtype).tiny)
    return np.asarray(fine & _off(slope, true, dtype))


def _off(slope: Graph, true: NDArray[np.float64], dtype: str) -> NDArray[np.bool_]:
    """Where the slope is wrong by more than roundings and its exact value is a number of the format."""
    form = np.finfo(dtype)
    with np.errstate(all="ignore"):
        off = ~(np.abs(_drawn(slope, POINTS, dtype) - true) <= BAD[dtype] * np.abs(true) + float(form.tiny))
    return np.asarray(off & (np.abs(true) <= float(form.max)))


def _ulp(slope: Graph, true: NDArray[np.float64], dtype: str) -> NDArray[np.float64]:
    """Errors in places of normal exact values; none next to a change of sign, where every formula cancels."""
    form, sign = np.finfo(dtype), np.sign(true)
    turns = (sign != np.roll(sign, 1)) | (sign != np.roll(sign, -1))
    counts = ~turns & (np.abs(true) >= float(form.tiny)) & (np.abs(true) <= float(form.max))
    with np.errstate(all="ignore"):
        places = np.spacing(np.abs(true).astype(dtype)).astype(np.float64)
        off = np.abs(_drawn(slope, POINTS, dtype) - true) / places
    return np.where(counts, np.nan_to_num(off, nan=np.inf), 0.0)


def _settled(failing: NDArray[np.bool_], true: NDArray[np.float64], side: int, end: float) -> float:
    """The distance from which on the slope is its end to a rounding of float32, where the formula fails; else inf."""
    near = _same(true, end)
    distance = side * POINTS
    fails = failing & (distance > 0)
    start = float(distance[fails].min()) if fails.any() else float("inf")
    return start if near[distance >= start].all() else float("inf")
