"""What a run has observed so far, column by column: nine bytes a value, whatever its kind, until it is a frame."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from actbench.runs.cells import Cells
from actbench.runs.store import read_value

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, Any]

EXACT = 2**53  # whole numbers up to this are exact as float64
FLOAT, WHOLE, NONE, TRUTH, TEXT, LARGE = range(6)  # kinds; of TEXT and LARGE the number is a place among the others
KINDS = {float: FLOAT, int: WHOLE, type(None): NONE, bool: TRUTH, str: TEXT}


class Growing:
    """Numbers that arrive, in an array that has room from the start: pages that nobody writes to cost nothing."""

    def __init__(self, kind: type, room: int) -> None:
        self._all: Array = np.empty(max(room, 1), dtype=kind)
        self._size = 0

    def extend(self, values: Sequence[Any] | Array) -> None:
        """Take in some."""
        end = self._size + len(values)
        if end > len(self._all):
            before, self._all = self._all, np.empty(max(end, 3 * len(self._all) // 2), dtype=self._all.dtype)
            self._all[: self._size] = before[: self._size]
        self._all[self._size : end] = values
        self._size = end

    def whole(self) -> Array:
        """All of them."""
        return self._all[: self._size]


class Column:
    """The values of one measure, in the order of their arrival."""

    def __init__(self, room: int) -> None:
        self._numbers, self._kinds = Growing(np.float64, room), Growing(np.uint8, room)
        self._others: list[Any] = []
        self._places: dict[Any, int] = {}

    def extend(self, values: Sequence[Any], kinds: set[type]) -> None:
        """Take in values of these kinds."""
        if kinds == {float} or (kinds == {int} and max(values) <= EXACT and min(values) >= -EXACT):
            self._numbers.extend(values)
            self._kinds.extend(np.full(len(values), FLOAT if kinds == {float} else WHOLE))
            return
        numbers, found = zip(*map(self._number, values), strict=True) if values else ((), ())
        self._numbers.extend(numbers)
        self._kinds.extend(found)

    def _number(self, value: Any) -> tuple[float, int]:
        """A value as a number and its kind."""
        kind = KINDS[type(value)]
        if kind == NONE:
            return math.nan, kind
        if kind == WHOLE and abs(value) > EXACT:
            kind = LARGE
        if kind in (TEXT, LARGE):
            place = self._places.setdefault(value, len(self._others))
            if place == len(self._others):
                self._others.append(value)
            return place, kind
        return value, kind

    def series(self, order: Array | None) -> pd.Series[Any]:
        """The column in an order, with a dtype that follows from the kinds of all its values alone.

        bool, int64 and str where all values are; float64 for numbers with floats or gaps among them, and where there
        is no value; object for everything else.
        """
        import pandas as pd

        numbers, kinds = self._numbers.whole(), self._kinds.whole()
        found = {kind for kind in range(6) if (kinds == kind).any()}
        if order is not None:
            numbers, kinds = numbers[order], kinds[order]
        if found <= {FLOAT, WHOLE, NONE} and found != {WHOLE}:
            return pd.Series(numbers)
        if found == {WHOLE}:
            return pd.Series(numbers.astype(np.int64))
        if found == {TRUTH}:
            return pd.Series(numbers.astype(bool))
        if found == {TEXT}:
            return pd.Series(self._others).take(numbers.astype(np.int64)).reset_index(drop=True)
        values = [self._value(kind, number) for kind, number in zip(kinds.tolist(), numbers.tolist(), strict=True)]
        return series(values)

    def _value(self, kind: int, number: float) -> Any:
        if kind in (TEXT, LARGE):
            return self._others[int(number)]
        return None if kind == NONE else number if kind == FLOAT else int(number) if kind == WHOLE else bool(number)


class Observations:
    """The observations of some cells, by the cells' places.

    Parameters
    ----------
    names
        The measures.
    room
        How many cells there may be.
    """

    def __init__(self, names: Sequence[str], room: int) -> None:
        self.names = tuple(names)
        self._columns = {name: Column(room) for name in names}
        self._places, self._counts = Growing(np.intc, room), Growing(np.intc, room)

    def take(self, places: Sequence[int], bodies: Sequence[str | bytes]) -> list[int]:
        """Take in the bodies of cells, as the store keeps them; the places of those that are no table of ours."""
        try:
            self._take(places, _parsed(bodies))
            return []
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            if len(places) == 1:
                return list(places)
        half = len(places) // 2
        return self.take(places[:half], bodies[:half]) + self.take(places[half:], bodies[half:])

    def _take(self, places: Sequence[int], tables: Sequence[dict[str, list[Any]]]) -> None:
        wanted = {*self.names}
        if not all(table.keys() == wanted for table in tables):
            raise ValueError("other columns")
        counts = [len(table[self.names[0]]) for table in tables]
        ready = []
        for name in self.names:
            lists = [table[name] for table in tables]
            if {*map(type, lists)} - {list} or [*map(len, lists)] != counts:
                raise ValueError("columns of several lengths")
            values = [value for each in lists for value in each]
            if str in (kinds := {*map(type, values)}):
                values = [read_value(value) if type(value) is str else value for value in values]
                kinds = {*map(type, values)}
            if not kinds <= KINDS.keys():
                raise ValueError("no scalars")
            ready.append((self._columns[name], values, kinds))
        for column, values, kinds in ready:
            column.extend(values, kinds)
        self._places.extend(places)
        self._counts.extend(counts)

    def frame(self, cells: Cells) -> pd.DataFrame:
        """Factors first, rows in the order of the cells; this lets go of what was gathered."""
        import pandas as pd

        rows = np.repeat(self._places.whole(), self._counts.whole())
        self._places = self._counts = Growing(np.intc, 0)
        order = None if (rows[1:] >= rows[:-1]).all() else np.argsort(rows, kind="stable")
        if order is not None:
            rows = rows[order]
        measures = {name: self._columns.pop(name).series(order) for name in self.names}
        return pd.DataFrame({**levels(cells, rows), **measures}, copy=False)


def levels(cells: Cells, places: Array) -> dict[str, pd.Series[Any]]:
    """The factors' columns of some cells; dtypes are those of all cells, so an interrupted run has the same."""
    import pandas as pd

    found = {}
    for factor, own in cells.levels.items():
        numbers = cells.numbers[factor][places]
        if isinstance(own, range):
            numbers = numbers.astype(np.int64)
            numbers *= own.step
            numbers += own.start
            found[factor] = pd.Series(numbers)
        else:
            found[factor] = series(own).take(numbers).reset_index(drop=True)
    return found


def _parsed(bodies: Sequence[str | bytes]) -> Any:
    """All bodies by one call: a call costs as much as a small body."""
    texts = [body if isinstance(body, str) else body.decode("ascii") for body in bodies]
    tables = json.loads(f"[{','.join(texts)}]")
    if len(tables) != len(bodies):
        raise ValueError("no bodies")
    return tables


def series(values: Sequence[Any]) -> pd.Series[Any]:
    """A column whose dtype follows from the kinds of its values alone, as in `Column.series`."""
    import pandas as pd

    kinds = set(map(type, values))
    gaps = type(None) in kinds
    kinds -= {type(None)}
    if kinds <= {int, float}:
        whole_numbers = [value for value in values if type(value) is int] if int in kinds else [0]
        if kinds == {int} and not gaps:
            exact = min(whole_numbers) >= -(2**63) and max(whole_numbers) < 2**63
            return pd.Series(values, dtype="int64" if exact else "object")
        exact = max(map(abs, whole_numbers)) <= EXACT
        return pd.Series(values, dtype="float64" if exact else "object")
    if kinds == {bool} and not gaps:
        return pd.Series(values, dtype="bool")
    if kinds == {str}:
        return pd.Series(values)
    return pd.Series(values, dtype="object")
