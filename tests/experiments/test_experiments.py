"""Every experiment keeps its contract; what diverged or was planted enters no figure about zeros or death."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import actbench as ab
import actbench.experiments
from actbench.core.errors import ActbenchError
from actbench.experiments.distribution.question import gap, law
from actbench.experiments.gradient_flow.effects import exponent, factor, left_over, predicted_factor
from actbench.experiments.training.effects import (
    dead_beyond_birth,
    gain,
    gain_where,
    mean_of,
    revived_share,
    trained_slope,
)
from actbench.networks.data import data_set
from actbench.networks.dead import dead_units
from actbench.networks.network import Network
from actbench.networks.training import design_for
from actbench.runs.experiment import EXPERIMENTS

# The smallest run of each experiment that still has every column.
SMALL = {
    "activity": {"activation": "relu", "depth": 4, "width": 8, "net": range(3)},
    "gradient_flow": {"activation": "relu", "init": "he", "depth": 4, "width": 8, "net": range(3)},
    "dead_units": {"activation": "relu", "rate": [0.1], "depth": 2, "width": 8, "net": range(2)},
    "trained_activity": {
        "activation": "relu",
        "epochs": 0,
        "optimiser": "sgd",
        "depth": 2,
        "width": 8,
        "net": range(2),
    },
    "distribution": {"activation": "relu", "epochs": 0, "norm": "none", "depth": 2, "width": 8, "net": range(2)},
    "cnn_activity": {"activation": "relu", "model": ["cnn_max", "mlp"], "epochs": 0, "net": range(2)},
    "training": {"activation": "relu", "norm": "none", "rate": 0.1, "depth": 2, "width": 8, "net": range(2)},
}


@pytest.mark.parametrize("name", [e.name for e in EXPERIMENTS if not e.exclusive and e.name in SMALL])
def test_an_experiment_yields_its_columns_for_every_net(name):
    experiment, levels = EXPERIMENTS[name], SMALL[name]
    frame = ab.run(name, **levels)
    assert list(frame.columns) == [*experiment.factors, *experiment.columns]
    assert set(frame["net"]) == set(levels["net"])
    # the first layer has no neighbour before it, and without an epoch there is no last loss
    measured = frame.drop(columns=["connection_fraction", "train_loss"], errors="ignore")
    assert not measured.isna().any().any()


@pytest.mark.parametrize("name", [e.name for e in EXPERIMENTS if e.batch])
def test_quick_is_a_part_of_the_full_grid(name):
    full = {repr(cell) for cell in EXPERIMENTS[name].cells()}
    quick = [repr(cell) for cell in EXPERIMENTS[name].cells(quick=True)]
    assert set(quick) < full
    assert len(set(quick)) == len(quick)


@pytest.mark.parametrize("name", ["dead_units", "training"])
def test_a_diverged_network_is_an_outcome_and_in_no_measure(name):
    frame = ab.run(name, **{**SMALL[name], "rate": [1e38]})
    assert frame["diverged"].all()
    measures = [c for c in EXPERIMENTS[name].columns if c not in ("layer", "diverged")]
    assert frame[measures].isna().all().all()


def test_an_activation_that_makes_nan_looks_neither_sparse_nor_active():
    with ab.ACTIVATIONS.temporary():
        ab.define(
            "toy_nan", forward=lambda x: np.log(x * x - x * x), backward=lambda dy: dy, source="a test",
            limits=(math.nan, math.nan),
        )  # fmt: skip
        with np.errstate(all="ignore"), pytest.warns(RuntimeWarning):
            frame = ab.run("activity", activation="toy_nan", depth=3, width=4, net=range(2))
    assert frame["diverged"].all()
    assert frame[["active_fraction", "path_fraction", "energy", "never_active_fraction"]].isna().all().all()


def test_planted_dead_units_are_counted_and_no_others():
    data = data_set("digits")
    network = Network(design_for(data, activation="relu", width=8, depth=2), range(2))
    network.parameters["b", 1][0, :3] = -1e3
    found = dead_units(network, data.x)
    assert found.units.shape == (2, 2, 8)
    assert found.units[0, 0, :3].all()
    assert found.units[0].sum() <= 3 + 2
    network.parameters["b", 1][1, 0] = np.nan
    found = dead_units(network, data.x)
    assert found.known.tolist() == [True, False]
    assert not found.units[1].any(), "a network that is not finite has no dead units, it has no units that are known"


def planted(**columns):
    """A frame of eight networks and two layers, columns as given per network."""
    rows = []
    for net in range(8):
        for layer in (1, 2):
            row = {"net": net, "layer": layer, "rate": 0.1, "activation": "relu", "diverged": False, "optimiser": "sgd"}
            rows.append(row | {k: v(net, layer) if callable(v) else v for k, v in columns.items()})
    return pd.DataFrame(rows)


def test_effects_leave_diverged_networks_out_and_count_them():
    frame = planted(
        active_fraction=lambda net, layer: math.nan if net == 0 else 0.5,
        diverged=lambda net, layer: net == 0,
        dead_birth=0.1,
        dead_end=lambda net, layer: math.nan if net == 0 else 0.3,
    )
    for effect, value in ((mean_of("active_fraction"), 0.5), (dead_beyond_birth(), 0.2)):
        estimate = effect(frame)
        assert (estimate.n, estimate.left_out) == (7, 1)
        assert estimate.value == pytest.approx(value)


def test_revival_is_a_share_of_the_ever_dead_and_none_dead_is_no_number():
    frame = planted(ever_dead=lambda net, layer: 0.0 if net == 0 else 0.4, revived=lambda net, layer: 0.1 * (net > 0))
    estimate = revived_share()(frame)
    assert (estimate.n, estimate.left_out, estimate.note) == (7, 0, "1 networks had no dead unit")
    assert estimate.value == pytest.approx(0.25)


def test_gains_are_paired_and_diverged_networks_count_as_chance():
    relu = planted(dead_end=0.5, dead_birth=0.0, valid_accuracy=0.9, test_accuracy=0.9)
    remedy = relu.assign(activation="prelu", test_accuracy=0.95)
    estimate = gain_where("dies", "prelu")(pd.concat([relu, remedy]))
    assert estimate.value == pytest.approx(0.05)
    assert gain_where("diverges", "prelu")(pd.concat([relu, remedy])).n == 0
    lost = relu.assign(diverged=True, test_accuracy=None, valid_accuracy=None, dead_end=None, dead_birth=None)
    assert gain_where("diverges", "prelu")(pd.concat([lost, remedy])).value == pytest.approx(0.85)
    arms = pd.concat([relu.assign(norm="none"), remedy.assign(norm="batch_after")])
    assert gain({"norm": "batch_after"}, {"norm": "none"})(arms).value == pytest.approx(0.05)


def test_a_trained_slope_is_that_of_the_layers():
    frame = pd.concat([planted(layer=layer, active_fraction=2.0**-layer) for layer in range(1, 6)])
    assert trained_slope("active_fraction")(frame.drop_duplicates(["net", "layer"])).value == pytest.approx(-1.0)


def test_the_gradient_s_factor_and_its_theory_on_a_linear_network():
    """A linear network's gradient changes by sqrt(sigma_w2) a layer on average, whatever its inputs."""
    frame = ab.run("gradient_flow", activation="identity", init="he", depth=20, width=64, net=range(8))
    estimate = factor()(frame)
    assert predicted_factor(frame) == pytest.approx(math.sqrt(2), rel=1e-9)
    low, high = estimate.interval(0.999)
    assert low < math.sqrt(2) < high * 1.01


