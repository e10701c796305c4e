"""What a terminal, a service, a disk or a hasty person may do to a command: a line and a status, never a trace."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import actbench.experiments  # noqa: F401  before another file's test sets the registry aside
from actbench.cli import main
from tools.faults import unsteady_clock

ACTBENCH = f"{sys.executable} -m actbench"
RUN = f"{ACTBENCH} run neuron --noise 0.0 --workers 1"
posix = pytest.mark.skipif(os.name != "posix", reason="a shell's redirections")


def shell(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, timeout=100, cwd=folder,
        env={**os.environ, **environment}, errors="replace",
    )  # fmt: skip


@posix
@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        (f"{ACTBENCH} list > /dev/full", 2, "No space left on device"),
        (f"{ACTBENCH} list --json >&-", 0, ""),
        (f"{ACTBENCH} list <&- >&- 2>&-", 0, ""),
        (f"{ACTBENCH} list frogs 2>&-", 2, ""),
        (f"{ACTBENCH} list frogs 2> /dev/full", 2, ""),
        (f"set -o pipefail; {ACTBENCH} list claims --json | head -1", 0, ""),
        (f"{RUN} --neuron 0 --out a 2> /dev/full", 0, ""),
        (f"{RUN} --neuron 0 --out b >&- 2>&-", 0, ""),
        (f"ulimit -f 0; {RUN} --neuron 0 --out c", 2, "actbench: "),
        (f"ulimit -f 40; {RUN} --neuron 0:60 --out d", 2, "cannot use the store d/cells.sqlite"),  # full on the way
        (f"ulimit -n 16; {RUN} --neuron 0 --out e", 0, ""),
    ],
)
def test_a_closed_or_full_output_is_a_line_at_most(line: str, status: int, said: str, tmp_path: Path) -> None:
    done = shell(line, tmp_path)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.stderr.count("\n") <= 4  # two lines of progress
    assert said in done.stderr


@posix
@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "cp1252"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"MPLBACKEND": "frog"}, {"COLUMNS": "0"},
    ],
)  # fmt: skip
def test_an_encoding_that_lacks_a_letter_is_met_with_another(environment: dict[str, str], tmp_path: Path) -> None:
    done = shell(f"{ACTBENCH} show C10 && {ACTBENCH} list", tmp_path, **environment)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@posix
def test_modules_that_lie_in_the_folder_are_not_run(tmp_path: Path) -> None:
    """The Pythons that libraries start would find them first: a plug-in may be called json.py."""
    for name in ("json", "pickle", "struct", "random", "numpy", "joblib", "relu"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'a').write(__name__)\n")
    line = RUN.replace("-m", "-P -m").replace("workers 1", "workers 2")
    done = shell(f"{line} --neuron 0:20 --out run", tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
@posix
def test_a_run_that_is_stopped_for_a_while_writes_the_same_bytes(tmp_path: Path) -> None:
    words = [*RUN.replace("workers 1", "workers 2").split(), "--neuron", "0:200", "--out"]
    with subprocess.Popen([*words, "stopped"], cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        process.stderr.readline()  # at work
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        process.send_signal(signal.SIGCONT)
        assert "Traceback" not in process.communicate(timeout=100)[1]
        assert process.returncode == 0
    subprocess.run([*words, "straight"], cwd=tmp_path, check=True, capture_output=True)
    stopped, straight = ((tmp_path / name / "data" / "neuron.csv").read_bytes() for name in ("stopped", "straight"))
    assert stopped == straight


@pytest.fixture(scope="module")
def unsteady(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of children whose wall clock is set by hours, forth and back, three times a second."""
    environment = unsteady_clock(tmp_path_factory.mktemp("clock"))
    if not environment:
        pytest.skip("the clock is set by a preloaded library: Linux and a C compiler")
    steps = "import time; a = time.time(); time.sleep(0.35); print(abs(time.time() - a) > 3600)"
    done = subprocess.run([sys.executable, "-c", steps], env=os.environ | environment, capture_output=True, text=True)
    assert done.stdout.strip() == "True"
    return environment


@pytest.mark.slow
def test_a_clock_that_is_set_by_hours_costs_nothing(unsteady: dict[str, str], tmp_path: Path) -> None:
    line = RUN.replace("workers 1", "workers 2") + " --neuron 0:30"
    begun = time.monotonic()
    done = shell(f"{line} --out stepped", tmp_path, **unsteady)
    spent = time.monotonic() - begun
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    for minutes, seconds in re.findall(r"(?:in|about) (?:(-?\d+) min )?(-?[\d.]+) s", done.stderr):
        assert 0 <= 60 * float(minutes or 0) + float(seconds) <= max(20 * spent, 100)
    assert shell(f"{line} --out straight", tmp_path).returncode == 0
    stepped, straight = ((tmp_path / name / "data" / "neuron.csv").read_bytes() for name in ("stepped", "straight"))
    assert stepped == straight


@pytest.mark.slow
def test_limits_of_time_are_not_of_the_wall_clock(unsteady: dict[str, str], tmp_path: Path) -> None:
    """One that is right is not ended early, one that hangs is ended."""
    (tmp_path / "work.py").write_text("def relu(x):\n    return x * (x > 0)\ndef hangs(x):\n    while True: pass\n")
    line = f"{ACTBENCH} audit work.py --like relu --dtype float32 --count 50 --limit 6"
    done = shell(line, tmp_path, **unsteady)
    assert done.returncode == 1, done.stderr
    assert "does not return within 6 s" in done.stdout
    assert done.stdout.count("within 6 s") == 1


@pytest.mark.slow
@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_run_in_one_line_and_keeps_what_is_finished(number: int, tmp_path: Path) -> None:
    # More neurons than can be finished meanwhile; the handler of a shell's background job is not ours.
    command = [*RUN.split(), "--neuron", "0:4000", "--out", "run"]
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stderr is not None
            process.stderr.readline()
            time.sleep(0.5)
            os.killpg(process.pid, number)
            said = process.stderr.read()
            assert process.wait(60) == 130, said
        finally:
            process.kill()
    assert "Traceback" not in said
    assert "the same command goes on from there" in said
    assert json.loads((tmp_path / "run" / "run.json").read_text())["finished"] is None


@pytest.mark.parametrize("words", [["run", "activity", "--quick"], ["reproduce", "C10", "C21", "--quick"]])
def test_an_interrupt_before_the_first_cell_is_no_trace(
    words: list[str], tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("actbench.runs.runner.compute_here", interrupted)
    assert main([*words, "--workers", "1", "--out", str(tmp_path / "run")]) == 130
    assert "goes on from there" in capsys.readouterr().err
    assert (tmp_path / "run" / "run.json").exists()
