"""Second derivatives: derived from the graph, held to the definition in mpmath, to closed forms and to torch."""

from __future__ import annotations

import numpy as np
import pytest

import actbench as ab
from actbench.accuracy.contract import Subject, as_taken, curve
from actbench.accuracy.meter import ErrorMeter, where_promised
from actbench.accuracy.oracle import MP, evaluate, oracle, ulp_error
from actbench.core.errors import ActbenchError
from actbench.expression.graph import record
from actbench.kernels.backends import FUSED, REFERENCE, allowed

ROWS = [row for row in ab.ACTIVATIONS if row.kind == "elementwise" and "x" not in row.surrogates]
BENT = ["silu", "gelu", "gelu_tanh", "softplus", "tanh", "elu", "mish", "snake", "smu", "hardswish"]
# phi(x) (2 - x^2); -2 tanh sech^2; s (1 - s) (1 - 2 s); s (1 - s): none of them as the rows say it
CLOSED = {
    "gelu": lambda x: MP.npdf(x) * (2 - x * x),
    "tanh": lambda x: -2 * MP.tanh(x) * MP.sech(x) ** 2,
    "sigmoid": lambda x: -MP.tanh(x / 2) * MP.sech(x / 2) ** 2 / 4,
    "softplus": lambda x: MP.sech(x / 2) ** 2 / 4,
    "exponential": MP.exp,
    "softsign": lambda x: -2 * MP.sign(x) / (1 + abs(x)) ** 3,
    "arctan": lambda x: -2 * x / (1 + x * x) ** 2,
}
# Where a sweep found 369 to 893 ulp before exponentials stood apart as one factor: of u exp(-u) only exp(-u) is below
# the normal numbers (745.14), of exp(-exp(x)) and exp(-softplus(x)^2) the exponent had been rounded. And other members.
TAILS = {
    "swish_beta": [745.14, 708.5], "acon_c": [745.14, 711.25], "e_swish": [745.14, 720.0], "eanaf": [745.14, 730.5],
    "elish": [745.14, 709.0], "fts": [745.14, 738.75], "golu": [745.14, 715.5], "logish": [745.14], "lalu": [745.14],
    "smish": [745.14], "quick_gelu": [float.fromhex("0x1.a735a793f9628p+8"), 430.0], "delu": [745.14],
    "sinsig": [372.25],
    "gish": [float.fromhex("0x1.944b668c2ed42p+2"), float.fromhex("0x1.98435a6f2144ap+2"), 6.5],
    "loglogish": [float.fromhex("0x1.944b668c2ed42p+2"), float.fromhex("0x1.98435a6f2144ap+2"), 6.6],
    "telu": [float.fromhex("0x1.5867f01404040p+2"), float.fromhex("0x1.6dbb711ec8b80p+2"), 5.9],
    "colu": [float.fromhex("0x1.a33ef0f203770p+2"), float.fromhex("0x1.8e47f3abe15dcp+2"), 6.61],
    "serf": [float.fromhex("0x1.a5a9c0ba83b70p+4"), 27.2, 21.3],
    "pserf": [float.fromhex("0x1.4840947a4eb78p+4"), 25.1, 9.7], "pserf:gamma=0.7,delta=1.3": [28.9, 17.3],
    "swish_beta:beta=2.5": [298.0, 291.7], "acon_c:p1=-0.5,p2=0.75,beta=1.3": [-455.3, 455.3, 431.9],
    "erfact": [9.6, 5.3], "derf": [-25.0, 26.4],
}  # fmt: skip


@pytest.mark.parametrize("spec", TAILS)
def test_tails_keep_their_digits(spec):
    for at, value in zip(TAILS[spec], ab.get(spec).second(TAILS[spec]).tolist(), strict=True):
        assert ulp_error(value, oracle(spec).second(at), "float64") <= 8, at


@pytest.mark.parametrize("name", ["fts", "golu", "telu", "serf"])
def test_kernels_keep_their_tails_too(name):
    got = ab.kernel(name, "second", dtype="float64", at_defaults=True)(np.array(TAILS[name]))
    for at, value in zip(TAILS[name], got.tolist(), strict=True):
        assert ulp_error(value, oracle(name).second(at), "float64") <= 8, at


