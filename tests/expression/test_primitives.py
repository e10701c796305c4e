"""Every primitive in ulp over its whole range, by NumPy and as a fused kernel, against mpmath."""

from __future__ import annotations

import numpy as np
import pytest

import actbench as ab
from actbench.accuracy.oracle import MP, ulp_error
from actbench.accuracy.points import points
from actbench.core.dtypes import Format
from actbench.expression.graph import PRIMITIVES
from actbench.expression.primitives import (
    COMPOSITE,
    density_times,
    erf,
    exp_exp_times,
    exp_times,
    exp_times_pair,
    mills,
    normal_cdf,
    normal_pdf,
    tail_size,
    x_minus_tanh,
    x_sigmoid,
    x_tanh_gate,
)
from actbench.expression.primitives.gaussian import erf_slope
from actbench.expression.primitives.pairs import times, two_product, two_sum, upper
from actbench.kernels.lower import has_vectors
from actbench.kernels.source import source

FLOOR, CEILING = -np.inf, np.inf
# what is said, the exact value, the range, the worst ulp allowed in float32 and float64
SAID = {
    "exp": (np.exp, MP.exp, (FLOOR, CEILING), 1.5),
    "expm1": (np.expm1, MP.expm1, (FLOOR, CEILING), 2.0),
    "log": (np.log, MP.log, (0.0, CEILING), 2.0),
    "log1p": (np.log1p, MP.log1p, (-1.0, CEILING), 2.5),
    "log1p of an exponential": (
        lambda x: np.log1p(np.exp(-np.absolute(x))), lambda x: MP.log1p(MP.exp(-abs(x))), (FLOOR, CEILING), 2.5,
    ),
    "tanh": (np.tanh, MP.tanh, (FLOOR, CEILING), 3.0),
    "x_minus_tanh": (x_minus_tanh, lambda x: x - MP.tanh(x), (FLOOR, CEILING), 4.0),
    "erf": (erf, lambda x: PRIMITIVES["erf"].exact(MP, x), (FLOOR, CEILING), 4.0),
    "erf_slope": (erf_slope, lambda x: 2 / MP.sqrt(MP.pi) * MP.exp(-x * x), (FLOOR, CEILING), 3.0),
    "normal_cdf": (normal_cdf, lambda x: PRIMITIVES["normal_cdf"].exact(MP, x), (FLOOR, CEILING), 5.0),
    "normal_pdf": (normal_pdf, MP.npdf, (FLOOR, CEILING), 3.0),
    "mills": (
        lambda a: mills(np.minimum(a, 15.0)),
        lambda a: MP.sqrt(MP.pi / 2) * MP.exp(a * a / 2) * MP.erfc(a / MP.sqrt(2)), (0.0, 15.0), 4.0,
    ),
    "density_times": (
        lambda x: density_times(3.0 * x, tail_size(x)), lambda x: 3 * x * MP.npdf(x), (-1e4, 1e4), 4.0,
    ),
    "x_sigmoid": (x_sigmoid, lambda x: PRIMITIVES["x_sigmoid"].exact(MP, x), (-1e4, CEILING), 4.0),
    "x_tanh_gate": (x_tanh_gate, lambda x: PRIMITIVES["x_tanh_gate"].exact(MP, x), (-1e4, CEILING), 4.0),
    "exp_times": (
        lambda x: exp_times(x, -np.absolute(np.maximum(x, -1e4))), lambda x: x * MP.exp(-abs(x)), (-1e4, 1e4), 3.0,
    ),
    "exp_times_pair": (
        lambda x: exp_times_pair(1.0, *times(-np.absolute(np.maximum(x, -1e3)), 1.7)),
        lambda x: MP.exp(-abs(x) * MP.mpf(1.7)), (-1e3, 1e3), 3.0,
    ),
    "exp_exp_times": (
        lambda x: exp_exp_times(x, np.minimum(x, 0.0)), lambda x: x * MP.exp(-MP.exp(-x)), (-1e3, 0.0), 4.0,
    ),
    "sin": (np.sin, MP.sin, (FLOOR, CEILING), 1.0),
    "cos": (np.cos, MP.cos, (FLOOR, CEILING), 1.0),
    "arctan": (np.arctan, MP.atan, (FLOOR, CEILING), 1.5),
}  # fmt: skip
# On AVX-512 these take fewer steps, as rows are promised 8 ulp: over all 2^32 float32 inputs exp is 1.74 and tanh 6.8
# off, from 2^-13 to 1024 sin and cos 1.52
WAVES = {"sin": 1.6, "cos": 1.6}
ON_VECTORS = {"float32": {"exp": 1.75, "tanh": 7.0, **WAVES}, "float64": WAVES}
# primitives of one operand that are held elsewhere, each with the reason
ELSEWHERE = {
    "sign": "NumPy's is 0.0 at -0.0, the kernel's -0.0; the row of this name is held to its own law",
    "tail_size": "clips where a normal density vanishes, in each format elsewhere; a part of density_times",
    "log1p_ratio": "takes an exponential, from 0 to 1; held where log1p of an exponential is",
    "log1p_ratio_slope": "takes an exponential, from 0 to 1; held where second derivatives are",
    "x_tanh_gate_curve": "crosses 0; held as the second derivative of the row gelu_tanh",
    "upper": "half of the digits of each format; held below",
    "x_sigmoid_slope": "crosses 0, where ulp are no measure; held as the slope of the row silu",
    "x_tanh_gate_slope": "crosses 0, where ulp are no measure; held as the slope of the row gelu_tanh",
    "sin_within": "takes a reduced angle; held in test_periodic",
    "cos_within": "takes a reduced angle; held in test_periodic",
}


