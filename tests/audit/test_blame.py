"""Whose fault it is: arguments that ask for another row, what a target does to NumPy."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from actbench.activations.registry import ACTIVATIONS
from actbench.audit.audited import audit
from actbench.audit.recognise import _fitted, recognise
from actbench.implementations.implementation import Implementation

QUIET = """
import numpy as np
def relu(x):
    np.seterr(all="raise")
    return np.where(x <= 0, 0 * np.abs(np.nan_to_num(x)), x)
def silu(x):
    return x / (1 + np.exp(-x))
"""


def held(name, given, spec):
    row = ACTIVATIONS[spec]
    return recognise(Implementation(library="mine", forward=row.forward), name, given)


def gelu(x, approximate="none"):
    return x


@pytest.mark.parametrize(("given", "spec", "named"), [
    (functools.partial(gelu, approximate="tanh"), "gelu_tanh", ""),
    (functools.partial(gelu, approximate=True), "gelu_tanh", ""),
    (gelu, "gelu_tanh", "gelu"), (gelu, "gelu", ""),
])  # fmt: skip
def test_an_argument_that_asks_for_another_row_is_no_wrong_name(given, spec, named):
    found = held("gelu", given, spec)
    assert (found.spec, found.named) == (spec, named)


def test_a_whole_name_is_held_to_its_own_row():
    assert held("gelu_tanh", gelu, "gelu").named == "gelu_tanh"
    assert not held("fast_gelu", gelu, "gelu_tanh").named


def test_a_parameter_that_is_no_short_number_is_found_to_its_last_digits():
    x = np.concatenate([np.linspace(-4.03, 3.97, 65), [-31.3, -12.7, -7.1, 7.3, 13.1, 31.7]])
    row = ACTIVATIONS["swish_beta"]
    for beta in (1.702, 1.234567891):
        found = _fitted(row, x / (1 + np.exp(-beta * x)))
        assert abs(float(found.rpartition("=")[2]) - beta) < 1e-12
    assert not _fitted(ACTIVATIONS["elu"], np.maximum(x, 0.0))  # alpha = 0 is no elu


def test_an_error_state_that_a_target_sets_is_not_the_next_ones(tmp_path):
    (tmp_path / "quiet.py").write_text(QUIET, encoding="utf-8")
    _, silu = audit(str(tmp_path / "quiet.py"), dtypes=["float64"], count=100).subjects
    assert not any(f.kind == "raises" for f in silu.findings)
