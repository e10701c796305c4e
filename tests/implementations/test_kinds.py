"""Kinds of other people's code that were believed when they were wrong: each measured as it is, or said in words."""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
import warnings

import mpmath
import numpy as np
import pytest

import actbench as ab
from actbench.activations.registry import ACTIVATIONS, resolve
from actbench.cli import main
from actbench.implementations.targets import examine
from actbench.implementations.targets.facts import ends, facts
from actbench.implementations.targets.objects import adapt, in_words
from actbench.implementations.targets.slopes import Slopes, one_sided
from actbench.runs.modules import load

TAKEN = """
import functools
import numpy as np

class Scaled:
    def __init__(self, a, b=1.0):
        self.a, self.b = a, b
    def __call__(self, x):
        return self.forward(x)
    def forward(self, x):
        self.x = x
        return self.a * np.tanh(self.b * x)
    def backward(self, dy):
        return dy * self.a * self.b * (1 - np.tanh(self.b * self.x) ** 2)

scaled = Scaled(0.3, b=2.0)
changed = Scaled(1.0)
changed.a = 5.0
partial = functools.partial(lambda x, slope: np.where(x > 0, x, slope * x), slope=0.4)

class Half:
    def forward(self, x):
        self.x = x
        return x * x
    def backward(self, dy):
        return dy * self.x

def naive_tanh(x):
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))

def naive_softplus(x):
    return np.log(1 + np.exp(x))

def cube(x):
    return np.cbrt(x)

def root(x):
    return np.sqrt(x * x + 0.0)

def steps(x):
    return np.interp(x, np.arange(-12.0, 12.5, 0.5), np.sin(np.arange(-12.0, 12.5, 0.5) ** 2))
"""

REFUSED = {
    "first": ("act = np.vectorize(lambda v: v if v > 0.3 else -1)", "otypes"),
    "largest": ("def act(x): return x / max(1.0, np.abs(x).max() / 1e3)", "elementwise"),
    "finite": ("def act(x): return np.tanh(x) if np.isfinite(x).all() else x", "elementwise"),
    "many": ("def act(x): return np.tanh(x) if x.size < 1000 else x", "how many"),
    "rows": ("def act(x): return x if x.ndim == 1 else x - x.mean(axis=0)", "shape"),
    "ordered": ("def act(x): return np.maximum.accumulate(x)", "elementwise"),
    "branch": ("def act(x): return x if x > 0 else 0 * x", "np.where"),
    "both": ("def act(x): return max(0.0, x)", "np.where"),
    "math": ("import math\ndef act(x): return math.tanh(x)", "np.exp for math.exp"),
    "pair": ("def act(x): return np.tanh(x), 1 - np.tanh(x) ** 2", "tuple"),
    "more": ("def act(x, slope): return np.where(x > 0, x, slope * x)", "functools.partial"),
    "needs": ("class act:\n    def __init__(self, alpha): pass\n    def forward(self, x): return x\n"
              "    def backward(self, dy): return dy", "needs alpha"),
    "counts": ("class act:\n    n = 0\n    def forward(self, x):\n        self.n += 1\n        return x * self.n\n"
               "    def backward(self, dy): return dy", "state"),
}  # fmt: skip


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    (folder / "mine.py").write_text(textwrap.dedent(TAKEN))
    names = ["scaled", "changed", "partial", "Half", "naive_tanh", "naive_softplus", "cube", "root", "steps"]
    answers = examine([f"{folder / 'mine.py'}:{name}" for name in names], folder / "out", workers=2)
    with ACTIVATIONS.temporary():
        assert not any(answer.reason for answer in answers), [answer.reason for answer in answers]
        load([answer.module for answer in answers])
        yield dict(zip(names, answers, strict=True)) | {"file": folder / "mine.py"}


def test_the_object_that_was_given_is_measured(taken):
    x = np.linspace(-2, 2, 9)
    for name, value, slope in (
        ("scaled", 0.3 * np.tanh(2 * x), 0.6 / np.cosh(2 * x) ** 2),
        ("changed", 5 * np.tanh(x), 5 / np.cosh(x) ** 2),
        ("partial", np.where(x > 0, x, 0.4 * x), np.where(x > 0, 1.0, 0.4)),
    ):
        row = resolve(taken[name].name)
        np.testing.assert_allclose(row(x), value, rtol=1e-12)
        np.testing.assert_allclose(row.backward(np.full_like(x, 2.0), x), 2 * slope, rtol=1e-9)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_function_of_each_element_is_refused_with_what_to_do(tmp_path, name):
    body, said = REFUSED[name]
    (tmp_path / "bad.py").write_text(f"import numpy as np\n{body}\n")
    (answer,) = examine([f"{tmp_path / 'bad.py'}:act"], tmp_path / "out")
    assert said in answer.reason
    assert len(answer.reason) < 200
    assert "\n" not in answer.reason


