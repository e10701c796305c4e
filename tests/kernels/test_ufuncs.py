"""Kernels are NumPy's ufuncs: every way to call one gives the same bits, raises no flag, and threads are its own."""

from __future__ import annotations

import sys
import threading
import time
import warnings

import numpy as np
import pytest

import actbench as ab
from actbench.activations.registry import ACTIVATIONS
from actbench.kernels import table, ufuncs

RNG = np.random.default_rng(11)
X = RNG.standard_normal(300).astype(np.float32)
Y = np.maximum(X, 0)
KINDS = ("silu", "identity", "leaky_relu", "sine")  # each its own kind of loop
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, -0.5, 3.0, -3.0, 6.0, -6.0, 20.0, -20.0])


def test_kernels_are_ufuncs_of_three_formats():
    for name, direction, operands in (("relu", "forward", 1), ("relu", "backward", 2), ("prelu", "forward", 2),
                                      ("relu", "backward_from_output", 2), ("rrelu", "backward", 3)):  # fmt: skip
        kernel = ab.kernel(name, direction)
        assert type(kernel) is np.ufunc
        assert (kernel.nin, kernel.nout) == (operands, 1)
        trailing = len(ab.get(name).trailing)
        forms = (("e", "d"), ("f", "f"), ("d", "d"))  # a half's parameters are doubles
        assert kernel.types == [f"{x * (operands - trailing)}{more * trailing}->{x}" for x, more in forms]
        assert kernel.__name__ == f"{name}_{direction}"
        assert kernel is ab.kernel(name, direction)
    assert "weight" in ab.kernel("prelu").__doc__


def test_a_parameter_beyond_a_half_is_itself():
    x = np.array([-6e-8, 6e-8, 1.0], np.float16)
    dy = np.ones_like(x)
    for direction, given in (("forward", (x,)), ("backward", (dy, x))):
        kernel = ab.kernel("smu", direction)
        want = kernel(*(np.float64(a) for a in given), 1e6).astype(np.float16)
        for mu in (1e6, np.full(3, 1e6), np.full(3, 1e6, np.float32)):
            got = kernel(*given, mu)
            assert got.dtype == np.float16
            np.testing.assert_array_equal(got, want)


def test_every_way_to_call_gives_the_same():
    forward, backward, saved = (ab.kernel("relu", d) for d in ("forward", "backward", "backward_from_output"))
    out = np.empty_like(X)
    want = np.where(X > 0, X, 0)
    for call in (
        lambda: forward(X),
        lambda: forward(X, out=None),
        lambda: forward(X, out=out),
        lambda: forward(X, out),
        lambda: forward(X, out=out, where=True),
        lambda: backward(X, X),
        lambda: backward(X, X, out=out),
        lambda: saved(X, Y),
        lambda: saved(X, Y, out=out),
        lambda: backward(*[X.reshape(3, 100)] * 2).reshape(-1),
        lambda: forward(X.reshape(3, 4, 25), out=out.reshape(3, 4, 25)).reshape(-1),
        lambda: backward(*[X.reshape(20, 15, order="F")] * 2).reshape(-1, order="F"),
        lambda: forward(X.astype(">f4")),
        lambda: forward(X.astype(np.float64)).astype(np.float32),
    ):
        out[:] = np.nan
        np.testing.assert_array_equal(call(), want)
    assert forward(X, out=out) is out
    assert forward(X[:0]).size == 0
    assert forward(np.float32(2.0)) == 2.0
    assert forward(2) == 2.0
    some = np.full_like(X, 7.0)
    forward(X, out=some, where=X > 0)
    np.testing.assert_array_equal(some, np.where(X > 0, X, 7.0))


def test_what_is_wrong_is_said():
    forward, backward = ab.kernel("relu"), ab.kernel("relu", "backward")
    locked = X.copy()
    locked.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        forward(X, out=locked)
    with pytest.raises(ValueError, match="broadcast"):
        backward(X, X[:7])
    with pytest.raises(TypeError):
        forward()
    with pytest.raises(TypeError):
        backward(X)
    with pytest.raises(TypeError):
        forward(X.astype(complex))
    with pytest.raises(ab.ActbenchError, match="does not keep its output"):
        ab.kernel("silu", "backward_from_output")
    np.testing.assert_array_equal(forward(locked), Y)  # what is only read may be locked


def test_results_belong_to_who_called():
    kernel = ab.kernel("relu")
    out = np.empty_like(X)
    before = sys.getrefcount(out), sys.getrefcount(X)
    for _ in range(50):
        kernel(X, out=out)
        fresh = kernel(X)
    assert (sys.getrefcount(out), sys.getrefcount(X)) == before
    assert sys.getrefcount(fresh) == 2


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_no_kernel_raises_a_flag(dtype, direction):
    """An arm that overflows and is not taken would warn, for NumPy asks the processor after every inner loop."""
    large = float(np.finfo(dtype).max)
    x = np.concatenate([SPECIAL, [large, -large, large / 3, -large / 3], np.linspace(-1, 1, 13) * large**0.5])
    x = np.concatenate([x, np.finfo(dtype).smallest_subnormal * np.array([1, -1, 5])]).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for row in ACTIVATIONS:
            kernel = ab.kernel(row, direction, at_defaults=True)
            if not isinstance(kernel, np.ufunc):
                continue
            for given in (x, np.repeat(x, 50)[::3]):
                kernel(*([given] if direction == "forward" else [np.ones_like(given), given]))


