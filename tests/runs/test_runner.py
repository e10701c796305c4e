"""The runner: one frame, byte for byte, whatever the workers, the order, the interruptions and the deaths."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actbench.core.errors import ActbenchError
from actbench.runs.experiment import EXPERIMENTS
from actbench.runs.modules import load
from actbench.runs.runner import Result, run
from actbench.runs.workers import pinned

TOYS = '''
import os, time
import numpy as np
from actbench.runs.experiment import experiment
from actbench.core.streams import stream

@experiment(
    grid={"word": ["a", "b"], "depth": [1, 3], "net": range(11)},
    columns={"layer": "from 1", "mean": "of tanh", "label": "text", "positive": "count", "never": "not yielded"},
    batch="net",
)
def toy(*, word, depth, net):
    """What does a small network answer?"""
    assert isinstance(net, tuple)
    for n in net:
        x, w = stream("x").standard_normal((32, 48)), stream("weights", n, depth).standard_normal((48, 48))
        for layer in range(1, depth + 1):
            x = np.tanh(x @ w)
            label = {"label": f"{word}={layer}"} if layer != 2 else {}
            yield {"net": np.int64(n), "layer": layer, "mean": x.mean(), "positive": np.sum(x > 0), **label}

@experiment(grid={"i": range(8)}, columns={"value": "v"}, batch="i")
def who_shares(*, i):
    """Which levels come in one call?"""
    for level in i:
        yield {"i": level, "value": ",".join(map(str, i))}

@experiment(grid={"i": range(60)}, columns={"value": "v"})
def slow(*, i):
    """What does a cell of 25 ms answer?"""
    time.sleep(0.025)
    yield {"value": float(stream("v", i).standard_normal())}

@experiment(grid={"i": range(24)}, columns={"value": "v"}, batch="i")
def partly(*, i):
    """What remains where some cells fail?"""
    if 5 in i:
        raise ValueError("five\\nis too much")
    for level in i:
        if level == 13:
            exit("thirteen")
        yield {"i": level, "value": level / 8}

@experiment(grid={"i": range(30)}, columns={"value": "v"})
def killer(*, i):
    """Who dies?"""
    if i == 17:
        os._exit(7)
    yield {"value": i / 8}

@experiment(grid={"i": [1]}, columns={"value": "v"})
def undeclared(*, i):
    """What is not declared?"""
    yield {"value": 1.0, "vaule": 2.0}

@experiment(grid={"i": [1, 2]}, columns={"value": "v"}, batch="i")
def nobody(*, i):
    """Whose row is this?"""
    yield {"value": 1.0}

@experiment(grid={"i": [1]}, columns={"value": "v"})
def array(*, i):
    """What is no scalar?"""
    yield {"value": np.zeros(3)}

@experiment(grid={"i": [1]}, columns={"value": "v"})
def no_row(*, i):
    """What is no row?"""
    yield 3

@experiment(grid={"i": range(3)}, columns={"z": "1", "a": "2"})
def odd_floats(*, i):
    """Do the odd floats arrive?"""
    yield {"z": [-0.0, np.inf, -np.nan][i], "a": [np.float32(0.1), 5e-324, None][i]}

@experiment(grid={"i": range(6)}, columns={"process": "id", "order": "n"}, exclusive=True)
def timed(*, i):
    """Where and when does a timing run?"""
    CALLS.append(i)
    yield {"process": os.getpid(), "order": len(CALLS)}

CALLS = []
'''

SCRIPT = """
import sys
from actbench.runs.runner import run
if __name__ == "__main__":
    name, toys, store, workers, out = sys.argv[1:]
    result = run(name, modules=[toys], store=store, workers=int(workers))
    open(out, "w").write(result.frame.to_csv())
    sys.exit(130 if result.interrupted else 0)
"""


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A file of small experiments, registered while the tests of this module run."""
    (path := tmp_path_factory.mktemp("toys") / "toys.py").write_text(TOYS)
    with EXPERIMENTS.temporary():
        load([str(path)])
        yield str(path)


def go(name: str, toys: str, **options: Any) -> Result:
    return run(name, options.pop("cells", None), modules=[toys], progress=False, **options)


def csv(result: Result) -> str:
    return result.frame.to_csv()


@pytest.fixture(scope="module")
def straight(toys: str) -> str:
    """What one worker computes in one go."""
    return csv(go("toy", toys))


