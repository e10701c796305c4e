"""Functions whose kinks and jumps nobody declared: moments to 1e-6, or a refusal; closed forms by the normal law."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from actbench import theory
from actbench.core.errors import ActbenchError

PLACES = st.lists(st.floats(-3.0, 3.0), min_size=0, max_size=4, unique_by=lambda x: round(x, 1)).map(sorted)
SMALL = st.floats(-2.0, 2.0).map(lambda x: round(x, 3))


def partial(low, high):
    """The integrals of 1, x and x^2 under the normal density from low to high."""
    ends = [(x, norm.pdf(x) if math.isfinite(x) else 0.0) for x in (low, high)]
    zero = norm.cdf(high) - norm.cdf(low)
    first = ends[0][1] - ends[1][1]
    tails = [x * density if math.isfinite(x) else 0.0 for x, density in ends]
    return zero, first, zero + tails[0] - tails[1]


@settings(max_examples=25, deadline=None)
@given(places=PLACES, data=st.data(), jumps=st.booleans())
def test_undeclared_kinks_and_jumps(places, data, jumps):
    slopes = data.draw(st.lists(SMALL, min_size=len(places) + 1, max_size=len(places) + 1))
    starts = [data.draw(SMALL)]
    for k, at in enumerate(places):  # continuous, or lifted
        joined = slopes[k] * at + starts[k] - slopes[k + 1] * at
        starts.append(joined + (data.draw(SMALL) if jumps else 0.0))

    def act(x):
        piece = np.searchsorted(places, x, side="right")
        return np.asarray(slopes)[piece] * x + np.asarray(starts)[piece]

    mean = second = slope = 0.0
    for low, high, s, c in zip([-math.inf, *places], [*places, math.inf], slopes, starts, strict=True):
        zero, first, square = partial(low, high)
        mean += s * first + c * zero
        second += s * s * square + 2 * s * c * first + c * c * zero
        slope += s * s * zero
    try:
        found = theory.moments(act)
    except ActbenchError:
        return
    size = max(1.0, second)
    assert found.mean == pytest.approx(mean, abs=1e-6 * size)
    assert found.second == pytest.approx(second, abs=1e-6 * size)
    assert found.d_second == pytest.approx(slope, abs=1e-6 * max(1.0, slope))


def test_a_kink_that_is_no_round_number_is_found():
    """Its place is known to 1e-9 alone, so that one side's differences may straddle it."""
    place = 1.0000146593412051
    found = theory.moments(lambda x: np.where(x > place, x - place, 0.0))
    assert found.d_second == pytest.approx(norm.sf(place), rel=1e-8)


@pytest.mark.parametrize("q", [1.0, 9.0, 25.0, 100.0])
def test_every_step_of_a_staircase_is_found(q):
    """A jump on the edge of a window was lost to rounding, and with it its part of the growth."""

    def second(q):
        steps = np.arange(-130, 131)
        return (steps**2 * np.diff(norm.cdf(np.arange(-130, 132) / math.sqrt(q)))).sum()

    found = theory.moments(lambda x: np.floor(x), q)
    assert found.second == pytest.approx(second(q), rel=1e-12)
    assert found.growth == pytest.approx((second(1.0001 * q) - second(0.9999 * q)) / (2e-4 * q), rel=1e-6)
    assert found.d_second < 1e-12


def test_growth_is_right_where_jumps_lie_beyond_what_is_searched():
    places = 150.0 + 7 * np.arange(4)
    found = theory.moments(lambda x: np.searchsorted(places, x) * 1.0, 1e4)
    above = [norm.sf(place / 100) for place in places]
    slope = [place / 2e4 * norm.pdf(place / 100) / 100 for place in places]
    assert found.second == pytest.approx(sum((2 * k + 1) * p for k, p in enumerate(above)), rel=1e-6)
    assert found.growth == pytest.approx(sum((2 * k + 1) * p for k, p in enumerate(slope)), rel=1e-6)


def test_a_fast_wave_has_no_kinks():
    found = theory.moments(lambda x: np.sin(20 * x), 9.0)
    assert found.kinks == ()
    assert found.d_second == pytest.approx(200.0, rel=1e-9)


@pytest.mark.parametrize("steepness", [1e2, 1e4, 1e5, 1e6])
def test_what_is_steep_at_zero_is_not_overlooked(steepness):
    """Its slope lay between two nodes, and E f'^2 was 0."""
    found = theory.moments(lambda x: np.tanh(steepness * x))
    wanted = steepness * 4 / 3 / math.sqrt(2 * math.pi)  # the integral of sech^4 is 4/3
    assert found.d_second == pytest.approx(wanted, rel=1 / steepness**2 + 1e-12)
