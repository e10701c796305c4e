"""The table of verdicts that moved: every one is found, and has its reason."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pandas as pd
import pytest

import actbench.experiments  # noqa: F401  fills the registry

PATH = Path(__file__).parents[2] / "reports" / "moved.py"
spec = importlib.util.spec_from_file_location("moved", PATH)
moved = importlib.util.module_from_spec(spec)
sys.modules["moved"] = moved
spec.loader.exec_module(moved)

COLUMNS = ["claim", "reading", "level", "verdict", "expected", "conditions", "experiment"]


def report(*readings):
    """A claim C17 (of which the history knows nothing) with these readings: name, verdict, expected, conditions."""
    rows = [("C17", name, "literal", verdict, expected, told, "training") for name, verdict, expected, told in readings]
    texts = {name: f"says {name.removesuffix('_input')}" for name, *_ in readings if not name.startswith("overall")}
    claims = [{"claim": "C17", "statement": {"en": "It is so."}, "readings": texts}]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return moved.Report.of(table.to_csv(index=False), table.iloc[:0].to_csv(index=False), json.dumps(claims))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (("r", "inconclusive", "x", "a: refuted (1); b: inconclusive (2)"), ("r", "refuted", "x", ""), "in 1 of its"),
        (("r", "supported", "x", "a: supported (0 [0, 0])"), ("r", "inconclusive", "x", ""), "all networks agree"),
        (("r", "supported", "x", ""), ("r", "inconclusive", "x", ""), "other numbers"),
        (("r", "supported", "x", ""), ("r", "supported", "y", ""), "reworded"),
        (("nan", "refuted", "x", ""), ("nan_input", "refuted", "x", ""), "the former reading nan, renamed"),
    ],
)
def test_a_verdict_that_moved_has_its_reason(old, new, reason):
    table = moved.compare(report(old), report(new))
    assert reason in table["why"][0]


def test_a_roll_up_follows_from_its_readings_and_what_stayed_is_no_row():
    old = report(("r", "supported", "x", ""), ("s", "refuted", "x", ""), ("overall", "conditional", "", ""))
    new = report(("r", "refuted", "x", ""), ("s", "refuted", "x", ""), ("overall", "refuted", "", ""))
    table = moved.compare(old, new)
    assert list(table["reading"]) == ["r", "overall"]
    assert table["why"][1] == "follows from r"
    assert "1 overall verdicts moved; with readings and wordings 2" in moved.page(table, "then")
    assert not len(moved.compare(old, old))


def test_a_changed_reading_has_the_history_s_reason():
    claim = next(iter(moved.HISTORY))
    change = moved.HISTORY[claim][0]
    old, new = report((change.reading, "supported", "x", "")), report((change.reading, "refuted", "x", ""))
    for each in (old, new):
        each.verdicts.index = pd.MultiIndex.from_tuples([(claim, change.reading)])
        each.claims[claim] = each.claims.pop("C17")
    assert change.why in moved.compare(old, new)["why"][0]
