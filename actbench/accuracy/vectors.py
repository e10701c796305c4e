"""Reference vectors: inputs and exactly rounded answers for other languages, libraries and chips."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import chain, islice
from itertools import count as count_up
from typing import Any

import numpy as np

from actbench.accuracy.along import PROMISED, entries, of_people
from actbench.accuracy.meter import ErrorMeter, exact, in_format, near_roots, promised, rounded, units, where_promised
from actbench.accuracy.oracle import MP
from actbench.accuracy.points import SEED, neighbours
from actbench.activations.registry import named, resolve
from actbench.activations.vector import VectorFunction
from actbench.core.dtypes import WHOLE, has_infinity, info
from actbench.core.errors import ActbenchError, unknown
from actbench.kernels.backends import FUSED, allowed, tolerance

FORMATS = (*WHOLE, "float32", "float64")
PEOPLE = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 0.1, -0.1, 10.0, -10.0, 100.0, -100.0)
SCHEMA = "actbench-vectors-1"
COLUMNS = ("input", "output", "input_bits", "output_bits", "tolerance_ulp")


def vectors(
    name: str,
    *,
    dtype: str = "float32",
    direction: str = "forward",
    count: int = 1000,
    told: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Reference vectors of one direction of one activation, of a gate or of a function along an axis.

    Parameters
    ----------
    name
        A name or a spec; parameters are rounded to the format first, as code in that format takes them.
    dtype
        ``"float16"``, ``"float32"`` or ``"float64"``; with ml_dtypes ``"bfloat16"``, ``"float8_e4m3fn"`` or
        ``"float8_e5m2"``, which have as many points as there are numbers. E4M3 has no infinity: NaN.
    direction
        ``"forward"``: f(x); ``"backward"``: f'(x), at kinks the declared convention. Of a gate: y, or both partial
        derivatives.
    count
        How many points, from 1 on: those that people think of first (0, 1, -1, the infinities, NaN, 0.5, 2), then what
        the row declares (kinks, roots) with its neighbours, the ends of the format, and seeded points over all binades.

    told
        Called with 1 after each point: a vector of softmax backward takes 10 ms of exact arithmetic.

    Returns
    -------
    What the vectors are (``schema``, ``activation``, ``parameters``, ``direction``, ``dtype``, ``rounding``, ``count``,
    ``seed``) and ``vectors``: one mapping a point. ``input`` and ``output`` are C99 hexadecimal floats, ``..._bits``
    the bits in hex, big end first; ``output`` is the exact result rounded once, ties to even. ``tolerance_ulp`` is
    what actbench promises of its own compiled kernels: a suggestion; next to roots, where relative error has no bound,
    it grows. Of a gate ``a`` and ``b`` are the inputs. Of a function along an axis each is a list of numbers, backward
    ``dy`` (what arrives), ``input`` and ``dx``; there the tolerance is in the last place of the largest term.

    Raises
    ------
    ActbenchError
        For a name, dtype, direction or count that is not understood.
    """
    if dtype not in FORMATS:
        raise unknown("format", dtype, FORMATS)
    if direction not in ("forward", "backward", "second"):
        raise unknown("direction", direction, ("forward", "backward", "second"))
    if not 1 <= count <= 1_000_000:
        raise ActbenchError(f"count={count} is not from 1 to 1,000,000")
    info(dtype)  # which brings bfloat16, or says what is missing
    row = named(name)
    if isinstance(row, VectorFunction):
        if direction == "second":
            inputs_of = "two inputs" if row.views else "many inputs"
            raise ActbenchError(f"{row.name} has {inputs_of}; known of it: forward, backward")
        made: Iterator[dict[str, Any]] = (_of_gate if row.views else _of_vector)(row, dtype, direction, count)
    else:
        row = resolve(in_format(row.spec, dtype))
        made = _pairs(row.spec, dtype, direction, count)
    pairs = []
    for pair in made:
        pairs.append(pair)
        told(1)
    values = {key: float(value) for key, value in row.values().items()}
    return {
        "schema": SCHEMA, "activation": row.name, "parameters": {k: v.hex() for k, v in values.items()},
        "direction": direction, "dtype": dtype, "rounding": "once, to nearest, ties to even", "count": len(pairs),
        "seed": SEED, "vectors": pairs,
    }  # fmt: skip


