"""Intervals of means: no certainty from values that agree, bounds for what is missing, no factor pooled unasked."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, ttest_1samp

from actbench.core.errors import ActbenchError
from actbench.statistics.estimates import Estimate
from actbench.statistics.frames import select
from actbench.statistics.shares import Share


def test_values_that_differ_have_student_s_interval():
    values = np.random.default_rng(0).normal(size=12)
    known = ttest_1samp(values, 0.0).confidence_interval(0.9)
    assert Estimate.of(values).interval(0.9) == pytest.approx((known.low, known.high), rel=1e-14)


@pytest.mark.parametrize("n", [2, 8, 64])
def test_values_that_agree_leave_open_what_clopper_and_pearson_leave_open(n):
    low, high = Estimate.of([1.0] * n, bounds=(0.0, 1.0)).interval(0.95)
    assert (low, high) == (pytest.approx(binomtest(n, n).proportion_ci(0.95).low, rel=1e-14), 1.0)
    assert Share.of([1.0] * n).interval(0.95) == pytest.approx((low, high), rel=1e-12)
    assert Estimate.of([0.5] * n).interval() == (-math.inf, math.inf)  # no bounds: nothing is known of others
    assert Estimate.of([0.5] * n, certain=True).interval() == (0.5, 0.5)
    assert Estimate.of([0.5] * n, bounds=(0.0, 1.0)).bootstrap() == Estimate.of([0.5] * n, bounds=(0, 1)).interval()


def test_one_network_or_none_says_nothing():
    for interval in (
        Estimate.of([1.0]).interval(),
        Estimate.of([math.nan, math.inf]).interval(),
        Share.of([]).interval(),
    ):
        assert all(map(math.isnan, interval))
    assert Estimate.of([math.nan, 1.0, math.inf], left_out=2).left_out == 4


def test_what_is_left_out_is_put_at_the_worst_end_of_the_range():
    whole = Estimate.of([0.4, 0.6] * 4, bounds=(0.0, 1.0))
    assert whole.with_left_out(0.45, 0.55) == (0.45, 0.55)
    lost = Estimate.of([0.4, 0.6] * 4, left_out=8, bounds=(0.0, 1.0))
    assert lost.with_left_out(0.45, 0.55) == pytest.approx((0.225, 0.775))  # half of all are 0, or 1
    unbounded = Estimate.of([0.4, 0.6] * 4, left_out=8)
    assert unbounded.with_left_out(0.45, 0.55) == pytest.approx(((0.45 + 0.2) / 2, (0.55 + 0.8) / 2))


FRAME = pd.DataFrame(
    [
        {"activation": a, "bias": b, "net": net, "layer": layer, "active": 0.5 - 0.1 * (b == "shifted") + net / 100}
        for a in ("relu", "tanh")
        for b in ("zero", "shifted")
        for net in range(4)
        for layer in (1, 2)
    ]
)


def test_a_mean_over_an_unnamed_factor_is_refused():
    relu = select(FRAME, activation="relu")
    with pytest.raises(ActbenchError, match=r"averaged over bias \(zero, shifted\)"):
        Estimate.per_net(relu, "active")
    assert Estimate.per_net(relu, "active", over=["bias"]).value == pytest.approx(0.465)
    alone = Estimate.per_net(select(relu, bias="zero"), "active", bounds=(0.0, 1.0))
    assert (alone.n, alone.value, alone.bounds) == (4, pytest.approx(0.515), (0.0, 1.0))


def test_a_factor_that_is_mistyped_is_refused():
    with pytest.raises(ActbenchError, match="activation"):
        select(FRAME, activatoin="relu")
