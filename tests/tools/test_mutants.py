"""The command that mutates what judges: what it names is there, and every excuse is for a module that it names."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tools.mutants import EQUIVALENT, ROOT, TESTS, drawn, main, record


@pytest.mark.parametrize("module", TESTS)
def test_a_module_and_its_tests_exist(module):
    assert (ROOT / module).is_file()
    assert all((ROOT / test).is_file() for test in TESTS[module].split())


def test_an_excuse_is_a_pattern_of_a_module_with_its_reason():
    for module, pattern, why in EQUIVALENT:
        assert module in ("", *TESTS)
        assert re.compile(pattern)
        assert why


def test_a_module_without_tests_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["actbench/claims/nowhere.py"])
    assert "known: " in capsys.readouterr().err


def test_a_measured_module_keeps_its_row_and_the_others_are_named(tmp_path):
    first, second, *others = TESTS
    row = {"measured": "2026-01-01", "mutants": 12, "killed": 9, "equivalent": 2, "alive": 1, "of": 12, "seed": "all"}
    record([{"module": second, **row}], tmp_path)
    record([{"module": first, **row}, {"module": second, **row, "killed": 10, "alive": 0}], tmp_path)
    said = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert f"| {first} | 12 | 9 | 2 | 1 | 90.0% | 2026-01-01 |\n| {second} | 12 | 10 | 2 | 0 | 100.0% |" in said
    assert said.rstrip().endswith(f"Not measured yet: {', '.join(others)}.")


def test_a_sample_is_seeded_and_has_an_interval(tmp_path):
    every = list(range(100))
    assert drawn(every, 10, 1) == drawn(every, 10, 1) != drawn(every, 10, 2)
    assert drawn(every, 10, 1) == sorted(drawn(every, 10, 1))
    assert drawn(every, 0, 1) == drawn(every, 100, 1) == every
    row = {"measured": "2026-01-01", "mutants": 12, "killed": 9, "equivalent": 2, "alive": 1, "of": 99, "seed": "3"}
    record([{"module": next(iter(TESTS)), **row}], tmp_path)
    said = (tmp_path / "README.md").read_text(encoding="utf-8")
    # 9 of 10: Clopper & Pearson's interval, from a table of the beta distribution
    assert "| 12 of 99, seed 3 | 9 | 2 | 1 | 90.0% [55.5%, 99.7%] |" in said


def test_the_command_imports_nothing_of_what_it_mutates():
    loads = "import sys, tools.mutants; print([name for name in sys.modules if name.startswith('actbench')])"
    assert subprocess.check_output([sys.executable, "-c", loads], cwd=ROOT, text=True).strip() == "[]"