def inputs(spec: str, dtype: str, direction: str, count: int) -> list[float]:
    """The finite points in the order of people: what they think of, what is declared, the ends, the rest (seeded)."""
    activation, form = resolve(spec), info(dtype)
    kept = {float(v) for v in where_promised(spec, dtype, max(count, 8), direction)}
    people = [float(v) for v in promised(spec, np.array(PEOPLE, dtype), direction)]
    facts = [*activation.fact("kinks"), *activation.fact("roots"), *activation.fact("roots_of_slope")]
    declared = [v for at in facts for v in map(float, neighbours(at, dtype, 1))]
    ends = [sign * float(end) for end in (form.max, form.tiny, form.smallest_subnormal) for sign in (1.0, -1.0)]
    rest = np.random.default_rng(SEED).permutation(sorted(kept))
    order = dict.fromkeys((*people, *(v for v in (*declared, *ends, *map(float, rest)) if v in kept)))
    return list(order)


def _pairs(spec: str, dtype: str, direction: str, count: int) -> Iterator[dict[str, str | float]]:
    """The first so many, the infinities and NaN behind the first few."""
    activation, forward = resolve(spec), direction == "forward"
    first = [_zero(spec, dtype, sign) for sign in (1.0, -1.0)] if forward else []
    points = [at for at in inputs(spec, dtype, direction, count) if not (forward and at == 0.0)]
    specials = list(_special(spec, dtype, direction))
    few = 2 if forward else 3
    if direction == "second":  # where f' jumps, f'' is that of either side
        jumps = ErrorMeter(spec, direction, dtype, np.array(points, dtype)).kinked
        points = [at for at, jump in zip(points, jumps, strict=True) if not jump]
    near = near_roots(activation, direction, np.array(points))
    made = (_finite(spec, dtype, direction, at, bool(root)) for at, root in zip(points, near, strict=True))
    order = chain(first, islice(made, few), specials, made)
    return islice(order, count)


def _zero(spec: str, dtype: str, sign: float) -> dict[str, str | float]:
    """f at 0.0 and at -0.0."""
    minus = rounded(MP.mpf(float(resolve(spec).fact("at_negative_zero"))), dtype)
    minus = math.copysign(minus, resolve(spec).fact("at_negative_zero"))
    value = minus if sign < 0 else abs(minus) if minus == 0 else rounded(exact(spec, "forward", 0.0), dtype)
    return _pair(sign * 0.0, value, dtype, tolerance(FUSED, dtype)[0])


def _finite(spec: str, dtype: str, direction: str, at: float, root: bool) -> dict[str, str | float]:
    bound, at_root = allowed(FUSED, dtype, direction)
    value = exact(spec, direction, at)
    size = abs(rounded(value, dtype))
    terms = None if direction == "forward" else resolve(spec).slope_terms
    term = 0.0 if terms is None else float(terms(np.float64(at)))  # of a sum that cancels, the largest counts
    step, largest = units(np.array([size, max(size, term)]), dtype).tolist()
    most = bound * largest / step  # in the last place of this result
    if root:  # absolute there: so many epsilons
        most = max(most, at_root * float(info(dtype).eps) / step)
    return _pair(at, rounded(value, dtype), dtype, most)


