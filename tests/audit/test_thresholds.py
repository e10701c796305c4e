"""The rule of each check of an audit by itself: what is just within it, and what is just beyond."""

from __future__ import annotations

import time
from dataclasses import replace
from types import SimpleNamespace

import mpmath as mp
import numpy as np
import pytest

from actbench.accuracy.meter import ErrorMeter
from actbench.activations.registry import resolve
from actbench.audit import arrays, values
from actbench.audit.audited import audit
from actbench.audit.finding import Finding
from actbench.audit.subject import Subject
from actbench.implementations.implementation import Implementation

EPS = {"float32": 2.0**-23, "float64": 2.0**-52}
FORWARD = {"direction": "forward", "dtype": "float32"}


def subject(forward=None, spec="relu", **passes):
    return Subject(target="mine", made=Implementation(library="mine", forward=forward, **passes), spec=spec, count=300)


def relu(x):
    return np.where(x <= 0, np.zeros_like(x), x)


# -- values --


@pytest.mark.parametrize(("at", "dtype"), [(3.0, "float32"), (-3.0, "float32"), (1e-30, "float64"), (7e8, "float64")])
def test_points_nearer_to_0_lie_even_and_in_all_binades(at, dtype):
    x = values._between(at, dtype)
    assert x.size == 4 * values.BETWEEN
    assert x.dtype == dtype
    own = np.unique(np.abs(x))
    assert own[0] > 0
    assert own[-1] < abs(at)
    np.testing.assert_array_equal(np.unique(x), np.concatenate([-own[::-1], own]))
    steps = abs(at) * np.arange(1, 1001) / 1001
    tiny = float(np.finfo(dtype).tiny)
    powers = np.exp(np.log(tiny) + (np.log(abs(at)) - np.log(tiny)) * np.arange(1, 1001) / 1001)
    wanted = np.unique(np.concatenate([steps, powers]).astype(dtype))
    assert abs(own.size - wanted.size) <= 2
    assert all(np.abs(own - one).min() < 1e-6 * one for one in wanted[::7])


def test_nothing_lies_between_0_and_the_least_normal_number():
    tiny = float(np.finfo("float32").tiny)
    assert values._between(tiny, "float32").tolist() == [0.0]
    assert values._between(2 * tiny, "float32").size == 4000


def test_far_is_more_than_cancels():
    x = np.float64([0.5, 4.0, -4.0, 1e9, 1e18])
    meter = SimpleNamespace(x=x, dtype="float64")
    limit = np.array([8 * 2.0**-52, 32 * 2.0**-52, 32 * 2.0**-52, 8e9 * 2.0**-52, 0.01])
    assert not values._is_far(meter, 0.99 * limit).any()
    assert values._is_far(meter, 1.01 * limit).all()


def test_beside_a_kink_is_four_last_places_of_it():
    eps = 2.0**-52
    x = np.float64([6 - 32 * eps, 6 - 24 * eps, 6.0, 6 + 24 * eps, 6 + 32 * eps, -6.0, 0.0, 5e-324, 1e-9, 12.0])
    meter = ErrorMeter("relu6", "backward", "float64", x)
    assert values.beside_kinks(meter).tolist() == [0, 1, 1, 1, 0, 0, 1, 0, 0, 0]
    assert not values.beside_kinks(ErrorMeter("relu6", "forward", "float64", x)).any()


def test_a_fault_falls_into_its_class():
    x = np.float32([-104.0, -95.0, -60.0, -3.0, 0.25, 1.5, 30.0, 3e38])
    meter = ErrorMeter("silu", "forward", "float32", x)
    right = meter.yard.astype(np.float32)
    for i, came, kind in (
        (5, np.inf, "overflow"), (5, np.nan, "overflow"), (0, 0.0, "subnormal"), (1, 0.0, "subnormal"),
        (2, 0.0, "lost"), (5, 0.0, "value"), (5, right[5] * (1 + 60 * EPS["float32"]), "value"), (3, 0.0, "value"),
        (2, right[2] * (1 + 60 * EPS["float32"]), "digits"), (4, right[4] * (1 + 30 * EPS["float32"]), "digits"),
        (5, right[5] * (1 + 12 * EPS["float32"]), ""), (7, -3e38, "value"),
    ):  # fmt: skip
        got = right.copy()
        got[i] = came
        masks = values.classes(meter, got, 16.0)
        assert [(name, np.flatnonzero(mask).tolist()) for name, mask in masks.items() if mask.any()] == (
            [(kind, [i])] if kind else []
        ), (x[i], came)