def test_a_backward_pass_that_is_another_function_s_is_said_where_and_by_how_much(taken, capsys):
    found = taken["Half"].found
    assert found["disagrees"] > 0.4
    assert "in place of" in found["slope_differs"]
    assert not found["nonlinear"]
    assert main(["show", f"{taken['file']}:Half"]) == 0
    said = capsys.readouterr().out
    assert "f'(x) in use" in said
    assert "not the function's at" in said


@pytest.mark.parametrize(
    "backward",
    [
        lambda dy, x: 1 / np.cosh(x.astype(float)) ** 2,
        lambda dy, x: dy * dy / np.cosh(x.astype(float)) ** 2,
        lambda dy, x: np.abs(dy) / np.cosh(x.astype(float)) ** 2,
        lambda dy, x: dy / np.cosh(x.astype(float)) ** 2 + (dy - 1) * 1e-3,
    ],
)
def test_a_backward_pass_is_linear_in_what_arrives(backward):
    def called(dy, x):
        with np.errstate(all="ignore"):
            return np.asarray(backward(dy, x), x.dtype)

    with pytest.raises(AssertionError, match="not linear in dy"):
        ab.testing.check(called, "tanh", direction="backward", kinks=False, limits=False, max_ulp=100)


@pytest.mark.parametrize("name", ["tanh", "silu", "gelu", "leaky_relu"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_right_backward_pass_is_linear(name, dtype):
    run = ab.kernel(name, "backward", dtype=dtype)
    ab.testing.check(lambda dy, x: run(dy, x), name, direction="backward", dtype=dtype, max_ulp=12)


def test_a_derived_slope_is_right_where_its_formula_overflows_and_exact_only_where_it_is(taken):
    x = np.array([-100.0, -45.0, 45.0, 100.0])
    for dtype in ("float32", "float64"):
        row = resolve(taken["naive_tanh"].name)
        run, eps = ab.kernel(row.spec, "backward", dtype=dtype), float(np.finfo(dtype).eps)
        np.testing.assert_allclose(run(np.ones(4, dtype), x.astype(dtype)), 0.0, atol=4 * eps)  # 1 - y y, rounded
        soft = ab.kernel(taken["naive_softplus"].name, "backward", dtype=dtype)
        np.testing.assert_allclose(soft(np.ones(4, dtype), x.astype(dtype))[2:], 1.0, rtol=1e-6)
    assert "not exact" not in taken["naive_tanh"].found["derived"]  # taken of np.tanh


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("x / (1 + np.abs(x))", True), ("x / np.sqrt(1 + x * x)", False), ("1.5 * (0 < x) * x", True),
        ("x * np.exp(x) / (1 + np.exp(x))", True), ("x * np.exp(-np.abs(x))", True), ("np.arctan(x)", True),
    ],
)  # fmt: skip
def test_a_derived_slope_is_called_exact_where_it_is_within_16_ulp_of_mpmath(tmp_path, text, exact):
    """Held here at other points than those by which it is called so."""
    (tmp_path / "mine.py").write_text(f"import numpy as np\n\n\ndef act(x):\n    return {text}\n", encoding="utf-8")
    (made,) = examine([f"{tmp_path / 'mine.py'}:act"], tmp_path)
    load([made.module])
    assert ("exact" in made.found["derived"] and "not exact" not in made.found["derived"]) is exact
    x = np.float32([-60.5, -17.25, -3.1, -0.7, 0.02, 2.9, 33.3, 80.1]).astype(np.float64)
    row = resolve(made.name)
    with mpmath.workprec(400):
        f = eval(f"lambda x: {text}", {"np": Words})
        right = [mpmath.diff(f, mpmath.mpf(v), h=mpmath.mpf(2) ** -150) for v in x]
        came = row.backward(np.ones(8), x)
        pairs = [(float(c), r) for c, r in zip(came, right, strict=True) if abs(r) > 1e-300]
        off = [abs(c - r) / abs(r) * 2**52 for c, r in pairs]
    assert not exact or max(off) <= 17


class Words:
    """NumPy's names in mpmath."""

    abs, sqrt, exp, arctan = mpmath.fabs, mpmath.sqrt, mpmath.exp, mpmath.atan


@pytest.mark.parametrize("text", ["np.sqrt(x ** 2)", "np.sign(x) * np.sqrt(np.abs(x))", "np.where(x == 0, 0.0, 1 / x)",
                                  "np.where(np.abs(x) < 1, np.sqrt(1 - x * x), 0.0)"])  # fmt: skip
