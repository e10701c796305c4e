"""The coefficient tables have the error that they state, and the fitter makes them again."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("tools_fit", Path(__file__).parents[2] / "tools" / "fit.py")
fit = importlib.util.module_from_spec(spec)
sys.modules["tools_fit"] = fit  # a dataclass looks its module up
spec.loader.exec_module(fit)


@pytest.mark.parametrize("table", fit.TABLES.values(), ids=fit.TABLES)
def test_a_table_has_the_error_that_it_states(table):
    measured = fit.error(table, table.shipped())
    assert table.log2_error - 0.2 < measured <= table.log2_error


@pytest.mark.parametrize("name", ["LOG32", "COS32", "TANH_TOP"])
def test_a_refit_is_as_good_as_what_is_shipped(name):
    table = fit.TABLES[name]
    top, bottom = fit.fit(table)
    assert [len(top), len(bottom)] == [len(part) for part in table.shipped()]
    assert fit.error(table, (top, bottom)) <= table.log2_error + 0.5


def test_a_wrong_digit_is_seen():
    table = fit.TABLES["SIN64"]
    top, bottom = table.shipped()
    top[0] *= 1 + 2.0**-50
    assert fit.error(table, (top, bottom)) > table.log2_error


def test_an_unknown_table_is_one_line(capsys):
    assert fit.main(["SIN16"]) == 2
    assert capsys.readouterr().err.startswith("no table 'SIN16'; known: EXP32, ")
