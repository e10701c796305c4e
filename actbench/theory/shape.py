"""The shape of a function: extrema, inflections, convex pieces, the largest slope; bounds on networks ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.core.errors import ActbenchError
from actbench.theory.roots import root
from actbench.theory.subject import Subject, row_of, spec_of

REACH = 40.0
FLAT = 1e-8  # relative to the largest slope; a second derivative below this is none: rounding of a slope, or a tail


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What was found between -40 and 40 on a grid of a hundredth; a feature narrower than that is overlooked.

    Parameters
    ----------
    extrema
        Where the slope changes its sign.
    inflections
        Where convex turns into concave or back, at a kink too; the middle of a linear stretch between them.
    convex, concave
        Intervals; a linear stretch is in both. They end at jumps.
    lipschitz
        The largest size of the slope.
    """

    extrema: tuple[float, ...]
    inflections: tuple[float, ...]
    convex: tuple[tuple[float, float], ...]
    concave: tuple[tuple[float, float], ...]
    lipschitz: float


def second_derivative(name: Subject) -> Any:
    """x to f''(x) on float64 arrays: the row's own, else differences of the slope."""
    from actbench.implementations.targets.slopes import Slopes

    row = row_of(spec_of(name))
    kinks = tuple(map(float, row.fact("kinks")))
    differences = Slopes(f=lambda x: np.asarray(row.backward(np.ones_like(x), x)), kinks=kinks)

    def second(x: NDArray[Any]) -> NDArray[Any]:
        x = np.asarray(x, np.float64)
        try:
            return np.asarray(row.second(x))
        except ActbenchError:  # code that is called, or a surrogate of the slope
            with np.errstate(all="ignore"):
                return np.asarray(differences(x))

    return second


def shape(name: Subject) -> Shape:
    """Extrema, inflections, convex pieces and Lipschitz constant of a function; sampled parameters as in evaluation."""
    row = row_of(spec_of(name))
    kinks = np.array(sorted(map(float, row.fact("kinks"))))
    second = second_derivative(name)

    def slope(x: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(row.backward(np.ones_like(x), x))

    grid = np.linspace(-REACH, REACH, 8001) + 1e-5  # no kink of few digits lies on it
    steep, curved = slope(grid), second(grid)
    lipschitz = float(np.nanmax(np.abs(steep)))
    bent = np.abs(curved) > FLAT * max(1.0, lipschitz)
    events = [(float(x), int(s)) for x, s in zip(grid[bent], np.sign(curved[bent]), strict=True)]
    for kink in kinks:
        below, above = (np.array([kink + side * 1e-7 * max(1.0, abs(kink))]) for side in (-1, 1))
        rise = float(slope(above)[0] - slope(below)[0])
        jumps = abs(float(np.asarray(row.forward(above))[0] - np.asarray(row.forward(below))[0])) > 1e-5
        if jumps or abs(rise) > 1e-5 * max(1.0, lipschitz):
            events.append((float(kink), 0 if jumps else int(np.sign(rise))))
    flips = np.flatnonzero(steep[:-1] * steep[1:] < 0)
    pieces, turns = _pieces(sorted(events), second, kinks, 2.5 * float(grid[1] - grid[0]))
    return Shape(
        extrema=tuple(_turn(slope, grid[i], grid[i + 1], kinks) for i in flips), inflections=tuple(turns),
        convex=tuple(pieces[1]), concave=tuple(pieces[-1]), lipschitz=lipschitz,
    )  # fmt: skip


def _pieces(
    events: list[tuple[float, int]], second: Any, kinks: NDArray[Any], step: float
) -> tuple[dict[int, list[tuple[float, float]]], list[float]]:
    """Convex (1) and concave (-1) intervals, and the turns, from where the function bends up, down, or jumps (0)."""
    pieces: dict[int, list[tuple[float, float]]] = {1: [], -1: []}
    turns: list[float] = []
    start, last, current = -np.inf, -np.inf, 0
    for x, sign in events:
        if sign == 0:
            if current:
                pieces[current].append((start, x))
            start, current = x, 0
        elif current and sign != current:
            ends = (last, x)
            if x - last <= step:
                ends = (_turn(second, last, x, kinks),) * 2
            pieces[current].append((start, ends[1]))
            turns.append(0.5 * (ends[0] + ends[1]))
            start, current = ends[0], sign
        else:
            current = sign
        last = x
    if current:
        pieces[current].append((start, np.inf))
    return pieces, turns


def _turn(function: Any, a: Any, b: Any, kinks: NDArray[Any]) -> float:
    """The kink between two points, else the root, else the middle."""
    inside = kinks[(kinks >= a) & (kinks <= b)]
    if inside.size:
        return float(inside[0])
    ends = function(np.array([a, b]))
    if ends[0] * ends[1] < 0:
        return root(lambda x: float(function(np.array([x]))[0]), float(a), float(b))
    return float(0.5 * (a + b))
