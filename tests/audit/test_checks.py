"""Every check of an audit, in this process: all that is found of each planted fault, and nothing of the correct twins.

test_planted.py audits the same files as a user does; here a change of a check is noticed by the very fault that it is
there for, as `python -m tools.mutants` asks.
"""

from __future__ import annotations

import csv
import importlib.util
import warnings
from functools import partial
from pathlib import Path

import mpmath
import numpy as np
import pytest

from actbench.audit.arrays import sample
from actbench.audit.child import audited
from actbench.audit.discover import Candidate
from actbench.audit.finding import Finding
from actbench.core.errors import ActbenchError

HERE = Path(__file__).parent
ASKED = {"target": "", "like": "", "dtypes": ["float32", "float64"], "max_ulp": None, "count": 1000}


def module(name):
    """Loaded anew: some of the planted faults are what a module keeps between calls."""
    spec = importlib.util.spec_from_file_location(f"checked_{name}", HERE / f"{name}.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def found(given, name, **asked):
    """All findings about an object."""
    candidate = Candidate(target=f"planted.py:{name}", name=name, given=partial(lambda it: it, given), explicit=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = audited(candidate, ASKED | asked, lambda stage: None)
    assert not said["why_not"]
    return [Finding(**one) for one in said["findings"]]


with (HERE / "found.csv").open(encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))
PLANTED = list(dict.fromkeys(row["name"] for row in ROWS))
TWINS = [name for name in vars(module("twins")) if not name.startswith("_") and name != "np"]


@pytest.mark.parametrize("name", PLANTED)
def test_all_that_is_found_of_a_planted_fault(name):
    came = found(getattr(module("planted"), name), name)
    got = {(f.kind, f.direction, " ".join([f.dtype, *f.also]), f.level) for f in came}
    assert got == {(r["class"], r["pass"], r["formats"], r["severity"]) for r in ROWS if r["name"] == name}


@pytest.mark.parametrize("name", TWINS)
def test_a_correct_twin_has_no_finding(name):
    dtypes = ["float32", "float64", "float16"]
    assert not [f.sentence() for f in found(getattr(module("twins"), name), name, dtypes=dtypes)]


GATES = module("test_gate_passes")


def gate(**change):
    names = {"np": np}
    exec(GATES.CLASS.format(**(GATES.RIGHT | change)), names)  # a class that is written there
    return found(names["SwigluClamped"](), "SwigluClamped", dtypes=["float32"], count=200)


@pytest.mark.parametrize("fault", GATES.PLANTED)
def test_all_that_is_found_of_a_gate_s_gradients(fault):
    change, part = GATES.PLANTED[fault]
    (one,) = gate(**change)
    assert (one.kind, one.direction, one.level, one.dtype) == ("gate", "backward", "error", "float32")
    assert part in one.detail
    assert one.came != one.exact


def test_a_right_gate_has_no_finding():
    assert not [one.sentence() for one in gate()]


def swiglu(a, b):
    return a / (1 + np.exp(-a)) * b


def test_a_gate_of_two_inputs_is_told_what_it_is_instead():
    (one,) = found(lambda a, b: swiglu(b, a), "swiglu", dtypes=["float32"], count=200)
    assert (one.kind, one.direction, one.level) == ("gate", "forward", "error")
    assert "a = " in one.detail
    assert "swiglu" in one.detail


def test_a_gate_that_loses_a_tail_or_digits_is_no_wrong_one():
    (lost,) = found(lambda a, b: np.where(a < -30, a * 0, swiglu(a, b)), "swiglu", dtypes=["float64"], count=200)
    assert lost.level == "warning"
    assert lost.came == 0
    (rough,) = found(lambda a, b: swiglu(a, b) * (1 + 40 * np.finfo(a.dtype).eps), "swiglu", dtypes=["float64"],
                     count=200)  # fmt: skip
    assert rough.level == "note"
    assert 16 < rough.ulp < 90
    rounded = partial(found, lambda a, b: swiglu(a, b) * (1 + 40 * np.finfo(a.dtype).eps), "swiglu", count=200)
    assert not rounded(dtypes=["float64"], max_ulp=1e5)
    (flushed,) = rounded(
        dtypes=["float32"], max_ulp=1e5
    )  # exp(100) is too large for float32, -100 * 100 / exp(100) is not
    assert (flushed.came, flushed.detail) == (0, "a = -100.0, b = 100.0")
    assert 0 < -flushed.exact < np.finfo(np.float32).tiny


def test_a_gate_is_found_by_what_it_is_said_to_be():
    (one,) = found(lambda a, b: b * 1.0, "mine", dtypes=["float32"], count=200, like="swiglu")
    assert one.row == "swiglu"
    assert not found(lambda a, b: a / (1 + np.exp(-1.5 * a)) * b, "mine", dtypes=["float64"], count=200, max_ulp=1e6,
                     like="swiglu_beta:alpha=1.5")  # fmt: skip


def test_a_gate_s_severity_follows_its_error():
    (rough,) = found(lambda a, b: swiglu(a, b) * (1 + 1e-11), "swiglu", dtypes=["float64"], count=200)
    assert rough.ulp > 1000
    assert rough.level == "warning"
    assert rough.detail.startswith("a = ")
    (flushed,) = found(lambda a, b: np.where(np.abs(swiglu(a, b)) < 3e-321, 0.0, swiglu(a, b)), "swiglu",
                       dtypes=["float64"], count=200)  # fmt: skip
    assert flushed.level == "note"
    assert 0 < abs(flushed.exact) < 3e-321
    ((kind, direction),) = {(one.kind, one.direction) for one in gate(order="[da]") if one.level == "error"}
    assert (kind, direction) == ("shape", "backward")


def halves(x):
    return swiglu(*np.split(x, 2, axis=-1))


def interleaved(x):
    return swiglu(x[..., ::2], x[..., 1::2])


def blocks(x):
    a, b = np.moveaxis(x.reshape(*x.shape[:-1], -1, 2, 32), -2, 0)
    return swiglu(a, b).reshape(*x.shape[:-1], -1)


@pytest.mark.parametrize(("function", "like", "said"), [
    (interleaved, "swiglu", "a = 1.0, b = 3.0 of x = [1, 2, 3, 4] (swiglu:layout=interleaved)"),
    (halves, "swiglu:layout=interleaved", "a = 1.0, b = 3.0 of x = [1, 3, 2, 4] (swiglu)"),
    (halves, "swiglu:layout=blocks", "a = 1.0, b = 3.0 of an array of 128 (swiglu)"),
    (blocks, "swiglu", "a = 1.0, b = 3.0 of an array of 128 (swiglu:layout=blocks)"),
    (blocks, "swiglu:layout=interleaved", "a = 1.0, b = 3.0 of an array of 128 (swiglu:layout=blocks)"),
])  # fmt: skip
def test_a_gate_of_another_layout_shows_an_array(function, like, said):
    (one,) = found(function, "mine", dtypes=["float64"], count=200, like=like)
    assert (one.kind, one.level, one.detail) == ("gate", "error", said)


def test_halves_are_named_in_their_order():
    def glu(x):
        a, b = np.split(x, 2, axis=-1)
        return np.where(b > 3, 0, a / (1 + np.exp(-b)))

    (one,) = found(glu, "glu", dtypes=["float64"], count=200)
    a, b = (float(part.partition(" = ")[2]) for part in one.detail.partition(" of ")[0].partition(" (")[0].split(", "))
    assert b > 3
    assert one.exact == pytest.approx(a / (1 + np.exp(-b)))
    assert one.came == 0


def test_a_side_that_is_wrong_throughout_is_told_with_a_plain_input():
    class LeakyReLU(module("planted").LeakyReLU_asks_dy):
        def backward(self, dout):
            return np.where(self.x > 0, dout, 0 * dout)

        def forward(self, x):
            self.x = x
            return super().forward(x)

    (one,) = [one for one in found(LeakyReLU, "LeakyReLU", dtypes=["float64"]) if one.kind == "value"]
    assert (one.region, one.example) == ((-np.inf, 0.0), (-1.0, 0.0, 0.01))


@pytest.mark.parametrize(("name", "unused"), [("Tanh_forgets_dy", True), ("Sigmoid_of_squared_dy", False),
                                              ("TanhThatClipsItsGradient", False)])  # fmt: skip
def test_a_gradient_that_is_not_used_is_told_so(name, unused):
    (one,) = [one for one in found(getattr(module("planted"), name), name) if one.kind == "linear"]
    assert one.detail.endswith(" (dy is not used at all)") is unused


def test_the_worst_input_is_told_beside_the_smallest():
    one = next(one for one in found(softplus, "softplus", dtypes=["float64"]) if one.kind == "digits")
    dtype, at, ulp = one.worst
    assert dtype == "float64"
    assert ulp > 2 * one.ulp
    with mpmath.workprec(200):
        right = mpmath.log1p(mpmath.exp(mpmath.mpf(at)))
        off = abs(mpmath.mpf(float(softplus(np.full(64, at))[0])) - right)
    assert ulp == pytest.approx(float(off / mpmath.mpf(2) ** (np.frexp(float(right))[1] - 53)))


def test_a_smallest_input_that_is_the_worst_is_told_once():
    elu = lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1)  # noqa: E731
    assert next(one for one in found(elu, "elu", dtypes=["float64"]) if one.kind == "digits").worst is None