def test_next_to_a_root_the_absolute_error_counts():
    root = -1.2784645427610738  # of swish's slope: 1 + x sigma(-x) = 0
    x = np.array([np.float64(root + 1e-9)])
    meter = ErrorMeter("silu", "backward", "float64", x)
    assert meter.near.all()
    for off, seen in ((14, False), (60, True)):
        masks = values.classes(meter, meter.yard + off * EPS["float64"], 16.0)
        assert any(mask.any() for mask in masks.values()) is seen


class Pieces:
    def __init__(self, row, at, slope):
        self.row, self.at, self.slope = row, at, slope

    def __call__(self, dy, x):
        s = np.where(x == np.asarray(self.at, x.dtype), self.slope, self.row(x))
        return (dy * s).astype(x.dtype)


def hardswish_slope(x):
    return np.where(x <= -3, 0.0, np.where(x >= 3, 1.0, (2 * x + 3) / 6))


KINKS = [
    *[(lambda x: (x > 0) * 1.0, "relu", 0.0, came, level) for came, level in
      ((0.0, ""), (0.5, "note"), (1.0, "note"), (1.0000001, "note"), (-1e-7, ""), (1.001, "error"), (-0.001, "error"),
       (np.nan, "error"))],
    *[(hardswish_slope, "hardswish", at, came, level) for at, came, level in
      ((-3.0, 0.0, ""), (-3.0, -0.5, "note"), (-3.0, -0.2, "note"), (-3.0, 0.3, "error"), (-3.0, 1.0, "error"),
       (-3.0, -0.6, "error"), (3.0, 1.0, ""), (3.0, 1.5, "note"), (3.0, 1.2, "note"), (3.0, 0.5, "error"),
       (3.0, -0.2, "error"), (3.0, 1.6, "error"))],
]  # fmt: skip


@pytest.mark.parametrize(("slope", "spec", "at", "came", "level"), KINKS)
def test_at_a_kink_the_slopes_of_both_sides_are_conventions(slope, spec, at, came, level):
    made = subject(spec=spec, backward=Pieces(slope, at, came))
    found = [one for one in values.values(made, "backward", "float32") if one.kind == "kink"]
    assert [one.level for one in found] == [level] * bool(level)
    assert all((one.at, one.exact) == (at, 0.0 if at <= 0 else 1.0) for one in found)


@pytest.mark.parametrize(("off", "seen"), [(100.0, False), (160.0, True), (-100.0, False), (-160.0, True)])
def test_a_backward_pass_is_linear_to_64_last_places(off, seen):
    def backward(dy, x):
        t = np.tanh(x)
        return dy * (1 - t * t) * np.where(dy == 1, 1.0, 1 + off * 2.0**-52)

    found = list(values.linear(subject(spec="tanh", backward=backward), "float64"))
    assert [one.kind for one in found] == ["linear"] * seen
    assert all(abs(one.at) < 0.1 and one.came != one.exact for one in found)


def cut(monkeypatch, low, yard=100.0):
    """What is said of results that are so many last places too low."""
    low = np.asarray(low)
    x, none = np.arange(1.0, low.size + 1), np.zeros(low.size, bool)
    meter = SimpleNamespace(yard=np.full(low.size, yard), unit=np.ones(low.size), normal=~none, near=none, kinked=none,
                            dtype="float32", smallest=lambda mask: float(x[mask][0]))  # fmt: skip
    finding = lambda subject, meter, call, at, kind: Finding(subject="", kind=kind, at=at)  # noqa: E731
    monkeypatch.setattr(values, "_finding", finding)
    return [(f.kind, f.at) for f in values._cut_off(None, meter, None, meter.yard - low * np.sign(yard))]