def test_a_card_is_shown_without_numpy_s_warnings(tmp_path, text, capsys):
    (tmp_path / "mine.py").write_text(f"import numpy as np\n\n\ndef act(x):\n    return {text}\n", encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert main(["show", f"{tmp_path / 'mine.py'}:act"]) == 0
    assert "RuntimeWarning" not in capsys.readouterr().err


def test_words_of_numpy_are_traced_with_the_slope_of_a_root(taken):
    assert taken["cube"].traced
    row = resolve(taken["cube"].name)
    x = np.array([-8.0, 1e-3, 27.0, 1e-12])
    np.testing.assert_allclose(row.backward(np.ones(4), x), 1 / (3 * np.cbrt(x) ** 2), rtol=1e-12)
    run = ab.kernel(row.spec, dtype="float64")
    np.testing.assert_allclose(run(np.array([-8.0, 0.0, np.inf, 1e-300])), [-2.0, 0.0, np.inf, 1e-100], rtol=1e-14)
    assert math.isnan(float(run(np.array([np.nan]))[0]))


def test_the_slope_at_a_kink_is_the_same_in_the_card_and_in_use(taken):
    for name in ("root", "partial"):
        row = resolve(taken[name].name)
        (kink,) = row.fact("kinks").items()
        with np.errstate(all="ignore"):
            assert row.backward(np.ones(1), np.array([kink[0]]))[0] == kink[1].slope


def test_many_kinks_are_summarised(taken, capsys):
    assert main(["show", f"{taken['file']}:steps"]) == 0
    said = capsys.readouterr().out
    assert len(said.splitlines()) < 60


@pytest.mark.parametrize(
    ("f", "limits", "bounds"),
    [
        (lambda x: x / (1 + np.abs(x)), (-1.0, 1.0), (-1.0, 1.0)),
        (lambda x: 2 / np.pi * np.arctan(x), (-1.0, 1.0), (-1.0, 1.0)),
        (lambda x: x / np.sqrt(1 + x * x), (-1.0, 1.0), (-1.0, 1.0)),
        (lambda x: np.log(np.abs(x) + 1), (np.inf, np.inf), (0.0, np.inf)),
        (lambda x: np.maximum(x, 0), (0.0, np.inf), (0.0, np.inf)),
    ],
)
def test_limits_and_bounds_are_read_far_out(f, limits, bounds):
    found = facts(f, Slopes(f=f), [])
    assert found["limits"] == pytest.approx(list(limits), abs=1e-9)
    assert found["bounds"] == pytest.approx(list(bounds), abs=1e-9)


WHOLE = tuple(np.arange(-120.0, 121.0))
# what goes on for ever: (function, its slope, its kinks, limits, slope limits); NaN where there is none
FOR_EVER = {
    "stairs": (np.floor, np.zeros_like, WHOLE, (-np.inf, np.inf), (0.0, 0.0)),
    "stairs of one side": (lambda x: np.maximum(np.rint(x - 0.5), 0), np.zeros_like, WHOLE[121:], (0.0, np.inf),
                           (0.0, 0.0)),
    "sawtooth": (lambda x: x - np.floor(x), np.ones_like, WHOLE, (np.nan, np.nan), (1.0, 1.0)),
    "triangles": (lambda x: np.abs(np.mod(x, 2.0) - 1), lambda x: np.where(np.mod(x, 2.0) < 1, -1.0, 1.0), WHOLE,
                  (np.nan, np.nan), (np.nan, np.nan)),
    "square": (lambda x: np.sign(np.sin(np.pi * x)), np.zeros_like, WHOLE, (np.nan, np.nan), (0.0, 0.0)),
    "half waves": (lambda x: np.abs(np.sin(x)), lambda x: np.cos(x) * np.sign(np.sin(x)),
                   tuple(np.pi * np.arange(-38, 39)), (np.nan, np.nan), (np.nan, np.nan)),
    "sine": (np.sin, np.cos, (), (np.nan, np.nan), (np.nan, np.nan)),
    "growing": (lambda x: x * np.cos(x), lambda x: np.cos(x) - x * np.sin(x), (), (np.nan,) * 2, (np.nan,) * 2),
    "fading": (lambda x: np.sin(x) / np.hypot(1, x), lambda x: np.cos(x) / np.hypot(1, x), (), (0.0,) * 2, (0.0,) * 2),
    "snake": (lambda x: x + np.sin(x) ** 2, lambda x: 1 + np.sin(2 * x), (), (-np.inf, np.inf), (np.nan, np.nan)),
}  # fmt: skip


@pytest.mark.parametrize("name", FOR_EVER)
def test_what_goes_on_for_ever_has_the_limits_that_it_has(name):
    f, slope, kinks, limits, slope_limits = FOR_EVER[name]
    found = facts(f, slope, kinks)
    np.testing.assert_allclose(found["limits"], limits, atol=1e-6)
    np.testing.assert_allclose(found["slope_limits"], slope_limits, atol=1e-6)
    assert not [remark for remark in ends(f, found["limits"]) if " on" in remark]


def test_a_kink_s_slope_is_read_before_the_next_kink():
    stairs = Slopes(f=lambda x: np.rint(4 * x) / 4, kinks=tuple(np.arange(-119.875, 120, 0.25)))
    assert not stairs(np.array([-119.875, -50.125, 0.125, 100.125])).any()


def test_an_overflow_is_said_where_one_is():
    with np.errstate(all="ignore"):
        cut, _ = ends(lambda x: np.where(np.abs(x) > 700, 0.0, np.tanh(x)), (-1.0, 1.0))
        lost, _ = ends(lambda x: x / np.sqrt(1 + x * x), (-1.0, 1.0))
    assert cut.startswith("it gives 0 from x = -700 on: its values tend to -1")
    assert lost.startswith("it gives -0 from x = -1.34078e+154 on, an overflow inside it: its values tend to -1")


def test_noise_is_no_root_and_a_limit_that_is_1_is_1():
    def slope(z):
        return 1 + 1 / (1 + 1 / np.exp(z)) * (-1 / (np.exp(z) * np.exp(z)) * np.exp(z))  # of z + log(1 + 1 / exp(z))

    with np.errstate(all="ignore"):
        assert facts(lambda z: z + np.log(1 + 1 / np.exp(z)), slope, [])["roots_of_slope"] == []
    drifts = facts(lambda x: np.logaddexp(0, x), lambda x: np.where(x > 0, (1.0 + x) - x, 1.0), [])  # as naive Swish's
    assert drifts["slope_limits"] == [1.0, 1.0]
    assert facts(np.sin, np.cos, [])["roots_of_slope"][:2] == pytest.approx([-np.pi / 2, np.pi / 2])


def test_what_the_code_gives_at_the_ends_is_said_beside_what_it_tends_to(taken):
    remarks = taken["naive_softplus"].found["remarks"]
    assert any("gives inf from x = 709.7" in text for text in remarks)
    assert ends(lambda x: x * np.tanh(x), (np.inf, np.inf)) == []
    assert ends(np.exp, (0.0, np.inf)) == []  # a result too large for the format is no flaw


def test_a_slope_that_grows_without_end_is_infinite_and_one_beside_a_root_is_found():
    assert one_sided(lambda x: np.sqrt(np.maximum(x, 0)), 0.0, 1.0) == np.inf
    slope, error = Slopes(f=lambda x: np.sign(x) * np.sqrt(np.abs(x)), kinks=(0.0,)).with_error(np.array([1e-4]))
    assert slope[0] == pytest.approx(50.0, rel=1e-3)
    assert abs(slope[0] - 50.0) <= max(10 * error[0], 1e-6)


def test_torch_s_functions_modules_and_autograd_functions_are_adapted():
    torch = pytest.importorskip("torch", reason="an optional peer")

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, dy):
            return 2 * dy

    x = np.linspace(-2, 2, 5)
    for given, value in (
        (Double, 2 * x),
        (torch.nn.LeakyReLU(0.3), np.where(x > 0, x, 0.3 * x)),
        (torch.tanh, np.tanh(x)),
    ):
        made = adapt(given)
        assert made.library == "torch"
        np.testing.assert_allclose(made.values("forward", "float64")(x), value, rtol=1e-12)


