"""`ab.testing.check`: what is right passes, and the message for what is wrong names a failing input that fails."""

from __future__ import annotations

import re

import numpy as np
import pytest

import actbench as ab
from actbench.core.errors import ActbenchError

HEX = r"\((-?0x[0-9a-f.]+p[+-]\d+)\)"


def naive_silu(x):
    with np.errstate(over="ignore"):
        return x / (1 + np.exp(-x))


def naive_gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi).astype(x.dtype) * (x + x.dtype.type(0.044715) * x**3)))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", ["relu", "silu", "elu", "leaky_relu:negative_slope=0.2"])
def test_our_reference_path_passes(name, dtype):
    row = ab.get(name)
    assert ab.testing.check(row.forward, like=name, max_ulp=8, dtype=dtype, count=200) <= 8
    check = ab.testing.check(row.backward, like=name, max_ulp=16, dtype=dtype, direction="backward", count=200)
    assert check <= 16


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_input_that_is_named_fails(dtype):
    with pytest.raises(AssertionError, match="silu forward") as caught:
        ab.testing.check(naive_silu, like="silu", dtype=dtype)
    message = str(caught.value)
    at, got, exact = (float.fromhex(text) for text in re.findall(HEX, message))
    x = np.full(64, at, dtype)
    assert naive_silu(x)[0] == got
    assert abs(got - exact) >= 1.5 * abs(float(np.spacing(np.dtype(dtype).type(exact))))  # exact is shown rounded
    assert "\n" not in message


def test_a_function_that_is_off_in_the_tail_only_fails():
    def flushed(x):
        return np.where(x < -80, np.float32(-0.0), ab.get("silu")(x)).astype(x.dtype)

    with pytest.raises(AssertionError) as caught:
        ab.testing.check(flushed, like="silu", max_ulp=1)
    at = float.fromhex(re.search(HEX, str(caught.value)).group(1))
    assert np.float32(at) == np.nextafter(np.float32(-80), np.float32(-np.inf))  # the smallest one, to the last bit


@pytest.mark.parametrize(
    ("function", "options", "match"),
    [
        (lambda x: np.tanh(x.astype(np.float64)), {}, "became float64"),
        (lambda x: np.tanh(x).reshape(-1), {}, "shape"),
        (lambda x: np.tanh(np.multiply(x, 1, out=x) * 0 + np.add(x, 1, out=x)), {}, "written"),
        (lambda x: np.where(np.isnan(x), 0, np.tanh(x)).astype(x.dtype), {"max_ulp": 4}, r"f\(nan\) is 0.0"),
        (lambda dy, x: dy * (1 - np.tanh(x) ** 2), {"direction": "backward"}, "ulp off at x"),
        (lambda x: np.where(x > 9, np.nan, np.tanh(x)).astype(x.dtype), {"max_ulp": 4}, "no number near it"),
    ],
)
def test_each_fault_is_named(function, options, match):
    with pytest.raises(AssertionError, match=match):
        ab.testing.check(function, like="tanh", **options)


def test_another_convention_at_the_kink_can_be_allowed():
    def slope(dy, x):
        return np.where(x >= 0, dy, np.zeros_like(dy))

    with pytest.raises(AssertionError, match=r"x = 0\.0"):
        ab.testing.check(slope, like="relu", direction="backward", limits=False)
    assert ab.testing.check(slope, like="relu", direction="backward", kinks=False, limits=False) == 0.0


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"like": "rleu"}, "did you mean"),
        ({"like": "relu", "dtype": "int8"}, "no format"),
        ({"like": "relu", "max_ulp": 0.1}, "less than 0.5"),
    ],
)
def test_wrong_requests_are_one_clear_line(options, match):
    with pytest.raises(ActbenchError, match=match):
        ab.testing.check(naive_gelu_tanh, **options)
