"""Moments of the slope in use are held to differences of the function, and a critical point to both."""

import math

import numpy as np
import pytest

from actbench.activations.record import Activation, Callables
from actbench.activations.registry import ACTIVATIONS
from actbench.cli.theory import block, card
from actbench.comparison.measured import theory as compared
from actbench.theory import critical_point, critical_points, edge, moments
from actbench.theory.dense import Doubtful, doubt, slope_square
from actbench.theory.subject import spec_of


def gate(x):
    return x * np.tanh(np.logaddexp(0.0, 0.8 * x))


def gate_slope(x):
    t = np.tanh(np.logaddexp(0.0, 0.8 * x))
    return t + 0.8 * x * (1 - t * t) / (1 + np.exp(-0.8 * np.maximum(x, -900)))


def sound(x):
    return gate(x) + 0.05 * np.sin(x)


def row(f, slope, name="made_up"):
    """A function with a slope in use."""
    passes = Callables(forward=f, definition=f, backward=lambda dy, x: dy * slope(x))
    return Activation(name=name, callables=passes, source="made up", opaque="it is made up")


def root(x):
    return np.sqrt(1 + x * x)


def steep_far_out(x):
    return np.where(np.abs(x) > 111.0, 1.02 * np.sign(x), x / root(x))


# a slope that is the function's to 111, and beyond it a number that is no limit of it
FLAWED = row(sound, lambda x: np.where(x > 111.0, 0.9523922315870492, gate_slope(x) + 0.05 * np.cos(x)))
ALONE = row(root, steep_far_out)  # whose function has no critical point
HALF = row(sound, lambda x: 0.5 * gate_slope(x))  # another function's everywhere


@pytest.mark.parametrize("name", ["relu", "tanh", "mish", "snake", "softsign", "rrelu", "hardswish", "smu"])
@pytest.mark.parametrize("q", [1e-12, 1.0, 1e5])
def test_differences_of_a_row_have_the_moments_of_its_slope(name, q):
    value, noise = slope_square(name, q)
    assert value == pytest.approx(moments(name, q).d_second, rel=1e-4, abs=10 * noise)
    assert doubt(name, q) == ""


def test_a_critical_point_that_a_flawed_slope_makes_is_none():
    true, flawed = critical_point(sound), critical_point(FLAWED)
    assert (flawed.sigma_w2, flawed.q) == (pytest.approx(true.sigma_w2), pytest.approx(true.q))
    assert true.sigma_w2 == pytest.approx(2.06648, rel=1e-5)
    assert all(point.q < 1e3 for point in critical_points(FLAWED))
    assert edge(FLAWED, [0.7, 1.7e5]) == edge(FLAWED, [0.7])
    assert edge(sound, [0.7, 1.7e5]) != edge(sound, [0.7])


def test_where_there_is_no_other_point_it_is_refused_and_said():
    with pytest.raises(Doubtful, match=r"at q=\S+ E f'\^2 is \S+ by the slope in use, \S+ by differences") as error:
        critical_point(ALONE)
    assert "\n" not in str(error.value)


def test_another_function_s_slope_is_what_was_asked_for():
    assert doubt(HALF, 1e4) == ""
    assert critical_point(HALF) is not None
    assert doubt("heaviside_arctan", 100.0) == ""


def test_numbers_of_a_flawed_slope_are_marked_in_the_card():
    flawed, right = spec_of(ALONE), spec_of(root)
    shown = card(flawed, q=1e4)
    assert "by differences of the function" in shown["not to be believed"]
    assert shown["critical point"].startswith("none: no critical point to be believed")
    assert block(flawed)["critical point"].startswith("none: no critical point to be believed")
    assert "not to be believed" not in card(flawed, q=1.0)
    assert "not to be believed" not in card(right, q=1e4)


def test_a_comparison_says_why_there_is_no_critical_point():
    name = "flawed_far_out"
    with ACTIVATIONS.temporary():
        ACTIVATIONS.add(row(root, steep_far_out, name))
        found = compared(name)
    assert "by differences of the function" in found["reason"]
    assert found["gain"] == pytest.approx(1 / math.sqrt(moments(root).d_second))
    assert "critical_sigma_w2" not in found


def test_an_overflow_of_the_function_is_no_doubt():
    assert not math.isfinite(slope_square(lambda x: np.exp(np.minimum(x * x, 800.0)), 900.0)[0])
