"""Differences, ranks and decisions, held to SciPy, to tables in print, and to their own error rates."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from actbench.statistics import ranking


def noise(seed, n, loc=0.0, scale=0.01):
    return np.random.default_rng(seed).normal(loc, scale, n)


def scores(arms, nets=12, settings=6, seed=1):
    """A frame as `tuned` gives it: arms with an own shift on shared noise."""
    rng = np.random.default_rng(seed)
    rows = []
    for s in range(settings):
        for net in range(nets):
            shared = rng.normal(0.9, 0.03)
            rows += [
                {"activation": arm, "setting": f"s{s}", "net": net, "rate": 0.1, "edge": False, "diverged": False,
                 "test_accuracy": shared + shift + rng.normal(0, 0.002), "dead_end": 0.0}
                for arm, shift in arms.items()
            ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_sign_flip_test_is_exact_and_agrees_with_scipy():
    d = noise(3, 9, 0.004)
    wanted = stats.permutation_test(
        (d, np.zeros_like(d)), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf
    ).pvalue
    assert ranking.sign_flip(d) == pytest.approx(wanted)
    assert ranking.sign_flip(np.zeros(5)) == 1.0
    many = noise(4, 40, 0.004)
    assert ranking.sign_flip(many) == pytest.approx(stats.ttest_1samp(many, 0).pvalue, abs=0.02)


def test_false_alarms_of_40_comparisons_of_like_with_like_are_near_nominal():
    p = [ranking.sign_flip(noise(100 + i, 10)) for i in range(400)]
    assert 0.03 < np.mean(np.array(p) < 0.05) < 0.075
    alarms = sum(value < 0.05 for value in p[:40])
    assert alarms <= stats.binom.ppf(0.999, 40, 0.05)


def test_holm_is_that_of_the_books_and_leaves_out_what_is_not_known():
    # Holm 1979 by hand: sorted 0.01, 0.02, 0.04 times 3, 2, 1, made to rise
    assert ranking.holm([0.04, 0.01, math.nan, 0.02])[:2] == pytest.approx([0.04, 0.03])
    assert math.isnan(ranking.holm([0.04, 0.01, math.nan, 0.02])[2])
    assert ranking.holm([0.02, 0.021]) == pytest.approx([0.04, 0.04])


def test_critical_differences_are_those_of_demsar_s_table():
    # Demsar 2006, table 5a: q_0.05 is 1.960, 2.343, 2.569, 2.728 for 2 to 5 arms
    for arms, q in {2: 1.960, 3: 2.343, 4: 2.569, 5: 2.728}.items():
        assert ranking.critical_difference(arms, 14) == pytest.approx(
            q * math.sqrt(arms * (arms + 1) / (6 * 14)), rel=1e-3
        )


def test_networks_needed_are_those_of_the_power_calculation_of_a_paired_t_test():
    # noncentral t: with n networks the power at this size is 0.8, with one fewer it is not (the reach is an
    # approximation to that, good to a network or two)
    n = ranking.networks_needed(0.01, 0.002)
    power = [1 - stats.nct.cdf(stats.t.ppf(0.975, m - 1), m - 1, 0.2 * math.sqrt(m)) for m in (n - 4, n + 4)]
    assert power[0] < 0.8 < power[1]


def test_bca_is_scipy_s_at_an_expanded_level_and_near_student_s_for_normal_values():
    d = noise(11, 8)
    level = ranking.expanded(0.95, 8)
    # Hesterberg 2015: the reach sqrt(n / (n - 1)) t in units of the normal's
    assert stats.norm.ppf(0.5 + level / 2) == pytest.approx(math.sqrt(8 / 7) * stats.t.ppf(0.975, 7))
    assert ranking.expanded(0.95, 10_000) == pytest.approx(0.95, abs=1e-4)
    low, high = ranking.bca(d, 0.95)
    t_low, t_high = stats.t.interval(0.95, 7, d.mean(), stats.sem(d))
    assert high - low == pytest.approx(t_high - t_low, rel=0.25)


def test_bca_covers_and_a_constant_is_a_point():
    assert ranking.bca(np.full(5, 0.25), 0.95) == (0.25, 0.25)
    inside = 0
    for i in range(60):
        low, high = ranking.bca(noise(i, 24), 0.95, name=[str(i)])
        inside += low <= 0 <= high
    assert inside >= stats.binom.ppf(0.001, 60, 0.93)


def test_like_ranks_equal_and_a_planted_better_arm_is_found():
    frame = scores({"relu": 0.0, "again": 0.0, "better": 0.02})
    same, better = ranking.paired(frame, "again", "relu"), ranking.paired(frame, "better", "relu")
    p = ranking.holm([same.p, better.p])
    assert ranking.decide(same, p[0])[0] == "equal in practice"
    assert ranking.decide(better, p[1])[0] == "better"
    found = ranking.ranks(ranking.medians(frame))
    assert next(iter(found.mean)) == "better"
    assert found.mean["better"] == 1.0
    assert found.p < 0.05
    assert any({"relu", "again"} <= set(group) for group in found.groups)


def test_identical_arms_share_every_rank():
    frame = scores({"relu": 0.0})
    both = pd.concat([frame, frame.assign(activation="relu2"), frame.assign(activation="relu3")])
    found = ranking.ranks(ranking.medians(both))
    assert set(found.mean.values()) == {2.0}
    assert found.p == 1.0
    none = ranking.paired(both, "relu2", "relu")
    assert (none.value, none.p, ranking.decide(none, none.p)[0]) == (0.0, 1.0, "equal in practice")


def test_a_diverged_network_is_worst_in_ranks_and_in_no_mean():
    frame = scores({"a": 0.0, "b": -0.05}, nets=5, settings=3)
    lost = (frame["activation"] == "a") & (frame["net"] < 3)
    frame.loc[lost, ["test_accuracy", "diverged"]] = [math.nan, True]
    found = ranking.paired(frame, "a", "b")
    assert (found.n, found.left_out) == (2, 3)
    assert (ranking.medians(frame)["a"] == -1.0).all()


def test_the_step_size_is_chosen_by_validation_and_reported_by_test():
    rows = [
        {"activation": "a", "data": "d", "rate": rate, "net": net, "valid_accuracy": valid, "test_accuracy": test,
         "diverged": lost, "dead_end": 0.0, "reason": None}
        for net in range(3)
        for rate, valid, test, lost in ((0.1, 0.8, 0.7, False), (0.3, 0.9, 0.6, False), (1.0, 0.99, 0.99, net == 0))
    ]  # fmt: skip
    found = ranking.tuned(pd.DataFrame(rows), ["data"])
    assert set(found["rate"]) == {0.3}
    assert set(found["test_accuracy"]) == {0.6}


def test_pareto_keeps_what_nobody_beats_in_both():
    assert ranking.pareto({"cheap": (1, 0.8), "good": (2, 0.9), "bad": (2, 0.7), "lost": (1, math.nan)}) == [
        "cheap", "good",
    ]  # fmt: skip


def test_two_arms_are_held_to_the_sign_test_and_three_to_friedman_s():
    from scipy.stats import binomtest, friedmanchisquare

    two = pd.DataFrame({"a": [0.9, 0.8, 0.7, 0.95, 0.6, 0.5], "b": [0.8, 0.7, 0.7, 0.9, 0.5, 0.6]})
    found = ranking.ranks(two)
    assert (found.test, found.p) == ("sign test", binomtest(4, 5).pvalue)  # the setting in which both are equal is out
    assert ranking.ranks(two.assign(b=two["a"])).p == 1.0
    three = two.assign(c=[0.1, 0.9, 0.2, 0.3, 0.4, 0.55])
    assert ranking.ranks(three).test == "Friedman's test"
    assert ranking.ranks(three).p == pytest.approx(friedmanchisquare(*three.to_numpy().T).pvalue)
    short = ranking.ranks(two[:2])
    assert short.test == ""
    assert np.isnan(short.p)
