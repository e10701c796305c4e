"""Every request that cannot be meant is one line on stderr, exit status 2, and leaves nothing behind."""

from __future__ import annotations

import importlib.metadata
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actbench.cli import main
from actbench.implementations import libraries

FILES = {
    "good.py": "import numpy as np\n\ndef act(x):\n    return np.maximum(x, 0.0)\n",
    "broken.py": "def (:\n", "raises.py": "1 / 0\n", "exits.py": "raise SystemExit(0)\n", "empty.py": "",
    "noise.py": "\0\1\2", "file": "mine", "folder/thesis.tex": "mine",
}  # fmt: skip

# What is asked, and a word of the answer.
NAMES = """
show swsh | did you mean 'swish'
show ｒｅｌｕ | did you mean 'relu'
show 'relu ' extra | not understood
show '' | '' says nothing
show 𝐠𝐞𝐥𝐮 | did you mean
show relu:negative_slope=1 | negative_slope
show leaky_relu: | name:parameter=number
show leaky_relu:x=1 | negative_slope
show leaky_relu:negative_slope=x | name:parameter=number
show leaky_relu:negative_slope=nan | negative_slope
show leaky_relu:negative_slope=inf | negative_slope
show leaky_relu:negative_slope=0.1,negative_slope=0.2 | twice
show softmax:x=1 | softmax
show C99 | actbench list claims
show activity --dossier | activity
list frogs | is in none of
frobnicate | invalid choice
run | EXPERIMENT
run activty | did you mean 'activity'
run '' | '' says nothing
run activity --activation nothing | no activation
run activity --activation softmax | softmax
run activity --init hee | did you mean 'he'
run activity --bias wrong | known: own
run activity --data moon | known: normal
run convergence --optimiser adm | known: sgd
run convergence --norm batch | known: none
run panel --data mnist | known: digits
run cnn_activity --model resnet | known: cnn_max
run orientation --recipe none | known:
run orientation --start elsewhere | known:
run subgradient --precision float8 | known:
run accuracy --dtype int8 | known:
run accuracy --exhaustive --dtype float128 | known:
reproduce C99 | no ledger or claim
reproduce relu | no ledger or claim
reproduce '' | '' says nothing
reproduce C10 article extra | extra
reproduce --lang fr | invalid choice
compare nothing | no activation
compare relu gellu | did you mean 'gelu'
compare relu gelu --reference nothing | nothing
compare relu gelu --reference tanh | takes no part
compare softmax relu | along an axis
compare relu | alone is compared with nothing
compare gelu gelu --dry-run | alone is compared with nothing
compare relu gelu --reference '' | '' says nothing
bench relu --peers '' | '' says nothing
bench relu --peers= | '--peers=' says nothing
bench relu --peers none numpy | 'none' stands alone
bench relu --peers torch all | 'all' stands alone
list '' | '' says nothing
list claims ' ' | ' ' says nothing
list claims --sort verdictt | did you mean 'verdict'
audit '' | '' says nothing
audit good.py:act --like '' | '' says nothing
audit good.py:act --golden= | '--golden=' says nothing
audit good.py:act --lang zh --json | JSON is in English
identify '' | '' says nothing
export relu --out '' | '' says nothing
export '' | '' says nothing
theory '' | '' says nothing
vectors '' | '' says nothing
completion powershell | choose from
relu show | invalid choice
show relu gelu | not understood
vectors nothing | no activation
vectors softmx | softcap
vectors relu --dtype float128 | invalid choice
vectors relu --direction sideways | invalid choice
vectors relu --format xml | invalid choice
bench nothing | no activation
bench relu --dtype int8 | known: float32
bench relu --inputs strange | known: normal
bench relu --layout diagonal | known: contiguous
bench relu --direction sideways | known: forward
bench relu --device tpu | invalid choice
bench relu --peers nobody | nobody
report . --lang fr | invalid choice
"""
NUMBERS = """
run activity --depth -3 | whole number
run activity --depth 2.5 | whole number
run activity --depth x | x
run activity --depth 0 | whole number
run activity --depth 1e99 | whole number
run activity --depth nan | nan
run activity --depth 1_0 | write 10
run activity --depth １０ | write 10
run activity --net ٠:٨ | write 0
run throughput --rounds 5 | did you mean 'most_rounds'
audit good.py:act --max-ulp nan | no format can promise less
audit good.py:act --limit inf | number of seconds
bench --against HEAD --threshold inf | no factor above 1
theory relu --q nan | above 0
run activity --depth inf | inf
run activity --depth 999999999999999999999999 | whole number
run activity --width 0 | whole number
run activity --width 1e9 | whole number
run activity --net 1.5 | whole number from 0
run activity --net x | x
run activity --net -1 | whole number from 0
run activity --net 5:5 | empty
run activity --net 9:3 | empty
run activity --net 0:99999999999 | levels
run activity --net 0:1000000 --depth 1:100 | cells
run distribution --epochs 0.5 | whole number from 0
run activity --init critical:x | critical:x
run activity --init critical:-1 | critical:-1
run activity --init orthogonal:nan | orthogonal:nan
run activity --init he:2 | takes no number
run activity --bias constant:x | constant:x
run activity --bias normal:-1 | normal:-1
run activity --seed -1 | seed
run activity --seed x | no seed
run activity --seed 1.5 | no seed
run activity --seed 99999999999999999999 | no seed
run activity --workers 0 | 1 or more
run activity --workers 2 --scheduler tcp://h:1 | not with --workers
run activity --scheduler tcp://h:1 --workers 2 | not with --scheduler
run activity --scheduler h:1 | tcp://HOST:8786
run activity --workers -1 | 1 or more
run activity --workers x | 1 or more
run activity --workers 1000000 | up to
run convergence --rate -1 | above 0
run convergence --rate x | rate
run convergence --rate 0 | above 0
run overfitting --noise 2 | from 0 to 1
run neuron --noise -1 | from 0 on
run neuron --noise inf | from 0 on
run neuron --neuron 0.5 | whole number
run throughput --size 2^9999999999 | whole number
run throughput --size 0 | 2^20
run throughput --size 2^ | 2^20
run throughput --threads 0 | threads
reproduce --workers 0 | 1 or more
reproduce --seed x | no seed
compare relu gelu --data mine.csv | data of your own (X, y)
compare relu gelu --limit 0 | seconds above 0
compare relu gelu --limit -1 | seconds above 0
compare relu gelu --limit nan | seconds above 0
compare relu gelu --limit x | invalid float
compare relu gelu --workers 0 | 1 or more
compare --false-alarms -3 | give 1 to 100
compare --false-alarms x | invalid int
vectors relu --count -1 | count
vectors relu --count x | invalid int
vectors relu --count 99999999999 | count
bench relu --size -5 | 2^20
bench relu --size x | 2^20
bench relu --size 2^9999999999 | 2^20
bench relu --size 2^99 | 2^20
bench relu --threads 0 | threads
bench relu --threads 9999 | threads
bench relu --rounds 0 | rounds
bench relu --rounds -1 | rounds
bench --against HEAD --threshold x | invalid float
"""
PLACES = """
show nowhere.py:act | no file
show good.py | names no object
show good.py: | names no object
show folder:act | act
show good.py:a-b | no name of an object
reproduce nowhere.py | no file
reproduce broken.py | broken.py
reproduce raises.py | ZeroDivisionError
reproduce exits.py | SystemExit
reproduce empty.py | no claim
reproduce noise.py | noise.py
reproduce folder | no ledger or claim
reproduce C10 --out file | is a file
reproduce C10 --out folder | other things than a run
run activity --out file | is a file
run activity --out folder | other things than a run
run activity --out /proc/nothing | another --out
run activity --out /dev/null/x | another --out
run activity --out '' | names no folder
run activity --out a\0b | another --out
compare nowhere.py:act relu | no file
compare relu good.py | names no object
report nowhere | no run
report file | is a file
report folder | no run.json
audit good.py:act --html folder | is a folder
audit good.py:act --sarif folder | is a folder
export relu --out folder | ends in .h
report '' | '' says nothing
report . --out x | asv's results
"""
IDLE = """
list --quick | not understood
list activations claims | is in none of
show relu --workers 3 | --workers: for 'show --dossier' alone
show relu --seed 3 | --seed
show relu --quick --fresh | --quick, --fresh
show C10 --out x | --out
run activity relu | give levels after a factor
run activity --depht 3 | did you mean 'depth'
run activity --depth | has no level
run activity --=3 | ambiguous option
run activity --exhaustive | for accuracy
run activity --lang zh | factor
reproduce C10 --depth 3 | not understood
compare | nothing to compare
compare relu gelu --false-alarms 4 | leave relu gelu away
compare --false-alarms 4 --dossier | --dossier
compare --false-alarms 4 --budget 3 | --budget
theory relu --out x | for --table and --figure
theory --table --json | of named functions
theory --table --q 2 | of named functions
compare --false-alarms 4 --quick --out x | --out, --quick
compare --false-alarms 0 | give 1 to 100
bench relu --workers 2 | not understood
bench relu --threshold 1.2 | for --against alone
bench relu --benchmark x | for --against alone
bench --against HEAD --size 2^20 | --size
bench --against HEAD --quick | --quick
bench --against | expected one argument
doctor extra | not understood
doctor --seed 1 | not understood
"""
REQUESTS = [line.rsplit(" | ", 1) for part in (NAMES, NUMBERS, PLACES, IDLE) for line in part.strip().splitlines()]