def _special(spec: str, dtype: str, direction: str) -> Iterator[dict[str, str | float]]:
    activation, forward = resolve(spec), direction == "forward"
    if direction == "second":  # rows declare no limits of it
        yield _pair(math.nan, math.nan, dtype, 0.0)
        return
    low, high = activation.fact("limits" if forward else "slope_limits")
    for at, limit in ((math.inf, high), (-math.inf, low)) if has_infinity(dtype) else ():
        value = float(limit) if limit == 0 else rounded(MP.mpf(float(limit)), dtype)
        yield _pair(at, value, dtype, tolerance(FUSED, dtype)[0] if math.isfinite(limit) and limit else 0.0)
    if forward or activation.saves:  # a slope that never looks at x cannot know of its NaN
        yield _pair(math.nan, math.nan, dtype, 0.0)


def _of_gate(row: VectorFunction, dtype: str, direction: str, count: int) -> Iterator[dict[str, str | float]]:
    """Pairs of what people think of, then of what is declared and of seeded numbers."""
    sides = {side: [at for at in inputs(row.view(side).spec, dtype, "forward", 200) if abs(at) < 1e4] for side in "ab"}
    seen: set[tuple[float, float]] = set()
    for reach in count_up(3):
        for a, b in ((a, b) for a in sides["a"][:reach] for b in sides["b"][:reach]):
            if (a, b) in seen:
                continue
            if len(seen) == count:
                return
            seen.add((a, b))
            yield _gate_pair(row, dtype, direction, a, b)
        if reach >= max(map(len, sides.values())):
            return


def of_gate(row: VectorFunction, dtype: str, a: float, b: float, side: str = "") -> float:
    """A gate's exact value at a pair, or its partial derivative by one side, rounded once."""
    own, other = ("b", "a") if side == "b" else ("a", "b")
    at = {"a": a, "b": b}
    spec = in_format(row.view(own).bind(**{other: at[other]}).spec, dtype)
    return rounded(exact(spec, "backward" if side else "forward", at[own]), dtype)


def _gate_pair(row: VectorFunction, dtype: str, direction: str, a: float, b: float) -> dict[str, str | float]:
    found: dict[str, str | float] = {"a": a.hex(), "b": b.hex(), "a_bits": _bits(a, dtype), "b_bits": _bits(b, dtype)}
    asked = {"output": ""} if direction == "forward" else {"da": "a", "db": "b"}
    for name, side in asked.items():
        value = of_gate(row, dtype, a, b, side)
        found |= {name: value.hex(), f"{name}_bits": _bits(value, dtype)}
    return found | {"tolerance_ulp": tolerance(FUSED, dtype)[0 if direction == "forward" else 1]}


def _of_vector(row: VectorFunction, dtype: str, direction: str, count: int) -> Iterator[dict[str, Any]]:
    """Whole vectors, short ones of round numbers first; backward with the gradient that arrives."""
    row = row.bind(**{name: rounded(MP.mpf(float(v)), dtype) for name, v in row.values().items()})
    for x, dy in of_people(row, direction, dtype, count):
        right, _ = entries(row, direction, x, dy)
        given = {"input": x} if direction == "forward" else {"dy": dy, "input": x}
        numbers = {name: list(map(float, values)) for name, values in given.items()}
        numbers["output" if direction == "forward" else "dx"] = [rounded(value, dtype) for value in right]
        hexes = {name: [v.hex() for v in values] for name, values in numbers.items()}
        bits = {f"{name}_bits": [_bits(v, dtype) for v in values] for name, values in numbers.items()}
        yield {**hexes, **bits, "tolerance_ulp": PROMISED[direction]}


def _pair(at: float, value: float, dtype: str, tolerance: float) -> dict[str, str | float]:
    bits = [_bits(number, dtype) for number in (at, value)]
    return {
        "input": at.hex(), "output": value.hex(), "input_bits": bits[0], "output_bits": bits[1],
        "tolerance_ulp": round(tolerance, 3),
    }  # fmt: skip


def _bits(value: float, dtype: str) -> str:
    number = np.array(value, dtype)
    return number.view(f"u{number.itemsize}").astype(f">u{number.itemsize}").tobytes().hex()
