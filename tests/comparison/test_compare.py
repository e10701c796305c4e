"""Comparisons: who is bad takes no part and changes nothing, who is equal is found equal, who is better is found."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from bad_plugins import BAD, write_bad
from panel_frames import panel

import actbench as ab
from actbench.cli.compare import summary
from actbench.comparison import arms, compare, cost
from actbench.comparison.arms import Arm
from actbench.comparison.calibration import false_alarms
from actbench.comparison.measured import cells
from actbench.comparison.tables import tables
from actbench.core.errors import ActbenchError
from actbench.experiments.run import run
from actbench.networks.torch_ import gate_of
from actbench.runs.experiment import EXPERIMENTS
from actbench.speed.inputs import operands

TINY = {"parts": ("activity",), "cost": False, "progress": False, "only": {"net": [0, 1]}}


@pytest.mark.slow
def test_fifteen_bad_plug_ins_have_their_reasons_and_change_no_byte_of_the_others(tmp_path):
    bad = write_bad(tmp_path)
    alone = compare("relu", "tanh", out=tmp_path / "alone", **TINY)
    among = compare("relu", *bad.values(), "tanh", out=tmp_path / "among", workers=4, limit=20.0, **TINY)
    reasons = {arm.asked: arm.reason for arm in among.arms}
    for name, target in bad.items():
        assert BAD[name][1] in reasons[target], (name, reasons[target])
    assert reasons["relu"] == reasons["tanh"] == ""
    assert list(alone.frames) == list(among.frames)
    for file in ("data/activity.csv", "data/theory.csv", "measures.csv"):
        assert (tmp_path / "alone" / file).read_bytes() == (tmp_path / "among" / file).read_bytes(), file
    known = json.loads((tmp_path / "among" / "arms.json").read_text())
    assert [arm["reason"] for arm in known] == [arm.reason for arm in among.arms]


def test_code_that_must_be_called_is_measured_elsewhere_and_agrees_with_the_row_that_it_is(tmp_path):
    (tmp_path / "mine.py").write_text("def act(x):\n    y = x.copy()\n    y[y < 0] = 0\n    return y\n")
    found = compare(f"{tmp_path / 'mine.py'}:act", "relu", out=tmp_path / "run", **TINY)
    assert found.arms[0].called
    frame = found.frames["activity"]
    mine, relu = (frame[frame["activation"] == arm.spec].drop(columns="activation") for arm in found.arms)
    pd.testing.assert_frame_equal(mine.reset_index(drop=True), relu.reset_index(drop=True))
    theory = found.frames["theory"].set_index("activation")
    assert theory.loc["mine.act", "he_chi_1"] == pytest.approx(1.0)
    assert theory.loc["mine.act", "critical_sigma_w2"] == pytest.approx(2.0)


def test_equal_arms_rank_equal_and_a_planted_better_one_is_found():
    who = [Arm(asked=name, spec=name) for name in ("relu", "leaky_relu", "gelu")]
    found = tables(who, {"panel": panel({"relu": 0.0, "leaky_relu": 0.0, "gelu": 0.02})}, "relu")
    decisions = found["decisions"].set_index("activation")
    assert decisions.loc["leaky_relu", "decision"] == "equal in practice"
    assert decisions.loc["gelu", "decision"] == "better"
    assert decisions.loc["gelu", "value"] == pytest.approx(0.02, abs=0.002)
    assert found["ranks"]["activation"].iloc[0] == "gelu"
    assert set(found["scores"]["rate"]) == {0.1}
    assert (found["comparisons"]["p_holm"] >= found["comparisons"]["p"]).all()


def test_a_quick_panel_takes_as_many_networks_of_the_full_grid_as_can_decide(tmp_path, capsys):
    whole = {repr(cell) for cell in cells(EXPERIMENTS["panel"], "gelu", quick=False)}
    for networks, nets in ((0, 8), (9, 9), (13, 13)):
        taken = cells(EXPERIMENTS["panel"], "gelu", True, networks)
        assert {cell["net"] for cell in taken} == set(range(nets))
        assert {repr(cell) for cell in taken} <= whole
        assert len({cell["rate"] for cell in taken}) == 3
    five = ("relu", "tanh", "gelu", "silu", "mish")
    found = compare(*five, quick=True, out=tmp_path / "five", **(TINY | {"progress": True}))
    assert "8 networks could decide nothing among 5 arms: the panel takes 9" in capsys.readouterr().err
    again = compare(*five, quick=True, out=tmp_path / "again", **TINY)  # in the same process
    pd.testing.assert_frame_equal(found.tables["measures"], again.tables["measures"])


def test_an_arm_without_a_critical_point_is_compared_where_it_can_be():
    frame = panel({"relu": 0.0, "gelu": 0.0})
    lost = (frame["activation"] == "gelu") & (frame["data"] == "digits")
    frame.loc[lost, ["valid_accuracy", "test_accuracy"]] = math.nan
    frame.loc[lost, "reason"] = "no critical point"
    found = tables([Arm(asked=n, spec=n) for n in ("relu", "gelu")], {"panel": frame}, "relu")
    assert set(found["medians"]["setting"]) == {f"spirals {d}x64, he" for d in (3, 10, 20)}
    assert found["decisions"]["n"].tolist() == [10]


def test_the_panel_scores_every_network_and_an_arm_without_a_critical_start_has_its_reason():
    setting = {"data": "xor", "depth": 1, "width": 4, "norm": "layer_before", "residual": True, "optimiser": "sgd",
               "rate": 0.1, "net": range(2)}  # fmt: skip
    frame = run("panel", activation=["relu", "softplus"], init=["he", "critical"], **setting)
    lost = (frame["activation"] == "softplus") & (frame["init"] == "critical")
    assert frame[lost]["reason"].str.contains("no critical point").all()
    assert frame[lost]["test_accuracy"].isna().all()
    assert frame[~lost][["train_loss", "valid_accuracy", "test_accuracy", "dead_end"]].notna().all().all()


def test_what_cannot_be_compared_is_an_error_of_one_line(tmp_path, monkeypatch):
    with pytest.raises(ActbenchError, match="did you mean 'relu'"):
        compare("rellu", out=tmp_path / "a", **TINY)
    assert not (tmp_path / "a").exists()
    with pytest.raises(ActbenchError, match="1 to 100"):
        false_alarms(0)
    with pytest.raises(ActbenchError, match="along an axis"):
        compare("softmax", out=tmp_path / "b", **TINY)
    monkeypatch.setattr(arms, "why_not", lambda: "torch is not installed; pip install torch")
    with pytest.raises(ActbenchError, match=r"swiglu is a gate of two inputs.*pip install torch"):
        compare("swiglu", "relu", out=tmp_path / "b", **TINY)
    with pytest.raises(ActbenchError, match="nothing to compare"):
        compare(out=tmp_path / "c")


def test_a_setting_in_which_an_arm_diverges_is_named_and_does_not_silence_the_others():
    import pandas as pd

    from actbench.comparison.tables import _alike, _compared

    rng = np.random.default_rng(0)
    scores = pd.DataFrame([
        {"activation": arm, "setting": setting, "net": net, "rate": 0.1, "edge": False, "dead_end": 0.0,
         "diverged": (gone := arm == "b" and setting == "two"),
         "test_accuracy": np.nan if gone else 0.9 + 0.02 * (arm == "b") + rng.normal(0, 0.002)}
        for arm in ("a", "b") for setting in ("one", "two", "three") for net in range(8)
    ])  # fmt: skip
    found = _compared(scores, ["a", "b"], "a")["decisions"].iloc[0]
    assert found["n"] == 8
    assert found["decision"] == "better"
    assert "two, where b diverged" in found["reason"]
    assert set(_alike(scores, {"one", "two", "three"})["setting"]) == {"one", "three"}


@pytest.mark.parametrize("depths", [(20,), (3, 10), (3, 10, 20)])
def test_what_a_third_arm_loses_changes_no_decision_between_two_others(depths):
    """An arm that diverges in some depths, or everywhere, leaves each pair of the others where these train."""
    frame = panel({"relu": 0.0, "gelu": 0.02, "dead": -0.6, "steep": 0.0})
    gone = (frame["activation"] == "steep") & frame["depth"].isin(depths)
    lost = {"train_loss": np.nan, "valid_accuracy": np.nan, "test_accuracy": np.nan, "diverged": True}
    frame.loc[gone, list(lost)] = list(lost.values())
    among, alone = (
        tables([Arm(asked=spec, spec=spec) for spec in specs],
               {"panel": frame[frame["activation"].isin(specs)]}, "relu")
        for specs in (["relu", "gelu", "dead", "steep"], ["relu", "gelu", "dead"])
    )  # fmt: skip
    decided = among["decisions"].set_index("activation")
    assert decided["decision"].to_dict() == {"gelu": "better", "dead": "worse", "steep": "worse"}
    same = ["value", "low", "high", "n"]
    for table, names in (("decisions", ["activation", "reference"]), ("comparisons", ["a", "b"])):
        other = alone[table].set_index(names)
        assert among[table].set_index(names).loc[other.index, same].equals(other[same])
    assert decided.loc["gelu", "n"] == 10
    assert "diverges in" in decided.loc["steep", "reason"]


def test_gates_take_part_where_networks_have_a_block_for_them(tmp_path):
    """W2 gate(W x, V x) in the small transformer, beside f(W x) * V x of rows; nothing where one input is too few."""
    torch = pytest.importorskip("torch")
    found = compare("reglu", "swiglu:layout=interleaved", "relu", out=tmp_path / "run", **TINY)
    assert [arm.reason for arm in found.arms] == [""] * 3
    assert set(found.frames["activity"]["activation"]) == set(found.frames["theory"]["activation"]) == {"relu"}
    taken = cells(EXPERIMENTS["transformer"], found.arms[1].spec, quick=True)
    assert [{**cell, "activation": "relu"} for cell in taken] == cells(EXPERIMENTS["transformer"], "relu", quick=True)
    assert summary(found).count("W2 gate(W x, V x)") == 1
    a, b = (torch.from_numpy(half) for half in np.random.default_rng(0).normal(size=(2, 3, 8)).astype(np.float32))
    assert torch.equal(gate_of("reglu")(a, b), torch.relu(a) * b)
    frame = pd.DataFrame([
        {"activation": arm.spec, "rate": 0.003, "net": net, "steps": 250, "valid_loss": loss, "test_loss": loss,
         "diverged": False, "reason": None}
        for arm, less in zip(found.arms, (0.5, 0.25, 0.0), strict=True) for net in range(4)
        for loss in [3.0 + net / 8 - less]
    ])  # fmt: skip
    measures = tables(found.arms, {"transformer": frame}, "relu")["measures"].set_index(["activation", "measure"])
    assert measures.loc[("reglu", "transformer difference"), "value"] == pytest.approx(-0.5)
    assert measures.loc[(found.arms[1].spec, "transformer difference"), "value"] == pytest.approx(-0.25)


@pytest.mark.parametrize("name", ["swiglu_oai", "glu"])
def test_a_gate_is_raced_on_as_many_results_as_rows(name):
    arm, gate = Arm(asked=name, spec=name), ab.get(name)
    y, _ = cost._call(arm, "forward", operands)
    dx, _ = cost._call(arm, "backward", operands)
    given = operands("normal", "float32", 2 * cost.SIZE, ab.kernel("identity", dtype="float32"))
    x, dy = (part.reshape(-1, cost.WIDTH) for part in (given.x, given.dy))
    assert y().size == cost.SIZE
    # to the bit: what these kernels are wrong by, and the roots of a gate's slope, are questions of tests/accuracy
    assert np.array_equal(y(), ab.kernel(name, dtype="float32")(x))
    both = ab.kernel(name, "backward", dtype="float32")(np.ascontiguousarray(dy[:, : cost.WIDTH // 2]), x)
    assert np.array_equal(dx(), both)
    forward = gate(x[:9].astype(np.float64))
    assert (np.abs(y()[:9] - forward) <= 4 * np.spacing(np.abs(forward).astype(np.float32))).all()
