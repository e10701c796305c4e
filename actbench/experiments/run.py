"""`run`: one experiment over a grid, as a tidy frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from actbench.runs.experiment import EXPERIMENTS

if TYPE_CHECKING:
    import pandas as pd


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
    workers: int = 1,
    quick: bool = False,
    progress: bool = False,
    **levels: Any,
) -> pd.DataFrame:
    """Run one experiment.

    Parameters
    ----------
    experiment
        Its name.
    seed, workers
        The master seed; how many processes compute.
    quick
        Take the sub-grid.
    progress
        Whether to show progress on stderr.
    **levels
        Levels of the factors, one or several each; the others keep the levels of the grid's first part.

    Returns
    -------
    One row an observation: factors first, measures last.

    Raises
    ------
    ActbenchError
        For an unknown experiment, factor or level.
    """
    import actbench.experiments  # noqa: F401  fills the registry
    from actbench.runs.runner import run as run_cells

    record = EXPERIMENTS[experiment]
    cells = record.cells(quick=quick, **levels_of(levels))
    frame: pd.DataFrame = run_cells(record, cells, seed=seed, workers=workers, progress=progress).frame
    return frame