def test_the_flags_that_were_there_stay():
    """A kernel hides its own flags, not those of whoever comes before it."""
    with np.errstate(over="raise"):
        ab.kernel("silu")(X)
        with pytest.raises(FloatingPointError):
            np.exp(np.float32([200.0]))


def test_every_half_is_the_double_s_answer_rounded_once():
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    for name in ("identity", "silu", "relu", "tanh"):
        kernel = ab.kernel(name)
        with np.errstate(over="ignore", invalid="ignore"):
            want = kernel(every.astype(np.float64)).astype(np.float16)
        np.testing.assert_array_equal(kernel(every), want)
    got = ab.kernel("identity")(every)
    number = ~np.isnan(every)
    np.testing.assert_array_equal(got.view(np.uint16)[number], every.view(np.uint16)[number])


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", KINDS)
def test_streams_change_no_bit(monkeypatch, name, dtype, direction):
    """Stores past the caches, whatever the output's place in its cache line and the length of what is left over."""
    kernel = ab.kernel(name, direction, dtype=dtype)
    monkeypatch.setattr(ufuncs, "streamed_from", lambda: 1)
    monkeypatch.setattr(ufuncs, "STREAMED", 1000)
    streaming = ufuncs.make(ab.get(name), direction, (dtype,), 1)
    memory = RNG.standard_normal(6000).astype(dtype)
    memory[100] = 1e30  # a far angle
    for start in (0, 1, 3, 7, 16):
        for size in (0, 1, 15, 1023, 1024, 1025, 2048, 3000, 5000):
            x = memory[5:][:size]
            arrays = (x,) if direction == "forward" else (x, memory[9:][:size])
            room = np.full(6000, 7.0, dtype)
            streaming(*arrays, out=room[start:][:size])
            np.testing.assert_array_equal(room[start:][:size], kernel(*arrays))
            assert (room[:start] == 7.0).all()
            assert (room[start + size :] == 7.0).all()


def test_streams_are_for_what_waits_for_memory():
    """A light kernel on what no cache holds; a heavy one computes while memory is fetched."""
    assert 1 << 20 <= ufuncs.streamed_from() <= 1 << 32

    def streams(name):
        variant = ufuncs.Variant(ab.get(name), "forward", "f", 32, 1)
        variant.compile(table.SCALAR)
        return variant.table[table.STREAMED >> 3] < ufuncs.NEVER

    assert [streams(name) for name in ("relu", "hardswish", "silu", "gelu")] == [True, True, False, False]


def test_a_long_call_lets_other_threads_run():
    """A call that kept the interpreter's lock would never be seen at work."""
    kernel = ab.kernel("gelu")
    x = np.ones(1 << 22, np.float32)
    out = np.empty_like(x)
    kernel(x, out=out)

    def seen_at_work():
        begun, done = threading.Event(), threading.Event()

        def call():
            begun.set()
            for _ in range(20):
                kernel(x, out=out)
            done.set()

        thread = threading.Thread(target=call)
        thread.start()
        begun.wait()
        turns = 0
        while not done.is_set():
            turns += 1
            time.sleep(0)
        thread.join()
        return turns > 100  # with the lock kept, one turn for each of the calls at most

    assert any(seen_at_work() for _ in range(20))


@pytest.mark.parametrize("threads", [2, 5, 200])
def test_threads_share_what_a_call_gives(threads):
    x = RNG.standard_normal(ufuncs.THREADED + 5).astype(np.float32)
    one, many = (ab.kernel("prelu", threads=number) for number in (1, threads))
    np.testing.assert_array_equal(many(x, 0.5), one(x, 0.5))
    slopes = np.linspace(0, 1, x.size, dtype=np.float32)
    np.testing.assert_array_equal(many(x, slopes), np.where(x > 0, x, slopes * x))


@pytest.mark.parametrize("threads", [1, 2])
def test_what_interrupts_a_first_call_is_raised_by_it_and_the_next_call_is_right(monkeypatch, threads):
    """Code is made inside NumPy's loop, which no exception can cross: without code it went on at address 0."""
    bound = ab.get("leaky_relu", negative_slope=0.123)
    kernel = ab.kernel(bound, dtype="float32", threads=threads)
    x = np.linspace(-3, 3, 2 * ufuncs.THREADED).astype(np.float16)
    reasons = [KeyboardInterrupt(), OSError(28, "No space left on device")]
    monkeypatch.setattr(ufuncs, "machine", lambda text: raise_(reasons.pop(0)))
    with pytest.raises(KeyboardInterrupt):
        kernel(x)
    with pytest.raises(OSError, match="No space left on device") as caught:
        kernel(x)
    assert caught.value.__cause__.errno == 28
    monkeypatch.undo()
    np.testing.assert_array_equal(kernel(x), bound(x))


def raise_(error):
    raise error


def test_bound_parameters_are_those_of_the_kernel():
    for slope in [0.1 * n for n in range(100)]:
        got = ab.kernel(ab.get("leaky_relu", negative_slope=slope))(X)
        np.testing.assert_array_equal(got, np.where(X > 0, X, np.float32(slope) * X))
    one, other = ab.kernel("prelu"), ab.kernel("prelu", at_defaults=True)
    np.testing.assert_array_equal(one(X, 0.25), other(X))
    bound = ab.kernel(ab.get("prelu", weight=0.5))
    assert bound.nin == 1
    np.testing.assert_array_equal(bound(X), one(X, 0.5))


def test_every_row_fits():
    for row in ACTIVATIONS:
        if not row.opaque:
            assert ab.kernel(row, "backward").nin < table.MOST
