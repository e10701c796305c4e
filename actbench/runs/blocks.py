"""Blocks of cells, made when they are asked for, and the queue in which they wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from actbench.runs.cells import Cells
from actbench.runs.measure import Block

Array = np.ndarray[Any, Any]


class Blocks(Collection[Block]):
    """The missing cells in blocks that differ in the batch factor only: whole numbers n // size, others by position.

    Parameters
    ----------
    cells, missing
        All cells of a run, and the places of those that are computed.
    batch
        The factor whose levels share a call.
    size
        How many may.
    """

    def __init__(self, cells: Cells, missing: Array, batch: str | None, size: int) -> None:
        self._cells, self._batch = cells, batch
        self._places, self._starts = missing, None if batch is None else np.zeros(1, dtype=np.int64)
        if batch is not None and len(missing):
            self._group(batch, size)

    def _group(self, batch: str, size: int) -> None:
        cells, missing = self._cells, self._places
        own = cells.levels[batch]
        if isinstance(own, range):
            numbers = np.asarray(own, dtype=np.int64)[cells.numbers[batch][missing]]
        else:
            whole = [level if type(level) is int and abs(level) < 2**62 else place for place, level in enumerate(own)]
            numbers = np.array(whole, dtype=np.int64)[cells.numbers[batch][missing]]
        others = cells.kinds(name for name in cells.levels if name != batch)[missing]
        order = np.lexsort((numbers, numbers // size, others))
        together = np.stack([others, numbers // size])[:, order]
        starts = np.flatnonzero(np.any(together[:, 1:] != together[:, :-1], axis=0)) + 1
        starts = np.concatenate([[0], starts])
        # groups in the order of their first cells, as they would be met along the grid
        first = np.minimum.reduceat(missing[order], starts)
        ends = np.append(starts[1:], len(order))
        rank = np.argsort(first, kind="stable")
        self._starts = np.concatenate([[0], np.cumsum((ends - starts)[rank])])
        self._places = missing[order][_joined(starts[rank], ends[rank])]

    def __len__(self) -> int:
        return len(self._places) if self._starts is None else len(self._starts) - 1

    def __contains__(self, block: object) -> bool:
        return any(block == each for each in self)

    def __iter__(self) -> Iterator[Block]:
        cells, batch = self._cells, self._batch
        if self._starts is None or batch is None:
            for place in map(int, self._places):
                yield Block(cell=cells[place], places=(place,))
            return
        for start, end in zip(map(int, self._starts[:-1]), map(int, self._starts[1:]), strict=True):
            places = tuple(self._places[start:end].tolist())
            levels = tuple(cells.levels[batch][k] for k in cells.numbers[batch][list(places)].tolist())
            yield Block(cell={**cells[places[0]], batch: levels}, places=places)


def _joined(starts: Array, ends: Array) -> Array:
    """The whole numbers of several ranges, one range after the other."""
    sizes = ends - starts
    return np.repeat(starts - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes) + np.arange(sizes.sum())


class Queue:
    """Blocks that wait: those that were given back first, then those that nobody has asked for yet."""

    def __init__(self, blocks: Collection[Block]) -> None:
        self._left = len(blocks)
        self._blocks = iter(blocks)
        self._front: deque[Block] = deque()

    def __len__(self) -> int:
        return len(self._front) + self._left

    def first(self, count: int) -> list[Block]:
        """The next, at most so many; they stay until they are dropped."""
        new = list(islice(self._blocks, max(count - len(self._front), 0)))
        self._left -= len(new)
        self._front.extend(new)
        return list(islice(self._front, count))

    def drop(self, count: int) -> None:
        """Forget the first, which are on their way."""
        for _ in range(count):
            self._front.popleft()

    def give_back(self, blocks: Iterable[Block]) -> None:
        """Put these in front, in their order."""
        self._front.extendleft(reversed(list(blocks)))
