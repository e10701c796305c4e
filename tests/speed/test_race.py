"""Races are honest: pairs, intervals, warnings; a call that does nothing, lies or fails never wins. No wall time."""

from __future__ import annotations

import gc
import importlib.util
import math
import os
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import actbench as ab
from actbench.accuracy.oracle import oracle
from actbench.activations.registry import named, resolve
from actbench.claims.claim import Claim, Reading
from actbench.claims.expectations import CHEAPER
from actbench.claims.judge import judge
from actbench.cli import main
from actbench.core.errors import ActbenchError
from actbench.experiments.pass_cost.effects import panel, time_ratio
from actbench.implementations import libraries
from actbench.implementations.adapters.actbench_ import KEPT
from actbench.implementations.forms import BACKWARD, FORWARD, lined_up
from actbench.implementations.implementation import Absent, PreparedCall
from actbench.speed import lineup as fields
from actbench.speed.calibration import Rate
from actbench.speed.inputs import INPUTS, aligned, operands
from actbench.speed.lineup import COPY, OURS, prepare, suspects
from actbench.speed.race import Race, race
from actbench.speed.table import measured
from actbench.statistics.estimates import MedianEstimate
from actbench.statistics.medians import median, ratio


def samples(**seconds):
    """A race with these samples."""
    found = {name: np.asarray(values, float) for name, values in seconds.items()}
    nothing = {name: np.zeros(values.size, int) for name, values in found.items()}
    return Race(seconds=found, places=nothing, calls=dict.fromkeys(found, 100), tick=1e-9)


def test_a_ratio_is_a_median_of_pairs_so_that_a_slow_spell_cancels():
    rng = np.random.default_rng(0)
    spell = np.where(np.arange(40) < 20, 1.0, 7.0)  # the machine is 7 times slower in the second half
    found = ratio(spell * (1 + 0.01 * rng.random(40)), 2.0 * spell * (1 + 0.01 * rng.random(40)))
    assert found.low < 2.0 < found.high
    assert found.high - found.low < 0.02
    assert found.n == 40


def test_the_interval_of_a_median_covers_it_as_often_as_it_says():
    rng = np.random.default_rng(1)
    covered = sum((i := median(rng.lognormal(size=31))).low <= 1.0 <= i.high for _ in range(400))
    assert 0.90 <= covered / 400 <= 0.985


def test_the_same_samples_give_the_same_interval():
    values = np.random.default_rng(2).random(21)
    assert median(values) == median(values.copy())


def test_every_competitor_has_a_sample_in_every_round_and_the_order_changes():
    found = race({"a": lambda: None, "b": lambda: sum(range(50))}, rounds=12, target=1e-5)
    assert {name: len(values) for name, values in found.seconds.items()} == {"a": 12, "b": 12}
    assert set(found.places["a"] + found.places["b"]) == {1}
    assert set(found.places["a"]) == {0, 1}


def test_the_collector_is_off_while_samples_are_taken_and_on_again_after():
    seen = []
    race({"a": lambda: seen.append(gc.isenabled())}, rounds=5, target=1e-6)
    assert not any(seen[-5:])
    assert gc.isenabled()


def test_a_competitor_that_fails_is_a_reason_and_the_others_run_on():
    count = iter(range(1000))

    def later():
        if next(count) > 60:
            raise RuntimeError("out of\nmemory")

    found = race({"a": lambda: None, "never": lambda: 1 / 0, "later": later}, rounds=300, target=1e-6)
    assert set(found.seconds) == {"a"}
    assert found.failed["never"].startswith("ZeroDivisionError")
    assert "\n" not in found.failed.get("later", "")


def test_noise_and_a_coarse_clock_are_said_with_their_remedy():
    rng = np.random.default_rng(0)
    noisy = samples(a=1e-3 * (1 + rng.random(30)), b=np.full(30, 1e-3))
    assert any("noise" in warning and "a's" in warning and "rounds" in warning for warning in noisy.warnings())
    coarse = Race(seconds={"a": np.full(9, 1e-9)}, places={}, calls={"a": 10}, tick=1e-6)
    assert any(warning.startswith("clock") for warning in coarse.warnings())
    assert not samples(a=np.full(9, 1e-3)).warnings()


