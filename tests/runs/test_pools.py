"""Workers that the system does not let begin end a run in one line; nobody waits for what cannot come."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LIMITED = """
import sys, threading
from joblib.externals.loky.backend import fork_exec as starter
from actbench.cli import main

def limited(action, most, error):
    met = []
    def instead(*given, **named):
        met.append(given)
        if len(met) > most:
            raise error
        return action(*given, **named)
    return instead

threads, processes = map(int, sys.argv[1:3])
threading.Thread.start = limited(threading.Thread.start, threads, RuntimeError("can't start new thread"))
starter.fork_exec = limited(starter.fork_exec, processes, BlockingIOError(11, "Resource temporarily unavailable"))
sys.exit(main("run neuron --noise 0.0 --neuron 0:4 --workers 2 --out run".split()))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="processes are started otherwise")
@pytest.mark.parametrize(
    ("threads", "processes", "status", "said"),
    [
        (0, 9, 3, "no further thread"),  # that of progress
        (1, 9, 3, "no further thread"),  # that which looks after workers
        (2, 9, 2, "cannot be looked after"),  # that which hands them their cells, started by the one before
        (9, 0, 2, "Resource temporarily unavailable"),
    ],
)
def test_what_cannot_be_started_ends_the_run_in_one_line(
    threads: int, processes: int, status: int, said: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(threads), str(processes)],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads((tmp_path / "run" / "run.json").read_text())["finished"] is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits that hold")
@pytest.mark.parametrize("kib", [200_000, 300_000, 1_000_000])
def test_too_little_memory_for_the_libraries_is_said_before_anything_is_done(kib: int, tmp_path: Path) -> None:
    line = f"ulimit -v {kib}; exec {sys.executable} -m actbench run neuron --workers 2 --out run"
    few = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    # NumPy itself, before anything of ours, takes 40 MB a core else.
    done = subprocess.run(
        ["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=300,
        env={**few, "OPENBLAS_NUM_THREADS": "2"},
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"actbench: a process may use {kib >> 10} MiB of memory here")
    assert done.stderr.count("\n") == 1
    assert [*tmp_path.iterdir()] == []