def refused(asked: str, said: str, capsys: Any) -> None:
    here = {*Path().rglob("*")}
    try:
        status: Any = main([word.replace("\\0", "\0") for word in shlex.split(asked.replace("\0", "\\\\0"))])
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    assert status == 2
    assert captured.err.startswith("actbench: ")
    assert captured.err.count("\n") == 1
    assert said.strip() in captured.err
    assert captured.out == ""
    assert {*Path().rglob("*")} == here


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    (tmp_path / "folder").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)


def test_the_table_is_long() -> None:
    assert len(REQUESTS) == len({asked for asked, _ in REQUESTS}) >= 80


@pytest.mark.parametrize(("asked", "said"), REQUESTS, ids=[asked for asked, _ in REQUESTS])
def test_a_wrong_request_is_one_line_and_leaves_nothing(asked: str, said: str, capsys: Any) -> None:
    refused(asked, said, capsys)


@pytest.mark.parametrize("out", [[], ["--out", "new"]])
def test_who_is_left_without_anybody_to_compare_with_leaves_nothing(out: list[str], capsys: Any) -> None:
    here = {*Path().rglob("*")}
    assert main(["compare", "relu", "good.py:nothing", *out]) == 2
    assert "good.py:nothing: no object named 'nothing'" in capsys.readouterr().err.splitlines()[-1]
    assert {*Path().rglob("*")} == here


