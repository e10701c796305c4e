"""Python calls machine code: every way to call a kernel gives the same numbers and refuses the same things."""

from __future__ import annotations

import inspect
import sys
import threading
import time

import numpy as np
import pytest

import actbench as ab
from actbench.activations.registry import ACTIVATIONS
from actbench.kernels import entry, numba_

RNG = np.random.default_rng(11)
X = RNG.standard_normal(300).astype(np.float32)
Y = np.maximum(X, 0)


@pytest.fixture(params=["machine code", "ctypes"])
def way(request, monkeypatch):
    """By the entry, and as on an interpreter whose objects lie differently."""
    if request.param == "ctypes":
        monkeypatch.setattr(entry, "machine_entry", lambda: None)
    return request.param


def test_the_entry_is_in_use_here():
    """A CPython of 64 bits has it: else the other tests would look at one way only."""
    assert (entry.machine_entry() is not None) == (sys.implementation.name == "cpython" and sys.maxsize > 1 << 32)
    assert inspect.isbuiltin(ab.kernel("relu"))


def test_every_way_to_call_gives_the_same(way):
    forward, backward = ab.kernel("relu"), ab.kernel("relu", "backward")
    out = np.empty_like(X)
    want = np.where(X > 0, X, 0)
    for call in (
        lambda: forward(X),
        lambda: forward(X, out=None),
        lambda: forward(X, out=out),
        lambda: backward(X, X),
        lambda: backward(X, X, out=out),
        lambda: backward(X, x=X, out=out),
        lambda: backward(X, y=Y),
        lambda: backward(X, y=Y, out=out),
        lambda: backward(X, out=out, y=Y),
        lambda: backward(X, X, y=Y, out=out),
        lambda: backward(*[X.reshape(3, 100)] * 2).reshape(-1),
        lambda: forward(X.reshape(3, 4, 25), out=out.reshape(3, 4, 25)).reshape(-1),
        lambda: backward(*[X.reshape(20, 15, order="F")] * 2).reshape(-1, order="F"),
    ):
        out[:] = np.nan
        np.testing.assert_array_equal(call(), want)
    assert forward(X, out=out) is out
    assert forward(X[:0]).size == 0
    assert forward(np.float32(2.0).reshape(())) == 2.0


def test_what_is_no_plain_call_is_said(way):
    forward, backward = ab.kernel("relu"), ab.kernel("relu", "backward")
    locked = X.copy()
    locked.flags.writeable = False
    for call, words in (
        (lambda: forward(X, out=locked), "writable"),
        (lambda: forward(X, slope=1.0), "no parameter"),
        (lambda: backward(X), "needs x"),
        (lambda: backward(X, X[:7], out=np.empty_like(X)), "shapes differ"),
        (lambda: forward(X, out=np.empty(7, np.float32)), "shape"),
        (lambda: forward(X.astype(np.float64)), "takes float32"),
        (lambda: ab.kernel("silu", "backward")(X, y=Y), "needs x"),
    ):
        with pytest.raises(ab.ActbenchError, match=words):
            call()
    with pytest.raises(TypeError):
        forward()
    with pytest.raises(TypeError):
        backward(X, X, X)
    np.testing.assert_array_equal(forward(locked), Y)  # what is only read may be locked


def test_results_belong_to_who_called(way):
    kernel = ab.kernel("relu")
    out = np.empty_like(X)
    before = sys.getrefcount(out), sys.getrefcount(X)
    for _ in range(50):
        kernel(X, out=out)
        fresh = kernel(X)
    assert (sys.getrefcount(out), sys.getrefcount(X)) == before
    assert sys.getrefcount(fresh) == 2


def test_a_kernel_says_how_it_is_called():
    assert str(inspect.signature(ab.kernel("relu"))) == "(x, /, *, out=None, **parameters)"
    assert str(inspect.signature(ab.kernel("relu", "backward"))) == "(dy, /, x=None, *, y=None, out=None, **parameters)"
    assert "ActbenchError" in (ab.kernel("relu").__doc__ or "")


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["silu", "identity", "leaky_relu", "sine"])  # each its own kind of loop
def test_streams_change_no_bit(monkeypatch, name, dtype, direction):
    """Stores past the caches, whatever the output's place in its cache line and the length of what is left over."""
    kernel = ab.kernel(name, direction, dtype=dtype)
    monkeypatch.setattr(entry, "streamed_from", lambda: 1)
    monkeypatch.setattr(entry, "STREAMED", 1000)
    streaming = ab.kernel(name, direction, dtype=dtype)
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
    assert 1 << 20 <= entry.streamed_from() <= 1 << 32

    def streams(name, threads):
        loop = numba_.Kernel(ab.get(name), "forward", "float32", threads)._loop(False, (), [])
        return loop._streamed < entry.NEVER

    cases = [("relu", 1), ("relu", 2), ("hardswish", 1), ("silu", 1), ("silu", 2), ("gelu", 1)]
    assert [streams(*case) for case in cases] == [True, True, True, False, False, False]


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


def test_threads_share_what_a_call_gives_by_every_way(way):
    size = entry.THREADED + 5
    x = RNG.standard_normal(size).astype(np.float32)
    one, two = (ab.kernel("leaky_relu", threads=threads) for threads in (1, 2))
    np.testing.assert_array_equal(two(x), one(x))
    np.testing.assert_array_equal(two(x, negative_slope=0.5), np.where(x > 0, x, np.float32(0.5) * x))


def test_parameters_are_those_of_the_call(way):
    kernel = ab.kernel("leaky_relu")
    for slope in [0.1 * n for n in range(100)]:  # more than are at hand
        np.testing.assert_array_equal(kernel(X, negative_slope=slope), np.where(X > 0, X, np.float32(slope) * X))
    np.testing.assert_array_equal(kernel(X), ab.kernel("leaky_relu")(X))


def test_every_row_fits_the_entry():
    assert max(len(row.parameters) for row in ACTIVATIONS) + 2 < 8
