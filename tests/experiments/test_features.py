"""Features: the one-standard-error rule, L1 paths against scikit-learn's own models, gradients against differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import actbench as ab
from actbench.core.errors import NotMeasured
from actbench.experiments.features.effects import ranks_better, share_kept
from actbench.experiments.features.question import (
    WEAKEST,
    dataset,
    forward_paths,
    kept,
    lasso_paths,
    logistic_path,
    one_standard_error,
    ranking,
    sensitivity,
    strongest,
)
from actbench.networks.data import Data
from actbench.networks.network import Network
from actbench.networks.synthetic import TEACHERS, teacher
from actbench.networks.training import design_for


def made(samples=200, noise=0.3, seed=0):
    """Two of ten features matter."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, 10))
    return x, (2 * x[:, 0] - x[:, 1] + noise * rng.normal(size=samples))[:, None]


def test_the_rule_takes_the_strongest_penalty_within_one_standard_error():
    """Means 2, 1.05, 1, 1.5 with a standard error of 0.1 at the least: the second is taken."""
    spread = 0.1 * np.sqrt(5) * np.array([-1, -1, 0, 1, 1]) / np.sqrt(1.0)
    errors = np.array([2.0, 1.05, 1.0, 1.5]) + spread[:, None]
    assert one_standard_error(errors) == 1
    assert one_standard_error(np.array([2.0, 1.4, 1.0, 1.5]) + spread[:, None]) == 2


def test_paths_are_those_of_scikit_learn_s_own_models():
    from sklearn.linear_model import Lasso

    x, y = made()
    strengths = strongest(x, y) * np.array([1.0, 0.3, 0.03])
    path = lasso_paths(x, y, strengths)
    assert path.shape == (1, 11, 3)
    assert (path[0, :-1, 0] == 0).all()
    own = Lasso(alpha=strengths[1], tol=1e-10).fit(x, y[:, 0])
    np.testing.assert_allclose(path[0, :, 1], [*own.coef_, own.intercept_], atol=1e-3)
    labels = (y > 0).astype(float)
    logistic = logistic_path(x, labels, strongest(x, labels) * np.array([1.001, 0.1]))
    assert (logistic[0, :-1, 0] == 0).all()
    assert set(np.flatnonzero(logistic[0, :-1, 1])) >= {0, 1}


def test_forward_selection_takes_what_lowers_the_error_most_and_fits_by_least_squares():
    x, y = made()
    x = np.column_stack([x, np.ones(len(x))])  # a constant, which no model needs twice
    y = np.column_stack([y, x[:, 2:3] ** 2])
    path = forward_paths(x, y, np.arange(12.0))
    assert (path[:, :-1, 0] == 0).all()
    taken = []
    for step in range(1, 11):
        errors = {}
        for feature in set(range(10)) - set(taken):
            part = np.column_stack([x[:, [*taken, feature]], np.ones(len(x))])
            errors[feature] = np.square(y - part @ np.linalg.lstsq(part, y, rcond=None)[0]).sum()
        taken.append(min(errors, key=errors.get))
        part = np.column_stack([x[:, taken], np.ones(len(x))])
        own = np.linalg.lstsq(part, y, rcond=None)[0]
        np.testing.assert_allclose(path[:, [*taken, 11], step], own.T, rtol=1e-8, atol=1e-10)
    assert (path[:, 10, :] == 0).all()
    sums = forward_paths(np.column_stack([x, x[:, 0] + x[:, 1]]), y, np.arange(13.0))
    assert np.count_nonzero(sums[0, :-1, -1]) == 10  # the third of three that make each other up is never taken


def test_of_planted_features_those_are_kept_that_matter():
    x, y = made(400)
    data = Data(name="planted", x=x, y=y[:, 0], test_x=x, test_y=y[:, 0], classes=0)
    assert kept(data, "lasso", 0)["kept"] == pytest.approx(0.2)
    noise = Data(name="noise", x=x, y=np.random.default_rng(1).normal(size=400), test_x=x, test_y=y[:, 0], classes=0)
    assert kept(noise, "lasso", 0)["kept"] <= 0.1
    assert (kept(data, "forward", 0)["kept"], kept(noise, "forward", 0)["kept"]) == (pytest.approx(0.2), 0.0)
    x, y = made(400, noise=2.0)  # with hardly any noise log loss asks for ever larger weights, and keeps much
    labels = (y[:, 0] > 0).astype(np.int64)
    two = Data(name="two", x=x, y=labels, test_x=x, test_y=labels, classes=2)
    assert 0.2 <= kept(two, "logistic", 0)["kept"] <= 0.3
    assert WEAKEST < 0.1


