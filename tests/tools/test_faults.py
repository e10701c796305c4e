"""The campaign of faults finds what is planted, and nothing in a store that is sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools import faults


def test_flips_and_cuts_give_right_values_or_none(tmp_path: Path) -> None:
    found = faults.damaged(tmp_path, 60, np.random.default_rng(1))
    assert (found["wrong values"], found["errors"]) == (0, 0)
    assert found["cells lost"] > 0


def test_a_store_that_checks_nothing_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actbench.runs.store._checks", lambda row: True)
    found = faults.damaged(tmp_path, 60, np.random.default_rng(1))
    assert found["wrong values"] + found["errors"] > 0
