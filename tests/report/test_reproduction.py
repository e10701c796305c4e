"""From claims to files: the same bytes whatever the workers, interruptions and hash seeds; a ledger of one's own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import actbench as ab
import actbench.claims.ledgers
import actbench.experiments
from actbench.claims.claim import CLAIMS
from actbench.claims.verdicts import COLUMNS, natural
from actbench.core.errors import ActbenchError
from actbench.report.page import render
from actbench.report.reproduction import reproduce
from actbench.runs.experiment import EXPERIMENTS
from actbench.runs.folder import RunFolder

LEDGER = str(Path(__file__).parents[1] / "ledger.py")


def actbench_command(*words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "actbench", *map(str, words)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def written(folder: Path) -> dict[str, bytes]:
    """What must be identical: verdicts, estimates, data and figures' tables."""
    files = [
        folder / "verdicts.csv",
        folder / "estimates.csv",
        *folder.glob("data/*.csv"),
        *folder.glob("tables/*.csv"),
    ]
    return {file.name: file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    folder = tmp_path_factory.mktemp("straight") / "run"
    done = actbench_command("reproduce", LEDGER, "--workers", 1, "--out", folder, PYTHONHASHSEED="0")
    assert done.returncode == 0, done.stderr
    return folder


def test_a_ledger_of_one_file_is_judged(straight):
    verdicts = pd.read_csv(straight / "verdicts.csv").set_index(["claim", "reading"])["verdict"]
    assert verdicts["T1", "share"] == verdicts["T1", "overall"] == "supported"
    assert verdicts["T2", "share"] == "refuted"
    assert set(verdicts.index.get_level_values("claim")) == {"T1", "T2"}


def test_two_workers_and_another_hash_seed_write_the_same_bytes(straight, tmp_path):
    done = actbench_command("reproduce", LEDGER, "--workers", 2, "--out", tmp_path / "run", PYTHONHASHSEED="random")
    assert done.returncode == 0, done.stderr
    assert written(tmp_path / "run") == written(straight)


@pytest.mark.slow
def test_a_resumed_rehearsal_writes_the_same_bytes(straight, tmp_path):
    out = tmp_path / "run"
    rehearsal = actbench_command("reproduce", LEDGER, "--quick", "--workers", 1, "--out", out)
    assert "a quick run" in rehearsal.stdout
    assert pd.read_csv(out / "verdicts.csv")["rehearsal"].all()
    assert actbench_command("reproduce", LEDGER, "--workers", 1, "--out", out).returncode == 0
    assert written(out) == written(straight)


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["garbage", "torn", "gone"])
def test_a_torn_store_is_recomputed(straight, tmp_path, damage):
    out = tmp_path / "run"
    shutil.copytree(straight, out)
    store = out / "cells.sqlite"
    whole = store.read_bytes()
    damages = {"garbage": b"no database" * 500, "torn": whole[: len(whole) // 2]}
    store.write_bytes(damages[damage]) if damage in damages else store.unlink()
    done = actbench_command("reproduce", LEDGER, "--workers", 1, "--out", out)
    assert done.returncode == 0, done.stderr
    assert written(out) == written(straight)


PATIENT = '''"""Cells that take a while but no processor time, and a claim on them."""
import time

import actbench as ab


@ab.experiment(grid={"net": range(120)}, columns={"share": "a share"})
def patient(*, net):
    """Is it about half?"""
    time.sleep(0.05)
    yield {"share": 0.5 + 0.0001 * net}


ab.claim("P1", ledger="patient", statement={"en": "About half."}, readings=[ab.Reading(
    name="half", level="literal", experiment="patient", effect=lambda frame: ab.Estimate.of(frame["share"]),
    expected=ab.Region(low=0.4, high=0.6, words="half", reason="a test"))])
'''


@pytest.mark.slow
def test_an_interrupted_run_keeps_its_cells_and_goes_on(tmp_path):
    out, ledger = tmp_path / "run", tmp_path / "patient.py"
    ledger.write_text(PATIENT, encoding="utf-8")
    command = [sys.executable, "-m", "actbench", "reproduce", str(ledger), "--workers", "1", "--out", str(out)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    deadline = time.time() + 60
    while time.time() < deadline and not _some_cells(out):
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert (out / "verdicts.csv").exists()
    assert "interrupted" in (out / "report.md").read_text(encoding="utf-8")
    again = actbench_command("reproduce", ledger, "--out", out)
    assert again.returncode == 0, again.stderr
    cells = RunFolder(out).read_run()["experiments"]["patient"]
    assert 10 < cells["reused"] < cells["cells"] == 120


def _some_cells(out: Path) -> bool:
    import sqlite3

    try:
        with sqlite3.connect(f"file:{out / 'cells.sqlite'}?mode=ro", uri=True) as connection:
            tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
            return any(connection.execute(f"select count(*) from {table}").fetchone()[0] > 10 for table in tables)
    except sqlite3.Error:
        return False


def test_the_report_is_drawn_again_from_files_alone(straight, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(straight, out, ignore=shutil.ignore_patterns("cells.sqlite*", "report.*", "figures"))
    done = actbench_command("report", out)
    assert done.returncode == 0, done.stderr
    for name in ("report.html", "report.md"):
        assert (out / name).read_bytes() == (straight / name).read_bytes()


@pytest.mark.slow
def test_a_folder_of_another_run_is_refused_and_fresh_replaces_it(straight, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(straight, out)
    other = actbench_command("reproduce", "C07", "--out", out)
    assert other.returncode == 2
    assert "--fresh" in other.stderr
    assert other.stderr.count("\n") == 1
    seeded = actbench_command("reproduce", LEDGER, "--seed", 1, "--out", out)
    assert seeded.returncode == 2
    assert actbench_command("reproduce", "C07", "--out", out, "--fresh").returncode == 0
    assert not (out / "data" / "toy_share.csv").exists()


def test_new_things_touch_one_place_each_and_leave_with_their_registry():
    before = ab.names(), EXPERIMENTS.names(), CLAIMS.names()
    with ab.ACTIVATIONS.temporary(), EXPERIMENTS.temporary(), CLAIMS.temporary():
        report = reproduce(LEDGER, quick=True, progress=False)
        assert list(report.verdicts.columns) == list(COLUMNS)
        assert "toy_half" in ab.names()
        assert len(ab.run("toy_share", activation="toy_half", depth=2, net=range(3))) == 3
        assert "<table" in report._repr_html_()
    assert (ab.names(), EXPERIMENTS.names(), CLAIMS.names()) == before


def test_cells_that_fail_are_seen_everywhere_and_nothing_that_rests_on_them_is_final(tmp_path):
    from actbench.cli.reproduce import summary

    with ab.ACTIVATIONS.temporary(), EXPERIMENTS.temporary(), CLAIMS.temporary():

        @ab.experiment(grid={"net": range(12)}, columns={"share": "a share"}, batch="net")
        def fragile(*, net):
            """Does it break?"""
            if 3 in net:
                raise ValueError("net 3 breaks")
            for number in net:
                yield {"net": number, "share": 0.5 + 0.001 * number}

        ab.claim("F1", ledger="fragile", statement={"en": "About half."}, readings=[ab.Reading(
            name="half", level="literal", kind="experiment", experiment="fragile",
            effect=lambda frame: ab.Estimate.of(frame["share"]),
            expected=ab.Region(low=0.4, high=0.6, words="half", reason="a test"))])  # fmt: skip
        with pytest.warns(RuntimeWarning, match="1 of 12 cells of fragile failed"):
            frame = ab.run("fragile")
        assert list(frame.failures["net"]) == [3]
        assert len(frame[frame["net"] > 5].failures) == 1
        report = reproduce("F1", progress=False, out=tmp_path / "run")
    assert report.verdicts["failed"].tolist() == report.estimates["failed"].tolist() * 2 == [1, 1]
    assert report.verdicts["rehearsal"].all()
    assert "1 cells of fragile failed" in summary(report)
    assert "supported, not final" in summary(report)
    for name in ("report.html", "report.md"):
        text = (tmp_path / "run" / name).read_text("utf-8")
        assert "1 of 12 cells of fragile could not be computed" in text
        assert "(not final: cells failed)" in text
    assert "### F1: supported (not final: cells failed)" in text


@pytest.mark.slow
def test_a_claim_that_rests_on_time_has_one_overall_verdict_a_run(tmp_path):
    report = reproduce("C26", quick=True, progress=False)
    kinds = {
        name: table.set_index("reading")["verdict"]["overall"]
        for name, table in (("seed", report.verdicts), ("time", report.timing_verdicts))
    }
    assert kinds["seed"] == "not tested"
    assert kinds["time"] != "not tested"
    assert report.whole.set_index("reading")["verdict"]["overall"] == kinds["time"]


def test_every_claim_of_the_article_has_its_overall_row():
    report = reproduce("C07", "C10b", "C12", quick=True, progress=False)
    overall = report.verdicts[report.verdicts["reading"] == "overall"]
    assert list(overall["claim"]) == ["C07", "C10b", "C12"]
    names = sorted(CLAIMS.names(), key=natural)
    assert names.index("C9" if "C9" in names else "C09") < names.index("C10") < names.index("C10b") < names.index("C11")


def test_hostile_text_is_escaped_in_the_page(tmp_path):
    from actbench.claims.claim import Reading

    with CLAIMS.temporary():
        ab.claim(
            "X1",
            ledger="hostile",
            statement={"en": "<script>alert(1)</script> & | pipes"},
            readings=[Reading(name="word", level="literal", kind="opinion", conditions="<b>bold</b>")],
        )
        folder = reproduce("X1", progress=False).save(tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "<b>bold" not in page
    assert not re.search(r'(?:src|href)="(?:[a-z]+:(?<!data:)|/)', page), "no link leads out of the folder"
    beside = re.findall(r'(?:src|href)="([^#"][^"]*)"', page)
    assert all(name.startswith("data:") or (tmp_path / name).exists() for name in beside)
    assert render(folder, lang="zh").exists()


@pytest.mark.slow
def test_a_stranger_s_claims_are_text_or_a_line(tmp_path, monkeypatch, capsys):
    """Each text of claims.json hostile, each part of another kind or missing: the texts end no line, name no field."""
    import json

    from actbench.cli import main

    monkeypatch.setattr("actbench.report.page.draw_figures", lambda *_, **__: [])
    folder = reproduce("C10b", progress=False).save(tmp_path)
    whole = json.loads((tmp_path / "claims.json").read_text(encoding="utf-8"))
    evil = "<script>1</script> {0.__class__} {verdict!r:>1000000000} | \n\n# head\n\x1b[31m ![](x) \ud800"
    parts = [
        (number, key, within)
        for number, entry in enumerate(whole) for key, value in entry.items()
        for within in (None, *(value if isinstance(value, dict) else ()))
    ]  # fmt: skip
    assert len(parts) > 10
    said = set()
    for number, key, within in parts:
        for bad in (evil, None, [], KeyError):
            entries = json.loads(json.dumps(whole))
            holder, name = (entries[number], key) if within is None else (entries[number][key], within)
            holder.pop(name) if bad is KeyError else holder.update({name: bad})
            (tmp_path / "claims.json").write_text(json.dumps(entries))
            status, err = main(["report", str(folder.path)]), capsys.readouterr().err
            said.add(status)
            assert err.count("\n") == {0: 0, 2: 1}[status], (key, within, bad, err)
            assert "\x1b" not in err
            page, text = (folder.path.joinpath(f"report.{end}").read_text(encoding="utf-8") for end in ("html", "md"))
            assert "<script>" not in page + text
            assert "\n# head" not in text
            assert "![](x)" not in text
    assert said == {0, 2}


def test_out_that_is_a_file_or_a_foreign_folder_is_refused(tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.tex").write_text("mine")
    for out in (file, tmp_path / "folder"):
        with pytest.raises(ActbenchError, match="folder"):
            reproduce("C07", out=out, progress=False)
    assert file.read_text() == (tmp_path / "folder" / "thesis.tex").read_text() == "mine"


def test_json_is_for_machines(capsys):
    import json

    from actbench.cli import main

    for words in (["list", "--json"], ["list", "claims", "--json"], ["theory", "relu", "--json"]):
        assert main(words) == 0
        assert isinstance(json.loads(capsys.readouterr().out), list)  # as their readers know them
    for words in (["show", "relu", "--json"], ["show", "C10", "--json"], ["identify", "numpy:tanh", "--json"]):
        assert main(words) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["machine"]["cores"]
        assert found["versions"]["actbench"]
        assert len(found) > 5
