"""Effects of neurons, of passes and of what trains again, on tables made by hand, whose rows come in no order."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from actbench.experiments.neuron.effects import fall, from_closed_form, of_top_rate, up_to_threshold
from actbench.experiments.pass_cost.effects import panel, time_ratio
from actbench.experiments.retraining import effects as retraining
from actbench.experiments.selectivity.effects import rise, rise_beyond
from actbench.experiments.subgradient.effects import share_of_zeros, zero_beyond

NAN = math.nan
SHARES, DIFFERENCES, RATIOS = (0.0, 1.0), (-1.0, 1.0), (0.0, math.inf)


def shuffled(rows):
    """The last row first: whoever leans on the order of rows is wrong."""
    frame = pd.DataFrame(rows)
    return frame.iloc[::-1].reset_index(drop=True)


# neuron


def test_a_neuron_s_measures_are_shares_of_its_top_rate():
    currents, exact = [0.5, 1.0, 1.5, 2.0], [0.0, 0.0, 20.0, 50.0]
    rates = {0: [0.0, 5.0, 30.0, 20.0], 1: [2.0, 1.0, 25.0, 50.0], 2: [1.0, 2.0, 25.0, 50.0]}
    frame = shuffled([
        {"noise": noise, "neuron": neuron, "current": current, "rate": rate, "closed_form": form}
        for noise in (0.0, 0.2) for neuron, own in rates.items()
        for current, rate, form in zip(currents, own, exact, strict=True)
    ])  # fmt: skip
    for measure, wanted in ((up_to_threshold, (5, 2, 2)), (from_closed_form, (30, 5, 5)), (fall, (10, 1, 0))):
        found = of_top_rate(measure, noise=0.0)(frame)
        assert found.values == tuple(value / 50 for value in wanted)
        assert (found.n_unit, found.certain, found.bounds) == ("neurons", True, RATIOS)
        assert not of_top_rate(measure, noise=0.2)(frame).certain
    assert not of_top_rate(fall, noise=-1.0)(frame.assign(noise=-1.0)).certain
    assert not of_top_rate(fall, noise=1.0)(frame.assign(noise=1.0)).certain


# pass_cost


def times(library="numpy", dtype="float32", size=4096, inputs="normal", **seconds):
    return shuffled([
        {"library": library, "dtype": dtype, "size": size, "inputs": inputs, "pass": name, "round": number, "time_s": s}
        for name, each in seconds.items() for number, s in enumerate(each)
    ])  # fmt: skip


def test_a_ratio_is_round_by_round_with_the_rival_of_the_smallest_median():
    frame = times(relu=[1.0, 2.0, 4.0, 1.0], tanh=[9.0, 6.0, 6.0, 9.0], exp=[2.0, 5.0, 2.0, 50.0], erf=[1e-3] * 4)
    found = time_ratio("relu", ("tanh", "exp", "gelu"), library="numpy", dtype="float32")(frame)
    assert found.values == (2.0, 2.5, 0.5, 50.0)
    assert (found.value, found.n_unit, found.note) == (2.25, "rounds", "cheapest rival: exp")
    lost = frame.assign(time_s=frame["time_s"].mask((frame["pass"] == "relu") & (frame["round"] == 1)))
    assert time_ratio("relu", ("exp",), library="numpy")(lost).values == (2.0, 0.5, 50.0)
    for ours, rivals, library in (("silu", ("exp",), "numpy"), ("relu", ("silu",), "numpy"), ("relu", ("exp",), "jax")):
        assert time_ratio(ours, rivals, library=library)(frame) is None


def test_a_panel_has_a_setting_for_each_library_dtype_size_and_inputs():
    every = panel("relu", ("tanh",), libraries=("numpy", "torch"), inputs=("normal", "large", "subnormal"))
    assert list(every)[:7] == [
        "numpy, float32, 2^12", "numpy, float32, 2^12, large", "numpy, float32, 2^12, subnormal",
        "numpy, float32, 2^20", "numpy, float32, 2^20, large", "numpy, float32, 2^20, subnormal",
        "numpy, float64, 2^12",
    ]  # fmt: skip
    assert len(every) == 24
    parts = [
        times(library, dtype, size, inputs, relu=[1.0], tanh=[seconds])
        for seconds, (library, dtype, size, inputs) in enumerate(
            [("numpy", "float32", 2**12, "normal"), ("numpy", "float32", 2**20, "large"),
             ("torch", "float64", 2**12, "normal")], 2)
    ]  # fmt: skip
    frame = pd.concat(parts)
    found = {name: effect(frame) for name, effect in every.items()}
    assert {name: estimate.value for name, estimate in found.items() if estimate is not None} == {
        "numpy, float32, 2^12": 2.0, "numpy, float32, 2^20, large": 3.0, "torch, float64, 2^12": 4.0,
    }  # fmt: skip
    back = panel("relu", ("tanh",), libraries=("numpy",), direction="backward")
    assert list(back) == [f"numpy, {dtype}, 2^{power}" for dtype in ("float32", "float64") for power in (12, 20)]
    both = pd.concat([frame.assign(direction="forward"), frame.assign(direction="backward", time_s=7.0)])
    assert back["numpy, float32, 2^12"](both).value == 1.0


# retraining


def retrained(arm, rate, valid, values, **columns):
    return shuffled([
        {"activation": arm, "rate": rate, "net": net, "diverged": False, "valid_accuracy": valid, "top": value}
        | columns
        for net, value in enumerate(values)
    ])  # fmt: skip


def test_a_measure_is_at_each_arm_s_tuned_step_size():
    frame = pd.concat([
        retrained("relu", 0.1, 0.7, [0.5, 0.6]), retrained("relu", 1.0, 0.9, [0.75, 0.5, 0.25]),
        retrained("tanh", 0.1, 0.8, [0.5, 0.5]), retrained("tanh", 1.0, 0.2, [0.0, 0.0]),
    ])  # fmt: skip
    found = retraining.at_tuned("top", activation="relu")(frame)
    assert sorted(found.values) == [0.25, 0.5, 0.75]
    assert found.note == "step size 1, best validation accuracy"
    gap = retraining.beyond("top", {"activation": "relu"}, {"activation": "tanh"})(frame)
    assert gap.values == (0.25, 0.0)
    assert (gap.left_out, gap.bounds) == (1, DIFFERENCES)
    assert gap.note == "step sizes 1 and 0.1, each arm's best validation accuracy"
    assert retraining.measured("top", activation="tanh", rate=0.1)(frame).values == (0.5, 0.5)


def test_a_fall_is_within_a_network():
    frame = pd.DataFrame({"activation": ["relu"] * 2 + ["tanh"], "net": [0, 1, 0], "a": [0.75, 0.5, 9.0],
                          "b": [0.25, 0.75, 1.0]})  # fmt: skip
    found = retraining.fall("a", "b", activation="relu")(frame)
    assert (found.values, found.bounds) == ((0.5, -0.25), DIFFERENCES)
    assert retraining.fall("a", "b", least=0.0)(frame[:1]).bounds == SHARES


def test_a_network_stalls_where_its_loss_stays_high_at_every_step_size():
    assert pytest.approx(2.1874558, rel=1e-7) == retraining.STALLED  # 0.95 of 2.302585
    high, low = retraining.STALLED * 1.001, retraining.STALLED * 0.999
    losses = [(high, high), (high, low), (low, low), (retraining.STALLED, high), (3.0, 3.5), (high, NAN)]
    frame = shuffled([
        {"activation": "relu", "rate": rate, "net": net, "train_loss": loss}
        for net, both in enumerate(losses) for rate, loss in zip((0.1, 1.0), both, strict=True)
    ])  # fmt: skip
    found = retraining.stalling(activation="relu")(frame)
    assert (found.values, found.bounds) == ((1.0, 0.0, 0.0, 0.0, 1.0, 0.0), SHARES)
    assert retraining.stalling(activation="tanh")(frame).n == 0


# selectivity


def shares(arm, rate, valid, ends):
    """A share of 0.25 at birth, and one at the end for each network and layer."""
    return shuffled([
        {"activation": arm, "rate": rate, "net": net, "layer": layer, "diverged": False, "valid_accuracy": valid,
         "share_birth": 0.25, "share_end": end} for net, each in enumerate(ends) for layer, end in enumerate(each, 1)
    ])  # fmt: skip


def test_a_rise_is_a_mean_over_layers_at_a_step_size_of_one_s_own_or_a_shared_one():
    frame = pd.concat([
        shares("relu", 0.1, 0.5, [[0.25, 0.25], [0.25, 0.75], [0.5, 0.5]]),
        shares("relu", 1.0, 0.9, [[0.5, 1.0], [0.75, 0.75], [NAN, NAN]]),
        shares("tanh", 0.1, 0.8, [[0.25, 0.5], [0.25, 0.25]]), shares("tanh", 1.0, 0.1, [[0.0, 0.0], [0.0, 0.25]]),
    ])  # fmt: skip
    found = rise("relu")(frame)
    assert found.values == (0.5, 0.5)
    assert (found.left_out, found.bounds) == (1, DIFFERENCES)
    assert found.note == "step size 1, best validation accuracy"
    own = rise_beyond("relu", "tanh")(frame)
    assert own.values == (0.375, 0.5)
    assert (own.left_out, own.bounds) == (1, (-2.0, 2.0))
    assert own.note == "step sizes 1 and 0.1, each arm's best validation accuracy"
    shared = rise_beyond("relu", "tanh", shared=True)(frame)  # 0.1: 0.5 + 0.8 is more than 0.9 + 0.1
    assert shared.values == (-0.125, 0.25)
    assert shared.note == "step size 0.1, best validation accuracy of both arms together"


# subgradient


def slopes(at_zero, tests, model="mlp", losses=1.0, **columns):
    return shuffled([
        {"model": model, "at_zero": at_zero, "net": net, "diverged": test is None, "train_loss": losses,
         "valid_accuracy": test, "test_accuracy": test, "zeros_first": 0.5, "zeros_later": at_zero / 2 + 0.25 * net}
        | columns for net, test in enumerate(tests)
    ])  # fmt: skip


def test_accuracy_with_slope_zero_less_that_with_another():
    frame = pd.concat([
        slopes(0.0, [0.75, 0.5, 0.9]), slopes(1.0, [0.5, 0.5, 0.9]), slopes(0.5, [0.25, 0.25, 0.25]),
        slopes(1.0, [0.0] * 3, model="cnn"),
    ])  # fmt: skip
    found = zero_beyond(1.0, model="mlp")(frame)
    assert found.values == pytest.approx([0.25, 0.0, 0.0])
    assert (found.note, found.bounds) == ("2 of 3 runs are the same to the last digit", DIFFERENCES)
    otherwise = pd.concat([slopes(0.0, [0.5, 0.5]), slopes(1.0, [0.5, 0.5], losses=2.0)])
    assert zero_beyond(1.0)(otherwise).note.startswith("0 of 2 runs")  # the losses differ
    lost = pd.concat([slopes(0.0, [None, None, None, 0.5]), slopes(1.0, [0.5, 0.5, 0.5, None])])
    some = zero_beyond(1.0)(lost)
    assert some.values == pytest.approx([0.1 - 0.5] * 3 + [0.5 - 0.1])
    assert some.note == "0 of 4 runs are the same to the last digit; 4 diverged and count as chance"


def test_the_share_of_zeros_is_with_the_slope_zero():
    frame = pd.concat([slopes(0.0, [0.5, 0.5]), slopes(1.0, [0.5, 0.5]), slopes(-1.0, [0.5, 0.5])])
    found = share_of_zeros("later", model="mlp")(frame)
    assert sorted(found.values) == [0.0, 0.25]
    assert found.bounds == SHARES
    assert share_of_zeros("first")(frame).values == (0.5, 0.5)
