"""C's loops are the functions that rows name, in both formats, and a race takes them as they are."""

from __future__ import annotations

import numpy as np
import pytest

import actbench as ab
from actbench.activations.registry import resolve
from actbench.core.errors import ActbenchError
from actbench.implementations.adapters.libmvec_ import FORMULAS, installed
from actbench.implementations.libraries import implementation
from actbench.speed.lineup import prepare

pytestmark = pytest.mark.skipif(installed() is None, reason="no glibc, or no C compiler")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FORMULAS)
def test_a_loop_is_the_function_that_the_row_names(name, dtype):
    x = np.linspace(-6, 6, 203).astype(dtype)
    got = implementation("libmvec", resolve(name)).values("forward", dtype)(x)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, ab.get(name)(x), rtol=3e-5 if dtype == "float32" else 1e-13, atol=1e-7)


def test_subnormal_numbers_stay_what_they_are():
    implementation("libmvec", resolve("tanh")).values("forward", "float32")(np.ones(4, np.float32))
    tiny = np.full(64, 1e-40, np.float32)
    assert (tiny * np.float32(0.5) > 0).all()  # no flag was set in this process


def test_it_is_raced_and_what_it_lacks_is_said():
    field = prepare("tanh", "forward", "float32", 4096, contenders=["libmvec"])
    assert "libmvec" in field.entries
    assert field.entries["libmvec"].wrong == ""
    for spec in ("squareplus", "elu:alpha=2.0"):
        with pytest.raises(ActbenchError, match=r"libmvec|C's"):
            implementation("libmvec", resolve(spec))
    with pytest.raises(ActbenchError, match="no gradients"):
        implementation("libmvec", resolve("tanh")).values("backward", "float32")