def test_factors_stand_first_and_rows_follow_cells_then_yield(toys: str) -> None:
    result = go("toy", toys)
    frame = result.frame
    assert [*frame.columns] == ["word", "depth", "net", "layer", "mean", "label", "positive", "never"]
    assert [str(frame[name].dtype) for name in ("depth", "net", "layer", "mean", "positive", "never")] == [
        "int64", "int64", "int64", "float64", "int64", "float64",
    ]  # fmt: skip
    cells = product("ab", (1, 3), range(11))
    expected = [(*cell, layer) for cell in cells for layer in range(1, cell[1] + 1)]
    assert [*frame[["word", "depth", "net", "layer"]].itertuples(index=False, name=None)] == expected
    assert frame["label"].isna().tolist() == (frame["layer"] == 2).tolist()
    assert (result.computed, result.reused, len(result.failures), result.interrupted) == (44, 0, 0, False)


@pytest.mark.parametrize("block", [1, 3, 8, 100])
def test_who_shares_a_block_changes_no_byte(block: int, toys: str, straight: str) -> None:
    assert csv(go("toy", toys, block=block)) == straight


def test_workers_change_no_byte(toys: str, straight: str) -> None:
    assert csv(go("toy", toys, workers=2)) == straight
    assert csv(go("toy", toys, workers=2, block=1)) == straight


def test_a_resumed_run_gives_the_same_bytes_and_computes_only_what_is_missing(
    toys: str, straight: str, tmp_path: Path
) -> None:
    cells = EXPERIMENTS["toy"].cells()
    first = go("toy", toys, cells=cells[5:17:2], store=tmp_path / "s", workers=2)
    assert (first.computed, first.reused) == (6, 0)
    second = go("toy", toys, store=tmp_path / "s")
    assert (second.computed, second.reused) == (38, 6)
    third = go("toy", toys, store=tmp_path / "s", workers=2)
    assert (third.computed, third.reused) == (0, 44)
    assert csv(second) == csv(third) == straight


def test_added_cells_change_no_number(toys: str) -> None:
    experiment = EXPERIMENTS["toy"]
    few = go("toy", toys, cells=experiment.cells(net=range(3, 6), depth=[3])).frame
    many = go("toy", toys, cells=experiment.cells(net=range(20), depth=[9, 3])).frame
    both = many[(many["depth"] == 3) & many["net"].isin([3, 4, 5])]
    assert both.to_csv(index=False) == few.to_csv(index=False)


def test_the_order_of_cells_orders_rows_and_repeated_cells_count_once(toys: str) -> None:
    cells = [{"i": np.int64(2)}, {"i": 1}, {"i": 2}]
    assert go("slow", toys, cells=cells).frame["i"].tolist() == [2, 1]


def test_blocks_are_aligned_and_hold_the_missing_cells_only(toys: str, tmp_path: Path) -> None:
    share = go("who_shares", toys, cells=[{"i": i} for i in (9, 1, 6, 8, 30)]).frame.set_index("i")["value"]
    assert share.to_dict() == {9: "8,9", 1: "1,6", 6: "1,6", 8: "8,9", 30: "30"}
    go("who_shares", toys, cells=[{"i": 2}, {"i": 5}], store=tmp_path / "s")
    rest = go("who_shares", toys, store=tmp_path / "s").frame.set_index("i")["value"]
    assert rest[2] == "2,5"
    assert rest[0] == "0,1,3,4,6,7"


def test_the_master_seed_moves_numbers_and_is_in_the_key(toys: str, straight: str, tmp_path: Path) -> None:
    one = go("toy", toys, seed=1, store=tmp_path / "s")
    assert csv(one) != straight
    zero = go("toy", toys, store=tmp_path / "s")
    assert (zero.reused, csv(zero)) == (0, straight)
    assert csv(go("toy", toys, seed=1, workers=2)) == csv(one)


def test_odd_floats_arrive_bit_by_bit_whether_stored_or_not(toys: str, tmp_path: Path) -> None:
    fresh, stored = (go("odd_floats", toys, store=tmp_path / "s").frame for _ in range(2))
    expected = {"z": [-0.0, np.inf, -np.nan], "a": [float(np.float32(0.1)), 5e-324, np.nan]}
    for frame in (fresh, stored, go("odd_floats", toys, workers=2).frame):
        assert [*frame.columns] == ["i", "z", "a"]
        for name, values in expected.items():
            assert frame[name].to_numpy().tobytes() == np.array(values).tobytes()


