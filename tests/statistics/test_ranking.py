"""Ranks and decisions, held to SciPy and to tables in print."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from actbench.statistics import differences, ranking


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


def test_critical_differences_are_those_of_demsar_s_table():
    # Demsar 2006, table 5a: q_0.05 is 1.960, 2.343, 2.569, 2.728 for 2 to 5 arms
    for arms, q in {2: 1.960, 3: 2.343, 4: 2.569, 5: 2.728}.items():
        assert ranking.critical_difference(arms, 14) == pytest.approx(
            q * math.sqrt(arms * (arms + 1) / (6 * 14)), rel=1e-3
        )


def test_like_ranks_equal_and_a_planted_better_arm_is_found():
    frame = scores({"relu": 0.0, "again": 0.0, "better": 0.02})
    same, better = ranking.paired(frame, "again", "relu"), ranking.paired(frame, "better", "relu")
    p = differences.holm([same.p, better.p])
    assert differences.decide(same, p[0])[0] == "equal in practice"
    assert differences.decide(better, p[1])[0] == "better"
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
    assert (none.value, none.p, differences.decide(none, none.p)[0]) == (0.0, 1.0, "equal in practice")


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