@pytest.mark.parametrize("steps", [0, 4])
def test_half_precision_that_is_cut_from_float32_is_called_so(steps):
    """Its lower bits fall away, as in a dump of a device; before that it may be some ulp of float32 off."""

    def silu(x):
        y = x.astype(np.float32) / (1 + np.exp(-x.astype(np.float32)))
        y = (y.view(np.int32) + steps).view(np.float32) if steps else y
        return (y.view(np.int32) & ~0x1FFF).view(np.float32).astype(np.float16)

    with np.errstate(all="ignore"):
        found = list(values.values(subject(silu, spec="silu"), "forward", "float16"))
    assert "truncation" in [one.kind for one in found]


@pytest.mark.parametrize("yard", [100.0, -100.0])
def test_truncation_is_told_by_its_share(monkeypatch, yard):
    def lows(high, rest, up=0, exact=0):
        return [0.25] * rest + [0.75] * high + [-0.4] * up + [0.0] * exact

    assert cut(monkeypatch, lows(150, 150), yard) == [("truncation", 151.0)]
    assert cut(monkeypatch, lows(100, 200), yard) == [("truncation", 201.0)]
    assert not cut(monkeypatch, lows(80, 220), yard)
    assert not cut(monkeypatch, lows(0, 300), yard)
    assert not cut(monkeypatch, lows(90, 100, exact=300), yard)  # of too few
    assert cut(monkeypatch, lows(110, 100, exact=300), yard)
    assert not cut(monkeypatch, lows(200, 100, up=20), yard)  # some are too high
    assert cut(monkeypatch, lows(200, 100, up=2), yard)
    assert cut(monkeypatch, -np.array(lows(150, 150)), yard) == [("rounding", 151.0)]
    assert not cut(monkeypatch, -np.array(lows(80, 220)), yard)


@pytest.mark.parametrize(("way", "said"), [
    (np.trunc, "cuts results off"), (lambda y: np.sign(y) * np.ceil(np.abs(y)), "always rounds away from 0,"),
    (np.floor, "always rounds down,"), (np.ceil, "always rounds up,"), (np.rint, ""),
])  # fmt: skip
@pytest.mark.parametrize("spec", ["silu", "tanh"])
def test_rounding_to_one_side_is_told(way, said, spec):
    def rounded(x):
        y = np.asarray(resolve(spec).forward(x.astype(np.float64)))
        unit = np.ldexp(1.0, np.maximum(np.frexp(y)[1] - 24, -149))
        return (way(y / unit) * unit).astype(x.dtype)

    made = replace(subject(rounded, spec), count=2000)
    found = [one.sentence() for one in values.values(made, "forward", "float32")]
    assert [said in text for text in found] == [True] * bool(said), found


def test_float32_numbers_are_no_narrow_ones():
    x = arrays.sample("float32", 2000)
    meter = ErrorMeter("tanh", "forward", "float32", np.unique(x))
    off = np.where((meter.x > 2) & (meter.x < 3), 0.5, 1.0)
    kinds = {k for k, mask in values.classes(meter, (off * meter.yard).astype("float32"), 16.0).items() if mask.any()}
    assert kinds == {"value"}
    made = subject(lambda x: np.where((x > 2) & (x < 3), 0.5, 1.0).astype(x.dtype) * np.tanh(x), "tanh")
    assert {one.kind for one in values.values(made, "forward", "float32")} == {"value"}


def test_what_has_no_slope_is_left_out_of_slopes_alone():
    made = subject(relu, "lif", backward=lambda dy, x: dy)
    forward, backward = (values.tried(made, direction, "float32") for direction in ("forward", "backward"))
    assert 1.0 in forward
    assert 1.0 not in backward
    assert {np.nextafter(np.float32(1), np.float32(side)) for side in (0, 2)} <= set(backward)


def tanh_second(x, off):
    with np.errstate(over="ignore"):
        return -2 * np.tanh(x) / np.cosh(x) / np.cosh(x) * (1 + off)


