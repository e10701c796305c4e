"""Experiments beside theory: finite networks agree with laws that are computed elsewhere, in tiny grids."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import actbench as ab
from actbench import theory
from actbench.cli import main
from actbench.experiments.born_dead.effects import beyond_law, dead_share
from actbench.experiments.finite_width.effects import over_law
from actbench.experiments.gradient_flow.effects import beyond_theory, factor
from actbench.experiments.jacobian_spectrum.effects import over_theory, ratio
from actbench.experiments.signal_propagation.effects import (
    at_layer,
    decay_over_theory,
    gap_over_theory,
    growth,
    predicted,
)
from actbench.experiments.signal_propagation.question import APART, POINTS, circle
from actbench.statistics.frames import select

PAIRS = dict.fromkeys(("relu", "tanh", "sigmoid", "erf", "gelu", "silu", "elu", "selu"), ("he", "lecun"))


@pytest.fixture(scope="module")
def signals():
    return ab.run("signal_propagation", activation=["relu", "tanh"], init="he", depth=12, width=128, net=range(6))


def test_a_circle_of_inputs_has_its_length_and_its_angles():
    x = circle(2.0, 20)
    assert np.square(x).mean(axis=1) == pytest.approx(np.full(POINTS, 2.0))
    assert x[0] @ x[APART] / (x[0] @ x[0]) == pytest.approx(0.5)


@pytest.mark.parametrize(("activation", "init"), [(name, init) for name, inits in PAIRS.items() for init in inits])
def test_gradients_grow_a_layer_as_theory_says(activation, init):
    frame = ab.run("gradient_flow", activation=activation, init=init, depth=10, width=128, net=range(8))
    gap = beyond_theory(activation=activation, init=init)(frame)
    low, high = gap.interval(0.999)
    slack = 2.5 / 128  # leading order of what finite width takes from a mean logarithm a layer
    assert low - slack < 0 < high + slack
    assert abs(gap.value) < 0.02 * factor(activation=activation)(frame).value + 0.01


def test_lengths_and_correlations_follow_their_maps(signals):
    for activation in ("relu", "tanh"):
        said = predicted(activation, "he", 128, 12, 1.0)
        for layer in (1, 2, 3):
            q, c = (at_layer(name, layer, activation=activation)(signals) for name in ("q", "c"))
            assert q.value == pytest.approx(said["q"][layer - 1], rel=0.12)
            assert c.value == pytest.approx(said["c"][layer - 1], abs=0.04)
    assert gap_over_theory(12, activation="relu", init="he")(signals).value == pytest.approx(1, abs=0.5)


def test_an_ordered_network_forgets_angles_at_the_rate_of_its_depth_scale():
    levels = {"activation": "tanh", "init": "sigma_w2=0.9,sigma_b2=0.1"}
    frame = ab.run("signal_propagation", depth=12, width=256, net=range(6), **levels)
    assert decay_over_theory(4, 10, **levels)(frame).value == pytest.approx(1, abs=0.15)
    assert growth("curve", 3, 8, activation="tanh")(frame).value < 1


def test_singular_values_spread_as_said_with_either_law_of_weights():
    root = f"orthogonal:{math.sqrt(2)}"
    frame = ab.run("jacobian_spectrum", activation="relu", init=["sigma_w2=2", root], depth=4, width=96, net=range(4))
    for init in ("sigma_w2=2", root):
        chosen = {"activation": "relu", "init": init, "depth": 4}
        assert over_theory("spread", **chosen)(frame).value == pytest.approx(1, abs=0.2)
        assert over_theory("mean", **chosen)(frame).value == pytest.approx(1, abs=0.2)
    assert ratio("spread", "sigma_w2=2", root, depth=4)(frame).value == pytest.approx(2, abs=0.5)


@pytest.mark.parametrize("width", [16, 32])
def test_relus_log_norm_has_the_mean_and_variance_of_the_exact_law(width):
    frame = ab.run("finite_width", width=width, depth=width, net=range(512))
    for moment in ("mean", "variance"):
        low, high = over_law(moment, "exact", width=width, depth=width)(frame).interval(0.999)
        assert low < 1 < high


def test_as_many_are_born_dead_as_the_law_says():
    frame = ab.run("born_dead", width=3, depth=10, net=range(256))
    low, high = beyond_law(width=3, depth=10)(frame).interval(0.999)
    assert low < 0 < high
    one, all_ = (dead_share(f"dead_{kind}", width=3)(frame).value for kind in ("point", "interval"))
    assert 0 < all_ < one
    assert theory.born_dead(3, 10).interval[0] < one
    assert len(select(frame, width=3)) == 256


def test_a_phase_diagram_shows_edge_initialisations_theory_and_networks(tmp_path, monkeypatch, capsys):
    from actbench.experiments.gradient_flow import phase

    monkeypatch.setattr(phase, "NETS", 4)
    monkeypatch.setattr(phase, "SHAPE", {"depth": 6, "width": 64})
    assert main(["theory", "tanh", "--figure", "--out", str(tmp_path)]) == 0
    table = pd.read_csv(tmp_path / "phase-tanh.csv")
    edge = table[table["kind"] == "edge"]
    at = edge.iloc[(edge["sigma_b2"] - 0.05).abs().argmin()]
    assert at["sigma_w2"] == pytest.approx(1.76, abs=0.05)
    networks = table[table["kind"] == "networks"]
    assert (networks["factor"] / networks["theory"]).to_numpy() == pytest.approx(np.ones(len(networks)), abs=0.1)
    assert set(table.loc[table["kind"] == "init", "name"]) == set(phase.STANDARD)
    assert (tmp_path / "phase-tanh.svg").stat().st_size > 5_000
    said = capsys.readouterr().out
    assert "phase-tanh.svg" in said
    assert "critical point" in said  # the card is printed as without it
    assert main(["theory", "swiglu", "--figure"]) == 2
    assert main(["theory", "--table", "--figure", "--out", str(tmp_path)]) == 2
