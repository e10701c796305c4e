"""The one rule for step sizes: by validation, divergence as its outcome, controls together, halves by each other."""

from __future__ import annotations

import math

import pandas as pd

from actbench.statistics.tuning import ACCURACY, Score, best_rate, cross_tuned, note, rates_of, tuned


def arm(scores, **levels):
    """A frame of one arm: step size to the networks' validation accuracies; NaN diverged."""
    rows = [
        {"rate": rate, "net": net, "valid_accuracy": value, "diverged": math.isnan(value), **levels}
        for rate, values in scores.items()
        for net, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def test_the_best_mean_wins_and_the_smallest_of_equals():
    assert best_rate(arm({0.1: [0.8, 0.8], 0.3: [0.9, 0.8]})) == 0.3
    assert best_rate(arm({0.3: [0.8, 0.8], 0.1: [0.7, 0.9]})) == 0.1


def test_a_diverged_network_counts_as_its_outcome_and_is_not_left_out():
    frame = arm({0.1: [0.8, 0.8, 0.8], 1.0: [0.99, 0.99, math.nan]})
    assert best_rate(frame) == 0.1
    assert best_rate(arm({0.1: [0.2, 0.2], 1.0: [0.9, math.nan]})) == 1.0
    # a value beside the flag is not believed
    assert best_rate(frame.assign(valid_accuracy=[0.8] * 3 + [0.99] * 3)) == 0.1


def test_least_loss_wins_and_an_infinite_one_never_unless_all_are():
    score = Score(column="valid_accuracy", lost=math.inf, least=True)
    assert best_rate(arm({0.1: [2.0, 2.0], 0.3: [1.0, math.nan], 1.0: [1.5, 1.5]}), score=score) == 1.0
    assert best_rate(arm({0.3: [math.nan], 0.1: [math.nan]}), score=score) == 0.1


def test_layers_of_a_network_are_one_value_and_arms_weigh_the_same():
    frame = arm({0.1: [0.9, 0.1], 0.3: [0.6, 0.6]})
    layered = pd.concat([frame.assign(layer=1), frame[frame["net"] == 0].assign(layer=2)])
    assert ACCURACY.means(layered).to_list() == [0.5, 0.6]
    one, other = arm({0.1: [0.9], 0.3: [0.8]}), arm({0.1: [0.1], 0.3: [0.5]})
    assert best_rate(one, other) == 0.3
    assert rates_of([one, other]) == ([0.1, 0.3], "step sizes 0.1 and 0.3, each arm's best validation accuracy")
    assert rates_of([one, other], shared=True)[0] == [0.3, 0.3]
    assert "both arms together" in rates_of([one, other], shared=True)[1]


def test_every_arm_is_seen_at_its_own_best_step_size_or_at_a_shared_one():
    frame = pd.concat([arm({0.1: [0.9], 0.3: [0.8]}, name="a"), arm({0.1: [0.1], 0.3: [0.5]}, name="b")])
    assert dict(zip(*tuned(frame, ["name"])[["name", "rate"]].to_numpy().T, strict=True)) == {"a": 0.1, "b": 0.3}
    assert set(tuned(frame.assign(both=1), ["both"], together="name")["rate"]) == {0.3}
    assert tuned(frame, ["name"])["edge"].all()
    inside = arm({0.1: [0.1], 0.3: [0.5], 1.0: [0.2]}, name="c")
    assert not tuned(inside, ["name"])["edge"].any()
    assert tuned(frame.iloc[:0], ["name"]).empty


def test_no_network_chooses_its_own_step_size():
    # even networks do well at 0.1 and odd ones at 0.3: each half has to take what suits the other
    frame = arm({0.1: [0.9, 0.2, 0.9, 0.2], 0.3: [0.2, 0.9, 0.2, 0.9]})
    mine = cross_tuned(frame, ACCURACY)
    assert sorted(mine["net"]) == [0, 1, 2, 3]
    assert (mine["valid_accuracy"] == 0.2).all()
    assert cross_tuned(frame[frame["net"] == 0], ACCURACY).empty


def test_a_note_names_the_rule_and_every_step_size():
    assert note(0.1) == "step size 0.1, best validation accuracy"
    assert note(0.1, 0.3) == "step sizes 0.1 and 0.3, each arm's best validation accuracy"
    assert note(0.1, 0.3, shared=True) == "step size 0.1, best validation accuracy of both arms together"
    assert note(0.1, shared=True) == "step size 0.1, best validation accuracy of both arms together"


def test_one_step_size_alone_is_no_edge_and_arms_weigh_the_same_whatever_their_order():
    assert not tuned(arm({0.1: [0.9]}, name="a"), ["name"])["edge"].any()
    assert not tuned(arm({0.1: [0.9]}, name="a").iloc[:0], ["name"])["edge"].any()
    # three arms together: what the first likes is outvoted, and so is what the last likes
    first, second, last = arm({0.1: [0.9], 0.3: [0.5]}), arm({0.1: [0.1], 0.3: [0.5]}), arm({0.1: [0.4], 0.3: [0.5]})
    assert best_rate(first, second, last) == best_rate(last, second, first) == 0.3
    assert best_rate(arm({0.1: [0.9], 0.3: [0.5]}), arm({0.1: [0.2], 0.3: [0.5]})) == 0.1  # 1.1 against 1.0
    assert best_rate(arm({0.1: [0.2], 0.3: [0.5]}), arm({0.1: [0.9], 0.3: [0.5]})) == 0.1


def test_arms_are_numbered_anew_in_their_order_and_one_without_a_name_is_one_too():
    frame = pd.concat([arm({0.1: [0.9]}, name="b"), arm({0.1: [0.8]}, name=None), arm({0.1: [0.7]}, name="a")])
    found = tuned(frame, ["name"])
    assert list(found.index) == [0, 1, 2]
    assert list(found["name"][:2]) == ["a", "b"]
    assert found["name"].isna()[2]