@pytest.mark.parametrize(("off", "least", "kinds"), [
    (0.0, 0, set()), (1e-3, 0, {"second derivative"}), (200 * 2.0**-52, 3, {"digits"}),
])  # fmt: skip
def test_a_second_derivative_has_its_own_word_for_a_wrong_value(off, least, kinds):
    made = subject(np.tanh, "tanh", second=lambda x: tanh_second(x, np.where(np.abs(x) > least, off, 0.0)))
    found = [one for one in values.second(made, "float64") if abs(one.at) < 4]
    assert {one.kind for one in found} == kinds


@pytest.mark.parametrize(("off", "at"), [(lambda x: 0.1 + 0 * x, -1.0), (lambda x: 0.1 * (x > 3), 4.0),
                                        (lambda x: 0.1 * (x > 0.5), 1.0),
                                        (lambda x: 0.1 * (np.abs(x + 0.6) < 0.3), -0.5)])  # fmt: skip
def test_a_second_derivative_shows_an_input_at_which_it_is_plainly_wrong(off, at):
    made = subject(np.tanh, "tanh", second=lambda x: tanh_second(x, off(x)))
    one = next(one for one in values.second(made, "float32") if one.kind == "second derivative")
    assert ((one.region[:1] and one.example[0]) or one.at) == at
    right = -2 * np.tanh(at) / np.cosh(at) ** 2
    assert one.example[2:] == (float(np.float32(right)),) if one.region else one.exact == pytest.approx(right, rel=1e-6)


def test_a_1_at_negative_zero_has_no_sign_to_lose():
    made = subject(lambda x: np.where((x == 0) & np.signbit(x), 1.0, np.tanh(x)).astype(x.dtype), "tanh")
    assert not [one.kind for one in values.special_values(made, "forward", "float32")]


# -- arrays --


def test_the_sample_has_0_and_both_ones():
    x = arrays.sample("float64")
    assert x[[3, 70, 131]].tolist() == [0.0, 1.0, -1.0]
    assert ((np.abs(x) == 1) | (x == 0)).sum() == 3


@pytest.mark.parametrize(("shape", "said"), [
    (lambda x: x[:-1], "[4160] -> [4159]"), (lambda x: np.append(x, 1), "[4160] -> [4161]"),
    (lambda x: x[None], "[4160] -> [1, 4160]"), (lambda x: x.tolist(), "[4160] -> list"),
])  # fmt: skip
def test_another_shape_is_told(shape, said):
    (one,) = arrays.arrays(subject(shape), "float32")
    assert (one.kind, one.detail) == ("shape", said)


@pytest.mark.parametrize(("change", "said"), [
    (lambda x: relu(x[:-1]) if x.size == 5 else relu(x), "n = 5: [5] -> [4]"),
    (lambda x: np.append(relu(x), x[:1]) if x.size == 5 else relu(x), "n = 5: [5] -> [6]"),
    (lambda x: np.append(relu(x), x[:1]) if np.isinf(x).any() else relu(x), "an infinity in the array: [257] -> [258]"),
    (lambda x: relu(x)[:-1] if np.isnan(x).any() and x.size > 7 else relu(x), "NaN in the array: [257] -> [256]"),
])  # fmt: skip
def test_another_shape_of_one_call_is_told(change, said):
    found = [one for one in arrays.arrays(subject(change), "float32") if one.kind == "shape"]
    assert [one.detail for one in found] == [said]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("right", "limit"), [(2.0, 128), (0.01, 16), (0.25, 16), (-8.0, 512)])
def test_elements_may_differ_by_a_few_last_places(dtype, right, limit):
    x, wanted = np.ones((1, 3)), np.full((1, 3), right, dtype)
    for share, seen in ((0.98, False), (1.04, True)):
        came = wanted.astype(np.float64)
        came[0, 1] += share * limit * EPS[dtype]
        found = list(arrays._differs(subject(relu), "layout", came, wanted, x, "so", FORWARD | {"dtype": dtype}))
        assert ("layout" in [one.kind for one in found]) is seen


