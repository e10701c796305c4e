"""The accuracy experiment: its two stages find what mpmath alone finds, and a peer that is absent is a reason."""

from __future__ import annotations

import math
from importlib import metadata

import numpy as np
import pytest

import actbench as ab
from actbench.accuracy.meter import ErrorMeter, exact, in_format, prescreened, rounded, units, where_promised
from actbench.accuracy.oracle import MP, ulp_error
from actbench.accuracy.points import ROOT_ZONE
from actbench.accuracy.shrink import first, wrong_limits
from actbench.activations.registry import ACTIVATIONS, AXIS
from actbench.core.errors import ActbenchError
from actbench.experiments.accuracy.question import implementation
from actbench.implementations.implementation import Absent
from actbench.implementations.libraries import graded, values

FEW = 400


def meter(name, direction="forward", dtype="float32", count=FEW):
    spec = in_format(name, dtype)
    return ErrorMeter(spec, direction, dtype, where_promised(spec, dtype, count, direction))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_units_are_the_oracle_s_last_places(dtype):
    x = where_promised("relu", dtype, FEW, "forward").astype(np.float64)[1:-1]  # numpy has no spacing for the largest
    with np.errstate(over="ignore"):
        spacing = np.maximum(np.spacing(np.abs(x).astype(dtype)), np.finfo(dtype).smallest_subnormal)
    np.testing.assert_array_equal(units(np.abs(x), dtype), spacing.astype(np.float64))


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_rounding_an_exact_value_is_rounding_once(dtype):
    kind = np.dtype(dtype).type
    for x in where_promised("relu", "float64", FEW, "forward"):
        with np.errstate(over="ignore"):
            want = float(kind(x))
        assert rounded(MP.mpf(float(x)), dtype).hex() == want.hex()


def test_rounding_is_not_done_twice():
    with MP.workprec(300):
        half = MP.mpf(1) + MP.mpf(2) ** -24  # half way between two float32
        above = half + MP.mpf(2) ** -80  # float64 would round this to the half-way point, and that to even
        assert rounded(half, "float32") == 1.0
        assert rounded(above, "float32") == 1.0 + 2.0**-23
        assert rounded(MP.mpf(2) ** -1080, "float64") == 0.0
        assert rounded(MP.mpf(2) ** 1024, "float64") == math.inf


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("name", ["silu", "leaky_relu", "elu"])
def test_the_screen_of_float32_agrees_with_mpmath_everywhere(name, direction):
    yard = meter(name, direction)
    run = ab.kernel(name, direction, at_defaults=True)
    got = run(yard.x) if direction == "forward" else run(np.ones_like(yard.x), yard.x)
    pairs = zip(got, yard.x, strict=True)
    exactly = [ulp_error(float(g), exact(yard.spec, direction, float(v)), "float32") for g, v in pairs]
    near = yard.near
    np.testing.assert_allclose(yard.errors(got)[~near], np.array(exactly)[~near], atol=1e-6)
    assert yard.measure(got).worst == pytest.approx(np.array(exactly)[~near].max(), abs=1e-9)


def test_a_wrong_answer_is_counted_as_what_it_is():
    x = np.array([-800.0, -50.0, 0.5, 1.0, 2.0, 3e38], np.float32)
    yard = ErrorMeter("silu", "forward", "float32", x)
    got = ab.get("silu")(x)
    got[1], got[3], got[5] = 0.0, np.nan, np.inf
    found = yard.measure(got)
    assert (found.lost, found.lost_at) == (1, -50.0)
    assert (found.special, found.special_at) == (2, 1.0)
    assert found.worst == pytest.approx(2.0**23, rel=1)  # 0 instead of a normal number


def test_beyond_the_largest_number_infinity_is_right():
    yard = np.array([1e39, -1e39, 1e39])
    got = np.array([np.inf, -np.inf, -np.inf], np.float32)
    np.testing.assert_array_equal(prescreened(got, yard, units(np.abs(yard), "float32"), "float32"), [0.0, 0.0, np.inf])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_first_failing_input_is_found_to_the_last_bit(dtype):
    kind = np.dtype(dtype).type
    edge = kind(-7.3)

    def call(x):
        return np.where(x <= edge, kind(0.0), ab.get("silu")(x))

    found = first(meter("silu", dtype=dtype), call, -50.0, ErrorMeter.lost)
    assert found == float(edge)


