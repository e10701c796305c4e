"""asv's results are read back as they were stored: a real folder of asv 0.6.6, with every kind of outcome."""

from __future__ import annotations

import json
import math
import random
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from actbench.cli import main
from actbench.core.errors import ActbenchError
from actbench.report.commits import changes, render_commits, shown
from actbench.runs.folder import RunFolder
from actbench.speed.commits.asv_results import COLUMNS, holds_results, read_results

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data" / "asv"
FIRST, SECOND, THIRD = "e841b6bb", "a7a5f2e5", "6df67d2d"


@pytest.fixture(scope="module")
def frame():
    return read_results(DATA)


def one(frame, commit, benchmark, parameters=""):
    found = frame[
        frame["commit"].str.startswith(commit) & (frame["benchmark"] == benchmark) & (frame["parameters"] == parameters)
    ]
    assert len(found) == 1
    return found.iloc[0]


def test_one_row_an_observation_in_the_order_of_commits(frame):
    assert list(frame.columns) == list(COLUMNS)
    assert [commit[:8] for commit in dict.fromkeys(frame["commit"])] == [FIRST, SECOND, THIRD]
    assert frame["date"].is_monotonic_increasing
    assert str(frame["date"].iloc[0]) == "2025-01-01 00:00:00+00:00"
    assert set(frame["machine"]) == {"bench"}
    assert set(frame["environment"]) == {"virtualenv-py3.11"}
    assert not frame.duplicated(["commit", "machine", "environment", "benchmark", "parameters"]).any()
    assert len(frame) == 3 * (4 + 6 + 4 + 1)


def test_numbers_are_the_stored_ones(frame):
    row = one(frame, THIRD, "work.time_work", "name=relu, size=1000")
    assert (row["value"], row["low"], row["high"]) == (3.223655003239401e-05, 2.3483e-05, 4.6243e-05)
    assert row["unit"] == "seconds"
    assert row["status"] == "ok"
    assert one(frame, THIRD, "work.peakmem_list")["value"] == 27316224
    assert one(frame, THIRD, "work.peakmem_list")["unit"] == "bytes"


def test_what_failed_and_what_was_skipped_is_told_apart(frame):
    outcomes = {
        (SECOND, "work.time_work", "name=later, size=100"): "skipped",
        (THIRD, "work.time_work", "name=later, size=100"): "ok",
        (SECOND, "work.time_work", "name=breaks, size=100"): "ok",
        (THIRD, "work.time_work", "name=breaks, size=100"): "failed",
        (FIRST, "work.time_gone", ""): "ok",
        (SECOND, "work.time_gone", ""): "failed",
        (THIRD, "work.time_endless", ""): "failed",
    }
    for key, status in outcomes.items():
        row = one(frame, *key)
        assert row["status"] == status, key
        assert math.isnan(row["value"]) == (status != "ok")


def test_a_tracked_value_may_be_0_or_infinite_and_has_no_interval(frame):
    assert one(frame, FIRST, "work.track_error", "dtype=float32, eps=None")["value"] == 0
    worst = one(frame, FIRST, "work.track_error", "dtype=float64, eps=0.001")
    assert worst["value"] == math.inf
    assert worst["status"] == "ok"
    assert math.isnan(worst["low"])
    assert worst["unit"] == "ulp"


def test_asv_itself_reads_the_same_values(frame):
    results = pytest.importorskip("asv.results", reason="asv is not installed")
    for file in sorted(DATA.glob("bench/*-*.json")):
        theirs = results.Results.load(str(file))
        ours = frame[frame["commit"] == theirs.commit_hash]
        for benchmark in theirs.get_all_result_keys():
            mine = ours[ours["benchmark"] == benchmark]
            values = theirs.get_result_value(benchmark, theirs.get_result_params(benchmark))
            stats = theirs.get_result_stats(benchmark, theirs.get_result_params(benchmark))
            assert len(values) == len(mine)
            for value, stat, row in zip(values, stats, mine.itertuples(), strict=True):
                if value is None or math.isnan(value):
                    assert row.status == ("failed" if value is None else "skipped")
                else:
                    assert row.value == value
                if stat:
                    assert (row.low, row.high) == (stat["ci_99_a"], stat["ci_99_b"])
                else:
                    assert math.isnan(row.low)


