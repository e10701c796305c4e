"""Into which class an audit puts one wrong number, how bad it calls it, and which failing input it names."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest

from actbench.accuracy.meter import ErrorMeter
from actbench.activations.registry import resolve
from actbench.audit import values
from actbench.audit.finding import Finding
from actbench.audit.subject import Subject
from actbench.implementations.implementation import Implementation

EPS = {"float32": 2.0**-23, "float64": 2.0**-52}
TINY = {"float32": 2.0**-126, "float64": 2.0**-1022}


def subject(forward=None, spec="tanh", **passes):
    return Subject(target="mine", made=Implementation(library="mine", forward=forward, **passes), spec=spec, count=300)


def made_up(x, yard, got, dtype="float32", *, near=False, kinked=False, waves=False, known=True):
    """A meter of numbers that need belong to no row, an ulp being 2^-23 or 2^-52 of what is right."""
    x, yard, got = np.atleast_1d(np.float64(x)), np.atleast_1d(np.float64(yard)), np.atleast_1d(np.float64(got))
    mask = lambda flag: np.resize(np.asarray(flag, bool), x.shape)  # noqa: E731
    unit = np.maximum(np.abs(yard), TINY[dtype]) * EPS[dtype]

    def errors(came):
        with np.errstate(all="ignore"):
            return np.nan_to_num(np.abs(came - yard) / unit, nan=np.inf)

    return SimpleNamespace(
        x=x, yard=yard, dtype=dtype, direction="forward", near=mask(near), kinked=mask(kinked), waves=waves,
        representable=mask(known), errors=errors, special=lambda came: ~np.isfinite(came) & mask(known), spec="tanh",
        settle=lambda i, came: float(np.abs(came - yard[i]) / unit[i]),
    ), got  # fmt: skip


def classes(meter, got):
    masks = values.classes(meter, got, 16.0)
    return [" ".join(name for name, mask in masks.items() if mask[i]) for i in range(got.size)]


def by_rule(x, yard, got, dtype, near, kinked, waves, known):
    """The same in words, one number at a time."""
    eps, tiny = EPS[dtype], TINY[dtype]
    off = abs(got - yard)
    if kinked:
        return ""
    if not math.isfinite(got):
        return "overflow" if known else ""
    if off / (max(abs(yard), tiny) * eps) <= 16 + (20 if dtype == "float64" else 1e-6) or (near and off <= 16 * eps):
        return ""
    far = off > 8 * eps * min(max(abs(x), 1), 0.01 / (8 * eps))
    if got == 0 and not near and not waves and abs(yard) < tiny:
        return "subnormal"
    if far:
        return "value" if abs(x) >= tiny else "subnormal"
    return "lost" if got == 0 and not near and not waves else "digits"


@pytest.mark.parametrize("dtype", EPS)
def test_one_number_falls_into_the_class_of_the_rule(dtype):
    eps, tiny = EPS[dtype], TINY[dtype]
    sizes, seen = (tiny / 4, tiny, 0.5, 900.0), set()
    for x, yard in itertools.product((tiny / 2, tiny, -tiny, 0.5, -300.0), (*sizes, *(-s for s in sizes))):
        places = (0.5, 10, 15.9, 16.1, 19, 30, 35.9, 36.1, 100, 1e6)
        for got in (0.0, np.nan, np.inf, *(yard * (1 + off * eps) for off in places)):
            for flags in itertools.product((False, True), repeat=4):
                meter, came = made_up(x, yard, got, dtype, **dict(zip(("near", "kinked", "waves", "known"), flags,
                                                                      strict=True)))  # fmt: skip
                wanted = by_rule(x, yard, float(came[0]), dtype, *flags)
                assert classes(meter, came) == [wanted], (x, yard, got, flags)
                seen.add(wanted)
    assert seen == {"", "overflow", "value", "subnormal", "lost", "digits"}


def test_smaller_errors_of_a_wrong_formula_are_no_fault_of_their_own():
    tiny = TINY["float32"]
    digits, value, low = (0.001, 0.001, 0.001 * (1 + 2e-5)), (1.0, 1.0, 1.5), (tiny / 2, 1.0, 1.5)
    for points, wanted in (
        ([digits, value], ["value", "value"]), ([digits, low], ["digits", "subnormal"]), ([low], ["subnormal"]),
        ([low, value], ["value", "value"]), ([(tiny, 1.0, 1.5)], ["value"]),
        ([low, (1.0, tiny / 4, 0.0)], ["subnormal", "subnormal"]),
        ([value, (1.0, tiny / 4, 0.0)], ["value", "subnormal"]),
        ([value, (1.0, 1e-9, 0.0)], ["value", "lost"]), ([(1.0, 1e-9, 0.0)], ["lost"]),
        ([(1.0, 1.0, np.nan), low], ["overflow", "subnormal"]),
    ):  # fmt: skip
        assert classes(*made_up(*zip(*points, strict=True))) == wanted, points


def test_in_formats_of_few_digits_one_hundredth_is_no_limit():
    x = np.array([0.5, 1.2, 1.9, 60.0])
    pytest.importorskip("ml_dtypes", reason="bfloat16 is one of them")
    for dtype, limit in (("bfloat16", [1 / 16] * 4), ("float16", [2**-7, 1.2 * 2**-7, 0.01, 0.01])):
        meter = SimpleNamespace(x=x, dtype=dtype)
        assert not values._is_far(meter, 0.99 * np.array(limit)).any()
        assert values._is_far(meter, 1.01 * np.array(limit)).all()


def graded(kind, points, at=1.0, mask=None, near=False):
    meter, got = made_up(*zip(*points, strict=True), near=near)
    mask = np.ones(got.shape, bool) if mask is None else np.asarray(mask, bool)
    return values._graded(Finding(subject="", kind=kind, at=at), meter, got, mask).level


def test_the_worst_point_of_a_class_decides_how_bad_it_is():
    eps = EPS["float32"]
    for at, level in ((None, "error"), (0.0, "error"), (-1e4, "error"), (1e4, "error"), (10000.5, "warning"),
                      (-1e9, "warning")):  # fmt: skip
        assert graded("overflow", [(1.0, 1.0, np.inf)], at) == level
    just, over, fair = (1.0, 1.0, 1 + 1000 * eps), (1.0, 1.0, 1 + 1001 * eps), (1.0, 1.0, 1 + 100 * eps)
    assert graded("digits", [fair, just]) == "note"
    assert graded("digits", [fair, over]) == "warning"
    assert graded("digits", [fair, over], mask=[1, 0]) == "note"
    for yard in (1.0, 4.0, 0.25, -4.0):
        right, two, one = (1.0, yard, yard), (1.0, yard, yard * (1 + 2.0**-6)), (1.0, yard, yard * (1 + 2.0**-5.9))
        assert graded("value", [right, two]) == "warning"
        assert graded("value", [two, one]) == "error"
        assert graded("value", [two, one], mask=[1, 0]) == "warning"
        assert graded("value", [two, one], near=[0, 1]) == "warning"
    assert graded("value", [(1.0, 1.0, 1 + 1e-4), (1.0, 1e-9, 2e-9)]) == "warning"  # digits that cancel are not gross
    assert graded("lost", [(1.0, 1e-9, 0.0)]) == "warning"


def narrow(change, at=None, near=False, count=1000):
    """Whether answers that are float32 numbers but for some are called float32 ones."""
    x = np.linspace(0.02, 7.9, count) if at is None else np.concatenate([np.linspace(0.02, 7.9, count), at])
    meter, _ = made_up(x, np.tanh(x), x, "float64", near=np.arange(x.size) >= count if near else False)
    return values._is_narrow(meter, change(np.tanh(x).astype(np.float32).astype(np.float64), x, np.tanh(x)))


def test_answers_are_float32_numbers_everywhere_or_a_parameter_is_one():
    first = lambda share, size: np.arange(size) < share * size  # noqa: E731
    assert narrow(lambda y, x, right: y)
    assert not narrow(lambda y, x, right: right)
    assert narrow(lambda y, x, right: right * (1 + 5e-7))
    assert not narrow(lambda y, x, right: right * (1 + 5e-6))
    assert narrow(lambda y, x, right: np.float64(np.float32(right * (1 - 5e-6))))
    assert narrow(lambda y, x, right: np.where(first(0.05, x.size), 0.5 * y, y))
    assert not narrow(lambda y, x, right: np.where(first(0.12, x.size), 0.5 * y, y))
    assert not narrow(lambda y, x, right: np.where(x == x[500], 0.3, np.float64(np.float32(right * (1 - 5e-6)))))
    for share, seen in ((0.018, False), (0.025, True)):
        assert narrow(lambda y, x, right, s=share: np.where(first(s, x.size), right * (1 + 5e-7), right)) is seen
    beside = [8.0, 9.0, -50.0, 0.01, 0.005, -1e-9, 0.0]
    for near, at in ((False, beside), (True, [1.0, 2.0])):
        assert narrow(lambda y, x, right: np.where(np.arange(x.size) >= 1000, 0.3, y), at, near)
    assert not narrow(lambda y, x, right: np.where(np.abs(x) >= 8, y, right), np.linspace(9, 20, 300))
    assert not narrow(lambda y, x, right: np.where(np.arange(x.size) >= 1000, 0.3, right), np.linspace(9, 20, 300))


def test_right_zeros_are_no_reason_against_float32():
    x = np.linspace(0.02, 7.9, 1000)
    yard = np.where(x < 4, 0.0, np.tanh(x))
    meter, _ = made_up(x, yard, x, "float64")
    assert values._is_narrow(meter, np.where(x < 4, 0.0, yard * (1 + 5e-7)))
    assert not values._is_narrow(meter, np.where(x < 4, 1e-300, yard * (1 + 5e-7)))


def cut(low, unit=2.0, **masks):
    """What is said of results that are so many last places too low; those in a mask are no ordinary ones."""
    low = np.asarray(low)
    masks = {name: np.arange(low.size) < masks.get(name, 0) for name in ("odd", "root", "near", "kinked")}
    yard = np.where(masks["root"], 0.0, 100.0)
    x = np.arange(1.0, low.size + 1)
    meter = SimpleNamespace(
        x=x, yard=yard, unit=np.full(low.size, unit), normal=~masks["odd"], near=masks["near"], kinked=masks["kinked"],
        smallest=lambda mask: float(x[mask][0]), spec="softplus", direction="forward", dtype="float32",
    )  # fmt: skip
    found = values._cut_off(subject(spec="softplus"), meter, lambda x: x, yard - unit * low)
    return [(one.kind, one.detail, one.at) for one in found]


def test_truncation_counts_ordinary_results_alone():
    low = [0.0, 0.2] * 150 + [0.7] * 250
    assert not cut([0.2] * 600 + [0.7] * 250)
    for mask in ("odd", "root", "near", "kinked"):
        assert cut([0.2] * 600 + [0.7] * 250, **{mask: 600}) == [("truncation", "", 601.0)], mask
        assert not cut([0.7] * 600 + [0.2] * 250, **{mask: 600}), mask
        assert not cut([0.7] * 600, **{mask: 600}), mask
    assert cut(low) == [("truncation", "", 301.0)]
    assert cut([0.7] * 200) == [("truncation", "", 1.0)]
    assert not cut([0.7] * 199)
    assert not cut([0.7] * 90 + [0.2] * 210)
    assert cut([0.7] * 91 + [0.2] * 209)
    assert cut([0.7] * 297 + [-0.4] * 3)
    assert not cut([0.7] * 296 + [-0.4] * 4)
    assert not cut([0.5] * 300)
    assert cut([0.7] * 297 + [1.2] * 3)
    assert not cut([0.7] * 296 + [1.2] * 4)  # what is off by more was not rounded
    assert cut([1.05] * 300)
    assert cut([-0.7] * 300) == [("rounding", "away from 0", 1.0)]


def test_float64_is_its_own_yardstick_and_is_not_called_truncated():
    toward_0 = subject(lambda x: np.nextafter(np.asarray(resolve("tanh").forward(x)), 0).astype(x.dtype))
    assert not list(values.values(toward_0, "forward", "float64"))


def smallest(forward, spec="tanh", dtype="float32"):
    kinds = {one.kind: one.at for one in values.values(subject(forward, spec), "forward", dtype)}
    return {kind: None if at is None else abs(at) for kind, at in kinds.items()}


def near_0(below, within, otherwise):
    return lambda x: np.where((np.abs(x) < below) & (x != 0), within(x), otherwise(x)).astype(x.dtype)


def test_the_smallest_input_of_a_wrong_formula_is_found_among_subnormal_ones():
    least, tiny = 2.0**-149, TINY["float32"]
    silu, sigmoid = (resolve(name).forward for name in ("silu", "sigmoid"))
    one, none = (lambda x, y=y: np.full(x.shape, y) for y in (1.0, 0.0))
    assert smallest(near_0(0.5, one, silu), "silu") == {"value": least}
    assert smallest(near_0(0.5, none, sigmoid), "sigmoid") == {"value": least}

    # and between subnormal numbers, of which few are tried
    def between(within, otherwise):
        return lambda x: np.where((np.abs(x) < 0.5) & (np.abs(x) > 2e-40), within(x), otherwise(x)).astype(x.dtype)

    above = float(np.nextafter(np.float32(2e-40), np.float32(1)))
    assert smallest(between(one, silu), "silu") == {"value": above}
    assert smallest(between(lambda x: -one(x), silu), "silu") == {"value": above}
    assert smallest(between(none, sigmoid), "sigmoid") == {"value": above}
    # of half as much again, 33 of the smallest numbers are off by more than 16 of them
    assert smallest(lambda x: np.tanh(x) * x.dtype.type(1.5)) == {"value": 33 * least}
    # what is flushed beside is another fault
    flushes = near_0(tiny, none, lambda x: 1.5 * np.tanh(x))
    assert smallest(flushes)["value"] == tiny
    assert smallest(lambda x: np.where(x == 0, 1, np.tanh(x)).astype(x.dtype)) == {"value": 0.0}


def test_wrong_at_subnormal_inputs_alone_is_flushing():
    tiny = 2.0**-14
    wrong = lambda x: 0.5 * np.tanh(x)  # noqa: E731
    assert list(smallest(near_0(tiny, wrong, np.tanh), dtype="float16")) == ["subnormal"]
    for above in (1.001, 1.5):
        assert list(smallest(near_0(above * tiny, wrong, np.tanh), dtype="float16")) == ["digits"]
    assert list(smallest(near_0(TINY["float32"], wrong, np.tanh))) == ["subnormal"]


def test_a_fault_of_long_arrays_alone_is_no_value():
    assert not smallest(lambda x: np.tanh(x) * x.dtype.type(1.5 if x.size > 64 else 1))


def test_inputs_of_16_bits_are_all_of_them_and_slopes_have_gaps():
    made = subject(np.tanh, "lif", backward=lambda dy, x: dy)
    assert values.tried(made, "forward", "float16").size == 2 * 31 * 1024 - 1
    slopes = values.tried(made, "backward", "float16")
    assert slopes.size == 2 * 31 * 1024 - 2
    assert 1.0 not in slopes
    assert {1 - 2.0**-11, 1 + 2.0**-10} <= set(slopes.astype(float))
    assert values.tried(made, "forward", "float32").size < 1000


def test_points_nearer_to_0_never_reach_the_number_itself():
    at = np.nextafter(np.float32(2.0**-126), np.float32(1))
    assert np.abs(values._between(float(at), "float32")).max() < at


def test_beside_a_kink_everything_within_four_last_places_counts():
    eps = 2.0**-52
    x = 6 - eps * np.array([4.0, 8.0, 20.0, 28.0])
    assert values.beside_kinks(ErrorMeter("relu6", "backward", "float64", x)).tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize(("came", "level"), [
    (1 / 6, "note"), (1 / 6 + 15.5 * 2.0**-23, "note"), (1 / 6 + 16.5 * 2.0**-23, "error"), (15.5 * 2.0**-23, ""),
    (-15.5 * 2.0**-23, ""), (-16.5 * 2.0**-23, "error"), (16.5 * 2.0**-23, "note"),
])  # fmt: skip
def test_slopes_at_kinks_have_sixteen_last_places_of_1(came, level):
    def backward(dy, x):
        return (dy * np.where(x == -3, x.dtype.type(came), (x > -3) & (x < 3)) / np.where(x == -3, 1, 6)).astype(
            x.dtype
        )

    made = subject(spec="hardsigmoid", backward=backward)
    found = [one for one in values.values(made, "backward", "float32") if one.kind == "kink" and one.at == -3]
    assert [one.level for one in found] == [level] * bool(level)


@pytest.mark.parametrize(("end", "right"), [(-np.inf, -1.0), (np.inf, 1.0)])
def test_a_limit_has_the_last_places_that_values_have(end, right):
    for off, seen in ((8, False), (-8, False), (17, True), (-17, True)):
        made = subject(lambda x, o=off: np.where(x == end, right * (1 + o * 2.0**-52), np.tanh(x)))
        found = list(values.special_values(made, "forward", "float64"))
        assert [(one.kind, one.at, one.exact) for one in found] == [("limit", end, right)] * seen, off
    assert [one.at for one in values.special_values(subject(lambda x: 2 * np.tanh(x)), "forward", "float64")] == [
        -np.inf
    ]


def test_a_zero_that_lost_its_sign_is_told_of_odd_functions():
    (one,) = values.special_values(subject(lambda x: np.tanh(x) + 0.0), "forward", "float32")
    assert (one.kind, one.at, one.came, one.exact) == ("signed zero", 0.0, 0.0, 0.0)
    assert (math.copysign(1, one.at), math.copysign(1, one.exact)) == (-1, -1)
    assert not list(values.special_values(subject(np.tanh), "forward", "float32"))


def test_what_came_for_nan_is_told():
    (one,) = values.special_values(subject(lambda x: np.nan_to_num(np.tanh(x), nan=0.25)), "forward", "float64")
    assert (one.kind, one.came) == ("nan", 0.25)


def test_a_dump_is_asked_for_its_own_inputs_alone():
    held = np.linspace(-4, 4, 200, dtype=np.float32)

    def dumped(x):
        assert np.isin(x, held).all()
        return np.where(np.abs(x) > 1, 0.5, 1).astype(x.dtype) * np.tanh(x)

    (one,) = values.values(subject(dumped, inputs=held), "forward", "float32")
    assert (one.kind, abs(one.at)) == ("value", np.abs(held[np.abs(held) > 1]).min())


def test_gradients_of_both_signs_at_once_are_tried():
    def backward(dy, x):
        return dy * (1 - np.tanh(x) ** 2) * (1.5 if (dy < 0).any() and (dy > 0).any() else 1)

    assert [one.kind for one in values.linear(subject(backward=backward), "float64")] == ["linear"]
