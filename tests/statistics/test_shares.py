"""Shares: exact intervals against the beta distribution's quantiles, at every level and at both ends."""

from __future__ import annotations

import math

import pytest
from scipy.stats import beta

from actbench.statistics.shares import Share


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
@pytest.mark.parametrize(("yes", "n"), [(0, 1), (0, 16), (1, 16), (8, 16), (15, 16), (16, 16)])
def test_the_interval_is_clopper_and_pearson_s(yes, n, level):
    share = Share.count([True] * yes + [False] * (n - yes))
    tail = (1 - level) / 2
    low = 0.0 if yes == 0 else beta.ppf(tail, yes, n - yes + 1)
    high = 1.0 if yes == n else beta.ppf(1 - tail, yes + 1, n - yes)
    assert share.interval(level) == pytest.approx((low, high), rel=1e-9, abs=1e-12)
    assert share.bootstrap(level) == share.interval(level)
    assert (share.value, share.n) == (yes / n, n)


def test_by_default_it_is_at_95_percent_of_networks_between_0_and_1():
    share = Share.count([True, False, True])
    assert share.interval() == share.interval(0.95)
    assert share.bootstrap() == share.interval(0.95)
    assert (share.bounds, share.n_unit) == ((0.0, 1.0), "networks")
    assert Share.count([True], "samples").n_unit == "samples"
    assert all(map(math.isnan, Share.count([]).interval()))
