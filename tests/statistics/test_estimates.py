"""Intervals of means: no certainty from values that agree, bounds for what is missing, no factor pooled unasked."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats import binomtest, bootstrap, ttest_1samp

from actbench.core.errors import ActbenchError
from actbench.statistics.estimates import RESAMPLES, Estimate, MedianEstimate, pseudo_values, slope
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


def test_a_ratio_of_sums_has_the_jackknife_s_pseudo_values():
    for above, below in (([1.0, 2.0, 5.0], [2.0, 3.0, 7.0]), ([1.0, 2.0, 5.0, 4.0], [2.0, 3.0, 7.0, 1.0])):
        n, whole = len(above), sum(above) / sum(below)
        without = [np.delete(above, i).sum() / np.delete(below, i).sum() for i in range(n)]
        assert pseudo_values(above, below) == pytest.approx([n * whole - (n - 1) * part for part in without])
    with pytest.raises(ValueError, match="zip"):
        pseudo_values([1.0, 2.0], [1.0, 2.0, 3.0])


def test_the_bootstrap_is_scipy_s_bca_and_one_unit_has_none():
    values = np.random.default_rng(3).exponential(size=9)
    known = bootstrap((values,), np.mean, n_resamples=RESAMPLES, confidence_level=0.9, method="BCa",
                      rng=np.random.default_rng(0)).confidence_interval  # fmt: skip
    assert RESAMPLES == 4_000
    assert Estimate.of(values).bootstrap(0.9) == (known.low, known.high)
    assert all(map(math.isnan, Estimate.of([1.0]).bootstrap()))
    two = Estimate.of([0.0, 1.0])
    assert two.bootstrap() != two.interval()
    # where BCa gives no end, percentiles do
    assert all(map(math.isfinite, Estimate.of([1.0] * 7 + [2.0]).bootstrap()))


def test_a_median_of_rounds_has_the_bootstrap_s_interval_and_one_round_has_none():
    rounds = MedianEstimate(values=(1.0, 2.0, 10.0, 3.0, 2.5))
    assert rounds.value == 2.5
    assert math.isnan(MedianEstimate(values=()).value)
    assert rounds.interval() == rounds.interval(0.95) == rounds.bootstrap()
    low, high = rounds.interval(0.5)
    assert rounds.interval()[0] <= low <= 2.5 <= high <= rounds.interval()[1]
    assert rounds.bootstrap(0.5) == (low, high) != rounds.interval()
    assert all(map(math.isnan, MedianEstimate(values=(1.0,)).interval()))
    assert all(map(math.isfinite, MedianEstimate(values=(1.0, 2.0)).interval()))
    assert slope([0.0, 1.0], [1.0, 4.0]) == 3.0  # two points make a line


def test_no_unit_agrees_with_none_and_nothing_is_left_out_unless_said():
    assert not Estimate(values=()).agree
    assert Estimate(values=(1.0,)).agree
    assert Estimate(values=()).left_out == 0
    assert Estimate.of([], left_out=3).with_left_out(0.2, 0.4) == (0.2, 0.4)
    # both bounds are reached from values between them, at a level of their own
    low, high = Estimate.of([0.25] * 4, bounds=(0.0, 1.0)).interval(0.8)
    others = 1 - 0.1 ** (1 / 4)
    assert (low, high) == pytest.approx((0.25 - 0.25 * others, 0.25 + 0.75 * others))
    lost = Estimate.of([3.0, 5.0], left_out=2)  # unbounded: from 1 to 7
    assert lost.with_left_out(3.5, 4.5) == pytest.approx((2.25, 5.75))
    # an interval that reaches beyond the worst value stays
    assert lost.with_left_out(0.5, 9.0) == (0.5, 9.0)


@pytest.mark.parametrize(("values", "bounds"), [
    ([0.0] * 7 + [1.0], (0.0, 1.0)), ([-1.0, 1.0, 1.0], (-1.0, 1.0)), ([0.0, 2.0] * 8, (0.0, 2.0)),
])  # fmt: skip
@pytest.mark.parametrize("level", [0.9, 0.95, 0.999])
def test_yes_and_no_have_clopper_and_pearson_s_interval_between_the_bounds(values, bounds, level):
    least, most = bounds
    share = stats.binomtest(values.count(most), len(values)).proportion_ci(level, "exact")
    ends = [least + end * (most - least) for end in share]
    assert Estimate.of(values, bounds=bounds).interval(level) == pytest.approx(ends, rel=1e-12)
    assert Estimate.of(values).interval(level) != pytest.approx(ends)  # who does not say that there is no third


def test_one_value_between_the_bounds_makes_the_interval_student_s():
    values = [0.0] * 7 + [0.5]
    wanted = stats.t.interval(0.95, 7, np.mean(values), stats.sem(values))
    assert Estimate.of(values, bounds=(0.0, 1.0)).interval() == pytest.approx((0.0, wanted[1]))


@pytest.mark.parametrize(("given", "said"), [
    ({"left_out": -4}, "left_out counts units that gave no number: 0 or more, not -4"),
    ({"bounds": (1.0, 0.0)}, "in this order, not (1.0, 0.0)"),
    ({"bounds": (math.nan, 1.0)}, "in this order, not (nan, 1.0)"),
])  # fmt: skip
def test_an_estimate_that_contradicts_itself_is_refused(given, said):
    with pytest.raises(ActbenchError, match=re.escape(said)):
        Estimate.of([0.5, 0.6], **given)
    with pytest.raises(ActbenchError, match=r"Estimate.of\(values\) counts the others"):
        Estimate(values=(0.5, math.nan))
    assert Estimate.of([0.5, 0.6], left_out=0, bounds=(0.0, 1.0)).n == 2


def test_a_value_between_the_bounds_beside_both_of_them_is_no_yes_or_no():
    values = [0.0] * 4 + [0.5] + [1.0] * 4
    wanted = stats.t.interval(0.95, 8, np.mean(values), stats.sem(values))
    assert Estimate.of(values, bounds=(0.0, 1.0)).interval() == pytest.approx(wanted)


@pytest.mark.parametrize("values", [[1.0, 1.2, 5.0], [3.0, 3.5, 4.0], [-2.0, 0.5, 7.0]])
def test_without_bounds_what_is_left_out_lies_within_three_widths_of_the_values(values):
    width = max(values) - min(values)
    for ends in ((2.0, 3.0), (-90.0, 90.0)):
        low, high = Estimate.of(values, left_out=1).with_left_out(*ends)
        assert low == pytest.approx(0.75 * ends[0] + 0.25 * min(ends[0], min(values) - width))
        assert high == pytest.approx(0.75 * ends[1] + 0.25 * max(ends[1], max(values) + width))


def test_the_units_are_in_the_order_of_their_networks_and_one_level_is_a_range():
    frame = pd.DataFrame({"net": [2, 0, 1], "q": [0.3, 0.1, 0.2]})
    assert Estimate.per_net(frame, "q").values == (0.1, 0.2, 0.3)
    assert Estimate.of([0.5, 0.5], bounds=(0.5, 0.5)).interval() == (0.5, 0.5)
    with pytest.raises(ActbenchError, match="not -1"):
        Estimate.of([0.5], left_out=-1)
