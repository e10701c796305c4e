"""Fused loops along an axis keep the promises of fused kernels, for any axis, layout, length and special value."""

from __future__ import annotations

import numpy as np
import pytest

import actbench as ab
from actbench.accuracy.oracle import MP, ulp_error
from actbench.activations.registry import AXIS

# gates are one loop over what their rows of one input say, which test_gates holds to the oracle: a few of them here
GATES = ("glu", "swiglu", "swiglu_oai", "situ_glu")
NAMES = [row.name for row in AXIS if not row.views or row.name in GATES]
RNG = np.random.default_rng(21)


def _operands(name, direction, dtype, shape, scale=3.0):
    x = (RNG.standard_normal(shape) * scale).astype(dtype)
    if direction == "forward":
        return (x,)
    return RNG.standard_normal(AXIS[name].output_shape(shape, -1)).astype(dtype), x


def _reference(name, direction, operands, **options):
    """The row in float64, not rounded."""
    run = AXIS[name].forward if direction == "forward" else AXIS[name].backward
    return run(*(array.astype(np.float64) for array in operands), **options)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scale", [1.0, 30.0, 200.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_hold_the_fused_promise(name, scale, dtype):
    row = AXIS[name]
    (x,) = _operands(name, "forward", dtype, (40, 6), scale)
    for line, got in zip(x, ab.kernel(name, dtype=dtype)(x), strict=True):
        with MP.workprec(2000):
            exact = row.exact(MP, [MP.mpf(float(v)) for v in line])
        for g, e in zip(got, exact, strict=True):
            units = max(1.0, row.size(line) / max(abs(float(e)), 1e-300))
            assert ulp_error(float(g), e, dtype) <= 8.0 * units


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("length", [2, 64, 130, 1000])
def test_both_directions_agree_with_the_row_at_every_length(name, dtype, length):
    """Within the promises of both sides; of a product in the last place of its largest term, for its terms cancel."""
    for direction, fused in (("forward", 8.0), ("backward", 16.0)):
        operands = _operands(name, direction, dtype, (3, length))
        got = ab.kernel(name, direction, dtype=dtype)(*operands)
        want = _reference(name, direction, operands)
        assert got.dtype == dtype
        size = np.maximum(np.abs(want), [[AXIS[name].size(line)] for line in operands[-1]])
        if direction == "backward":
            dy, x = (np.abs(array.astype(np.float64)).max() for array in operands)
            size = np.maximum(size, dy * x if AXIS[name].factor == 0.5 and name != "maxout" else dy)
        promised = fused + (0.0 if dtype == "float32" else 8.0)  # the row itself is within 8 ulp in float64
        assert (np.abs(got - want) <= promised * np.spacing(size.astype(dtype))).all()


def test_what_arrives_is_summed_without_rounding_on_the_way():
    kernel = ab.kernel("log_softmax", "backward")
    huge = np.repeat(np.float32([3e38, -3e38]), 32)
    np.testing.assert_array_equal(kernel(huge, np.zeros(64, np.float32)), huge)
    dy, x = _operands("log_softmax", "backward", "float32", (8, 4096), 30.0)
    want = _reference("log_softmax", "backward", (dy, x))
    size = np.maximum(np.abs(want), np.abs(dy)).astype(np.float32)
    assert (np.abs(kernel(dy, x) - want) <= 16.0 * np.spacing(size)).all()


