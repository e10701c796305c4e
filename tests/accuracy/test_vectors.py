"""Reference vectors: what is printed reads back to the bits, is rounded once, and holds our own kernels."""

from __future__ import annotations

import csv
import io
import json
import math
import sys

import numpy as np
import pytest

import actbench as ab
from actbench.accuracy.distinguish import _cover, distinguish
from actbench.accuracy.meter import units
from actbench.accuracy.oracle import MP
from actbench.accuracy.vectors import COLUMNS, vectors
from actbench.activations.registry import AXIS, along
from actbench.cli import main
from actbench.core.errors import ActbenchError


def from_bits(text, dtype):
    return np.frombuffer(bytes.fromhex(text), np.dtype(dtype).newbyteorder(">"))[0]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_hex_and_bits_say_the_same_number(dtype, direction):
    for row in vectors("silu", dtype=dtype, direction=direction, count=40)["vectors"]:
        for column in ("input", "output"):
            spelt, bits = float.fromhex(row[column]), from_bits(row[f"{column}_bits"], dtype)
            assert spelt == bits or (math.isnan(spelt) and np.isnan(bits))
            assert math.copysign(1, spelt) == math.copysign(1, bits) or math.isnan(spelt)


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("name", ["relu", "silu", "gelu", "leaky_relu:negative_slope=0.2", "hardtanh"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_our_kernels_pass_our_vectors(name, dtype, direction):
    rows = vectors(name, dtype=dtype, direction=direction, count=60)["vectors"]
    x, want = (np.array([float.fromhex(row[c]) for row in rows], dtype) for c in ("input", "output"))
    tolerance = np.array([row["tolerance_ulp"] for row in rows])
    run = ab.kernel(name, direction, dtype=dtype, at_defaults=True)
    got = run(x) if direction == "forward" else run(np.ones_like(x), x)
    finite = np.isfinite(want)
    np.testing.assert_array_equal(got[~finite], want[~finite])
    off = np.abs(got[finite].astype(float) - want[finite]) / units(np.abs(want[finite].astype(float)), dtype)
    assert (off <= tolerance[finite] + 0.5).all()  # want is itself rounded


def test_specials_are_there():
    rows = vectors("relu", count=8)["vectors"]
    inputs = {row["input"] for row in rows}
    assert {"-inf", "inf", "nan", "0x0.0p+0", "-0x0.0p+0"} <= inputs
    assert next(row for row in rows if row["input"] == "-0x0.0p+0")["output"] == "0x0.0p+0"
    assert next(row for row in vectors("silu", count=8)["vectors"] if row["input"] == "-inf")["output"] == "-0x0.0p+0"


def test_json_and_csv_hold_the_same(capsys):
    assert main(["vectors", "tanh", "--count", "20", "--dtype", "float16"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert main(["vectors", "tanh", "--count", "20", "--dtype", "float16", "--format", "csv"]) == 0
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(table[0]) == list(COLUMNS)
    assert [{**row, "tolerance_ulp": float(row["tolerance_ulp"])} for row in table] == whole["vectors"]
    assert whole == vectors("tanh", count=20, dtype="float16")


def test_the_same_request_gives_the_same_vectors():
    assert vectors("mish", count=20) == vectors("mish", count=20)


@pytest.mark.parametrize(
    ("options", "match"),
    [({"dtype": "float8"}, "no format"), ({"direction": "up"}, "no direction"), ({"count": 0}, "count=0")],
)
def test_wrong_requests_are_one_clear_line(options, match):
    with pytest.raises(ActbenchError, match=match):
        vectors("relu", **options)


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_people_s_numbers_come_first_and_any_count_is_given(direction):
    for count in (1, 2, 5, 9, 40):
        found = vectors("silu", count=count, direction=direction)
        assert found["count"] == len(found["vectors"]) == count
        assert found["seed"] > 0
        assert float.fromhex(found["vectors"][0]["input"]) == 0.0
    first = [float.fromhex(row["input"]) for row in vectors("silu", count=9)["vectors"]]
    assert {0.0, 1.0, -1.0, math.inf, -math.inf} <= set(first)


def test_a_gate_s_vectors_hold_its_own_kernels():
    for direction, names in (("forward", ["output"]), ("backward", ["da", "db"])):
        rows = vectors("swiglu_clamped", direction=direction, count=60)["vectors"]
        a, b = (np.array([float.fromhex(row[c]) for row in rows], np.float32) for c in ("a", "b"))
        got = [ab.kernel("swiglu_clamped.a")(a, b)]
        if direction == "backward":
            one = np.ones_like(a)
            got = [
                ab.kernel("swiglu_clamped.a", "backward")(one, a, b),
                ab.kernel("swiglu_clamped.b", "backward")(one, b, a),
            ]
        for name, came in zip(names, got, strict=True):
            want = np.array([float.fromhex(row[name]) for row in rows])
            off = np.abs(came - want) / units(np.abs(want), "float32")
            assert (off <= 8.5).all()


def test_bfloat16_is_rounded_once():
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="optional: bfloat16")
    rows = vectors("gelu", dtype="bfloat16", count=200)["vectors"]
    for row in rows:
        got = np.array(int(row["output_bits"], 16), np.uint16).view(ml_dtypes.bfloat16)
        want = float.fromhex(row["output"])
        assert float(got) == want or (math.isnan(want) and np.isnan(float(got)))
    # half way between two bfloat16 and a little more, which float32 has rounded away
    from actbench.accuracy.meter import rounded
    from actbench.accuracy.oracle import MP

    with MP.workprec(200):
        assert rounded(MP.mpf(1) + MP.mpf(2) ** -8 + MP.mpf(2) ** -40, "bfloat16") == 1.0 + 2.0**-7
        assert float(ml_dtypes.bfloat16(np.float64(1.0 + 2.0**-8 + 2.0**-40))) == 1.0  # the cast rounds twice


def test_the_fewest_inputs_that_tell_gates_apart():
    found = distinguish(["swiglu", "swiglu_clamped", "swiglu_step"])
    assert not found["alike"]
    assert len(found["vectors"]) <= 2
    pairs = {pair for vector in found["vectors"] for pair in vector["tells_apart"]}
    assert len(pairs) == 3
    for vector in found["vectors"]:
        for spec, result in vector["results"].items():
            value = float(ab.get(spec).of(float.fromhex(vector["a"]), float.fromhex(vector["b"])))
            assert float.fromhex(result) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("other", ["interleaved", "halves_value_first", "blocks"])
def test_layouts_are_told_apart_by_one_array(other):
    found = distinguish(["swiglu", f"swiglu:layout={other}"])
    (vector,) = found["vectors"]
    assert found["alike"] == []
    x = np.array([float.fromhex(v) for v in vector["x"]], np.float32)
    assert len(x) == (128 if other == "blocks" else 4)
    for spec, result in vector["results"].items():
        np.testing.assert_array_equal(along(spec)(x), np.array([float.fromhex(v) for v in result], np.float32))


def test_two_inputs_are_taken_where_two_are_enough():
    apart = np.zeros((4, 3), bool)  # the greedy choice takes column 2 first, then both others
    apart[:2, 0] = apart[2:, 1] = apart[1:, 2] = True
    apart[3, 1], apart[0, 2] = True, False
    assert sorted(_cover(apart)) in ([0, 1], [0, 2])
    assert _cover(np.array([[True, False, True], [False, True, True]])) == [2]
    assert _cover(np.zeros((2, 3), bool)) == []


@pytest.mark.parametrize("row", [row for row in AXIS if not row.views], ids=lambda row: row.name)
def test_functions_along_an_axis_are_served(row):
    """Their reference path passes `check` and its own vectors, forward and backward; a wrong factor does not."""
    for direction, call in (("forward", row.forward), ("backward", row.backward)):
        assert ab.testing.check(call, like=row.name, direction=direction, count=5, max_ulp=1) <= 0.51
        with pytest.raises(AssertionError, match=f"{row.name} {direction} in float32: .* at x = "):
            ab.testing.check(lambda *a, c=call: c(*a) * np.float32(1.5), like=row.name, direction=direction,
                             count=5)  # fmt: skip
        found = vectors(row.name, count=3, direction=direction, dtype="float16")
        assert found["count"] == 3
        for vector in found["vectors"]:
            given = [np.array([float.fromhex(v) for v in vector[name]], np.float16) for name in ("dy", "input")
                     if name in vector]  # fmt: skip
            right = np.array([float.fromhex(v) for v in vector["dx" if len(given) == 2 else "output"]])
            got = call(*given).astype(float)
            # parameters are rounded to the format first: 0.7 % of an epsilon of 1e-6 in float16
            assert np.all(np.abs(got - right) <= 2.0**-6 * np.maximum(np.abs(right).max(), 1e-5))


def test_what_is_no_gate_or_drops_equal_entries_is_told():
    with pytest.raises(AssertionError, match="swiglu_oai forward: gives the shape"):
        ab.testing.check(lambda x: np.maximum(x, 0), like="swiglu_oai", count=20)

    def four(x):
        kept = np.argsort(-x, kind="stable")[:4]
        return np.where(np.isin(np.arange(x.size), kept), x, 0)

    with pytest.raises(
        AssertionError, match=r"in entry 2 at x = \[1.0, 4.0, 1.0, 3.0, 1.0, 5.0, -1.0, -6.0\]: got 0.0"
    ):
        ab.testing.check(four, like="topk", count=8)


def test_rows_are_told_apart_and_the_same_function_is_not():
    found = distinguish(["gelu", "gelu_tanh", "silu", "quick_gelu"], dtype="float16", ulp=2)
    assert len(found["vectors"]) <= 2
    assert distinguish(["silu", "swish_beta"])["alike"] == ["silu | swish_beta"]


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["vectors"], "name an activation"), (["vectors", "--distinguish", "relu"], "two functions"),
        (["vectors", "--distinguish", "relu", "swiglu"], "gates alone"), (["vectors", "relu", "--ulp", "3"], "--ulp"),
    ],
)  # fmt: skip
def test_wrong_commands_are_one_clear_line(words, match, capsys):
    assert main(words) == 2
    assert match in capsys.readouterr().err


