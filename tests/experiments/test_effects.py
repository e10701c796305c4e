"""Effects of what trains, propagates and ranks, on tables made by hand: every number is worked out beside its table."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from actbench.core.errors import ActbenchError, NotMeasured
from actbench.experiments.convergence.effects import EPOCHS, STALLED, epochs_per_layer, stalling, steadiness
from actbench.experiments.features.effects import ranks_better, share_kept
from actbench.experiments.gradient_flow.effects import (
    BEYOND,
    beyond_theory,
    exponent,
    factor,
    left_over,
    predicted_factor,
    ratio,
    slopes_alone,
)
from actbench.experiments.orientation.effects import accuracies, beyond_relu, same_run
from actbench.experiments.overfitting.effects import PENALTY_RATE, fits_better, gap_beyond, share_of_l1
from actbench.experiments.training.effects import (
    dead_at_tuned,
    dead_beyond_birth,
    gain,
    gain_where,
    mean_of,
    more_zeros,
    revived_share,
    trained_slope,
)
from actbench.statistics.tuning import OTHER_HALF

INF, NAN = math.inf, math.nan


FACTORS = (
    "activation",
    "init",
    "width",
    "depth",
    "rate",
    "penalty",
    "noise",
    "data",
    "model",
    "bias",
    "start",
    "recipe",
)


def table(nets=4, layers=(1,), **columns):
    """A row for each network and layer, factors before it; a column is a value, or a function of the two."""
    rows = [
        {k: v(net, layer) if callable(v) else v for k, v in columns.items()} | {"net": net, "layer": layer}
        for net in range(nets)
        for layer in layers
    ]
    return in_order(pd.DataFrame(rows))


def in_order(frame):
    """Factors, network, measures: as a run gives them."""
    factors = [factor for factor in FACTORS if factor in frame]
    return frame[[*factors, "net", *(c for c in frame if c not in ("net", *factors))]]


def numbers(estimate):
    return (pytest.approx(list(estimate.values)), estimate.n, estimate.left_out)


# gradient_flow


def flow(logs, **columns):
    """One network a list of log norms, layer by layer from the first."""
    rows = [
        {k: v(layer) if callable(v) else v for k, v in columns.items()}
        | {"activation": "relu", "init": "he", "width": 64, "net": net, "layer": layer, "grad_log_norm": log}
        for net, norms in enumerate(logs)
        for layer, log in enumerate(norms, 1)
    ]
    return in_order(pd.DataFrame(rows))


def test_the_factor_a_layer_is_the_root_of_the_whole_change_and_zero_where_no_gradient_arrives():
    frame = flow([[2.0, 5.0, 0.0], [-INF, 0.0, 0.0], [1.0, 0.0, -INF], [NAN, 0.0, 0.0], [INF, 0.0, 0.0],
                  [0.0, 0.0, INF], [0.0, 0.0, NAN], [0.0, NAN, 0.0]])  # fmt: skip
    found = factor(activation="relu", init="he")(frame)
    assert found.values == pytest.approx([math.exp(2.0 / 2), 0.0, 1.0])  # what happens on the way does not count
    assert found.left_out == 5
    assert found.bounds == (0.0, INF)
    assert left_over()(frame).values == pytest.approx([math.exp(2.0), 0.0, 1.0])
    assert left_over()(frame).bounds == (0.0, INF)
    whole = flow([[5.0, 0.0, 7.0, 2.0], [1.0, 1.0, 1.0, 1.6]])
    assert factor()(whole).values == pytest.approx([math.exp(1.0), math.exp(-0.2)])
    assert left_over()(whole).values == pytest.approx([math.exp(3.0), math.exp(-0.6)])
    assert factor()(flow([[1.0], [3.0, 0.0]])).values == pytest.approx([math.exp(3.0)])  # one layer changes nothing
    assert factor()(flow([[1.0], [3.0, 0.0]])).left_out == 1
    assert len(factor(init="glorot")(frame).values) == 0


def test_an_exponent_is_fitted_beyond_the_start():
    layers = np.arange(1, 31)
    logs = [[0.7 * math.log(layer) if layer >= 10 else 99.0 * layer for layer in layers],
            [-0.5 * math.log(layer) + 3 if layer >= 10 else NAN for layer in layers]]  # fmt: skip
    frame = flow(logs)
    assert BEYOND == 10
    assert exponent()(frame).values == pytest.approx([0.7, -0.5])
    mixed = frame.sample(frac=1.0, random_state=0)
    assert exponent(init="he")(mixed).values == pytest.approx([0.7, -0.5])
    assert exponent(init="glorot")(frame).n == 0
    moved = flow([[0.7 * math.log(layer) + (5.0 if layer == 10 else 0.0) for layer in layers]])
    assert exponent()(moved).values[0] < 0.69  # the tenth layer is the first that counts


def test_a_ratio_of_factors_is_network_by_network():
    ours, theirs = flow([[4.0, 0.0], [2.0, 0.0], [1.0, 0.0]]), flow([[1.0, 0.0], [-INF, 0.0]])
    frame = pd.concat([ours, theirs.assign(activation="tanh")])
    found = ratio({"activation": "relu"}, {"activation": "tanh"})(frame)
    assert found.values == pytest.approx([math.exp(3.0)])
    assert found.left_out == 2  # a rival that is 0, and a network that it has not
    for lost in ([INF, 0.0], [NAN, 0.0], [0.0, INF], [0.0, -INF], [0.0, NAN]):
        one = pd.concat([flow([[4.0, 0.0]]), flow([lost]).assign(activation="tanh")])
        assert ratio({"activation": "relu"}, {"activation": "tanh"})(one).left_out == 1, lost
    assert found.bounds == (0.0, INF)


def test_theory_s_factor_is_sqrt_chi_along_the_mean_lengths_and_the_gap_is_from_there():
    # ReLU: E f'^2 = 1/2 at every length, so sqrt(sigma_w2 / 2) whatever q
    frame = flow([[0.3, 0.0, 0.0], [0.1, 0.0, 0.0]], q=1.0)
    assert predicted_factor(frame) == pytest.approx(1.0)
    assert beyond_theory()(frame).values == pytest.approx([math.exp(0.15) - 1, math.exp(0.05) - 1])
    wider = frame.assign(init="sigma_w2=4")
    assert predicted_factor(wider) == pytest.approx(math.sqrt(2))
    assert beyond_theory()(wider).values == pytest.approx([math.exp(x) - math.sqrt(2) for x in (0.15, 0.05)])
    # tanh: the lengths of the layers that the gradient leaves, the last apart, averaged over networks
    from actbench.theory import moments

    tanh = flow([[0.0] * 3] * 2, q=lambda layer: {1: 0.5, 2: 2.0, 3: 1e6}[layer]).assign(activation="tanh")
    tanh.loc[(tanh["net"] == 0) & (tanh["layer"] == 1), "q"] = 1.5  # mean 1
    wanted = (4 * moments("tanh", 1.0).d_second * moments("tanh", 2.0).d_second) ** 0.25
    assert predicted_factor(tanh) == pytest.approx(wanted)
    assert predicted_factor(tanh.assign(width=8)) == pytest.approx(wanted)
    glorot = tanh.assign(init="glorot", width=8)
    assert predicted_factor(glorot) == pytest.approx(wanted / math.sqrt(2))
    assert beyond_theory(activation="tanh")(pd.concat([frame, tanh])).values == pytest.approx([1 - wanted] * 2)


def test_slopes_alone_are_a_geometric_mean_and_zero_where_one_is():
    frame = flow([[0.0] * 3] * 3, slope_rms=lambda layer: float(layer))
    frame.loc[(frame["net"] == 1) & (frame["layer"] == 2), "slope_rms"] = 0.0
    frame.loc[frame["net"] == 2, "slope_rms"] = 0.5
    found = slopes_alone(init="he")(frame)
    assert found.values == pytest.approx([6 ** (1 / 3), 0.0, 0.5])
    assert found.bounds == (0.0, INF)


# training


def trained(activation="relu", rate=0.1, nets=4, layers=(1, 2), **columns):
    usual = {"diverged": False, "valid_accuracy": 0.9, "test_accuracy": 0.8, "dead_birth": 0.0, "dead_end": 0.0}
    return table(nets, layers, activation=activation, rate=rate, **(usual | columns))


def test_a_measure_s_mean_its_complement_and_its_size():
    frame = trained(active_fraction=lambda net, layer: 0.1 * layer + 0.01 * net,
                    correlation=lambda net, layer: -0.2 if layer == 1 else 0.4)  # fmt: skip
    found = mean_of("active_fraction")(frame)
    assert found.values == pytest.approx([0.15, 0.16, 0.17, 0.18])
    assert found.bounds == (0.0, 1.0)
    assert mean_of("active_fraction", complement=True)(frame).values == pytest.approx([0.85, 0.84, 0.83, 0.82])
    plain, size = mean_of("correlation")(frame), mean_of("correlation", size=True)(frame)
    assert plain.values == pytest.approx([0.1] * 4)
    assert size.values == pytest.approx([0.3] * 4)
    assert (plain.bounds, size.bounds) == ((-INF, INF), (0.0, INF))
    for share in ("path_fraction", "connection_fraction", "ks"):
        assert mean_of(share)(frame.assign(**{share: 0.5})).bounds == (0.0, 1.0)
    assert mean_of("correlation", activation="tanh")(frame).n == 0


def test_a_trained_slope_is_in_log2_and_a_diverged_network_has_none():
    frame = trained(
        layers=(1, 2, 3, 4), q=lambda net, layer: 2.0 ** (-0.5 * layer), diverged=lambda net, layer: net == 3
    )
    found = trained_slope("q", activation="relu")(frame)
    assert found.values == pytest.approx([-0.5] * 3)
    assert found.left_out == 1


def test_zeros_of_one_arm_less_those_of_another():
    ours = trained(active_fraction=lambda net, layer: 0.4 + 0.1 * layer)
    theirs = trained("tanh", nets=3, active_fraction=lambda net, layer: 1.0 - 0.01 * net)
    found = more_zeros({"activation": "relu"}, {"activation": "tanh"})(pd.concat([ours, theirs]))
    assert found.values == pytest.approx([0.45, 0.44, 0.43])
    assert (found.left_out, found.bounds) == (1, (-1.0, 1.0))


def two_rates(**columns):
    """Validation prefers 0.3."""
    return pd.concat([
        trained(rate=0.1, valid_accuracy=0.7, **{k: v[0] for k, v in columns.items()}),
        trained(rate=0.3, valid_accuracy=0.9, **{k: v[1] for k, v in columns.items()}),
    ])  # fmt: skip


def test_death_is_counted_beyond_birth_at_the_step_size_that_is_asked_for():
    frame = two_rates(dead_birth=(0.1, 0.2), dead_end=(0.5, lambda net, layer: 0.3 + 0.1 * layer))
    born = dead_beyond_birth(rate=0.1)(frame)
    assert born.values == pytest.approx([0.4] * 4)
    assert (born.note, born.bounds) == ("", (-1.0, 1.0))
    tuned = dead_beyond_birth(tuned=True)(frame)
    assert tuned.values == pytest.approx([0.25] * 4)
    assert tuned.note == "step size 0.3, best validation accuracy"
    with pytest.raises(ActbenchError, match="rate"):
        dead_beyond_birth()(frame)
    at = dead_at_tuned()(frame)
    assert at.values == pytest.approx([0.45] * 4)
    assert (at.note, at.bounds, at.certain) == (tuned.note, (0.0, 1.0), False)
    assert dead_at_tuned(certain=True)(frame).certain
    assert len(dead_at_tuned(activation="relu", rate=0.1)(frame).values) == 4
    with pytest.raises(NotMeasured):
        dead_at_tuned(activation="gelu")(frame)


def test_revived_units_are_a_share_of_those_that_ever_died_over_all_step_sizes():
    ever, back = lambda net, layer: 0.2 * (net < 3), lambda net, layer: 0.05 * layer * (net < 3)
    frame = two_rates(ever_dead=(ever, ever), revived=(back, 0.0))
    # 0.05 + 0.10 of 4 * 0.2, but for the network in which none died and the one that diverged
    frame.loc[(frame["net"] == 2), "diverged"] = True
    found = revived_share()(frame)
    assert found.values == pytest.approx([0.15 / 0.8] * 2)
    assert (found.note, found.left_out, found.bounds) == ("1 networks had no dead unit", 0, (0.0, 1.0))
    assert not found.certain
    assert revived_share()(frame[frame["net"].isin([0, 3])]).note == "1 networks had no dead unit"
    all_died = revived_share(certain=True)(frame[frame["net"] < 2])
    assert (all_died.note, all_died.certain) == ("", True)
    assert len(revived_share(rate=0.3)(frame).values) == 2
    assert revived_share(rate=0.3)(frame).values == pytest.approx([0.0, 0.0])


def arms(relu, other, **shared):
    """ReLU and PReLU at the step sizes 0.1, 0.3 and 1: a dictionary of columns for each of the three."""
    made = []
    for name, columns in (("relu", relu), ("prelu", other)):
        for rate, own in zip((0.1, 0.3, 1.0), columns, strict=True):
            made.append(trained(name, rate, **shared, **own))
    return pd.concat(made)


LOST = {"diverged": True, "test_accuracy": None, "valid_accuracy": None, "dead_end": None, "dead_birth": None}


def test_a_remedy_s_gain_is_where_relu_dies_or_where_it_diverges():
    relu = [{"test_accuracy": 0.9}, {"dead_end": 0.2, "dead_birth": 0.1, "test_accuracy": lambda n, _: 0.7 + 0.01 * n},
            LOST]  # fmt: skip
    other = [{"test_accuracy": 0.95}, {"test_accuracy": 0.8}, {"test_accuracy": 0.6}]
    frame = arms(relu, other)
    dies, diverges = gain_where("dies", "prelu")(frame), gain_where("diverges", "prelu")(frame)
    assert dies.values == pytest.approx([0.1, 0.09, 0.08, 0.07])
    assert (dies.note, dies.bounds) == ("step sizes 0.3", (-1.0, 1.0))
    assert diverges.values == pytest.approx([0.5] * 4)  # chance is a tenth
    assert diverges.note == "step sizes 1"
    both = gain_where("dies", "prelu")(arms([relu[1], relu[1], LOST], other))
    assert both.note == "step sizes 0.1, 0.3"
    assert both.values == pytest.approx([0.175, 0.165, 0.155, 0.145])  # the mean over both
    none = gain_where("dies", "prelu")(arms([relu[0]] * 3, other))
    assert (none.n, none.left_out) == (0, 0)
    assert none.note == "no step size of the grid at which ReLU dies"
    born = gain_where("dies", "prelu")(arms([{"dead_birth": 0.25, "dead_end": 0.27}] * 3, other))
    assert born.n == 0  # what is dead at birth has not died


@pytest.mark.parametrize(("excess", "lost", "dies", "diverges"), [
    (0.06, 0, True, False), (0.05, 0, False, False), (0.04, 0, False, False), (0.2, 1, True, False),
    (0.2, 2, False, True), (0.0, 2, False, True), (0.0, 4, False, True), (0.2, 3, False, True),
])  # fmt: skip
def test_dying_is_a_twentieth_beyond_birth_while_fewer_than_half_diverge(excess, lost, dies, diverges):
    state = {"dead_birth": 0.0, "dead_end": excess, "diverged": lambda net, layer: net < lost}
    frame = arms([state] * 3, [{}] * 3)
    assert bool(gain_where("dies", "prelu")(frame).n) == dies
    assert bool(gain_where("diverges", "prelu")(frame).n) == diverges


def test_a_gain_is_at_each_arm_s_own_step_size_and_what_diverged_is_chance():
    relu = [{"valid_accuracy": 0.7, "test_accuracy": 0.71}, {"valid_accuracy": 0.8, "test_accuracy": 0.75}, LOST]
    other = [{"valid_accuracy": 0.9, "test_accuracy": lambda n, _: 0.9 if n else None}, {"valid_accuracy": 0.8},
             {"valid_accuracy": 0.1}]  # fmt: skip
    found = gain({"activation": "prelu"}, {"activation": "relu"})(arms(relu, other))
    assert found.values == pytest.approx([0.1 - 0.75, 0.15, 0.15, 0.15])
    assert found.note == "step sizes 0.1 and 0.3, each arm's best validation accuracy"
    assert found.bounds == (-1.0, 1.0)
    with pytest.raises(NotMeasured):
        gain({"activation": "prelu"}, {"activation": "relu"}, rate=7.0)(arms(relu, other))


# convergence


def test_steadiness_is_a_ratio_of_means_with_pseudo_values():
    first, second = [0.4, 0.2, 0.1, 0.3], [0.2, 0.1, 0.3, 0.2]
    frame = table(activation="relu", rate=0.1, diverged=False, valid_accuracy=0.9,
                  first_rate=lambda net, _: first[net], second_rate=lambda net, _: second[net])  # fmt: skip
    worse = frame.assign(rate=1.0, valid_accuracy=0.5, second_rate=9.0)
    found = steadiness(activation="relu")(pd.concat([frame, worse]))
    whole = sum(second) / sum(first)
    without = [(sum(second) - b) / (sum(first) - a) for a, b in zip(first, second, strict=True)]
    assert found.values == pytest.approx([4 * whole - 3 * part for part in without])
    assert (found.note, found.left_out) == ("step size 0.1, best validation accuracy", 0)
    frame.loc[0, "diverged"] = True
    frame.loc[1, "first_rate"] = None
    some = steadiness()(frame)
    assert (some.n, some.left_out) == (2, 2)
    alone = steadiness()(frame[frame["net"] < 3])
    assert (alone.n, alone.left_out) == (0, 2)
    none = steadiness()(frame.assign(diverged=True))
    assert (none.n, none.left_out) == (0, 4)


def test_epochs_a_layer_are_a_slope_in_log2_and_what_never_arrives_counts_with_all():
    def depths(epochs):
        return pd.concat([
            table(depth=depth, rate=rate, diverged=False, valid_accuracy=0.9,
                  epochs_to_target=lambda net, _, d=depth, r=rate: epochs(net, d, r))
            for depth in (2, 4, 8) for rate in (0.1, 1.0)
        ])  # fmt: skip

    found = epochs_per_layer()(depths(lambda net, depth, rate: 2.0 ** (0.25 * depth) * (1 if rate == 1.0 else 3)))
    assert found.values == pytest.approx([0.25] * 4)
    assert found.note == OTHER_HALF
    assert EPOCHS == 20
    late = epochs_per_layer()(depths(lambda net, depth, rate: 5.0 if depth == 2 or net else None))
    line = np.polyfit([2, 4, 8], np.log2([5, 20, 20]), 1)[0]
    assert sorted(late.values) == pytest.approx([0.0, 0.0, 0.0, line])
    assert late.note == (
        f"{OTHER_HALF}; 2 runs had not reached it and count with 20 epochs, so the slope is at least this"
    )
    # even networks like 0.1, odd ones 1: each half is judged at the other's choice
    crossed = epochs_per_layer()(
        depths(lambda net, depth, rate: depth if (net % 2 == 0) == (rate == 0.1) else 8.0 * depth**2)
    )
    assert crossed.values == pytest.approx([np.polyfit([2, 4, 8], np.log2([32, 128, 512]), 1)[0]] * 4)
    one = epochs_per_layer(depth=2)(depths(lambda net, depth, rate: 2.0))
    assert (one.n, one.left_out) == (0, 4)  # one depth makes no slope


def test_a_network_stalls_where_every_step_size_leaves_it_knowing_nothing():
    assert pytest.approx(0.95 * math.log(10)) == STALLED
    losses = {0: (STALLED * 1.001, 3.0), 1: (STALLED * 0.999, 3.0), 2: (STALLED, STALLED), 3: (3.0, 3.0)}
    frame = pd.concat([
        table(rate=rate, depth=4, diverged=False, train_loss=lambda net, _, i=i: losses[net][i])
        for i, rate in enumerate((0.1, 1.0))
    ])  # fmt: skip
    assert stalling(depth=4)(frame).values == (1.0, 0.0, 0.0, 1.0)
    frame.loc[frame["net"].isin([2, 3]), "diverged"] = True
    assert stalling()(frame).values == (1.0, 0.0, 1.0, 1.0)
    assert stalling()(frame).bounds == (0.0, 1.0)
    assert stalling(depth=5)(frame).n == 0


# features


def test_features_kept_are_a_share_a_split():
    frame = pd.DataFrame({"data": ["a"] * 3 + ["b"], "model": ["lasso", "lasso", "forward", "lasso"],
                          "net": [0, 1, 0, 0], "kept": [0.25, 0.5, 0.75, 1.0]})  # fmt: skip
    found = share_kept("a")(frame)
    assert found.values == (0.25, 0.5)
    assert (found.n_unit, found.bounds) == ("splits of one data set", (0.0, 1.0))
    assert share_kept("a", "forward")(frame).values == (0.75,)


def ranked():
    """At 0.1 and 1: ReLU validates best at 0.1, tanh at 1, both together at 0.1."""
    rows = []
    for model, by_rate in (("relu", {0.1: (0.9, 0.8), 1.0: (0.5, 0.7)}), ("tanh", {0.1: (0.7, 0.4), 1.0: (0.8, 0.6)})):
        for rate, (valid, auc) in by_rate.items():
            for net in range(4 if model == "relu" else 3):
                rows.append({"data": "teacher_sparse", "model": model, "rate": rate, "net": net, "diverged": False,
                             "valid_accuracy": valid if net < 3 else 0.0, "auc": auc + net / 100})  # fmt: skip
    frame = pd.DataFrame(rows)
    return pd.concat([frame, frame.assign(data="teacher_dense", auc=0.0)])


def test_ranks_are_compared_on_networks_that_both_have_each_at_its_own_step_size_or_at_one():
    found = ranks_better("auc", "tanh", "sparse")(ranked())
    assert found.values == pytest.approx([0.2] * 3)
    assert (found.left_out, found.bounds, found.n_unit) == (0, (-1.0, 1.0), "networks, each with its own teacher")
    assert found.note == "step sizes 0.1 and 1, each arm's best validation accuracy"
    shared = ranks_better("auc", "tanh", "sparse", shared=True)(ranked())
    assert shared.values == pytest.approx([0.4] * 3)
    assert shared.note == "step size 0.1, best validation accuracy of both arms together"
    assert ranks_better("auc", "tanh", "dense")(ranked()).values == pytest.approx([0.0] * 3)


# overfitting


def fitted(activation, penalty="none", rate=0.1, depth=2, noise=0.0, **columns):
    usual = {"diverged": False, "valid_accuracy": 0.9, "train_accuracy": 1.0, "test_accuracy": 0.9}
    return table(activation=activation, penalty=penalty, rate=rate, depth=depth, noise=noise, **(usual | columns))


def test_a_gap_beyond_another_s_is_at_each_one_s_own_step_size_or_at_one():
    frame = pd.concat([
        fitted("relu", rate=0.1, valid_accuracy=0.9, test_accuracy=lambda n, _: 0.8 - 0.01 * n),
        fitted("relu", rate=1.0, valid_accuracy=0.5, test_accuracy=0.0),
        fitted("tanh", rate=0.1, valid_accuracy=0.7, test_accuracy=0.4),
        fitted("tanh", rate=1.0, valid_accuracy=0.8, test_accuracy=lambda n, _: 0.95 if n else None),
        fitted("relu", "outputs:1", test_accuracy=0.0), fitted("relu", depth=3, test_accuracy=0.0),
    ])  # fmt: skip
    found = gap_beyond("relu", "tanh", depth=2)(frame)
    assert found.values == pytest.approx([0.21 - 0.05, 0.22 - 0.05, 0.23 - 0.05])
    assert (found.left_out, found.bounds, found.n_unit) == (1, (-2.0, 2.0), "networks, each on its own split")
    assert found.note == "step sizes 0.1 and 1, each arm's best validation accuracy"
    shared = gap_beyond("relu", "tanh", shared=True, depth=2)(frame)
    assert shared.values == pytest.approx([-0.4, -0.39, -0.38, -0.37])
    assert shared.note.startswith("step size 0.1, ")


def test_a_better_fit_is_tuned_by_the_other_half_and_what_diverged_is_chance():
    crossed = [
        fitted("relu", rate=rate, fit_end=lambda n, _, r=rate: 0.9 if (n % 2 == 0) == (r == 0.1) else 0.6)
        for rate in (0.1, 1.0)
    ]
    steady = fitted("tanh", fit_end=lambda n, _: 0.5 if n else None)
    frame = pd.concat([*crossed, steady, fitted("tanh", "weights:1", fit_end=0.0)])
    found = fits_better("relu", "tanh", "fit_end", depth=2)(frame)
    assert found.values == pytest.approx([0.6 - 0.1, 0.1, 0.1, 0.1])
    assert (found.note, found.bounds, found.n_unit) == (OTHER_HALF, (-1.0, 1.0), "networks, each on its own split")


def penalised(valid=(0.7, 0.9, 0.99), strong=lambda n, _: None if n == 1 else 0.0):
    at = {"rate": PENALTY_RATE}
    return pd.concat([
        fitted("relu", size=lambda n, _: 0.8 + 0.01 * n, **at), fitted("leaky_relu", size=1.8, **at),
        fitted("leaky_relu", "outputs:0.1", size=0.9, valid_accuracy=valid[0], **at),
        fitted("leaky_relu", "outputs:0.3", size=lambda n, _: 0.6 - 0.1 * (n == 0), valid_accuracy=valid[1], **at),
        fitted("leaky_relu", "outputs:0.6", size=strong, valid_accuracy=valid[2], **at),
        fitted("leaky_relu", "weights:0.1", size=0.0, valid_accuracy=1.0, **at),
        fitted("relu", "outputs:0.1", size=0.0, valid_accuracy=1.0, **at),
        fitted("tanh", "outputs:0.2", size=0.0, valid_accuracy=1.0, **at),
        fitted("elu", "outputs:0.4", size=0.0, valid_accuracy=1.0, **at),
        fitted("relu", depth=3, size=0.0, **at), fitted("relu", noise=0.2, size=0.0, **at),
        fitted("relu", rate=1.0, size=0.0),
    ])  # fmt: skip


def test_a_share_of_what_a_penalty_does_is_at_the_strength_that_validates_best_of_those_that_all_fit():
    assert PENALTY_RATE == 0.1
    found = share_of_l1("size", "outputs")(penalised())
    above, below = [1.0, 0.99, 0.98, 0.97], [1.3, 1.2, 1.2, 1.2]
    whole = sum(above) / sum(below)
    without = [(sum(above) - a) / (sum(below) - b) for a, b in zip(above, below, strict=True)]
    assert found.values == pytest.approx([4 * whole - 3 * part for part in without])
    assert (found.note, found.left_out) == ("penalty outputs:0.3", 0)
    assert found.n_unit == "networks, each on its own split"
    weak = share_of_l1("size", "outputs")(penalised(valid=(0.95, 0.9, 0.99)))
    assert weak.note == "penalty outputs:0.1"
    none = share_of_l1("size", "outputs")(penalised().query("penalty == 'none' or penalty == 'outputs:0.6'"))
    assert (none.n, none.note) == (0, "no strength at which every network comes down to the loss")
    frame = penalised()
    lost = (frame["activation"] == "relu") & (frame["net"] == 2) & (frame["penalty"] == "none")
    one = share_of_l1("size", "outputs")(frame.assign(size=frame["size"].where(~lost)))
    assert (one.n, one.left_out) == (3, 1)
    assert one.n_unit == "networks, each on its own split"
    gone = share_of_l1("size", "outputs")(frame[~(lost | (frame["activation"] == "relu"))])
    assert (gone.n, gone.left_out) == (0, 4)


# orientation


def turned(activation, value, **columns):
    usual = {"model": "mlp", "bias": "zero", "start": "own", "recipe": "sgd", "diverged": False, "loss_gap": None}
    usual |= {"valid_accuracy": value, "test_accuracy": value}
    return table(activation=activation, **(usual | columns))


def test_an_oriented_relu_s_gain_is_over_both_halves_and_what_diverged_is_chance():
    ours = turned("mirrored", lambda n, _: 0.8 + 0.01 * n, test_accuracy=0.9)
    theirs = turned("relu", 0.7)
    others = [turned("relu", 0.0, **{k: v}) for k, v in (("model", "cnn"), ("bias", "normal:1"), ("start", "mapped"),
                                                         ("recipe", "adam"))]  # fmt: skip
    found = beyond_relu("mirrored")(pd.concat([ours, theirs, *others]))
    assert found.values == pytest.approx([0.85 - 0.7, 0.855 - 0.7, 0.86 - 0.7, 0.865 - 0.7])
    assert (found.note, found.bounds) == ("", (-1.0, 1.0))
    lost = turned("relu", lambda n, _: None if n == 3 else 0.7, diverged=lambda n, _: n == 3)
    some = beyond_relu("mirrored")(pd.concat([ours, lost]))
    assert some.values[3] == pytest.approx(0.865 - 0.1)
    assert some.note == "0 of 4 networks diverged, 1 of ReLU's; they count as chance"
    cnn = beyond_relu("relu", model="cnn")(pd.concat([theirs, *others]))
    assert cnn.values == (0.0,) * 4
    biased = beyond_relu("mirrored", bias="normal:1")(pd.concat([ours.assign(bias="normal:1"), *others]))
    assert biased.values == pytest.approx([0.85, 0.855, 0.86, 0.865])
    assert dict(accuracies(theirs)) == pytest.approx(dict.fromkeys(range(4), 0.7))


def test_the_same_run_has_no_gap_and_a_gap_is_the_worst_of_all_orientations():
    one = turned("a", 0.9, start="mapped", loss_gap=lambda n, _: 0.1 * n)
    other = turned("b", 0.9, start="mapped", loss_gap=0.15)
    noise = [turned("a", 0.9, start="mapped", recipe="adam", loss_gap=9.0), turned("a", 0.9, loss_gap=9.0)]
    found = same_run("sgd")(pd.concat([one, other, *noise]))
    assert found.values == pytest.approx([0.15, 0.15, 0.2, 0.3])
    assert found.certain
    assert same_run("sgd")(turned("a", 0.9, start="mapped", loss_gap=0.0)).interval() == (0.0, 0.0)
