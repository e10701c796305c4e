"""Paired differences, held to SciPy and to their own error rates; and whether a number of networks can decide."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from actbench.statistics import differences


def noise(seed, n, loc=0.0, scale=0.01):
    return np.random.default_rng(seed).normal(loc, scale, n)


def test_the_sign_flip_test_is_exact_and_agrees_with_scipy():
    d = noise(3, 9, 0.004)
    wanted = stats.permutation_test(
        (d, np.zeros_like(d)), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf
    ).pvalue
    assert differences.sign_flip(d) == pytest.approx(wanted)
    assert differences.sign_flip(np.zeros(5)) == 1.0
    many = noise(4, 40, 0.004)
    assert differences.sign_flip(many) == pytest.approx(stats.ttest_1samp(many, 0).pvalue, abs=0.02)


def test_false_alarms_of_40_comparisons_of_like_with_like_are_near_nominal():
    p = [differences.sign_flip(noise(100 + i, 10)) for i in range(400)]
    assert 0.03 < np.mean(np.array(p) < 0.05) < 0.075
    alarms = sum(value < 0.05 for value in p[:40])
    assert alarms <= stats.binom.ppf(0.999, 40, 0.05)


def test_holm_is_that_of_the_books_and_leaves_out_what_is_not_known():
    # Holm 1979 by hand: sorted 0.01, 0.02, 0.04 times 3, 2, 1, made to rise
    assert differences.holm([0.04, 0.01, math.nan, 0.02])[:2] == pytest.approx([0.04, 0.03])
    assert math.isnan(differences.holm([0.04, 0.01, math.nan, 0.02])[2])
    assert differences.holm([0.02, 0.021]) == pytest.approx([0.04, 0.04])


def test_networks_needed_are_those_of_the_power_calculation_of_a_paired_t_test():
    # noncentral t: with n networks the power at this size is 0.8, with one fewer it is not (the reach is an
    # approximation to that, good to a network or two)
    n = differences.networks_needed(0.01, 0.002)
    power = [1 - stats.nct.cdf(stats.t.ppf(0.975, m - 1), m - 1, 0.2 * math.sqrt(m)) for m in (n - 4, n + 4)]
    assert power[0] < 0.8 < power[1]


def test_bca_is_scipy_s_at_an_expanded_level_and_near_student_s_for_normal_values():
    d = noise(11, 8)
    level = differences.expanded(0.95, 8)
    # Hesterberg 2015: the reach sqrt(n / (n - 1)) t in units of the normal's
    assert stats.norm.ppf(0.5 + level / 2) == pytest.approx(math.sqrt(8 / 7) * stats.t.ppf(0.975, 7))
    assert differences.expanded(0.95, 10_000) == pytest.approx(0.95, abs=1e-4)
    low, high = differences.bca(d, 0.95)
    t_low, t_high = stats.t.interval(0.95, 7, d.mean(), stats.sem(d))
    assert high - low == pytest.approx(t_high - t_low, rel=0.25)


def test_bca_covers_and_a_constant_is_a_point():
    assert differences.bca(np.full(5, 0.25), 0.95) == (0.25, 0.25)
    inside = 0
    for i in range(60):
        low, high = differences.bca(noise(i, 24), 0.95, name=[str(i)])
        inside += low <= 0 <= high
    assert inside >= stats.binom.ppf(0.001, 60, 0.93)


@pytest.mark.parametrize("n", [2, 8, 14, 15, 64])
def test_no_p_is_smaller_than_the_smallest_and_differences_of_one_sign_have_it(n):
    assert differences.sign_flip(1 + noise(n, n)) == differences.smallest_p(n)
    mixed = np.append(noise(n, n - 1, 1.0), -0.001)
    assert differences.sign_flip(mixed) > differences.smallest_p(n)


@pytest.mark.parametrize(("tests", "n"), [(1, 6), (6, 8), (7, 9), (40, 11), (118, 13)])
def test_as_many_networks_as_it_takes_can_decide_and_one_fewer_cannot(tests, n):
    assert differences.networks_to_decide(tests) == n
    for networks, word in ((n, "better"), (n - 1, "undecided")):
        found = differences.difference((0.02 + noise(1, networks, 0, 1e-3)).tolist())
        p = differences.holm([found.p] * tests)[0]
        assert differences.decide(found, p, tests)[0] == word
    assert f"cannot show any difference in {tests} tests: it takes {n}" in differences.decide(found, p, tests)[1]


def test_the_networks_needed_count_the_correction():
    needed = [differences.networks_needed(0.01, 0.002, tests) for tests in (1, 10, 100)]
    assert needed == sorted(set(needed))
    # noncentral t at the corrected level, as above
    power = [1 - stats.nct.cdf(stats.t.ppf(1 - 0.0025, m - 1), m - 1, 0.2 * math.sqrt(m))
             for m in (needed[1] - 4, needed[1] + 4)]  # fmt: skip
    assert power[0] < 0.8 < power[1]
    assert differences.networks_needed(0.0, 0.002, 100) == differences.networks_to_decide(100)
    found = differences.difference(noise(3, 8, 0.002).tolist())
    assert f"{differences.networks_needed(found.spread, 0.002, 6):,} networks would show" in differences.decide(
        found, 1.0, 6)[1]  # fmt: skip
