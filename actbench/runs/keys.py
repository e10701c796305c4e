"""What a cell is stored under."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

from actbench.runs.cells import Cell, Cells, cell_text, sorted_text
from actbench.runs.experiment import Experiment
from actbench.runs.store import FORMAT


class Keys(Sequence[bytes]):
    """The keys of cells, made when they are asked for: SHA-256 over everything that decides their numbers.

    Parameters
    ----------
    experiment
        Name, version, dtype and backend count.
    cells
        Levels by factor; the order of the factors does not count, the kind of a level does (1 is not 1.0).
    seed
        The master seed.
    conditions
        Fingerprint of the code, versions and the like: `actbench.runs.provenance.conditions`.
    """

    def __init__(
        self, experiment: Experiment, cells: Sequence[Cell], *, seed: int, conditions: Mapping[str, Any]
    ) -> None:
        self._cells, self._own = cells, experiment.code
        if self._own is not None:
            conditions = {name: value for name, value in conditions.items() if name != "code"}
        head = {
            "format": FORMAT, "experiment": experiment.name, "version": experiment.version, "dtype": experiment.dtype,
            "backend": experiment.backend, "seed": seed, "conditions": conditions,
        }  # fmt: skip
        self._start = hashlib.sha256(sorted_text(head).encode("ascii"))

    def __len__(self) -> int:
        return len(self._cells)

    def __iter__(self) -> Iterator[bytes]:
        if self._own is None and isinstance(self._cells, Cells):
            yield from map(self._digest, self._cells.texts())
        else:
            yield from map(self._key, self._cells)

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        if isinstance(place, slice):
            return [self[k] for k in range(*place.indices(len(self)))]
        if self._own is None and isinstance(self._cells, Cells):
            return self._digest(self._cells.text(place))
        cell = self._cells[place]
        return self._key(cell)

    def _key(self, cell: Cell) -> bytes:
        return self._digest(cell_text(cell), self._own(cell) if self._own else "")

    def _digest(self, text: str, code: str = "") -> bytes:
        key = self._start.copy()
        key.update(text.encode("ascii"))
        if code:
            key.update(code.encode("utf-8"))
        return key.digest()