def test_a_failing_cell_is_a_row_with_its_reason_and_fails_alone(toys: str, tmp_path: Path) -> None:
    for workers in (1, 2):
        result = go("partly", toys, workers=workers, store=tmp_path / "s")
        assert result.failures.to_dict("list") == {
            "i": [5, 13],
            "reason": ["ValueError: five is too much", "SystemExit: thirteen"],
        }
        assert result.frame["i"].tolist() == [i for i in range(24) if i not in (5, 13)]
    assert (result.computed, result.reused) == (0, 22), "failures are tried again, what finished is not"


@pytest.mark.slow
def test_a_cell_that_kills_its_worker_is_named_and_the_rest_survives(toys: str, tmp_path: Path) -> None:
    result = go("killer", toys, workers=2, store=tmp_path / "s")
    assert result.failures["i"].tolist() == [17]
    assert result.failures["reason"].str.startswith("killed its worker").all()
    assert result.frame["value"].tolist() == [i / 8 for i in range(30) if i != 17]


@pytest.mark.slow
def test_workers_that_cannot_begin_are_one_line_and_no_cell_is_blamed(tmp_path: Path, monkeypatch: Any) -> None:
    (file := tmp_path / "dies.py").write_text(
        "import os\nfrom actbench.runs.experiment import experiment\n"
        "if 'TOY_DIES' in os.environ:\n    os._exit(9)\n"
        '@experiment(grid={"i": range(99)}, columns={"v": "v"})\n'
        'def hopeless(*, i):\n    """Who?"""\n    yield {"v": i}'
    )
    with EXPERIMENTS.temporary():
        load([str(file)])
        monkeypatch.setenv("TOY_DIES", "1")
        with pytest.raises(ActbenchError, match="workers end before they compute anything"):
            run("hopeless", modules=[str(file)], workers=2, progress=False)


def test_joblib_of_the_same_process_is_left_alone(toys: str, straight: str) -> None:
    from joblib import Parallel, delayed

    assert csv(go("toy", toys, workers=2)) == straight
    assert Parallel(n_jobs=2)(delayed(abs)(-i) for i in range(4)) == [0, 1, 2, 3]
    assert csv(go("toy", toys, workers=2)) == straight


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found in /proc")
def test_stopped_workers_cost_time_and_an_interrupt_ends_them(toys: str, tmp_path: Path) -> None:
    running = child(toys, tmp_path, "slow", 2)
    wait_for_cells(running, tmp_path / "s", 4)
    started = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    workers = [int(pid) for pid in started if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(workers) == 2
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    os.kill(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in said


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("undeclared", "yields 'vaule', which is not declared.*value"),
        ("nobody", "a row without 'i'"),
        ("array", "array: value is a ndarray; give a number"),
        ("no_row", "yields a int"),
    ],
)
def test_what_was_not_declared_is_an_error(name: str, words: str, workers: int, toys: str) -> None:
    with pytest.raises(ActbenchError, match=words) as caught:
        go(name, toys, workers=workers)
    assert "\n" not in str(caught.value)


def test_timings_run_in_this_process_in_another_order_than_the_grid(toys: str) -> None:
    frame = go("timed", toys, workers=2).frame
    assert set(frame["process"]) == {os.getpid()}
    assert frame["i"].tolist() == [*range(6)]
    assert not frame["order"].is_monotonic_increasing


@pytest.mark.parametrize("workers", [0, -1, 1.5, "2", True, None])
def test_what_is_no_number_of_workers_is_refused(workers: Any, toys: str) -> None:
    with pytest.raises(ActbenchError, match=r"workers=.*give a whole number, 1 or more"):
        go("toy", toys, workers=workers)


def test_requests_that_cannot_be_met_are_refused(toys: str) -> None:
    with pytest.raises(ActbenchError, match="no experiment named 'toi'"):
        go("toi", toys)
    with pytest.raises(ActbenchError, match="differs from the signature in depth"):
        go("toy", toys, cells=[{"word": "a", "net": 0}])
    with pytest.raises(ActbenchError, match=r"cannot load nowhere\.py"):
        run("toy", modules=["nowhere.py"])
    with pytest.raises(ActbenchError, match=r"cannot load no\.such\.module"):
        run("toy", modules=["no.such.module"])


def test_no_cells_make_an_empty_frame(toys: str) -> None:
    result = go("toy", toys, cells=[], workers=2)
    assert [*result.frame.columns][:3] == ["word", "depth", "net"]
    assert (len(result.frame), len(result.failures)) == (0, 0)


