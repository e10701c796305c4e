"""Where blocks are computed: on a cluster, by dask.distributed's own scheduler and workers.

What crosses is what crosses to local workers (`actbench.runs.workers`): an experiment's name, cells, JSON text
back; the text of users' files besides. A worker whose code, libraries, BLAS or processor would give other bytes
computes nothing and says so.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.core.errors import ActbenchError
from actbench.runs import provenance
from actbench.runs.blocks import Queue
from actbench.runs.cells import Cell
from actbench.runs.experiment import EXPERIMENTS, Experiment
from actbench.runs.measure import Block
from actbench.runs.modules import load
from actbench.runs.workers import WINDOW, Answer, Keep, Pace, kept, pinned, work

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT = 10.0  # seconds for a scheduler to answer, and for its first worker
ALONE = 60.0  # seconds without any worker after which a run ends; what is finished is kept
START = "start some with `dask worker {} --nthreads 1`"

# What distributed raises when a connection ends: its CommClosedError and timeouts are OSErrors.
GONE = (CancelledError, OSError)

Sent = tuple[str, bytes]  # an import path and nothing, or a file's name and its bytes


def compute_on_cluster(
    blocks: Collection[Block], experiment: Experiment, seed: int, keep: Keep, *, address: str, modules: Sequence[str]
) -> None:
    """Compute blocks on the workers of a scheduler; workers may come and go, and one that dies costs time.

    Parameters
    ----------
    blocks, experiment, seed, keep, modules
        As in `actbench.runs.workers.compute_in_workers`.
    address
        The scheduler's, such as ``tcp://10.0.0.1:8786``.

    Raises
    ------
    ActbenchError
        Where the scheduler does not answer or goes away, no worker is left, or a worker has other code or libraries.
    KeyboardInterrupt
        After what had come back is kept and the rest is cancelled.
    """
    with _connected(address) as client:
        crew = _Crew(client, address, experiment, seed, modules)
        suspects = crew.drain(Queue(blocks), keep)
        crew.alone([single for block in suspects for single in block.singles(experiment.batch)], keep)


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """A client of the scheduler; whatever it says of a connection that ended is one line."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ActbenchError("a scheduler needs dask's: pip install 'actbench-suite[dask]'") from error
    import dask

    try:
        with dask.config.set({"distributed.comm.timeouts.connect": f"{CONNECT}s"}):
            client = Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        text = f"no scheduler answers at {address}; start one with `dask scheduler` and give the address that it prints"
        raise ActbenchError(text) from error
    try:
        with client.as_current():
            yield client
    finally:
        client.close(timeout=5)