def test_limits_are_compared_with_the_declared_ones():
    yard = meter("sigmoid")
    assert wrong_limits(yard, ab.get("sigmoid"), strict=True) == []
    with np.errstate(invalid="ignore"):
        wrong = wrong_limits(yard, lambda x: np.where(np.isnan(x), x, x - x), strict=True)
    assert wrong == ["f(-inf) is nan, not 0.0", "f(inf) is nan, not 1.0"]


def test_ours_keep_their_promises_and_nothing_is_lost():
    frame = ab.run("accuracy", activation=["silu", "leaky_relu"], implementation=["numpy", "numba"], count=[2000])
    assert len(frame) == 16
    assert frame["holds"].all()
    assert frame["lost"].sum() == frame["special"].sum() == 0
    assert (frame["points"] >= 1900).all()
    assert (frame[frame["implementation"] == "numpy"].query("dtype == 'float32'")["worst_ulp"] <= 0.51).all()


@pytest.mark.parametrize("peer", graded())
def test_a_peer_that_is_absent_is_a_reason(peer, monkeypatch):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("actbench.core.machine.metadata.version", absent)
    row = next((row for row in ab.ACTIVATIONS if peer in row.peers), ab.get("relu"))
    with pytest.raises(Absent, match=r"not installed|names no function|no operator"):
        values(peer, row, "forward", "float32")
    frame = ab.run("accuracy", activation="relu", direction="forward", dtype="float32", implementation=peer, count=100)
    assert frame["reason"].notna().all()


def test_an_unknown_implementation_is_one_clear_line():
    with pytest.raises(ActbenchError, match="numpy, numba, jax"):
        ab.run("accuracy", implementation="numpi")
    assert implementation("numba") == "numba"


@pytest.mark.parametrize("peer", ["torch", "jax"])
def test_peers_compute_what_they_are_named_for(peer):
    pytest.importorskip(peer, reason="an optional peer")
    x = np.linspace(-3.1, 3.1, 64)
    for row in ab.ACTIVATIONS:
        if peer not in row.peers or row.name not in ("silu", "gelu", "gelu_tanh", "prelu", "leaky_relu", "threshold"):
            continue
        for direction in ("forward", "backward"):
            run = values(peer, row, direction, "float64")
            call = run if direction == "forward" else lambda x, run=run: run(np.ones_like(x), x)
            want = row.forward(x) if direction == "forward" else row.backward(np.ones_like(x), x)
            np.testing.assert_allclose(call(x), want, rtol=1e-9, atol=1e-12, err_msg=f"{row.name} {direction}")


def test_torch_s_gelu_loses_its_tail():
    pytest.importorskip("torch", reason="an optional peer")
    frame = ab.run("accuracy", activation="gelu", direction="forward", dtype="float32", implementation="torch",
                   count=2000)  # fmt: skip
    row = frame.iloc[0]
    assert row["lost"] > 0
    assert -8.0 < row["lost_at"] < -4.0
    assert row["implementation"].startswith("torch==")


