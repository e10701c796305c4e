"""The integer view of a float: what kernel meanings are made of beside arithmetic. Rows cannot say these words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from actbench.expression import Expression, leaf


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


def bits(x: Expression) -> Expression:
    """The bits of a float as an integer of the same width."""
    return Expression("bits", x)


def from_bits(i: Expression) -> Expression:
    """The float that these bits spell."""
    return Expression("from_bits", i)


def fused(a: Expression | float, b: Expression | float, c: Expression | float) -> Expression:
    """a b + c rounded once, or, where the processor cannot, right where c all but takes a b away."""
    return Expression("fused", leaf(a), leaf(b), leaf(c))


def plus(i: Expression, number: int) -> Expression:
    """An integer plus a constant, modulo the width."""
    return Expression("int_add", i, number)


def total(i: Expression, j: Expression) -> Expression:
    """The sum of two integers, modulo the width."""
    return Expression("int_sum", i, j)


def negated(i: Expression) -> Expression:
    """An integer with its sign turned."""
    return Expression("int_minus", i)


def shifted(i: Expression, places: int) -> Expression:
    """An integer shifted left by a constant."""
    return Expression("int_shift", i, places)


def shifted_right(i: Expression, places: int) -> Expression:
    """An integer shifted right by a constant, its sign kept."""
    return Expression("int_right", i, places)


def masked(i: Expression, mask: int) -> Expression:
    """An integer with only the bits of a constant kept."""
    return Expression("int_and", i, mask)


def either(i: Expression, j: Expression) -> Expression:
    """The bits of both integers."""
    return Expression("int_or", i, j)


def copysign(form: Format, size: Any, sign: Any) -> Expression:
    """The magnitude of one float with the sign of another."""
    return from_bits(either(masked(bits(size), ~form.sign), masked(bits(sign), form.sign)))
