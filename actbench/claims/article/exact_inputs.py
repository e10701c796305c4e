"""The numbers that exact claims are decided on: every float16, and a seeded sweep over the exponents of float32."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.record import Activation
from actbench.activations.registry import ACTIVATIONS
from actbench.claims.claim import Answer

SWEEP_SEED = 2001
PER_EXPONENT = 256  # significands drawn for each of 2 signs x 256 exponents: 131,072, and the ends of each binade


def row(name: str) -> Activation:
    """The activation that a claim speaks of, as the catalogue has it at this moment."""
    return ACTIVATIONS[name]


@cache
def every_float16() -> NDArray[np.float16]:
    """All 65,536 values: 2 zeros, 2 infinities, 2,046 NaN."""
    return _frozen(np.arange(1 << 16, dtype=np.uint16).view(np.float16))


@cache
def float32_sweep() -> NDArray[np.float32]:
    """Both signs of all 256 exponents: subnormals, the neighbours of 0 and of infinity, NaN; drawn significands."""
    rng = np.random.default_rng(SWEEP_SEED)
    ends = np.array([0, 1, (1 << 23) - 1], dtype=np.uint32)
    exponents = np.arange(512, dtype=np.uint32)[:, None] << np.uint32(23)  # the sign is the ninth bit
    drawn = rng.integers(0, 1 << 23, size=(512, PER_EXPONENT), dtype=np.uint32)
    bits = exponents | np.concatenate([np.broadcast_to(ends, (512, 3)), drawn], axis=1)
    return _frozen(bits.ravel().view(np.float32))


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    values.setflags(write=False)
    return values


def inputs() -> dict[str, NDArray[Any]]:
    """Precision to values."""
    return {"float16": every_float16(), "float32": float32_sweep()}


def handed_over(dtype: Any) -> list[Any]:
    """Gradients that may arrive from behind: units, zeros of both signs, the smallest, the largest, infinite, NaN."""
    limits = np.finfo(dtype)
    tiny, huge = limits.smallest_subnormal, limits.max
    return [dtype.type(v) for v in (1, -1, 0.0, -0.0, 0.3, tiny, -huge, np.inf, -np.inf, np.nan)]


def same(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.bool_]:
    """Equal with the sign of zero, NaN equal to NaN."""
    equal = (a == b) & (np.signbit(a) == np.signbit(b))
    return np.asarray(equal | (np.isnan(a) & np.isnan(b)), dtype=np.bool_)


def at_place(text: str, *arrays: NDArray[Any]) -> Callable[[int], str]:
    """The words for the case at place i: ``text`` with the arrays' values there put in."""
    return lambda i: text.format(*(array[i] for array in arrays))


class Tally:
    """Cases that are counted one array at a time, with the exception that lies nearest to zero."""

    def __init__(self) -> None:
        self.n = 0
        self.good = 0
        self.worst: tuple[float, str] | None = None

    def add(self, x: NDArray[Any], good: NDArray[np.bool_], case: Callable[[int], str]) -> None:
        """Count ``good`` over the inputs ``x``; ``case(i)`` words the case at place i."""
        self.n += good.size
        self.good += int(np.count_nonzero(good))
        bad = np.flatnonzero(~good)
        if bad.size:
            i = int(bad[np.argmin(np.abs(x[bad].astype(np.float64)))])
            size = abs(float(x[i]))
            if self.worst is None or size < self.worst[0]:
                self.worst = (size, case(i))

    def answer(self, n_unit: str, found: str) -> Answer:
        """Whether every case was good; the smallest exception is named behind ``found``."""
        bad = self.n - self.good
        count = f"{bad:,} exceptions, the smallest" if bad > 1 else "one exception,"
        tail = f"; {count} {self.worst[1]}" if self.worst else "; no exception"
        return Answer(
            holds=self.n > 0 and bad == 0, value=self.good / max(self.n, 1), n=self.n, n_unit=n_unit,
            evidence=found + tail,
        )  # fmt: skip
