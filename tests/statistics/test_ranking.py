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
    assert ranking.paired(frame.sample(frac=1.0, random_state=0), "better", "relu") == better  # in any order of rows
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


# By hand: every number is worked out beside its table.

NAN = math.nan


def told(activation, setting, values, **columns):
    return [
        {"activation": activation, "setting": setting, "net": net, "test_accuracy": value,
         "diverged": value is None} | columns for net, value in enumerate(values)
    ]  # fmt: skip


def table(*rows):
    """The last row first: whoever leans on the order of rows is wrong."""
    return pd.DataFrame([row for each in rows for row in each][::-1]).astype({"test_accuracy": float})


def test_an_arm_that_cannot_have_a_setting_is_left_out_there_and_an_edge_is_marked():
    rows = [
        {"activation": arm, "data": "d", "depth": depth, "rate": rate, "net": net, "valid_accuracy": valid,
         "test_accuracy": 0.5 + rate, "diverged": False, "dead_end": 0.25,
         "reason": "no critical point" if arm == "b" and depth == 4 and net == 1 else None}
        for arm, depth, best in (("a", 2.0, 0.3), ("a", 4.0, 0.1), ("b", 2.0, 1.0), ("b", 4.0, 0.1), ("a", NAN, 0.3))
        for rate, net in ((0.1, 0), (0.1, 1), (0.3, 0), (0.3, 1), (1.0, 0), (1.0, 1))
        for valid in [0.9 if rate == best else 0.5]
    ]  # fmt: skip
    found = ranking.tuned(pd.DataFrame(rows), ["data", "depth"])
    assert {(row.activation, row.setting, row.net): (row.rate, row.edge) for row in found.itertuples()} == {
        (arm, setting, net): said for net in (0, 1) for arm, setting, said in (
            ("a", "d 2.0", (0.3, False)), ("a", "d 4.0", (0.1, True)), ("b", "d 2.0", (1.0, True)),
            ("a", "d nan", (0.3, False)))
    }  # fmt: skip
    assert found["test_accuracy"].tolist() == pytest.approx((0.5 + found["rate"]).tolist())
    assert set(found["dead_end"]) == {0.25}


def test_a_pair_is_compared_where_both_are_and_a_network_counts_where_it_trains_in_both():
    frame = table(
        told("a", "s1", [0.5, 0.75, 1.0]), told("a", "s2", [0.5, 0.25, None]), told("a", "s3", [0.0, 0.0, 0.0]),
        told("b", "s1", [0.25, 0.25, 0.25, 0.25]), told("b", "s2", [0.5, 0.5, 0.5, 0.5]),
        told("c", "s1", [0.5, 0.75, 1.0]), told("c", "s2", [None] * 3),
    )  # fmt: skip
    found = ranking.paired(frame, "b", "a")
    assert (found.value, found.n, found.left_out) == (-0.125, 2, 1)  # -1/8 of -1/4 and 0, 0 of -1/2 and 1/4
    one = ranking.paired(frame, "b", "a", settings=["s1", "s3"])
    assert (one.value, one.n, one.left_out) == (-0.5, 3, 0)
    gone = ranking.paired(frame, "b", "c")
    assert (gone.n, gone.left_out) == (0, 3)  # it diverged throughout s2: no network has a mean
    assert ranking.paired(frame, "c", "a", settings=["s3"]).n == 0


def test_settings_are_lost_from_half_of_the_networks_on():
    frame = table(
        told("a", "s1", [None, None, 0.5, 0.5]), told("a", "s2", [None, 0.5, 0.5, 0.5]), told("a", "s3", [None] * 4),
        told("b", "s1", [0.5, None, None, None]), told("c", "s1", [0.5]),
    )  # fmt: skip
    assert ranking.lost(frame) == {"a": {"s1": 0.5, "s3": 1.0}, "b": {"s1": 0.75}, "c": {}}


def test_medians_put_what_diverged_below_all_and_drop_a_setting_that_an_arm_has_not():
    frame = table(
        told("a", "s1", [0.5, 0.25, 0.75]), told("b", "s1", [None, 0.5, None]), told("a", "s2", [None, 0.5, 0.25]),
        told("b", "s2", [0.25, None]), told("a", "s3", [0.5]),
    )  # fmt: skip
    found = ranking.medians(frame)
    assert found.to_dict() == {"a": {"s1": 0.5, "s2": 0.25}, "b": {"s1": -1.0, "s2": -0.375}}


