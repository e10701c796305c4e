"""The comparison of runs: other seeds, halves and splits, and whether any of them turned a verdict."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pandas as pd

import actbench.experiments  # noqa: F401  fills the registry
from actbench.runs.experiment import EXPERIMENTS

PATH = Path(__file__).parents[2] / "reports" / "stability.py"
spec = importlib.util.spec_from_file_location("stability", PATH)
stability = importlib.util.module_from_spec(spec)
sys.modules["stability"] = stability
spec.loader.exec_module(stability)


def test_every_experiment_with_splits_of_its_own_gets_others_and_gets_them_back():
    before = {each.name: each.grid for each in EXPERIMENTS}
    with stability.on_splits("own:1000") as moved:
        assert {"training", "dead_units", "orientation"} <= set(moved)
        for name in moved:
            cells = EXPERIMENTS[name].cells()
            assert "own" not in {cell["split"] for cell in cells}
            assert "own:1000" in {cell["split"] for cell in cells}
    assert {each.name: each.grid for each in EXPERIMENTS} == before


def test_only_the_opposite_turns_a_verdict():
    assert stability.turned("supported", "refuted")
    assert stability.turned("refuted", "supported")
    assert not stability.turned("supported", "inconclusive")


def test_halves_are_pairs_of_networks():
    frame = pd.DataFrame({"net": range(8), "x": range(8)})
    assert list(stability.half(frame, "net", 0)["net"]) == [0, 1, 4, 5]
    assert list(stability.half(frame, "net", 1)["net"]) == [2, 3, 6, 7]
    assert stability.half(frame, None, 1) is frame


def test_the_page_counts_what_differs(monkeypatch, tmp_path, capsys):
    target = "article"
    told = {"run": ["supported", "refuted"], "other": ["supported", "inconclusive"], "splits": ["refuted", "refuted"]}
    index = pd.MultiIndex.from_tuples([("C1", "a"), ("C2", "b")], names=["claim", "reading"])

    def verdicts(folder, which=None, again=False):
        return pd.Series(told[folder.path.name] if which is None else told["run"], index=index)

    monkeypatch.setattr(stability, "verdicts", verdicts)
    monkeypatch.setattr(stability, "TARGET", tmp_path / "stability")
    monkeypatch.setattr(
        stability.RunFolder, "read_run", lambda self: {"seed": int(self.path.name == "other"), "target": target}
    )
    assert stability.main(["run", "other", "splits"]) == 1
    said = capsys.readouterr().out
    assert "| seed 1 | 1 | 1 | 0 |" in said
    assert "| other splits | 1 | 0 | 1 |" in said
    assert stability.main(["run", "other"]) == 0
    assert (tmp_path / "stability" / "verdicts.csv").exists()
    target = "literature"
    assert stability.main(["run", "other", "--again"]) == 0
    assert (tmp_path / "stability" / "literature.md").exists()


def test_other_splits_are_for_the_claims_that_rest_on_data():
    names = [claim.name for claim in stability.of_ledger("article")]
    assert (len(names), names[0], names[-1]) == (54, "C01", "C50")
    with stability.on_splits("own:1000") as moved:
        asked = stability.on_data(moved)
    assert {"C25", "C39", "C47"} <= set(asked) < set(names)
    assert "C21" not in asked  # Gaussian inputs


def test_a_claim_that_the_other_splits_do_not_concern_counts_neither_way():
    columns = {"claim": ["C1", "C2"], "reading": ["a", "b"], "seed 0": ["supported", "refuted"],
               "seed 1": ["supported", "refuted"], "other splits": ["-", "supported"]}  # fmt: skip
    said = stability.page(pd.DataFrame(columns))
    assert "| other splits | 0 | 0 | 1 |" in said
    assert "| C1 |" not in said