@pytest.mark.parametrize("name", ["topk", "abstopk"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("k", [1, 4, 70, 5000])
def test_the_largest_are_those_that_sorting_finds(name, dtype, k):
    row = ab.get(name, k=k)
    x = RNG.standard_normal((6, 1000)).astype(dtype)
    x[1], x[2, ::3], x[3, :500:7], x[4, 9], x[5, :2] = x[1, 0], 0.0, -0.0, np.nan, (np.inf, -np.inf)
    x[2, 1::3] = -0.0
    size = np.sort(np.abs(x) if name == "abstopk" else x, axis=-1)[:, [max(1000 - k, 0)]]
    kept = np.where((np.abs(x) if name == "abstopk" else x) < size, 0.0, x)
    np.testing.assert_array_equal(ab.kernel(row, dtype=dtype)(x), kept)


@pytest.mark.parametrize(("name", "power"), [("sparsemax", 1), ("entmax15", 0.5)])
@pytest.mark.parametrize("scale", [0.0, 1e-3, 0.1, 1.0, 30.0])
def test_supports_are_cut_by_one_threshold_and_sum_to_one(name, power, scale):
    x = (RNG.standard_normal((5, 4096)) * scale).astype(np.float64)
    y = ab.kernel(name, dtype="float64")(x)
    np.testing.assert_allclose(y.sum(axis=-1), 1.0, rtol=1e-12)
    for line, got in zip(x * power, y**power, strict=True):
        tau = (line - got)[got > 0.0]
        np.testing.assert_allclose(tau, tau[0], rtol=1e-9, atol=1e-9)
        assert (line[got == 0.0] <= tau[0] + 1e-9).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_axes_layouts_and_outputs_change_no_bit(name, direction):
    kernel = ab.kernel(name, direction)
    operands = _operands(name, direction, "float32", (5, 2, 8))
    plain = kernel(*operands)
    before = [array.copy() for array in operands]
    turned = [np.moveaxis(array, -1, 0) for array in operands]
    np.testing.assert_array_equal(np.moveaxis(kernel(*turned, axis=0), 0, -1), plain)
    np.testing.assert_array_equal(kernel(*(np.asfortranarray(array) for array in operands)), plain)
    for out in (np.empty_like(plain), np.empty((*plain.shape, 2), np.float32)[..., 0]):
        assert kernel(*operands, out=out) is out
        np.testing.assert_array_equal(out, plain)
    if all(array.shape == plain.shape for array in operands):  # in place
        for place in range(len(operands)):
            given = [array.copy() for array in operands]
            kernel(*given, out=given[place])
            np.testing.assert_array_equal(given[place], plain)
    for array, old in zip(operands, before, strict=True):
        np.testing.assert_array_equal(array, old)


@pytest.mark.parametrize("name", NAMES)
def test_special_values_are_the_row_s(name):
    x = np.array([[-np.inf, 0.0, 1.0, -2.0], [np.nan, 0.0, 1.0, 2.0], [1e38, -1e38, 0.0, 5.0], [0.0, -0.0, -0.0, 0.0]])
    with np.errstate(all="ignore"):
        want = AXIS[name].forward(x)
        got = ab.kernel(name, dtype="float64")(x)
    np.testing.assert_allclose(got, want, rtol=16 * np.finfo(np.float64).eps)  # 8 ulp of each


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
@pytest.mark.parametrize("middle", [-3e4, -300.0, 0.0, 9990.0, 1.2e4])  # around which both reductions are taken
def test_large_logits_hold_the_promise_too(name, middle):
    x = (middle + RNG.standard_normal((3, 37)) * 8).astype("float32")
    for line, got in zip(x, ab.kernel(name, dtype="float32")(x), strict=True):
        with MP.workprec(500):
            exact = AXIS[name].exact(MP, [MP.mpf(float(v)) for v in line])
        assert max(ulp_error(float(g), e, "float32") for g, e in zip(got, exact, strict=True)) <= 8.0


@pytest.mark.parametrize("length", [1, 15, 64, 200])
def test_an_entry_that_leads_by_far_has_everything(length):
    x = np.full((2, length), -1e3, np.float32)
    x[:, length // 2] = [0.3, 777.7]
    one = np.zeros_like(x)
    one[:, length // 2] = 1.0
    np.testing.assert_array_equal(ab.kernel("softmax")(x), one)
    np.testing.assert_array_equal(ab.kernel("log_softmax")(x)[:, length // 2], 0.0)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("at", [0, 16, 63, 64, 99])
def test_a_nan_and_infinities_do_what_they_do_in_the_row_and_in_their_vector_alone(name, at):
    x, dy = (RNG.standard_normal((4, 100)).astype("float32") for _ in range(2))
    x[1, at], x[2, at], x[3] = np.nan, np.inf, -np.inf
    for direction, operands in (("forward", (x,)), ("backward", (dy, x))):
        got = ab.kernel(name, direction)(*operands)
        assert np.isfinite(got[0]).all()
        assert np.isnan(got[1]).all()
        with np.errstate(all="ignore"):
            want = _reference(name, direction, operands)
        np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
        np.testing.assert_array_equal(np.isinf(got), np.isinf(want))


@pytest.mark.parametrize("name", NAMES)
def test_where_a_vector_lies_changes_no_bit(name):
    for direction in ("forward", "backward"):
        operands = _operands(name, direction, "float32", (2, 84))
        kernel = ab.kernel(name, direction)
        plain = kernel(*operands)
        for step in (1, 7):
            moved = []
            for array in operands:
                room = np.empty(array.size + 16, array.dtype)[step : step + array.size].reshape(array.shape)
                room[...] = array
                moved.append(room)
            assert kernel(*moved).tobytes() == plain.tobytes()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: ab.kernel("softmax", "gradients"), "no direction"),
        (lambda: ab.kernel("softmax", dtype="float16"), "float32 and float64"),
        (lambda: ab.kernel("softmax", backend="cuda"), "no backend"),
        (lambda: ab.kernel("softmax")(np.ones(3)), "takes float32"),
        (lambda: ab.kernel("softmax", "backward")(np.ones(3, np.float32)), "dy and x"),
        (lambda: ab.kernel("glu")(np.ones(3, np.float32)), "even"),
        (lambda: ab.kernel("softmax")(np.ones(3, np.float32), axis=1), "no axis"),
        (lambda: ab.kernel("glu", "backward")(*[np.ones(4, np.float32)] * 2), "dy has shape"),
        (lambda: ab.kernel("softmax")(np.ones(3, np.float32), out=np.ones(4, np.float32)), "out must be"),
    ],
)
def test_wrong_calls_are_one_clear_line(call, match):
    with pytest.raises(ab.ActbenchError, match=match) as error:
        call()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "direction"), [("softmax", "backward"), ("swiglu_oai", "forward"), ("polynorm", "forward")]
)
def test_threads_change_no_bit(name, direction):
    operands = _operands(name, direction, "float32", (517, 1024))
    one, two = (ab.kernel(name, direction, threads=threads) for threads in (1, 3))
    np.testing.assert_array_equal(one(*operands), two(*operands))
