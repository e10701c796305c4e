"""A black box as a function of NumPy arrays, and what its answers say of its kind before any row is tried."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.layout import LAYOUTS, Layout
from actbench.core.errors import ActbenchError
from actbench.implementations.targets.objects import adapt, in_words, instance_of

Array = NDArray[Any]
Call = Callable[..., Array]
LENGTH = 128  # a multiple of every layout's run
TOLERANCE = {"float64": 1e-7, "float32": 3e-5, "float16": 2e-2}  # of the values' size: naive formulas are within


class BlackBox:
    """Somebody's function.

    Parameters
    ----------
    given
        A function of one array or of two, a module, a class with ``forward``.

    Attributes
    ----------
    kind
        ``"elementwise"``, ``"axis"`` (as long as its input, entries mixed), ``"doubled"``, ``"halved"`` (half as long:
        a gate of one array), ``"two"`` (a gate of two arrays).
    tolerance
        How far its values may be from a row's, by the format in which it answers.
    raw, pull
        What is called on arrays, whatever it gives back; its vector-Jacobian product, ``(dy, x) -> dx`` or ``(dy, a, b)
        -> (da, db)``: its own backward pass or its library's derivative, None where it has neither.
    """

    def __init__(self, given: Any) -> None:
        self.dtype = "float64"
        self.pull: Callable[..., Any] | None = None
        x = np.linspace(0.3, 1.7, LENGTH) * np.where(np.arange(LENGTH) % 3 == 1, -1.0, 1.0)
        with np.errstate(all="ignore"):
            self.raw, self.kind = self._form(_made(given), x)
        self.tolerance = TOLERANCE[self.dtype]

    def _form(self, given: Any, x: Array) -> tuple[Call, str]:
        why: list[str] = []
        try:
            adapted = adapt(given)
            made, self.pull = adapted.forward, adapted.backward
        except Exception as error:  # whatever somebody's code raises
            why.append(in_words(error))
            made = given if callable(given) and not isinstance(given, type) else None  # it may want a longer array
        for dtype in ("float64", "float32"):
            if made is not None:
                try:
                    y = np.asarray(made(x.astype(dtype)))
                    self.dtype = "float32" if str(y.dtype) == "float32" else dtype
                    return made, self._kind(made, x.astype(dtype), y)
                except Exception as error:
                    why.append(in_words(error))
            for call in (given, _of_tensors(given)):
                try:
                    y = np.asarray(call(x.astype(dtype), x[::-1].astype(dtype)))
                except Exception as error:
                    why.append(in_words(error))
                    continue
                if y.shape == x.shape:
                    self.dtype = "float32" if str(y.dtype) == "float32" else dtype
                    self.pull = _derivative_of_two(given) if call is not given else None
                    return call, "two"
        raise ActbenchError(f"cannot be called with one array or with two: {why[0] if why else 'it answers nothing'}")

    def _kind(self, call: Call, x: Array, y: Array) -> str:
        if y.shape == (x.size // 2,):
            return "halved"
        if y.shape == (2 * x.size,):
            return "doubled"
        if y.shape != x.shape:
            raise ActbenchError(f"gives the shape {y.shape} for {x.shape}: neither an activation nor a gate")
        alone = np.concatenate([np.asarray(call(x[i : i + 1])).reshape(1) for i in (0, 1, 5, 50)])
        with np.errstate(all="ignore"):
            same = np.abs(alone - y[[0, 1, 5, 50]]) <= 1e-3 * np.abs(y).max() + 1e-12
        return "elementwise" if same.all() else "axis"

    def __call__(self, *arrays: Array) -> Array:
        """Its values, as float64."""
        with np.errstate(all="ignore"):
            given = [np.ascontiguousarray(array, self.dtype) for array in arrays]
            return np.asarray(self.raw(*given)).astype(np.float64)

    def layouts(self) -> list[Layout]:
        """The layouts in which its two inputs can lie: those whose places the first output depends on."""
        base = np.linspace(0.5, 1.5, LENGTH)
        first = self(base)[0]
        moved = []
        for i in (0, 1, 32, LENGTH // 2):
            x = base.copy()
            x[i] += 0.37
            moved.append(self(x)[0] != first)
        run = {(True, True, False, False): 1, (True, False, True, False): 32, (True, False, False, True): 0}
        found = run.get(tuple(moved))
        return [layout for layout in LAYOUTS if found is None or layout.run == found]

    def of_two(self, a: Array, b: Array, layout: Layout | None) -> Array:
        """Its values at pairs; with a layout as one array."""
        if layout is None:
            return self(a, b)
        room = -a.size % 64
        a, b = (np.concatenate([part, np.full(room, 0.5)]) for part in (a, b))
        return self(layout.join(a, b))[: a.size - room]


def _made(given: Any) -> Any:
    """A module of torch where its class is given: its call may take two tensors."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and isinstance(given, type) and issubclass(given, torch.nn.Module):
        return instance_of(given)
    return given


def _of_tensors(given: Any) -> Call:
    """A function of two tensors as one of two arrays."""

    def call(a: Array, b: Array) -> Array:
        torch = sys.modules["torch"]
        answer = given(torch.from_numpy(a), torch.from_numpy(b))
        return np.asarray(answer.detach().numpy())

    return call


def _derivative_of_two(given: Any) -> Callable[..., Any]:
    """autograd's gradients of a function of two tensors."""

    def pull(dy: Array, a: Array, b: Array) -> tuple[Array, ...]:
        torch = sys.modules["torch"]
        leaves = [torch.from_numpy(array).requires_grad_() for array in (a, b)]
        found = torch.autograd.grad(given(*leaves), leaves, torch.from_numpy(dy), materialize_grads=True)
        return tuple(np.asarray(gradient.numpy()) for gradient in found)

    return pull