def test_without_the_list_of_benchmarks_parameters_are_numbered(tmp_path):
    shutil.copytree(DATA / "bench", tmp_path / "bench")
    frame = read_results(tmp_path)
    row = one(frame, THIRD, "work.time_work", "parameter 1=relu, parameter 2=100")
    assert row["unit"] == "seconds"


def test_what_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ActbenchError, match="no folder"):
        read_results(tmp_path / "nowhere")
    with pytest.raises(ActbenchError, match="asv run"):
        read_results(tmp_path)
    assert not holds_results(tmp_path)
    shutil.copytree(DATA, tmp_path / "results")
    assert holds_results(tmp_path / "results")
    file = next((tmp_path / "results" / "bench").glob(f"{FIRST}*"))
    content = json.loads(file.read_text())
    for broken in (
        "{",
        "[]",
        json.dumps({**content, "version": 9}),
        json.dumps({**content, "results": {"a": [[1], 3]}}),
    ):
        file.write_text(broken)
        with pytest.raises(ActbenchError, match=file.name):
            read_results(tmp_path / "results")


def test_the_page_is_one_file_and_says_what_failed_and_changed(tmp_path, frame, capsys):
    assert main(["report", str(DATA), "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(?!#|data:|figures/|performance\.csv)', page), "nothing from outside"
    assert "<script" not in page
    assert page.count("data:image/svg+xml") == frame["benchmark"].nunique()
    assert "<code>work.time_endless</code> failed" in page
    assert "32.2 µs" in page
    again = RunFolder(tmp_path).read_frame("performance")
    assert again["value"].equals(frame["value"])


def test_a_long_history_of_many_parameters_is_drawn_too(tmp_path):
    """A page has a limit; what does not fit is left out of the drawing, never of the tables."""
    place = tmp_path / "results" / "bench"
    place.mkdir(parents=True)
    shutil.copy(DATA / "bench" / "machine.json", place)
    rng = random.Random(0)
    columns = ["result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b"]
    params = [[f"'f{i}'" for i in range(12)], ["'a'", "'b'"], ["1", "2"], ["3", "4"]]
    for i in range(80):
        values = [rng.uniform(1, 2) for _ in range(96)]
        row = [values, params, "1", 0, 0, [0.9 * v for v in values], [1.1 * v for v in values]]
        content = {
            "commit_hash": f"{i:040x}", "env_name": "e", "date": i * 1000, "params": {"machine": "bench"}, "version": 2,
            "result_columns": columns,
            "results": {"m.time_it": row},
        }  # fmt: skip
        (place / f"{i:08x}-e.json").write_text(json.dumps(content))
    page = render_commits(tmp_path / "results", tmp_path / "out")
    assert page.stat().st_size < 2_000_000
    assert len(RunFolder(tmp_path / "out").read_frame("performance")) == 80 * 96


def test_what_was_skipped_everywhere_has_a_place_and_no_figure(tmp_path):
    shutil.copytree(DATA, tmp_path / "results")
    for file in (tmp_path / "results" / "bench").glob("*-*.json"):
        file.write_text(file.read_text().replace('"work.time_gone": [null', '"work.time_gone": [[NaN]'))
        file.write_text(re.sub(r'"work.time_gone": \[\[[^]]*\]', '"work.time_gone": [[NaN]', file.read_text()))
    page = render_commits(tmp_path / "results", tmp_path / "out").read_text(encoding="utf-8")
    assert "Skipped everywhere" in page


def test_names_from_outside_are_escaped(tmp_path):
    shutil.copytree(DATA, tmp_path / "results")
    for file in (tmp_path / "results" / "bench").glob("*-*.json"):
        file.write_text(file.read_text().replace("'relu'", "'<b>$$_relu'"))
    page = render_commits(tmp_path / "results", tmp_path / "out").read_text(encoding="utf-8")
    assert "<b>$$" not in page
    assert "&lt;b&gt;$$_relu" in page


def test_a_change_needs_intervals_apart():
    same = {"machine": "m", "environment": "e", "benchmark": "b", "version": "1", "parameters": "", "unit": "seconds"}

    def row(commit, value, low, high):
        return {**same, "commit": commit, "value": value, "low": low, "high": high, "status": "ok"}

    def found(*rows):
        return [(one["factor"], one["from"], one["to"]) for one in changes(pd.DataFrame(rows))]

    assert found(row("a", 1.0, 0.9, 1.1), row("b", 2.0, 1.9, 2.1)) == [(2.0, "a", "b")]
    assert found(row("a", 1.0, 0.5, 2.0), row("b", 1.5, 1.4, 1.6)) == []
    assert found(row("a", 1.0, 1.0, 1.0), row("b", 1.01, 1.01, 1.01)) == []
    exact = {"low": math.nan, "high": math.nan, "unit": "ulp"}
    assert found(row("a", 2.0, 2, 2) | exact, row("b", 1.0, 1, 1) | exact) == [(0.5, "a", "b")]
    # a time without an interval is of one sample
    assert found(row("a", 2.0, math.nan, math.nan), row("b", 1.0, math.nan, math.nan)) == []
    assert found(row("a", 2.0, 1.9, 2.1), row("b", 1.0, math.nan, math.nan)) == []
    assert found(row("a", 0.0, math.nan, math.nan), row("b", 0.0, math.nan, math.nan)) == []


@pytest.mark.parametrize("ends", [(None, None), (-math.inf, math.inf)])
def test_of_one_sample_each_nothing_is_claimed_and_the_page_says_why(tmp_path, ends):
    for file in (shutil.copytree(DATA, tmp_path / "results") / "bench").glob("*-*.json"):
        stored = json.loads(file.read_text(encoding="utf-8"))
        place = [stored["result_columns"].index(name) for name in ("stats_ci_99_a", "stats_ci_99_b")]
        for name, row in stored["results"].items():
            if "time_" in name and isinstance(row, list) and isinstance(row[0], list) and len(row) > max(place):
                row[place[0]], row[place[1]] = ([end] * len(row[0]) for end in ends)
        file.write_text(json.dumps(stored), encoding="utf-8")
    page = render_commits(tmp_path / "results", tmp_path / "page").read_text(encoding="utf-8")
    assert not [one for one in changes(read_results(tmp_path / "results")) if "time_" in one["benchmark"]]
    assert "times are of one sample (asv run --quick)" in page
    assert "times are of one sample" not in render_commits(DATA, tmp_path / "whole").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0.0123, "seconds", "12.3 ms"), (0.0, "seconds", "0 s"), (27316224, "bytes", "27.3 MB"), (2.5, "ulp", "2.5 ulp"),
     (math.inf, "ulp", "inf"), (math.nan, "ulp", ""), (3e-10, "seconds", "0.3 ns")],
)  # fmt: skip
def test_values_are_shown_with_their_unit(value, unit, text):
    assert shown(value, unit) == text


