"""Whose fault it is: arguments that ask for another row, what a target does to NumPy."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from actbench.activations.registry import ACTIVATIONS
from actbench.audit.audited import audit
from actbench.audit.recognise import _fitted, recognise
from actbench.audit.written import as_data
from actbench.cli import main
from actbench.core.errors import ActbenchError
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


NO_ROWS = """
import numpy as np
def relu(x):
    return np.maximum(x, 0)
def mine(x):
    return np.where(x > 0, x, 0.25 * x) + 0.0625
def SineReLU(x):
    return np.where(x > 0, x, 0.3 * (np.sin(x) - np.cos(x)))
def scaled_to_one(x):
    return x / np.sqrt((x * x).sum())
def unchanged(x):
    return x * 1
def ones(x):
    return np.ones_like(x)
def loss(y, target):
    return ((y - target) ** 2).sum()
"""


def test_what_is_elementwise_and_no_row_is_named_with_the_nearest(tmp_path, capsys):
    file, page = tmp_path / "some.py", tmp_path / "page.html"
    file.write_text(NO_ROWS, encoding="utf-8")
    report = audit(str(file), dtypes=["float32"], count=100)
    left = {one.target.rpartition(":")[2]: one for one in report.left_out}
    assert set(left) == {"mine", "SineReLU"}
    assert report.others == 4
    x = np.linspace(-4.03, 3.97, 65)
    row = ACTIVATIONS[left["mine"].near]
    off = np.abs(np.where(x > 0, x, 0.25 * x) + 0.0625 - row.forward(x)).max()
    assert f"nearest is {row.name}, off by {off:.2g} at x = " in left["mine"].why_not
    assert "relu is but a part of its name; nearest is" in left["SineReLU"].why_not
    assert main(["audit", str(file), "--count", "100", "--dtype", "float32", "--html", str(page), "--lang", "zh"]) == 0
    assert f"some.py:mine：不是目录中的函数；最接近的是 {row.name}" in capsys.readouterr().out
    assert "最接近的是" in page.read_text(encoding="utf-8")
    reasons = {one["target"].rpartition(":")[2]: one["reason"] for one in as_data(report)["left_out"]}
    assert reasons["mine"] == left["mine"].why_not


def test_one_object_that_is_no_row_is_told_the_nearest(tmp_path):
    (tmp_path / "some.py").write_text(NO_ROWS, encoding="utf-8")
    with pytest.raises(ActbenchError, match="is no function of the catalogue; nearest is"):
        audit(f"{tmp_path / 'some.py'}:mine", dtypes=["float32"], count=100)