def test_the_same_infinity_is_no_difference():
    wanted = np.float32([np.inf, -np.inf, np.nan, 1.0])
    made, x = subject(relu), np.float32([3.0, 2.0, 1.0, 0.0])
    with np.errstate(invalid="ignore"):
        assert not list(arrays._differs(made, "layout", wanted.copy(), wanted, x, "so", FORWARD))
    for other in (np.float32([-np.inf] * 2 + [np.nan, 1]), np.float32([np.inf, -np.inf, 0, 1]),
                  np.float32([np.inf, -np.inf, np.nan, np.nan])):  # fmt: skip
        with np.errstate(invalid="ignore"):
            (one,) = arrays._differs(made, "layout", other, wanted, x, "so", FORWARD)
        np.testing.assert_equal(one.came, float(other[[3.0, 2.0, 1.0, 0.0].index(one.at)]))


@pytest.mark.parametrize(("came", "kinds", "seen_as"), [
    (np.float16([1 / 3, np.nan]), ["dtype"], ("layout",)), (np.int64([0, 0]), ["dtype", "layout"], ()),
    (np.float64([np.float32(1 / 3), np.nan]), ["dtype"], ()), (np.float64([0.5, np.nan]), ["dtype", "layout"], ()),
])  # fmt: skip
def test_numbers_that_another_format_rounds_are_no_second_fault(came, kinds, seen_as):
    wanted, x = np.float32([1 / 3, np.nan]), np.float32([1.0, 2.0])
    found = list(arrays._differs(subject(relu), "layout", came, wanted, x, "so", FORWARD))
    assert [one.kind for one in found] == kinds
    assert found[0].seen_as == seen_as


def test_what_is_slow_is_tried_at_fewer_lengths():
    asked = []

    def slow(x):
        asked.append(x.size)
        if x.size == 97:
            time.sleep(2 * arrays.SLOW)
        return relu(x)

    list(arrays._lengths(subject(slow), slow, arrays.sample("float32"), relu(arrays.sample("float32")), FORWARD))
    assert set(asked) == {97, *arrays.FEW}
    asked.clear()
    quick = lambda x: asked.append(x.size) or relu(x)  # noqa: E731
    list(arrays._lengths(subject(quick), quick, arrays.sample("float32"), relu(arrays.sample("float32")), FORWARD))
    assert set(arrays.LENGTHS) <= set(asked)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_buffer_that_is_used_again_is_told(sign):
    kept = {}

    def shared(x):
        y = kept.setdefault((x.shape, x.dtype), np.empty_like(x))
        np.multiply(x, sign, out=y)
        return y

    found = [one for one in arrays.arrays(subject(shared), "float32") if one.kind == "aliasing"]
    assert [one.detail for one in found] == ["a later call overwrites an earlier result"]


def test_a_finding_that_is_graded_by_its_worst_point_says_how_bad_that_is(tmp_path):
    (tmp_path / "naive.py").write_text(
        "import numpy as np\ndef gelu_tanh(x):\n"
        "    one, c, d = x.dtype.type(1), x.dtype.type((2 / np.pi) ** 0.5), x.dtype.type(0.044715)\n"
        "    return x.dtype.type(0.5) * x * (one + np.tanh(c * (x + d * x * x * x)))\n",
        encoding="utf-8",
    )
    (naive,) = audit(str(tmp_path / "naive.py"), dtypes=["float32"], count=2000).subjects
    digits = next(f for f in naive.findings if f.kind == "digits")
    dtype, at, ulp = digits.worst
    right = mp.mpf(at) / (1 + mp.exp(-2 * mp.sqrt(2 / mp.pi) * (mp.mpf(at) + mp.mpf("0.044715") * mp.mpf(at) ** 3)))
    x = np.float32(at)
    came = (
        np.float32(0.5)
        * x
        * (np.float32(1) + np.tanh(np.float32((2 / np.pi) ** 0.5) * (x + np.float32(0.044715) * x * x * x)))
    )
    off = abs(mp.mpf(float(came)) - right) / mp.mpf(2) ** (mp.frexp(right)[1] - 24)
    assert digits.level == "warning"
    assert dtype == "float32"
    assert digits.ulp < 1000 < ulp
    assert abs(float(off) / ulp - 1) < 0.5  # tanh of one element and of many may differ by an ulp of 1
    assert f"; at worst {ulp:.3g} ulp at x = " in digits.sentence()
    assert f"；最差为 {ulp:.3g} ulp，在 x = " in digits.sentence("zh")
