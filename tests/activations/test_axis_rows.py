"""Rows along an axis that learn parameters or select: gradients against mpmath, torch's own code, and ties."""

from __future__ import annotations

import numpy as np
import pytest

import actbench as ab
from actbench.accuracy.oracle import MP
from actbench.activations.registry import AXIS, along

X = np.random.default_rng(8).standard_normal((4, 7))
DY = np.random.default_rng(9).standard_normal((4, 7))


@pytest.mark.parametrize("spec", ["softmax_sink:k=0.7", "softmax_sink:k=-300", "polynorm:w2=0.5,bias=0.2"])
def test_gradients_of_learned_parameters_are_the_derivative_of_the_definition(spec):
    row = along(spec)
    _, found = row.gradients(DY, X)
    assert set(found) == set(row.parameter_gradients)
    for name, got in found.items():
        at = float(row.values()[name])

        def whole(value, name=name):
            values = {key: MP.mpf(float(v)) for key, v in row.values().items()} | {name: value}
            lines = [row.textbook(MP, [MP.mpf(v) for v in line], **values) for line in X]
            return sum(MP.mpf(d) * y for dy, line in zip(DY, lines, strict=True) for d, y in zip(dy, line, strict=True))

        with MP.workprec(200):
            assert float(got) == pytest.approx(float(MP.diff(whole, MP.mpf(at))), rel=1e-12)


def test_a_sink_takes_its_share_and_without_it_softmax_stays():
    row = ab.get("softmax_sink", k=2.0)
    whole = AXIS["softmax"](np.concatenate([X, np.full((4, 1), 2.0)], axis=1))
    np.testing.assert_allclose(row(X), whole[:, :-1], rtol=1e-15)
    # softmax multiplies by the sum's reciprocal, two roundings where the sink's division has one
    np.testing.assert_array_max_ulp(ab.get("softmax_sink", k=-1e4)(X), AXIS["softmax"](X), 2)


def test_the_gradient_of_a_saturated_sink_keeps_its_digits():
    x, dy = np.array([90.0, 0.0, -3.0]), np.array([0.3, -1.1, 0.7])
    with MP.workprec(400):

        def entry(i, v):
            return AXIS["softmax_sink"].exact(MP, [v if j == i else MP.mpf(w) for j, w in enumerate(x)])

        exact = [
            MP.diff(lambda v, i=i: sum(MP.mpf(d) * y for d, y in zip(dy, entry(i, v), strict=True)), MP.mpf(x[i]))
            for i in range(3)
        ]  # fmt: skip
    np.testing.assert_allclose(AXIS["softmax_sink"].backward(dy, x), [float(e) for e in exact], rtol=1e-14)


def test_the_largest_stay_and_ties_with_the_last_of_them():
    row = ab.get("topk", k=2)
    np.testing.assert_array_equal(row([3.0, -5.0, 1.0, 2.0]), [3.0, 0.0, 0.0, 2.0])
    np.testing.assert_array_equal(row([1.0, 2.0, 1.0, 1.0]), [1.0, 2.0, 1.0, 1.0])
    np.testing.assert_array_equal(ab.get("abstopk", k=1)([3.0, -5.0, 1.0]), [0.0, -5.0, 0.0])
    np.testing.assert_array_equal(row.backward(np.ones(4), [3.0, -5.0, 1.0, 2.0]), [1.0, 0.0, 0.0, 1.0])
    np.testing.assert_array_equal(ab.get("topk", k=9)([3.0, -5.0]), [3.0, -5.0])


def test_gaussian_topk_is_what_its_users_run():
    """Mean, population deviation, cut-off at Phi^-1(0.95), as gemma3n has it."""
    torch = pytest.importorskip("torch", reason="torch is an optional peer")
    x = torch.tensor(np.random.default_rng(2).standard_normal((3, 200)), requires_grad=True)
    c = torch.distributions.Normal(0.0, 1.0).icdf(torch.tensor(0.95, dtype=torch.float64))
    y = torch.nn.functional.relu(x - (x.mean(-1, keepdim=True) + x.std(-1, keepdim=True, unbiased=False) * c))
    dy = torch.linspace(-1, 1, y.numel(), dtype=torch.float64).reshape(y.shape)
    y.backward(dy)
    row = AXIS["gaussian_topk"]
    np.testing.assert_allclose(row(x.detach().numpy()), y.detach().numpy(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(row.backward(dy.numpy(), x.detach().numpy()), x.grad.numpy(), rtol=1e-9, atol=1e-13)
    np.testing.assert_array_equal(row.backward(np.ones(5), np.full(5, 2.0)), np.zeros(5))


def test_entmax_solves_its_equation():
    """tau as the root of one equation (Brent), not by sorting; its product with a vector by that of the support."""
    optimize = pytest.importorskip("scipy.optimize")
    for x, dy in zip(3.0 * X, DY, strict=True):
        half = x / 2
        tau = optimize.brentq(lambda t, half=half: (np.maximum(half - t, 0) ** 2).sum() - 1, half.max() - 1, half.max(),
                              xtol=1e-15)  # fmt: skip
        root = np.maximum(half - tau, 0)
        np.testing.assert_allclose(AXIS["entmax15"](x), root**2, rtol=1e-12, atol=1e-15)
        wanted = root * (dy - (root @ dy) / root.sum())
        np.testing.assert_allclose(AXIS["entmax15"].backward(dy, x), wanted, rtol=1e-11, atol=1e-14)
    np.testing.assert_array_equal(AXIS["entmax15"]([0.0, -1e300, -np.inf]), [1.0, 0.0, 0.0])
    assert np.isnan(AXIS["entmax15"]([np.inf, 0.0])).all()


def test_poly_relu_is_its_paper_s_code():
    torch = pytest.importorskip("torch", reason="torch is an optional peer")
    weight = torch.tensor([0.5, -0.25, 0.125], dtype=torch.float64, requires_grad=True)
    x = torch.tensor(X, requires_grad=True)
    y = sum(weight[i] * torch.relu(x) ** (i + 1) for i in range(3)) + 0.75
    y.backward(torch.tensor(DY))
    row = ab.get("poly_relu", w1=0.5, w2=-0.25, w3=0.125, bias=0.75)
    dx, found = row.gradients(DY, X)
    np.testing.assert_allclose(row(X), y.detach(), rtol=1e-14)
    np.testing.assert_allclose(dx, x.grad, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose([found[f"w{i}"] for i in (1, 2, 3)], weight.grad, rtol=1e-13)