@pytest.mark.parametrize("name", ["telu", "gish", "erfact"])
def test_an_exponential_of_an_exponential_stays_0_where_what_multiplies_it_grows(name):
    """At 88 exp(3 x) met the smallest number that a kernel makes of exp(-exp(x)): 1e-300 for 0."""
    x = np.array([6.7, 7.1, 53.9, 88.0, 146.6, 226.6, 293.5, 352.6, 1e3, 1e300])
    assert not ab.kernel(name, "second", dtype="float64", at_defaults=True)(x).any()
    assert not ab.get(name).second(x).any()


@pytest.mark.parametrize("spec", ["softcap", "softcap:cap=10000", "softcap:cap=0.05", "situ"])
def test_a_wide_bend_keeps_its_digits_beside_its_turn(spec):
    """Where u = x / cap is small the quotient's own derivative cancelled: 276 ulp of softcap's at 0.2519."""
    x = [float.fromhex("0x1.01e5cp-2"), -0.2501, 1e-3, -0.7, 2.4]
    for at, value in zip(x, ab.get(spec).second(x).tolist(), strict=True):
        assert ulp_error(value, oracle(spec).second(at), "float64") <= 8, at


def test_coslu_turns_at_0():
    """cos(0) / 2 - 2 / 4 is what rounding leaves of two halves: absolute there, as next to other changes of sign."""
    x = np.array([-float.fromhex("0x1.b29d867a8ade3p-58"), -float.fromhex("0x1.736682p-53"), -1e-6, -0.1, -0.2])
    meter = ErrorMeter("coslu", "second", "float64", np.linspace(-3.0, 3.0, 601))
    assert meter.near[(meter.x > -0.2) & (meter.x < 0.0)].all()
    assert not meter.near[meter.x > 0.0].any()  # there an error counts in units of 1, the size of its waves
    for at, value in zip(x.tolist(), ab.get("coslu").second(x).tolist(), strict=True):
        assert abs(value - oracle("coslu").second(at)) <= 2.0**-52


