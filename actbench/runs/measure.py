"""One block of cells, computed: an experiment's function is called, its rows are checked and made columns of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from actbench.core.errors import ActbenchError, text_of
from actbench.core.streams import master_seed, plain
from actbench.runs.cells import Cell
from actbench.runs.experiment import Experiment
from actbench.runs.store import encode

Outcome = tuple[str | None, str | None]  # (body, None) of a finished cell, (None, reason) of one that failed


@dataclass(frozen=True, kw_only=True)
class Block:
    """What one call of an experiment computes.

    Parameters
    ----------
    cell
        Levels by factor; of the batch factor a tuple of levels.
    places
        The number of each cell among the run's cells, in the order of that tuple.
    """

    cell: Cell
    places: tuple[int, ...]

    def singles(self, batch: str | None) -> list[Block]:
        """The same cells as blocks of one each."""
        if batch is None:
            return [self]
        pairs = zip(self.places, self.cell[batch], strict=True)
        return [Block(cell={**self.cell, batch: (level,)}, places=(place,)) for place, level in pairs]


def measure(experiment: Experiment, cell: Cell, seed: int) -> list[Outcome]:
    """The outcomes of one block, one for each of its cells.

    A block that raises is computed again level by level, so that a cell fails for its own faults only.

    Parameters
    ----------
    experiment
        The record with the function.
    cell
        Levels by factor; of the batch factor a tuple of levels.
    seed
        The master seed, under which the function's streams draw.

    Raises
    ------
    ActbenchError
        Where the experiment yields what it did not declare: that is the experiment's fault, not the cell's.
    """
    batch = experiment.batch
    levels = cell[batch] if batch else (None,)
    try:
        # NumPy's defaults, whatever the caller has set: worker processes have them too.
        with master_seed(seed), np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
            rows = list(experiment.function(**cell))
    except (Exception, SystemExit) as error:
        if batch and len(levels) > 1:
            return [outcome for level in levels for outcome in measure(experiment, {**cell, batch: (level,)}, seed)]
        return [(None, reason(error))]
    return [(encode(columns), None) for columns in _tables(experiment, levels, rows)]


def reason(error: BaseException) -> str:
    """An exception in one line, at most 500 characters."""
    text = " ".join(text_of(error).split())
    return f"{type(error).__name__}: {text}"[:500] if text else type(error).__name__


def _tables(experiment: Experiment, levels: Sequence[Any], rows: Sequence[Any]) -> list[dict[str, list[Any]]]:
    """Rows sorted by level into tables of all declared measures, None where a row has none."""
    batch = experiment.batch
    own: dict[Any, list[Mapping[str, Any]]] = {level: [] for level in levels}
    for row in rows:
        _check(experiment, row)
        level = plain(row[batch], batch) if batch else None
        if level not in own:
            asked = ", ".join(map(repr, levels))
            raise ActbenchError(f"{experiment.name}: a row says {batch}={level!r}; the block was asked for {asked}")
        own[level].append(row)
    names = {name: f"{experiment.name}: {name}" for name in experiment.columns}
    return [
        {name: [plain(row.get(name), what) for row in own[level]] for name, what in names.items()} for level in levels
    ]


def _check(experiment: Experiment, row: Any) -> None:
    """Complain about a row that is none, that does not say whose it is, or that has a column too many."""
    if not isinstance(row, Mapping):
        raise ActbenchError(f"{experiment.name}: yields a {type(row).__name__}; yield {{measure: value}}")
    if experiment.batch and experiment.batch not in row:
        raise ActbenchError(f"{experiment.name}: a row without {experiment.batch!r}; a block yields it in each row")
    for name in row:
        if name not in experiment.columns and name != experiment.batch:
            raise ActbenchError(
                f"{experiment.name}: yields {name!r}, which is not declared (declared: "
                f"{', '.join(experiment.columns)}); add it to columns= or leave it out"
            )