def test_nobody_is_twice_as_fast_as_a_copy():
    found = samples(copy=np.full(9, 1e-3), lazy=np.full(9, 1e-6), honest=np.full(9, 9e-4))
    assert set(suspects(found)) == {"lazy"}
    assert not suspects(samples(copy=np.full(9, 1e-7), tiny=np.full(9, 1e-8)))  # all call: memory says nothing


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_inputs_are_what_their_name_says(kind, dtype):
    a = operands(kind, dtype, 1000, lambda x: x)
    assert a.x.dtype == a.out.dtype == dtype
    assert all(array.ctypes.data % 64 == 0 for array in (a.x, a.dy, a.y, a.out))
    assert np.isfinite(a.x).all()
    tiny = np.finfo(dtype).tiny
    law = {
        "normal": abs(a.x.mean()) < 0.2 and (a.x < 0).any(),
        "positive": (a.x >= 0).all(),
        "saturated": (np.abs(a.x) >= 20).all() and (a.x < 0).any() and (a.x > 0).any(),
        "subnormal": (np.abs(a.x) < tiny).all() and (a.x != 0).mean() > 0.9,
        "sorted": (np.diff(a.x) >= 0).all(),
    }
    assert law[kind]


def test_arrays_do_not_overlap_and_are_not_at_one_offset():
    arrays = [aligned(5000, "float64", place) for place in range(4)]
    for number, array in enumerate(arrays):
        array[:] = number
    assert [set(array) for array in arrays] == [{0.0}, {1.0}, {2.0}, {3.0}]
    assert len({array.ctypes.data % 4096 for array in arrays}) == 4


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "silu", "gelu", "prelu", "rrelu", "identity"])
def test_the_textbook_agrees_with_mpmath(name, direction):
    row = resolve(name)
    x = np.array([-3.5, -1.0, -0.25, 0.5, 2.0])
    a = operands("normal", "float64", 5, lambda x: x)
    a.x[:], a.dy[:], a.y[:] = x, 1.0, row.forward(x)
    got = libraries.prepared("numpy", row, direction, a)
    true = oracle(row.spec)
    exact = [float((true.value if direction == "forward" else true.slope)(v)) for v in x]
    with got.around():
        np.testing.assert_allclose(got.result(), exact, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("contender", [name for name in libraries.contenders() if name != "torch.compile"])
def test_a_peer_takes_part_with_right_values_or_says_why_not(contender):
    for direction in ("forward", "backward"):
        row = resolve("silu")
        a = operands("normal", "float32", 64, row.forward)
        try:
            got = libraries.prepared(contender, row, direction, a)
        except Absent:
            continue
        with got.around():
            first = got.result()
            wide = (
                row.forward(a.x.astype(float))
                if direction == "forward"
                else row.backward(a.dy.astype(float), a.x.astype(float))
            )
            np.testing.assert_allclose(first, wide, rtol=1e-4, atol=1e-6)
            a.x[:] = -a.x
            got.refresh()
            again = got.result()
        assert not np.array_equal(first, again)


def broken(monkeypatch, ready):
    """A peer of this kind in the place of the textbook."""
    monkeypatch.setattr(fields, "prepared", lambda contender, activation, direction, arrays, device: ready(arrays))


def test_a_peer_that_does_not_import_is_a_row_with_its_reason(monkeypatch):
    def absent(row):
        raise ModuleNotFoundError("No module named 'not_there_at_all'", name="not_there_at_all")

    broken_library = replace(libraries.libraries()["numpy"], of_row=absent)
    monkeypatch.setattr(libraries, "libraries", lambda: {"numpy": broken_library})
    with pytest.raises(Absent, match="not_there_at_all"):
        libraries.prepared("numpy", resolve("relu"), "forward", operands("normal", "float32", 8, lambda x: x))


def test_wrong_values_are_never_ranked(monkeypatch):
    def liar(a):
        call = lambda: np.multiply(a.x, 2.0, out=a.out)  # noqa: E731
        return PreparedCall(call=call, result=lambda: np.array(call()))

    broken(monkeypatch, liar)
    rows = measured(_cell(), contenders=("numpy",), rounds=5, most=0.2, target=1e-4)
    row = next(row for row in rows if row["implementation"] == "numpy")
    assert row["reason"].startswith("wrong values")
    assert "time_s" not in row


def test_a_promise_that_is_put_off_is_never_ranked(monkeypatch):
    def lazy(a):
        return PreparedCall(call=lambda: None, result=lambda: np.maximum(a.x, 0))

    broken(monkeypatch, lazy)
    rows = measured(_cell(1 << 20), contenders=("numpy",), rounds=5, most=0.5, target=1e-3)
    row = next(row for row in rows if row["implementation"] == "numpy")
    assert row["rank"] is None
    assert "nothing was computed" in row["reason"]
    assert all("nothing was computed" in row["warnings"] for row in rows)
    assert next(row for row in rows if row["implementation"] == OURS)["rank"] == 1


def _cell(size=4096):
    from actbench.speed.table import Cell

    return Cell(activation="relu", direction="forward", dtype="float32", size=size, inputs="normal", threads=1)


def test_our_kernel_holds_its_promise_and_the_textbook_sigmoid_does_not():
    field = prepare("sigmoid", "backward", "float32", 4096, contenders=("numpy",))
    assert field.entries[OURS].holds is True
    assert field.entries["numpy"].holds is False  # y (1 - y) has lost the tail
    assert not field.entries["numpy"].wrong
    assert COPY in field.entries
    assert field.bytes_moved == 3 * 4096 * 4


def test_the_rules_from_the_kept_output_are_the_derivatives():
    x = np.linspace(-3, 3, 33)
    for name, row in KEPT.items():
        slope = ab.kernel(row, "backward_from_output")(np.ones_like(x), ab.get(name).forward(x))
        np.testing.assert_allclose(slope, ab.get(name).backward(np.ones_like(x), x), rtol=1e-12)


def test_every_library_computes_the_same_passes():
    for direction, passes in (("forward", FORWARD), ("backward", BACKWARD)):
        arrays = {name: operands("normal", "float64", 32, ab.get(name).forward) for name in passes}
        with lined_up(direction, arrays) as (calls, absent):
            assert {"actbench", "numpy"} <= {library for library, _ in calls}
            for (library, name), call in calls.items():
                arrays[name].out[:] = np.nan
                got = call()
                got = np.array(got) if library == "jax" else arrays[name].out
                a = arrays[name]
                right = ab.get(name).forward(a.x) if direction == "forward" else ab.get(name).backward(a.dy, a.x)
                np.testing.assert_allclose(got, right, rtol=1e-9, atol=1e-15, err_msg=f"{library} {name}")
            assert not {"actbench", "numpy"} & set(absent)


def timings(relu, rival, library="numpy"):
    """A frame of the experiment with these times."""
    rows = [
        {"direction": "forward", "dtype": dtype, "size": size, "inputs": "normal", "library": library, "pass": name,
         "round": number, "time_s": seconds * (1 + 0.001 * number)}
        for dtype in ("float32", "float64") for size in (2**12, 2**20)
        for name, seconds in (("relu", relu), ("tanh", rival)) for number in range(12)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("rival", "verdict"), [(2.0, "supported"), (1.0, "refuted"), (1.1, "inconclusive")])
def test_cheaper_is_judged_by_pairs_in_every_library_that_is_there(rival, verdict):
    frame = timings(1.0, rival)
    if verdict == "inconclusive":
        frame.loc[(frame["pass"] == "tanh") & (frame["round"] % 2 == 0), "time_s"] *= 1.4
    settings = panel("relu", ("tanh",), libraries=("numpy", "torch"), direction="forward")
    reading = Reading(name="faster", level="literal", kind="experiment", experiment="pass_cost", expected=CHEAPER,
                      settings=settings)  # fmt: skip
    claim = Claim(name="T9", statement={"en": "Cheaper."}, readings=(reading,))
    found = judge(claim, {"pass_cost": frame})[0]
    assert found.verdict == verdict
    assert {part.verdict for part in found.settings if part.setting.startswith("torch")} == {"not tested"}
    elsewhere = judge(claim, {"pass_cost": frame}, untested={("T9", "faster"): "judged elsewhere"})
    assert [v.verdict for v in elsewhere] == ["not tested", "not tested"]


def test_the_rival_is_the_cheapest_one():
    frame = pd.concat([timings(1.0, 3.0), timings(1.0, 1.5).replace("tanh", "sigmoid").query("`pass` != 'relu'")])
    effect = time_ratio(
        "relu", ("tanh", "sigmoid"), library="numpy", direction="forward", dtype="float32", size=4096, inputs="normal"
    )
    estimate = effect(frame)
    assert estimate.value == pytest.approx(1.5)
    assert "sigmoid" in estimate.note
    assert estimate.n_unit == "rounds"


def test_a_median_estimate_without_values_has_no_number():
    empty = MedianEstimate.of([], n_unit="rounds")
    assert math.isnan(empty.value)
    assert all(math.isnan(end) for end in empty.interval())


def test_a_rate_has_an_exact_interval():
    low, high = Rate(found=1, of=20, ratios=()).interval()
    assert (round(low, 4), round(high, 4)) == (0.0013, 0.2487)  # Clopper & Pearson 1934
    assert Rate(found=0, of=20, ratios=()).interval()[0] == 0.0


@pytest.mark.parametrize("name", ["silu", "relu", "identity", "leaky_relu", "sine"])  # each its own kind of loop
def test_more_threads_give_the_same_numbers(name):
    from actbench.kernels.ufuncs import THREADED

    x = np.random.default_rng(0).standard_normal(THREADED + 3).astype(np.float32)  # enough to be shared
    x[::5000] *= 1e20  # far angles
    one, two = (ab.kernel(name, threads=threads) for threads in (1, 2))
    back, shared = (ab.kernel(name, "backward", threads=threads) for threads in (1, 2))
    y, out = one(x), np.empty_like(x)
    np.testing.assert_array_equal(two(x, out=out), y)
    assert two(x, out=out) is out
    np.testing.assert_array_equal(two(x.reshape(1, -1)), y.reshape(1, -1))
    np.testing.assert_array_equal(shared(x, x, out=out), back(x, x))
    if ab.get(name).saves == ("y",):
        saved = [ab.kernel(name, "backward_from_output", threads=threads)(x, y) for threads in (1, 2)]
        np.testing.assert_array_equal(*saved)
    in_place = x.copy()
    np.testing.assert_array_equal(two(in_place, out=in_place), y)


def test_threads_are_a_whole_number():
    with pytest.raises(ActbenchError, match="whole number"):
        ab.kernel("relu", threads=0)


def test_a_calibrated_sample_lasts_as_long_as_it_was_told():
    found = race({"a": lambda: time.sleep(0.0005)}, rounds=5, target=0.003)
    assert 2 <= found.calls["a"] <= 8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "remark"),
    [({"NUMBA_DISABLE_JIT": "1"}, "switched off"), ({"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}, "")],
    ids=["no compiler", "generic processor"],
)
def test_a_hobbled_compiler_is_a_clear_row(environment, remark, tmp_path):
    words = [
        "bench",
        "relu",
        "--size",
        "2^8",
        "--dtype",
        "float32",
        "--peers",
        "numpy",
        "--rounds",
        "5",
        "--out",
        tmp_path,
    ]
    done = subprocess.run(
        [sys.executable, "-m", "actbench", *map(str, words)],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "relu forward" in done.stdout
    rows = pd.read_csv(tmp_path / "timings" / "bench.csv")
    ours = rows[rows["implementation"] == OURS]
    assert ours["rank"].isna().all() == bool(remark)
    assert ours["reason"].astype(object).fillna("").astype(str).str.contains(remark).all()
    assert {file.name for file in tmp_path.glob("figures/*.svg")} == {
        "bars-forward.svg", "bars-backward.svg", "roofline.svg"
    }  # fmt: skip
    assert len(pd.read_csv(tmp_path / "timings" / "samples.csv")) >= 2 * 5 * 2


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["--size", "0"], "2^20"),
        (["--size", "many"], "2^20"),
        (["--dtype", "float16"], "float32"),
        (["--inputs", "uniform"], "normal"),
        (["--peers", "tensorflow"], "torch"),
        (["--threads", "0"], "1 or more"),
        (["--threads", "999"], "or fewer"),
        (["--rounds", "1"], "5 or more"),
        (["no_such_function"], "no activation"),
    ],
)
def test_a_wrong_request_is_one_line(words, remedy, capsys):
    from actbench.cli import main

    assert main(["bench", *words]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert remedy in error


@pytest.mark.parametrize("spec", ["swiglu_oai:limit=3", "glu:layout=blocks_value_first", "softmax", "crelu", "maxout"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_functions_along_an_axis_are_raced_in_their_layout(spec, direction):
    field = prepare(spec, direction, "float32", 2 * 4096, contenders=["numpy", "torch"])
    row = named(spec)
    x = field.arrays.x
    assert x.shape == (2, 4096)
    expected = {"actbench", "numpy", "copy", "identity kernel"}
    if importlib.util.find_spec("torch") and row.name not in ("crelu", "maxout"):  # which torch has no name for
        expected.add("torch")
    assert set(field.entries) == expected, field.absent
    right = row(x) if direction == "forward" else row.backward(field.arrays.dy, x)
    for name in expected - {"copy", "identity kernel"}:
        assert not field.entries[name].wrong
        np.testing.assert_allclose(field.entries[name].ready.result(), right, rtol=2e-5, atol=1e-6)
    assert field.bytes_moved == right.nbytes + x.nbytes + (field.arrays.dy.nbytes if direction == "backward" else 0)


def test_a_gate_s_wrong_answer_is_not_ranked_and_what_cannot_be_laid_out_is_one_line(monkeypatch, capsys):
    pytest.importorskip("torch")
    monkeypatch.setattr("actbench.implementations.gates.in_one_array", lambda row, ops: lambda x: x[..., ::2] * 1)
    assert "wrong values" in prepare("swiglu", "forward", "float32", 4096, contenders=["torch"]).entries["torch"].wrong
    for words, said in (("swiglu:layout=blocks --size 96", "multiple of 64"), ("glu --layout strided", "contiguous")):
        assert main(["bench", *words.split(), "--dry-run"]) == 2
        assert said in capsys.readouterr().err
