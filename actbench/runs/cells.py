"""The cells of a run, each once: levels by number, so that a million of them are a few megabytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Any, overload

import numpy as np

from actbench.core.streams import SCALARS, plain

Cell = dict[str, Any]
Levels = Sequence[Any]
Array = np.ndarray[Any, Any]

SOME = 4096  # cells that are made at once where all are gone through

# Made once: with options json.dumps makes an encoder at each call, 1.2 us of 6.
sorted_text = json.JSONEncoder(sort_keys=True).encode


def cell_text(cell: Mapping[str, Any]) -> str:
    """A cell as one line of JSON, the same for equal cells: what is hashed, compared and never read back."""
    return sorted_text({factor: plain(level, factor) for factor, level in cell.items()})


class Cells(Sequence[Cell]):
    """Cells in order, none twice; a cell is a dict of its own each time that it is asked for.

    Parameters
    ----------
    levels
        Factor to the levels that occur; a range stays one.
    numbers
        Factor to the place of each cell's level among them.
    """

    def __init__(self, levels: Mapping[str, Levels], numbers: Mapping[str, Array]) -> None:
        self.levels, self.numbers = dict(levels), dict(numbers)
        self._size = len(next(iter(self.numbers.values()))) if self.numbers else 0

    @classmethod
    def grid(cls, parts: Iterable[Mapping[str, Levels]], factors: Sequence[str]) -> Cells:
        """The union of products of levels, the last factor running fastest."""
        found = [_product(part, factors) for part in parts]
        if len(found) == 1:
            return found[0]
        levels: dict[str, Levels] = {}
        numbers = {}
        for factor in factors:
            book = _Levels()
            own = [np.array([book.number(level) for level in part.levels[factor]], dtype=np.int64) for part in found]
            numbers[factor] = np.concatenate(
                [to[part.numbers[factor]] for to, part in zip(own, found, strict=True)]
            ).astype(_kind(len(book.levels)))
            levels[factor] = book.levels
        return cls(levels, numbers)._once()

    @classmethod
    def of(cls, cells: Iterable[Cell], factors: Sequence[str]) -> Cells:
        """Given cells, whose factors are these; their levels as plain scalars."""
        books = {factor: _Levels() for factor in factors}
        each = [[books[factor].number(plain(cell[factor], factor)) for factor in factors] for cell in cells]
        table = np.array(each, dtype=np.int64).reshape(len(each), len(factors))
        numbers = {f: table[:, k].astype(_kind(len(books[f].levels))) for k, f in enumerate(factors)}
        return cls({factor: book.levels for factor, book in books.items()}, numbers)._once()

    def plain(self) -> Cells:
        """The same with levels as the plain scalars that they stand for."""
        odd = [f for f, own in self.levels.items() if not isinstance(own, range) and {*map(type, own)} - SCALARS]
        return Cells.of(self, tuple(self.levels)) if odd else self

    def kinds(self, factors: Iterable[str]) -> Array:
        """A number for each cell, equal where the levels of these factors are."""
        joint = np.zeros(len(self), dtype=np.int64)
        size = 1
        for factor in factors:
            count = len(self.levels[factor])
            if size * count >= 2**62:
                known, joint = np.unique(joint, return_inverse=True)
                size = len(known)
            joint = joint * count + self.numbers[factor]
            size *= count
        return joint

    def texts(self) -> Iterator[str]:
        """`cell_text` of each."""
        for start in range(0, len(self), SOME):
            columns = (map(part, self.numbers[name][start : start + SOME].tolist()) for name, part in self._parts)
            yield from ("{" + ", ".join(words) + "}" for words in zip(*columns, strict=True))

    def text(self, place: int) -> str:
        """`cell_text` of one."""
        return "{" + ", ".join([part(self.numbers[name].item(place)) for name, part in self._parts]) + "}"

    @cached_property
    def _parts(self) -> list[tuple[str, Callable[[int], str]]]:
        """By factor, in the order of a cell's text, what a level adds to it."""
        return [(name, _parts(name, self.levels[name])) for name in sorted(self.levels)]

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, place: int) -> Cell: ...
    @overload
    def __getitem__(self, place: slice) -> list[Cell]: ...
    def __getitem__(self, place: int | slice) -> Cell | list[Cell]:
        if isinstance(place, slice):
            return [self[k] for k in range(*place.indices(len(self)))]
        return {factor: own[self.numbers[factor].item(place)] for factor, own in self.levels.items()}

    def __iter__(self) -> Iterator[Cell]:
        names = list(self.levels)
        for start in range(0, len(self), SOME):
            columns = (map(self.levels[name].__getitem__, self.numbers[name][start : start + SOME].tolist())
                       for name in names)  # fmt: skip
            for values in zip(*columns, strict=True):
                yield dict(zip(names, values, strict=True))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(_same, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self)} cells: {', '.join(f'{name} ({len(own)})' for name, own in self.levels.items())}>"

    def _once(self) -> Cells:
        """The same without repeated cells, the first of each kept."""
        _, first = np.unique(self.kinds(self.levels), return_index=True)
        if len(first) == len(self):
            return self
        first.sort()
        return Cells(self.levels, {factor: own[first] for factor, own in self.numbers.items()})


class _Levels:
    """The levels of a factor, each once: 1, 1.0 and True are three."""

    def __init__(self) -> None:
        self.levels: list[Any] = []
        self._places: dict[tuple[type, Any], int] = {}

    def number(self, level: Any) -> int:
        """Its place; a new one gets the next."""
        name = (type(level), level if type(level) in (str, int) else repr(level))
        place = self._places.setdefault(name, len(self.levels))
        if place == len(self.levels):
            self.levels.append(level)
        return place


def _same(one: Any, other: Any) -> bool:
    return bool(one == other)


def _kind(count: int) -> Any:
    return np.min_scalar_type(max(count - 1, 0))


def _product(part: Mapping[str, Levels], factors: Sequence[str]) -> Cells:
    levels: dict[str, Levels] = {}
    for factor in factors:
        own = part[factor]
        if not isinstance(own, range):
            book = _Levels()
            for level in own:
                book.number(level)
            own = book.levels
        levels[factor] = own
    counts = [len(own) for own in levels.values()]
    numbers = {}
    for k, (factor, count) in enumerate(zip(factors, counts, strict=True)):
        each = np.repeat(np.arange(count, dtype=_kind(count)), prod(counts[k + 1 :]))
        numbers[factor] = np.tile(each, prod(counts[:k])) if k else each
    return Cells(levels, numbers)


def _parts(name: str, levels: Levels) -> Callable[[int], str]:
    """What a factor's level adds to a cell's text, by its number."""
    begin = f"{sorted_text(name)}: "
    if isinstance(levels, range):
        return lambda number: f"{begin}{levels[number]}"
    return [begin + sorted_text(plain(level, name)) for level in levels].__getitem__
