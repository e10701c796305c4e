"""Between-class variance: units with known shares, and an independent analysis of variance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import actbench as ab
from actbench.core.errors import NotMeasured
from actbench.experiments.selectivity.effects import rise, rise_beyond
from actbench.experiments.selectivity.question import between, mean


def test_a_unit_for_one_class_has_all_its_variance_between_classes_and_a_blind_one_none():
    y = np.repeat([0, 1, 2], 20)
    pure = (y == 1).astype(float)
    blind = np.tile([1.0, -1.0], 30)
    h = np.stack([pure, blind, np.full(60, 0.3)], axis=1)[None]
    share = between(h, y)[0]
    assert share[:2] == pytest.approx([1.0, 0.0], abs=1e-12)
    assert np.isnan(share[2]), "a constant unit has no variance to share"
    assert mean(share) == pytest.approx(0.5)
    assert mean(np.array([np.nan])) is None


def test_the_share_is_the_f_statistic_s():
    from scipy.stats import f_oneway

    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 200)
    h = rng.normal(size=(2, 200, 3)) + 0.3 * y[None, :, None]
    share = between(h, y)
    f = np.array([[f_oneway(*(h[n, y == k, u] for k in range(4))).statistic for u in range(3)] for n in range(2)])
    df = 3 / (200 - 4)
    np.testing.assert_allclose(share, f * df / (1 + f * df), rtol=1e-10)


def test_a_rise_is_the_end_less_the_birth_at_each_arm_s_own_step_size():
    rows = [
        {"net": net, "layer": layer, "activation": name, "rate": rate, "share_birth": 0.3, "diverged": False,
         "share_end": 0.3 + gain + (0.2 if rate == 0.1 else 0.0), "valid_accuracy": 0.9 if rate == best else 0.5}
        for name, gain, best in (("relu", 0.1, 0.1), ("tanh", 0.05, 0.3))
        for rate in (0.1, 0.3) for net in range(8) for layer in (1, 2)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    assert rise("relu")(frame).value == pytest.approx(0.3)
    assert rise_beyond("relu", "tanh")(frame).value == pytest.approx(0.25)
    with pytest.raises(NotMeasured):
        rise_beyond("relu", "sigmoid")(frame)


def test_the_experiment_yields_its_columns():
    frame = ab.run("selectivity", activation="relu", rate=0.003, depth=2, width=8, net=range(2))
    assert not frame.isna().any().any()
    assert frame[["share_birth", "share_end"]].min().min() >= 0
    assert frame[["share_birth", "share_end"]].max().max() <= 1