def softplus(x):
    return np.where(x > 30, x, np.log(1 + np.exp(np.minimum(x, 30))))


def test_what_is_written_into_is_named():
    came = found(module("planted").ReLU_writes_dy, "ReLU_writes_dy")
    (one,) = [one for one in came if one.kind == "mutation"]
    assert one.sentence().endswith("stands where dy = 0.5 (0x1p-1) was")


@pytest.mark.parametrize(("name", "row"), [("gelu", "gelu"), ("softsign_with_a_root", "softsign")])
def test_a_name_shows_an_input_at_which_it_is_plainly_wrong(name, row):
    (one,) = [one for one in found(getattr(module("planted"), name), name) if one.kind == "name"]
    assert abs(one.at) in (1.0, 2.0, 4.0, 10.0)
    assert abs(one.came - one.exact) > 0.01 * abs(one.exact)


@pytest.mark.parametrize("value", [-1.0, 1.0])
def test_another_value_in_a_tail_is_no_lost_one(value):
    tail = lambda a, b: (a < -30) & (a > -60) & (np.abs(b) > 1e-3)  # noqa: E731
    (one,) = found(lambda a, b: np.where(tail(a, b), value, swiglu(a, b)), "swiglu", dtypes=["float64"], count=200)
    assert one.level == "error"
    assert one.came == value
    assert 0 < abs(one.exact) < 1e-5


