"""The contract of every row, checked against the oracle: parametrised over the registry and over what is promised."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import actbench as ab
from actbench.backends.exact import MP, Oracle, oracle
from actbench.conformance import CHECKS, PROMISES, Subject
from actbench.errors import ActbenchError
from actbench.expression import derivative, record
from actbench.records.parameter import Learned, Sampled

POINTS = 250  # random points a row, dtype and direction; kinks, roots and edges of the formats come on top
ROWS = list(ab.ACTIVATIONS)
NAMES = [row.name for row in ROWS]
BOUND = [ab.get(spec) for spec in ("leaky_relu:negative_slope=0.2", "leaky_relu:negative_slope=0", "prelu:weight=-0.5")]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(("backend", "dtype"), PROMISES, ids="-".join)
@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_the_implementation_keeps_its_promises(row, backend, dtype, check, request):
    if check in row.excused:
        request.node.add_marker(pytest.mark.xfail(strict=True, reason=row.excused[check]))
    finding = CHECKS[check](Subject(row, backend, dtype, count=POINTS))
    assert finding.holds, finding.says


@pytest.mark.parametrize("check", ["value", "slope", "limits", "special_values", "bounds"])
@pytest.mark.parametrize("row", BOUND, ids=lambda row: row.spec)
def test_bound_parameters_keep_the_promises_too(row, check):
    for backend, dtype in PROMISES:
        if check == "limits" and np.isnan(row.fact("limits")[0]):
            continue  # 0 * inf: the row declares that it has no limit there
        finding = CHECKS[check](Subject(row, backend, dtype, count=100))
        assert finding.holds, finding.says


@pytest.mark.parametrize("name", NAMES)
def test_the_oracle_agrees_with_mpmath_diff(name):
    """The oracle differentiates the graph; here its slope meets an independent difference quotient at 200 bits."""
    speak, graph = oracle(name), record(ab.get(name).said.definition)
    from actbench.backends.exact import evaluate

    for x in (-3.7, -0.6, 0.3, 1.9, 5.5):
        with MP.workprec(200):
            values = dict(speak._values)
            numeric = MP.diff(lambda v, values=values: evaluate(graph, {**values, "x": v}), MP.mpf(x))
            exact = speak.slope(x)
            assert abs(numeric - exact) <= abs(exact) * MP.mpf(2) ** -60 + MP.mpf(2) ** -150


@pytest.mark.parametrize("name", NAMES)
def test_the_oracle_agrees_with_an_independent_formula(name):
    """SciPy or NumPy in float64, written here again, to a few ulp at plain points."""
    from scipy.special import expit

    slope = {"leaky_relu": 0.01, "prelu": 0.25, "rrelu": 11 / 48, "relu": 0.0, "identity": 1.0}
    x = np.linspace(-4, 4, 41)
    other = {"sigmoid": expit, "tanh": np.tanh, "silu": lambda v: v * expit(v)}.get(
        name, lambda v: np.where(v > 0, v, slope.get(name, np.nan) * v)
    )(x)
    exact = np.array([float(oracle(name).value(v)) for v in x])
    np.testing.assert_allclose(exact, other, rtol=1e-14)


@pytest.mark.parametrize("row", [row for row in ROWS if row.parameter_gradients], ids=lambda row: row.name)
def test_parameter_gradients_are_the_derivative_of_the_definition(row):
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((5, 3)), rng.standard_normal((5, 3))
    for name in row.parameter_gradients:
        graph = derivative(record(row.said.definition), wrt=name)
        speak = Oracle(row)
        each = np.array([[float(speak._at(graph, v, True, name)) for v in line] for line in x])
        _, whole = row.gradients(dy, x)
        np.testing.assert_allclose(whole[name], (dy * each).sum(), rtol=1e-13)
        per_unit = np.array([0.1, 0.2, 0.3])
        _, units = row.gradients(dy, x, **{name: per_unit})
        assert units[name].shape == (3,)
        np.testing.assert_allclose(units[name], (dy * each).sum(axis=0), rtol=1e-13)


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
        np.testing.assert_allclose(k(wide, **drawn), row.forward(wide, **drawn), rtol=1e-5)


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


@settings(max_examples=30, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    values=st.lists(st.floats(allow_nan=False, width=32), min_size=1, max_size=40),
    step=st.integers(1, 3),
    backend=st.sampled_from(["numpy", "numba"]),
)
def test_a_row_acts_on_each_element_alone(name, values, step, backend):
    """Bit for bit the same at any stride and position, so that batching can change no result."""
    k = ab.kernel(name, dtype="float32", backend=backend)
    x = np.array(values, np.float32)[::step]
    with np.errstate(invalid="ignore"):
        together = k(x)
        apart = np.array([k(x[i : i + 1])[0] for i in range(x.size)], np.float32)
    assert together.tobytes() == apart.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_torch_agrees_where_it_is_accurate(name):
    torch = pytest.importorskip("torch", reason="torch is an optional peer")
    row = ab.get(name)
    if "torch" not in row.peers or name == "identity":
        pytest.skip("torch has no function of that name")
    function = getattr(torch.nn.functional, name)
    x = torch.linspace(-5, 5, 101, dtype=torch.float64, requires_grad=True)
    y = function(x, torch.tensor([0.25], dtype=torch.float64)) if name == "prelu" else function(x)
    y.sum().backward()
    np.testing.assert_allclose(row(x.detach().numpy()), y.detach().numpy(), rtol=1e-13)
    np.testing.assert_allclose(row.backward(np.ones(101), x.detach().numpy()), x.grad.numpy(), rtol=1e-11, atol=1e-15)
