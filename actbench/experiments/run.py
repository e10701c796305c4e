"""`run`: one experiment over a grid, as a tidy frame."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any, ClassVar

import pandas as pd

from actbench.runs.estimate import seconds
from actbench.runs.experiment import EXPERIMENTS
from actbench.runs.workers import Workers, workers_by_default

SHORT = 5.0  # seconds that a run should take, up to which it is neither spread over processes nor told


class Observations(pd.DataFrame):
    """A run's frame, with the cells that could not be computed: ``failures``, factors and ``reason``, a row a cell."""

    failures: pd.DataFrame
    _metadata: ClassVar[list[str]] = ["failures"]  # what pandas hands on to copies and selections

    @property
    def _constructor(self) -> type[Observations]:
        return Observations


def levels_of(given: dict[str, Any]) -> dict[str, list[Any]]:
    """Each factor's levels as a list: a single level stands for itself."""
    return {
        factor: [value] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)
        for factor, value in given.items()
    }


def run(
    experiment: str,
    *,
    seed: int = 0,
    workers: Workers | None = None,
    quick: bool = False,
    progress: bool | None = None,
    **levels: Any,
) -> Observations:
    """Run one experiment.

    Parameters
    ----------
    experiment
        Its name.
    seed, workers
        The master seed; how many processes compute, or a scheduler's address. By default the cores, as on the command
        line; this process alone for a run of seconds, and where rows or experiments are defined in the running script.
    quick
        Take the sub-grid.
    progress
        Whether to show progress, on stderr or in the notebook; by default for what should take more than some seconds.
    **levels
        Levels of the factors, one or several each; the others keep the levels of the grid's first part.

    Returns
    -------
    One row an observation: factors first, measures last. Cells that failed stand in its ``failures``, and a warning
    says how many they are.

    Raises
    ------
    ActbenchError
        For an unknown experiment, factor or level.
    """
    import actbench.experiments  # noqa: F401  fills the registry
    from actbench.runs.runner import run as run_cells

    record = EXPERIMENTS[experiment]
    cells = record.cells(quick=quick, **levels_of(levels))
    long = seconds(record, len(cells)) > SHORT
    if workers is None:
        workers = workers_by_default() if long else 1
    shown = long if progress is None else progress
    result = run_cells(record, cells, seed=seed, workers=workers, progress=shown)
    frame = Observations(result.frame)
    frame.failures = result.failures
    if len(result.failures):
        first = result.failures["reason"].iloc[0]
        text = f"{len(result.failures)} of {len(cells)} cells of {experiment} failed ({first}); see .failures"
        warnings.warn(text, RuntimeWarning, stacklevel=2)
    return frame
