"""Reference vectors: what is printed reads back to the bits, is rounded once, and holds our own kernels."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest

import actbench as ab
from actbench.accuracy.meter import units
from actbench.accuracy.vectors import COLUMNS, vectors
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
    [({"dtype": "float8"}, "no format"), ({"direction": "up"}, "no direction"), ({"count": 1}, "count=1")],
)
def test_wrong_requests_are_one_clear_line(options, match):
    with pytest.raises(ActbenchError, match=match):
        vectors("relu", **options)
