"""The course of a run, and networks that stall: planted runs with known answers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from actbench.claims.judge import meets
from actbench.experiments.convergence import question as module
from actbench.experiments.convergence.effects import EPOCHS, STALLED, epochs_per_layer, stalling, steadiness
from actbench.experiments.convergence.question import TARGET, course, reached
from actbench.statistics.expectation import Region
from actbench.statistics.shares import Share


def test_an_exponential_fall_has_one_rate_and_reaches_the_target_when_it_must():
    loss = [2.0 * math.exp(-0.3 * epoch) for epoch in range(1, 21)]
    found = course(loss)
    assert found["first_rate"] == pytest.approx(0.3)
    assert found["second_rate"] == pytest.approx(0.3)
    assert found["epochs_to_target"] == pytest.approx(math.log(2.0 / TARGET) / 0.3)
    assert course([2.3] * 20)["epochs_to_target"] is None
    assert reached([0.0, -1.0], 0.5) == 1.0


def runs(**columns):
    """Sixteen networks at two step sizes and two depths; columns as given by network, rate and depth."""
    rows = []
    for net in range(16):
        for rate in (0.1, 1.0):
            for depth in (2, 10):
                row = {"net": net, "rate": rate, "depth": depth, "diverged": False, "valid_accuracy": 0.9}
                rows.append(row | {k: v(net, rate, depth) if callable(v) else v for k, v in columns.items()})
    return pd.DataFrame(rows)


def test_a_steady_fall_is_one_and_a_slowing_one_is_less():
    frame = runs(first_rate=0.4, second_rate=lambda net, rate, depth: 0.4 if depth == 2 else 0.1)
    assert steadiness(depth=2)(frame).value == pytest.approx(1.0)
    assert steadiness(depth=10)(frame).value == pytest.approx(0.25)
    # a network whose first half hardly falls has a ratio of 40, and no weight of its own in a ratio of means
    slow = runs(first_rate=lambda net, rate, depth: 0.01 if net == 0 else 0.4, second_rate=0.4)
    assert steadiness(depth=2)(slow).value == pytest.approx(16 * 0.4 / (15 * 0.4 + 0.01), rel=1e-2)
    frame["diverged"] = frame["net"] == 0
    assert (steadiness(depth=2)(frame).n, steadiness(depth=2)(frame).left_out) == (15, 1)


def test_epochs_per_layer_is_the_slope_and_no_network_chooses_its_own_step_size():
    doubling = runs(epochs_to_target=lambda net, rate, depth: (2 if rate == 1.0 else 4) * 2 ** ((depth - 2) / 8))
    assert epochs_per_layer()(doubling).value == pytest.approx(1 / 8)
    # even networks are fast at 0.1, odd ones at 1: each half gets the other's choice, which is slow for it
    crossed = runs(epochs_to_target=lambda net, rate, depth: 2.0 if (net % 2 == 0) == (rate == 0.1) else 8.0)
    assert epochs_per_layer()(crossed).value == pytest.approx(0.0)
    never = runs(epochs_to_target=lambda net, rate, depth: 5.0 if depth == 2 else np.nan)
    estimate = epochs_per_layer()(never)
    assert estimate.value == pytest.approx(math.log2(EPOCHS / 5) / 8)
    assert "16 runs" in estimate.note


def test_a_network_stalls_if_it_does_at_every_step_size():
    one = runs(train_loss=lambda net, rate, depth: 1.0 if rate == 1.0 and net < 4 else STALLED + 0.01)
    assert stalling(depth=2)(one).value == pytest.approx(12 / 16)
    lost = runs(train_loss=np.nan, diverged=True)
    assert stalling()(lost).value == 1.0


def test_a_share_s_interval_is_that_of_clopper_and_pearson():
    from scipy.stats import binomtest

    for yes, n in ((0, 16), (3, 20), (64, 64)):
        share = Share.of([1.0] * yes + [0.0] * (n - yes))
        exact = binomtest(yes, n).proportion_ci(confidence_level=0.99, method="exact")
        assert share.interval(0.99) == pytest.approx((exact.low, exact.high))
    nine_in_ten = Region(low=0.9, words="most", reason="a test")
    assert meets(nine_in_ten, *Share.of([1.0] * 16).interval()) == "inconclusive"
    assert meets(nine_in_ten, *Share.of([1.0] * 64).interval()) == "supported"


def test_the_effects_count_with_the_experiment_s_epochs():
    assert module.EPOCHS == EPOCHS
