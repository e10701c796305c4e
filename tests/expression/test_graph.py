"""What can be recorded, what is refused with a remedy, and that every listener hears the same row."""

from __future__ import annotations

import re

import numpy as np
import pytest

import actbench as ab
from actbench.accuracy.oracle import MP, evaluate
from actbench.activations.latex import census, formula, latex, slope, text
from actbench.core.dtypes import Format
from actbench.core.errors import ActbenchError
from actbench.expression.graph import PRIMITIVES, Expression, ExpressionError, argument, derivative, record
from actbench.kernels.source import source


@pytest.mark.parametrize(
    ("row", "remedy"),
    [
        (lambda x: x if x > 0 else 0.0, "numpy.where"),
        (lambda x: max(x, 0.0), "numpy.where"),
        (lambda x: np.where((x > 0) and (x < 1), x, 0.0), "numpy.where"),
        (lambda x: x[0], "each element alone"),
        (lambda x: sum(x), "each element alone"),
        (lambda x: np.asarray(x) + 1, "NumPy functions of the vocabulary"),
        (lambda x: float(x), "cannot be recorded"),
        (lambda x: x.clip(0, 1), "no attribute 'clip'"),
        (lambda x: np.sum(x), "not in the vocabulary"),
        (lambda x: np.add.reduce(x), "element by element"),
        (lambda x: np.exp(x, where=x > 0), "where="),
        (lambda x: np.multiply(x, 2.0, out=np.empty(3)), "out="),
        (lambda x: np.fmax(x, 0.0), "use maximum"),
        (lambda x: x**x, "exp(b * log(a))"),
        (lambda x: x**1.5, "integers up to 64"),
        (lambda x: x + "1", "cannot be recorded"),
        (lambda x: x + np.ones(3), "cannot be recorded"),
        (lambda x: np.modf(x), "not in the vocabulary"),
    ],
)
def test_what_cannot_be_recorded_is_refused_with_a_remedy(row, remedy):
    with pytest.raises(ExpressionError) as error:
        record(row)
    assert remedy in str(error.value)
    assert "\n" not in str(error.value)


def test_an_expression_is_not_hashable_and_equality_is_a_node():
    x = argument("x")
    assert (x == 1.0).op == "equal"
    with pytest.raises(TypeError, match="unhashable"):
        _ = {x: 1}


def test_constants_keep_their_kind_and_sign():
    steps = record(lambda x: np.where(x == 0.0, -0.0, 0.0) + np.where(x > 1, False, x)).steps
    constants = [step.value for step in steps if step.op == "constant"]
    assert [(type(c), np.signbit(c)) for c in constants if c == 0] == [(float, False), (float, True), (bool, False)]


def test_equal_subexpressions_are_said_once():
    graph = record(lambda x: np.exp(-x) / (1.0 + np.exp(-x)))
    assert [step.op for step in graph].count("exp") == 1


def test_integer_powers_become_multiplications():
    graph = record(lambda x: x**5 + x**-2)
    assert {step.op for step in graph} <= {"argument", "constant", "multiply", "divide", "add"}
    assert float(evaluate(graph, {"x": MP.mpf(2)})) == 32.25


@pytest.mark.parametrize("name", [n for n, w in PRIMITIVES.items() if w.partials is not None])
def test_every_derivative_rule_agrees_with_mpmath_diff(name):
    """Rule by rule, so that the oracle's slopes do not lean on our algebra alone."""
    word = PRIMITIVES[name]
    points = {"log": (0.7, 2.5), "sqrt": (0.7, 2.5), "log1p": (0.7, 2.5), "exp_times": (-0.7, -2.5)}.get(
        name, (-1.3, 0.8)
    )
    for x in points:
        others = [MP.mpf("1.75"), MP.mpf("-0.4")][: word.arity - 1]
        place = word.arity - 1 if name == "exp_times" else 0

        def operands(v, place=place, others=others):
            given = list(others)
            given.insert(place, v)
            return given

        names = [f"a{i}" for i in range(word.arity)]
        wrt = names[place]
        graph = derivative(record_of(name, names), wrt=wrt)
        values = dict(zip(names, operands(MP.mpf(x)), strict=True))
        with MP.workprec(160):
            numeric = MP.diff(lambda v, operands=operands: word.exact(MP, *operands(v)), MP.mpf(x))
            assert abs(evaluate(graph, values) - numeric) < MP.mpf(2) ** -100


