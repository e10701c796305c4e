"""Where blocks are computed: in this process, or in worker processes that are paced, pinned and replaced.

Names and numbers cross processes, never functions: a worker is told the experiment's name and the cells, and looks the
experiment up itself. What comes back is the JSON text that the store keeps, so that a computed cell and a stored one
are one and the same thing.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actbench.activations.registry import ACTIVATIONS
from actbench.core.errors import ActbenchError
from actbench.core.machine import usable_cores
from actbench.core.streams import whole
from actbench.kernels.backends import FUSED
from actbench.runs.blocks import Queue
from actbench.runs.cells import Cell
from actbench.runs.experiment import EXPERIMENTS, Experiment
from actbench.runs.measure import Block, Outcome, measure
from actbench.runs.modules import content, load
from actbench.runs.pools import cause, finished, kill, reused, sigint_held

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

# A chunk is worth 0.1 to 0.25 s: long against its journey (0.4 ms), short against what a kill may lose.
CHUNK_SECONDS, MOST_SECONDS = 0.18, 0.25
WINDOW = 3  # chunks on their way for each worker: enough that none waits, few enough that memory stays bounded
TOGETHER = 64  # suspects in one process at first: a death costs 0.5 s, a journey 1 ms
DEATHS = 2  # a chunk that was on its way at so many deaths of workers is computed strictly alone
IDLE_SECONDS = 60  # an unused worker goes away after this

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
# Not for the caller's own process: numba reads it again at each compilation, and refuses a change.
ONE_NUMBA_THREAD = {"NUMBA_NUM_THREADS": "1"}

Workers = int | str  # processes of this machine, or the address of a scheduler
SCHEMES = ("tcp://", "tls://", "ws://", "wss://")  # of its addresses

Keep = Callable[[Sequence[tuple[int, Outcome]]], None]
# Seconds, the outcomes of the chunk's first blocks, and a complaint that ends the run.
Answer = tuple[float, list[list[Outcome]], str | None]


def workers_given(workers: Any) -> Workers:
    """Workers as they may be asked for.

    Raises
    ------
    ActbenchError
        For what is no whole number from 1 and no scheduler's address.
    """
    if isinstance(workers, str):
        if not workers.startswith(SCHEMES):
            raise ActbenchError(f"workers={workers!r} cannot be used; give a whole number, 1 or more, or the "
                                "address of a scheduler such as tcp://HOST:8786")  # fmt: skip
        return workers
    return whole(workers, "workers", 1)


def workers_by_default() -> int:
    """The cores, as on the command line; this process alone where rows or experiments stand in a running script.

    Workers could not find these. Numbers do not depend on it.
    """
    own = [row.callables.forward for row in ACTIVATIONS if row.kind != "plug-in"]
    own += [experiment.function for experiment in EXPERIMENTS]
    return usable_cores() if all(function.__module__.startswith("actbench.") for function in own) else 1


# --- one worker: this process --------------------------------------------------------------------------------------


def compute_here(blocks: Iterable[Block], experiment: Experiment, seed: int, keep: Keep) -> None:
    """Compute blocks one after the other in this process.

    Parameters
    ----------
    blocks
        In the order of computation.
    experiment, seed
        As in `actbench.runs.runner.run`.
    keep
        Called with finished cells about every 0.2 s, and at the end however it comes; twice is as good as once.
    """
    finished: list[tuple[int, Outcome]] = []
    begun = time.perf_counter()
    with pinned(experiment.backend):
        try:
            for block in blocks:
                finished += zip(block.places, measure(experiment, block.cell, seed), strict=True)
                if time.perf_counter() - begun >= CHUNK_SECONDS:
                    keep(finished)
                    finished, begun = [], time.perf_counter()
        finally:
            keep(finished)


@contextmanager
def pinned(backend: str) -> Iterator[None]:
    """Inside the block this process computes with one BLAS and one numba thread, as workers do, so that bits agree."""
    from threadpoolctl import threadpool_limits

    before = {name: os.environ.get(name) for name in ONE_THREAD}
    # The limits hold for libraries that are loaded already, the environment for those that a cell is first to load.
    os.environ.update(ONE_THREAD)
    if backend == FUSED:
        importlib.import_module("numba")
    numba = sys.modules.get("numba")
    threads = numba.get_num_threads() if numba else 1
    try:
        if numba:
            numba.set_num_threads(1)
        with threadpool_limits(limits=1):
            yield
    finally:
        if numba:
            numba.set_num_threads(threads)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


# --- several workers: processes ------------------------------------------------------------------------------------


def compute_in_workers(
    blocks: Collection[Block], experiment: Experiment, seed: int, keep: Keep, *, workers: int, modules: Sequence[str]
) -> None:
    """Compute blocks in worker processes; one that dies costs time, and the cell that killed it becomes a failure.

    Parameters
    ----------
    blocks, experiment, seed
        As in `compute_here`.
    keep
        Called with the finished cells of each chunk; twice is as good as once.
    workers
        The number of processes.
    modules
        What a worker loads first.

    Raises
    ------
    ActbenchError
        Where a worker does not find the experiment, or it yields what it did not declare.
    KeyboardInterrupt
        After the workers are gone and what had come back is kept.
    """
    pool = _Pool(experiment=experiment.name, seed=seed, workers=workers, modules=tuple(modules))
    queue = Queue(blocks)
    deaths: Counter[tuple[int, ...]] = Counter()
    while queue:
        suspects = pool.drain(queue, keep)
        deaths.update(block.places for block in suspects)
        queue.give_back(block for block in suspects if deaths[block.places] < DEATHS)
        pool.isolate([block for block in suspects if deaths[block.places] >= DEATHS], experiment.batch, keep)


@dataclass(frozen=True, kw_only=True)
class _Pool:
    """What workers are told in one run, and the two ways of using them: together, and one cell strictly alone."""

    experiment: str
    seed: int
    workers: int
    modules: tuple[str, ...]

    def drain(self, queue: Queue, keep: Keep) -> list[Block]:
        """Empty the queue; stop early when a worker dies, and return the blocks that were on their way then."""
        from joblib.externals.loky.process_executor import BrokenProcessPool

        workers, pace = min(self.workers, len(queue)), Pace()
        flying: dict[Future[Answer], list[Block]] = {}
        with sigint_held():
            pool = reused(workers, self._start())
        try:
            while queue or flying:
                while queue and len(flying) < WINDOW * workers:
                    chunk = queue.first(pace.size(len(queue), workers))
                    flying[self._submit(pool, chunk)] = chunk
                    queue.drop(len(chunk))
                for future in finished(pool, flying):
                    seconds, done = kept(future.result(), flying[future], keep)
                    queue.give_back(flying.pop(future)[done:])
                    pace.learn(seconds / done)
        except BrokenProcessPool:
            return _landed(flying, keep)
        except BaseException:
            kill(pool)
            _landed(flying, keep)
            raise
        return []

    def isolate(self, suspects: Sequence[Block], batch: str | None, keep: Keep) -> None:
        """Compute suspects with nothing else on its way; a cell that kills a fresh process becomes a failure.

        A few together first, for most are innocent; those that die together are taken one by one.
        """
        from joblib.externals.loky import ProcessPoolExecutor
        from joblib.externals.loky.process_executor import BrokenProcessPool

        singles = [single for block in suspects for single in block.singles(batch)]
        waiting = deque(singles[start : start + TOGETHER] for start in range(0, len(singles), TOGETHER))
        pool, fresh = None, True
        try:
            while waiting:
                chunk = waiting.popleft()
                if pool is None:
                    pool, fresh = ProcessPoolExecutor(max_workers=1, **self._start()), True
                try:
                    _, done = kept(self._alone(pool, chunk), chunk, keep)
                except BrokenProcessPool as death:
                    kill(pool)
                    pool = None
                    if fresh and len(chunk) == 1:
                        self._probe(death)
                        keep([(chunk[0].places[0], (None, cause(death)))])
                    else:
                        # Of a cell in a used process the damage may be an earlier one's: it gets a process of its own.
                        waiting.extendleft([block] for block in reversed(chunk))
                else:
                    fresh = False
                    if chunk[done:]:
                        waiting.appendleft(chunk[done:])
        finally:
            if pool is not None:
                kill(pool)

    def _probe(self, death: BaseException) -> None:
        """Complain where workers die of themselves: else each cell of a run would be tried, and blamed, alone."""
        from joblib.externals.loky import ProcessPoolExecutor
        from joblib.externals.loky.process_executor import BrokenProcessPool

        pool = ProcessPoolExecutor(max_workers=1, **self._start())
        try:
            self._alone(pool, [])
        except BrokenProcessPool:
            raise ActbenchError(f"workers end before they compute anything ({cause(death)}); give them more memory, "
                                "or take --workers 1; finished cells are kept") from death  # fmt: skip
        finally:
            kill(pool)

    def _alone(self, pool: Executor, chunk: Sequence[Block]) -> Answer:
        """The answer to a chunk with nothing else on its way."""
        future = self._submit(pool, chunk)
        while not finished(pool, [future]):
            pass
        return future.result()

    def _start(self) -> dict[str, Any]:
        """How a worker begins; a pool is used again only where this is equal, so the modules' content stands in it."""
        return {
            "timeout": IDLE_SECONDS,
            "env": ONE_THREAD | ONE_NUMBA_THREAD | {"PYTHONSAFEPATH": "1"},  # they get our sys.path later, and no other
            "initializer": _begin,
            "initargs": (os.getpid(), *(content(module) for module in self.modules)),
        }

    def _submit(self, pool: Executor, chunk: Sequence[Block]) -> Future[Answer]:
        with sigint_held():
            return pool.submit(work, self.experiment, self.modules, self.seed, [block.cell for block in chunk])


