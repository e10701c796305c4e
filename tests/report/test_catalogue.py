"""The committed reports on accuracy and the catalogue say what the registry and the committed figures say."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import actbench as ab
from actbench.report import accuracy, catalogue

REPORTS = Path(__file__).resolve().parents[2] / "reports"
ACCURACY, CATALOGUE = REPORTS / "accuracy", REPORTS / "catalogue"
STALE = "out of date: run python reports/refresh.py"
NAMES = [*ab.names(), *ab.names("axis"), "README", "namesakes"]


@cache
def written():
    return catalogue.pages(ACCURACY)


def test_every_row_has_its_page_and_no_page_is_left_over():
    wanted = {f"{name}.md" for name in NAMES} | {f"{name}.svg" for name in ab.names()}
    assert set(written()) == wanted
    assert {file.name for file in CATALOGUE.iterdir()} == wanted, STALE


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_fresh_and_its_picture_small(name):
    """Byte for byte what the command would write from the committed figures."""
    assert (CATALOGUE / f"{name}.md").read_text(encoding="utf-8") == written()[f"{name}.md"], STALE
    if name in ab.names():
        assert len(written()[f"{name}.svg"]) < 15_000


def test_the_accuracy_pages_are_fresh():
    for name, text in accuracy.pages(ACCURACY).items():
        assert (ACCURACY / name).read_text(encoding="utf-8") == text, STALE


def test_the_accuracy_table_names_only_rows_that_exist():
    assert set(accuracy.load(ACCURACY)["activation"]) <= set(ab.names())


def test_a_run_corrects_the_cells_that_it_has_and_no_others(tmp_path):
    """Taken twice, a run gives the same table; what it did not measure stays."""
    import json

    home, run = tmp_path / "home", tmp_path / "run"
    frame = ab.run("accuracy", activation=["relu", "silu"], implementation=["numpy"], dtype=["float32"], count=[200])
    (run / "data").mkdir(parents=True)
    about = {"target": "accuracy", "machine": {"node": "secret", "cores": 2}, "versions": {}, "finished": "now"}
    (run / "run.json").write_text(json.dumps(about))
    frame.to_csv(run / "data" / "accuracy.csv", index=False)
    accuracy.take(home, [run])
    first = (home / "accuracy.csv").read_text()
    frame[frame["activation"] == "silu"].assign(worst_ulp=99.0).to_csv(run / "data" / "accuracy.csv", index=False)
    accuracy.take(home, [run])
    table = pd.read_csv(home / "accuracy.csv")
    assert (table[table["activation"] == "silu"]["worst_ulp"] == 99.0).all()
    assert [line for line in first.split("\n") if ",relu," in line or line.startswith("relu,")]
    assert set(table["activation"]) == {"relu", "silu"}
    assert "secret" not in (home / "run.json").read_text()


@pytest.mark.parametrize(
    ("value", "shown"), [(float("nan"), ""), (0.5, "0.50"), (12.0, "12"), (99_999, "99,999"), (1.7e7, "1.7e7")]
)
def test_a_figure_has_few_digits(value, shown):
    assert accuracy.figure(value) == shown


def test_a_picture_lifts_its_pen_at_a_jump_and_at_the_window():
    from actbench.report.picture import picture

    step, exponential = picture(ab.get("binary_step")), picture(ab.get("exponential"))
    curve = next(line for line in step.split("\n") if 'stroke="#2b83ba"' in line)
    assert curve.count("M") == 2, "one stroke on each side of the jump"
    assert "nan" not in exponential
    assert "inf" not in exponential
