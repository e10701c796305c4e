"""The committed reports on accuracy and the catalogue say what the registry and the committed figures say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import actbench as ab

REPORTS = Path(__file__).resolve().parents[2] / "reports"


def module(name):
    spec = importlib.util.spec_from_file_location(f"reports_{name}", REPORTS / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


catalogue, accuracy = module("catalogue"), module("accuracy")
ROWS = catalogue.pages()


def test_every_row_has_its_page_and_no_page_is_left_over():
    if not catalogue.CATALOGUE.exists():
        pytest.skip("not written yet")
    names = {row.name for row in ab.ACTIVATIONS if row.kind == "elementwise"}
    along = {function.name for function in catalogue.AXIS}
    assert {file.stem for file in catalogue.CATALOGUE.glob("*.md")} - {"README"} == names | along
    assert {file.stem for file in catalogue.CATALOGUE.glob("*.svg")} == names


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_page_is_fresh_and_its_picture_small(row):
    """Byte for byte what the command would write from the committed figures."""
    file = catalogue.CATALOGUE / f"{row.name}.md"
    if not file.exists():
        pytest.skip("not written yet")
    frame, every = catalogue._table("accuracy.csv"), catalogue._table("exhaustive.csv")
    assert file.read_text(encoding="utf-8") == catalogue.page(row, frame, every), "run python reports/catalogue.py"
    assert file.with_suffix(".svg").stat().st_size < 15_000


@pytest.mark.parametrize("function", list(catalogue.AXIS), ids=lambda function: function.name)
def test_a_page_of_an_axis_function_is_fresh(function):
    file = catalogue.CATALOGUE / f"{function.name}.md"
    assert file.read_text(encoding="utf-8") == catalogue.axis_page(function, catalogue._table("axis.csv"))
    assert function.formula


def test_the_accuracy_pages_are_fresh():
    if not accuracy.DATA.exists():
        pytest.skip("not written yet")
    frame = accuracy.load()
    for name, text in (("README.md", accuracy.page(frame)), ("findings.md", accuracy.findings(frame))):
        assert (accuracy.ACCURACY / name).read_text(encoding="utf-8") == text, "run python reports/accuracy.py --pages"


def test_the_accuracy_table_names_only_rows_that_exist():
    if not accuracy.DATA.exists():
        pytest.skip("not written yet")
    assert set(accuracy.load()["activation"]) <= set(ab.names())
