"""Effects of networks at birth, on tables made by hand.

Every number is worked out beside its table, by a formula in print or by quadrature, and rows come in no order.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from actbench.experiments.activity.effects import FEWEST_LAYERS, slope_of_one, slope_per_layer, zeros_beyond
from actbench.experiments.born_dead.effects import beyond_law, dead_share
from actbench.experiments.expressivity.effects import deep_over_shallow, doublings, pieces_beyond
from actbench.experiments.finite_width.effects import over_law, squares
from actbench.experiments.jacobian_spectrum import effects as spectrum
from actbench.experiments.signal_propagation.effects import (
    at_layer,
    decay_over_theory,
    gap_over_theory,
    growth,
    predicted,
)

INF, NAN = math.inf, math.nan
SHARES, DIFFERENCES, RATIOS = (0.0, 1.0), (-1.0, 1.0), (0.0, INF)


def shuffled(rows):
    """The last row first: whoever leans on the order of rows is wrong."""
    frame = pd.DataFrame(rows)
    return frame.iloc[::-1].reset_index(drop=True)


# activity


def layers(of_nets, **columns):
    """A list of values for each network, layer by layer."""
    usual = {"activation": "relu", "data": "normal"} | columns
    return shuffled([
        usual | {"net": net, "layer": layer, "diverged": False, "path_fraction": value, "active_fraction": value}
        for net, values in enumerate(of_nets) for layer, value in enumerate(values, 1)
    ])  # fmt: skip


def test_a_slope_is_log2_a_layer_over_the_layers_before_the_first_of_zeros():
    assert FEWEST_LAYERS == 3
    powers = [
        [1.0, 0.5, 0.25, 0.125],
        [4.0, 8.0, 16.0, 0.0, 1.0],  # what comes behind a layer of zeros does not count
        [NAN, 1.0, 4.0, 16.0],
        [1.0, 2.0, 0.0, 0.0],  # two layers make no slope
        [0.0, 1.0, 1.0, 1.0],
    ]
    found = slope_per_layer("path_fraction", activation="relu")(layers(powers))
    assert found.values == pytest.approx([-1.0, 1.0, 2.0])
    assert (found.left_out, found.note) == (2, "3 of 5 networks reached a layer of zeros")
    assert slope_per_layer("path_fraction")(layers(powers[:1])).note == ""
    assert slope_per_layer("path_fraction", activation="tanh")(layers(powers)).n == 0
    bent = layers([[1.0, 1.0, 8.0]])
    assert slope_per_layer("path_fraction")(bent).values == pytest.approx([1.5])  # least squares of 0, 0, 3
    lost = layers(powers[:1]).assign(diverged=lambda rows: rows["layer"] == 4)
    assert math.isnan(slope_of_one(lost, "path_fraction"))
    assert slope_per_layer("path_fraction")(lost).left_out == 1


def test_zeros_beyond_are_what_is_not_active_mean_over_layers():
    ours, theirs = layers([[0.2, 0.4], [0.5, 0.5], [0.0, 0.0]]), layers([[1.0, 0.8], [0.5, 0.7]], activation="tanh")
    found = zeros_beyond("relu", "tanh", data="normal")(pd.concat([ours, theirs, theirs.assign(data="mnist")]))
    assert found.values == pytest.approx([0.6, 0.1])
    assert (found.left_out, found.bounds) == (1, DIFFERENCES)


# born_dead


def test_the_share_of_dead_networks_and_what_it_is_beyond_the_law():
    frame = pd.DataFrame([
        {"activation": name, "width": width, "depth": depth, "net": net, "dead_point": net < 3,
         "dead_interval": net < 1}
        for name, width, depth in (("relu", 2, 3), ("relu", 3, 3), ("relu", 2, 5), ("tanh", 2, 3)) for net in range(4)
    ])  # fmt: skip
    said = 1 - (1 - 2**-2) ** 3
    found = beyond_law(width=2, depth=3)(frame)
    assert found.values == pytest.approx([1 - said] * 3 + [-said])
    assert found.bounds == pytest.approx((-said, 1 - said))
    seldom = 1 - (1 - 2**-3) ** 3
    assert beyond_law(width=3, depth=3)(frame).bounds == pytest.approx((-seldom, 1 - seldom))
    one = dead_share("dead_interval", activation="relu", width=2, depth=3)(frame)
    assert (one.values, one.bounds) == ((1.0, 0.0, 0.0, 0.0), SHARES)
    # all on one side: Clopper & Pearson's upper end is 1 - 0.025^(1/n)
    none = dead_share("dead_point", depth=5)(frame[frame["net"] == 3].iloc[[2, 2, 2]])
    assert none.interval() == pytest.approx((0.0, 1 - 0.025 ** (1 / 3)))


# expressivity


def pieces(**counts):
    """Pieces of two activations' networks on a line, and of one layer with as many units."""
    rows = [
        {"task": "line", "activation": name.split("_")[0], "depth": int(name.split("_")[1]), "net": net,
         "pieces": count}
        for name, several in counts.items() for net, count in enumerate(several)
    ]  # fmt: skip
    return shuffled([*rows, *({**row, "task": "other", "pieces": 1} for row in rows)])


