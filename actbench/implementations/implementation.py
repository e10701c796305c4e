"""The record of somebody's code that computes a function, and of one call of it at the start of a race."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.core.errors import ActbenchError

Array = NDArray[Any]
# forward takes x, backward dy and x; both give a new array of the shape and dtype of x
Call = Callable[..., Array]

DEVICES = ("cpu", "cuda")


class Absent(ActbenchError):
    """Why an implementation has nothing to offer here."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Operands:
    """The arrays of one race; competitors read ``x``, ``dy``, ``y`` and write ``out``.

    Parameters
    ----------
    x, dy, y
        Input; gradient of the output; the activation's output at x.
    out
        Where those write that can.
    """

    x: Array
    dy: Array
    y: Array
    out: Array

    @property
    def size(self) -> int:
        """Elements."""
        return self.x.size


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedCall:
    """A competitor at the start.

    Parameters
    ----------
    call
        What is timed.
    result
        The values of one call as a NumPy array; not timed.
    refresh
        Reads the operands again, where ``call`` does not work on their memory itself.
    kept
        Bytes that are kept from the forward pass for the backward pass; None where nobody can tell.
    preallocated
        Whether results are written into memory that is there already.
    around
        What must be open while calls run: x64 for jax, no_grad for torch.
    note
        What a reader of the table should know.
    """

    call: Callable[[], object]
    result: Callable[[], Array]
    refresh: Callable[[], None] = lambda: None
    kept: int | None = None
    preallocated: bool = False
    around: Callable[[], AbstractContextManager[object]] = nullcontext
    note: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Implementation:
    """Somebody's code that computes a function: what is measured, raced, compared and audited.

    Parameters
    ----------
    library
        What evaluates it: ``"torch"``, ``"numpy"``, ``"actbench"``.
    version
        Of the library.
    kind
        How it was given: ``"row"`` (a function that a row names), ``"function"``, ``"class"`` (two passes of a fresh
        object), ``"object"`` (two passes of the object that was given).
    forward, backward
        ``x -> y`` and ``(dy, x) -> dx`` on arrays of any of ``dtypes``: new arrays of the same dtype; None where
        there is none.
    second
        ``x -> f''(x)``, where it can be differentiated twice.
    raw
        The forward pass on the very array that is given, where ``forward`` hands on a copy: what audits of layouts and
        of writing call.
    into
        ``(x, out)``: the forward pass into an array that may be x itself.
    inputs
        Of a dump: the only inputs to which it has answers.
    lacks
        Direction to the reason why it is not offered.
    width
        Of a gate of one array: how many numbers its last axis has, where it takes no other count; else 0.
    dtypes, devices
        What it computes in, and where it is raced.
    prepare
        ``(direction, operands, device)`` to its call at the start of a race, the fastest that the library offers;
        None for a plain call on the arrays.
    apart
        ``(dy, x, other) -> dx`` of an object, between whose passes another one of its class is given ``other``.
    expression
        The forward pass on expressions, where its code may be traced.
    own_backward
        The same of a backward pass that somebody wrote, not derived.
    remarks
        What a reader should know.
    """

    library: str
    version: str = ""
    kind: str = "row"
    forward: Call | None = None
    backward: Call | None = None
    second: Call | None = None
    raw: Call | None = None
    into: Callable[[Array, Array], None] | None = None
    inputs: Array | None = None
    width: int = 0
    lacks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    dtypes: tuple[str, ...] = ("float32", "float64")
    devices: tuple[str, ...] = ("cpu",)
    prepare: Callable[[str, Operands, str], PreparedCall] | None = None
    apart: Call | None = None
    expression: Callable[..., Any] | None = None
    own_backward: Callable[..., Any] | None = None
    remarks: tuple[str, ...] = ()

    def values(self, direction: str, dtype: str) -> Call:
        """One pass on arrays of a dtype: what its accuracy is measured of.

        Raises
        ------
        Absent
            With the reason why it has none.
        """
        call = {"forward": self.forward, "backward": self.backward, "second": self.second}[direction]
        if call is None:
            raise Absent(self.lacks.get(direction) or f"{self.library} has no {direction} pass of it")
        if dtype not in self.dtypes:
            raise Absent(f"{self.library} does not compute it in {dtype}")
        return call

    def prepared(self, direction: str, operands: Operands, device: str = "cpu") -> PreparedCall:
        """One pass at the start of a race, called once: what its speed is measured of.

        Raises
        ------
        Absent
            With the reason why it takes no part. Whatever the library raises goes through.
        """
        if device not in self.devices:
            raise Absent("is raced on the processor alone")
        ready = (self.prepare or self._plain)(direction, operands, device)
        with ready.around():
            ready.call()
        return ready

    def _plain(self, direction: str, operands: Operands, device: str) -> PreparedCall:
        """A call on NumPy's arrays: what its library copies on the way counts."""
        run = self.values(direction, str(operands.x.dtype))
        given = (operands.x,) if direction == "forward" else (operands.dy, operands.x)
        return PreparedCall(
            call=lambda: run(*given), result=lambda: np.array(run(*given)), note="called; allocates its result",
            around=lambda: np.errstate(all="ignore"),
        )  # fmt: skip
