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


def test_a_difference_is_the_mean_with_hedges_effect_and_two_intervals():
    d = noise(5, 9, 0.004)
    found = differences.difference(d.tolist(), left_out=2, name=["a", "b"])
    assert (found.value, found.spread) == (pytest.approx(d.mean()), pytest.approx(np.std(d, ddof=1)))
    assert (found.n, found.left_out) == (9, 2)
    # Hedges 1981 for n - 1 degrees of freedom: 1 - 3 / (4 * 8 - 1)
    assert found.effect == pytest.approx(d.mean() / np.std(d, ddof=1) * (1 - 3 / 31))
    assert (found.low, found.high) == differences.bca(d, 0.95, ["a", "b"])
    assert (found.inner_low, found.inner_high) == differences.bca(d, 0.90, ["a", "b"])
    assert found.low < found.inner_low < found.value < found.inner_high < found.high
    assert found.p == differences.sign_flip(d, ["a", "b"])
    assert differences.difference(d.tolist()).left_out == 0


@pytest.mark.parametrize(("values", "effect"), [
    ([0.5, 0.5], math.inf), ([-0.5, -0.5], -math.inf), ([0.0, 0.0], 0.0), ([1.0, -1.0], 0.0),
    ([1.0, 2.0], 1.5 / math.sqrt(0.5)),  # two values: no correction is defined
    ([1.0, 2.0, 3.0], 2.0 * (1 - 3 / 7)),
])  # fmt: skip
def test_effects_at_the_ends(values, effect):
    assert differences.difference(values).effect == pytest.approx(effect)


@pytest.mark.parametrize("values", [[], [0.25]])
def test_one_network_or_none_has_no_interval_and_no_p(values):
    found = differences.difference(values, left_out=3)
    assert (found.n, found.left_out) == (len(values), 3)
    assert math.isnan(found.value) if not values else found.value == 0.25
    assert all(math.isnan(x) for x in (found.low, found.high, found.inner_low, found.inner_high, found.p,
                                       found.effect, found.spread))  # fmt: skip
    assert differences.decide(found, found.p) == ("undecided", f"{len(values)} networks cannot say")


def test_below_five_values_the_interval_is_student_s_and_nearly_equal_ones_are_a_point():
    d = noise(2, 5)
    assert differences.bca(d[:4], 0.95) == pytest.approx(stats.t.interval(0.95, 3, d[:4].mean(), stats.sem(d[:4])))
    assert differences.bca(d, 0.95) != pytest.approx(stats.t.interval(0.95, 4, d.mean(), stats.sem(d)))
    assert differences.bca(np.array([0.25, 0.25 + 1e-13]), 0.95) == (0.25, 0.25)
    assert differences.bca(np.array([1e6, 1e6 + 1e-7]), 0.95) == (1e6, 1e6)
    low, high = differences.bca(np.array([0.25, 0.25 + 1e-11]), 0.95)
    assert low < high


def test_the_bootstrap_is_scipy_s_at_the_expanded_level_and_has_a_stream_of_its_own():
    from actbench.core.streams import stream

    d = noise(6, 12)
    known = stats.bootstrap((d,), np.mean, confidence_level=differences.expanded(0.9, 12), n_resamples=4999,
                            vectorized=True, rng=stream("bootstrap", "x", 12)).confidence_interval  # fmt: skip
    assert differences.bca(d, 0.9, ["x"]) == (known.low, known.high)
    assert differences.bca(d, 0.9, ["y"]) != (known.low, known.high)


@pytest.mark.parametrize("n", [6, 14, 15])
def test_signs_are_all_tried_up_to_14_pairs_and_drawn_beyond(n):
    d = noise(n, n, 0.003)
    d[0], d[1] = -0.001, 0.012
    signs = np.array(np.meshgrid(*[[-1, 1]] * n)).reshape(n, -1).T
    exact = float((np.abs(signs @ d) >= abs(d.sum()) - 1e-15).mean())
    found = differences.sign_flip(d)
    if n <= 14:
        assert found == pytest.approx(exact, abs=1e-12)
    else:  # 4999 draws and the one that was observed
        assert found == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 5000))
        assert found * 5000 == pytest.approx(round(found * 5000), abs=1e-9)
        assert found != exact
    assert differences.sign_flip(np.append(d, [0.0, 0.0])) == found  # no sign, no part


