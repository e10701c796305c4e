"""Other people's activations: what holds becomes a row, what does not becomes a reason, and nobody else notices."""

from __future__ import annotations

import textwrap

import numpy as np
import pytest

from actbench.activations.registry import ACTIVATIONS, resolve
from actbench.core.errors import ActbenchError
from actbench.implementations.targets import examine, is_target
from actbench.implementations.targets.slopes import Slopes, complex_agrees, find_kinks, one_sided
from actbench.implementations.targets.target import parse
from actbench.runs.workers import load

GOOD = """
import numpy as np

def soft(x):
    return x / (1.0 + np.exp(-x))

def branchy(x):
    out = x.copy()
    out[x < -1.0] = -1.0
    return out

class Layer:
    def forward(self, x):
        self.y = np.maximum(0, x)
        return self.y

    def backward(self, d):
        d[self.y <= 0] = 0
        return d

def two_slopes(x, a=0.3):
    return np.where(x > 0, x, a * x)
"""


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    (folder / "mine.py").write_text(textwrap.dedent(GOOD))
    names = ["soft", "branchy", "Layer", "two_slopes"]
    found = examine([f"{folder / 'mine.py'}:{name}" for name in names], folder / "out", workers=2)
    with ACTIVATIONS.temporary():
        load([e.module for e in found if e.module])
        yield {e.name.partition(".")[2]: e for e in found}


def test_what_is_heard_becomes_a_row_with_exact_slope_and_what_is_not_is_called(good):
    assert {name: (e.reason, e.traced) for name, e in good.items()} == {
        "soft": ("", True), "branchy": ("", False), "Layer": ("", False), "two_slopes": ("", True),
    }  # fmt: skip
    assert "symbolically" in good["soft"].found["derived"]
    assert "handed" in good["Layer"].found["remarks"][0]
    assert good["branchy"].found["facts"]["kinks"] == [[-1.0, 0.0]]


@pytest.mark.parametrize(("mine", "row"), [("soft", "silu"), ("Layer", "relu"), ("two_slopes", "leaky_relu")])
def test_a_plug_in_has_the_values_and_slopes_of_the_row_that_it_is(good, mine, row):
    one, other = resolve(good[mine].name), resolve(row)
    if mine == "two_slopes":
        other = other.bind(negative_slope=0.3)
    x = np.linspace(-6, 6, 1001)
    np.testing.assert_allclose(one(x), other(x), rtol=1e-13, atol=1e-300)
    np.testing.assert_allclose(one.backward(np.ones_like(x), x), other.backward(np.ones_like(x), x), rtol=1e-12)


def test_a_heard_plug_in_compiles_and_one_that_is_called_trains_too(good):
    from actbench.kernels.kernel import kernel
    from actbench.networks.data import data_set
    from actbench.networks.scores import train_and_score
    from actbench.networks.training import Recipe, design_for

    x = np.linspace(-3, 3, 33, dtype=np.float32)
    run = kernel(good["soft"].name, "forward", dtype="float32")
    np.testing.assert_allclose(run(x), resolve("silu")(x), rtol=1e-5)
    data = data_set("xor")
    design = design_for(data, activation=good["branchy"].name, depth=1, width=4)
    scores = train_and_score(design, data, [0], Recipe(epochs=1))
    assert 0.0 <= scores.test[0] <= 1.0


def test_slopes_of_a_called_function_meet_the_exact_ones_within_the_estimated_error():
    slopes = Slopes(f=np.tanh)
    x = np.linspace(-5, 5, 101)
    found, error = slopes.with_error(x)
    exact = 1 / np.cosh(x) ** 2
    assert (np.abs(found - exact) <= np.maximum(error, 1e-12) * 3).all()
    assert complex_agrees(np.tanh, slopes, x)
    # |x| by NumPy's absolute is real for complex numbers: the step says 0, Ridders says 1, and Ridders is believed
    assert not complex_agrees(lambda v: np.absolute(v) + 0j * v, Slopes(f=np.absolute, kinks=(0.0,)), x[x != 0])


@pytest.mark.parametrize(
    ("f", "kinks"),
    [
        (np.tanh, []),
        (lambda x: np.maximum(x, 0), [0.0]),
        (lambda x: np.clip(x, -3, 6) * 1.0, [-3.0, 6.0]),
        (lambda x: np.where(x < 0.7, 0.0, 1.0), [0.7]),
        (lambda x: np.log1p(np.exp(-np.abs(20 * x))) + 20 * np.maximum(x, 0), []),  # sharp, and smooth
    ],
)
def test_kinks_are_where_the_one_sided_slopes_differ_and_nowhere_else(f, kinks):
    assert find_kinks(f) == pytest.approx(kinks, abs=1e-9)


def test_one_sided_slopes():
    assert one_sided(np.abs, 0.0, 1.0) == pytest.approx(1.0, abs=1e-6)
    assert one_sided(np.abs, 0.0, -1.0) == pytest.approx(-1.0, abs=1e-6)


def test_an_edited_plug_in_is_another_row_and_an_entry_point_is_a_target(tmp_path, monkeypatch):
    from actbench.implementations.targets import target

    file = tmp_path / "edited.py"
    names = []
    for factor in (2.0, 3.0):
        file.write_text(f"def act(x):\n    return {factor} * x\n")
        (answer,) = examine([f"{file}:act"], tmp_path / "out")
        names.append(answer.name)
    assert names[0] == "edited.act"
    assert names[1].startswith("edited.act_")
    monkeypatch.setattr(target, "entry_points", lambda: {"mine": f"{file}:act"})
    assert is_target("mine")
    assert parse("mine").file == file


def test_a_target_is_told_from_a_row_and_asks_for_what_is_missing():
    assert [is_target(t) for t in ("my.py:act", "torch.nn.functional:silu")] == [True, True]
    assert [is_target(t) for t in ("leaky_relu:negative_slope=0.2", "relu")] == [False, False]
    with pytest.raises(ActbenchError, match=r"no file 'nowhere\.py'"):
        parse("nowhere.py:act")
    with pytest.raises(ActbenchError, match="names no object"):
        parse("nowhere.py")
