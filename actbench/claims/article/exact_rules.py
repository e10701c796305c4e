"""Which value and which slope ReLU has where: counted over every float16 and a sweep over float32."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.claims.article.exact_inputs import Tally, at_place, handed_over, inputs, row, same
from actbench.claims.claim import Answer

# Comparisons with NaN are false, so NaN lies on none of these sides; -0.0 lies where 0.0 does.
SIDES: dict[str, Callable[[NDArray[Any]], NDArray[np.bool_]]] = {
    "x > 0": lambda x: x > 0,
    "x >= 0": lambda x: x >= 0,
    "x < 0": lambda x: x < 0,
    "x <= 0": lambda x: x <= 0,
}


def rule(*sides: str, backward: bool) -> Callable[[], Answer]:
    """The computation that checks ``y = x, dx = dy`` where x > 0 and ``y = 0, dx = 0`` on every other side.

    Parameters
    ----------
    *sides
        Keys of `SIDES`.
    backward
        Also check the gradient, for each value that may be handed over.
    """

    def compute() -> Answer:
        relu, tally, nan, kept = row("relu"), Tally(), 0, 0
        zeros: set[str] = set()
        passed: set[str] = set()
        for dtype, x in inputs().items():
            # Widening a signalling NaN raises the invalid flag; that NaN is counted below.
            with np.errstate(invalid="ignore"):
                y = relu.forward(x)
                lost = np.isnan(x)
                nan += int(lost.sum())
                kept += int(np.isnan(y[lost]).sum())
                if backward:
                    slope = relu.backward(np.ones_like(x[lost]), x[lost])
                    passed |= {"NaN" if np.isnan(v) else f"{v:g}" for v in slope.tolist()}
                zeros |= {("-" if negative else "+") + "0" for negative in np.signbit(y[(x == 0) & (y == 0)])}
                for side in sides:
                    _check(relu, tally, dtype, x, y, side, backward)
        found = (
            f"{' and '.join(sides)} over all 65,536 float16 and a sweep of float32 with subnormals, infinities and "
            f"zeros (f(+-0) is {' or '.join(sorted(zeros)) or 'not 0'})"
        )
        if backward:
            found += ", each with 10 gradients handed over, zeros, infinities and NaN among them"
        found += f"; NaN lies on no side, {kept:,} of {nan:,} stay NaN"
        if backward:
            found += f" and hand on {' or '.join(sorted(passed))}"
        return tally.answer("inputs and gradients" if backward else "inputs", found)

    return compute


def _check(relu: Any, tally: Tally, dtype: str, x: Any, y: Any, side: str, backward: bool) -> None:
    at = SIDES[side](x)
    here, out, passes = x[at], y[at], side == "x > 0"
    tally.add(here, same(out, here) if passes else out == 0, at_place(f"{dtype} f({{}}) = {{}}", here, out))
    for dout in handed_over(x.dtype) if backward else ():
        dy = np.full_like(here, dout)
        dx = relu.backward(dy, here)
        good = same(dx, dy) if passes else dx == 0
        tally.add(here, good, at_place(f"{dtype} {dout} handed over at {{}} gives {{}}", here, dx))


def two_pieces() -> Answer:
    """Is f a straight line on each side of 0, with two different slopes that meet at 0?

    The line on a side is drawn through the values at 0 and at +-1; every finite input must lie on it.
    """
    relu, tally = row("relu"), Tally()
    slopes: set[tuple[float, float]] = set()
    for dtype, x in inputs().items():
        one, zero = x.dtype.type(1), x.dtype.type(0)
        right, left = relu.forward(one) - relu.forward(zero), relu.forward(zero) - relu.forward(-one)
        slopes.add((float(left), float(right)))
        finite = x[np.isfinite(x)]
        slope = np.where(finite < 0, left, right).astype(np.float64)
        with np.errstate(over="ignore"):  # a line that leaves the range ends at infinity
            line = (float(relu.forward(zero)) + slope * finite).astype(x.dtype)
        y = relu.forward(finite)
        tally.add(finite, y == line, at_place(f"{dtype} f({{}}) = {{}}", finite, y))
    words = " and ".join(f"slope {left:g} on the left, {right:g} on the right" for left, right in sorted(slopes))
    answer = tally.answer("finite inputs", f"lines through 0 and +-1: {words}")
    kinked = all(left != right for left, right in slopes)
    return Answer(
        holds=answer.holds and kinked, value=answer.value, n=answer.n, n_unit=answer.n_unit, evidence=answer.evidence
    )


# Integers, so that every sum and product below is exact and the smallest counterexample is a readable one.
TERMS = tuple(range(-24, 25))
FACTORS = tuple(range(-6, 7))


def _sums_and_multiples(name: str, wanted: Callable[[int, int], bool], factors: tuple[int, ...]) -> Tally:
    """Additivity over pairs of terms that are ``wanted``, homogeneity over terms and ``factors``."""
    f, tally = row(name).forward, Tally()
    pairs = np.array([pair for pair in product(TERMS, TERMS) if wanted(*pair)], dtype=np.float64)
    a, b = pairs.T
    whole, parts = f(a + b), f(a) + f(b)
    tally.add(
        np.abs(a) + np.abs(b), whole == parts,
        lambda i: f"f({a[i]:g} + {b[i]:g}) = {whole[i]:g} but f({a[i]:g}) + f({b[i]:g}) = {parts[i]:g}",
    )  # fmt: skip
    c, d = np.array(list(product(factors, TERMS)), dtype=np.float64).T
    scaled, multiple = f(c * d), c * f(d)
    tally.add(
        np.abs(c) + np.abs(d), scaled == multiple,
        lambda i: f"f({c[i]:g} * {d[i]:g}) = {scaled[i]:g} but {c[i]:g} * f({d[i]:g}) = {multiple[i]:g}",
    )  # fmt: skip
    return tally


def linear() -> Answer:
    """Is ReLU additive and homogeneous, negative factors included, as purlin is?"""
    rival = _sums_and_multiples("purlin", lambda a, b: True, FACTORS)
    tally = _sums_and_multiples("relu", lambda a, b: True, FACTORS)
    found = f"sums and multiples of integers; purlin satisfies {rival.good:,} of {rival.n:,}, relu {tally.good:,}"
    return tally.answer("sums and multiples", found)


def linear_by_halves() -> Answer:
    """Is ReLU additive among numbers of one sign and homogeneous for factors that are not negative?"""
    tally = _sums_and_multiples("relu", lambda a, b: a * b >= 0, tuple(c for c in FACTORS if c >= 0))
    return tally.answer("sums and multiples", "sums of numbers of one sign, multiples by factors from 0 on")


def _where(slope: float, x: NDArray[Any]) -> str:
    """Where a slope was found, in words."""
    low, high = np.abs(x).min(), np.abs(x).max()
    return f"{slope:g} at {x.size:,} inputs, |x| " + (
        f"= {low:.3g}" if low == high else f"from {low:.3g} to {high:.3g}"
    )


def one_slope(side: str) -> Callable[[], Answer]:
    """The computation that asks whether the slope is one and the same number everywhere on ``side``."""

    def compute() -> Answer:
        relu = row("relu")
        at = {dtype: x[SIDES[side](x)] for dtype, x in inputs().items()}
        x = np.concatenate([here.astype(np.float64) for here in at.values()])
        slope = np.concatenate([relu.backward(np.ones_like(here), here).astype(np.float64) for here in at.values()])
        values, counts = np.unique(slope, return_counts=True)
        n, most = x.size, int(counts.max())
        words = ", ".join(_where(value, x[slope == value]) for value in values)
        return Answer(
            holds=values.size == 1, value=most / n, n=n, n_unit="inputs",
            evidence=f"slopes found for {side}, all float16 and a sweep of float32: {words}",
        )  # fmt: skip

    return compute


def closed(side: str) -> Callable[[], Answer]:
    """The computation that asks whether value and slope are zero everywhere on ``side``."""

    def compute() -> Answer:
        relu, tally = row("relu"), Tally()
        for dtype, x in inputs().items():
            here = x[SIDES[side](x)]
            y, slope = relu.forward(here), relu.backward(np.ones_like(here), here)
            shut = (y == 0) & (slope == 0)
            tally.add(here, shut, at_place(f"{dtype} f({{}}) = {{}}", here, y))
        return tally.answer("inputs", f"value and slope are both 0 at {tally.good:,} of {tally.n:,} inputs with {side}")

    return compute


TURNS: dict[str, Callable[[Any], Any]] = {
    "mirrored left to right": lambda x: row("relu").forward(-x),
    "mirrored downwards": lambda x: -row("relu").forward(x),
    "turned by 180 degrees": lambda x: -row("relu").forward(-x),
}


def a_multiple() -> Answer:
    """Is each flipped ReLU the original times one constant?"""
    x = np.array([t for t in TERMS if t], dtype=np.float64)
    f, words, good = row("relu").forward(x), [], 0
    for name, turn in TURNS.items():
        # The constant that fits best: <g, f> / <f, f>; it is the constant where there is one.
        g = turn(x)
        constant = float(g @ f / (f @ f))
        fits = bool(np.all(g == constant * f))
        good += fits
        words.append(f"{name}: " + (f"{constant:g} times" if fits else "no constant"))
    return Answer(
        holds=good == len(TURNS), value=good / len(TURNS), n=len(TURNS), n_unit="flips", evidence="; ".join(words)
    )


def proximal() -> Answer:
    """Is relu(x - t) the h >= 0 that minimises (h - x)^2 / 2 + t h, the L1 penalty's step for outputs from 0 on?

    By the conditions that are necessary and sufficient here: h >= 0, slope h - x + t >= 0, and one of the two is 0.
    """
    x, t = np.array(list(product(TERMS, range(0, 9))), dtype=np.float64).T
    h = row("relu").forward(x - t)
    slope = h - x + t
    tally = Tally()
    tally.add(
        np.abs(x) + t, (h >= 0) & (slope >= 0) & (h * slope == 0),
        lambda i: f"at x = {x[i]:g}, t = {t[i]:g}: h = {h[i]:g}, slope {slope[i]:g}",
    )  # fmt: skip
    return tally.answer("pairs of x and penalty", "the minimum's conditions h >= 0, slope >= 0, h * slope = 0")