def test_what_is_no_gate_is_told_what_it_is():
    (one,) = found(lambda x: x / (1 + np.exp(-x)), "swiglu", dtypes=["float64"], count=200)
    assert (one.kind, one.direction, one.dtype) == ("shape", "forward", "float64")
    assert one.detail.endswith("of which swiglu makes one; it is silu")


def test_a_gate_that_widens_or_raises_is_told():
    (one,) = found(lambda a, b: swiglu(a.astype(np.float64), b), "swiglu", dtypes=["float32"], count=200)
    assert (one.kind, one.detail) == ("dtype", "float32 -> float64")
    narrowed = found(lambda a, b: swiglu(a, b).astype(np.float16), "swiglu", dtypes=["float32"], count=200)
    assert "float32 -> float16" in [one.detail for one in narrowed]
    (one,) = gate(order="[1 / 0]")
    assert (one.kind, one.direction, one.level) == ("raises", "backward", "warning")
    assert one.detail.startswith("every input that was tried: raises ZeroDivisionError")


@pytest.mark.parametrize("function", [np.sort, lambda x: np.concatenate([x, x])])
def test_what_takes_no_two_inputs_is_refused(function):
    with pytest.raises(ActbenchError, match="takes two inputs"):
        found(function, "swiglu", dtypes=["float64"], count=200)


def moved(y, places):
    """As many numbers of the format nearer to 0."""
    return (y.view(f"i{y.itemsize}") - places).view(y.dtype)


def odd(x):
    return x.view(f"i{x.itemsize}") % 2 == 1


def sigmoid(x):
    e = np.exp(-np.abs(x.astype(np.float64)))
    return (np.where(x >= 0, 1.0, e) / (1 + e)).astype(x.dtype)


def tanh(x):
    return np.tanh(x.astype(np.float64)).astype(x.dtype)


# Laws of values that are within what is allowed: off by so many numbers, and whether that is a finding.
BY_PLACES = {
    "monotone": (lambda x, n: np.where((x > 5) & (x < 8) & odd(x), moved(sigmoid(x), n), sigmoid(x)), "sigmoid", 8),
    "symmetry": (lambda x, n: np.where(x < -1, moved(tanh(x), n), tanh(x)), "tanh", 8),
    "bounds": (lambda x, n: np.where(x > 40, np.float32(1 + n * 2.0**-23), sigmoid(x)), "sigmoid", 2),
    "bounds, below": (lambda x, n: np.where(x < -20, np.float32(-1 - n * 2.0**-23), tanh(x)), "tanh", 2),
}  # fmt: skip


@pytest.mark.parametrize("law", BY_PLACES)
def test_a_law_has_its_slack(law):
    function, name, slack = BY_PLACES[law]
    kind = law.partition(",")[0]
    for places, seen in ((slack, False), (slack + 1, True)):
        came = found(lambda x, n=places: function(x, n), name, dtypes=["float32"])
        assert (kind in {one.kind for one in came}) is seen, places
    one = next(one for one in came if one.kind == kind)
    x = np.float32([one.at, -one.at])
    y = function(x, slack + 1)
    assert one.came == float(y[0])
    assert one.exact == {"symmetry": -float(y[1]), "bounds": np.sign(one.came)}.get(kind)
    if law == "bounds":
        assert one.at == float(np.nextafter(np.float32(40), np.float32(50)))


