"""Where a black box jumps: bisected to neighbouring floats, so that a parameter that is the place is known exactly.

Least squares cannot move a jump, and a grid cannot see that it lies elsewhere between two of its points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.record import Activation
from actbench.core.errors import ActbenchError
from actbench.expression.graph import argument_names

Array = NDArray[Any]
PARTS = 32  # of a gap, a round: what a slope rises in one must not make up for a jump
LEFT = 1e-3  # of a gap's step that is left when it has shrunk by 32 a round: a smooth function's is gone after two
MOST = 4  # jumps: more are another kind of function
ROUNDS = 60
SMALL = 1e-6  # a step of a row
WRITTEN = 12  # characters of a number that somebody wrote
BESIDE = {"float64": 1e-9, "float32": 1e-5}  # how near to a jump a box is asked: moved rows round their input there


@dataclass(frozen=True, kw_only=True)
class Jump:
    """Two neighbouring floats between which a function jumps.

    Parameters
    ----------
    low, high
        The last input of one side and the first of the other, as numbers of few digits where the format is narrow.
    beside
        How far from it both sides are asked.
    """

    low: float
    high: float
    beside: float

    @property
    def sides(self) -> tuple[float, float]:
        """An input on either side."""
        return self.low - self.beside, self.high + self.beside

    def mirrored(self) -> Jump:
        """That of the function of -x."""
        return Jump(low=-self.high, high=-self.low, beside=self.beside)


def jumps(call: Callable[[Array], Array], x: Array, y: Array, dtype: str) -> tuple[Jump, ...]:
    """Where a function jumps between neighbours of a sorted grid, by its values there: a few calls."""
    low, high = (np.asarray(end, dtype) for end in (x[:-1], x[1:]))
    with np.errstate(all="ignore"):
        step = np.abs(np.diff(y))
        use = np.isfinite(step) & (step > 0)
        low, high, least = low[use], high[use], LEFT * step[use]
        for _ in range(ROUNDS):
            if not low.size or (np.nextafter(low, high) >= high).all():
                break
            inner = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, PARTS + 1).astype(dtype)
            inner[:, -1] = high
            values = np.asarray(call(inner.reshape(-1))).reshape(inner.shape)
            steps = np.abs(np.diff(values, axis=1))
            at = np.nan_to_num(steps, nan=-1.0).argmax(axis=1)
            row = np.arange(low.size)
            keep = steps[row, at] >= least
            low, high, least = inner[row, at][keep], inner[row, at + 1][keep], least[keep]
    if low.size > MOST:
        return ()
    return tuple(
        Jump(low=float(str(a)), high=float(str(b)), beside=BESIDE[dtype] * max(1.0, abs(float(a))))
        for a, b in zip(low, high, strict=True)
    )


def places(row: Activation) -> list[float]:
    """Where a row jumps."""
    found = sorted(row.fact("kinks"))
    ends = np.array([(p - 1e-9 * max(1.0, abs(p)), p + 1e-9 * max(1.0, abs(p))) for p in found]).reshape(-1, 2)
    with np.errstate(all="ignore"):
        steps = np.abs(np.diff(np.asarray(row.forward(ends)), axis=1)).reshape(-1)
    return [p for p, step in zip(found, steps, strict=True) if step > SMALL]


def placed(row: Activation, found: tuple[Jump, ...]) -> tuple[str, Activation] | None:
    """The parameter that is the place of a row's jumps, and the row with it where the black box jumps.

    Of two neighbouring floats the one that people write (what is meant by ``x >= 1.4`` is 1.4), else the one with which
    the row jumps between them.
    """
    if not callable(row.kinks):
        return None
    ends = found[-1].low, found[-1].high
    choices = [(name, sign * end) for name in argument_names(row.kinks) for sign in (1.0, -1.0) for end in ends]
    right: list[tuple[bool, bool, str, Activation]] = []
    for name, value in choices:
        try:
            bound = row.bind(**{name: value})
            at = places(bound)
        except ActbenchError:
            continue
        if len(at) == len(found) and all(p in (jump.low, jump.high) for p, jump in zip(at, found, strict=True)):
            between = np.ptp(np.asarray(bound.forward(np.array(ends)))) > SMALL
            right.append((len(repr(value)) > WRITTEN, not between, name, bound))
    return min(right, key=lambda one: one[:2])[2:] if right else None


def mapped(row: Activation, found: tuple[Jump, ...], steep: float) -> Iterator[tuple[float, float]]:
    """b and c with which b x + c takes the black box's jumps to the row's; steep where there is one."""
    at = places(row)
    if len(at) != len(found):
        return
    here = [0.5 * (jump.low + jump.high) for jump in found]
    if len(at) == 1:
        yield steep, at[0] - steep * here[0]
        return
    for goal in (at, at[::-1]):
        b = (goal[-1] - goal[0]) / (here[-1] - here[0])
        yield b, goal[0] - b * here[0]
