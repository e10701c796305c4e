"""Correlation maps against closed forms, resting lengths, the edge of chaos, gains and shapes."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from actbench import theory
from actbench.core.errors import ActbenchError


def arc_cosine(c):
    return (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / math.pi


@pytest.mark.parametrize("q", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("c", [-0.9, 0.0, 0.5, 0.999])
def test_relu_has_the_arc_cosine_kernel(q, c):
    assert theory.product_moment("relu", q, c) == pytest.approx(q / 2 * arc_cosine(c), rel=1e-11, abs=1e-15)


@pytest.mark.parametrize("q", [0.1, 1.0, 30.0])
def test_erf_has_the_arc_sine_kernel(q):
    from scipy.special import erf

    for c in (-0.5, 0.3, 0.99):
        wanted = 2 / math.pi * math.asin(2 * q * c / (1 + 2 * q))  # Williams 1997
        assert theory.product_moment(lambda x: erf(x), q, c) == pytest.approx(wanted, rel=1e-10)


def test_correlations_of_relu_follow_its_kernel_layer_by_layer():
    found = theory.correlations("relu", 2.0, c=0.1, q=1.0, depth=60)
    wanted = [0.1]
    while len(wanted) < 60:
        wanted.append(arc_cosine(wanted[-1]))
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_all_resting_lengths_are_found():
    points = theory.fixed_points("tanh", 2.0)
    assert [point.q > 0 for point in points] == [False, True]
    assert [point.stable for point in points] == [False, True]
    gelu = theory.fixed_points("gelu", 2.1)
    assert [point.stable for point in gelu] == [True, False]
    assert gelu[1].q == pytest.approx(3.10537, rel=1e-5)
    assert theory.fixed_points("relu", 2.0)[0].q == 1.0
    assert theory.fixed_points("relu", 2.5, 0.1) == ()


def test_the_edge_is_a_curve_through_the_critical_points():
    point = theory.critical_point("tanh", 0.05)
    (on,) = theory.edge("tanh", [point.q])
    assert (on.sigma_w2, on.sigma_b2) == pytest.approx((point.sigma_w2, 0.05), rel=1e-9)
    assert len(theory.edge("relu", [0.1, 1.0, 10.0])) == 3


def test_residual_and_normalised_layers_have_their_own_recursions():
    q = theory.lengths("relu", 1.0, 0.0, 1.0, 5, residual=True)
    assert q == pytest.approx([1.5**i for i in range(5)])
    assert theory.gradient_factor("relu", 1.0, q, residual=True) == pytest.approx(math.sqrt(1.5))
    assert theory.normalised_factor("relu", 7.0) == pytest.approx(1.0)
    assert theory.normalised_factor("tanh", 3.0) > 1.0


def test_gains_are_their_closed_forms_and_stand_beside_torchs():
    relu = theory.gains("relu")
    assert (relu.forward, relu.slope, relu.torch) == pytest.approx((math.sqrt(2),) * 3)
    assert relu.value == pytest.approx(1 / math.sqrt(0.5 - 1 / (2 * math.pi)))
    leaky = theory.gains("leaky_relu:negative_slope=0.2")
    assert leaky.forward == pytest.approx(leaky.torch) == pytest.approx(math.sqrt(2 / 1.04))
    assert theory.gains("tanh").torch == pytest.approx(5 / 3)
    assert abs(theory.gains("tanh").forward / (5 / 3) - 1) > 0.04
    assert math.isnan(theory.gains("gelu").torch)


def test_torchs_table_is_torchs():
    init = pytest.importorskip("torch").nn.init
    for name in ("relu", "tanh", "sigmoid", "selu"):
        assert theory.gains(name).torch == pytest.approx(init.calculate_gain(name))
    assert theory.gains("leaky_relu:negative_slope=0.3").torch == pytest.approx(init.calculate_gain("leaky_relu", 0.3))


def test_gates_have_gains_of_their_own():
    assert set(theory.gates()) >= {"glu", "swiglu", "geglu", "reglu"}
    reglu = theory.gains("reglu")
    assert (reglu.value, reglu.multiplier, reglu.slope) == pytest.approx((math.sqrt(2),) * 3)
    with pytest.raises(ActbenchError, match="gates"):
        theory.gains("softmax")


def test_gains_of_clamped_and_capped_gates():
    """E y^2 of f(a) g(b) is E f^2 E g^2: in closed form, and by SciPy's quadrature of formulas written here."""
    integrate = pytest.importorskip("scipy.integrate")
    drelu = theory.gains("drelu")  # E r = 1 / sqrt(2 pi), E r^2 = 1/2
    assert drelu.value == pytest.approx(1 / math.sqrt(0.25 - 1 / (2 * math.pi) ** 2), rel=1e-12)
    assert (drelu.forward, drelu.slope, drelu.multiplier) == pytest.approx((2.0, 2.0, 2.0), rel=1e-12)

    def mean(f, *points):
        ends = [-12.0, *points, 12.0]
        law = lambda z: f(z) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)  # noqa: E731
        return sum(integrate.quad(law, a, b, epsabs=1e-14)[0] for a, b in itertools.pairwise(ends))

    def silu(x):
        return x / (1 + math.exp(-x))

    clipped = mean(lambda b: min(max(b, -1.0), 1.0) ** 2, -1.0, 1.0)
    inside = mean(lambda b: float(abs(b) <= 1), -1.0, 1.0)
    bend = float(pytest.importorskip("scipy.optimize").brentq(lambda x: silu(x) - 1, 0, 3))
    for name, f, at in (
        ("swiglu_clamped:limit=1", lambda a: silu(min(a, 1.0)), 1.0),
        ("swiglu_step:limit=1", lambda a: min(silu(a), 1.0), bend),
    ):
        found, square = theory.gains(name), mean(lambda a, f=f: f(a) ** 2, at)
        assert found.forward == pytest.approx(1 / math.sqrt(square * clipped), rel=1e-9)
        assert found.multiplier == pytest.approx(1 / math.sqrt(square * inside), rel=1e-9)
        assert math.isfinite(found.slope)
    shifted = theory.gains("swiglu_oai:limit=inf,alpha=1")  # (b + 1) silu(a): E (b + 1)^2 = 2
    assert shifted.forward == pytest.approx(theory.gains("silu").forward / math.sqrt(2), rel=1e-12)
    assert set(theory.gates()) >= {"swiglu_oai", "swiglu_clamped", "swiglu_step", "situ_glu", "drelu", "fatrelu_glu"}


def test_shapes_are_those_of_calculus():
    relu, hardtanh, gelu = (theory.shape(name) for name in ("relu", "hardtanh", "gelu"))
    assert (relu.convex, relu.concave, relu.inflections) == (((-math.inf, math.inf),), (), ())
    assert (hardtanh.convex, hardtanh.concave) == (((-math.inf, 1.0),), ((-1.0, math.inf),))
    assert gelu.inflections == pytest.approx((-math.sqrt(2), math.sqrt(2)), rel=1e-9)
    assert len(gelu.extrema) == 1
    assert gelu.extrema[0] == pytest.approx(-0.7517915246935645, rel=1e-9)
    assert gelu.lipschitz == pytest.approx(1.1289, abs=1e-4)
    tanh = theory.shape(np.tanh)
    assert tanh.inflections == pytest.approx((0.0,), abs=1e-9)
    assert theory.second_derivative("tanh")(np.array([0.5]))[0] == pytest.approx(
        -2 * math.tanh(0.5) / math.cosh(0.5) ** 2
    )
