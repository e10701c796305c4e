"""The command that holds finite networks to theory: its tables, its page, and a pair that theory misses."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pandas as pd

PATH = Path(__file__).parents[2] / "reports" / "networks.py"
spec = importlib.util.spec_from_file_location("networks_report", PATH)
networks = importlib.util.module_from_spec(spec)
sys.modules["networks_report"] = networks
spec.loader.exec_module(networks)


def test_a_small_run_writes_what_the_page_says(tmp_path, capsys):
    networks.main(["--quick", "--out", str(tmp_path)])
    table = pd.read_csv(tmp_path / "factors.csv")
    assert list(table["init"]) == ["he", "he", "lecun", "lecun"]
    relu = table[table["activation"] == "relu"].set_index("init")
    assert abs(relu["infinite"] - pd.Series({"he": 1.0, "lecun": 0.5**0.5})).max() < 1e-6
    assert (relu["factor"] / relu["infinite"] - 1).abs().max() < 0.1
    assert ((table["low"] <= table["factor"]) & (table["factor"] <= table["high"])).all()
    assert set(pd.read_csv(tmp_path / "log-norms.csv")["width"]) == {8, 16}
    assert (tmp_path / "factors.svg").stat().st_size < 40_000
    assert "4 pairs of function and initialisation" in capsys.readouterr().out


def test_what_theory_misses_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "predicted_factor", lambda frame: 2.0)
    monkeypatch.setattr(networks, "predicted", lambda *_: {"grad_log_norm": [29 * 0.7]})
    assert networks.main(["--quick", "--out", str(tmp_path)]) == 1


def test_the_committed_table_has_sixteen_pairs_and_more_and_none_unexplained():
    table = pd.read_csv(PATH.parent / "theory" / "factors.csv")
    assert len(table.drop_duplicates(["activation", "init"])) >= 16
    assert (table["within"] != "no").all()
    norms = pd.read_csv(PATH.parent / "theory" / "log-norms.csv")
    assert (norms["n"] >= 1000).all()
    assert ((norms["low"] <= norms["law"]) & (norms["law"] <= norms["high"])).all()