def test_pieces_are_compared_network_by_network():
    frame = pieces(relu_4=[30, 20, 9], relu_1=[10, 8, 4], relu_2=[1, 1, 1], tanh_4=[3, 7])
    more = pieces_beyond("relu", "tanh", depth=4)(frame)
    assert more.values == (27.0, 13.0)
    assert (more.left_out, more.bounds) == (1, (-6.0, INF))  # one piece at least, and the rival has 7 at most
    assert pieces_beyond("relu", "gelu", depth=4)(frame).bounds == (-INF, INF)
    deep = deep_over_shallow(4)(frame)
    assert deep.values == (3.0, 2.5, 2.25)
    assert deep.bounds == RATIOS


def test_doublings_are_a_slope_over_layers_for_each_set_of_peaks():
    rows = [
        {"task": task, "depth": depth, "net": net, "pieces": base**depth if task == "tent" else 1}
        for task in ("tent", "line") for net, base in enumerate((4, 2)) for depth in (1, 2, 3)
    ]  # fmt: skip
    found = doublings(shuffled(rows))
    assert found.values == pytest.approx([2.0, 1.0])
    assert (found.n_unit, found.certain) == ("draws of the folds' peaks", True)


# jacobian_spectrum


def test_a_spectrum_s_measures_are_ratios_a_network():
    rows = [
        {"init": init, "net": net, "depth": 4, "mean": (2.0 + net) * scale, "spread": 3.0 * scale, "theory_mean": 4.0,
         "theory_spread": 2.0}
        for init, scale, nets in (("he", 1.0, 3), ("orthogonal:1", 0.5, 2)) for net in range(nets)
    ]  # fmt: skip
    frame = shuffled(rows)
    over = spectrum.over_theory("mean", init="he")(frame)
    assert (over.values, over.bounds) == ((1.0, 0.75, 0.5), RATIOS)
    assert spectrum.over_theory("spread", init="he")(frame).values == (1.5,) * 3
    itself = spectrum.measured("mean", init="he")(frame)
    assert (itself.values, itself.bounds) == ((4.0, 3.0, 2.0), RATIOS)
    both = spectrum.ratio("mean", "he", "orthogonal:1", depth=4)(frame)
    assert (both.values, both.left_out, both.bounds) == ((2.0, 2.0), 1, RATIOS)


# finite_width


def test_relus_log_norm_over_its_law_and_over_its_leading_order():
    # width 1: the one unit is active or dead, so chi^2 of one degree; its ln has mean -gamma - ln 2, variance pi^2 / 2
    logs = [-1.0, -3.0, -8.0, None]
    frame = pd.DataFrame([
        {"activation": name, "init": init, "width": 1, "depth": depth, "net": net, "log_norm": log, "dead": log is None}
        for name, init, depth in (("relu", "he", 2), ("relu", "he", 3), ("tanh", "he", 2), ("relu", "lecun", 2))
        for net, log in enumerate(logs)
    ])  # fmt: skip
    mean, variance = 2 * (math.log(2) - np.euler_gamma - math.log(2) + math.log(1.0)), 2 * math.pi**2 / 2
    found = over_law("mean", "exact", width=1, depth=2)(frame)
    assert found.values == pytest.approx([log / mean for log in (-1.0, -3.0, -8.0)])
    assert (found.note, found.left_out) == ("1 networks are dead", 0)
    assert over_law("mean", "leading", width=1, depth=2)(frame).values == pytest.approx([0.2, 0.6, 1.6])  # -5/2 L/n
    wide = over_law("variance", "exact", width=1, depth=2)(frame)
    assert wide.value == pytest.approx(13.0 / variance)  # of -1, -3, -8 with n - 1
    assert wide.values == pytest.approx([d**2 * 1.5 / variance for d in (3.0, 1.0, -4.0)])
    assert over_law("variance", "leading", width=1, depth=2)(frame).value == pytest.approx(13.0 / 10)  # 5 L/n
    alive = over_law("mean", "exact", width=1, depth=2)(frame[~frame["dead"]])
    assert alive.note == ""
    assert squares(pd.Series([1.0, 2.0, 6.0, 9.0])).mean() == pytest.approx(np.var([1.0, 2.0, 6.0, 9.0], ddof=1))


# signal_propagation


def quadrature(number):
    """The mean of a function of a standard normal number."""
    return quad(lambda x: number(x) * math.exp(-x * x / 2), -12, 12, epsabs=1e-13)[0] / math.sqrt(2 * math.pi)


