"""One implementation of one row, as the checks of an audit call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.accuracy.meter import in_format
from actbench.activations.record import Activation
from actbench.activations.registry import resolve
from actbench.audit.finding import Finding
from actbench.core.dtypes import info
from actbench.implementations.implementation import Implementation
from actbench.kernels.backends import FUSED, REFERENCE, allowed

Array = NDArray[Any]
VECTOR = 64  # elements: no vector loop leaves a remainder of as many
DTYPES = ("float32", "float64", "float16", "bfloat16")  # in the order in which findings name them
# What others' code may be off by before an audit speaks: ulp. A composition of correctly rounded steps stays within 8
# in formats of 16 bits; libraries' exp and tanh are off by 2, and what is made of them by up to 10.
ALLOWED: Mapping[str, float] = MappingProxyType({"float16": 8.0, "bfloat16": 8.0, "float32": 16.0, "float64": 16.0})


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is audited.

    Parameters
    ----------
    target, made
        Its name in findings, and the implementation itself.
    spec
        The row that it is.
    allowed
        By dtype: the error in ulp from which on it is a finding.
    count
        Seeded points of float32 and float64; formats of 16 bits are tried whole.
    dtypes
        Formats that were asked for.
    known
        By direction: the inputs and outputs of a dump, the only ones that there are.
    extra
        Inputs that are tried beside the seeded ones, by direction.
    """

    target: str
    made: Implementation
    spec: str
    allowed: Mapping[str, float] = field(default_factory=lambda: ALLOWED)
    count: int = 4000
    dtypes: tuple[str, ...] = DTYPES
    extra: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def row(self) -> Activation:
        """The row at these parameters."""
        return resolve(self.spec)

    def spec_in(self, dtype: str) -> str:
        """The row as code in a format sees it."""
        return in_format(self.spec, dtype)

    def passes(self) -> tuple[str, ...]:
        """The directions that it has."""
        return tuple(d for d, call in (("forward", self.made.forward), ("backward", self.made.backward)) if call)

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """The asked formats in which it answers in the format that it is given; the first is what layouts are tried in.

        A NumPy function may widen what it is given: then there is nothing of that format to measure.
        """
        return tuple(dtype for dtype in self.dtypes if self._answers(dtype) == dtype)

    def _answers(self, dtype: str) -> str:
        for direction in self.passes():
            try:
                if dtype == "bfloat16":
                    import ml_dtypes  # noqa: F401  it tells NumPy the name
                x = np.linspace(-2.0, 2.0, 64).astype(dtype)
                if self.made.inputs is not None:
                    return str(self.made.inputs.dtype)
                with np.errstate(all="ignore"):
                    return str(np.asarray(self.call(direction, dtype)(x)).dtype)
            except Exception:  # whatever somebody's code raises at a format that it does not take
                return ""
        return ""

    def call(self, direction: str, dtype: str) -> Callable[[Array], Array]:
        """One pass as a function of x alone, with dy = 1; its answers in the format.

        It is asked for whole vectors, filled up with numbers that are asked for anyway.

        Raises
        ------
        Absent
            Where it has none.
        """
        run = self.made.values(direction, dtype) if dtype in ("float32", "float64") else _any(self.made, direction)

        def called(x: Array) -> Array:
            whole = np.resize(x, x.size + -x.size % VECTOR) if x.ndim == 1 and self.made.inputs is None else x.copy()
            with np.errstate(all="ignore"):
                y = np.asarray(run(np.ones_like(whole), whole) if direction == "backward" else run(whole))
            return y[: x.size] if y.shape == whole.shape and x.ndim == 1 else y

        return called

    def promise(self, direction: str, dtype: str) -> str:
        """What actbench promises of the row itself, in words."""
        if dtype == "bfloat16":
            return f"{self.spec}: 1 ulp (computed in float64, rounded once)"
        reference, fused = (allowed(backend, dtype or "float32", direction)[0] for backend in (REFERENCE, FUSED))
        return f"{self.spec}: {reference:g} ulp by NumPy, {fused:g} ulp compiled"

    def finding(self, kind: str, **details: Any) -> Finding:
        """A finding about this subject."""
        promise = self.promise(details.get("direction", "forward"), details.get("dtype", "float32"))
        return Finding(subject=self.target, row=self.spec, kind=kind, promise=promise, **details)


def _any(made: Implementation, direction: str) -> Callable[..., Array]:
    """A pass in a format that its record need not name: formats of 16 bits are tried."""
    call = made.forward if direction == "forward" else made.backward
    assert call is not None
    return call


def unit_roundoff(dtype: str) -> float:
    """The distance of 1 and the next number of a format."""
    return float(info(dtype).eps)