def test_one_thread_computes_and_the_callers_settings_come_back() -> None:
    from threadpoolctl import threadpool_info

    def threads() -> list[int]:
        return [library["num_threads"] for library in threadpool_info()]

    before, environment = threads(), dict(os.environ)
    with pinned("numpy"):
        assert set(threads()) <= {1}
        assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    assert threads() == before
    assert dict(os.environ) == environment


def child(toys: str, folder: Path, name: str, workers: int, **environment: str) -> subprocess.Popen[str]:
    """The same run in a process of its own, at the head of its own group as a command in a terminal is."""
    script = folder / "script.py"
    script.write_text(SCRIPT)
    return subprocess.Popen(
        [sys.executable, script, name, toys, folder / "s", str(workers), folder / "out.csv"],
        stderr=subprocess.PIPE, text=True, start_new_session=True, env={**os.environ, **environment},
    )  # fmt: skip


def committed(path: Path) -> int:
    """Cells that another process has in its store by now."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM cell").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def wait_for_cells(running: subprocess.Popen[str], store: Path, least: int) -> None:
    while committed(store) < least:
        assert running.poll() is None, "finished before it could be stopped"
        time.sleep(0.02)


@pytest.mark.slow
def test_the_hash_seed_changes_no_byte(toys: str, straight: str, tmp_path: Path) -> None:
    for workers, seed in enumerate(("0", "random"), 1):
        folder = tmp_path / seed
        folder.mkdir()
        running = child(toys, folder, "toy", workers, PYTHONHASHSEED=seed)
        _, said = running.communicate()
        assert running.returncode == 0, said
        assert (folder / "out.csv").read_text() == straight


def test_a_killed_run_loses_nothing_that_was_committed(toys: str, tmp_path: Path) -> None:
    running = child(toys, tmp_path, "slow", 2)
    wait_for_cells(running, tmp_path / "s", 8)
    running.kill()
    running.communicate()
    kept = committed(tmp_path / "s")
    assert 8 <= kept < 60
    result = go("slow", toys, store=tmp_path / "s")
    assert (result.reused, result.computed) == (kept, 60 - kept)
    assert csv(result) == csv(go("slow", toys, workers=2))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_keeps_what_is_finished(workers: int, toys: str, tmp_path: Path) -> None:
    running = child(toys, tmp_path, "slow", workers)
    wait_for_cells(running, tmp_path / "s", 8)
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=10)
    assert running.returncode == 130
    assert "Traceback" not in said
    kept = committed(tmp_path / "s")
    assert 8 <= kept < 60
    assert (tmp_path / "out.csv").read_text().count("\n") == kept + 1
    assert re.search(rf"slow: {kept} of 60 cells in", said)
    result = go("slow", toys, store=tmp_path / "s")
    assert (result.reused, len(result.frame)) == (kept, 60)


def test_workers_find_imported_experiments_and_those_of_the_running_script_are_refused(tmp_path: Path) -> None:
    said = (
        "import actbench\n"
        "@actbench.experiment(grid={'i': [1, 2]}, columns={'v': 'v'})\n"
        "def NAME(*, i):\n    yield {'v': i}\n"
    )
    (tmp_path / "their_module.py").write_text(said.replace("NAME", "theirs"))
    script = tmp_path / "script.py"
    script.write_text(
        said.replace("NAME", "mine") + "import their_module\n"
        "from actbench.runs.runner import run\n"
        "if __name__ == '__main__':\n"
        "    print(run('mine', progress=False).frame['v'].tolist())\n"
        "    print(run('theirs', progress=False, workers=2).frame['v'].tolist())\n"
        "    try: run('mine', workers=2, progress=False)\n"
        "    except actbench.ActbenchError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[1, 2]\n[1, 2]\nmine is defined in the running script")


def test_what_is_defined_in_no_file_is_not_stored(tmp_path: Path) -> None:
    space: dict[str, Any] = {"__name__": "nowhere"}
    with EXPERIMENTS.temporary():
        exec(
            "from actbench.runs.experiment import experiment\n"
            "@experiment(grid={'i': [1]}, columns={'v': 'v'})\ndef typed(*, i):\n    yield {'v': i}",
            space,
        )
        assert run("typed", progress=False).frame["v"].tolist() == [1]
        with pytest.raises(ActbenchError, match="could not notice a change"):
            run("typed", progress=False, store=tmp_path / "s")


def test_a_run_starts_light() -> None:
    heavy = "pandas|joblib|scipy|rich|numba|seaborn|matplotlib|sklearn|threadpoolctl"
    code = "import sys, actbench.runs.runner; print(' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not re.findall(rf"\b({heavy})\b", done.stdout)
