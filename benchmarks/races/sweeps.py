"""What a sweep costs: the store and the runner at 10^5 and 10^6 cells, and workers beside raw joblib and raw dask.

Each measurement in a process of its own, seconds of the clock and of the processor: on a machine that has other work
the second is the one to read.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from actbench.runs.experiment import EXPERIMENTS
from actbench.runs.modules import load
from actbench.runs.runner import run
from actbench.runs.store import Store

SECONDS = {"trivial": 0.0, "busy": 0.005}  # of a cell
DASK = {"trivial": 10, "busy": 1}  # raw dask takes 1 ms a cell, its rate is found with so many times fewer of them
HERE = str(Path(__file__).resolve().with_name("sweep_cells.py"))


def raw(seconds: float, i: int) -> float:
    """The same work as a plain function, for joblib and dask."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass
    return i / 7


def go(name: str, count: int, **options: Any) -> Any:
    """Run so many cells."""
    load([HERE])  # not as this module is imported: dask's workers import it too, and get the file by its content
    return run(name, EXPERIMENTS[name].cells(i=range(count)), modules=[HERE], progress=False, **options)


def timed(action: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of the clock, and of this process."""
    clock, own = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - clock, time.process_time() - own


def engine(count: int) -> dict[str, float]:
    """One process: a first run into a store, the same again from it, memory, one look-up."""
    with tempfile.TemporaryDirectory() as folder:
        go("trivial", 10, store=f"{folder}/first")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        first, own = timed(lambda: go("trivial", count, store=f"{folder}/store"))
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        again, again_own = timed(lambda: go("trivial", count, store=f"{folder}/store"))
        with Store(f"{folder}/store") as store:
            keys = [row[1] for some in store._rows(0) for row in some][:: max(count // 20_000, 1)]
            store.get(keys[0])
            _, look_up = timed(lambda: [store.get(key) for key in keys])
        size = Path(f"{folder}/store").stat().st_size
    with tempfile.TemporaryDirectory() as folder, Store(f"{folder}/store") as store:
        rows = [(key, '{"value":[0.14285714285714285]}') for key in keys]
        parts = [rows[k : k + 4000] for k in range(0, len(rows), 4000)]
        _, stored = timed(lambda: [store.put(some) for some in parts])
    return {
        "us a cell": 1e6 * first / count, "us a cell, processor": 1e6 * own / count,
        "us a cell stored, processor": 1e6 * stored / len(keys), "s to open again": again,
        "s to open again, processor": again_own, "us a look-up, processor": 1e6 * look_up / len(keys),
        "MB grown": grown, "bytes a cell on disk": size / count,
    }  # fmt: skip


def spread(name: str, count: int, workers: int, rounds: int) -> dict[str, Any]:
    """Cells a second of our workers, raw joblib, our cluster and raw dask, in turn in each round."""
    from distributed import Client, LocalCluster
    from joblib import Parallel, delayed

    found: dict[str, list[float]] = {}
    fewer = count // DASK[name]
    local = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
    with local as cluster, Client(cluster) as client:
        address = cluster.scheduler_address
        pool = Parallel(n_jobs=workers)
        raced = {
            "actbench --workers": lambda: go(name, count, workers=workers),
            "joblib": lambda: pool(delayed(raw)(SECONDS[name], i) for i in range(count)),
            "actbench --scheduler": lambda: go(name, count, workers=address),
            "dask": lambda: client.gather(client.map(raw, [SECONDS[name]] * fewer, range(fewer), pure=False)),
        }
        for action in raced.values():
            action()
        for _ in range(rounds):
            for what, action in raced.items():
                found.setdefault(what, []).append((fewer if what == "dask" else count) / timed(action)[0])
    rates = {what: statistics.median(each) for what, each in found.items()}
    ratios = {
        f"{ours} / {theirs}": [a / b for a, b in zip(found[ours], found[theirs], strict=True)]
        for ours, theirs in (("actbench --workers", "joblib"), ("actbench --scheduler", "dask"))
    }
    return {"cells a second": rates, "cells of dask": fewer} | {
        name: {"median": statistics.median(each), "low": min(each), "high": max(each)} for name, each in ratios.items()
    }


def main() -> None:
    """Measure, and print JSON a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, nargs="*", default=[10**5, 10**6], help="of the store and runner")
    parser.add_argument("--spread", nargs="*", default=["busy", "trivial"], choices=[*SECONDS])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of work for each contender in a round")
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        kind, *rest = options.one
        found = engine(int(rest[0])) if kind == "engine" else spread(rest[0], *map(int, rest[1:]))
        print(json.dumps({k: round(v, 2) if isinstance(v, float) else v for k, v in found.items()}))
        return
    asked = [["engine", str(count)] for count in options.cells]
    for name in options.spread:
        for workers in (1, 2):
            cell = max(SECONDS[name], 2e-4)
            asked.append(["spread", name, *map(str, (int(options.seconds * workers / cell), workers, options.rounds))])
    for words in asked:
        command = [sys.executable, "-m", "benchmarks.races.sweeps", "--one", *words]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  ourselves
        print(" ".join(words), done.stdout.strip(), flush=True)


if __name__ == "__main__":
    main()