@pytest.mark.parametrize("kind", TEACHERS)
def test_a_teacher_depends_on_its_relevant_features_and_on_no_other(kind):
    def answers(change=None):
        class Rng:
            def standard_normal(self, shape):
                x = np.random.default_rng(0).standard_normal(shape)
                if change is not None:
                    x[:, change] += 1.0
                return x

        return teacher(kind, 3)(Rng(), 200)

    plain = answers()
    for feature in range(20):
        moved = not np.array_equal(answers(feature).y, plain.y)
        assert moved == (feature in plain.relevant), feature
    assert teacher(kind, 4)(np.random.default_rng(0), 5).relevant != plain.relevant


def test_a_dataset_has_two_even_classes_and_each_network_another_teacher():
    data = dataset("relu", 0)
    assert abs(np.concatenate([data.y, data.test_y]).mean() - 0.5) < 1e-3
    assert {dataset("relu", net).relevant for net in range(4)} != {data.relevant}


def test_input_gradients_are_those_of_finite_differences():
    data = dataset("tanh", 1)
    network = Network(design_for(data, activation="tanh", width=6, depth=2), range(2), dtype="float64", backend="numpy")
    x, step = data.test_x[:50], 1e-6
    slopes = np.empty((2, 50, x.shape[1]))
    for feature in range(x.shape[1]):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[:, feature] += sign * step
            out = network.forward(moved)
            ends.append(out[..., 1] - out[..., 0])
        slopes[..., feature] = (ends[0] - ends[1]) / (2 * step)
    np.testing.assert_allclose(sensitivity(network, x), np.abs(slopes).mean(axis=1), rtol=1e-6)


def test_the_ranking_agrees_with_scikit_learn():
    from sklearn.metrics import roc_auc_score

    size = np.random.default_rng(0).integers(0, 6, 20).astype(float)
    relevant = (1, 4, 5, 9, 17)
    found = ranking(size, relevant)
    assert found["auc"] == pytest.approx(roc_auc_score(np.isin(np.arange(20), relevant), size))
    assert ranking(np.arange(20.0), (17, 18, 19)) == {"auc": 1.0, "precision": 1.0}


def test_effects_compare_tuned_arms_and_name_their_units():
    rows = [
        {"data": "teacher_relu", "model": model, "rate": rate, "net": net, "auc": auc, "diverged": False,
         "valid_accuracy": valid, "kept": None}
        for model, rate, auc, valid in (("relu", 0.1, 0.9, 0.8), ("relu", 0.3, 0.5, 0.7), ("leaky_relu", 0.3, 0.8, 0.9))
        for net in range(8)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    assert ranks_better("auc", "leaky_relu", "relu")(frame).value == pytest.approx(0.1)
    assert ranks_better("auc", "leaky_relu", "relu", shared=True)(frame).note.startswith("step size 0.3")
    fewer = frame[(frame["model"] == "relu") | (frame["net"] < 4)]
    assert (
        ranks_better("auc", "leaky_relu", "relu")(fewer).n,
        ranks_better("auc", "leaky_relu", "relu")(fewer).left_out,
    ) == (4, 0)
    with pytest.raises(NotMeasured):
        ranks_better("auc", "tanh", "relu")(frame)
    real = ab.run("features", data="diabetes", model="lasso", rate=0.0, net=range(2))
    assert "splits" in share_kept("diabetes")(real).n_unit
    assert real["kept"].between(0, 1).all()


def test_a_student_s_row_has_its_columns():
    frame = ab.run("features", data="teacher_linear", model="relu", rate=0.01, net=range(1))
    assert frame[["auc", "precision", "test_accuracy"]].notna().all().all()
