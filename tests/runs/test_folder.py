"""The folder of a run: the user's own files stay, and nothing that lies in it can hang, trace or lead outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from actbench.core.errors import ActbenchError
from actbench.runs.folder import RunFolder, open_folder

MINE = ("notes.csv", "data/mine.csv", "report.odt", "figures/mine.svg", "notes.txt", "report.txt")
RUN = ("run", "activity", "--activation", "relu", "--depth", "2", "--width", "8", "--net", "0:2", "--workers", "1")


def actbench(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "actbench", *map(str, words)], capture_output=True, text=True, timeout=100,
        env={**os.environ, **environment},
    )  # fmt: skip


def again(path: Path, **options: Any) -> RunFolder:
    return open_folder(path, command="run", target="activity", seed=0, **options)[0]


@pytest.mark.slow
def test_fresh_removes_what_runs_wrote_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert actbench(*RUN, "--out", out).returncode == 0
    ours = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()} - {".lock"}
    assert {"run.json", "data/activity.csv", "cells.sqlite", "manifest.json"} <= ours
    for name in MINE:
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("mine")
    done = actbench(*RUN, "--out", out, "--fresh")
    assert done.returncode == 0
    assert "cells were there already" not in done.stdout
    assert all(name in done.stderr for name in MINE)
    assert all((out / name).read_text() == "mine" for name in MINE)
    again(out, fresh=True)
    assert {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()} == {*MINE, ".lock"}


@pytest.mark.parametrize(
    "listed",
    [
        ["../outside.txt"], ["link/outside.txt"], ["/etc/hostname"], "run.json", {"a": 1}, [1, None, ["x"]], [""],
        ["."],        ["a\0b"], ["data"], ["x" * 5000],
    ],
)  # fmt: skip
def test_a_list_that_a_stranger_wrote_leads_nowhere(tmp_path: Path, listed: Any) -> None:
    outside, out = tmp_path / "outside.txt", tmp_path / "run"
    outside.write_text("mine")
    (out / "data").mkdir(parents=True)
    (out / "link").symlink_to(tmp_path)
    (out / "data" / "mine.csv").write_text("mine")
    (out / "run.json").write_text("{}")
    (out / "manifest.json").write_text(json.dumps(listed))
    again(out, fresh=True)
    assert outside.read_text() == (out / "data" / "mine.csv").read_text() == "mine"
    assert not (out / "run.json").exists()


def absurd(kind: str, place: Path) -> None:
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    elif kind == "loop":
        place.symlink_to(place)
    else:
        place.write_bytes(CONTENTS[kind])


CONTENTS = {
    "brackets": b"[" * 10**5, "noise": bytes(range(256)) * 9, "empty": b"", "list": b"[1]", "number": b"7",
    "nan": b'{"seed": NaN}', "long": b'{"seed": ' + b"9" * 6000 + b"}",
}  # fmt: skip
KINDS = ("fifo", "folder", "loop", *CONTENTS)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["run.json", "manifest.json", "cells.sqlite"])
def test_an_absurd_file_is_one_line_or_replaced(tmp_path: Path, kind: str, name: str, capsys: Any) -> None:
    from actbench.cli import main

    out = tmp_path / "run"
    out.mkdir()
    if name != "run.json":
        (out / "run.json").write_text("{}")
    absurd(kind, out / name)
    for words in (("report", str(out)), (*RUN, "--out", str(out)), (*RUN, "--out", str(out), "--fresh")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a store that is set aside says so
            status = main(words)
        said = capsys.readouterr().err
        assert status in (0, 2), said
        assert status == 0 or said.strip().count("\n") == 0


def test_a_run_that_clears_waits_for_nobody_and_disturbs_nobody(tmp_path: Path) -> None:
    holder = (
        f"import sys; from actbench.runs.folder import open_folder\n"
        f"open_folder({str(tmp_path / 'run')!r}, command='run', target='activity', seed=0)\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen([sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        (tmp_path / "run" / "run.json").write_text("{}")
        with pytest.raises(ActbenchError, match="another run is writing"):
            again(tmp_path / "run", fresh=True)
        assert (tmp_path / "run" / "run.json").exists()
        again(tmp_path / "run2")
    finally:
        other.communicate("")
    again(tmp_path / "run", fresh=True)
    again(tmp_path / "run", fresh=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter any folder")
def test_a_folder_that_may_not_be_entered_is_one_line(tmp_path: Path) -> None:
    (out := tmp_path / "run").mkdir()
    out.chmod(0)
    try:
        with pytest.raises(ActbenchError, match="cannot use the folder"):
            again(out)
    finally:
        out.chmod(0o700)


@pytest.mark.parametrize("name", ["x" * 300, "y/" * 3000 + "z", "a\0b", "file/below"])
def test_a_place_that_cannot_be_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ActbenchError) as caught:
        again(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_link_leads_neither_reading_nor_writing_out_of_the_folder(tmp_path: Path) -> None:
    outside, out = tmp_path / "outside", tmp_path / "run"
    (outside / "data").mkdir(parents=True)
    (outside / "secret.csv").write_text("a\n1\n")
    out.mkdir()
    (out / "verdicts.csv").symlink_to(outside / "secret.csv")
    (out / "data").symlink_to(outside / "data")
    folder = RunFolder(out)
    with pytest.raises(ActbenchError, match="leads out of the folder"):
        folder.read_frame("verdicts")
    with pytest.raises(ActbenchError, match="leads out of the folder"):
        folder.write_json("data/x", {})
    assert not list((outside / "data").iterdir())


def test_a_text_that_a_spreadsheet_would_run_is_quoted(tmp_path: Path) -> None:
    import pandas as pd

    texts = ["=1+1", "@SUM(A1)", "-1+cmd|' /C calc'!A0", "+HYPERLINK(1)", "relu", "-0.5 to 0.5", None]
    RunFolder(tmp_path).write_frame("x", pd.DataFrame({"name": texts, "value": [-1.0] * len(texts)}))
    back = RunFolder(tmp_path).read_frame("x")
    assert list(back["name"][:6]) == ["'" + text for text in texts[:4]] + texts[4:6]
    assert (back["value"] == -1.0).all()


def test_parquet_in_parts_holds_what_the_table_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is an extra")
    import pandas as pd

    monkeypatch.setattr("actbench.runs.folder.PART", 4)
    frame = pd.DataFrame({"word": list("abcdefghij"), "net": range(10), "value": [k / 7 for k in range(9)] + [None]})
    folder = RunFolder(tmp_path)
    parts = folder.write_parquet("data/x", frame)
    assert [part.name for part in parts] == [f"part-0000{k}.parquet" for k in range(3)]
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "data" / "x.parquet"), frame)
    whole = [part.read_bytes() for part in parts]
    assert [part.read_bytes() for part in folder.write_parquet("data/x", frame)] == whole
    assert folder.write_parquet("data/x", frame[:5]) == parts[:2]
    assert len(pd.read_parquet(tmp_path / "data" / "x.parquet")) == 5


def test_parquet_without_pyarrow_is_said_before_anything_is_measured(tmp_path: Path, monkeypatch: Any) -> None:
    from actbench.cli import main

    monkeypatch.setattr("actbench.core.machine.version", lambda name: None if name == "pyarrow" else "1")
    assert main([*RUN, "--parquet", "--out", str(tmp_path / "new")]) == 2
    assert not (tmp_path / "new").exists()


def test_a_quick_run_never_replaces_the_tables_of_a_full_one(tmp_path: Path) -> None:
    folder = again(tmp_path, quick=True)
    folder.write_run({"command": "run", "target": "activity", "schema": 1, "seed": 0, "quick": False, "finished": None})
    again(tmp_path, quick=True)  # a full run that was interrupted has no tables to lose
    folder.write_run({**folder.read_run(), "finished": "2020-01-01T00:00:00Z"})
    again(tmp_path)
    again(tmp_path / "other", quick=True)
    with pytest.raises(ActbenchError, match="leave --quick away, or give another --out"):
        again(tmp_path, quick=True)
    again(tmp_path, quick=True, fresh=True)
