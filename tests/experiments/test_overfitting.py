"""Explicit penalties against finite differences, the matched loss, and effects on planted runs."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import actbench as ab
from actbench.core.errors import ActbenchError, NotMeasured
from actbench.experiments.overfitting import question as module
from actbench.experiments.overfitting.effects import PENALTY_RATE, fits_better, gap_beyond, pseudo_values, share_of_l1
from actbench.experiments.overfitting.question import TARGET, Trajectory, dataset
from actbench.networks.design import Design
from actbench.networks.losses import L1, cross_entropy
from actbench.networks.network import Network, loss_and_gradients
from actbench.networks.training import Recipe, design_for, train


def penalised_loss(network, x, y, outputs, weights):
    """What is differentiated, written down as its definition."""
    loss, _ = cross_entropy(network.forward(x, training=True), y)
    on_outputs = sum(np.abs(layer.h).mean(axis=(1, 2)) for layer in network.layers)
    on_weights = sum(
        np.abs(block).sum(axis=(1, 2)) for (kind, _), block in network.parameters.blocks.items() if kind == "w"
    )
    return float((loss + outputs * on_outputs + weights * on_weights).sum())


@pytest.mark.parametrize("activation", ["leaky_relu", "tanh"])
@pytest.mark.parametrize(("outputs", "weights"), [(0.0, 0.0), (0.7, 0.0), (0.0, 0.02), (0.3, 0.01)])
@pytest.mark.parametrize("options", [{}, {"norm": "layer_before", "residual": True}])
def test_the_penalised_gradient_is_that_of_finite_differences(activation, outputs, weights, options):
    rng = np.random.default_rng(0)
    design = Design(activation=activation, features=3, width=4, depth=2, outputs=3, **options)
    network = Network(design, range(2), dtype="float64", keep_z=True)
    x, y = rng.normal(size=(2, 7, 3)), rng.integers(0, 3, (2, 7))
    penalty = L1(outputs=outputs, weights=weights)
    found = loss_and_gradients(network, x, y, cross_entropy, penalty=penalty)[1].parameters.flat.copy()
    flat, step = network.parameters.flat, 1e-6
    for i in range(0, flat.size, 3):
        ends = []
        for sign in (1, -1):
            flat[i] += sign * step
            ends.append(penalised_loss(network, x, y, outputs, weights))
            flat[i] -= sign * step
        assert found[i] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-8)


def test_without_a_penalty_it_is_plain_training():
    data = dataset(0, 0.0)[0]
    design, recipe = design_for(data, activation="leaky_relu", width=8, depth=2), Recipe(rate=0.1, epochs=2)
    one, other = (train(design, data, [0], recipe, dtype="float64", penalty=p).network for p in (None, L1()))
    np.testing.assert_allclose(other.parameters.flat, one.parameters.flat, rtol=1e-9, atol=1e-12)


def test_each_network_can_have_data_of_its_own():
    parts = [dataset(net, 0.0)[0] for net in (0, 1)]
    design, recipe = design_for(parts[0], activation="relu", width=8, depth=1), Recipe(epochs=1)
    for options in ({}, {"penalty": L1(outputs=0.1)}):
        both = train(design, parts, [0, 1], recipe, **options)
        for i, part in enumerate(parts):
            alone = train(design, part, [i], recipe, **options)
            assert np.array_equal(both.network.parameters.rows[i], alone.network.parameters.rows[0])
    with pytest.raises(ActbenchError, match="one for each"):
        train(design, parts, [0, 1, 2], recipe)


def test_penalties_make_small_what_they_are_on():
    data = dataset(0, 0.0)[0]
    design, recipe = design_for(data, activation="leaky_relu", width=16, depth=2), Recipe(rate=0.1, epochs=5)
    sizes = {}
    for name, penalty in {"none": None, "outputs": L1(outputs=1.0), "weights": L1(weights=0.01)}.items():
        network = train(design, data, [0], recipe, penalty=penalty).network
        network.forward(data.x)
        h = np.mean([np.abs(layer.h).mean() for layer in network.layers])
        sizes[name] = (h, sum(np.abs(network.parameters["w", layer]).sum() for layer in (1, 2, 3)))
    assert sizes["outputs"][0] < 0.7 * sizes["none"][0]
    assert sizes["weights"][1] < 0.9 * sizes["none"][1]


def test_a_dataset_has_parts_that_do_not_meet_and_as_many_new_labels_as_asked():
    clean, noisy = dataset(3, 0.0), dataset(3, 0.2)
    assert np.array_equal(clean[0].x, noisy[0].x)
    changed = (clean[0].y != noisy[0].y).mean()
    assert 0.1 < changed < 0.26  # nine in ten of a fifth
    assert np.array_equal(clean[0].test_y, noisy[0].test_y), "only what is learnt is noisy"
    rows = [{tuple(row) for row in part} for part in (clean[0].x, clean[1].test_x, clean[0].test_x)]
    assert len(rows[0] & rows[1]) + len(rows[0] & rows[2]) + len(rows[1] & rows[2]) <= 1
    assert not np.array_equal(clean[0].x, dataset(4, 0.0)[0].x)


def test_measures_are_taken_where_the_loss_crosses_the_target():
    class Planted(Trajectory):
        def loss(self, epoch):
            return 2.0 * math.exp(-0.4 * epoch)

        def measures(self, epoch):
            return {"train_accuracy": 0.5 + 0.01 * epoch}

    found = Planted(None, None, None, [None] * 31).at_target()
    crossing = math.log(2.0 / TARGET) / 0.4
    assert found["epochs_to_target"] == pytest.approx(crossing)
    assert found["train_accuracy"] == pytest.approx(0.5 + 0.01 * crossing)
    assert Planted(None, None, None, [None] * 5).at_target() == {}


def runs(**arms):
    """Sixteen networks at two step sizes; an arm is (activation, penalty) to columns by network and rate."""
    rows = []
    for (activation, penalty), columns in arms["arms"].items():
        for net in range(16):
            for rate in (PENALTY_RATE, 0.3):
                row = {"activation": activation, "penalty": penalty, "net": net, "rate": rate, "depth": 2, "noise": 0.0,
                       "diverged": False, "valid_accuracy": 0.9}  # fmt: skip
                rows.append(row | {k: v(net, rate) if callable(v) else v for k, v in columns.items()})
    return pd.DataFrame(rows)


def test_gaps_are_compared_at_tuned_step_sizes_and_a_control_shares_its_own():
    frame = runs(arms={
        ("relu", "none"): {"train_accuracy": 1.0, "test_accuracy": lambda net, rate: 0.9 if rate == 0.3 else 0.8,
                           "valid_accuracy": lambda net, rate: rate},
        ("leaky_relu", "none"): {"train_accuracy": 1.0, "test_accuracy": lambda net, rate: 1 - rate / 2,
                                 "valid_accuracy": lambda net, rate: 0.5 - 0.1 * rate},
    })  # fmt: skip
    assert gap_beyond("relu", "leaky_relu", depth=2)(frame).value == pytest.approx(0.1 - 0.05)  # 0.3 and 0.1
    assert gap_beyond("relu", "leaky_relu", shared=True, depth=2)(frame).value == pytest.approx(
        0.1 - 0.15
    )  # 0.3 for both
    assert "0.3, best validation accuracy of both arms" in gap_beyond("relu", "leaky_relu", shared=True)(frame).note
    with pytest.raises(NotMeasured):
        gap_beyond("relu", "tanh", depth=2)(frame)


def test_fit_is_cross_fitted_and_a_diverged_network_is_worth_chance():
    # even networks fit well at 0.1 and odd ones at 0.3; each half has to take what suits the other
    own = {"fit_end": lambda net, rate: 0.9 if (net % 2 == 0) == (rate == 0.1) else 0.6}
    frame = runs(arms={("relu", "none"): own, ("tanh", "none"): {"fit_end": None, "diverged": True}})
    assert fits_better("relu", "tanh", "fit_end", depth=2)(frame).value == pytest.approx(0.6 - 0.1)


def test_a_share_of_a_penalty_s_effect_is_a_ratio_of_means_with_the_jackknife_s_interval():
    size = {"relu": 0.8, "leaky_relu": 1.0, "outputs:0.1": 0.9, "outputs:0.3": 0.6, "outputs:0.6": 0.1}
    arms = {(name, "none"): {"mean_abs_output": size[name]} for name in ("relu", "leaky_relu")}
    for penalty, valid in (("outputs:0.1", 0.8), ("outputs:0.3", 0.95), ("outputs:0.6", 0.99)):
        missing = penalty == "outputs:0.6"  # the best on validation, but some network never came down to the loss
        arms["leaky_relu", penalty] = {
            "mean_abs_output": lambda net, rate, p=penalty, m=missing: None if m and net == 0 else size[p],
            "valid_accuracy": valid,
        }
    estimate = share_of_l1("mean_abs_output", "outputs")(runs(arms=arms))
    assert estimate.value == pytest.approx(0.2 / 0.4)
    assert "outputs:0.3" in estimate.note
    assert share_of_l1("mean_abs_output", "weights")(runs(arms=arms)).n == 0


def test_pseudo_values_have_the_ratio_s_mean_and_the_delta_method_s_spread():
    rng = np.random.default_rng(0)
    below = rng.normal(4.0, 0.4, 400)
    above = 0.5 * below + rng.normal(0, 0.3, 400)
    values = pseudo_values(list(above), list(below))
    assert np.mean(values) == pytest.approx(above.sum() / below.sum(), abs=1e-3)
    linear = (above - above.sum() / below.sum() * below) / below.mean()
    assert np.std(values, ddof=1) == pytest.approx(np.std(linear, ddof=1), rel=0.02)


def test_the_experiment_s_rows_and_the_effects_constants():
    assert module.PENALTY_RATE == PENALTY_RATE
    frame = ab.run("overfitting", activation="relu", depth=2, rate=0.3, noise=0.0, penalty="none", net=range(1))
    assert frame.notna().all().all()
    assert frame["train_accuracy"].iloc[0] > 0.9
    with pytest.raises(ActbenchError, match="outputs:STRENGTH"):
        ab.run("overfitting", activation="relu", depth=2, rate=0.3, noise=0.0, penalty="l2:1", net=range(1))
