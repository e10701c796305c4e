"""Kernels of whole vectors give an element the same bits wherever it stands, and are made where they can be."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import actbench as ab
from actbench.core.dtypes import Format
from actbench.expression.primitives.pieces import ERF_STEP
from actbench.kernels import lower
from actbench.kernels.emit import VECTOR_STEPS
from actbench.kernels.source import source
from actbench.kernels.vectors import STEPS

needed = pytest.mark.skipif(not lower.has_vectors(), reason="a processor without AVX-512")


def test_what_the_lowering_may_say_is_what_the_vectors_can():
    assert set(STEPS) == VECTOR_STEPS


@needed
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["tanh", "gelu", "leaky_relu"])
def test_the_last_vector_is_computed_as_all_others(name, dtype):
    x = np.random.default_rng(0).normal(0, 3, 256).astype(dtype)
    for direction in ("forward", "backward"):
        run = ab.kernel(name, direction, dtype=dtype)
        given = (x,) if direction == "forward" else (x[::-1].copy(), x)
        whole = run(*given)
        for start, size in ((0, 1), (3, 15), (16, 17), (5, 100), (1, 33)):
            out = np.full(size + 2, 7.0, dtype)
            run(*(a[start : start + size] for a in given), out=out[1:-1])
            assert out[1:-1].tobytes() == whole[start : start + size].tobytes()
            assert out[0] == out[-1] == 7.0  # and nothing beside it is written


@needed
@pytest.mark.parametrize("bits", [32, 64])
def test_a_power_of_two_and_a_table_are_one_instruction_each_and_other_processors_have_neither(monkeypatch, bits):
    words = ("'scaled'", "'looked_up'")
    text = source(ab.get("exponential"), "forward", Format(bits))
    assert [text.count(word) for word in words] == [1, 1]
    monkeypatch.setattr(lower, "has_vectors", lambda: False)
    text = source(ab.get("exponential"), "forward", Format(bits))
    assert "vector_loop(" not in text
    assert not any(word in text for word in words)


@needed
@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("name", ["sine", "gcu", "snake", "snake_beta", "sinlu", "coslu", "sinc"])
def test_sines_are_vectors_whose_rare_elements_are_looked_for_beside_them(name, direction, bits):
    text = source(ab.get(name).at_defaults(), direction, Format(bits))
    usual, looking, rare = text.partition("if found:")
    assert "vector_pass(" in usual
    assert looking
    called = ("np.sin(", "np.cos(")
    assert any(name in rare for name in called)
    assert not any(name in usual for name in called)


@needed
def test_an_exponential_is_rounded_once_below_the_normal_numbers():
    x = np.linspace(-104.5, -92, 2001, dtype=np.float32)
    exact = np.exp(x.astype(np.float64))
    assert np.abs(ab.kernel("exponential")(x) - exact).max() <= 0.51 * 2.0**-149
    deep = np.linspace(-745.5, -715, 501)
    with mpmath.workprec(1200):
        wrong = [abs(mpmath.exp(v) - mpmath.mpf(y)) for v, y in zip(deep, ab.kernel("exponential")(deep), strict=True)]
        assert max(wrong) <= mpmath.mpf("0.51") * mpmath.mpf(2) ** -1074


@needed
@pytest.mark.parametrize(("name", "exact", "ends"), [
    ("erf", mpmath.erf, (np.arange(16) + 0.5) * ERF_STEP),
    ("arctan", mpmath.atan, np.ldexp(np.outer([1.0, 1.5], np.ones(9)), np.arange(-4, 5)).ravel()),
])  # fmt: skip
def test_what_is_done_in_pieces_is_right_at_both_ends_of_every_piece(name, exact, ends):
    x = np.concatenate([np.nextafter(ends, 0), ends, np.nextafter(ends, 99), [1e-320, 1e-9, 5.9, 1e18, 1e300, np.inf]])
    exact = np.array([float(exact(v)) for v in x])
    run = ab.kernel(name, dtype="float64")
    assert (np.abs(run(x) - exact) <= 2 * np.spacing(exact)).all()
    assert (run(-x) == -run(x)).all()
    assert np.isnan(run(np.array([np.nan]))).all()