def test_what_is_not_installed_is_said_before_anything_is_measured(monkeypatch: Any, capsys: Any) -> None:
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", absent)
    refused("run torch_panel", "pip install torch", capsys)


def test_a_peer_that_is_not_installed_is_refused_where_it_is_named(monkeypatch: Any, capsys: Any) -> None:
    installed = libraries.libraries()
    without = {**installed, "torch": replace(installed["torch"], installed=lambda: None)}
    monkeypatch.setattr(libraries, "libraries", lambda: without)
    for asked in ("bench relu --quick --peers torch", "run throughput --peers numpy,torch"):
        refused(asked, "peer torch is not installed; known here: ", capsys)
    assert main(["bench", "relu", "--quick", "--dry-run"]) == 0  # all that there are


GOOD = {
    "NUM_THREADS": "4", "THREADING_LAYER": "omp", "THREADING_LAYER_PRIORITY": "omp tbb workqueue",
    "CPU_FEATURES": "+avx2,-avx512f",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "told"),
    [
        *(("NUM_THREADS", threads) for threads in ("0", "-1", "x", "1.5")), ("THREADING_LAYER", "frog"),
        ("THREADING_LAYER_PRIORITY", "omp tbb"), ("CPU_FEATURES", "avx2"), ("CPU_FEATURES", "+avx2,"),
    ],
)  # fmt: skip
def test_what_numba_would_refuse_amid_the_work_is_refused_before(
    name: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv(f"NUMBA_{name}", told)
    refused("bench relu --quick", f"NUMBA_{name}={told!r} cannot be used", capsys)
    monkeypatch.setenv(f"NUMBA_{name}", GOOD[name])
    assert main(["show", "relu"]) == 0


@pytest.mark.parametrize("content", [b"cache_dir: .", b"\xff"])
@pytest.mark.parametrize("name", [".numba_config.yaml", "matplotlibrc"])
def test_settings_that_lie_in_the_folder_steer_nothing(name: str, content: bytes, capsys: Any) -> None:
    Path(name).write_bytes(content)
    if name == "matplotlibrc" and content != b"\xff":  # a figure's theme is the whole of its settings
        assert main(["show", "relu"]) == 0
    else:
        refused("show relu", f"{name} in this folder", capsys)
