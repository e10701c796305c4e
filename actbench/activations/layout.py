"""Where the two inputs of a gate lie in one array: libraries differ, and a swapped half is a wrong model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from actbench.core.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How one array holds a (which goes through the gate's nonlinear half) and b (its value), along the last axis.

    Parameters
    ----------
    name, summary
        For ``layout=``, and for people.
    run
        How many entries of one input lie together: 1 interleaved, 0 for halves.
    gate_first
        Whether a comes before b.
    """

    name: str
    summary: str
    run: int
    gate_first: bool = True

    def step(self, length: int) -> int:
        """The length of a run in an axis of that length."""
        return self.run or length // 2

    def divides(self, length: int) -> bool:
        """Whether an axis of that length can be laid out so."""
        return length % (2 * (self.run or 1)) == 0

    def split(self, x: Any) -> tuple[Any, Any]:
        """a and b of an array, views where they can be."""
        step = self.step(x.shape[-1])
        paired = x.reshape(*x.shape[:-1], -1, 2, step)
        both = [paired[..., i, :].reshape(*x.shape[:-1], -1) for i in (0, 1)]
        return (both[0], both[1]) if self.gate_first else (both[1], both[0])

    def join(self, a: Any, b: Any) -> Any:
        """The array of two inputs: the inverse of `split`."""
        first, second = (a, b) if self.gate_first else (b, a)
        step = self.step(2 * a.shape[-1])
        parts = [part.reshape(*a.shape[:-1], -1, 1, step) for part in (first, second)]
        return np.concatenate(parts, axis=-2).reshape(*a.shape[:-1], -1)


LAYOUTS: Registry[Layout] = Registry("layout")
for _name, _summary, _run in (
    ("halves", "the first half of the axis and the second", 0),
    ("interleaved", "even places and odd ones", 1),
    ("blocks", "runs of 32 by turns", 32),
):
    LAYOUTS.add(Layout(name=_name, summary=f"{_summary}; the gate's comes first", run=_run))
    LAYOUTS.add(
        Layout(name=f"{_name}_value_first", summary=f"{_summary}; the value's first", run=_run, gate_first=False)
    )
