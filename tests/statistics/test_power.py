"""What n could show, against simulation: four studies in five of that size settle the question."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.stats import binomtest

from actbench.claims.claim import Claim, Reading
from actbench.claims.judge import EQUIVALENCE_LEVEL, judge, meets
from actbench.statistics.estimates import Estimate
from actbench.statistics.expectation import Equivalence, Region
from actbench.statistics.power import MOST, POWER, detectable, edges, to_settle, units_needed

REGION = Region(low=0.2, words="many", reason="a test")
SAME = Equivalence(margin=0.1, words="same", reason="a test")


def confirmed(expected, level, mean, spread, n, studies=800):
    """The share of simulated studies whose interval lies inside or outside what is expected."""
    draws = np.random.default_rng(n).normal(mean, spread, (studies, n))
    outcomes = [meets(expected, *Estimate.of(row).interval(level)) for row in draws]
    return np.mean([outcome != "inconclusive" for outcome in outcomes])


def planted(mean, spread, n):
    """An estimate with exactly this mean and standard deviation."""
    values = np.linspace(-1, 1, n)
    return Estimate.of(mean + spread * values / np.std(values, ddof=1))


@pytest.mark.parametrize(("expected", "level", "mean"), [(REGION, 0.95, 0.3), (REGION, 0.99, 0.15), (SAME, 0.9, 0.16)])
def test_as_many_units_as_it_says_settle_it_four_times_in_five(expected, level, mean):
    needed = to_settle(planted(mean, 0.2, 9), expected, level)
    share = confirmed(expected, level, mean, 0.2, needed)
    assert abs(share - POWER) < 4 * math.sqrt(POWER * (1 - POWER) / 800), (needed, share)


def test_the_smallest_effect_in_reach_is_settled_four_times_in_five():
    reach = detectable(planted(0.0, 0.2, 16), 0.95)
    share = confirmed(REGION, 0.95, REGION.low + reach, 0.2, 16)
    assert abs(share - POWER) < 4 * math.sqrt(POWER * (1 - POWER) / 800)


def test_an_estimate_on_the_edge_is_never_settled_and_too_few_units_say_nothing():
    assert to_settle(planted(0.2, 0.1, 8), REGION, 0.95) == MOST
    assert to_settle(Estimate.of([0.3]), REGION, 0.95) is None
    assert math.isnan(detectable(Estimate.of([0.3]), 0.95))


@pytest.mark.parametrize("expected", [REGION, SAME])
def test_beside_an_inconclusive_verdict_stands_what_would_settle_it(expected):
    edge = 0.2 if expected is REGION else 0.1
    reading = Reading(
        name="r", level="literal", kind="experiment", experiment="e", expected=expected,
        effect=lambda frame: planted(edge + 0.01, 0.1, 8),
    )  # fmt: skip
    claim = Claim(name="C", statement={"en": "c"}, readings=(reading,))
    verdict = judge(claim, {"e": None})[0]
    assert verdict.verdict == "inconclusive"
    level = EQUIVALENCE_LEVEL if expected is SAME else 0.95
    assert verdict.n_to_settle == to_settle(planted(edge + 0.01, 0.1, 8), expected, level) > 8
    assert f"{verdict.n_to_settle:,}" in verdict.conditions
    assert "8 networks" in verdict.conditions


@pytest.mark.parametrize(("low", "level"), [(0.9, 0.95), (0.99, 0.95), (0.9, 0.99)])
def test_how_many_that_agree_settle_it_is_clopper_and_pearson_s(low, level):
    n = to_settle(Estimate.of([1.0] * 8, bounds=(0.0, 1.0)), Region(low=low, words="most", reason="a test"), level)
    assert n == math.ceil(math.log((1 - level) / 2) / math.log(low))  # low^n, the chance of n in a row, is a tail
    assert binomtest(n, n).proportion_ci(level).low >= low > binomtest(n - 1, n - 1).proportion_ci(level).low


def test_values_that_agree_outside_refute_and_where_no_number_settles_none_is_said():
    assert to_settle(Estimate.of([0.0] * 4, bounds=(0.0, 1.0)), REGION, 0.95) == 17  # 0.8^17 = 0.0225, 0.8^16 = 0.028
    assert to_settle(Estimate.of([0.3] * 4), REGION, 0.95) is None  # no bounds: others may be anything
    assert to_settle(Estimate.of([0.2] * 4, bounds=(0.0, 1.0)), REGION, 0.95) is None  # on the edge
    assert to_settle(Estimate.of([0.3] * 4, certain=True), REGION, 0.95) == 2


def reach(spread, n, level):
    """The textbook's: the interval's half width, and a step more so that four in five lie beyond the edge."""
    return (stats.t.ppf(0.5 + level / 2, n - 1) + stats.t.ppf(0.8, n - 1)) * spread / math.sqrt(n)


def test_edges_are_those_of_a_region_and_of_a_margin():
    assert edges(Region(low=0.2, high=0.7, words="", reason="")) == (0.2, 0.7)
    assert edges(REGION) == (0.2, math.inf)
    assert edges(Equivalence(about=2.0, margin=0.25, words="", reason="")) == (1.75, 2.25)


@pytest.mark.parametrize(("n", "level"), [(2, 0.95), (5, 0.9), (16, 0.99)])
def test_the_smallest_effect_in_reach_is_the_textbook_s(n, level):
    assert detectable(planted(0.3, 0.2, n), level) == pytest.approx(reach(0.2, n, level), rel=1e-12)
    assert math.isnan(detectable(Estimate.of([]), level))


@pytest.mark.parametrize(("distance", "level"), [(0.05, 0.95), (0.021, 0.9), (0.5, 0.95), (0.13, 0.998)])
def test_the_units_needed_are_the_fewest_that_reach(distance, level):
    n = units_needed(0.2, distance, level)
    assert reach(0.2, n, level) <= distance
    assert n == 2 or reach(0.2, n - 1, level) > distance


def test_units_needed_run_from_two_to_most():
    assert (POWER, MOST) == (0.8, 100_000)
    assert units_needed(0.2, 100.0, 0.95) == 2
    assert units_needed(0.0, 0.0, 0.95) == 2  # no spread: any distance is in reach
    assert units_needed(0.2, 0.0, 0.95) == MOST
    assert units_needed(0.2, reach(0.2, MOST, 0.95) * 0.999, 0.95) == MOST
    near = reach(0.2, MOST - 1, 0.95)
    assert units_needed(0.2, near * (1 + 1e-12), 0.95) == MOST - 1
    exact = float((stats.t.ppf(0.975, 6) + stats.t.ppf(0.8, 6)) / math.sqrt(7))
    assert units_needed(1.0, exact * (1 + 1e-13), 0.95) == 7


@pytest.mark.parametrize("mean", [0.25, 0.65, 0.1, 0.9])
def test_the_nearest_finite_edge_is_what_must_be_told_apart(mean):
    both = Region(low=0.2, high=0.7, words="", reason="")
    distance = min(abs(mean - 0.2), abs(mean - 0.7))
    assert to_settle(planted(mean, 0.2, 9), both, 0.95) == units_needed(0.2, distance, 0.95)
    assert to_settle(planted(mean, 0.2, 9), REGION, 0.95) == units_needed(0.2, abs(mean - 0.2), 0.95)
    assert to_settle(planted(mean, 0.2, 2), REGION, 0.95) == units_needed(0.2, abs(mean - 0.2), 0.95)
    assert to_settle(Estimate.of([]), REGION, 0.95) is None


BOTH = Region(low=0.2, high=0.7, words="", reason="")


@pytest.mark.parametrize(("value", "bounds", "n"), [
    (1.0, (0.0, 1.0), 11),  # outside above: 0.7^11 = 0.0198, 0.7^10 = 0.028
    (0.5, (0.0, 1.0), 8),  # inside: 1 - 0.025^(1/n) <= 0.4, and 0.6^8 = 0.0168, 0.6^7 = 0.028
    (0.5, (0.5, 1.0), 8),  # the upper side alone
    (0.5, (0.0, 0.5), 5),  # the lower side: <= 0.6, and 0.4^5 = 0.0102, 0.4^4 = 0.0256
    (0.2, (0.0, 0.2), None), (0.7, (0.7, 1.0), None),  # one end on the edge: neither in nor out, whatever n
    (0.2, (0.2, 0.2), 2), (0.7, (0.7, 0.7), 2),  # an edge belongs to what is expected
])  # fmt: skip
def test_both_sides_of_a_region_are_asked_of_values_that_agree(value, bounds, n):
    assert to_settle(Estimate.of([value] * 4, bounds=bounds), BOTH, 0.95) == n


def test_one_value_settles_nothing():
    assert to_settle(Estimate.of([0.5], bounds=(0.0, 1.0)), BOTH, 0.95) is None