def cosine_after(c):
    """A layer of ReLU later: Cho & Saul 2009."""
    return (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / math.pi


def test_theory_s_layers_are_those_of_the_maps():
    said = predicted("relu", "he", 64, 4, 3.0)
    assert said["q"] == pytest.approx([6.0] * 4)  # He's is the length that ReLU keeps
    cosines = [0.5]
    for _ in range(3):
        cosines.append(cosine_after(cosines[-1]))
    assert said["c"] == pytest.approx(cosines)
    assert said["grad_log_norm"] == pytest.approx([0.0] * 4, abs=1e-12)
    assert predicted("relu", "lecun", 8, 3, 1.0)["grad_log_norm"] == pytest.approx(
        [math.log(0.5), math.log(0.5) / 2, 0]
    )
    assert predicted("relu", "sigma_w2=0.5,sigma_b2=0.2", 8, 1, 2.0) == {
        "q": [1.2], "c": pytest.approx([0.7 / 1.2]), "grad_log_norm": [0.0],
    }  # fmt: skip


def test_theory_s_layers_with_biases_are_those_of_a_quadrature():
    said, q = predicted("tanh", "sigma_w2=1.5,sigma_b2=0.1", 32, 4, 2.0), [1.5 * 2.0 + 0.1]
    for _ in range(3):
        q.append(1.5 * quadrature(lambda x, v=q[-1]: math.tanh(math.sqrt(v) * x) ** 2) + 0.1)
    assert said["q"] == pytest.approx(q, rel=1e-9)
    assert said["c"][0] == pytest.approx(1.6 / 3.1)
    back = [0.5 * math.log(1.5 * quadrature(lambda x, v=v: math.cosh(math.sqrt(v) * x) ** -4.0)) for v in q[:-1]]
    assert said["grad_log_norm"] == pytest.approx([sum(back[i:]) for i in range(4)], rel=1e-9)


def test_where_no_gradient_passes_theory_says_so():
    assert predicted("relu", "sigma_w2=0,sigma_b2=1", 8, 3, 1.0)["grad_log_norm"] == [-INF, -INF, 0.0]


def signal(measure, of_nets, **columns):
    usual = {"activation": "relu", "init": "he", "length": 1.0, "depth": 4, "width": 32} | columns
    return shuffled([
        usual | {"net": net, "layer": layer, measure: value} for net, values in enumerate(of_nets)
        for layer, value in enumerate(values, 1)
    ])  # fmt: skip


def test_a_measure_at_a_layer_and_its_growth_between_two():
    frame = signal("q", [[9.0, 1.0, 2.0, 4.0, 99.0], [9.0, 1.0, 1.0, 8.0, 99.0], [9.0, 4.0, 0.0, 1.0, 9.0]])
    assert at_layer("q", 3, init="he")(frame).values == (2.0, 1.0, 0.0)
    found = growth("q", 2, 4, activation="relu")(frame)
    assert found.values == pytest.approx([2.0, 2**1.5])
    assert found.left_out == 1  # 0 has no logarithm
    assert growth("q", 2, 4)(signal("q", [[1.0, -2.0, 1.0, 1.0]])).left_out == 1
    assert growth("q", 2, 4, activation="tanh")(frame).n == 0


def test_a_decay_is_over_the_rate_of_the_depth_scale():
    levels, q = {"activation": "tanh", "init": "sigma_w2=0.8,sigma_b2=0.04"}, 0.1
    for _ in range(60):  # to its rest, where gaps fall by chi a layer: an ordered network
        q = 0.8 * quadrature(lambda x, v=q: math.tanh(math.sqrt(v) * x) ** 2) + 0.04
    chi = 0.8 * quadrature(lambda x: math.cosh(math.sqrt(q) * x) ** -4.0)
    gaps = [[1.9 * chi ** (power * layer) for layer in range(1, 5)] for power in (1.0, 2.0)]
    frame = signal("c", [*([1 - gap for gap in each] for each in gaps), [0.5, 0.9, 1.0, 0.99]], **levels)
    found = decay_over_theory(2, 4, **levels)(frame)
    assert found.values == pytest.approx([1.0, 2.0], rel=1e-6)
    assert found.left_out == 1  # a correlation of 1 has arrived
    assert decay_over_theory(2, 4, width=32, **levels)(signal("c", [[0.1, 0.2, 1.5, 0.3]], **levels)).left_out == 1


def test_a_gap_is_over_the_correlation_map_s():
    second, third = cosine_after(0.5), cosine_after(cosine_after(0.5))
    frame = signal("c", [[0.9, 1 - 3 * (1 - second), 0.0, 0.0], [0.9, 1.0, 0.0, 0.0]])
    found = gap_over_theory(2, activation="relu", init="he", depth=4)(frame)
    assert found.values == pytest.approx([3.0, 0.0])
    assert gap_over_theory(1, activation="relu", init="he")(frame).values == pytest.approx([0.2, 0.2])
    assert gap_over_theory(3, activation="relu", init="he")(frame).values == pytest.approx([1 / (1 - third)] * 2)
