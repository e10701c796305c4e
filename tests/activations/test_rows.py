"""The contract of every row, checked against the oracle: parametrised over the registry and over what is promised."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

import actbench as ab
from actbench.accuracy.contract import CHECKS, Subject
from actbench.accuracy.oracle import MP, Oracle, oracle
from actbench.activations.parameter import Learned, Sampled
from actbench.activations.registry import resolve
from actbench.core.errors import ActbenchError
from actbench.expression.graph import derivative, record
from actbench.kernels.backends import TOLERANCES

POINTS = 20_000  # screened a row, dtype and direction, the worst of them settled in mpmath; kinks and roots on top
CONFIRMED = 8  # settled beside the worst; tests/accuracy/test_exact.py holds the rows to many more cached values
ROWS = list(ab.ACTIVATIONS)
NAMES = [row.name for row in ROWS]
BOUND = [
    ab.get(spec)
    for spec in (
        "leaky_relu:negative_slope=0.2", "leaky_relu:negative_slope=0", "prelu:weight=-0.5", "celu:alpha=2.7",
        "softplus:beta=2.3", "swish_beta:beta=1.702", "hardtanh:min_val=0.5,max_val=2", "softshrink:lambd=0.1",
        "pelu:a=2,b=0.7", "nlrelu:beta=3", "xielu:alpha_n=2,beta=0.3", "soft_clipping:p=2.2",
        "oriented_relu:facing=1,height=-2.5", "relu_at_zero:at_zero=0", "relu_at_zero:at_zero=1",
        "soft_exponential:alpha=1", "soft_exponential:alpha=0.3", "acon_c:p1=1.5,p2=-0.5,beta=2",
        "acon_c:p1=0.75,p2=0.25", "smu:alpha=0,mu=2.5", "smu:alpha=0.05,mu=1", "erfact:alpha=1.5,beta=0.5",
        "smelu:beta=0.3", "softcap:cap=0.3", "situ:beta=25", "situ:beta=0.7", "clamped_squared_relu:scale=2.5",
        "dyt:alpha=0.7,gamma=-1.5,beta=0.4", "derf:alpha=0.7,gamma=1.5,beta=0.2,shift=1", "apa:kappa=1.3,lambd=0.4",
        "aglu:kappa=0.7,lambd=2.5",
    )
]  # fmt: skip


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(("backend", "dtype"), TOLERANCES, ids=["-".join(pair) for pair in TOLERANCES])
@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_the_implementation_keeps_its_promises(row, backend, dtype, check, request):
    if check in row.excused:
        request.node.add_marker(pytest.mark.xfail(strict=True, reason=row.excused[check]))
    finding = CHECKS[check](Subject(row, backend, dtype, POINTS, CONFIRMED))
    assert finding.holds, finding.says


@pytest.mark.parametrize("check", ["value", "slope", "limits", "special_values", "bounds"])
@pytest.mark.parametrize("row", BOUND, ids=lambda row: row.spec)
def test_bound_parameters_keep_the_promises_too(row, check):
    for backend, dtype in TOLERANCES:
        if check == "limits" and np.isnan(row.fact("limits")[0]):
            continue  # 0 * inf: the row declares that it has no limit there
        finding = CHECKS[check](Subject(row, backend, dtype, POINTS // 4, CONFIRMED))
        assert finding.holds, finding.says


@pytest.mark.parametrize("name", NAMES)
def test_the_oracle_agrees_with_mpmath_diff(name):
    """The oracle differentiates the graph; here its slope meets an independent difference quotient at 200 bits."""
    speak, graph = oracle(name), record(ab.get(name).callables.definition)
    from actbench.accuracy.oracle import evaluate

    if "x" in ab.get(name).surrogates:
        pytest.skip("its slope in use is declared to be another")
    for x in (-3.7, -0.6, 0.3, 1.9, 5.5):
        with MP.workprec(200):
            values = dict(speak._values)
            numeric = MP.diff(lambda v, values=values: evaluate(graph, {**values, "x": v}), MP.mpf(x))
            exact = speak.slope(x)
            assert abs(numeric - exact) <= abs(exact) * MP.mpf(2) ** -60 + MP.mpf(2) ** -150


@pytest.mark.parametrize("row", [row for row in ROWS if row.parameter_gradients], ids=lambda row: row.name)
def test_parameter_gradients_are_the_derivative_of_the_definition(row):
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((5, 3)), rng.standard_normal((5, 3))
    for name in row.parameter_gradients:
        stated = row.surrogates.get(name)
        graph = record(stated) if stated else derivative(record(row.callables.definition), wrt=name)
        start = row.parameters[name].default
        per_unit = np.array([1.0, 1.25, 1.5]) * (start or 1.5)
        each = {}
        for value in (start, *per_unit):
            speak = Oracle(row, **{name: float(value)})
            each[value] = np.array([[float(speak._at(graph, v, True, name)) for v in line] for line in x])
        _, whole = row.gradients(dy, x)
        np.testing.assert_allclose(whole[name], (dy * each[start]).sum(), rtol=1e-12)
        _, units = row.gradients(dy, x, **{name: per_unit})
        assert units[name].shape == (3,)
        wanted = [(dy[:, i] * each[value][:, i]).sum() for i, value in enumerate(per_unit)]
        np.testing.assert_allclose(units[name], wanted, rtol=1e-12)


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_drawn_parameters_serve_both_passes(row):
    x = np.linspace(-2, 2, 12, dtype=np.float32).reshape(3, 4)
    drawn = row.draw(np.random.default_rng(1), x)
    y, dx = row.forward(x, **drawn), row.backward(np.ones_like(x), x, **drawn)
    assert y.dtype == dx.dtype == np.float32
    for name, parameter in row.parameters.items():
        if isinstance(parameter, Sampled):
            low, high = row.values()[parameter.low], row.values()[parameter.high]
            assert drawn[name].shape == x.shape
            assert (drawn[name] >= low).all()
            assert (drawn[name] <= high).all()
            assert row.draw(None, x)[name] == (low + high) / 2
            np.testing.assert_array_equal(y[x < 0], (drawn[name] * x)[x < 0])
        elif isinstance(parameter, Learned):
            assert drawn[name] == parameter.default
        else:
            assert name not in drawn
    for backend_dtype in ("float32", "float64"):
        k = ab.kernel(row.name, dtype=backend_dtype)
        wide = x.astype(backend_dtype)
        np.testing.assert_allclose(
            k(wide, *row.operands(backend_dtype, **drawn)), row.forward(wide, **drawn), rtol=1e-5
        )


@pytest.mark.parametrize("row", [row for row in ROWS if row.saves == ("y",)], ids=lambda row: row.name)
def test_backward_given_x_never_mistakes_it_for_y(row):
    x = np.array([-2.0, -0.5, 0.5, 3.0])
    np.testing.assert_array_equal(row.backward(np.ones(4), x), row.backward(np.ones(4), y=row.forward(x)))


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_python_numbers_integers_and_lists_become_float64(row):
    assert row(1).dtype == np.float64
    assert np.ndim(row(0.5)) == 0
    assert row([1, 2]).dtype == np.float64
    assert row(np.array([True, False])).dtype == np.float64


@pytest.mark.parametrize("bad", [np.array([1j]), np.array(["a"]), np.array([None]), np.array([1.0], np.longdouble)])
def test_other_dtypes_are_refused_in_one_line(bad):
    with pytest.raises(ActbenchError, match="dtype") as error:
        ab.get("relu")(bad)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("spec", "match"),
    [
        ("leaky_relu:negative_slope=nan", "must be finite"),
        ("rrelu:lower=0.5,upper=0.1", "above"),
        ("hardtanh:min_val=1,max_val=-1", "must not be above"),
        ("hardshrink:lambd=-1", "must be >= 0"),
        ("celu:alpha=0", "must be in"),
        ("softplus:beta=0", "must be in"),
        ("elu:alpha=nan", "must be in"),
        ("srs:alpha=1,beta=5", "pole"),
        ("srelu:t_left=3", "must not be above"),
        ("xielu:alpha_n=0.1", "above beta"),
        ("squareplus:b=0", "must be in"),
        ("leaky_relu:alpha=1", "no parameter"),
        ("leaky_relu:negative_slope", "cannot read"),
        ("leaky_relu:negative_slope=x", "cannot read"),
        ("swsh", "did you mean 'swish'"),
    ],
)
def test_bad_specs_are_one_clear_line(spec, match):
    with pytest.raises(ActbenchError, match=match) as error:
        ab.get(spec)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_every_spelling_finds_its_row(row):
    for spelling in (row.name, *row.aliases):
        for form in (spelling, spelling.upper(), spelling.replace("_", "-"), spelling.replace("_", "")):
            assert ab.get(form).name == row.name
    assert ab.get(row.spec) == row


def test_the_user_s_names_are_known():
    for asked, name in (
        ("purlin", "identity"),
        ("logistic", "sigmoid"),
        ("swish", "silu"),
        ("randomized ReLU".replace(" ", "_"), "rrelu"),
    ):
        assert ab.get(asked).name == name


def torch_function(row):
    """What a row's peer string names, as a function of one tensor at the row's defaults."""
    torch = pytest.importorskip("torch", reason="torch is an optional peer")
    path, _, options = row.peers["torch"].partition("(")
    function = torch
    for part in path.split(".")[1:]:
        function = getattr(function, part)
    given = dict(option.split("=") for option in options.rstrip(")").split(",") if option)
    given = {key: value.strip("'") for key, value in given.items()}
    if row.name == "prelu":
        return lambda x: function(x, torch.tensor([0.25], dtype=x.dtype))
    if row.name == "threshold":
        return lambda x: function(x, 1.0, 0.0)
    if row.name == "heaviside":
        return lambda x: function(x.detach(), torch.ones((), dtype=x.dtype))
    if row.name == "softplus":
        return lambda x: function(x, threshold=1000.0)
    return function() if isinstance(function, type) else lambda x: function(x, **given)


@pytest.mark.parametrize("row", [row for row in ROWS if "torch" in row.peers], ids=lambda row: row.name)
def test_torch_agrees_where_it_is_accurate(row):
    torch = pytest.importorskip("torch", reason="torch is an optional peer")
    function = torch_function(row)
    x = torch.linspace(-5, 5, 101, dtype=torch.float64, requires_grad=True)
    y = function(x)
    np.testing.assert_allclose(row(x.detach().numpy()), y.detach().numpy(), rtol=1e-9, atol=1e-15)
    if not y.requires_grad:
        return  # a step has no gradient in torch
    y.sum().backward()
    np.testing.assert_allclose(row.backward(np.ones(101), x.detach().numpy()), x.grad.numpy(), rtol=1e-7, atol=1e-14)


@pytest.mark.parametrize("row", [row for row in ROWS if "torch" in row.peers], ids=lambda row: row.name)
def test_torch_s_slope_at_a_kink_is_the_declared_one(row):
    torch = pytest.importorskip("torch", reason="torch is an optional peer")
    for at, kink in row.fact("kinks").items():
        x = torch.tensor([at], dtype=torch.float64, requires_grad=True)
        y = torch_function(row)(x)
        if y.requires_grad:
            y.sum().backward()
            assert x.grad.item() == pytest.approx(kink.slope, rel=1e-7), f"at {at}"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("spec", ["leaky_relu:negative_slope=0", "prelu:weight=0", "leaky_relu:negative_slope=-0.0"])
def test_a_slope_of_zero_is_relu_at_the_infinities_too(spec, dtype):
    x = np.array([-np.inf, np.inf, np.nan, -2.0, 3.0], dtype)
    np.testing.assert_array_equal(resolve(spec).forward(x), resolve("relu").forward(x))


@pytest.mark.parametrize("value", [None, "x", [1, 2], 1j])
@pytest.mark.parametrize(("name", "parameter"), [("leaky_relu", "negative_slope"), ("elu", "alpha")])
def test_a_parameter_that_is_no_number_is_named(name, parameter, value):
    with pytest.raises(ActbenchError, match=f"{name}: {parameter}=.* is no number"):
        resolve(name).bind(**{parameter: value})


@pytest.mark.parametrize("x", [-21.0, -20.5, -15.0, -5.0, -0.75, 0.3, 4.0])
def test_constants_of_gelu_tanh_are_the_real_numbers(x):
    with mpmath.workdps(60):
        gate = 1 / (1 + mpmath.exp(-2 * mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * mpmath.mpf(x) ** 3)))
        exact = mpmath.mpf(x) * gate
        assert abs(float(resolve("gelu_tanh").forward(x)) - exact) <= 3 * math.ulp(abs(float(exact)))


def test_the_far_tail_of_gelu_tanh_is_whole():
    assert float(resolve("gelu_tanh").forward(-21.0)) == pytest.approx(-6.0166484876314847e-301, rel=4.5e-16, abs=0.0)
