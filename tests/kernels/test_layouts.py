"""Any layout, byte order and overlap gives the bits of the plain call; races on them and on a GPU are honest."""

from __future__ import annotations

import numpy as np
import pytest

import actbench as ab
from actbench.activations.registry import resolve
from actbench.cli import main
from actbench.implementations import libraries
from actbench.implementations.implementation import Absent
from actbench.kernels.table import BLOCK
from actbench.kernels.ufuncs import THREADED
from actbench.speed import cuda
from actbench.speed.inputs import LAYOUTS, operands
from actbench.speed.lineup import COPY, OURS, prepare, run
from actbench.speed.race import race, wall
from actbench.speed.table import Cell, measured

RNG = np.random.default_rng(5)


def _arrays(size, dtype):
    """The same numbers in layouts that no loop takes as they are, with the plain array first."""
    plain = RNG.standard_normal(size).astype(dtype)
    wide = np.zeros(2 * size, dtype)
    wide[::2] = plain
    back = plain[::-1].copy()[::-1]
    square = np.asfortranarray(plain.reshape(-1, 4))
    gap = np.zeros((size // 4, 6), dtype)
    gap[:, :4] = plain.reshape(-1, 4)
    odd = np.zeros(size * plain.itemsize + 1, np.uint8)[1:].view(dtype)
    odd[:] = plain
    return plain, [wide[::2], back, square, gap[:, :4], odd, plain.astype(plain.dtype.newbyteorder())]


@pytest.mark.parametrize("size", [64, BLOCK + 4, 3 * BLOCK])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_a_layout_changes_no_bit(size, dtype, direction):
    kernel = ab.kernel("silu", direction, dtype=dtype)
    plain, others = _arrays(size, dtype)
    right = kernel(plain) if direction == "forward" else kernel(plain, plain)
    for x in others:
        for out in (None, np.empty(x.shape, dtype), np.empty((*x.shape, 2), dtype)[..., 0], np.empty(x.shape, ">f8")):
            if out is not None and out.dtype.newbyteorder("=") != np.dtype(dtype):
                continue
            got = kernel(x, out=out) if direction == "forward" else kernel(x, x, out=out)
            assert out is None or got is out
            np.testing.assert_array_equal(got.reshape(-1).astype(dtype), right)


def test_other_kinds_of_arrays_are_taken_too():
    forward, backward = ab.kernel("relu"), ab.kernel("relu", "backward")
    x = np.linspace(-2, 2, 12, dtype=np.float32)
    y, dx = forward(x), backward(x, x)
    for odd in (np.ma.masked_array(x), x.reshape(3, 4), np.repeat(x, 2)[::2], x.astype(">f4"), x):
        out = np.empty(odd.shape, np.float32)
        assert forward(odd, out=out) is out
        np.testing.assert_array_equal(out.reshape(-1), y)
        assert backward(odd, odd, out=out) is out
        np.testing.assert_array_equal(out.reshape(-1), dx)


def test_a_new_result_lies_as_its_input():
    kernel = ab.kernel("tanh")
    x = RNG.standard_normal((6, 5)).astype(np.float32).T
    assert kernel(x).strides == x.strides
    assert kernel(x[:, ::2]).flags.f_contiguous


def test_results_over_shifted_inputs_are_right():
    """In place, and into memory that overlaps the input partly, in any direction."""
    kernel = ab.kernel("relu")
    for size in (100, 2 * BLOCK):
        start = RNG.standard_normal(size + 8).astype(np.float32)
        for source, target in ((slice(0, size), slice(3, size + 3)), (slice(3, size + 3), slice(0, size))):
            memory = start.copy()
            kernel(memory[source], out=memory[target])
            np.testing.assert_array_equal(memory[target], np.maximum(start[source], 0))
        memory = start.copy()
        kernel(memory[:size][::2], out=memory[:size][::2])
        np.testing.assert_array_equal(memory[:size][::2], np.maximum(start[:size][::2], 0))
        np.testing.assert_array_equal(memory[1::2], start[1::2])
        memory = start.copy()
        kernel(memory[:size], out=memory[:size][::-1])
        np.testing.assert_array_equal(memory[:size][::-1], np.maximum(start[:size], 0))


def test_a_parameter_along_an_axis_is_spread():
    """One learned slope a channel, as torch's prelu has them; stretched without a full array of it."""
    weight = np.array([0.1, 0.2, 0.3], np.float32)[:, None]
    x = RNG.standard_normal((4, 3, 5)).astype(np.float32)
    want = np.where(x > 0, x, x * weight)
    np.testing.assert_array_equal(ab.kernel("prelu")(x, weight), want)
    np.testing.assert_array_equal(ab.kernel("prelu")(x.transpose(2, 1, 0), weight), want.transpose(2, 1, 0))


def test_threads_take_a_strided_array_too():
    x = RNG.standard_normal(2 * THREADED + 6)[::2]
    np.testing.assert_array_equal(
        ab.kernel("silu", dtype="float64", threads=2)(x), ab.kernel("silu", dtype="float64")(x)
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_racer_computes_the_same_on_a_layout(layout):
    row = resolve("gelu")
    for direction in ("forward", "backward"):
        arrays = operands("normal", "float32", 64, row.forward, layout)
        assert arrays.x.size == 64
        assert arrays.x.flags.c_contiguous == (layout == "contiguous")
        wide = [a.astype(np.float64) for a in (arrays.dy, arrays.x)]
        right = row.forward(wide[1]) if direction == "forward" else row.backward(*wide)
        found = 0
        for contender in libraries.contenders():
            try:
                ready = libraries.prepared(contender, row, direction, arrays)
            except Absent:
                continue
            with ready.around():
                np.testing.assert_allclose(ready.result(), right, rtol=1e-4, atol=1e-5)
            found += 1
        assert found


def test_a_race_on_a_layout_says_so(capsys, tmp_path):
    cell = Cell(activation="relu", direction="forward", dtype="float32", size=256, layout="transposed")
    rows = measured(cell, contenders=("numpy",), rounds=5, most=0.2, target=1e-4)
    assert next(row for row in rows if row["implementation"] == OURS)["holds"]
    words = ["bench", "relu", "--quick", "--rounds", "5", "--size", "256", "--peers", "numpy", "--direction", "forward"]
    assert main([*words, "--layout", "strided", "--out", str(tmp_path)]) == 0
    assert "256 elements, normal, strided, 1 thread" in capsys.readouterr().out
    assert main([*words, "--layout", "diagonal"]) == 2
    assert "known: contiguous, strided, transposed" in capsys.readouterr().err
    assert main([*words, "--size", "257", "--layout", "transposed", "--out", str(tmp_path)]) == 2
    assert "prime number" in capsys.readouterr().err


class Event:
    """A stand-in for a device's event, on the wall clock."""

    def record(self):
        import time

        self.at = time.perf_counter()

    def synchronize(self):
        pass

    def elapsed_time(self, end):
        return 1000 * (end.at - self.at)


def test_a_block_is_timed_between_two_events():
    import time

    watch = cuda.stopwatch(Event)
    assert 0.01 <= watch(lambda: time.sleep(0.005), 2) < 1
    found = race({"a": lambda: time.sleep(1e-4), "b": lambda: None}, rounds=5, target=1e-4, stopwatch=watch)
    assert found.ratio("b", "a").value > 5
    assert wall(lambda: None, 3) >= 0


def test_a_gpu_race_needs_a_gpu(capsys):
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        field = prepare("gelu", "backward", "float32", 4096, contenders=("torch", "numpy"), device="cuda")
        assert set(field.entries) == {"torch", COPY}
        assert {OURS, "numpy"} == set(field.absent)
        assert not field.entries["torch"].wrong
        assert run(field, rounds=5, target=1e-4).seconds["torch"].min() > 0
        return
    assert main(["bench", "relu", "--device", "cuda"]) == 2
    assert "sees no GPU" in capsys.readouterr().err


def test_the_way_onto_another_device_is_the_same_race(monkeypatch):
    """Without a GPU: torch's second device of tensors is the processor again, so that all but the chip is run."""
    torch = pytest.importorskip("torch")
    from actbench.implementations.adapters import torch_

    asked = []

    def elsewhere(own, device):
        tensors = [torch.from_numpy(a).clone() for a in (own.x, own.dy, own.y, own.out)]
        asked.append(device)

        def copied():
            for target, array in zip(tensors[:3], (own.x, own.dy, own.y), strict=True):
                target.copy_(torch.from_numpy(array))

        return tensors, copied

    monkeypatch.setattr(torch_, "tensors", elsewhere)
    monkeypatch.setattr(cuda, "tensors", elsewhere)
    monkeypatch.setattr(cuda, "stopwatch", lambda: wall)
    for direction in ("forward", "backward"):
        cell = Cell(activation="mish", direction=direction, dtype="float32", size=4096, device="cuda")
        rows = measured(cell, contenders=("torch", "numpy"), rounds=5, most=0.2, target=1e-4)
        by_name = {row["implementation"]: row for row in rows}
        assert by_name["torch"]["rank"] == 1
        assert by_name["torch"]["worst_ulp"] > 0  # its values were read back and compared
        assert by_name[OURS]["reason"] == "our kernels run on the processor"
        assert by_name["numpy"]["reason"] == "is raced on the processor alone"
    assert set(asked) == {"cuda"}
