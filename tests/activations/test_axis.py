"""Functions along an axis against mpmath: values in ulp, products against mpmath.diff, any axis, any dtype."""

from __future__ import annotations

import numpy as np
import pytest

import actbench as ab
from actbench.accuracy.along import seeded
from actbench.accuracy.oracle import MP, ulp_error
from actbench.activations.registry import ACTIVATIONS, AXIS
from actbench.core.errors import ActbenchError
from actbench.experiments.axis_accuracy.question import measured

ROWS = list(AXIS)
NAMES = [row.name for row in ROWS]


def inputs(scale, n=6, count=40):
    return np.random.default_rng(7).standard_normal((count, n)) * scale


@pytest.mark.parametrize("scale", [1.0, 30.0, 200.0])
@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_values_are_right_to_a_few_ulp(row, scale):
    for dtype, promised in (("float16", 1.0), ("float32", 1.0), ("float64", 8.0)):
        x = inputs(scale).astype(dtype)
        y = row.forward(x)
        assert y.dtype == dtype
        for line, got in zip(x, y, strict=True):
            with MP.workprec(2000):
                exact = row.exact(MP, [MP.mpf(float(v)) for v in line])
            for g, e in zip(got, exact, strict=True):
                units = max(1.0, row.size(line) / max(abs(float(e)), 1e-300))
                assert ulp_error(float(g), e, dtype) <= promised * units


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_products_are_the_derivative_of_the_definition(row):
    rng = np.random.default_rng(3)
    for x in inputs(2.0, n=4, count=6):
        dy = rng.standard_normal(int(4 * row.factor))
        got = row.backward(dy, x)
        for i in range(4):

            def along(v, i=i, x=x, dy=dy):
                at = [MP.mpf(float(w)) for w in x]
                at[i] = v
                return sum(MP.mpf(float(d)) * y for d, y in zip(dy, row.exact(MP, at), strict=True))

            with MP.workprec(200):
                exact = MP.diff(along, MP.mpf(float(x[i])))
                # the terms of a product cancel, so its error is counted against their size
                assert abs(MP.mpf(got[i]) - exact) <= 2.0**-50 * (abs(exact) + np.abs(dy).max())


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_any_axis_gives_the_same_numbers(row):
    x = inputs(1.0, n=6, count=4).reshape(4, 1, 6).astype(np.float32)
    turned = np.moveaxis(x, -1, 0)
    np.testing.assert_array_equal(row.forward(turned, axis=0), np.moveaxis(row.forward(x), -1, 0))
    dy = np.ones_like(row.forward(x))
    got = row.backward(np.moveaxis(dy, -1, 0), turned, axis=0)
    np.testing.assert_array_equal(got, np.moveaxis(row.backward(dy, x), -1, 0))


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_inputs_keep_their_bytes_and_results_are_new(row):
    x = inputs(1.0)
    before = x.tobytes()
    y = row(x)
    dx = row.backward(y, x)
    assert x.tobytes() == before
    assert not np.may_share_memory(y, x)
    assert dx.shape == x.shape


def test_softmax_sums_to_one_and_stands_infinities():
    x = np.array([[-np.inf, 0.0, 1.0], [1e308, -1e308, 0.0]])
    y = AXIS["softmax"](x)
    np.testing.assert_allclose(y.sum(axis=-1), 1.0, rtol=1e-15)
    assert y[0, 0] == 0.0
    assert np.isnan(AXIS["softmax"](np.array([np.inf, 0.0]))).any()


def test_log_softmax_keeps_the_digits_of_the_leading_entry():
    y = AXIS["log_softmax"](np.array([0.0, -50.0]))
    assert y[0] == pytest.approx(-np.exp(-50.0), rel=1e-15)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin", "glu"])
def test_torch_agrees(name):
    torch = pytest.importorskip("torch", reason="torch is an optional peer")
    x = torch.tensor(inputs(2.0), requires_grad=True)
    y = getattr(torch.nn.functional, name)(x, dim=-1)
    dy = torch.linspace(-1, 1, y.numel(), dtype=torch.float64).reshape(y.shape)
    y.backward(dy)
    row = AXIS[name]
    np.testing.assert_allclose(row(x.detach().numpy()), y.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(row.backward(dy.numpy(), x.detach().numpy()), x.grad.numpy(), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: AXIS["glu"](np.ones(3)), "even"),
        (lambda: AXIS["softmax"](np.ones(3), axis=1), "no axis"),
        (lambda: AXIS["softmax"](np.ones(0)), "length 0"),
        (lambda: AXIS["glu"].backward(np.ones(4), np.ones(4)), "shape"),
        (lambda: AXIS["softmacks"], "did you mean 'softmax'"),
    ],
)
def test_wrong_calls_are_one_clear_line(call, match):
    with pytest.raises(ActbenchError, match=match) as error:
        call()
    assert "\n" not in str(error.value)


def test_no_name_is_used_twice_across_both_kinds():
    for row in ROWS:
        assert not any(spelling in ACTIVATIONS for spelling in (row.name, *row.aliases))


def test_the_gradient_of_a_saturated_softmax_keeps_its_digits():
    """y (dy - sum) cancels where one entry has all but 1e-22: torch and jax give 0 or an error of 1e-16 there."""
    x, dy = np.array([50.0, 0.0, -3.0]), np.array([0.3, -1.1, 0.7])
    with MP.workprec(300):
        y = AXIS["softmax"].exact(MP, [MP.mpf(v) for v in x])
        exact = [y[i] * sum(y[j] * (MP.mpf(dy[i]) - MP.mpf(dy[j])) for j in range(3)) for i in range(3)]
    for got, want in zip(AXIS["softmax"].backward(dy, x), exact, strict=True):
        assert ulp_error(float(got), want, "float64") <= 6


def test_the_experiment_on_accuracy_finds_our_promises_kept():
    frame = ab.run("axis_accuracy", function=["softmax", "glu", "bilinear"], implementation="numpy", count=[6])
    assert len(frame) == 12
    assert frame["holds"].all()
    assert (frame["vectors"] == 6).all()


def test_a_wrong_answer_is_counted():
    x, _ = seeded(AXIS["softmax"], "float32", 6)
    good = AXIS["softmax"](x)
    assert measured("softmax", "forward", "float32", 6, good)["worst_ulp"] < 0.51
    bad = good.copy()
    i, j = np.unravel_index(good.argmax(), good.shape)
    bad[i, j] = 0.0
    bad[i - 1, 0] = np.nan
    found = measured("softmax", "forward", "float32", 6, bad)
    assert (found["lost"], found["special"]) == (1, 1)


@pytest.mark.filterwarnings("error")
def test_sparsemax_answers_infinities_and_nan_as_softmax_does():
    row = AXIS["sparsemax"]
    for x in ([np.inf, 0.0, 0.0], [np.inf, np.inf, 0.0], [-np.inf, -np.inf, -np.inf]):
        assert np.isnan(row.forward(np.array(x))).all()
    np.testing.assert_array_equal(row.forward(np.array([-np.inf, 0.0, -np.inf])), [0.0, 1.0, 0.0])
    assert np.isnan(row.backward(np.ones(3), np.array([np.nan, 0.0, 1.0])))[0]
    assert np.isnan(row.backward(np.ones(3), np.array([np.inf, 0.0, 0.0]))).all()