def record_of(name, names):
    from actbench.expression.graph import trace

    return trace(Expression(name, *(argument(n) for n in names)), names)


def test_a_dead_arm_is_never_evaluated_exactly():
    graph = record(lambda x: np.where(x > 0.0, 1.0 / x, 0.0))
    assert evaluate(graph, {"x": MP.mpf(0)}) == 0


@pytest.mark.parametrize("name", ab.names())
@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("bits", [32, 64])
def test_kernel_source_is_one_loop_of_primitive_steps(name, direction, bits):
    text = source(ab.get(name), direction, Format(bits))
    compile(text, name, "exec")
    # a sine or cosine of any angle: the loop, and the large ones again
    loops = sum(map(text.count, ("for i in range", "vector_loop(", "vector_pass(")))
    assert loops == (2 if "np.sin(" in text or "np.cos(" in text else 1)
    assert ("memcpy(out, " in text) == (name == "identity")
    assert "fastmath={'contract'}" in text.replace('"', "'")  # never fastmath=True: it folds NaN tests away
    doubles = re.sub(
        r"np\.(sin|cos)\(np\.float64\(\w+\) \+ np\.float64\(\w+\)\)", "", text
    )  # of a far pair, on purpose
    assert f"float{96 - bits}" not in doubles.replace("types.float", "float")


def test_source_is_the_same_text_every_time():
    assert source(ab.get("silu"), "backward", Format(32)) == source(ab.get("swish"), "backward", Format(32))


def test_census_counts_what_words_cost():
    assert census(ab.get("relu")).get("exponential", 0) == 0
    assert census(ab.get("relu"), "backward").get("multiply", 0) == 0
    assert census(ab.get("sigmoid"))["exponential"] == 1
    assert census(ab.get("silu"))["exponential"] == 1  # inside a word of ours
    assert census(ab.get("tanh"))["exponential"] == 1


def test_a_shown_slope_has_at_its_kinks_what_is_used_there():
    assert text(slope(ab.get("relu"))) == "(1 if x > 0 else 0)"
    assert text(slope(ab.get("relu6"))) == "(1 if logical_and(maximum(x, 0) < 6, x > 0) else 0)"
    assert text(slope(ab.get("leaky_relu"))) == "(1 if x > 0 else negative_slope)"


def test_formulas_read_as_in_a_textbook():
    assert formula(ab.get("sigmoid")) == r"\frac{1}{1 + e^{-x}}"
    assert formula(ab.get("relu")) == r"\max(x,\, 0)"
    assert latex(record(lambda x: (x + 1.0) * -x)) == r"\left(x + 1\right) \, -x"


def test_a_user_s_plain_function_is_heard_the_same_way():
    with ab.ACTIVATIONS.temporary():
        row = ab.define(
            "toy_bump",
            forward=lambda x: x / (1.0 + x * x),
            backward=lambda dy, x: dy * (1.0 - x * x) / ((1.0 + x * x) * (1.0 + x * x)),
            source="a test",
            limits=(-0.0, 0.0),
        )
        assert row(2.0) == 0.4
        assert ab.kernel("toy_bump")(np.float32([2.0]))[0] == np.float32(0.4)
        assert census(row)["divide"] == 1
    assert "toy_bump" not in ab.names()


@pytest.mark.parametrize(
    ("declared", "match"),
    [
        ({"forward": lambda x, a: a * x}, "no declared parameter"),
        ({"forward": lambda x, y: x}, "no declared parameter|neither y"),
        ({"backward": lambda x, dy: dy}, "dy first"),
        ({"aliases": ("relu",)}, "taken"),
        ({"aliases": ("toy-row",)}, "twice"),
        ({"forward": lambda x: ab.expression.primitives.exp_times(x, -np.absolute(x))}, "definition="),
        ({"forward": lambda x: np.sum(x)}, "vocabulary"),
    ],
)
def test_a_bad_row_is_refused_when_it_is_defined(declared, match):
    row = {"forward": lambda x: x, "backward": lambda dy: dy, "source": "a test"} | declared
    with ab.ACTIVATIONS.temporary(), pytest.raises(ActbenchError, match=match):
        ab.define("toy_row", **row)
