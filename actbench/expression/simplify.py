"""A graph as people would write it: like terms together, factors cancelled, powers, one fraction a term.

For reading alone: infinities, NaN and rounding do not survive such steps. Sums of terms, each a coefficient and powers
of atoms, where an atom is an argument, a function of such sums, or a sum that is multiplied with something.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from actbench.expression.graph import Expression, Graph, Step, constant, record_op, trace

Powers = tuple[tuple[int, int], ...]  # atom to exponent, in order of the atoms
Sum = dict[Powers, Fraction]
ONE: Powers = ()
ZERO: Sum = {}
UNIT: Sum = {ONE: Fraction(1)}
MINUS: Sum = {ONE: Fraction(-1)}
PLAIN = 16  # denominators up to here are written as fractions, others as decimals


class _Algebra:
    """The atoms of one graph, by number, and sums of products of them."""

    def __init__(self) -> None:
        self.atoms: list[tuple[str, tuple[Sum, ...], Any]] = []
        self.numbers: dict[Any, int] = {}

    def atom(self, op: str, operands: tuple[Sum, ...] = (), value: Any = None) -> Sum:
        """One atom as a sum."""
        key = (op, tuple(frozenset(each.items()) for each in operands), value)
        if key not in self.numbers:
            self.numbers[key] = len(self.atoms)
            self.atoms.append((op, operands, value))
        return {((self.numbers[key], 1),): Fraction(1)}

    def step(self, step: Step, given: list[Sum]) -> Sum:
        """The value of one step of a graph."""
        if step.op == "constant" and not isinstance(step.value, bool) and math.isfinite(step.value):
            number = Fraction(repr(step.value))
            return {ONE: number} if number else {}
        if step.op in ("add", "subtract"):
            return self.gathered(_plus(given[0], given[1], 1 if step.op == "add" else -1))
        if step.op == "negative":
            return _plus({}, given[0], -1)
        if step.op == "multiply":
            return self.times(given[0], given[1])
        if step.op == "divide" and given[1]:
            return self.times(given[0], self.inverse(given[1]))
        if step.op == "where" and given[1] == given[2]:
            return given[1]
        return self.atom(step.op, tuple(given), step.value)

    def single(self, value: Sum) -> Sum:
        """A sum as one term: itself, or an atom."""
        return value if len(value) < 2 else self.atom("sum", (value,))

    def inverse(self, value: Sum) -> Sum:
        """One over a sum that is not 0."""
        ((powers, factor),) = self.single(value).items()
        return {tuple((atom, -n) for atom, n in powers): 1 / factor}

    def times(self, a: Sum, b: Sum) -> Sum:
        """A product; only a sign goes into a sum's terms."""
        if not a or not b:
            return {}
        for sign, other in ((a, b), (b, a)):
            if sign in (UNIT, MINUS):
                return {powers: factor * sign[ONE] for powers, factor in other.items()}
        ((p, f),), ((q, g),) = self.single(a).items(), self.single(b).items()
        total = dict(p)
        for atom, n in q:
            total[atom] = total.get(atom, 0) + n
        return self._folded(total, f * g)

    def _folded(self, powers: dict[int, int], factor: Fraction) -> Sum:
        """One term, with squares of roots, and u sign(u) as |u|."""
        extra: Sum = {ONE: factor}
        for atom, n in sorted(powers.items()):
            op, operands, _ = self.atoms[atom]
            if op == "sqrt" and abs(n) > 1:
                half = operands[0] if n > 0 else self.inverse(operands[0])
                for _ in range(abs(n) // 2):
                    extra = self.times(extra, half)
                powers[atom] = n % 2 if n > 0 else -(-n % 2)
            elif op == "where" and n == 1 and operands[1:] == (MINUS, UNIT):
                inner = self.atoms[next(iter(operands[0]))[0][0]][1]  # of the comparison u < 0
                ((own, unit), *more) = (inner[0] if inner else {ONE: Fraction(1)}).items()
                if not more and unit == 1 and len(own) == 1 and powers.get(own[0][0], 0) > 0:
                    powers[own[0][0]] -= 1
                    powers[atom] = 0
                    extra = self.times(extra, self.atom("absolute", (inner[0],)))
        kept = {tuple((atom, n) for atom, n in sorted(powers.items()) if n): Fraction(1)}
        return self.times(kept, extra) if extra != {ONE: factor} else {next(iter(kept)): factor}

    def gathered(self, value: Sum) -> Sum:
        """Terms over the same sum as one, where that makes them no more."""
        for number, (op, operands, _) in enumerate(self.atoms):
            lowest = [dict(powers).get(number, 0) for powers in value]
            if op != "sum" or len(value) < 2 or max(lowest) >= 0 or max(lowest) - min(lowest) > 1:
                continue
            top: Sum = {}
            for (powers, factor), n in zip(value.items(), lowest, strict=True):
                term = {tuple(each for each in powers if each[0] != number): factor}
                spread = {ONE: Fraction(1)} if n == min(lowest) else operands[0]
                for own, unit in spread.items():
                    top = _plus(top, self.times(term, {own: unit}), 1)
            if len(top) < len(value):
                below: Sum = {((number, min(lowest)),): Fraction(1)}
                return self.times(top, below)
        return value

    def expression(self, value: Sum) -> Expression:
        """A sum as an expression, a positive term first."""
        terms = sorted(value.items(), key=lambda term: term[1] < 0) if value else []
        total: Expression | None = None
        for powers, factor in terms:
            term = self._term(powers, abs(factor))
            if total is None:
                total = record_op("negative", term) if factor < 0 else term
            else:
                total = record_op("subtract" if factor < 0 else "add", total, term)
        return constant(0.0) if total is None else total

    def _term(self, powers: Powers, factor: Fraction) -> Expression:
        plain = factor.denominator <= PLAIN and factor.numerator < 10**6
        numbers = (float(factor.numerator), float(factor.denominator)) if plain else (float(factor), 1.0)
        sides: tuple[list[Expression], list[Expression]] = ([], [])
        shut: list[Expression] = []  # conditions: where(c, 1, 0) as a factor
        for atom, n in powers:
            op, operands, value = self.atoms[atom]
            if op == "where" and operands[1:] == (UNIT, ZERO):
                shut.append(self.expression(operands[0]))
            elif op == "exp" and abs(n) > 1:
                sides[n < 0].append(record_op("exp", self.expression(self.times(operands[0], {ONE: Fraction(abs(n))}))))
            else:
                sides[n < 0].extend([self._atom(op, operands, value)] * abs(n))
        top, below = (_product(number, side) for number, side in zip(numbers, sides, strict=True))
        term = constant(1.0) if top is None else top
        term = record_op("divide", term, below) if below is not None else term
        if shut:
            both = shut[0]
            for one in shut[1:]:
                both = record_op("logical_and", both, one)
            term = record_op("where", both, term, constant(0.0))
        return term

    def _atom(self, op: str, operands: tuple[Sum, ...], value: Any) -> Expression:
        if op == "sum":
            return self.expression(operands[0])
        rest = () if operands and value is None else (value,)
        return Expression(op, *(self.expression(each) for each in operands), *rest)


def _product(number: float, factors: list[Expression]) -> Expression | None:
    """A product, or nothing where it is 1."""
    total = constant(number) if number != 1.0 else None
    powers: list[Expression] = []
    for place, factor in enumerate(factors):
        if place and factor is factors[place - 1]:
            powers[-1] = record_op("multiply", powers[-1], factor)
        else:
            powers.append(factor)
    for power in powers:
        total = power if total is None else record_op("multiply", total, power)
    return total


def _plus(a: Mapping[Powers, Fraction], b: Mapping[Powers, Fraction], sign: int) -> Sum:
    total = dict(a)
    for powers, factor in b.items():
        total[powers] = total.get(powers, Fraction(0)) + sign * factor
    return {powers: factor for powers, factor in total.items() if factor}


def simplified(graph: Graph) -> Graph:
    """The same function, in fewer symbols, for people to read.

    Parameters
    ----------
    graph
        Of a derivative, say, whose rules leave factors of 1 and products of equal terms.

    Returns
    -------
    A graph of the same arguments; equal in exact arithmetic wherever both are defined.
    """
    algebra = _Algebra()
    return trace(algebra.expression(graph.fold(algebra.step)[-1]), graph.arguments)
