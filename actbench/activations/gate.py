"""Gates: products f(a) g(b) of two inputs, said once and seen three ways.

Along an axis of one array in a layout (`VectorFunction`); as an elementwise row of a, and as one of b, the other input
being a learned parameter (`views`). So the oracle, the contracts, ufuncs of two operands and both partial derivatives
of a gate are those of elementwise rows.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from actbench.activations.layout import LAYOUTS
from actbench.activations.parameter import Learned, Parameter
from actbench.activations.record import Activation, Callables, Kink
from actbench.activations.registry import AXIS
from actbench.activations.vector import VectorFunction, call

OTHER = {"a": "b", "b": "a"}


@dataclass(frozen=True, kw_only=True)
class Factor:
    """One of a gate's two functions.

    Parameters
    ----------
    row
        The function as an elementwise row, in the catalogue or not: its definition, its parameters, what it declares.
    times, slope_times
        ``(c, x, **parameters)`` to c f(x) and c f'(x). c goes in before the exponential: a subnormal f(x) has lost the
        digits that a factor of 100 would show.
    """

    row: Activation
    times: Callable[..., Any]
    slope_times: Callable[..., Any]

    def value(self, x: Any, values: Mapping[str, Any]) -> Any:
        """f(x), or an expression of it."""
        return call(self.times, {**values, "c": 1.0, "x": x})

    def scaled(self, c: Any, x: Any, values: Mapping[str, Any], *, slope: bool = False) -> Any:
        """c f(x) or c f'(x)."""
        return call(self.slope_times if slope else self.times, {**values, "c": c, "x": x})

    def says(self, x: Any, values: Mapping[str, Any]) -> Any:
        """The textbook formula."""
        return call(self.row.callables.definition, {**values, "x": x})


def signed(names: Sequence[str], function: Callable[[dict[str, Any]], Any]) -> Callable[..., Any]:
    """A function of a dict as one of these arguments: rows are asked for the names in their signature."""

    def named(*given: Any, **more: Any) -> Any:
        return function(dict(zip(names, given, strict=False)) | more)

    kinds = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    named.__signature__ = inspect.Signature(kinds)  # type: ignore[attr-defined]
    return named


def _view(
    name: str, side: str, own: Factor, other: Factor, parameters: dict[str, Parameter], source: str
) -> Activation:
    """A gate as a row of one input."""
    rest, more = OTHER[side], list(parameters)

    def level(v: dict[str, Any]) -> float:
        with np.errstate(all="ignore"):
            return float(other.value(np.float64(v[rest]), v))

    def fact(what: str, of: Callable[[Any, float], Any]) -> Callable[..., Any]:
        def resolved(v: dict[str, Any]) -> Any:
            return of(own.row.fact(what, **{key: v[key] for key in own.row.parameters}), level(v))

        return signed([rest, *more], resolved)

    def both(ends: Any, c: float) -> tuple[float, float]:
        low, high = (math.nan if end == 0 and math.isinf(c) else end * c for end in ends)
        return (low, high)

    def slopes(v: dict[str, Any]) -> tuple[float, float]:
        """A slope that a clamp sets to 0 has no sign of the other input's; one that dies away has."""
        given = {key: v[key] for key in own.row.parameters}
        ends, flat = own.row.fact("slope_limits", **given), own.row.fact("flat", **given)
        clamped = (any(low == -math.inf for low, _ in flat), any(high == math.inf for _, high in flat))
        low, high = (0.0 if still else end for still, end in zip(clamped, both(ends, level(v)), strict=True))
        return (low, high)

    return Activation(
        name=f"{name}.{side}",
        callables=Callables(
            forward=signed(["x", rest, *more], lambda v: own.scaled(other.value(v[rest], v), v["x"], v)),
            backward=signed(
                ["dy", "x", rest, *more], lambda v: own.scaled(v["dy"] * other.value(v[rest], v), v["x"], v, slope=True)
            ),
            definition=signed(["x", rest, *more], lambda v: own.says(v["x"], v) * other.says(v[rest], v)),
        ),
        source=source,
        kind="gate",
        parameters={rest: Learned(default=1.0, doc="the gate's other input"), **parameters},
        parameter_gradients={
            rest: signed(
                ["dy", "x", rest, *more], lambda v: other.scaled(own.scaled(v["dy"], v["x"], v), v[rest], v, slope=True)
            )
        },
        kinks=fact("kinks", lambda found, c: {x: Kink(slope=kink.slope * c) for x, kink in found.items()}),
        flat=fact("flat", lambda found, c: found if c else ((-math.inf, math.inf),)),  # where the other factor is 0
        limits=fact("limits", both),
        slope_limits=signed([rest, *more], slopes),
        at_negative_zero=fact("at_negative_zero", lambda value, c: value * c),
        roots=fact("roots", lambda found, c: found),
        roots_of_slope=fact("roots_of_slope", lambda found, c: found),
        excluded_slope=fact("excluded_slope", lambda found, c: found),
    )


def gate(
    name: str,
    first: Factor,
    second: Factor,
    *,
    source: str,
    layout: str = "halves",
    parameters: Mapping[str, Parameter] | None = None,
    **declared: Any,
) -> VectorFunction:
    """Enter the gate f(a) g(b).

    Parameters
    ----------
    name, source, **declared
        As of `VectorFunction`.
    first, second
        f and g; f is the one with the exponential.
    layout
        Where a and b lie in one array where nothing else is said: a name in `LAYOUTS`.
    parameters
        Of either factor; shared where both have one of a name.
    """
    own = dict(parameters or {})
    more = list(own)

    def partial(v: dict[str, Any]) -> Any:
        return first.scaled(v["dy"] * second.value(v["b"], v), v["a"], v, slope=True)

    def other_partial(v: dict[str, Any]) -> Any:
        return second.scaled(first.scaled(v["dy"], v["a"], v), v["b"], v, slope=True)

    return AXIS.add(
        VectorFunction(
            name=name,
            source=source,
            factor=0.5,
            parameters=own,
            layout=LAYOUTS[layout],
            gate=first.row.name if second.row.name == "identity" else "",
            pieces={
                "forward": (
                    signed(["a", "b", *more], lambda v: first.scaled(second.value(v["b"], v), v["a"], v)),
                ),
                "backward": (signed(["dy", "a", "b", *more], partial), signed(["dy", "a", "b", *more], other_partial)),
            },
            definition=signed(["a", "b", *more], lambda v: first.says(v["a"], v) * second.says(v["b"], v)),
            views={
                "a": _view(name, "a", first, second, own, source),
                "b": _view(name, "b", second, first, own, source),
            },
            **declared,
        )
    )  # fmt: skip