def _said_plainly(name):
    """A primitive that asks for nothing else: 4 ulp on all numbers."""
    return COMPOSITE.get(name) or getattr(np, name), lambda x: PRIMITIVES[name].exact(MP, x), (FLOOR, CEILING), 4.0


SAID |= {
    name: _said_plainly(name)
    for name, meanings in PRIMITIVES.items()
    if meanings.arity == 1 and meanings.kernel is not None and name not in SAID.keys() | ELSEWHERE.keys()
}
POINTS = 300


def define_row(name):
    """A row that is one primitive and nothing else."""
    said = SAID[name][0]
    return ab.define(
        "one_primitive", forward=lambda x: said(x), backward=lambda dy: dy, definition=lambda x: x, source="a test"
    )


def compiled(name, dtype):
    """A function on arrays: the kernel of this primitive."""
    with ab.ACTIVATIONS.temporary():
        row = define_row(name)
    return ab.kernel(row, dtype=dtype)  # outside, as kernels of the catalogue are known by their names


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SAID)
def test_a_primitive_is_right_to_a_few_ulp_by_numpy_and_as_a_kernel(name, dtype):
    said, exact, (low, high), promised = SAID[name]
    x = points(dtype, POINTS)
    x = x[(x > low) & (x < high)]
    with MP.workprec(2400 if name == "x_minus_tanh" else 160):  # x - tanh(x) at 5e-324 needs 2,150
        truth = [exact(MP.mpf(float(v))) for v in x]
    answers = {"kernel": compiled(name, dtype)(x)}
    if has_vectors():
        promised = ON_VECTORS[dtype].get(name, promised)
    if dtype == "float64":
        with np.errstate(over="ignore"):
            answers["numpy"] = said(x)
    for who, got in answers.items():
        errors = [ulp_error(float(g), t, dtype) for g, t in zip(got, truth, strict=True)]
        worst = int(np.argmax(errors))
        assert errors[worst] <= promised, f"{who}: {errors[worst]:.3g} ulp at {float(x[worst])!r}"


@pytest.mark.parametrize("name", SAID)
def test_a_primitive_keeps_nan_and_signed_zeros(name):
    said, _, (low, _), _ = SAID[name]
    ends = np.array([np.nan, -0.0, 0.0, np.inf] + ([-np.inf] if low == FLOOR else []))
    with np.errstate(invalid="ignore", divide="ignore"):
        wanted = said(ends)
    for dtype in ("float32", "float64"):
        with np.errstate(invalid="ignore"):
            got = compiled(name, dtype)(ends.astype(dtype))
        if name in ("sin", "cos"):
            ends, wanted, got = ends[:3], wanted[:3], got[:3]
        np.testing.assert_allclose(got, wanted, rtol=1e-6, err_msg=name)
        np.testing.assert_array_equal(np.signbit(got[1:3]), np.signbit(wanted[1:3]), err_msg=name)


def test_pairs_hold_what_one_float_cannot():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 200)) * 10.0 ** rng.integers(-20, 20, (2, 200))
    for (high, low), exact in ((two_sum(a, b), np.add), (two_product(a, b), np.multiply)):
        for h, tail, u, v in zip(high, low, a, b, strict=True):
            with MP.workprec(300):
                truth = MP.mpf(u) + MP.mpf(v) if exact is np.add else MP.mpf(u) * MP.mpf(v)
                assert abs(MP.mpf(h) + MP.mpf(tail) - truth) <= abs(truth) * MP.mpf(2) ** -104


def test_the_upper_half_squares_without_rounding():
    x = np.random.default_rng(1).standard_normal(100)
    h = upper(x)
    assert all(MP.mpf(v) * MP.mpf(v) == MP.mpf(v * v) for v in h)
    assert np.max(np.abs(x - h) / np.abs(x)) < 2.0**-24


@pytest.mark.parametrize("name", [n for n in SAID if n not in ("sin", "cos")])
@pytest.mark.parametrize("bits", [32, 64])
def test_a_kernel_of_a_primitive_has_no_branch_and_no_call(name, bits):
    """What vectorises: plain arithmetic, selections and integer steps, nothing from a library."""
    with ab.ACTIVATIONS.temporary():
        row = define_row(name)
        body = source(row, "forward", Format(bits)).partition("for i in range")[2]
    called = {part.split("(")[0].split()[-1] for part in body.split("\n") if "np." in part}
    assert not any(library in body for library in ("np.exp", "np.log", "np.sin", "np.tanh", "math.")), called
