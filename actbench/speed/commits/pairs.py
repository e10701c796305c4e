"""Two processes, one in each checkout, timed in turns: a ratio for every case from every pair of processes.

Why processes: two runs of the same code differ, each in itself steadily, because code and arrays lie elsewhere in
memory. Turns within one pair remove what the machine does meanwhile; only other pairs show what the placing does. So
the pair is the unit of analysis, and its ratio one number.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import statistics as middle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from actbench.core.errors import ActbenchError
from actbench.speed.commits.checkouts import Checkout
from actbench.speed.threads import VARIABLES

WORKER = Path(__file__).with_name("worker.py")
# Many short samples in place of few long ones: what disturbs a shared machine hits some of them, and the median is of
# the others. With samples of 3 ms, 7 at most, intervals were half as wide again.
SAMPLE = 0.0005  # seconds that a sample lasts at least: 1/500 of it is the clock's
BUDGET = 0.03  # seconds a side, case and pair
ROUNDS = (5, 60)  # samples a side, case and pair, at least and at most
PATIENCE = 300.0  # seconds for one answer; a cold cache compiles an epoch's loop in 15
DEATHS = 3  # pairs that may end before their time
THREADS = (*VARIABLES, "NUMBA_NUM_THREADS")


class NotMeasured(ActbenchError):
    """The request was right, and nothing can be said: exit status 3."""


class Died(Exception):
    """A worker ended, or had to be ended, before it answered."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One benchmark with its parameters."""

    benchmark: str
    names: tuple[str, ...]
    values: tuple[Any, ...]

    @property
    def parameters(self) -> str:
        """``name=relu, size=4096``."""
        return ", ".join(f"{name}={value}" for name, value in zip(self.names, self.values, strict=True))

    def __str__(self) -> str:
        return f"{self.benchmark}({self.parameters})"


@dataclass(kw_only=True)
class Samples:
    """What the pairs said of a case.

    Parameters
    ----------
    ratios
        Head's time over base's, one number a pair: the median over its rounds.
    base, head
        Seconds a call, the median of each pair.
    status, reason
        ``measured``, ``skipped`` (on both), ``new`` (skipped on base alone), or ``failed``, and why.
    """

    ratios: list[float] = field(default_factory=list)
    base: list[float] = field(default_factory=list)
    head: list[float] = field(default_factory=list)
    status: str = "measured"
    reason: str = ""


class Worker:
    """A process that times the code of one checkout."""

    def __init__(self, checkout: Checkout) -> None:
        before = os.environ.get("PYTHONPATH")
        environment = {
            **os.environ, **dict.fromkeys(THREADS, "1"),
            "PYTHONPATH": os.pathsep.join([str(checkout.path), *([before] if before else [])]),
        }  # fmt: skip
        self.checkout = checkout
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and program
            [sys.executable, "-P", str(WORKER)], env=environment, cwd=checkout.path, text=True, encoding="utf-8",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def ask(self, do: str, **order: Any) -> dict[str, Any]:
        """Give an order and wait for its answer."""
        to, back = _pipe(self._process.stdin), _pipe(self._process.stdout)
        alarm = threading.Timer(PATIENCE, self._process.kill)
        alarm.start()
        try:
            to.write(json.dumps({"do": do, **order}) + "\n")
            to.flush()
            line = back.readline()
        except OSError:
            line = ""
        finally:
            alarm.cancel()
        if not line:
            raise Died(f"the process ended with status {self._process.wait()}, or took over {PATIENCE:g} s")
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                _pipe(pipe).close()


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


@contextmanager
def workers(*pair: Checkout) -> Iterator[list[Worker]]:
    """A worker in each checkout, which is checked to time that checkout's code."""
    made: list[Worker] = []
    try:
        for checkout in pair:
            made.append(Worker(checkout))
        for worker in made:
            try:
                said = worker.ask("package")
            except Died as error:
                said = {"failed": str(error)}
            if "failed" in said:
                raise NotMeasured(f"cannot import actbench of {worker.checkout.name}: {said['failed']}")
            if Path(said["package"]).resolve().parent != worker.checkout.path.resolve():
                raise NotMeasured(
                    f"timed {said['package']}, not {worker.checkout.name}; start Python without -E and -I"
                )
        yield made
    finally:
        for worker in made:
            worker.close()


def cases(head: Checkout) -> list[Case]:
    """Every ``time_`` benchmark of a checkout with its parameters."""
    with workers(head) as (worker,):
        said = worker.ask("list")
    if "failed" in said:
        raise NotMeasured(f"the benchmarks do not import: {said['failed']}; see 'asv check'")
    return [
        Case(benchmark=one["benchmark"], names=tuple(one["names"]), values=tuple(one["values"]))
        for one in said["cases"]
    ]


def measure(
    base: Checkout, head: Checkout, chosen: Sequence[Case], *, pairs: int, advance: Callable[[int], None], seed: int = 0
) -> dict[Case, Samples]:
    """Samples of every case from several pairs of processes.

    Parameters
    ----------
    base, head
        What is compared.
    chosen
        The cases.
    pairs
        How many pairs of processes.
    advance
        Called with 1 after every case of every pair.
    seed
        Of the order of turns.
    """
    found = {case: Samples() for case in chosen}
    order = random.Random(seed)  # noqa: S311  an order, not a secret
    deaths = 0
    for _ in range(pairs):
        left = list(chosen)
        while left:
            with workers(base, head) as both:
                while left:
                    case = left.pop(0)
                    samples = found[case]
                    try:
                        if samples.status == "measured":
                            _one(both, case, samples, order)
                    except Died as error:
                        samples.status, samples.reason = "failed", str(error)
                        deaths += 1
                        if deaths > DEATHS:
                            raise NotMeasured(f"{deaths} processes died, the last in {case}: {error}") from None
                        break
                    finally:
                        advance(1)
    return found


def _one(both: list[Worker], case: Case, samples: Samples, order: random.Random) -> None:
    """One case in one pair: turns in random order, and the median of the ratios of neighbours."""
    key = str(case)
    said = [worker.ask("ready", case=key, benchmark=case.benchmark, values=case.values) for worker in both]
    for worker, one in zip(both, said, strict=True):
        if "failed" in one:
            samples.status, samples.reason = "failed", f"{worker.checkout.name}: {one['failed']}"
            return
    skipped = ["skipped" in one for one in said]
    if any(skipped):
        samples.status = "skipped" if all(skipped) else "new" if skipped[0] else "failed"
        samples.reason = next(one["skipped"] for one in said if "skipped" in one)
        return
    least = min(one["seconds"] for one in said)
    number = max(1, math.ceil(SAMPLE / max(least, 1e-7)))
    rounds = min(ROUNDS[1], max(ROUNDS[0], int(BUDGET / (number * max(least, 1e-7)))))
    times: list[list[float]] = [[], []]
    for _ in range(rounds):
        for side in order.sample((0, 1), 2):
            answer = both[side].ask("time", case=key, number=number, warm=least < SAMPLE)
            if "seconds" not in answer:
                samples.status, samples.reason = "failed", str(answer.get("failed") or answer.get("skipped"))
                return
            times[side].append(answer["seconds"])
    samples.ratios.append(middle.median(h / b for b, h in zip(*times, strict=True)))
    samples.base.append(middle.median(times[0]))
    samples.head.append(middle.median(times[1]))
