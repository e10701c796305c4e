"""The races behind reports/throughput: they run, keep what they have measured, and sum it up."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest

with mock.patch.dict(os.environ), mock.patch.object(sys, "path", [str(Path(__file__).parents[2]), *sys.path]):
    # benchmarks asks for one thread, which numba would refuse later in this process
    from benchmarks.races import lab, peers, streams


def test_the_race_measures_what_is_missing_alone_and_names_the_best_rival(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(peers, "ROUNDS", 5)
    peers.measure(tmp_path, ["relu"], ["float32"], [2**8], ["numpy"], fresh=False)
    first = pd.read_csv(tmp_path / "cells.csv")
    capsys.readouterr()
    peers.measure(tmp_path, ["relu", "silu"], ["float32"], [2**8], ["numpy"], fresh=False)
    assert "2 of 4 cells, 2 of them from the store" in capsys.readouterr().err
    again = pd.read_csv(tmp_path / "cells.csv")
    relu = again[again["activation"] == "relu"]
    assert relu[["implementation", "time_s"]].to_csv(index=False) == first[["implementation", "time_s"]].to_csv(
        index=False
    )
    rivals = peers.best_rivals(again)
    assert set(rivals["implementation"]) == {"numpy"}
    assert set(rivals["direction"]) == {"forward", "backward"}


def test_a_call_on_few_elements_is_timed_against_torch(monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setattr(lab, "CALLS", ("relu",))
    frame = lab.overhead()
    assert set(frame["implementation"]) >= {"actbench", "torch", "torch.nn.functional"}
    assert set(frame["size"]) == {lab.SMALL}


def test_a_kernel_that_always_streams_gives_the_numbers_of_one_that_never_does(capsys):
    size = 5000
    ways = [streams.call("hardswish", "backward", "float32", 1, size, way)() for way in (True, False)]
    assert (ways[0] == ways[1]).all()
    assert streams.main(["relu", "--direction", "forward", "--bytes", "1"]) == 0
    assert "relu forward, float32, 1 MiB: " in capsys.readouterr().out
