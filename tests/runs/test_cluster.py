"""A cluster gives the bytes of one process; workers may die, and who would give other bytes is refused in a line."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actbench.core.errors import ActbenchError
from actbench.runs import cluster, provenance
from actbench.runs.experiment import EXPERIMENTS
from actbench.runs.modules import load
from actbench.runs.runner import Result, run

pytest.importorskip("distributed", reason="dask is an extra")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # dask's sockets of a scheduler that was killed
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:distributed"),
]

TOYS = '''
import os, time
from actbench.core.streams import stream
from actbench.runs.experiment import experiment

@experiment(grid={"word": ["a", "b"], "net": range(40)}, columns={"value": "v"}, batch="net")
def cluster_toy(*, word, net):
    """What does a network answer?"""
    for n in net:
        time.sleep(0.01)
        yield {"net": n, "value": float(stream("v", word, n).standard_normal())}

@experiment(grid={"i": range(9)}, columns={"value": "v"})
def cluster_killer(*, i):
    """Who dies?"""
    if i == 5:
        os._exit(7)
    yield {"value": i / 8}
'''


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A file of small experiments: workers get it by content."""
    (path := tmp_path_factory.mktemp("toys") / "cluster_toys.py").write_text(TOYS)
    with EXPERIMENTS.temporary():
        load([str(path)])
        yield str(path)


def _dask(kind: str, *words: str) -> subprocess.Popen[bytes]:
    # a killed worker is not tried elsewhere: three more deaths would take ten seconds
    quick = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0", "PYTHONPATH": str(provenance.PACKAGE.parent)}
    return subprocess.Popen(
        [sys.executable, "-m", "dask", kind, *words, "--no-dashboard"],
        env=os.environ | quick, cwd=Path(sys.prefix), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler's address; its process and those of two workers."""
    file = tmp_path / "scheduler.json"
    where = ["--scheduler-file", str(file)]
    started = [_dask("scheduler", "--host", "127.0.0.1", "--port", "0", *where)]
    started += [_dask("worker", *where, "--nthreads", "1", "--local-directory", str(tmp_path)) for _ in range(2)]
    try:
        _until(file.exists)
        import json

        address = json.loads(file.read_text())["address"]
        from distributed import Client

        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield address, started
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until(there: Callable[[], bool], limit: float = 60.0) -> None:
    end = time.monotonic() + limit
    while not there():
        assert time.monotonic() < end
        time.sleep(0.05)


def go(name: str, toys: str, **options: Any) -> Result:
    return run(name, modules=[toys], progress=False, **options)


def test_a_cluster_gives_the_bytes_of_one_process_whoever_dies(crew, toys, tmp_path, monkeypatch):
    address, (scheduler, one, _) = crew
    straight = go("cluster_toy", toys).frame.to_csv()
    assert go("cluster_toy", toys, workers=address).frame.to_csv() == straight

    died = go("cluster_killer", toys, workers=address)
    assert died.failures["i"].tolist() == [5]
    assert died.failures["reason"].tolist() == ["killed its worker"]
    assert died.frame["value"].tolist() == [i / 8 for i in range(9) if i != 5]

    kept = cluster.kept

    def after(what: subprocess.Popen[bytes]) -> None:
        """End a process when the first chunk has come back."""

        def keep(*given):
            monkeypatch.setattr(cluster, "kept", kept)
            what.terminate()
            return kept(*given)

        monkeypatch.setattr(cluster, "kept", keep)

    after(one)
    assert go("cluster_toy", toys, workers=address).frame.to_csv() == straight

    with monkeypatch.context() as other:
        other.setattr(provenance, "blas", lambda: "another 0.1")
        with pytest.raises(ActbenchError, match=r"worker .* would give other bytes \(blas .* for another 0.1\)"):
            go("cluster_toy", toys, workers=address)

    after(scheduler)
    with pytest.raises(ActbenchError, match="went away; finished cells are kept"):
        go("cluster_toy", toys, workers=address, store=tmp_path / "store")
    resumed = go("cluster_toy", toys, store=tmp_path / "store")
    assert resumed.reused > 0
    assert resumed.frame.to_csv() == straight


def test_who_does_not_answer_is_one_line(toys, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT", 0.5)
    with pytest.raises(
        ActbenchError, match=r"no scheduler answers at tcp://127.0.0.1:9; start one with `dask scheduler`"
    ):
        go("cluster_toy", toys, workers="tcp://127.0.0.1:9")
    with pytest.raises(ActbenchError, match="or the address of a scheduler such as"):
        go("cluster_toy", toys, workers="127.0.0.1:9")
