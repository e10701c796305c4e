"""The command that mutates what judges: what it names is there, and every excuse is for a module that it names."""

from __future__ import annotations

import re

import pytest

from tools.mutants import EQUIVALENT, ROOT, TESTS, main


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
