"""Sines and cosines in kernels: small angles in vectors, large ones by the C library, each element by itself."""

from __future__ import annotations

import numpy as np
import pytest

import actbench as ab
from actbench.accuracy.oracle import MP, ulp_error
from actbench.expression.primitives.periodic import REACH
from actbench.kernels.lower import has_vectors

ROWS = ("sine", "siren", "gcu", "snake", "sinlu", "coslu", "sinc", "sinsig")
EXACT = {"forward": MP.sin, "backward": MP.cos}


def run(name, direction, x, **options):
    kernel, more = ab.kernel(name, direction, dtype=x.dtype.name), ab.get(name).operands(x.dtype)
    return kernel(x, *more, **options) if direction == "forward" else kernel(np.ones_like(x), x, *more, **options)


def bits_of(a):
    """The bits of every number; NaN is one NaN: x86 gives inf - inf a sign that depends on how operands are ordered."""
    return np.where(np.isnan(a), a.dtype.type(np.nan), a).view(f"u{a.itemsize}")


def mixed(dtype, size):
    """Mostly small, with large angles, infinities and NaN strewn among them so that some blocks have none."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal(size) * 4
    at = rng.integers(size // 2, size, size // 40)
    x[at] = rng.choice([3e3, -7e4, 1e9, -3e25, np.inf, -np.inf, np.nan, -0.0], at.size)
    return x.astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("name", ROWS)
def test_an_element_does_not_depend_on_its_block_nor_on_where_the_result_goes(name, direction, dtype):
    x = mixed(dtype, 3000)
    whole = run(name, direction, x)
    for part in (slice(1501, None), slice(None, None, 7), slice(2999, 2000, -3)):
        np.testing.assert_array_equal(bits_of(run(name, direction, x[part])), bits_of(whole[part]))
    alone = np.concatenate([run(name, direction, x[i : i + 1]) for i in range(1480, 1560)])
    np.testing.assert_array_equal(bits_of(alone), bits_of(whole[1480:1560]))
    own = x.copy()
    run(name, direction, own, out=own)
    np.testing.assert_array_equal(bits_of(own), bits_of(whole))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_next_to_every_multiple_of_a_quarter_turn_and_at_the_end_of_reach(direction, dtype):
    reach = REACH[np.dtype(dtype).itemsize * 8]
    last = int(reach / 1.6)
    quarters = np.unique(np.concatenate([np.arange(1, 60), np.linspace(60, last, 120).astype(int)]))
    with MP.workprec(200):
        next_to = np.array([float(int(q) * MP.pi / 2) for q in quarters]).astype(dtype)
        turn = np.array([float((int(q) + 0.5) * MP.pi / 2) for q in quarters]).astype(dtype)
        edge = np.array([reach, np.nextafter(np.array(reach, dtype), np.inf), 1e7, 1e22, 3e38], dtype)
        x = np.concatenate([f(v) for v in (next_to, turn, edge) for f in (np.array, np.negative)])
        x = np.concatenate([x, np.nextafter(x[:-5], np.array(0, dtype)), np.nextafter(x[:-5], np.array(np.inf, dtype))])
    got = run("sine", direction, x)
    assert np.abs(got).max() <= 1.0
    with MP.workprec(400):
        errors = [ulp_error(float(g), EXACT[direction](MP.mpf(float(v))), dtype) for g, v in zip(got, x, strict=True)]
    worst = int(np.argmax(errors))
    assert errors[worst] <= (2.0 if has_vectors() else 1.0), f"{errors[worst]:.3g} ulp at {float(x[worst])!r}"


@pytest.mark.parametrize(("omega", "x"), [(30.0, 259459.84375), (30.0, -389735.09375), (1.5, 3968979.25)])
def test_a_far_angle_in_two_parts_keeps_its_digits_next_to_a_root(omega, x):
    """Terms of the two floats' sines cancel there: 395,000 ulp, had they been added as floats."""
    got = ab.kernel(f"sine:omega={omega}", dtype="float32")(np.float32([x]))
    with MP.workprec(200):
        assert ulp_error(float(got[0]), MP.sin(MP.mpf(omega) * MP.mpf(x)), "float32") <= 1.0