def test_the_reference_path_rounds_to_bfloat16_once():
    """Every bfloat16, and a float64 that lies between two of them and that a float32 has rounded to the middle."""
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="optional: bfloat16")
    from actbench.core.dtypes import every, narrowed

    x = every("bfloat16")
    for wide in (x.astype(np.float64) * (1.0 + 2.0**-9 + 2.0**-45), x.astype(np.float64) * 1.0e-3):
        got = narrowed(wide, x.dtype)
        from actbench.accuracy.meter import rounded
        from actbench.accuracy.oracle import MP

        for value, came in zip(wide[::97], got[::97], strict=True):
            assert float(came) == rounded(MP.mpf(float(value)), "bfloat16")
    assert float(narrowed(np.float64(1.0 + 2.0**-8 + 2.0**-40), x.dtype)) == 1.0 + 2.0**-7
    assert ab.get("relu")(x).dtype == ml_dtypes.bfloat16
    with pytest.raises(ActbenchError, match="not bfloat16"):
        ab.kernel("relu", dtype="bfloat16")


@pytest.mark.parametrize("name", ["gelu", "softcap", "sqrt_softplus", "aglu", "heaviside_arctan"])
def test_every_bfloat16_keeps_the_promise(name):
    pytest.importorskip("ml_dtypes", reason="optional: bfloat16")
    frame = ab.run("accuracy", activation=[name], dtype="bfloat16", implementation="numpy", count=[1000])
    assert frame["holds"].all()
    assert (frame["points"] > 65_000).all()
    assert (frame["worst_ulp"] <= 0.5000001).all()


