"""Textbook forms that overflow: their derived slope is the function's, or no number, never an invented one."""

import numpy as np
import pytest

from actbench.cli import main
from actbench.expression.graph import record
from actbench.expression.numeric import evaluate
from actbench.expression.tamed import tamed
from actbench.implementations.targets.derived import derive
from actbench.implementations.targets.facts import ends, facts
from actbench.implementations.targets.tracing import exact, slope_graph

X = np.array([-3000.0, -900.3, -711.5, -130.7, -95.25, -3.1, 0.4, 2.9, 95.25, 130.7, 711.5, 900.3, 3000.0])

# where the slope oscillates, grows or has a limit, and its formula overflows in the float format
FORMS = {
    "softplus in a gate, oscillating": lambda x: x * np.tanh(np.log1p(np.exp(0.8 * x))) + 0.05 * np.sin(x),
    "the other side": lambda x: -x * np.tanh(np.log1p(np.exp(-0.8 * x))) + 0.05 * np.sin(x),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "softplus by log": lambda x: np.log(1 + np.exp(-x)),
    "softplus that grows": lambda x: x * np.log1p(np.exp(x)),
    "sigmoid, oscillating": lambda x: x / (1 + np.exp(-x)) + 0.05 * np.sin(x),
    "inf over inf": lambda x: x * np.exp(x) / (1.0 + np.exp(x)) + 0.05 * np.cos(x),
    "tanh by exponentials": lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)) + 0.1 * np.sin(x),
    "no known form, with a limit": lambda x: np.expm1(x) / (1 + np.exp(x)),
    "no overflow": lambda x: x + np.sin(x),
}
UNKNOWN = {
    "oscillates": lambda x: np.expm1(x) / (1 + np.exp(x)) + 0.1 * np.sin(x),
    "grows": lambda x: x * x * np.expm1(x) / (1 + np.exp(x)),
}


def used(f, x, dtype="float64"):
    """The derived slope at x, and the exact one."""
    graph = record(f)
    made = derive(graph, lambda x: evaluate(graph, {"x": x}), [])
    with np.errstate(all="ignore"):
        got = np.asarray(evaluate(made.graph, {"dy": np.ones(x.shape, dtype), "x": x.astype(dtype)}))
    return got, np.array([exact(slope_graph(graph), float(v)) for v in x]), made


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FORMS)
def test_a_derived_slope_is_the_function_s_where_its_formula_overflows(name, dtype):
    x = X.astype("float32").astype("float64")
    got, true, made = used(FORMS[name], x, dtype)
    np.testing.assert_allclose(got, true, rtol=2e-6, atol=1e-30 if dtype == "float64" else 1e-7)
    assert not any("overflows" in flaw for flaw in made.flaws)


@pytest.mark.parametrize("name", UNKNOWN)
def test_no_limit_is_invented_where_the_slope_has_none(name):
    got, true, made = used(UNKNOWN[name], X)
    known = ~np.isnan(got)
    np.testing.assert_allclose(got[known], true[known], rtol=1e-9, atol=1e-12)
    assert np.isnan(got[X > 710]).all()
    assert "overflows from x = 7" in made.flaws[-1]
    assert "gives nan" in made.flaws[-1]


@pytest.mark.parametrize(
    ("f", "said"),
    [
        (lambda x: np.tanh(np.log1p(np.exp(0.8 * x))), "from x = 110.904 on in float32, from 887.228 on in float64"),
        (lambda x: np.log(np.exp(-2.0 * x) + 1), "from x = -44.3614 on in float32, from -354.891 on in float64"),
        (lambda x: x * np.exp(x) / (1 + np.exp(x)), "write 1 / (1 + np.exp(-u))"),
        (lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)), "write np.tanh(u)"),
    ],
)
def test_a_remark_names_where_a_form_overflows_and_what_to_write(f, said):
    (remark,) = used(f, X)[2].remarks
    assert said in remark


def test_a_form_is_left_alone_whose_values_are_right():
    assert used(lambda x: x / (1 + np.exp(-x)), X)[2].remarks == ()
    graph = record(lambda x: np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0))  # never overflows, so nothing is said
    assert derive(graph, lambda x: evaluate(graph, {"x": x}), []).remarks == ()
    graph = record(lambda x: np.log1p(x) / (2 + np.exp(x)))
    assert tamed(graph) == (graph, ())


def test_the_exponentials_of_other_things_make_no_tanh():
    for f in (
        lambda x: (np.exp(x) - np.exp(-2 * x)) / (np.exp(x) + np.exp(-2 * x)),
        lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(2 * x)),
    ):
        graph = record(f)
        x = np.linspace(-2, 2, 9)
        np.testing.assert_allclose(evaluate(tamed(graph)[0], {"x": x}), f(x), rtol=1e-14)


def test_what_goes_to_and_fro_before_it_overflows_has_no_limit():
    f = UNKNOWN["oscillates"]

    def slope(x):
        return np.where(x < 709, 0.1 * np.cos(x), np.nan)

    found = facts(f, slope, [])
    assert np.isnan([*found["limits"], *found["slope_limits"]]).all()
    (remark,) = ends(f, found["limits"])
    assert "gives nan from x = 709.783 on, an overflow inside it" in remark
    assert ends(np.sin, (np.nan, np.nan)) == []
    assert facts(lambda x: np.expm1(x) / (1 + np.exp(x)), slope, [])["limits"] == [-1.0, 1.0]


def test_roots_are_those_next_to_0_and_as_many_as_there_are():
    found = facts(np.sin, np.cos, [])
    assert len(found["roots_of_slope"]) == 76
    np.testing.assert_allclose(found["roots_of_slope"][:2], [-np.pi / 2, np.pi / 2], rtol=1e-15)
    assert np.diff(np.abs(found["roots_of_slope"])).min() > -1e-9


def test_a_card_says_that_there_is_no_limit_and_how_many_roots_it_leaves_out(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n\n\ndef act(x):\n    return x * np.tanh(np.log1p(np.exp(0.8 * x))) + 0.05 * np.sin(x)\n",
        encoding="utf-8",
    )
    assert main(["show", f"{tmp_path / 'mine.py'}:act"]) == 0
    card = " ".join(capsys.readouterr().out.split())
    assert card.count("none (it oscillates)") == 3
    assert "f(inf): inf" in card
    assert (
        "roots of slope -1.50587, -5.60283, -7.62352, -11.0188, -14.1346, -17.279, -20.4203, -23.5619, and 30 more"
        in card
    )
    assert "sigma_w2: 2.06648" in card
    assert "derived the slope, symbolically from what it computes: exact" in card
    assert "write np.logaddexp(0, u)" in card