def test_ranks_by_hand():
    scored = pd.DataFrame({"y": [0.8, 0.7, 0.9, 0.8], "z": [0.9, 0.9, 0.8, 0.9], "x": [0.7, 0.8, 0.7, 0.8]})
    found = ranking.ranks(scored)
    assert list(found.mean.items()) == [("z", 1.25), ("y", 2.125), ("x", 2.625)]
    assert found.settings == 4
    # without the third setting y and x share a place
    assert found.stable == {"z": 1.0, "y": 0.75, "x": 0.75}
    assert found.agreement == pytest.approx(12 * (0.75**2 + 0.125**2 + 0.625**2) / 24)
    assert found.critical == pytest.approx(2.343 * math.sqrt(12 / 24), rel=1e-3)
    assert found.groups == (("z", "y", "x"),)
    few, one, none = (ranking.ranks(scored[:n]) for n in (2, 1, 0))
    assert few.stable == {"z": 1.0, "y": 0.0, "x": 0.0}
    assert (few.test, ranking.ranks(scored[:3]).test) == ("", "Friedman's test")
    assert np.isnan(list(one.stable.values())).all()
    assert one.agreement == 1.0
    assert np.isnan([*none.mean.values(), *none.stable.values(), none.agreement, none.critical, none.p]).all()
    alone = ranking.ranks(scored[["x"]])
    assert (alone.mean, alone.test, alone.groups) == ({"x": 1.0}, "", ())
    assert np.isnan([alone.agreement, alone.critical, alone.p]).all()
    assert ranking.critical_difference(1, 5) != ranking.critical_difference(1, 5)
    assert ranking.critical_difference(2, 0) != ranking.critical_difference(2, 0)


@pytest.mark.parametrize(("wins", "losses", "p"), [
    (3, 1, 10 / 16), (5, 0, 2 / 32), (0, 5, 2 / 32), (2, 2, 1.0), (0, 0, 1.0), (3, 0, 2 / 8), (6, 3, 2 * 130 / 512),
])  # fmt: skip
def test_the_sign_test_is_the_binomial_law_s(wins, losses, p):
    frame = pd.DataFrame({"a": [1.0] * wins + [0.0] * losses + [0.5] * 3, "b": [0.5] * (wins + losses + 3)})
    found = ranking.ranks(frame)
    assert found.p == pytest.approx(p)
    place = (wins + 2 * losses + 1.5 * 3) / (wins + losses + 3)
    assert found.agreement == pytest.approx(12 * 2 * (place - 1.5) ** 2 / 6)


def test_groups_are_the_largest_sets_within_a_critical_difference():
    grouped = ranking._groups
    assert grouped(list("abcd"), np.array([1.0, 1.5, 2.0, 4.0]), 0.6) == (("a", "b"), ("b", "c"))
    assert grouped(list("abcd"), np.array([1.0, 1.5, 2.0, 2.5]), 0.5) == ()  # less than that, not as much
    assert grouped(list("abcd"), np.array([1.0, 1.25, 1.5, 4.0]), 0.75) == (("a", "b", "c"),)
    assert grouped(list("abcd"), np.array([1.0, 3.0, 5.0, 5.5]), 1.0) == (("c", "d"),)
    assert grouped(list("ab"), np.array([1.0, 1.0]), 0.0) == ()


def test_an_equal_point_is_not_beaten_and_what_is_worse_in_one_thing_alone_is():
    points = {"a": (1.0, 0.5), "same": (1.0, 0.5), "dearer": (2.0, 0.5), "poorer": (1.0, 0.25), "best": (3.0, 0.75),
              "free": (math.inf, 1.0)}  # fmt: skip
    assert ranking.pareto(points) == ["a", "same", "best"]


def test_pairs_are_all_or_all_with_the_reference():
    assert ranking.pairs(["a", "b", "c"]) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert ranking.pairs(["alpha", "beta", "gamma"], "".join(["be", "ta"])) == [("alpha", "beta"), ("gamma", "beta")]
