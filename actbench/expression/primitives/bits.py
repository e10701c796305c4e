"""The integer view of a float: what kernel meanings are made of beside arithmetic. Rows cannot say these words."""

from __future__ import annotations

from typing import Any

from actbench.core.dtypes import Format
from actbench.expression.graph import Expression, leaf


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


def scaled(y: Expression, n: Expression) -> Expression:
    """y times 2^floor(n), rounded once, into the subnormals too; of vectors alone (`Format.vectors`)."""
    return Expression("scaled", y, n)


def looked_up(i: Expression, table: tuple[float, ...]) -> Expression:
    """The number of a table of 32 at the low five bits of an integer; of vectors alone (`Format.vectors`)."""
    return Expression("looked_up", i, table)


def copysign(form: Format, size: Any, sign: Any) -> Expression:
    """The magnitude of one float with the sign of another."""
    return from_bits(either(masked(bits(size), ~form.sign), masked(bits(sign), form.sign)))