def test_a_step_between_seeded_points_is_seen():
    six = np.float32([6.0])
    high = moved(six, -12)[0]
    came = found(lambda x: np.where((x > 20) & (x < 30.3), high, np.clip(x, 0, 6)), "relu6", dtypes=["float32"])
    one = next(one for one in came if one.kind == "monotone")
    value, below = map(float, one.detail.split(" at "))
    assert value == pytest.approx(float(high), rel=1e-8)
    assert 30.3 - 15 < below < 30.3 < one.at < 30.3 + 15
    assert one.came == 6


@pytest.mark.parametrize("name", [name for name, (_, _, where) in module("planted").EXPECTED.items()
                                  if isinstance(where, float) or "next" in str(where)])  # fmt: skip
def test_the_smallest_input_is_that_number(name):
    planted = module("planted")
    kind, direction, where = planted.EXPECTED[name]
    one = next(one for one in found(getattr(planted, name), name) if (one.kind, one.direction) == (kind, direction))
    of = np.dtype(one.dtype).type
    if isinstance(where, str):
        where = float(np.nextafter(of(where.split()[-1]), of(np.inf)))
    np.testing.assert_equal(abs(one.at), abs(float(of(where))))


def relu(x):
    return np.where(x <= 0, np.zeros_like(x), x)


# Faults that one way of asking shows, and the first words of what is then said.
ASKED_FOR = {
    **{f"length {n}": (lambda x, n=n: relu(x) + (x.ndim == 1 and x.size == n), "length", f"n = {n}")
       for n in (1, 2, 33, 65, 128, 129, 255, 1023)},
    "an infinity": (lambda x: relu(x) + 2 * np.isinf(x).any(), "neighbours", "an infinity"),
    "NaN": (lambda x: relu(x) + 2 * np.isnan(x).any(), "neighbours", "NaN"),
    "a million": (lambda x: relu(x) + 2 * bool((np.abs(x) == 1e6).any() and np.isfinite(x).all()), "neighbours", "1e6"),
    "less than a million": (lambda x: relu(x) + 2 * bool((x == -1e6).any()), "neighbours", "-1e6"),
    "an end": (lambda x: relu(x) + 2 * bool(np.isnan(x.reshape(-1)[-1:]).any()), "neighbours", "NaN"),
    "the other end": (lambda x: relu(x) + 2 * bool(np.isnan(x.reshape(-1)[:1]).any()), "neighbours", "NaN"),
    "the order": (lambda x: relu(x) + 2 * bool(x.size == 256 and x[0] == FIRST[255]), "neighbours", "the order"),
    "0-d": (lambda x: relu(x) + (x.ndim == 0), "neighbours", "0-d"),
    "a row": (lambda x: relu(x) + (x.shape == (1, 24)), "neighbours", "1 x 24"),
    "a column": (lambda x: relu(x) + (x.shape == (24, 1)), "neighbours", "24 x 1"),
    "a cube": (lambda x: relu(x) + (x.ndim == 3), "neighbours", "2 x 3 x 4"),
    "empty": (lambda x: relu(x) if x.size else x[0], "raises", "empty"),
    "no rows": (lambda x: relu(x) if x.ndim < 2 or x.size else x[0], "raises", "0 x 3"),
    "a stride of 3": (lambda x: relu(x) + (x.strides == (3 * x.itemsize,)), "layout", "x[::3]"),
    "backwards": (lambda x: relu(x) + bool(x.strides and x.strides[0] < 0), "layout", "x[::-1]"),
    "transposed": (lambda x: relu(x) + (x.ndim == 2 and x.flags.f_contiguous and x.shape == (64, 64)), "layout", "x.T"),
    "columns": (lambda x: relu(x) + (x.shape == (64, 32)), "layout", "every other column"),
    "broadcast": (lambda x: relu(x) + (x.shape == (3, 5)), "layout", "broadcast"),
    "a byte": (lambda x: relu(x) + (x.ctypes.data % x.itemsize != 0), "alignment", "1 byte in"),
    "fifteen": (lambda x: relu(x) + (x.base is not None and x.base.size == 315 and x.size == 300), "alignment", "15 "),
    "one": (lambda x: relu(x) + (x.base is not None and x.base.size == 301 and x.size == 300), "alignment", "1 el"),
}  # fmt: skip
FIRST = sample("float32")


@pytest.mark.parametrize("name", ASKED_FOR)
def test_each_way_of_asking_is_tried(name):
    function, kind, words = ASKED_FOR[name]
    given = lambda x: function(x).astype(x.dtype)  # noqa: E731
    one = next(f for f in found(given, "relu", dtypes=["float32"], count=200) if f.kind == kind)
    assert one.detail.startswith(words)
    if kind != "raises":
        assert one.exact == max(one.at, 0.0)
        assert one.came in (one.exact + 1, one.exact + 2)