class Pace:
    """How many blocks make a chunk, learnt from those that are back."""

    def __init__(self) -> None:
        self.seconds: float | None = None

    def size(self, left: int, workers: int) -> int:
        """The next chunk's size: one block until something is known, and never more than a fair share of the rest."""
        if self.seconds is None:
            return 1
        return max(1, min(int(CHUNK_SECONDS / max(self.seconds, 1e-6)), -(-left // workers)))

    def learn(self, seconds: float) -> None:
        """Take in what a block of the last chunk took; half the weight on the newest, for cells grow along a grid."""
        self.seconds = seconds if self.seconds is None else 0.5 * (self.seconds + seconds)


def kept(answer: Answer, chunk: Sequence[Block], keep: Keep) -> tuple[float, int]:
    """Keep what an answer holds; the seconds that it took and the number of blocks that it answers."""
    seconds, outcomes, complaint = answer
    keep([pair for block, own in zip(chunk, outcomes, strict=False) for pair in zip(block.places, own, strict=True)])
    if complaint is not None:
        raise ActbenchError(complaint)
    return seconds, len(outcomes)


def _landed(flying: dict[Future[Answer], list[Block]], keep: Keep) -> list[Block]:
    """Of chunks on their way when the workers went: keep those that were back, return the blocks of the others."""
    from concurrent.futures import wait

    lost: list[Block] = []
    wait(flying, timeout=10)  # loky marks the futures of a broken pool one by one
    for future, chunk in flying.items():
        back = future.done() and not future.cancelled() and future.exception() is None
        done = 0
        if back and future.result()[2] is None:
            _, done = kept(future.result(), chunk, keep)
        lost += chunk[done:]
    return lost


# --- inside a worker process ---------------------------------------------------------------------------------------


def _begin(main: int, *_modules: tuple[str, str]) -> None:
    """Leave Ctrl-C to the main process, end with it, and hold the libraries that are loaded to one thread."""
    from threadpoolctl import threadpool_limits

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with, args=(main,), daemon=True).start()
    threadpool_limits(limits=1)


def _end_with(main: int) -> None:
    """Leave at most a second after a main process that was killed; loky's workers would stay for a minute or more."""
    while os.getppid() == main:
        time.sleep(1.0)
    os._exit(1)


def work(name: str, modules: Sequence[str], seed: int, cells: Sequence[Cell]) -> Answer:
    """Compute blocks for at most 0.25 s, at least one: what a grid's early cells take says little of its later ones."""
    outcomes: list[list[Outcome]] = []
    try:
        load(["actbench.experiments", *modules])
        experiment = EXPERIMENTS[name]
        begun = time.perf_counter()
        for cell in cells:
            outcomes.append(measure(experiment, cell, seed))
            if time.perf_counter() - begun >= MOST_SECONDS:
                break
    except ActbenchError as error:
        return 0.0, outcomes, str(error)
    return time.perf_counter() - begun, outcomes, None