def test_what_is_left_of_a_gradient_is_the_product_and_a_power_law_has_its_exponent():
    layers = np.arange(1, 101)
    rows = [{"depth": 100, "net": net, "layer": layer, "grad_log_norm": 0.5 * np.log(layer) + net}
            for net in range(3) for layer in layers]  # fmt: skip
    frame = pd.DataFrame(rows)
    assert left_over(depth=100)(frame).values == pytest.approx([0.1] * 3)
    assert exponent(depth=100)(frame).values == pytest.approx([0.5] * 3)
    with pytest.raises(ActbenchError, match="depth"):
        factor()(pd.concat([frame, frame.assign(depth=30)]))


def test_the_ks_gap_agrees_with_scipy():
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(0)
    a, b = rng.normal(size=300), np.maximum(rng.normal(size=200), 0)
    assert gap(a, b) == pytest.approx(ks_2samp(a, b).statistic, abs=1e-12)


def test_the_law_of_a_rectified_normal_is_known():
    """Mean 1/sqrt(2 pi), second moment 1/2, so mean over deviation is 0.6831; the mass at 0 makes the gap."""
    z = np.random.default_rng(0).normal(size=(400, 500))
    found = law(z, np.maximum(z, 0))
    assert found["mean_over_sd"] == pytest.approx(1 / math.sqrt(math.pi - 1), rel=0.01)
    assert law(z, z)["ks"] == 0
    assert law(z, z)["kurtosis"] == pytest.approx(3, rel=0.03)


def test_a_factor_of_a_usual_name_is_checked_unless_its_experiment_says_otherwise():
    with EXPERIMENTS.temporary():

        @ab.experiment(grid={"depth": [1], "rate": [0.0]}, columns={"v": "v"}, checks={"rate": float})
        def made(*, depth, rate):
            """?"""
            yield {"v": depth * rate}

        assert len(made.cells(depth=[2], rate=[0.0])) == 1
        with pytest.raises(ab.ActbenchError, match="made: depth=0\\.5 is not a whole number"):
            made.cells(depth=[0.5])
