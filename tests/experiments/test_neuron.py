"""The simulated neuron against what is known of it: the closed form, a scipy integration, silence below threshold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import actbench as ab
from actbench.experiments.neuron.effects import fall, from_closed_form, of_top_rate, up_to_threshold
from actbench.experiments.neuron.question import spikes

TAU, T_REF = np.array([0.02]), np.array([0.002])


def simulated(currents, noise=0.0, start=0.0):
    streams = [np.random.default_rng(1)]
    currents = np.array(currents, float)
    start = np.full((1, currents.size), start)
    return spikes(currents, tau=TAU, t_ref=T_REF, start=start, noise=noise, streams=streams)[0]


def test_the_intervals_are_those_of_an_ode_solver():
    """Rest, then the time that solve_ivp takes from 0 to the threshold: no formula of ours."""
    for current, times in zip((1.2, 1.7, 3.0), simulated((1.2, 1.7, 3.0)), strict=True):

        def reached(t, v):
            return v[0] - 1.0

        reached.terminal = True
        found = solve_ivp(lambda t, v, i=current: (i - v) / 0.02, (0, 1), [0.0], events=reached, rtol=1e-9, atol=1e-12)
        assert np.diff(times).mean() == pytest.approx(found.t_events[0][0] + 0.002, rel=5e-3)


def test_no_spike_at_or_below_the_threshold_without_noise_and_some_with_it():
    silent, edge = simulated((0.9, 1.0), start=0.99)
    assert len(silent) == len(edge) == 0
    assert len(simulated((0.95,), noise=0.2)[0]) > 3


def test_the_experiment_finds_the_row_s_curve_and_depends_on_the_neuron_alone():
    frame = ab.run("neuron", noise=[0.0], neuron=range(2))
    assert not frame.isna().any().any()
    for measure in (up_to_threshold, from_closed_form, fall):
        assert max(of_top_rate(measure, noise=0.0)(frame).values) < 0.01
    alone = ab.run("neuron", noise=[0.0], neuron=[1])
    assert alone["rate"].tolist() == frame[frame["neuron"] == 1]["rate"].tolist()


def test_a_neuron_that_fires_otherwise_is_noticed():
    frame = ab.run("neuron", noise=[0.0], neuron=range(2))
    linear = frame.assign(rate=(frame["current"] - 1).clip(lower=0) * 40)
    assert min(of_top_rate(from_closed_form, noise=0.0)(linear).values) > 0.02
    shifted = frame.assign(rate=frame["rate"] + 5)
    assert min(of_top_rate(up_to_threshold, noise=0.0)(shifted).values) > 0.02
    falling = frame.assign(rate=-frame["current"])
    assert min(of_top_rate(fall, noise=0.0)(falling).values) > 0
