"""What is written for people is the same function: against the graph that it comes from, by mpmath."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from actbench.activations.latex import latex, text
from actbench.activations.registry import ACTIVATIONS
from actbench.expression.exact import evaluate
from actbench.expression.graph import derivative, record
from actbench.expression.simplify import simplified


@pytest.mark.parametrize("name", sorted(ACTIVATIONS.names()))
def test_a_simplified_slope_is_the_slope(name):
    row = ACTIVATIONS[name]
    slope = derivative(record(row.callables.definition))
    short = simplified(slope)
    rng = np.random.default_rng(0)
    values = {argument: abs(float(rng.normal())) + 0.1 for argument in slope.arguments}
    values |= {p: float(q.default) for p, q in row.parameters.items() if p in values and hasattr(q, "default")}
    with mpmath.workdps(40):
        for x in (-2.3, -0.7, -0.11, 0.21, 1.9, 3.3):
            at = {**{k: mpmath.mpf(v) for k, v in values.items()}, "x": mpmath.mpf(x)}
            one, other = (evaluate(mpmath, graph, at) for graph in (slope, short))
            # decimals are kept as they are written: 0.1, not the binary number next to it
            assert abs(one - other) <= 1e-14 * (1 + abs(one))
    assert len(text(short)) <= 1.2 * len(text(slope)) + 4


def slope_of(function):
    return latex(simplified(derivative(record(function))))


def test_terms_factors_and_powers_come_together():
    assert slope_of(lambda x: x * x * x) == r"3 \, x^2"
    assert slope_of(lambda x: x / (1.0 + np.absolute(x))) == r"\frac{1}{\left(1 + \left|x\right|\right)^2}"
    assert slope_of(lambda x: 1.0 / (1.0 + np.exp(-x))) == r"\frac{e^{-x}}{\left(1 + e^{-x}\right)^2}"
    assert slope_of(lambda x: np.sqrt(x * x + 1.0)) == r"\frac{x}{\sqrt{x^2 + 1}}"
    assert slope_of(lambda x: np.exp(-x * x)) == r"-2 \, x \, e^{-x^2}"
    assert slope_of(lambda x: x - x) == "0"


def test_a_power_and_a_sign_are_read_as_they_are_meant():
    assert latex(record(lambda x: (-x) * (-x))) == r"\left(-x\right)^2"
    assert latex(record(lambda x: x * -(x * 2.0))) == r"x \, \left(-x \, 2\right)"
    assert latex(record(lambda x: np.exp(x) ** 4)) == r"\left(e^{x}\right)^4"