@pytest.mark.parametrize(("name", "at"), [
    ("laplace", "-0x1.8a65a6p+1"), ("pserf", "0x1.1d975cp+3"), ("lif", "0x1.b44b64p+43"),
    ("soft_modulus_t", "0x1.8196cep-7"),
])  # fmt: skip
def test_kernels_of_float32_take_parameters_as_they_stand(name, at):
    """They compute in float64, so mu = 0.707107 is not rounded to float32 (160 ulp of laplace's f'' at -3.1)."""
    x = np.array([float.fromhex(at)], np.float32)
    got = ab.kernel(name, "second", dtype="float32", at_defaults=True)(x)
    assert (
        ulp_error(float(got[0]), oracle(as_taken(name, FUSED, "float32", "second")).second(float(x[0])), "float32") < 1
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_keeps_the_promise(row):
    finding = curve(Subject(row, REFERENCE, "float64", 100, 12))
    assert finding.holds, finding.says


@pytest.mark.parametrize("name", BENT)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_kernels_keep_it_too(name, dtype):
    finding = curve(Subject(ab.get(name), FUSED, dtype, 400, 8))
    assert finding.holds, finding.says


@pytest.mark.parametrize("name", CLOSED)
def test_the_oracle_and_the_row_meet_the_closed_form(name):
    x = np.array([-40.0, -7.5, -2.25, -0.75, 0.0625, 0.5, 1.75, 6.0, 31.0])
    got, bound = ab.get(name).second(x), allowed(REFERENCE, "float64", "second")[0]
    for at, value in zip(x.tolist(), got.tolist(), strict=True):
        with MP.workprec(400):
            truth = CLOSED[name](MP.mpf(at))
            assert abs(oracle(name).second(at) - truth) <= abs(truth) * MP.mpf(2) ** -70
        error = ulp_error(value, truth, "float64")
        assert error <= bound or abs(value - truth) <= 2.0**-52  # tanh at -40 is beyond what 2^-52 of 1 leaves


@pytest.mark.parametrize("name", ["silu", "mish", "gelu_tanh", "logish", "srs", "erfact", "lif", "sinlu"])
def test_the_oracle_agrees_with_a_second_difference(name):
    graph = record(ab.get(name).callables.definition)
    for x in (-3.7, -0.6, 0.3, 1.9):
        with MP.workprec(300):
            values = dict(oracle(name)._values)
            difference = MP.diff(lambda v, values=values: evaluate(graph, {**values, "x": v}), MP.mpf(x), 2)
            exact = oracle(name).second(x)
            assert abs(difference - exact) <= abs(exact) * MP.mpf(2) ** -60 + MP.mpf(2) ** -150


@pytest.mark.parametrize("name", ["silu", "gelu", "softplus", "tanh", "elu", "mish"])
def test_torch_differentiates_twice_to_the_same(name):
    torch = pytest.importorskip("torch")
    x = torch.linspace(-5.05, 4.95, 41, dtype=torch.float64, requires_grad=True)
    function = getattr(torch.nn.functional, name)
    (slope,) = torch.autograd.grad(function(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(slope.sum(), x)
    np.testing.assert_allclose(ab.get(name).second(x.detach().numpy()), second.numpy(), rtol=1e-9, atol=1e-12)


def test_layouts_formats_and_outputs_are_a_ufunc_s():
    run, act = ab.kernel("silu", "second"), ab.get("silu")
    x = where_promised("silu", "float32", 2000, "second")
    with np.errstate(all="raise", under="ignore"):
        y = run(x)
    assert y.dtype == np.float32
    np.testing.assert_array_max_ulp(y, act.second(x.astype(np.float64)).astype(np.float32), 1)
    np.testing.assert_array_equal(run(x[::-3]), y[::-3])
    out = np.empty_like(x)
    assert run(x, out=out) is out
    np.testing.assert_array_equal(out, y)
    half = np.linspace(-8, 8, 99).astype(np.float16)
    assert run(half).dtype == np.float16
    np.testing.assert_array_max_ulp(run(half), act.second(half.astype(np.float64)).astype(np.float16), 1)
    np.testing.assert_array_equal(ab.kernel("silu", "second", threads=2)(np.tile(x, 300)), np.tile(y, 300))
    assert ab.kernel("silu", "second", backend="numpy")(x).dtype == np.float32


def test_learned_parameters_are_operands():
    x, beta = np.linspace(-4, 4, 33, dtype=np.float32), np.linspace(0.5, 2, 33, dtype=np.float32)
    run, act = ab.kernel("swish_beta", "second"), ab.get("swish_beta")
    np.testing.assert_allclose(run(x, beta), act.second(x, beta=beta), rtol=2e-6)
    np.testing.assert_allclose(run(x, 1.5), act.second(x, beta=1.5), rtol=2e-6)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "hardtanh", "prelu", "hardsigmoid", "identity", "heaviside"])
def test_straight_pieces_bend_nowhere(name):
    x = np.array([-np.inf, -7.0, -1.0, 0.0, 1.0, 5.0, np.inf])
    assert not ab.get(name).second(x).any()
    assert np.isnan(ab.get(name).second([np.nan])).all()


def test_next_to_0_where_a_row_divides_by_what_it_keeps_from_0():
    x = np.array([-1e-20, -1e-38, -1e-150, 1e-38])
    np.testing.assert_allclose(ab.get("calu").second(x), 2 / np.pi, rtol=1e-15)


def test_a_slope_is_the_backward_pass_of_ones():
    x = np.linspace(-3, 3, 7, dtype=np.float32)
    for name in ("silu", "sigmoid", "leaky_relu:negative_slope=0.2"):
        row = ab.get(name)
        assert row.slope(x).tobytes() == row.backward(np.ones_like(x), x).tobytes()
    assert ab.get("relu").slope([-1, 2]).tolist() == [0.0, 1.0]
    with pytest.raises(ActbenchError, match="slope"):  # who gives x alone means this
        ab.get("silu").backward(x)


def test_a_tensor_that_wants_a_gradient_is_sent_to_torchs_own_form():
    torch = pytest.importorskip("torch")
    with pytest.raises(ActbenchError, match=r"actbench\.torch"):
        ab.get("silu")(torch.ones(3, requires_grad=True))


def test_at_infinity_and_nan():
    assert (ab.get("silu").second([np.inf, -np.inf]) == 0).all()
    assert ab.get("squared_relu").second([np.inf]) == 2.0
    assert np.isnan(ab.get("sine").second([np.inf, np.nan])).all()
    assert ab.get("hardswish").second([-3.0, -2.9, 3.0]).tolist() == [0.0, 1 / 3, 0.0]


@pytest.mark.parametrize("row", [row for row in ab.ACTIVATIONS if "x" in row.surrogates], ids=lambda row: row.name)
def test_a_surrogate_has_none(row):
    with pytest.raises(ActbenchError, match="surrogate of the slope"):
        row.second([1.0])


def test_functions_along_an_axis_have_none():
    with pytest.raises(ActbenchError, match="no direction named 'second'; known: backward, forward"):
        ab.kernel("softmax", "second")
