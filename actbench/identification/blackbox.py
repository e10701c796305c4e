"""A black box as a function of NumPy arrays, and what its answers say of its kind before any row is tried."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.layout import LAYOUTS, Layout
from actbench.core.errors import ActbenchError
from actbench.implementations.implementation import Implementation
from actbench.implementations.targets.objects import adapt, in_words, instance_of

Array = NDArray[Any]
Call = Callable[..., Array]
LENGTH = 128  # a multiple of every layout's run
FORMATS = ("float64", "float32")
TOLERANCE = {"float64": 1e-7, "float32": 3e-5, "float16": 2e-2}  # of the values' size: naive formulas are within


class BlackBox:
    """Somebody's function.

    Parameters
    ----------
    given
        A function of one array or of two, a module, a class with ``forward``.
    formats
        What it is tried in, the first that it takes; of those that it offers where it says so.

    Attributes
    ----------
    kind
        ``"elementwise"``, ``"axis"`` (as long as its input, entries mixed), ``"doubled"``, ``"halved"`` (half as long:
        a gate of one array), ``"two"`` (a gate of two arrays).
    tolerance
        How far its values may be from a row's, by the format in which it answers.
    formats, length, fixed
        Of the formats those that it offers, or what it offers else; how many numbers an array of it has, and whether it
        takes no other count.
    raw, pull
        What is called on arrays, whatever it gives back; its vector-Jacobian product, ``(dy, x) -> dx`` or ``(dy, a, b)
        -> (da, db)``: its own backward pass or its library's derivative, None where it has neither.
    """

    def __init__(self, given: Any, formats: Sequence[str] = FORMATS) -> None:
        self.dtype, self.length, self.fixed = formats[0], LENGTH, False
        self.pull: Callable[..., Any] | None = None
        with np.errstate(all="ignore"):
            self.raw, self.kind = self._form(_made(given), formats)
        self.tolerance = TOLERANCE[self.dtype]

    def _form(self, given: Any, formats: Sequence[str]) -> tuple[Call, str]:
        made, refused = _adapted(given)
        if made is not None:
            formats = [dtype for dtype in formats if dtype in made.dtypes] or made.dtypes
            self.length, self.fixed = made.width or LENGTH, bool(made.width)
        self.formats = tuple(formats)
        x = np.linspace(0.3, 1.7, self.length) * np.where(np.arange(self.length) % 3 == 1, -1.0, 1.0)
        why: dict[str, str] = {}
        for dtype in formats:
            given_x = x.astype(dtype)
            for forward, pull in _ways(given, made):
                try:
                    y = np.asarray(forward(given_x))
                    kind = self._kind(forward, given_x, y)
                except Exception as error:  # whatever somebody's code raises
                    why.setdefault(dtype, in_words(error))
                    continue
                self.dtype, self.pull = "float32" if str(y.dtype) == "float32" else dtype, pull
                return forward, kind
            for call in (given, _of_tensors(given)) if callable(given) else ():
                try:
                    y = np.asarray(call(given_x, given_x[::-1].copy()))
                except Exception as error:
                    why.setdefault(dtype, in_words(error))
                    continue
                if y.shape == x.shape:
                    self.dtype = "float32" if str(y.dtype) == "float32" else dtype
                    self.pull = _derivative_of_two(given) if call is not given else None
                    return call, "two"
        said = dict.fromkeys(why.values())
        told = why if len(said) > 1 else dict.fromkeys(("",), next(iter(said), refused or "it answers nothing"))
        reasons = "; ".join(f"{dtype}: {text}" if dtype else text for dtype, text in told.items())
        raise ActbenchError(f"cannot be called with one array or with two: {reasons}")

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
        base = np.linspace(0.5, 1.5, self.length)
        first = self(base)[0]
        moved = []
        for i in (0, 1, 32, self.length // 2):
            x = base.copy()
            x[i : i + 1] += 0.37
            moved.append(self(x)[0] != first)
        run = {(True, True, False, False): 1, (True, False, True, False): 32, (True, False, False, True): 0}
        found = run.get(tuple(moved))
        fitting = [layout for layout in LAYOUTS if layout.divides(self.length)]
        return [layout for layout in fitting if found is None or layout.run == found]

    def of_two(self, a: Array, b: Array, layout: Layout | None) -> Array:
        """Its values at pairs; with a layout as one array."""
        if layout is None:
            return self(a, b)
        a, b = (np.ascontiguousarray(part, self.dtype) for part in (a, b))
        return self.joined(a, b, layout).astype(np.float64)

    def joined(self, a: Array, b: Array, layout: Layout) -> Array:
        """What it gives for two inputs in one array, or in as many as its length asks for, filled up by 0.5."""
        half = self.length // 2 if self.fixed else 64
        room = -a.size % half
        a, b = (np.concatenate([part, np.full(room, 0.5, part.dtype)]) for part in (a, b))
        both = [part.reshape(-1, half) for part in (a, b)] if self.fixed else [a, b]
        with np.errstate(all="ignore"):
            return np.asarray(self.raw(layout.join(*both))).reshape(-1)[: a.size - room]


def _made(given: Any) -> Any:
    """A module of torch where its class is given: its call may take two tensors."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and isinstance(given, type) and issubclass(given, torch.nn.Module):
        return instance_of(given)
    return given


def _adapted(given: Any) -> tuple[Implementation | None, str]:
    """What it is, or why a vector does not show that."""
    try:
        return adapt(given), ""
    except Exception as error:  # whatever somebody's code raises
        return None, in_words(error)


def _ways(given: Any, made: Implementation | None) -> Iterator[tuple[Call, Callable[..., Any] | None]]:
    """How one vector may be given, forward and backward: as it is, and as the one row of a matrix."""
    if made is None:
        if not callable(given) or isinstance(given, type):
            return
        yield given, None  # it may want a longer array than the one that it was tried with
        row, _ = _adapted(lambda x: given(x[None])[0])
        if row is not None and row.forward is not None:
            yield row.forward, row.backward
        else:
            yield (lambda x: np.asarray(given(x[None]))[0]), None
    elif made.forward is not None:
        forward, backward = made.forward, made.backward
        yield forward, backward
        yield (lambda x: np.asarray(forward(x[None]))[0],
               backward and (lambda dy, x: np.asarray(backward(dy[None], x[None]))[0]))  # fmt: skip


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
