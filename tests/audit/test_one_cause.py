"""One cause is one finding, and says what else it looks like; a second fault beside it is found as well."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from actbench.audit.chinese import CLASSES

_spec = importlib.util.spec_from_file_location("checks", Path(__file__).parent / "test_checks.py")
_checks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_checks)
found, relu = _checks.found, _checks.relu


def of(given, name="relu"):
    return found(lambda x: np.asarray(given(x)).astype(x.dtype), name, dtypes=["float32"], count=200)


def tail(x, run, rest):
    """Right but for the elements beyond the last whole vector."""
    flat, y = np.array(x).reshape(-1), relu(np.array(x).reshape(-1))
    whole = flat.size // run * run
    y[whole:] = rest(flat[whole:])
    return y.reshape(x.shape)


RESTS = {"zeros": np.zeros_like, "x": lambda x: x - 1, "noise": lambda x: np.random.default_rng().random(x.shape) + 9}


@pytest.mark.parametrize("run", [4, 8, 16])
@pytest.mark.parametrize("rest", RESTS)
def test_a_remainder_is_one_fault(run, rest):
    (one,) = of(lambda x: tail(x, run, RESTS[rest]))
    assert one.kind == "length"
    assert {"layout", "alignment", "neighbours"} >= set(one.seen_as) >= {"layout"}
    assert f"seen as {one.seen_as[0]}" in one.sentence()
    assert f"也表现为{CLASSES[one.seen_as[0]]}" in one.sentence("zh")


@pytest.mark.parametrize(("second", "kind"), [
    (lambda x, y: y + (x.strides == (3 * x.itemsize,)), "layout"),
    (lambda x, y: y + (x.ctypes.data % x.itemsize != 0), "alignment"),
    (lambda x, y: y + 2 * np.isinf(x).any(), "neighbours"), (lambda x, y: y + (x.shape == (24, 1)), "neighbours"),
])  # fmt: skip
def test_a_second_fault_beside_a_remainder_is_found(second, kind):
    kinds = {one.kind for one in of(lambda x: second(x, tail(x, 8, np.zeros_like)))}
    assert {"length", kind} <= kinds <= {"length", kind, "limit"}


def test_what_writes_into_its_input_is_one_fault():
    def write(x):
        x[x < 0] = 0
        return x

    (one,) = found(write, "relu", dtypes=["float32"], count=200)
    assert (one.kind, one.seen_as) == ("mutation", ("aliasing", "raises"))
    kinds = {one.kind for one in found(lambda x: write(x) if x.ndim else 1 / 0, "relu", dtypes=["float32"], count=200)}
    assert kinds == {"mutation", "raises"}


def test_the_first_element_s_type_is_one_fault():
    whole = np.vectorize(lambda x: 0 if x < -5.99 else x if x > 0 else 0.01 * x)
    came = found(lambda x: whole(x) if x.size else x, "leaky_relu", dtypes=["float64"], count=200)
    assert "neighbours" not in {one.kind for one in came}
    assert next(one for one in came if one.kind == "dtype").seen_as == ("neighbours",)


class Counted:
    """Right up to a call, and another function from then on."""

    def __init__(self, right, calls, wrong):
        self.right, self.calls, self.wrong = right, calls, wrong

    def function(self):
        def given(x):
            self.calls -= 1
            return (self.right if self.calls > 0 else self.wrong)(x).astype(x.dtype)

        return given


@pytest.mark.parametrize("calls", [2, 3, 4, 5, 9, 30, 100, 200])
def test_what_changes_after_any_number_of_calls_keeps_state(calls):
    given = Counted(relu, calls, lambda x: relu(x) + 1).function()
    (one,) = found(given, "relu", dtypes=["float32", "float64"], count=200)
    assert (one.kind, one.direction) == ("state", "forward")
    assert one.came == one.exact + 1


def test_a_backward_pass_that_changes_keeps_state():
    calls = [6]

    class ReLU:
        def forward(self, x):
            self.x = x
            return relu(x)

        def backward(self, dy):
            calls[0] -= 1
            return np.where(self.x <= 0, 0 * dy, dy) * dy.dtype.type(1 if calls[0] > 0 else 3)

    (one,) = found(ReLU, "ReLU", dtypes=["float32"], count=200)
    assert (one.kind, one.direction) == ("state", "backward")
    assert {"value", "linear"} >= set(one.seen_as)


def test_a_fault_from_the_beginning_stays_beside_a_state():
    leaky = lambda x: np.where(x > 0, x, 0.25 * x)  # noqa: E731
    for calls in (4, 100):
        kinds = {one.kind for one in of(Counted(leaky, calls, lambda x: leaky(x) + 1).function())}
        assert kinds == {"state", "name"}, calls
    for calls in (4, 100):
        kinds = {
            one.kind
            for one in found(
                Counted(lambda x: np.clip(x, 0, 5), calls, lambda x: np.clip(x, 1, 5)).function(),
                "relu6",
                dtypes=["float32"],
                count=200,
            )
        }
        assert {"state", "value"} <= kinds <= {"state", "value", "limit"}


def test_a_remainder_beside_a_state_is_found():
    given = Counted(relu, 4, lambda x: tail(x, 8, np.zeros_like) * 2).function()
    assert {one.kind for one in of(given)} == {"state", "length"}


def test_a_fault_of_every_other_call_stays_beside_a_state():
    calls = [0]

    def given(x):
        calls[0] += 1
        return np.where(x > 0, x, 0.25 * x) * (1 + calls[0] % 2)

    kinds = {one.kind for one in of(given)}
    assert {"state", "name"} <= kinds


def test_what_is_random_is_no_wrong_value():
    random = np.random.default_rng()
    (one,) = of(lambda x: relu(x) * (random.random(x.shape) < 0.9))
    assert one.kind == "state"