class _Crew:
    """The workers of a scheduler in one run."""

    def __init__(self, client: Client, address: str, experiment: Experiment, seed: int, modules: Sequence[str]) -> None:
        self.client, self.address = client, address
        files = [file for module in load(modules) if (file := getattr(module, "__file__", None))]
        told = [file for file in files if not provenance.covered(file)]
        here = provenance.conditions(backend=experiment.backend, exclusive=False, files=told)
        self.order = (experiment.name, tuple(map(_sent, modules)), seed, json.dumps(here, sort_keys=True))
        self.size, self.asked, self.seen = 0, 0.0, time.monotonic()

    def drain(self, queue: Queue, keep: Keep) -> list[Block]:
        """Empty the queue; the blocks of chunks on which workers died, again and again."""
        pace, suspects = Pace(), list[Block]()
        flying: dict[Future, list[Block]] = {}
        try:
            while queue or flying:
                workers = self._workers()
                while queue and len(flying) < WINDOW * max(workers, 1):
                    chunk = queue.first(pace.size(len(queue), max(workers, 1)))
                    flying[self._submit(chunk)] = chunk
                    queue.drop(len(chunk))
                for future in self._finished(flying):
                    chunk = flying.pop(future)
                    answer = self._answer(future)
                    if answer is None:
                        suspects += chunk
                        continue
                    seconds, done = kept(answer, chunk, keep)
                    queue.give_back(chunk[done:])
                    pace.learn(seconds / done)
        except BaseException:
            for future in self._finished(flying, wait=0.0):
                if future.status == "finished" and future.result(timeout=5)[2] is None:
                    kept(future.result(timeout=5), flying[future], keep)
            self.client.cancel(list(flying))
            raise
        return suspects

    def alone(self, suspects: Sequence[Block], keep: Keep) -> None:
        """Compute suspects with nothing else on its way; a cell that kills its workers becomes a failure."""
        for block in suspects:
            future = self._submit([block])
            while not self._finished([future]):
                self._workers()
            answer = self._answer(future)
            if answer is None:
                keep([(block.places[0], (None, "killed its worker"))])
            else:
                kept(answer, [block], keep)

    def _submit(self, chunk: Sequence[Block]) -> Future:
        return self.client.submit(there, *self.order, [block.cell for block in chunk], pure=False)

    def _finished(self, flying: Iterable[Future], wait: float = 1.0) -> list[Future]:
        from distributed import wait as first

        futures = list(flying)
        try:
            if futures and wait:
                first(futures, timeout=wait, return_when="FIRST_COMPLETED")
        except TimeoutError:
            pass
        except Exception as error:
            raise self._blamed(error) from error
        return [future for future in futures if future.status != "pending"]

    def _answer(self, future: Future) -> Answer | None:
        """What a chunk answers; None where it killed its workers.

        Raises
        ------
        ActbenchError
            Where the scheduler went away, or the function could not be called there.
        """
        from distributed import KilledWorker

        try:
            answer: Answer = future.result()
        except KilledWorker:
            return None
        except GONE as error:
            raise self._gone() from error
        except Exception as error:
            raise ActbenchError(f"a worker of {self.address} cannot compute ({type(error).__name__}: {error}); "
                                "install this version of actbench there") from error  # fmt: skip
        return answer

    def _gone(self) -> ActbenchError:
        return ActbenchError(f"the scheduler at {self.address} went away; finished cells are kept: "
                             "run the same command again")  # fmt: skip

    def _blamed(self, error: Exception) -> Exception:
        """The line on a scheduler that went away where it did; any other error as it is."""
        return self._gone() if isinstance(error, GONE) or self.client.status != "running" else error

    def _workers(self) -> int:
        """How many workers there are, asked once a second.

        Raises
        ------
        ActbenchError
            Where none comes in ten seconds, or there has been none for a minute.
        """
        now = time.monotonic()
        if now - self.asked >= 1.0 or not self.asked:
            try:
                threads = self.client.nthreads()
            except Exception as error:
                raise self._blamed(error) from error
            shared = [worker for worker, count in threads.items() if count > 1]
            if shared:
                raise ActbenchError(f"worker {shared[0]} has {threads[shared[0]]} threads; give each cell a process: "
                                    f"{START.format(self.address)}")  # fmt: skip
            if threads:
                self.seen = now
            elif now - self.seen > (ALONE if self.size else CONNECT):
                raise ActbenchError(f"the scheduler at {self.address} has no workers; {START.format(self.address)}")
            self.size, self.asked = len(threads) or self.size, now
        return self.size


def _sent(module: str) -> Sent:
    return (Path(module).name, Path(module).read_bytes()) if module.endswith(".py") else (module, b"")


# --- inside a worker -----------------------------------------------------------------------------------------------


def there(name: str, sent: Sequence[Sent], seed: int, conditions: str, cells: Sequence[Cell]) -> Answer:
    """Compute a chunk, as `actbench.runs.workers.work` does, where the bytes will be those of the one who asks."""
    try:
        modules = _received(tuple(sent))
        load(["actbench.experiments", *modules])
        complaint = _other(name, modules, conditions)
    except ActbenchError as error:
        complaint = str(error)
    if complaint:
        return 0.0, [], complaint
    with pinned(EXPERIMENTS[name].backend):
        return work(name, modules, seed, cells)


@lru_cache(maxsize=1)
def _folder() -> Path:
    """Where files that were sent to this process lie; it goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="actbench-sent-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@lru_cache(maxsize=64)
def _received(sent: tuple[Sent, ...]) -> tuple[str, ...]:
    """The modules as this process loads them: a file that was sent is written under its hash."""
    names = []
    for name, content in sent:
        if content:
            folder = _folder() / hashlib.sha256(content).hexdigest()
            folder.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
            name = str(folder / name)
        names.append(name)
    return tuple(names)


@lru_cache(maxsize=64)
def _other(name: str, modules: tuple[str, ...], conditions: str) -> str:
    """In what this process differs from the one who asks, in one line; empty where it would give the same bytes."""
    from distributed import get_worker

    if name not in EXPERIMENTS:
        return f"worker {get_worker().address} does not know {name}; install this version of actbench there"
    files = [file for module in load(modules) if (file := getattr(module, "__file__", None))]
    told = [file for file in files if not provenance.covered(file)]
    asked = json.loads(conditions)
    here = provenance.conditions(backend=EXPERIMENTS[name].backend, exclusive=False, files=told)
    apart = [
        f"{what} {_short(here.get(what))} for {_short(asked[what])}" for what in asked if here.get(what) != asked[what]
    ]
    if not apart:
        return ""
    return (
        f"worker {get_worker().address} would give other bytes ({'; '.join(apart)}); install there what is here, "
        "or leave it out"
    )


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name} {version}" for name, version in value.items())
    return str(value)[:12] if isinstance(value, str) and len(value) == 64 else str(value)
