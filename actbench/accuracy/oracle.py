"""The oracle: the textbook definition and its derivative in mpmath, with as many digits as it takes.

The derivative is not a difference quotient: the graph of the definition is differentiated by the words' own rules and
then evaluated, so a tail such as sigmoid'(-1e10) costs no digits. Tests hold those rules to mpmath.diff.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import Any

import mpmath

from actbench.activations.record import Activation
from actbench.activations.registry import resolve
from actbench.core.dtypes import info
from actbench.core.errors import ActbenchError
from actbench.expression import exact
from actbench.expression.graph import Graph, derivative, record

START_BITS = 256
AGREE_BITS = 80  # two precisions agree when they differ by less than 2^-80 of the value: 27 bits below float64's ulp
LAST_BITS = 8192  # x - tanh(x) at 2e-308 agrees on a wrong 0 up to 2048 bits
CURVE_BITS = 1024  # 2 + x, which a clip compares, is 2 for a small x in fewer; sinc'' at 1e-154 has terms of 2^1024
NOTHING = 1300  # below 2^-1300 every format rounds to 0: the sign is all that counts

MP = mpmath.MPContext()  # our own: the user's mpmath precision is never touched


def evaluate(graph: Graph, values: Mapping[str, Any]) -> Any:
    """The value of a graph in mpmath at the context's precision; the arm of a `where` not taken is never evaluated."""
    return exact.evaluate(MP, graph, values)


def confirmed(
    compute: Callable[[], Any], zero: Callable[[], bool], what: str, *, start: int = START_BITS, signed: bool = True
) -> Any:
    """A value on which two successive precisions agree.

    Parameters
    ----------
    compute
        Evaluates at the context's current precision.
    zero
        Says whether an exact zero is possible here; else an agreeing zero is taken for cancellation.
    what
        The subject, for the message.
    start
        The first precision in bits.
    signed
        Whether the sign counts of what every format rounds to 0.

    Raises
    ------
    ActbenchError
        If no two precisions up to 8192 bits agree.
    """
    bits, before = start, None
    while bits <= LAST_BITS:
        with MP.workprec(bits):
            now = compute()
            if MP.isnan(now) or MP.isinf(now):
                return now
            if before is not None:
                tiny = (not signed or now * before > 0) and MP.mag(now) < -NOTHING and MP.mag(before) < -NOTHING
                agree = tiny or abs(now - before) <= abs(now) * MP.mpf(2) ** -AGREE_BITS
                if agree and (now != 0 or zero()):
                    return now
        before, bits = now, 2 * bits
    raise ActbenchError(
        f"{what}: no two precisions up to {LAST_BITS} bits agree; declare a flat region or mend the row"
    )


class Oracle:
    """The exact value and slope of one activation.

    Parameters
    ----------
    activation
        A row, bound or not.
    **parameters
        Parameter values; float64 numbers, taken exactly.
    """

    def __init__(self, activation: Activation, **parameters: float) -> None:
        if activation.opaque:
            raise ActbenchError(
                f"{activation.name} is called, not traced ({activation.opaque}), so that nothing exact is known of it; "
                "name the row that it should be"
            )
        self.activation = activation
        values = activation.values(**parameters)
        self._values = {name: MP.mpf(float(value)) for name, value in values.items()}
        self._graph = record(activation.callables.definition)
        used = activation.surrogates.get("x")
        self._slope = derivative(self._graph) if used is None else record(used)
        self._flat = activation.fact("flat", **parameters)
        self._kinks = activation.fact("kinks", **parameters)
        self._limits = activation.fact("limits", **parameters)
        self._slope_limits = activation.fact("slope_limits", **parameters)

    def _inside_flat(self, x: float) -> bool:
        return any(low <= x <= high for low, high in self._flat)

    def _at(self, graph: Graph, x: float, zero: bool, what: str, **how: Any) -> Any:
        values = {**self._values, "x": MP.mpf(x)}
        said = f"{self.activation.name} {what} at {x!r}"
        return confirmed(lambda: evaluate(graph, values), lambda: zero, said, **how)

    def value(self, x: float) -> Any:
        """f(x) as an mpf; at the infinities the declared limit."""
        x = float(x)
        if math.isnan(x):
            return MP.nan
        if math.isinf(x):
            return MP.mpf(self._limits[x > 0])
        zero = x == 0.0 or self._inside_flat(x) or x in self.activation.fact("roots")
        zero = zero or "x" in self.activation.surrogates  # a flat side whose slope in use is another
        return self._at(self._graph, x, zero, "value")

    def slope(self, x: float) -> Any:
        """f'(x) as an mpf; at a kink the declared convention, at the infinities the declared limit."""
        x = float(x)
        if math.isnan(x):
            return MP.nan
        if math.isinf(x):
            return MP.mpf(self._slope_limits[x > 0])
        if x in self._kinks:
            return MP.mpf(self._kinks[x].slope)
        return self._at(self._slope, x, self._inside_flat(x) or x in self.activation.fact("roots_of_slope"), "slope")

    @cached_property
    def _curve(self) -> Graph:
        return derivative(self._slope)

    def second(self, x: float) -> Any:
        """f''(x) as an mpf, where x is at no kink and either 0 or at least 2^-512 in size; 0 is believed."""
        return self._at(self._curve, float(x), True, "second derivative", start=CURVE_BITS, signed=False)


@lru_cache(maxsize=256)
def oracle(spec: str) -> Oracle:
    """The oracle of the activation that a spec names."""
    return Oracle(resolve(spec))


def ulp(exact: Any, dtype: Any) -> Any:
    """The distance of neighbouring floats of a format at an exact value; below the normal range, the subnormal step."""
    form = info(dtype)
    digits = form.nmant
    if exact == 0:
        return MP.ldexp(1, int(form.minexp) - digits)
    exponent = MP.frexp(exact)[1] - 1
    return MP.ldexp(1, max(int(exponent), int(form.minexp)) - digits)


def ulp_error(got: float, exact: Any, dtype: Any) -> float:
    """|got - exact| in units of the last place of the exact value.

    0 for the right NaN or infinity, inf for a wrong one.

    An exact value beyond the largest float rounds to infinity: that answer has error 0.
    """
    if MP.isnan(exact) or math.isnan(got):
        return 0.0 if MP.isnan(exact) and math.isnan(got) else math.inf
    form = info(dtype)
    largest = MP.mpf(float(form.max))
    with MP.workprec(START_BITS):
        beyond = abs(exact) >= largest + MP.ldexp(1, int(form.maxexp) - form.nmant - 2)
        if math.isinf(got) or MP.isinf(exact):
            same = beyond and (exact > 0) == (got > 0)
            # One step below the infinity that it should have rounded to is one ulp, not an infinite error.
            return 0.0 if same and math.isinf(got) else math.inf
        return float(min(abs(MP.mpf(got) - exact) / ulp(exact, dtype), MP.mpf(1e300)))
