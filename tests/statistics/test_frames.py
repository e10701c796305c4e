"""Rows are chosen by levels that exist, and a network's number comes from rows of one setting."""

from __future__ import annotations

import math
import operator

import pandas as pd
import pytest

from actbench.core.errors import ActbenchError
from actbench.statistics.frames import (
    averaged,
    by_net,
    lost_networks,
    paired,
    reads,
    select,
    settle,
    spread,
    undiverged,
)


def frame(**attrs):
    made = pd.DataFrame(
        [
            {"activation": a, "depth": d, "net": net, "layer": layer, "q": 10 * d + net + layer / 10}
            for a in ("relu", "tanh")
            for d in (3, 10)
            for net in (0, 1)
            for layer in (2, 1)
        ]
    )
    made.attrs.update(attrs)
    return made


def test_levels_choose_rows_and_a_level_that_nobody_ran_chooses_none():
    whole = frame()
    part = select(whole, activation="tanh", depth=3)
    assert len(part) == 4
    assert set(part["activation"]) == {"tanh"}
    assert set(part["depth"]) == {3}
    assert select(whole) is whole
    assert len(select(whole, activation="gelu")) == 0
    with pytest.raises(ActbenchError, match="did you mean 'depth'"):
        select(whole, depht=3)


def test_in_a_rehearsal_a_level_that_nobody_runs_is_refused_and_a_made_up_measure_is_not_looked_at():
    tried = frame(**{"every level": ("activation", "depth", "net")})
    with pytest.raises(ActbenchError, match=r"no cell has activation='gelu' there; known: relu, tanh$"):
        select(tried, activation="gelu")
    with pytest.raises(ActbenchError, match=r"no cell has depth=4 there; known: 3, 10$"):
        select(tried, depth=4)
    assert select(tried, q=123.0) is tried  # a measure is made up: no row is lost by it
    assert len(select(tried, q=123.0, depth=3)) == 8
    assert len(select(tried.iloc[:0], depth=4)) == 0  # of no rows none has a level


def test_what_is_read_is_what_select_takes_from_the_watched_frame_itself():
    whole = frame()
    with reads(whole) as seen:
        part = select(whole, activation="relu")
        select(part, depth=3)
        assert seen == set(range(8))  # the second choice is from another frame
        select(frame(), activation="tanh")
        assert seen == set(range(8))
        select(whole, activation="tanh", depth=10)
        assert seen == {*range(8), *range(12, 16)}
    select(whole, activation="tanh")
    assert seen == {*range(8), *range(12, 16)}


def test_factors_that_a_mean_would_pool_are_told_with_their_levels():
    whole = frame()
    assert averaged(whole) == ["activation (relu, tanh)", "depth (3, 10)"]
    assert averaged(whole, ["depth"]) == ["activation (relu, tanh)"]
    assert averaged(whole, ["depth", "activation"]) == []
    assert averaged(select(whole, activation="relu", depth=3)) == []
    assert averaged(whole.iloc[:0]) == []
    many = pd.DataFrame({"rate": range(8), "net": [0] * 8})
    assert averaged(many) == ["rate (0, 1, 2, 3, 4, 5)"]
    apart = pd.DataFrame({"rate": [1, 2], "net": [0, 1]})
    assert averaged(apart) == []  # each network has one level: nothing is pooled within a network
    missing = pd.DataFrame({"rate": [1.0, math.nan], "net": [0, 0]})
    assert averaged(missing) == ["rate (1.0, nan)"]
    said = frame(factors=("depth", "net", "gone"))
    assert averaged(said) == ["depth (3, 10)"]  # the frame knows its factors, and some may have been dropped


def test_a_network_s_number_is_of_its_rows_in_the_order_of_the_layers():
    one = select(frame(), activation="relu", depth=3)
    assert by_net(one, lambda net: tuple(net["layer"])) == {0: (1, 2), 1: (1, 2)}
    assert by_net(one, lambda net: float(net["q"].sum())) == pytest.approx({0: 60.3, 1: 62.3})
    assert all(type(net) is int for net in by_net(one, len))
    assert list(by_net(one.iloc[::-1], len)) == [0, 1]
    with pytest.raises(ActbenchError, match=r"would mix activation \(relu, tanh\)"):
        by_net(select(frame(), depth=3), len)
    assert by_net(select(frame(), depth=3), len, over=("activation",)) == {0: 4, 1: 4}


def test_a_figure_settles_what_it_does_not_show():
    whole = frame()
    assert set(settle(whole, depth=3)["depth"]) == {3}
    assert set(settle(whole, depth=None)["depth"]) == {10}
    assert set(settle(whole, depth=7)["depth"]) == {10}
    assert set(settle(whole, activation=None)["activation"]) == {"tanh"}
    more = pd.concat([whole.assign(depth=20), whole])
    assert set(settle(more, depth=None)["depth"]) == {20}  # the last of three
    assert settle(whole, width=64) is whole
    assert len(settle(whole.iloc[:0], depth=3)) == 0


def test_networks_that_diverged_are_counted_once():
    rows = pd.DataFrame({"net": [0, 0, 1, 1, 2, 2], "diverged": [0, 0, 1, 1, 0, 1], "q": range(6)})
    left, lost = undiverged(rows)
    assert list(left["q"]) == [0, 1, 4]
    assert lost == 2
    assert undiverged(rows.iloc[:2])[1] == 0


def test_arms_are_paired_network_by_network():
    ours, theirs = {2: 5.0, 0: 1.0, 1: 3.0}, {0: 0.5, 1: 1.0, 3: 9.0}
    assert paired(ours, theirs)[:2] == [0.5, 2.0]
    assert [math.isnan(v) for v in paired(ours, theirs)] == [False, False, True, True]
    assert paired(ours, theirs, operator.truediv)[:2] == [2.0, 3.0]
    assert paired({}, theirs) == paired(ours, {}) == []


def test_networks_are_lost_where_failed_cells_had_the_levels_that_were_read():
    read = pd.DataFrame({"activation": "relu", "net": [0, 1, 2], "rate": 0.1, "q": 1.0})
    failures = pd.DataFrame({"activation": ["relu", "relu", "tanh", "relu", "relu"], "net": [2, 3, 4, 5, 6],
                             "rate": [0.1, 0.1, 0.1, 0.3, 0.1], "reason": "boom"})  # fmt: skip
    assert lost_networks(read, failures) == 2  # 3 and 6: 2 has other rows, 4 and 5 would not have been read
    assert lost_networks(read.drop(columns="rate"), failures) == 3
    assert lost_networks(read, failures.iloc[:1]) == 0
    assert lost_networks(read.iloc[:0], failures) == 0


def test_a_spread_is_of_networks_its_middle_nine_tenths_in_the_order_of_the_groups():
    values = {"tanh": [5.0, math.nan], "relu": [float(i**2) for i in range(21)]}
    rows = [
        {"activation": name, "depth": 3, "net": net, "q": q} for name, of in values.items() for net, q in enumerate(of)
    ]
    found = spread(pd.DataFrame(rows), ["activation", "depth"], "q")
    assert list(found.columns) == ["activation", "depth", "mean", "median", "networks", "low", "high"]
    assert found.to_numpy().tolist() == [
        ["relu", 3, pytest.approx(2870 / 21), 100.0, 21, 1.0, 361.0],  # the second and the twentieth of 21
        ["tanh", 3, 5.0, 5.0, 1, 5.0, 5.0],
    ]
