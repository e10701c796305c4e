"""Gradients of learned parameters from the fused pass: the same dx, and sums that agree with mpmath."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import actbench as ab
from actbench.core.errors import ActbenchError
from actbench.kernels.lower import has_vectors

ROWS = ("prelu", "pelu", "swish_beta", "srelu")


def arrays(dtype, size=1000):
    rng = np.random.default_rng(3)
    return tuple(rng.standard_normal(size).astype(dtype) for _ in range(2))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ROWS)
def test_one_pass_gives_the_backward_kernel_s_dx_and_the_reference_s_sums(name, dtype):
    dy, x = arrays(dtype)
    dx, sums = ab.kernel(name, "gradients", dtype=dtype)(dy, x)
    alone = ab.kernel(name, "backward", dtype=dtype, at_defaults=True)(dy, x)
    if has_vectors():  # whose steps are others; next to a root of the slope eps counts
        eps = np.finfo(dtype).eps
        np.testing.assert_allclose(dx, alone, rtol=16 * eps, atol=2 * eps * np.abs(dy).max())
    else:
        np.testing.assert_array_equal(dx, alone)
    _, right = ab.get(name).gradients(dy.astype(float), x.astype(float))
    assert set(sums) == set(right)
    for key, total in sums.items():
        assert total.dtype == dtype
        np.testing.assert_allclose(float(total), float(right[key]), rtol=2e-5 if dtype == "float32" else 1e-12)


def test_the_sum_is_the_exact_one_rounded_once():
    dy, x = arrays("float32", 70_001)
    _, sums = ab.kernel("prelu", "gradients")(dy, x)
    with mpmath.workdps(40):
        exact = mpmath.fsum(mpmath.mpf(float(g)) * mpmath.mpf(float(v)) for g, v in zip(dy, x, strict=True) if v <= 0)
    assert abs(float(sums["weight"]) - float(exact)) <= 1e-5 * abs(float(exact))


def test_any_layout_out_and_overlap():
    dy, x = (a.reshape(20, 50)[:, ::2] for a in arrays("float64"))
    run = ab.kernel("prelu", "gradients", dtype="float64")
    right, _ = run(dy.copy(), x.copy())
    out = np.empty((25, 20)).T
    assert run(dy, x, out=out)[0] is out
    np.testing.assert_array_equal(out, right)
    memory = np.zeros(1010)
    memory[:1000] = arrays("float64")[1]
    one, given = run(memory[:1000].copy(), memory[:1000].copy())
    two, same = run(memory[:1000], memory[:1000], out=memory[7:1007])
    np.testing.assert_array_equal(one, two)
    assert given == same


def test_a_slope_for_each_unit_is_summed_for_each_unit():
    dy, x = (a.reshape(100, 10) for a in arrays("float64"))
    slopes = np.linspace(0.1, 1.0, 10)
    dx, sums = ab.kernel("prelu", "gradients", dtype="float64")(dy, x, weight=slopes)
    assert sums["weight"].shape == (10,)
    np.testing.assert_allclose(sums["weight"], np.where(x <= 0, dy * x, 0).sum(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(dx, ab.kernel("prelu", "backward")(dy, x, slopes))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: ab.kernel("relu", "gradients"), "no learned parameters"),
        (lambda: ab.kernel("prelu", "gradients", backend="numpy"), "numba"),
        (lambda: ab.kernel("prelu", "gradients")(np.ones(3, np.float32), np.ones(4, np.float32)), "shapes differ"),
        (lambda: ab.kernel("prelu", "gradients")(np.ones(3), np.ones(3)), "takes float32"),
    ],
)
def test_wrong_calls_are_one_clear_line(call, match):
    with pytest.raises(ActbenchError, match=match) as error:
        call()
    assert "\n" not in str(error.value)
