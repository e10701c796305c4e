"""What a reading asks of its experiment, found by trying its effects on a made-up frame before anything runs.

A rehearsal has every cell of the grid and made-up measures: an effect that names a factor, level or column that is not
there fails on it in milliseconds, and which cells it reads shows as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from actbench.claims.claim import Claim, Reading
from actbench.core.errors import ActbenchError, reason_of, unknown
from actbench.runs.cells import Cell
from actbench.runs.experiment import EXPERIMENTS
from actbench.statistics.estimates import Estimate
from actbench.statistics.frames import reads

if TYPE_CHECKING:
    import pandas as pd

LAYERS = 3  # rows of a cell, where an experiment has a row for each layer


def cells_of(reading: Reading) -> Sequence[Cell]:
    """The cells that a reading's experiment, or its own grid, has.

    Raises
    ------
    ActbenchError
        For an experiment, factor or level that does not exist.
    """
    levels: dict[str, Any] = dict(reading.grid)
    return EXPERIMENTS[reading.experiment].cells(**levels)


def own_rows(reading: Reading, frame: pd.DataFrame) -> pd.DataFrame:
    """Of what was asked for beside an experiment's grid, the rows of a reading's own grid."""
    if not reading.grid:
        return frame
    cells = cells_of(reading)
    for factor in EXPERIMENTS[reading.experiment].factors:
        frame = frame[frame[factor].isin({cell[factor] for cell in cells})]
    return frame


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What a reading's effects did on made-up measures.

    Parameters
    ----------
    problem
        Why it cannot be judged whatever a run finds; empty where all that its effects ask for is there.
    cells
        Those that its effects read: all of its grid where that cannot be told.
    """

    problem: str
    cells: tuple[Cell, ...]


def rehearse(reading: Reading) -> Rehearsal:
    """Try a reading's effects on a frame of all cells of its grid."""
    try:
        cells, frame = _made_up(reading.experiment, tuple((f, tuple(levels)) for f, levels in reading.grid.items()))
    except ActbenchError as error:
        return Rehearsal(problem=str(error), cells=())
    rows: set[int] = set()
    why = ""
    for effect in reading.effects.values():
        with reads(frame) as seen:
            why = why or _tried(reading, effect, frame)
        rows |= seen or set(range(len(frame)))
    each = len(frame) // len(cells)
    return Rehearsal(problem=why, cells=tuple(cells[i] for i in sorted({row // each for row in rows})))


def sufficient(reading: Reading, rehearsal: Rehearsal) -> Sequence[Cell]:
    """The cells with which a reading's effects find what they find with all: those read, or the whole grid."""
    cells, frame = _made_up(reading.experiment, tuple((f, tuple(levels)) for f, levels in reading.grid.items()))
    read = set(map(repr, rehearsal.cells))
    each = len(frame) // len(cells)
    part = frame[np.repeat([repr(cell) in read for cell in cells], each)]
    same = all(_outcome(effect, part) == _outcome(effect, frame) for effect in reading.effects.values())
    return rehearsal.cells if same else cells


def _outcome(effect: Any, frame: pd.DataFrame) -> str:
    try:
        return repr(effect(frame))
    except (Exception, SystemExit) as error:
        return reason_of(error)


def _tried(reading: Reading, effect: Any, frame: pd.DataFrame) -> str:
    """What an effect asks for that is not there, or that it gives no estimate."""
    try:
        return no_estimate(reading, effect(frame))
    except KeyError as error:
        if error.args and not isinstance(error.args[0], str):
            return ""  # a layer of a pivoted frame, say, of which a made-up one has few: the run will tell
        asked = str(error.args[0] if error.args else error).removeprefix(
            "Column not found: "
        )  # of a group, pandas says
        return f"its effect is refused: {unknown('column', asked, frame.columns)}"
    except ActbenchError as error:
        return f"its effect is refused: {error}"
    except (AttributeError, NameError, TypeError, ImportError) as error:
        return f"its effect fails: {reason_of(error)}"
    except (Exception, SystemExit):
        return ""  # made-up measures may be what no real ones are: the run will tell


def no_estimate(reading: Reading, given: Any) -> str:
    """Why what an effect gives is nothing to judge; None is an answer only where a library may not be installed."""
    timed = reading.experiment in EXPERIMENTS and EXPERIMENTS[reading.experiment].exclusive
    if isinstance(given, Estimate) or (given is None and timed):
        return ""
    return f"its effect gives {type(given).__name__}, no Estimate; is a return missing?"


def rehearsals(claims: Iterable[Claim]) -> dict[tuple[str, str], Rehearsal]:
    """Claim and reading to the rehearsal of every reading that has effects."""
    return {(claim.name, r.name): rehearse(r) for claim in claims for r in claim.readings if r.effects}


@cache
def _made_up(experiment: str, grid: tuple[tuple[str, tuple[Any, ...]], ...]) -> tuple[Sequence[Cell], pd.DataFrame]:
    """Every cell, and a row or several of each with measures between 0.1 and 0.9, always the same; none diverged."""
    import pandas as pd

    record = EXPERIMENTS[experiment]
    levels: dict[str, Any] = dict(grid)
    cells = record.cells(**levels)
    several = LAYERS if "layer" in record.columns else 1
    rows: dict[str, Any] = {f: np.repeat(np.array([c[f] for c in cells], object), several) for f in record.factors}
    frame = pd.DataFrame(rows).infer_objects()
    rng = np.random.default_rng(0)
    measures: Mapping[str, Any] = {name: rng.uniform(0.1, 0.9, len(frame)) for name in record.columns}
    frame = frame.assign(**measures)
    for name, value in (("layer", np.tile(np.arange(1, several + 1), len(cells))), ("diverged", False)):
        if name in record.columns:
            frame[name] = value
    frame.attrs["every level"] = record.factors
    return cells, frame
