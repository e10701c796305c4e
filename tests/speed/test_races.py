"""The races behind reports/throughput: they run, keep what they have measured, and sum it up."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest

import actbench as ab

with mock.patch.dict(os.environ), mock.patch.object(sys, "path", [str(Path(__file__).parents[2]), *sys.path]):
    # benchmarks asks for one thread, which numba would refuse later in this process
    from benchmarks.races import gates, header, lab, moments, peers, streams


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


@pytest.mark.skipif(not shutil.which("gcc"), reason="glibc's vector functions are gcc's")
def test_loops_of_a_compiler_are_called_as_the_kernels_are():
    with ExitStack() as stack:
        ((name, loops),) = header.contenders(["elu"], "gcc", "-O2", stack)
        assert header.quality(name, loops["header"]).endswith(" 0 lost")
        x = np.linspace(-3, 3, 999, dtype=np.float32)
        np.testing.assert_allclose(loops["libmvec"](x), ab.get("elu")(x), rtol=1e-5)
        y = np.empty_like(x)
        loops["header"].prepared(x, out=y)()
        np.testing.assert_array_equal(y, loops["header"](x))


@pytest.mark.parametrize("name", [*gates.ALONG, *gates.FORMULAS])
def test_gates_and_functions_along_an_axis_meet_torch_with_the_same_answers(name, capsys):
    pytest.importorskip("torch")
    found = gates.calls(name, (4, 16), 1, ["torch"])
    assert [set(calls) for calls in found.values()] == [{"actbench", "torch"}] * 2, capsys.readouterr().out


def test_a_peer_that_answers_otherwise_stays_away(capsys, monkeypatch):
    monkeypatch.setitem(gates.PEERS, "wrong", lambda name, x, dy: {"forward": lambda: dy})
    assert set(gates.calls("swiglu", (4, 16), 1, ["wrong"])["forward"]) == {"actbench"}
    assert "swiglu: without wrong" in capsys.readouterr().out


def test_moments_are_timed_beside_what_others_do_and_agree(capsys, monkeypatch):
    monkeypatch.setattr(moments, "ACTIVATIONS", [ab.ACTIVATIONS[name] for name in ("relu", "gelu")])
    assert moments.main(["--quick"]) == 0
    text = capsys.readouterr().out
    errors = {line.split()[0]: float(line.split("error ")[1].split(",")[0]) for line in text.splitlines()[:6]}
    assert {name: error for name, error in errors.items() if error > 1e-12}.keys() == {"by_draws"}
    assert "of 2 take at most 0.3 ms" in text
