"""Number formats: one record each, with what arithmetic on its bits needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Format:
    """An IEEE 754 binary format: float32 or float64."""

    bits: int

    @property
    def name(self) -> str:
        return f"float{self.bits}"

    @cached_property
    def mantissa(self) -> int:
        return 23 if self.bits == 32 else 52

    @cached_property
    def bias(self) -> int:
        return 127 if self.bits == 32 else 1023

    @cached_property
    def magic(self) -> float:
        """Adding it rounds to an integer, which then stands in the low mantissa bits."""
        return 1.5 * 2.0**self.mantissa

    @cached_property
    def magic_bits(self) -> int:
        kind, whole = (np.float32, np.int32) if self.bits == 32 else (np.float64, np.int64)
        return int(kind(self.magic).view(whole))

    @cached_property
    def sign(self) -> int:
        """The integer whose only set bit is the sign bit."""
        return -(1 << (self.bits - 1))


FLOATS = (np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64))  # in which rows compute
