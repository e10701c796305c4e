"""The method under test: equal arms are seldom told apart, unequal ones are, and diverged networks count nowhere."""

from __future__ import annotations

import numpy as np
import pandas as pd

from actbench.instrument import ARM, examine


def networks(count, shift=0.0, seed=0):
    """Accuracies of networks; every second arm of a comparison is better by ``shift``."""
    accuracy = np.random.default_rng(seed).normal(0.9, 0.01, count)
    second = (np.arange(count) // ARM) % 2 == 1
    return pd.DataFrame(
        {"net": range(count), "test_accuracy": accuracy + shift * second, "train_loss": accuracy, "diverged": False}
    )


def rate(table, question, measure="test_accuracy"):
    return table.set_index(["question", "measure"]).loc[(question, measure)]


def test_equal_arms_are_told_apart_about_as_often_as_promised():
    found = rate(examine(networks(16_000)), "different")
    assert found["n"] == 1000
    assert found["low"] < 0.05 < found["high"]


def test_a_planted_difference_is_found():
    table = examine(networks(1600, shift=0.05))
    assert rate(table, "different")["value"] == 1.0
    assert rate(table, "same")["value"] == 0.0
    assert rate(table, "different", "train_loss")["value"] < 0.2


def test_diverged_networks_are_in_no_comparison():
    frame = networks(320)
    frame.loc[frame["net"] < 40, ["diverged", "test_accuracy", "train_loss"]] = [True, np.nan, np.nan]
    table = examine(frame)
    assert rate(table, "different")["n"] == (320 - 40) // (2 * ARM)
    assert table[["value", "low", "high"]].notna().all(axis=None)
    assert examine(frame[frame["diverged"]])["n"].eq(0).all()
