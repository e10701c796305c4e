"""From cells to one tidy frame: what is in the store is read, the rest is computed, by one worker or several.

The frame is the same, byte for byte, whatever the number of workers, the order in which they finish, and however often
the run was interrupted: cells are independent, random streams are named by content, and one thread computes each.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from actbench.core.errors import ActbenchError
from actbench.core.machine import check_memory
from actbench.core.streams import stream, whole
from actbench.implementations.targets import entered
from actbench.runs import provenance
from actbench.runs.blocks import Blocks
from actbench.runs.cells import Cell, Cells
from actbench.runs.experiment import EXPERIMENTS, Experiment
from actbench.runs.index import Index
from actbench.runs.keys import Keys
from actbench.runs.measure import Block, Outcome
from actbench.runs.modules import FROM_FILE, load
from actbench.runs.observations import Array, Observations, levels
from actbench.runs.progress import Advance, follow
from actbench.runs.signals import held
from actbench.runs.store import Store
from actbench.runs.workers import Workers, compute_here, compute_in_workers, workers_given

if TYPE_CHECKING:
    import pandas as pd

# Levels of the batch factor that share a call, aligned: nets 0-7, 8-15, ...
BLOCK = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """What a run found.

    Parameters
    ----------
    experiment
        Its name.
    frame
        One row an observation: factors first, measures in declared order last; rows in the order of the cells, then of
        the yield. Holds the finished cells where the run was interrupted or cells failed.
    failures
        One row a failed cell: factors and ``reason``. Failures are not stored: the next run tries them again.
    computed, reused
        Cells that were finished by this run and those that the store held.
    interrupted
        Whether Ctrl-C ended the run.
    """

    experiment: str
    frame: pd.DataFrame
    failures: pd.DataFrame
    computed: int
    reused: int
    interrupted: bool


def run(
    experiment: Experiment | str,
    cells: Iterable[Cell] | None = None,
    *,
    seed: int = 0,
    workers: Workers = 1,
    store: str | PathLike[str] | None = None,
    progress: bool = True,
    modules: Sequence[str] = (),
    block: int = BLOCK,
) -> Result:
    """Run an experiment over cells.

    Parameters
    ----------
    experiment
        The record or its name.
    cells
        Levels by factor; by default the experiment's whole grid. Repeated cells count once.
    seed
        The master seed, under which the experiment's streams draw.
    workers
        Processes that compute, or the address of dask's scheduler whose workers do (``tcp://HOST:8786``). An
        ``exclusive`` experiment has one process of this machine whatever is asked.
    store
        The file that keeps finished cells, for resuming; None keeps nothing.
    progress
        False for silence on stderr.
    modules
        Import paths or files that define experiments and activations from outside the package; workers load them
        first, and their code is part of every cell's key. Targets among the levels bring theirs.
    block
        Levels of the batch factor in one call. No number depends on it.

    Raises
    ------
    ActbenchError
        For a request that cannot be met, and where the experiment yields what it did not declare.
    """
    check_memory()
    workers, seed, block = workers_given(workers), whole(seed, "seed"), whole(block, "block", 1)
    load(["actbench.experiments", *modules])
    if isinstance(experiment, str):
        experiment = EXPERIMENTS[experiment]
    wanted = _distinct(experiment, experiment.cells() if cells is None else cells)
    told = entered.modules(level for own in wanted.levels.values() if not isinstance(own, range) for level in own)
    home = _Home.of(experiment, [*modules, *told])
    interrupted = False
    book = _Book(wanted, experiment.columns)
    with nullcontext() if store is None else Store(store) as opened:
        try:
            if opened is not None:
                conditions = provenance.conditions(
                    backend=experiment.backend, exclusive=experiment.exclusive, files=home.files()
                )
                book.read(opened, Keys(experiment, wanted, seed=seed, conditions=conditions))
            with follow(experiment.name, len(wanted), done=book.reused, show=progress) as book.advance:
                _compute(experiment, Blocks(wanted, book.missing(), experiment.batch, block), seed, workers, book, home)
        except KeyboardInterrupt:
            interrupted = True
    return _result(experiment, book, interrupted)


def _compute(
    experiment: Experiment, blocks: Collection[Block], seed: int, workers: Workers, book: _Book, home: _Home
) -> None:
    """Compute blocks where it was asked for."""
    if experiment.exclusive:
        # A machine that warms up or slows down must not do so along the grid.
        given = list(blocks)
        blocks = [given[place] for place in stream("order", experiment.name, seed=seed).permutation(len(given))]
    if not len(blocks):
        return
    if workers == 1 or experiment.exclusive:
        compute_here(blocks, experiment, seed, book.keep)
    elif isinstance(workers, str):
        from actbench.runs.cluster import compute_on_cluster

        compute_on_cluster(blocks, experiment, seed, book.keep, address=workers, modules=home.for_workers())
    else:
        compute_in_workers(blocks, experiment, seed, book.keep, workers=workers, modules=home.for_workers())


def _distinct(experiment: Experiment, cells: Iterable[Cell]) -> Cells:
    """The cells, each once, as plain levels in the order of the signature.

    Raises
    ------
    ActbenchError
        Where a cell's factors are not the experiment's, or the experiment's columns cannot make a frame.
    """
    if not experiment.columns or set(experiment.columns) & set(experiment.factors):
        raise ActbenchError(f"{experiment.name}: columns= names the measures, at least one and none of the factors")
    if isinstance(cells, Cells) and tuple(cells.levels) == experiment.factors:
        return cells.plain()

    def checked() -> Iterator[Cell]:
        for cell in cells:
            if set(cell) != set(experiment.factors):
                odd = ", ".join(sorted(set(cell) ^ set(experiment.factors)))
                raise ActbenchError(f"{experiment.name}: a cell differs from the signature in {odd}; "
                                    f"give {', '.join(experiment.factors)}")  # fmt: skip
            yield cell

    return Cells.of(checked(), experiment.factors)


@dataclass(frozen=True, kw_only=True)
class _Home:
    """The code outside the package that a run depends on, as workers load it and as the store knows it.

    Parameters
    ----------
    name
        The experiment's.
    modules
        What the caller named, files by absolute path.
    module
        The module in which the experiment's function stands.
    """

    name: str
    modules: tuple[str, ...]
    module: str

    @classmethod
    def of(cls, experiment: Experiment, modules: Sequence[str]) -> _Home:
        """The home of this experiment."""
        absolute = tuple(str(Path(name).resolve()) if name.endswith(".py") else name for name in modules)
        return cls(name=experiment.name, modules=absolute, module=experiment.function.__module__)

    def files(self) -> list[str]:
        """Files whose code decides the numbers; the package's own are in its fingerprint already.

        Raises
        ------
        ActbenchError
            Where the function stands in no file: its changes could not be noticed, and old cells would be reused.
        """
        own = getattr(sys.modules.get(self.module), "__file__", None)
        if own is None:
            raise ActbenchError(f"{self.name} is not defined in a file, so that the store could not notice a change; "
                                "put it in a file, or run without a store")  # fmt: skip
        found = {own, *(file for module in load(self.modules) if (file := getattr(module, "__file__", None)))}
        return sorted(file for file in found if not provenance.covered(file))

    def for_workers(self) -> list[str]:
        """What a worker loads so that it finds the experiment: also a module that the caller did not need to name.

        Raises
        ------
        ActbenchError
            Where no process but this one can find it.
        """
        own = getattr(sys.modules.get(self.module), "__file__", None)
        named = {getattr(module, "__file__", None) for module in load(self.modules)}
        if own is not None and (own in named or provenance.covered(own)):
            return list(self.modules)
        if own is None or self.module == "__main__":
            raise ActbenchError(f"{self.name} is defined in the running script, where workers cannot find it; "
                                "put it in a file of its own, or use workers=1")  # fmt: skip
        return [*self.modules, own if self.module.startswith(FROM_FILE) else self.module]


class _Book:
    """What is known of each cell while a run goes on, and what of it is in the store."""

    def __init__(self, cells: Cells, names: Iterable[str]) -> None:
        self.cells, self.observed = cells, Observations(tuple(names), len(cells))
        self.known = np.zeros(len(cells), dtype=bool)
        self.reasons: dict[int, str] = {}
        self.reused = self.computed = 0
        self.advance: Advance = lambda _: None
        self._store: Store | None = None
        self._keys: Keys | None = None

    def read(self, store: Store, keys: Keys) -> None:
        """Take what the store holds, and keep what comes in it from now on."""
        self._store, self._keys = store, keys
        if store.empty():
            return
        for places, bodies in store.find(Index(keys)):
            self._take(places, bodies)
        self.reused = int(self.known.sum())

    def missing(self) -> Array:
        """The places of cells without observations, in order."""
        return np.flatnonzero(~self.known).astype(np.intc)

    def keep(self, outcomes: Sequence[tuple[int, Outcome]]) -> None:
        """Take in finished cells, first on disk; cells that are known already change nothing.

        As a whole: an interrupt amid it would leave columns of several lengths.
        """
        with held():
            self._keep(outcomes)

    def _keep(self, outcomes: Sequence[tuple[int, Outcome]]) -> None:
        new = [(place, *outcome) for place, outcome in outcomes
               if not self.known[place] and place not in self.reasons]  # fmt: skip
        bodies = [(place, body) for place, body, _ in new if body is not None]
        if self._store is not None and self._keys is not None and bodies:
            self._store.put([(self._keys[place], body) for place, body in bodies])
        self.computed += self._take([place for place, _ in bodies], [body for _, body in bodies])
        self.reasons.update((place, reason) for place, _, reason in new if reason is not None)
        self.advance(len(new))

    def _take(self, places: Sequence[int], bodies: Sequence[str | bytes]) -> int:
        """Take in what is not known yet, each cell once; how many there were."""
        first = {place: body for place, body in zip(places, bodies, strict=True) if not self.known[place]}
        if not first:
            return 0
        refused = self.observed.take([*first], [*first.values()])
        self.known[[*first]] = True
        self.known[refused] = False  # a stranger's row under a right key: computed again
        return len(first) - len(refused)


def _result(experiment: Experiment, book: _Book, interrupted: bool) -> Result:
    """The book as frames."""
    import pandas as pd

    failed = sorted(book.reasons)
    failures = pd.DataFrame(levels(book.cells, np.array(failed, dtype=np.int64)))
    failures["reason"] = [book.reasons[place] for place in failed]
    return Result(
        experiment=experiment.name, frame=book.observed.frame(book.cells), failures=failures,
        computed=book.computed, reused=book.reused, interrupted=interrupted,
    )  # fmt: skip
