"""Exponentials that stand apart: the same function, with what multiplies an exponential gathered beside it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from actbench.accuracy.oracle import MP, ulp_error
from actbench.expression.graph import record, trace
from actbench.expression.numeric import evaluate
from actbench.expression.primitives.exponential import exp_times_pair
from actbench.expression.primitives.gates import decay, scaled
from actbench.expression.primitives.gaussian import erf_slope_times
from actbench.expression.primitives.pairs import two_product
from actbench.expression.tails import factored, rounding


def tail(function, x, **values):
    """What a function says at a point once its exponentials stand apart, and how many of each kind there are."""
    graph = factored(record(function))
    ops = [step.op for step in graph]
    return float(evaluate(graph, {"x": np.float64(x), **values})), ops


def one_exponential(x):
    e = np.exp(-np.absolute(x))
    return np.where(x > 3.0, -(2.0 * e) + x * (x * e) - e / x, 0.0)


def two_sides(x):
    e = np.exp(-np.absolute(x))
    return np.where(x >= 0.0, x * e, (1.0 - x) * e)


@pytest.mark.parametrize(("function", "x", "exact"), [
    (one_exponential, 744.9, lambda x: (-2 + x * x - 1 / x) * MP.exp(-x)),
    (two_sides, 744.9, lambda x: x * MP.exp(-x)),
    (two_sides, -744.9, lambda x: (1 - x) * MP.exp(x)),
])  # fmt: skip
def test_products_sums_and_choices_are_one_exponential(function, x, exact):
    value, ops = tail(function, x)
    assert ops.count("exp_times") == 1
    assert "exp" not in ops
    with MP.workprec(200):
        assert ulp_error(value, exact(MP.mpf(x)), "float64") <= 1


def test_what_is_no_multiple_of_it_stays():
    value, ops = tail(lambda x: 1.0 + x * np.exp(-np.absolute(x)), 2.5)
    assert ops.count("exp_times") == 1
    assert value == pytest.approx(1.0 + 2.5 * np.exp(-2.5), rel=1e-15)
    assert "exp_times" not in tail(lambda x: x * np.exp(x), 2.5)[1]  # of a number of either sign: for x <= 0 alone


@pytest.mark.parametrize("times", [1.0, 2.0])
def test_an_exponential_of_an_exponential_gets_its_exponent_s_digits(times):
    def function(x):
        e = np.exp(-np.absolute(x))
        return x * e * np.exp(-times * (1.0 / e)) / (1.0 + e)

    for x in (3.7, 5.712, 6.55 if times == 1.0 else 5.87):
        value, ops = tail(function, x)
        assert "exp_exp_times" in ops
        with MP.workprec(200):
            at = MP.mpf(x)
            assert ulp_error(value, at * MP.exp(-at - times * MP.exp(at)) / (1 + MP.exp(-at)), "float64") <= 6, x


def test_a_square_in_an_exponent_takes_its_root_s_rounding_along():
    def function(x):
        return erf_slope_times(x, np.maximum(x, 0.0) + 1.0 / (3.0 + x))

    for x in (19.3, 24.77, 26.93):
        with MP.workprec(200):
            t = MP.mpf(x) + 1 / MP.mpf(3.0 + x)
            exact = 2 / MP.sqrt(MP.pi) * x * MP.exp(-t * t)
        assert ulp_error(tail(function, x)[0], exact, "float64") <= 8, x


def test_roundings_of_sums_and_products():
    """Against fractions: (1.3 x + 0.1) 1.7, of whose three roundings nothing is missing but theirs own."""
    x = np.float64(3.1)
    graph = record(lambda x: (1.3 * x + 0.1) * 1.7)
    error = evaluate(trace(rounding(graph.expressions()[-1]), ("x",)), {"x": x})
    exact = (Fraction(1.3) * Fraction(3.1) + Fraction(0.1)) * Fraction(1.7)
    rest = exact - Fraction(float(evaluate(graph, {"x": x})))
    assert abs(Fraction(float(error)) - rest) <= abs(rest) * Fraction(2) ** -50
    assert rounding(record(lambda x: np.log1p(x)).expressions()[-1]) is None


def test_pairs_are_told_apart_by_their_exponents():
    def function(x):
        u = scaled(x, 1.3)
        v = decay(u)
        return exp_times_pair(x, *v) * 3.0 + exp_times_pair(2.0, *v) - exp_times_pair(1.0, *two_product(-x, 0.5))

    value, ops = tail(function, 300.0)
    assert ops.count("exp_times_pair") == 2
    with MP.workprec(200):
        exact = 902 * MP.exp(-MP.mpf(1.3) * 300) - MP.exp(-150)
        assert ulp_error(value, exact, "float64") <= 2