@pytest.mark.parametrize("n", [1, 2, 3, 15])
def test_the_smallest_p_is_that_of_two_in_all_signs(n):
    assert differences.smallest_p(n) == 2 / 2**n
    assert differences.smallest_p(0) == 1.0
    assert differences.sign_flip(-np.ones(n)) == 2 / 2**n
    assert differences.sign_flip(np.ones(n)) == 2 / 2**n


def test_holm_never_exceeds_one_and_never_falls():
    p = [0.5, 0.6, 0.001, 0.3]
    assert differences.holm(p) == pytest.approx([1.0, 1.0, 0.004, 0.9])
    assert differences.holm([0.04, 0.02, 0.02]) == pytest.approx([0.06, 0.06, 0.06])
    assert differences.holm([]) == []
    assert all(map(math.isnan, differences.holm([math.nan])))


def made(value, inner, p=0.01, n=20, spread=0.01, reach=0.001):
    return differences.Difference(value=value, low=value - reach, high=value + reach, inner_low=inner[0],
                                  inner_high=inner[1], p=p, effect=1.0, n=n, left_out=0, spread=spread)  # fmt: skip


@pytest.mark.parametrize(("value", "inner", "p", "word", "reason"), [
    (0.02, (0.015, 0.025), 0.01, "better", "+2.00 points [1.90, 2.10], adjusted p = 0.01"),
    (-0.02, (-0.025, -0.015), 0.01, "worse", "-2.00 points [-2.10, -1.90], adjusted p = 0.01"),
    (0.003, (0.001, 0.005), 0.01, "equal in practice",
     "+0.30 points [0.20, 0.40]: a difference is shown (p = 0.01), but the 90 % interval lies within 0.5 points of 0"),
    (0.001, (-0.005, 0.005), 0.5, "equal in practice",
     "+0.10 points [0.00, 0.20]; the 90 % interval lies within 0.5 points of 0"),
    (0.003, (0.001, 0.0051), 0.01, "better", "+0.30 points [0.20, 0.40], adjusted p = 0.01"),
    (-0.003, (-0.0051, -0.001), 0.01, "worse", "-0.30 points [-0.40, -0.20], adjusted p = 0.01"),
    (0.02, (0.015, 0.025), 0.05, "undecided",
     "+2.00 points [1.90, 2.10], adjusted p = 0.05; 199 networks would show 0.2 points"),
    (0.0, (-0.02, 0.02), 0.9, "undecided", "+0.00 points [-0.10, 0.10], adjusted p = 0.9; 199 networks would show 0.2 "
     "points"),
])  # fmt: skip
def test_a_decision_says_why(value, inner, p, word, reason):
    assert differences.decide(made(value, inner), p) == (word, reason)
    # 199: the fewest with (t_0.975 + t_0.8) 0.01 / sqrt(n) <= 0.002
    reaches = [(stats.t.ppf(0.975, n - 1) + stats.t.ppf(0.8, n - 1)) * 0.01 / math.sqrt(n) for n in (198, 199)]
    assert reaches[1] <= 0.002 < reaches[0]


def test_what_too_few_networks_can_never_show_is_said_before_how_many_would():
    # 7 networks in 4 tests: 4 * 2^-6 = 0.0625; in 3: 0.047
    assert differences.decide(made(0.02, (0.0, 0.04), n=7), 0.2, 4)[1].endswith(
        "7 networks cannot show any difference in 4 tests: it takes 8")  # fmt: skip
    assert "would show" in differences.decide(made(0.02, (0.0, 0.04), n=7), 0.2, 3)[1]
    assert differences.decide(made(0.02, (0.0, 0.04), n=5), 0.2)[1].endswith("in 1 tests: it takes 6")
    assert differences.networks_needed(math.nan, 0.002) is None
    assert differences.networks_needed(1.0, 1e-6) == 100_000
    assert (differences.MARGIN, differences.OF_INTEREST, differences.ERROR_RATE) == (0.005, 0.002, 0.05)