def test_a_library_s_own_words_become_one_sentence():
    assert "np.where" in in_words(ValueError("The truth value of an array with more than one element is ambiguous."))
    assert len(in_words(RuntimeError("x" * 5000))) < 200


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_leaves_no_process_behind_and_is_heeded_at_once(tmp_path, how):
    mark = tmp_path / "pid"
    (tmp_path / "slow.py").write_text(
        f"import os, time\ndef act(x):\n    open({str(mark)!r}, 'w').write(str(os.getpid()))\n    time.sleep(600)\n"
    )
    show = subprocess.Popen([sys.executable, "-m", "actbench", "show", f"{tmp_path / 'slow.py'}:act"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        _until(lambda: mark.exists() and mark.read_text(), 60)
        show.send_signal(how)
        show.wait(20)
        _until(lambda: not _alive(int(mark.read_text())), 20)
    finally:
        show.kill()


def _until(condition, seconds):
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last
        time.sleep(0.05)


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_many_kinks_are_a_number_and_an_extent(tmp_path):
    """A table that is interpolated, or stairs, which nobody reads kink by kink."""
    (tmp_path / "mine.py").write_text("""
import numpy as np

grid = np.linspace(-8, 8, 257)

def act(x):
    return np.interp(x, grid, np.tanh(grid))
""", encoding="utf-8")  # fmt: skip
    (made,) = examine([f"{tmp_path / 'mine.py'}:act"], tmp_path)
    assert re.search(r"kinks found at \d{2,3} places from -\d", made.found["derived"])
    assert len(made.found["derived"]) < 250
