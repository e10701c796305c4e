"""Gaussian moments against closed forms and mpmath, and the points that they lead to against published values."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

import actbench as ab
from actbench import theory
from actbench.activations.record import Activation, Callables, Kink
from actbench.core.errors import ActbenchError

LENGTHS = [1e-6, 0.3, 1.0, 40.0, 1e6]


@pytest.mark.parametrize("q", LENGTHS)
def test_moments_of_relu_are_its_closed_forms(q):
    found = theory.moments("relu", q)
    wanted = (math.sqrt(q / (2 * math.pi)), q / 2, 0.5, 0.5, 0.5, 0.5)
    got = (found.mean, found.second, found.d_mean, found.d_second, found.d_fourth, found.growth)
    np.testing.assert_allclose(got, wanted, rtol=1e-12)


def reference(function, q):
    """E function(z) under N(0, q) with 30 digits."""
    with mpmath.workdps(30):
        s = mpmath.sqrt(q)
        ends = sorted({mpmath.mpf(0), *(sign * 2**k for k in range(-2, 14, 2) for sign in (1, -1)),
                       *(sign * s * z for z in (1, 3, 6, 12) for sign in (1, -1))})  # fmt: skip
        ends = [x for x in ends if abs(x) <= 12 * s]
        density = lambda x: mpmath.exp(-x * x / (2 * q)) / (s * mpmath.sqrt(2 * mpmath.pi))  # noqa: E731
        return float(mpmath.quad(lambda x: function(x) * density(x), ends))


@pytest.mark.parametrize("q", [1e-6, 1.0, 1e4])
def test_moments_of_tanh_agree_with_mpmath(q):
    found = theory.moments("tanh", q)
    slope = lambda x: mpmath.sech(x) ** 2  # noqa: E731
    assert abs(found.mean) < 1e-15
    np.testing.assert_allclose(found.second, reference(lambda x: mpmath.tanh(x) ** 2, q), rtol=1e-10)
    np.testing.assert_allclose(found.d_mean, reference(slope, q), rtol=1e-10)
    np.testing.assert_allclose(found.d_second, reference(lambda x: slope(x) ** 2, q), rtol=1e-10)
    np.testing.assert_allclose(found.d_fourth, reference(lambda x: slope(x) ** 4, q), rtol=1e-10)


SLOPED = [
    a.name for a in ab.ACTIVATIONS
    if a.kind == "elementwise" and not a.fact("excluded_slope") and "x" not in a.surrogates  # whose slope is another's
]  # fmt: skip


@pytest.mark.parametrize("name", SLOPED)
def test_growth_is_the_derivative_of_the_second_moment(name):
    step = 1e-4
    above, below = (theory.moments(name, 1.0 + side * step).second for side in (1, -1))
    wanted = (above - below) / (2 * step)
    assert theory.moments(name, 1.0).growth == pytest.approx(wanted, rel=1e-5, abs=1e-7)


def test_moments_of_randomized_relu_average_over_its_slopes():
    low, high = 1 / 8, 1 / 3
    second_of_slope = (low * low + low * high + high * high) / 3
    assert theory.moments("rrelu", 4.0).second == pytest.approx(2.0 * (1 + second_of_slope), rel=1e-12)


def test_a_sampled_parameter_has_a_value_in_evaluation():
    found = theory.moments("rrelu:negative_slope=0.25", 4.0)
    assert found.second == pytest.approx(2.0 * (1 + 0.25**2), rel=1e-12)
    assert theory.gains("rrelu:negative_slope=0.25").forward == pytest.approx(math.sqrt(2 / (1 + 0.25**2)))
    with pytest.raises(ActbenchError, match="no parameter"):
        theory.moments("rrelu:slope=0.25")


@pytest.mark.skipif("selu" not in ab.ACTIVATIONS, reason="the row selu is not there yet")
def test_selu_keeps_mean_zero_and_variance_one():
    found = theory.moments("selu")
    assert abs(found.mean) < 1e-10
    assert found.second == pytest.approx(1.0, rel=1e-10)


def test_a_variance_below_zero_is_refused():
    with pytest.raises(ActbenchError, match="variance"):
        theory.moments("relu", -1.0)


def test_critical_points_are_the_published_ones():
    tanh = theory.critical_point("tanh", 0.05)
    assert tanh.sigma_w2 == pytest.approx(1.76, abs=0.005)  # Xiao et al. 2018
    assert tanh.stable
    at = theory.fixed_point("tanh", tanh.sigma_w2, 0.05)
    assert at.chi_1 == pytest.approx(1.0, abs=1e-9)
    assert at.q == pytest.approx(tanh.q, rel=1e-9)


def test_half_stable_points_are_the_published_ones():
    silu, gelu = theory.half_stable_point("silu"), theory.half_stable_point("gelu")
    assert (silu.sigma_w2, silu.sigma_b2, silu.q) == pytest.approx((1.98800, 0.55514, 14.32017), rel=1e-5)
    assert (gelu.sigma_w2, gelu.sigma_b2) == pytest.approx((1.983, 0.173), rel=1e-3)  # Roberts, Yaida & Hanin 2022
    assert theory.half_stable_point("tanh") is None
    assert theory.half_stable_point("relu") is None


def test_who_is_critical_at_length_zero_alone_gets_the_half_stable_point_unless_asked_otherwise():
    assert theory.critical_point("gelu") == theory.half_stable_point("gelu")
    assert theory.critical_point("gelu", 0.0).sigma_w2 == pytest.approx(4.0)
    assert theory.critical_point("tanh").q == 0.0
    assert theory.critical_point("relu").q == 1.0


def test_relu_is_critical_at_one_point_alone():
    assert theory.critical_point("relu", 0.0).sigma_w2 == pytest.approx(2.0, rel=1e-12)
    assert not theory.critical_point("relu", 0.0).stable
    assert theory.critical_point("relu", 0.1) is None


def test_tanh_without_biases_is_critical_at_length_zero():
    assert theory.critical_point("tanh").q == 0.0
    assert theory.critical_point("tanh").sigma_w2 == pytest.approx(1.0)
    rest = theory.fixed_point("tanh", 1.0)
    assert rest.q == 0.0
    assert math.isinf(rest.xi_q)


@pytest.mark.parametrize(
    ("sigma_w2", "sigma_b2", "q"), [(1.0, 0.0, 0.0), (1.0, 0.1, 0.2), (2.0, 0.0, 1.0), (2.5, 0.0, math.inf)]
)
def test_fixed_points_of_relu_are_its_closed_forms(sigma_w2, sigma_b2, q):
    assert theory.fixed_point("relu", sigma_w2, sigma_b2).q == pytest.approx(q, rel=1e-10)


def test_the_resting_correlation_solves_the_two_dimensional_integral():
    at = theory.fixed_point("tanh", 2.5, 0.05)
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    z, w = math.sqrt(at.q) * nodes[:, None], weights[:, None] * weights / (2 * math.pi)
    other = at.c * z + math.sqrt(at.q * (1 - at.c**2)) * nodes
    image = (2.5 * (w * np.tanh(z) * np.tanh(other)).sum() + 0.05) / at.q
    assert image == pytest.approx(at.c, abs=1e-9)
    slope = 2.5 * (w / np.cosh(z) ** 2 / np.cosh(other) ** 2).sum()
    assert at.xi_c == pytest.approx(-1 / math.log(slope), rel=1e-6)


def test_the_gradient_factor_follows_the_lengths():
    assert theory.gradient_factor("relu", 2.0, [1.0, 3.0]) == pytest.approx(1.0)
    assert theory.gradient_factor("relu", 1 / 3, [1.0]) == pytest.approx(math.sqrt(1 / 6))
    q = theory.lengths("tanh", 1.0, 0.0, 1.0, 300)
    assert q[-1] == pytest.approx(1 / (2 * 300), rel=0.03)  # q_l ~ 1 / (2 l)


def test_a_slope_that_is_nan_far_out_is_named_and_spoils_no_other_length():
    def forward(x):
        return np.where(x > 0, x, 0.1 * np.expm1(np.minimum(x, 0.0)))

    def backward(dy, x):  # a branch that is not taken, inf * 0, as automatic derivatives of where have it
        with np.errstate(all="ignore"):
            return dy * (np.where(x > 0, 1.0, 0.0) + np.where(x > 0, 0.0, 0.1) * np.exp(x))

    said = Callables(forward=forward, backward=backward, definition=forward)
    with ab.ACTIVATIONS.temporary():
        ab.ACTIVATIONS.add(
            Activation(name="trap", callables=said, source="a test", opaque="it calls", kinks={0.0: Kink(slope=0.1)})
        )
        assert theory.critical_point("trap") is not None
        with pytest.raises(ActbenchError, match="NaN at x = 7"):
            theory.moments("trap", 512.0)


@pytest.mark.parametrize("q", [0.01, 1.0, 1e4])
@pytest.mark.parametrize(("function", "name"), [(np.tanh, "tanh"), (lambda x: np.maximum(x, 0.0), "relu"),
                                                (lambda x: np.clip(x, -1.0, 1.0), "hardtanh"),
                                                (lambda x: x / (1.0 + np.exp(-x)), "silu")])  # fmt: skip
def test_a_function_has_the_moments_of_its_row(function, name, q):
    got, wanted = theory.moments(function, q), theory.moments(name, q)
    with np.errstate(over="ignore"):
        for field in ("second", "d_mean", "d_second", "d_fourth", "growth"):
            assert getattr(got, field) == pytest.approx(getattr(wanted, field), rel=1e-9)


def test_an_undeclared_jump_is_counted():
    got = theory.moments(lambda x: np.where(x > 0.3, 2.0, 0.0) + 0.0 * x)
    above = 0.5 * math.erfc(0.3 / math.sqrt(2))
    assert got.mean == pytest.approx(2 * above, rel=1e-10)
    assert got.second == pytest.approx(4 * above, rel=1e-10)
    assert got.growth == pytest.approx(2 * 0.3 * math.exp(-0.045) / math.sqrt(2 * math.pi), rel=1e-9)


def test_what_is_no_function_of_an_array_is_refused():
    for subject in (lambda x: x if x > 0 else 0.0, lambda x: np.sum(x), 3.0, "no_such_row"):
        with pytest.raises(ActbenchError):
            theory.moments(subject)


def test_kinks_that_nobody_declared_are_found_and_said():
    assert theory.moments(lambda x: np.maximum(x, -0.25)).kinks == pytest.approx((-0.25,), abs=1e-9)
    assert theory.moments("relu").error < 1e-12


def test_a_function_has_fixed_and_critical_points_too():
    wanted, got = theory.fixed_point("tanh", 2.5, 0.05), theory.fixed_point(np.tanh, 2.5, 0.05)
    assert (got.q, got.chi_1, got.c) == pytest.approx((wanted.q, wanted.chi_1, wanted.c), rel=1e-9)
    assert theory.critical_point(np.tanh, 0.05).sigma_w2 == pytest.approx(1.76, abs=0.005)


def test_a_target_has_a_theory(tmp_path):
    (tmp_path / "mine.py").write_text("import numpy as np\n\n\ndef act(x):\n    return np.maximum(x, 0.1 * x)\n")
    got = theory.moments(f"{tmp_path}/mine.py:act")
    assert got.second == pytest.approx((1 + 0.01) / 2, rel=1e-10)


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf, "much"])
def test_what_is_no_variance_is_refused_everywhere(value):
    for asked in (lambda: theory.moments("tanh", value), lambda: theory.fixed_point("tanh", value),
                  lambda: theory.fixed_point("tanh", 1.0, value), lambda: theory.fixed_point("tanh", 1.0, start=value),
                  lambda: theory.critical_point("tanh", value), lambda: theory.lengths("tanh", 1.0, value, 1.0, 3),
                  lambda: theory.gradient_factor("tanh", value, [1.0]), lambda: theory.critical_points("tanh", value),
                  lambda: theory.edge("tanh", [1.0, value])):  # fmt: skip
        with pytest.raises(ActbenchError, match="variance"):
            asked()


def test_a_gradient_that_crosses_nothing_is_refused():
    with pytest.raises(ActbenchError, match="no layer"):
        theory.gradient_factor("tanh", 1.0, [])
    with pytest.raises(ActbenchError, match="no lengths"):
        theory.edge("tanh", [])


@pytest.mark.parametrize("depth", [0, -3, 2.5, math.nan, "3"])
def test_what_is_no_number_of_layers_is_refused(depth):
    for asked in (
        lambda: theory.lengths("tanh", 1.0, 0.0, 1.0, depth),
        lambda: theory.correlations("tanh", 1.0, c=0.5, q=1.0, depth=depth),
    ):
        with pytest.raises(ActbenchError, match="no number of layers"):
            asked()
    assert len(theory.lengths("tanh", 1.0, 0.0, 1.0, np.int64(1))) == 1


def test_length_zero_rests_where_nothing_moves_it():
    assert theory.fixed_point("tanh", 2.0, start=0.0).q == 0.0
    assert theory.fixed_point("sigmoid", 2.0, start=0.0).q == pytest.approx(theory.fixed_point("sigmoid", 2.0).q)
    assert theory.fixed_point("tanh", 2.0, 0.1, start=0.0).q > 0.1


def test_a_change_of_sign_by_a_jump_at_0_is_found():
    """Halving from 1 to the last float above 0 takes a thousand steps, more than SciPy's hundred."""
    from actbench.theory.roots import root

    assert abs(root(lambda x: -1.0 if x < 0 else 1.0, -1.0, 2.0)) < 1e-290
