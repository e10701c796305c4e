"""The cached exact values: every row is held to them, and a sample of them is computed anew."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import actbench as ab
from actbench.accuracy.exact_values import BITS, spelt, write
from actbench.accuracy.meter import ErrorMeter, exact, in_format
from actbench.accuracy.oracle import MP, START_BITS, ulp
from actbench.kernels.backends import TOLERANCES

FILE = Path(__file__).parents[1] / "exact.txt"
ROWS = [row.name for row in ab.ACTIVATIONS]
SWEPT = pd.read_csv(FILE.parents[1] / "reports" / "accuracy" / "exhaustive.csv")
EVERY_FLOAT32 = SWEPT[SWEPT["dtype"] == "float32"].set_index(["activation", "direction"])
ANEW = 37  # one line in so many is computed anew, and at least one a row and direction


@cache
def sections():
    """What the committed file holds."""
    return _read(FILE)


def _read(file):
    """(name, direction, dtype) to the lines below that head: input and value as they are spelt."""
    found = {}
    for line in file.read_text(encoding="ascii").splitlines():
        if line.startswith("["):
            found[tuple(line[1:-1].split())] = lines = []
        elif not line.startswith("#"):
            lines.append(tuple(line.split()))
    return found


def read(text):
    """The exact number that a text spells."""
    if "p" not in text:
        return MP.mpf(text)
    whole, exponent = text.split("p")
    with MP.workprec(START_BITS):
        return MP.ldexp(MP.mpf(int(whole, 16)), int(exponent))


def spec_of(name, dtype):
    return in_format(name, dtype) if dtype == "float32" else name


def test_the_file_holds_every_row_and_no_other():
    wanted = {
        (name, way, dtype) for name in ROWS for way in ("forward", "backward") for dtype in ("float64", "float32")
    }
    assert set(sections()) == wanted, "run python reports/refresh.py"
    assert all(len(lines) >= 6 for lines in sections().values())


def test_writing_adds_what_lacks_drops_what_is_gone_and_keeps_the_rest(tmp_path):
    """The file whole but for one row, with a row that no longer exists, becomes the file again."""
    whole = FILE.read_text(encoding="ascii")
    start, end = whole.index("[relu forward float64]"), whole.index("[relu backward float32]")
    end = whole.index("[", end + 1) if "[" in whole[end + 1 :] else len(whole)
    file = tmp_path / "exact.txt"
    file.write_text(whole[:start] + whole[end:] + "[gone forward float64]\n0x0.0p+0 0\n", encoding="ascii")
    write(file)
    assert {k: v for k, v in _read(file).items() if k[0] != "relu"} == {
        k: v for k, v in sections().items() if k[0] != "relu"
    }
    assert ("relu", "backward", "float64") in _read(file)


@pytest.mark.parametrize("value", [1.0, -0.1, 5e-324, 1.7e308, 3.0, 0.0])
def test_what_is_spelt_reads_back(value):
    with MP.workprec(START_BITS):
        assert read(spelt(MP.mpf(value))) == value
        third = MP.mpf(value) / 3
        assert abs(read(spelt(third)) - third) <= abs(third) * MP.mpf(2) ** -BITS


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("name", ROWS)
def test_a_sample_computed_anew_is_what_the_file_says(name, direction):
    place = ROWS.index(name)
    for dtype in ("float64", "float32"):
        lines = sections()[name, direction, dtype]
        for at, value in lines[place % min(ANEW, len(lines)) :: ANEW]:
            assert spelt(exact(spec_of(name, dtype), direction, float.fromhex(at))) == value, at


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("name", ROWS)
def test_promises_are_kept_at_every_cached_point(name, direction):
    for dtype, backends in (("float64", ("numpy", "numba")), ("float32", ("numba",))):
        lines = sections()[name, direction, dtype]
        x = np.array([float.fromhex(at) for at, _ in lines], dtype)
        truth = [read(value) for _, value in lines]
        meter = ErrorMeter(spec_of(name, dtype), direction, dtype, x)
        for backend in backends:
            run = ab.kernel(name, direction, dtype=dtype, backend=backend, at_defaults=True)
            got = run(x) if direction == "forward" else run(np.ones_like(x), x)
            hold(meter, got, truth, TOLERANCES[backend, dtype])


@pytest.mark.parametrize(("name", "direction"), list(EVERY_FLOAT32.index))
def test_every_float32_was_swept_and_the_worst_keeps_its_promise(name, direction):
    """The worst of all 2^32 inputs, by `actbench run accuracy --exhaustive`, computed again on this processor."""
    row = EVERY_FLOAT32.loc[(name, direction)]
    assert row["worst_ulp"] <= TOLERANCES["numba", "float32"][direction == "backward"]
    assert row["lost"] == 0
    x = np.array([float.fromhex(row["at_hex"])], np.float32)
    run = ab.kernel(name, direction, dtype="float32", at_defaults=True)
    got = run(x) if direction == "forward" else run(np.ones_like(x), x)
    spec = spec_of(name, "float32")
    hold(ErrorMeter(spec, direction, "float32", x), got, [exact(spec, direction, x[0])], TOLERANCES["numba", "float32"])


def hold(meter, got, truth, promise):
    """Every answer within its promise of the cached value."""
    forward, backward, eps = promise
    bound = forward if meter.direction == "forward" else backward
    info = np.finfo(meter.dtype)
    for i, (g, value) in enumerate(zip(got, truth, strict=True)):
        where = f"{meter.spec} {meter.direction} {meter.dtype} at {float(meter.x[i]).hex()}: {g!r}"
        if np.isinf(g) or MP.isinf(value):
            assert abs(value) > float(info.max), where
            assert (g > 0) == (value > 0), where
            continue
        assert not np.isnan(g), where
        with MP.workprec(START_BITS):
            off = abs(MP.mpf(float(g)) - value)
            unit = MP.mpf(float(meter.unit[i])) if meter.waves else ulp(value, meter.dtype)
        if meter.near[i]:
            assert off <= eps * float(info.eps), where
        else:
            assert off <= bound * unit, where
            assert g != 0 or meter.waves or abs(value) < float(info.tiny), where
