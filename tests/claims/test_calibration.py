"""The method under test: equal arms are seldom told apart, unequal ones are, and diverged networks count nowhere."""

from __future__ import annotations

import numpy as np
import pandas as pd

from actbench.claims.calibration import ARM, examine
from actbench.claims.judge import meets
from actbench.statistics.estimates import Estimate
from actbench.statistics.expectation import Region

NONE = pd.DataFrame(columns=["verdict", "expected_low", "expected_high", "bootstrap_low", "bootstrap_high"])


def measured(frame):
    return examine(frame, NONE)


def networks(pairs, shift=0.0, seed=0):
    """Accuracies of two arms on the same networks; one arm is better by ``shift``."""
    rng = np.random.default_rng(seed)
    arms = [
        pd.DataFrame({"activation": arm, "net": range(pairs), "test_accuracy": accuracy + better, "diverged": False})
        for arm, better, accuracy in zip(("a", "b"), (0.0, shift), rng.normal(0.9, 0.01, (2, pairs)), strict=True)
    ]
    return pd.concat(arms, ignore_index=True).assign(train_loss=lambda f: rng.normal(0.1, 0.01, len(f)))


def rate(table, question, measure="test_accuracy"):
    return table.set_index(["question", "measure"]).loc[(question, measure)]


def test_equal_arms_are_told_apart_about_as_often_as_promised():
    table = measured(networks(4_000))
    found = rate(table, "different")
    assert found["n"] == 500
    assert found["low"] < 0.05 < found["high"]
    assert 0 < rate(table, "edge")["low"] < 0.05 < rate(table, "edge")["high"]  # equivalence on its margin


def test_a_planted_difference_is_found():
    table = measured(networks(800, shift=0.05))
    assert rate(table, "different")["value"] == 1.0
    assert rate(table, "same")["value"] == 0.0
    assert rate(table, "different", "train_loss")["value"] < 0.2


def test_diverged_networks_are_in_no_comparison():
    frame = networks(160)
    frame.loc[(frame["net"] < 20) & (frame["activation"] == "a"), ["diverged", "test_accuracy", "train_loss"]] = [
        True,
        np.nan,
        np.nan,
    ]
    table = measured(frame)
    assert rate(table, "different")["n"] == (160 - 20) // ARM
    assert table.loc[table["n"] > 0, ["value", "low", "high"]].notna().all(axis=None)
    assert measured(frame[frame["diverged"]])["n"].eq(0).all()


def test_a_verdict_that_a_bootstrap_would_change_is_counted():
    region = {"expected_low": 0.0, "expected_high": 1.0}
    rows = [
        {"verdict": "supported", **region, "bootstrap_low": 0.1, "bootstrap_high": 0.9},
        {"verdict": "supported", **region, "bootstrap_low": -0.1, "bootstrap_high": 0.9},
    ]
    found = rate(examine(networks(160), pd.DataFrame(rows)), "bootstrap", "estimates")
    assert (found["value"], found["n"]) == (0.5, 2)


def test_bootstrap_intervals_cover_the_mean_of_a_skewed_law_nearly_as_often_as_they_say():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(200):
        low, high = Estimate.of(rng.exponential(size=32)).bootstrap(0.95)
        hits += low <= 1.0 <= high
    assert 0.85 < hits / 200 <= 0.99  # BCa is known to be a little narrow at n = 32
    low, high = Estimate.of([1.0] * 7 + [2.0]).bootstrap()
    assert low <= 1.125 <= high
    assert meets(Region(low=0.0, high=1.0, words="", reason=""), *Estimate.of([0.5]).bootstrap()) == "inconclusive"
