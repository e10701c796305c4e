"""The record of one experiment: a question, a grid of factors, and a function that yields observations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from math import prod
from typing import Any

from actbench.core.errors import ActbenchError, unknown
from actbench.core.registry import Registry
from actbench.expression.graph import argument_names
from actbench.runs.cells import Cells
from actbench.runs.factors import CHECKS

# A factor of such a name could not be told from the command line's own options.
RESERVED = ("seed", "out", "workers", "quick", "fresh", "json", "scheduler", "lang", "parquet")

MOST_CELLS = 10**7  # of one run: 0.1 ms each and 0.5 kB in the store, without their computation
LARGEST_NUMBER = 2**53


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One question that is answered cell by cell.

    Parameters
    ----------
    name, question
        The function's name and the first line of its docstring.
    function
        A generator: called with one level of each factor (a tuple of levels for the batch factor), yields rows.
    factors
        The function's signature.
    grid
        Mappings of factor to levels; the cells are the union of their products.
    quick
        Factor to the levels that the sub-grid keeps, where a part of the grid has them.
    columns
        Measure to description with unit.
    batch
        The factor whose levels are handed over in blocks.
    version
        Part of every cell's key.
    dtype, backend
        What the activations are evaluated in and by; part of every cell's key.
    checks
        Factor to a function that returns the level as it enters the cell, or raises ValueError saying what is asked.
        Factors of usual names, such as ``activation`` and ``depth``, have the check of `actbench.runs.factors.CHECKS`.
    together
        What raises ActbenchError for a cell whose levels are each allowed, but not together.
    exclusive
        True for timing: one process, cells interleaved, never in parallel.
    code
        Cell to a text that says which code computes it, where that is far less than the whole package: what is stored
        is then lost by a change of that alone. By default the fingerprint of all code is part of every cell's key.
    """

    name: str
    question: str
    function: Callable[..., Iterator[Mapping[str, Any]]]
    factors: tuple[str, ...]
    grid: tuple[Mapping[str, Sequence[Any]], ...]
    quick: Mapping[str, Sequence[Any]]
    columns: Mapping[str, str]
    batch: str | None = None
    version: int = 1
    dtype: str = "float64"
    backend: str = "numpy"
    checks: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    exclusive: bool = False
    code: Callable[[Mapping[str, Any]], str] | None = None
    together: Callable[[Mapping[str, Any]], object] | None = None

    def __post_init__(self) -> None:
        for factor in self.factors:
            if factor in RESERVED:
                raise ActbenchError(f"{self.name}: a factor may not be called {factor!r}; rename it")
        for part in self.grid:
            if set(part) != set(self.factors):
                odd = sorted(set(part) ^ set(self.factors))
                raise ActbenchError(f"{self.name}: grid and signature differ in {', '.join(odd)}")
        for name in (*self.quick, *self.checks, *filter(None, (self.batch,))):
            if name not in self.factors:
                raise unknown(f"factor of {self.name}", name, self.factors)

    def cells(self, *, quick: bool = False, **levels: Sequence[Any]) -> Cells:
        """The cells of the grid, each once, in the grid's order.

        Parameters
        ----------
        quick
            Take the sub-grid.
        **levels
            Replacement levels by factor, as the user chose them; with any, the grid is one product: the first
            mapping's levels for the factors not named.

        Raises
        ------
        ActbenchError
            For an unknown factor, or levels that the experiment refuses.
        """
        for name in levels:
            if name not in self.factors:
                raise unknown(f"factor of {self.name}", name, self.factors)
        parts = [dict(part) for part in self.grid]
        if quick:
            # of each part what is also quick: never a cell that the full grid has not
            parts = [{f: [v for v in vs if v in self.quick.get(f, vs)] for f, vs in part.items()} for part in parts]
        if levels:
            parts = [{**parts[0], **levels}]
        count = sum(prod(len(part[factor]) for factor in self.factors) for part in parts)
        if count > MOST_CELLS:
            raise ActbenchError(f"{self.name}: {count:,} cells are more than {MOST_CELLS:,}; give fewer levels")
        found = Cells.grid([{f: self._levels(f, part[f]) for f in self.factors} for part in parts], self.factors)
        if self.together is not None:
            for cell in found:
                self.together(cell)
        return found

    def _levels(self, factor: str, values: Iterable[Any]) -> Sequence[Any]:
        check = self.checks.get(factor, _number if self._counts(factor) else None)
        if check is _number and isinstance(values, range) and len(values):
            for end in (values[0], values[-1]):
                self._levels(factor, [end])
            return values
        checked = []
        for value in values:
            try:
                checked.append(value if check is None else check(value))
            except (ValueError, TypeError, OverflowError) as error:
                raise ActbenchError(f"{self.name}: {factor}={value!r} {error}") from None
        return checked

    def _counts(self, factor: str) -> bool:
        """Whether the grid has whole numbers from 0 alone here: networks, epochs."""
        return all(type(level) is int and level >= 0 for part in self.grid for level in part[factor])

    def figures(self) -> tuple[Any, ...]:
        """The figures (`actbench.drawing.figure.FigureSpec`) of ``figures.py`` beside the question, where it is."""
        folder, _, file = self.function.__module__.rpartition(".")
        if file != "question" or find_spec(f"{folder}.figures") is None:
            return ()
        return tuple(import_module(f"{folder}.figures").FIGURES)


def _number(value: Any) -> int:
    try:
        number = int(value)
    except (ValueError, OverflowError):
        number = -1
    if not 0 <= number <= LARGEST_NUMBER or number != float(value):
        raise ValueError(f"is not a whole number from 0 to {LARGEST_NUMBER:,}")
    return number


EXPERIMENTS: Registry[Experiment] = Registry("experiment")


def experiment(
    *,
    grid: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Sequence[Any]]],
    columns: Mapping[str, str],
    quick: Mapping[str, Sequence[Any]] | None = None,
    batch: str | None = None,
    version: int = 1,
    checks: Mapping[str, Callable[[Any], Any]] | None = None,
    **declared: Any,
) -> Callable[[Callable[..., Any]], Experiment]:
    """Make a generator function an experiment; its signature lists the factors, its docstring asks the question.

    Parameters
    ----------
    grid
        Factor to levels, or a list of such mappings: a union of products. Every factor stands in each.
    columns
        Every measure that the function yields, with its meaning and unit.
    quick
        The levels that the sub-grid keeps of some factors: a part of the grid.
    batch
        The factor whose levels come in blocks of 8 as a tuple; the function then yields that factor in each row.
    version
        Raised when the measurement itself changes, so that stored cells are not reused.
    checks
        Factor to what its levels must be, beside those of usual names or in place of one.
    **declared
        The other fields of `actbench.runs.experiment.Experiment`.
    """

    def enter(function: Callable[..., Any]) -> Experiment:
        grids = (grid,) if isinstance(grid, Mapping) else tuple(grid)
        question = inspect.cleandoc(function.__doc__ or "").split("\n")[0]
        factors = argument_names(function)
        usual = {factor: check for factor, check in CHECKS.items() if factor in factors}
        return EXPERIMENTS.add(
            Experiment(
                name=function.__name__, question=question, function=function, factors=factors, grid=grids,
                quick=dict(quick or {}), columns=dict(columns), batch=batch, version=version,
                checks=usual | dict(checks or {}), **declared,
            )
        )  # fmt: skip

    return enter
