"""A number that would frighten or mislead says why it is so, or is not shown."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from actbench.cli import bench
from actbench.cli.compare import summary
from actbench.comparison import cost
from actbench.comparison.arms import Arm
from actbench.comparison.compared import Comparison
from actbench.comparison.conclusion import remark
from actbench.comparison.figures import FIGURES, FLOOR
from actbench.comparison.tables import tables
from actbench.experiments.gradient_flow.effects import below_last, factor
from actbench.report.dossier import measures
from actbench.speed.race import BUSY

RELU, MINE = Arm(asked="relu", spec="relu"), Arm(asked="my.py:act", spec="my.act", found={"facts": {"kinks": [[2, 1]]}})
TIME = {"activation": "my.act", "direction": "backward", "as": "fused kernel", "time_s": 1e-4, "ratio": 4.74,
        "low": 4.23, "high": 5.0, "n": 21, "reason": "", "work": "2 exponential, 1 sine"}  # fmt: skip


def measured(arm, **frames):
    return tables([arm], {name: pd.DataFrame(rows) for name, rows in frames.items()}, arm.spec)["measures"]


def shown(found):
    """Every place that shows measures: the terminal's text, and the page's cells."""
    whole = Comparison(arms=(MINE,), tables={"measures": found}, frames={}, failures={}, run={})
    return summary(whole), [cell for row in measures(found)["rows"] for cell in row["cells"]]


@pytest.mark.parametrize(
    ("high", "usable"), [(5.0, True), (8.4, True), (8.5, False), (311.0, False), (math.inf, False)]
)
def test_a_time_of_a_busy_machine_is_no_number(high, usable):
    found = measured(MINE, cost=[{**TIME, "high": high}])
    text, (cell,) = shown(found)
    assert bool(found["value"].notna().all()) is usable
    assert (BUSY in text, BUSY in cell["note"]) == (not usable, not usable)
    assert ("4.74 [4.23" in found["note"][0]) is not usable  # what was read is kept
    assert cell["value"] == ("4.7" if usable else "no number") or usable


@pytest.mark.parametrize(("wide", "said"), [({}, ""), ({"high_s": 64.0}, BUSY), ({"ratio_low": 0.4}, BUSY)])
def test_a_race_says_so_too(wide, said):
    nan = math.nan
    assert (
        bench._busy(SimpleNamespace(**{"low_s": 3.0, "high_s": 3.1, "ratio_low": 1.0, "ratio_high": 1.1, **wide}))
        == said
    )
    assert bench._busy(SimpleNamespace(low_s=3.0, high_s=3.1, ratio_low=nan, ratio_high=nan)) == ""  # ours has no ratio
    assert bench._busy(SimpleNamespace(low_s=nan, high_s=nan, ratio_low=None, ratio_high=None)) == ""


def test_a_pass_that_takes_long_says_what_it_does():
    found = measured(MINE, cost=[TIME, {**TIME, "direction": "forward", "ratio": 1.2, "low": 1.1, "high": 1.3}])
    text, cells = shown(found)
    assert "my.act backward_ratio: fused kernel: 2 exponential, 1 sine" in text
    assert "my.act forward_ratio:" not in text
    assert [bool(cell["note"]) for cell in cells] == [False, True]
    assert "1 exponential" in cost._work(Arm(asked="silu", spec="silu"), "backward")
    assert cost._work(None, "forward") == ""


@pytest.mark.parametrize(
    ("at", "many", "said"),
    [
        (2.000000238418579, 1, "beside the kink at 2, where the slope jumps; 1 of 20,431 inputs"),
        (-3.5, 40, "among the inputs that training visits (to 30); 40 of 20,431 inputs"),
        (1e30, 0, "beyond the inputs that training visits"),
    ],
)
def test_a_large_error_says_where_and_of_how_many_inputs(at, many, said):
    row = {"activation": "my.act", "direction": "backward", "dtype": "float32", "implementation": "numba",
           "worst_ulp": 8388607.45, "at": at, "many": many, "points": 20431, "reason": None}  # fmt: skip
    text, (cell,) = shown(measured(MINE, accuracy=[row]))
    assert said in text
    assert said in cell["note"]
    small = measured(MINE, accuracy=[{**row, "worst_ulp": 3.8}])
    assert not shown(small)[1][0]["note"]
    assert remark("backward_ulp float32 numba", {"value": 1e6, "note": math.nan}) == ""


def flow(logs, spec="relu"):
    return pd.DataFrame([
        {"activation": spec, "depth": 3, "width": 256, "init": "he", "net": net, "layer": layer, "grad_log_norm": log}
        for net, norms in enumerate(logs) for layer, log in enumerate(norms, 1)
    ])  # fmt: skip


def test_a_vanished_gradient_is_0_counted_and_seen_wherever_it_is_read():
    frame = flow([[2.0, 1.0, 0.0], [-math.inf, -3.0, 0.0], [math.inf, 1.0, 0.0], [1.0, math.nan, math.nan]])
    row = tables([RELU], {"gradient_flow": frame}, "relu")["measures"].iloc[0]
    effect = factor()(frame)
    assert row["value"] == pytest.approx((math.e + 0) / 2) == pytest.approx(np.mean(effect.values))
    assert (row["n"], effect.left_out) == (2, 2)
    assert "in 1 of 4 networks none arrives: 0; 2 networks left out" in row["note"]
    assert remark(row["measure"], row).startswith("in 1 of 4")
    first = below_last(frame)[frame["layer"] == 1].tolist()
    assert first == pytest.approx([2.0, -math.inf, math.nan, math.nan], nan_ok=True)
    assert np.exp(np.array(first[:2]) / 2) == pytest.approx(list(effect.values))
    drawn = {"gradient_flow": flow([[-math.inf, -3.0, 0.0]] * 2), "measures": pd.DataFrame({"activation": ["relu"]})}
    picture = next(each for each in FIGURES if each.name == "gradients").picture(drawn, "relu")
    assert min(min(line.get_ydata()) for line in picture.axes[0].get_lines() if len(line.get_ydata())) == FLOOR


def test_two_arms_are_told_apart_by_their_own_last_layers():
    both = pd.concat([flow([[3.0, 2.0, 1.0]]), flow([[5.0, 5.0, 5.0]], "tanh")], ignore_index=True)
    assert below_last(both, ["activation"]).tolist() == [2.0, 1.0, 0.0, 0.0, 0.0, 0.0]
