"""Other people's activations: what holds becomes a row, what does not becomes a reason, and nobody else notices."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import pytest

import actbench as ab
from actbench.activations.registry import ACTIVATIONS, resolve
from actbench.cli import main
from actbench.core.errors import ActbenchError
from actbench.implementations.targets import examine, is_target
from actbench.implementations.targets.slopes import Slopes, complex_agrees, find_kinks, one_sided
from actbench.implementations.targets.target import parse
from actbench.runs.modules import load

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


STANDING = """
import numpy as np

class Leaky:
    def __init__(self, a, b=0.0):
        self.a, self.b = a, b
    def __call__(self, x):
        return np.where(x > 0, x, self.a * x)

def soft(x, beta=1.0):
    return x / (1.0 + np.exp(-beta * x))

def SOFT(x):
    return x * 3.0

def called(x):
    y = x.copy()
    y[y < 0] *= 0.25
    return y
"""


@pytest.fixture
def standing(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(STANDING)
    monkeypatch.chdir(tmp_path)
    with ACTIVATIONS.temporary():
        yield


@pytest.mark.slow
def test_a_target_stands_wherever_a_name_does_in_python(standing):
    x = np.linspace(-3, 3, 7)
    np.testing.assert_allclose(ab.get("mine.py:soft")(x), resolve("silu")(x), rtol=1e-14)
    np.testing.assert_allclose(ab.get("mine.py:soft(beta=2.0)")(x), x / (1 + np.exp(-2 * x)), rtol=1e-14)
    np.testing.assert_allclose(ab.get("mine.py:Leaky(0.3)")(x), np.where(x > 0, x, 0.3 * x))
    np.testing.assert_array_equal(ab.get("mine.py:called")(x), np.where(x > 0, x, 0.25 * x))
    assert ab.get("mine.py:SOFT")(x)[0] == -9.0, "names that differ in case alone are two functions"
    assert ab.theory.moments("mine.py:soft").second == pytest.approx(ab.theory.moments("silu").second, rel=1e-10)
    assert ab.testing.check(lambda v: ab.get("silu")(v), like="mine.py:soft", dtype="float32") <= 1.0
    with pytest.raises(AssertionError, match="ulp"):
        ab.testing.check(lambda v: v * np.float32(0.5), like="mine.py:SOFT")
    wrong = {
        "mine.py:sof": "no object named 'sof'",
        "mine.py:soft(2.0)": "its first argument is x",
        "mine.py:soft(beta=x)": "no name of an object",
        "mine.py:Leaky": "needs a",
        "other.py:act": r"no file 'other\.py'",
    }
    for text, said in wrong.items():
        with pytest.raises(ActbenchError, match=said):
            ab.get(text)
    with pytest.raises(ActbenchError, match="nothing exact is known"):
        ab.testing.check(np.abs, like="mine.py:called")


def test_a_target_that_was_edited_is_another_row_in_the_same_process(standing):
    before = ab.get("mine.py:SOFT")
    Path("mine.py").write_text("def SOFT(x):\n    return x * 4.0\n")
    after = ab.get("mine.py:SOFT")
    assert (before(np.ones(1)), after(np.ones(1))) == (3.0, 4.0)
    assert before.name != after.name


@pytest.mark.slow
def test_cells_of_targets_are_computed_by_workers_and_found_again(standing, tmp_path, capsys):
    words = ["run", "activity", "--activation", "relu", "mine.py:soft", "mine.py:called", "--depth", "2", "--net",
             "0:2", "--workers", "2", "--out", str(tmp_path / "out")]  # fmt: skip
    assert main(words) == 0
    first = (tmp_path / "out/data/activity.csv").read_bytes()
    assert b"mine.soft" in first
    assert b"mine.called" in first
    capsys.readouterr()
    assert main(words) == 0
    assert "12 cells were there already" in capsys.readouterr().out
    assert (tmp_path / "out/data/activity.csv").read_bytes() == first


def test_a_target_is_raced_as_it_was_given_and_ours_beside_it_only_where_there_is_a_trace(standing):
    from actbench.speed.lineup import prepare

    traced, called = (prepare(ab.get(f"mine.py:{name}").spec, "forward", "float32", 4096, contenders=["numpy"])
                      for name in ("soft", "called"))  # fmt: skip
    assert {"actbench", "as given", "numpy"} <= set(traced.entries)
    assert {entry.wrong for entry in traced.entries.values()} == {""}
    assert set(called.absent) == {"actbench", "numpy"}
    assert "as given" in called.entries


def test_verbs_take_targets(standing, capsys):
    assert main(["vectors", "mine.py:soft", "--count", "8", "--format", "csv"]) == 0
    assert main(["show", "mine.py:Leaky(0.3)"]) == 0
    assert "slope 0.3 is used there" in capsys.readouterr().out
    assert main(["vectors", "mine.py:called"]) == 2
    assert main(["vectors", "mine.py:nothing"]) == 2
    assert [len(line) < 400 for line in capsys.readouterr().err.splitlines()] == [True, True]


@pytest.mark.slow
def test_brackets_reach_a_librarys_function_and_class():
    pytest.importorskip("torch")
    x = np.linspace(-3, 3, 7)
    with ACTIVATIONS.temporary():
        for text in ("torch:nn.GELU(approximate='tanh')", "torch.nn.functional:gelu(approximate='tanh')"):
            np.testing.assert_allclose(ab.get(text)(x), resolve("gelu_tanh")(x), rtol=1e-12)


@pytest.mark.slow
def test_a_file_may_be_called_as_what_is_installed_and_stand_beside_such_files(tmp_path):
    text = "import numpy as np\n\ndef leak(x):\n    return np.where(x > 0, x, 0.1 * x)\n"
    names = ("numpy", "json", "random", "relu", "actbench", "mine")
    for name in names:
        (tmp_path / f"{name}.py").write_text(text)
    found = examine([f"{tmp_path / name}.py:leak" for name in names], tmp_path / "out", workers=2)
    assert [(e.reason, e.traced) for e in found] == [("", True)] * len(names)


def test_a_target_is_told_from_a_row_and_asks_for_what_is_missing():
    assert [is_target(t) for t in ("my.py:act", "torch.nn.functional:silu")] == [True, True]
    assert [is_target(t) for t in ("leaky_relu:negative_slope=0.2", "relu", "relu:")] == [False, False, False]
    assert is_target("torch:nn.GELU(approximate='a:b')")
    with pytest.raises(ActbenchError, match=r"no file 'nowhere\.py'"):
        parse("nowhere.py:act")
    with pytest.raises(ActbenchError, match="names no object"):
        parse("nowhere.py")
