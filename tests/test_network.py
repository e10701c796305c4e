"""Random networks: what initialisations draw, what flows forward and backward, against finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

from actbench.errors import ActbenchError
from actbench.network.initialisation import INITIALISATIONS, biases, init_level, initialisation, weights
from actbench.network.layers import propagate

PLACE = (3, 30, 64, 2, 64)  # net, depth, width, layer, fan_in


@pytest.mark.parametrize("init", [*INITIALISATIONS, "orthogonal:1.5", "critical:0.05"])
def test_weights_have_the_variance_that_the_initialisation_promises(init):
    law = initialisation(init, "tanh")
    drawn = np.stack([weights(net, 30, 64, 2, 64, init, np.float64, activation="tanh") for net in range(20)])
    assert 64 * drawn.var() == pytest.approx(law.sigma_w2(64, 64), rel=0.02)
    assert abs(drawn.mean()) < 4 * drawn.std() / math.sqrt(drawn.size)


def test_arms_are_paired_because_all_scale_the_same_unit_draws():
    he = weights(*PLACE, "he", np.float32)
    np.testing.assert_allclose(weights(*PLACE, "lecun", np.float32), he / math.sqrt(2), rtol=1e-6)
    uniform = weights(*PLACE, "torch_default", np.float32)
    assert np.array_equal(np.argsort(he, axis=None), np.argsort(uniform, axis=None))
    assert np.abs(uniform).max() <= 1 / math.sqrt(64)


@pytest.mark.parametrize("fan_out", [24, 64, 100])
def test_orthogonal_weights_are_orthogonal_times_the_gain(fan_out):
    w = weights(*PLACE, "orthogonal:1.5", np.float64, fan_out=fan_out) / 1.5
    product = w.T @ w if fan_out <= 64 else w @ w.T
    np.testing.assert_allclose(product, np.eye(min(64, fan_out)), atol=1e-12)


def test_biases_are_what_their_level_says():
    law = ("he", "zero", np.float32)
    assert not biases(*PLACE, *law).any()
    assert (biases(*PLACE, "he", "constant:-0.1", np.float32) == np.float32(-0.1)).all()
    assert not biases(*PLACE, "he", "own", np.float32).any()
    wide = biases(3, 30, 64, 2, 64, "lecun", "normal:0.5", np.float64, fan_out=20_000)
    assert wide.std() == pytest.approx(0.5, rel=0.02)
    own = biases(3, 30, 64, 2, 64, "torch_default", "own", np.float64, fan_out=20_000)
    assert np.abs(own).max() <= 1 / 8
    assert own.std() == pytest.approx(1 / 8 / math.sqrt(3), rel=0.02)
    critical = biases(3, 30, 64, 2, 64, "critical:0.05", "own", np.float64, fan_out=20_000, activation="tanh")
    assert critical.var() == pytest.approx(0.05, rel=0.03)


@pytest.mark.parametrize("init", ["hee", "he:2", "orthogonal:x", "critical:inf"])
def test_an_initialisation_that_is_none_is_refused(init):
    with pytest.raises(ActbenchError):
        init_level(init)


def test_critical_where_there_is_none_is_refused():
    with pytest.raises(ActbenchError, match="no critical point"):
        initialisation("critical:0.1", "relu")


@pytest.mark.parametrize("bias", ["one", "constant:", "normal:-1", "normal:nan"])
def test_a_bias_that_is_none_is_refused(bias):
    with pytest.raises(ActbenchError):
        next(iter(propagate("relu", np.ones((2, 4)), [0], depth=1, width=4, init="he", bias=bias)))