def test_slopes_keep_their_promise_beside_their_roots():
    """What cancels at a root costs most just outside its zone, where few of the points over all binades lie."""
    rows = [row for row in ACTIVATIONS if row.kind == "elementwise"] + [
        gate.view("a").bind(b=-1.7) for gate in AXIS if gate.views
    ]
    strip, worst, within = np.linspace(ROOT_ZONE, ROOT_ZONE + 0.05, 50_000), {}, {}
    zone = np.linspace(-ROOT_ZONE, ROOT_ZONE, 200_001)
    for row in rows:
        ends = [root for root in row.fact("roots_of_slope") if root]
        if not ends:
            continue
        x = np.concatenate([root + side * strip for root in ends for side in (-1, 1)]).astype(np.float32)
        for low, high in row.fact("excluded_slope"):
            x = x[(x < low) | (x > high)]
        yard = ErrorMeter(row.spec, "backward", "float32", x)
        got = ab.kernel(row, "backward", dtype="float32", at_defaults=True)(np.ones_like(x), x)
        worst[row.spec] = float(np.where(yard.near | yard.kinked, 0.0, yard.errors(got)).max())
        x = np.concatenate([root + zone for root in ends]).astype(np.float32)
        for low, high in row.fact("excluded_slope"):
            x = x[(x < low) | (x > high)]
        run, wide = ab.kernel(row, "backward", dtype="float32", at_defaults=True), x.astype(np.float64)
        off = run(np.ones_like(x), x) - row.backward(np.ones_like(wide), wide)
        within[row.spec] = float(np.abs(off).max() / np.finfo(np.float32).eps)
    assert len(worst) > 40
    assert {name: ulp for name, ulp in worst.items() if ulp > 16} == {}
    assert {name: eps for name, eps in within.items() if eps > 1} == {}


def test_the_exhaustive_loop_counts_what_the_screen_counts():
    """A block around every binade's start, through the compiled comparison and through NumPy."""
    from actbench.accuracy.exhaustive import loops

    fill, compare = loops()
    x, wide = np.empty(512, np.float32), np.empty(512)
    for first_bits in (0, 0x00800000, 0x33333333, 0x3F800000, 0x42B00000, 0x7F000000, -0x80000000, -0x40800000):
        fill(first_bits, x, wide)
        assert x.view(np.int32)[0] == first_bits
        yard = np.asarray(ab.get("silu")(wide))
        got, error = ab.kernel("silu")(x), np.empty(512, np.float32)
        got[7], got[8] = 0.0, np.inf
        compare(got, yard, yard, error)
        want = prescreened(got, yard, units(np.abs(yard), "float32"), "float32")
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(error, want.astype(np.float32))


def test_a_share_of_the_exhaustive_run_finds_what_is_wrong(monkeypatch):
    from actbench.accuracy import exhaustive

    monkeypatch.setattr(exhaustive, "SHARE", exhaustive.BLOCK * 4)

    def wrong(dy, x, out):
        np.copyto(out, np.where(x == np.float32(-3.5), 0, -x))

    sweep = exhaustive._Sweep("gelu", "backward", wrong)
    bits = int(np.float32(-3.5).view(np.int32))
    sweep.share(bits - 5)
    assert sweep.lost == 1
    assert sweep.worst > 1e6


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_every_float16_is_rounded_rightly(direction):
    from actbench.accuracy.exhaustive import exhaust

    found = exhaust("silu", direction, "float16")
    assert found.inputs == 1 << 16
    assert found.worst_ulp <= 0.5000001
    assert found.lost == found.special == found.nan_lost == 0


def test_an_exhaustive_run_is_kept_and_continued(tmp_path, capsys):
    from actbench.cli import main

    words = ["run", "accuracy", "--exhaustive", "--activation", "relu", "--dtype", "float16", "--out", str(tmp_path)]
    assert main(words) == 0
    before = (tmp_path / "data" / "exhaustive.csv").read_bytes()
    assert main([*words, "--json"]) == 0
    assert (tmp_path / "data" / "exhaustive.csv").read_bytes() == before
    assert main(["run", "activity", "--exhaustive"]) == 2
    assert "for accuracy" in capsys.readouterr().err


def test_next_to_a_root_the_absolute_error_counts_and_nothing_else_does():
    root = ab.get("silu").fact("roots_of_slope")[0]
    x = np.array([-3e38, root - 0.1, root, 5.0, 3e38], np.float32)
    yard = ErrorMeter("silu", "backward", "float32", x)
    right = np.asarray(ab.get("silu").backward(np.ones_like(x), x))
    assert yard.measure(right).root_eps < 0.1
    off = right.copy()
    off[2] += np.float32(3) * np.finfo(np.float32).eps
    off[4] = np.inf
    found = yard.measure(off)
    assert found.root_eps == pytest.approx(3, abs=0.1)
    assert found.worst < 1