@pytest.mark.parametrize("row", [[[7], [], None], [[7], []], [[None], []], 7])
def test_a_row_that_asv_cut_short_is_on_the_page(tmp_path, row):
    """As asv writes where it converts its first format: without a version, which then is the benchmark's own."""
    (tmp_path / "asv" / "m").mkdir(parents=True)
    (tmp_path / "asv" / "benchmarks.json").write_text('{"a.track_x": {"unit": "ulp"}, "version": 2}', encoding="utf-8")
    (tmp_path / "asv" / "m" / "machine.json").write_text('{"machine": "m", "version": 1}', encoding="utf-8")
    for number, commit in enumerate("ab"):
        content = {
            "version": 2, "commit_hash": commit * 40, "date": 1_700_000_000_000 + number, "env_name": "e",
            "params": {"machine": "m"},
            "result_columns": ["result", "params", "version", "stats_ci_99_a", "stats_ci_99_b"],
            "results": {"a.track_x": row},
        }  # fmt: skip
        (tmp_path / "asv" / "m" / f"{commit}-e.json").write_text(json.dumps(content), encoding="utf-8")
    assert main(["report", str(tmp_path / "asv"), "--out", str(tmp_path / "page")]) == 0
    text = (tmp_path / "page" / "report.html").read_text(encoding="utf-8")
    assert "a.track_x" in text
    assert ("7 ulp" in text) == (row != [[None], []])