def test_without_ml_dtypes_bfloat16_is_refused_in_one_line(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    assert main(["vectors", "relu", "--dtype", "bfloat16", "--count", "3"]) == 2
    assert "bfloat16 needs ml_dtypes" in capsys.readouterr().err


@pytest.mark.parametrize("dtype", ["float8_e4m3fn", "float8_e5m2"])
def test_formats_of_8_bits_are_rounded_once(dtype):
    """All numbers of a format, against the table of what its bits mean, written out here."""
    pytest.importorskip("ml_dtypes", reason="brings formats of 8 bits")
    mantissa, bias, exponents = (3, 7, 16) if dtype == "float8_e4m3fn" else (2, 15, 31)
    steps = 1 << mantissa
    table = sorted(
        (m / steps if e == 0 else 1 + m / steps) * 2.0 ** (max(e, 1) - bias)
        for e in range(exponents)
        for m in range(steps)
    )
    table = table[:-1] if dtype == "float8_e4m3fn" else table  # its last pattern is NaN
    rows = vectors("silu", dtype=dtype, count=300)["vectors"]
    pairs = {float.fromhex(row["input"]): float.fromhex(row["output"]) for row in rows if row["input"] != "nan"}
    assert {abs(x) for x in pairs if math.isfinite(x)} == set(table)
    assert any(map(math.isinf, pairs)) == (dtype == "float8_e5m2")
    for x, y in pairs.items():
        right = x / (1 + math.exp(-x)) if -700 < x < math.inf else max(x, 0.0)
        if math.isfinite(y):
            assert abs(y - right) == min(abs(sign * v - right) for v in table for sign in (-1, 1)), x
    assert math.isnan(float.fromhex(next(row["output"] for row in rows if row["input"] == "nan")))


def test_what_is_too_large_for_e4m3_is_no_number_there():
    pytest.importorskip("ml_dtypes", reason="brings formats of 8 bits")
    for dtype, beyond in (("float8_e4m3fn", math.isnan), ("float8_e5m2", math.isinf)):
        rows = vectors("exponential", dtype=dtype, count=300)["vectors"]
        assert beyond(next(float.fromhex(row["output"]) for row in rows if row["input"] == (12.0).hex()))
        x = np.array([5.0, 6.0, 11.0, 12.0], dtype)
        got = ab.get("exponential")(x)
        assert got.dtype == np.dtype(dtype)
        assert [float(v) for v in got[:1]] == [144.0 if dtype == "float8_e4m3fn" else 160.0]
        assert beyond(float(got[3]))


def test_every_number_of_the_small_formats_is_rounded_rightly():
    from actbench.accuracy.exhaustive import exhaust

    pytest.importorskip("ml_dtypes", reason="brings bfloat16 and formats of 8 bits")
    for dtype, count in (("bfloat16", 1 << 16), ("float8_e4m3fn", 256), ("float8_e5m2", 256)):
        for name in ("gelu", "swiglu_oai.a", "exponential"):
            found = exhaust(name, "backward", dtype)
            assert (found.inputs, found.lost, found.special, found.nan_lost) == (count, 0, 0, 0)
            assert found.worst_ulp <= 0.5000001


TEXTBOOK = {"silu": lambda v: v / (1 + MP.exp(-v)), "gelu": lambda v: v * MP.ncdf(v), "tanh": MP.tanh}


@pytest.mark.parametrize("name", TEXTBOOK)
def test_second_derivatives_are_mpmath_s_and_the_kernel_s(name):
    found = vectors(name, dtype="float64", direction="second", count=60)["vectors"]
    for one in found:
        x, y = float.fromhex(one["input"]), float.fromhex(one["output"])
        got = float(ab.kernel(name, "second", dtype="float64")(np.array([x]))[0])
        if np.isnan(x):
            assert np.isnan(got)
            assert np.isnan(y)
            continue
        assert abs(got - y) <= (one["tolerance_ulp"] + 0.5) * np.spacing(max(abs(y), 5e-324))
        if abs(x) < 5:
            with MP.workdps(60):
                right = float(MP.diff(TEXTBOOK[name], MP.mpf(x), 2))
            assert y == pytest.approx(right, rel=1e-10)


def test_a_second_derivative_is_not_asked_where_the_slope_jumps():
    inputs = [float.fromhex(v["input"]) for v in vectors("hardswish", direction="second", count=60)["vectors"]]
    assert 2.0 in inputs
    assert not {3.0, -3.0} & set(inputs)


def test_a_gate_has_no_second_derivative_of_one_input():
    with pytest.raises(ab.ActbenchError, match="two inputs"):
        vectors("swiglu", direction="second")
