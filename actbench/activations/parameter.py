"""Where a row's parameters come from: written down, learned, or drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from actbench.core.errors import ActbenchError, unknown
from actbench.expression.graph import argument_names


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """A number that the user chooses once, such as the slope of leaky ReLU.

    Parameters
    ----------
    default
        Its value where the user says nothing.
    valid, law
        What values are allowed, as a predicate and in words.
    doc
        What it means.
    """

    default: float
    doc: str
    valid: Callable[[float], bool] = np.isfinite
    law: str = "must be finite"


@dataclass(frozen=True, kw_only=True)
class Learned(Fixed):
    """A number, or one per unit of the last axis, that training adjusts; ``default`` is where training starts."""


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """A number drawn anew for every element in training, uniform between two fixed parameters of the same row.

    In evaluation mode it is their midpoint.
    """

    low: str
    high: str
    doc: str

    def draw(self, rng: np.random.Generator | None, x: NDArray[Any] | None, low: float, high: float) -> Any:
        """One value per element of ``x`` in its dtype, or the midpoint where ``rng`` is None."""
        if rng is None or x is None:
            return 0.5 * (low + high)
        shape, dtype = np.shape(x), getattr(x, "dtype", np.dtype(np.float64))
        kind = dtype if dtype.kind == "f" else np.dtype(np.float64)
        return rng.uniform(low, high, shape).astype(kind)


Parameter = Fixed | Learned | Sampled


class Parametrised:
    """What a record with ``parameters`` and ``bound`` values of some of them can do, elementwise or along an axis."""

    name: str
    parameters: Mapping[str, Parameter]
    bound: Mapping[str, float]
    together: tuple[Callable[..., Any], str] | None

    @property
    def spec(self) -> str:
        """The string that `actbench.activations.registry.resolve` turns back into this activation."""
        given = {k: v for k, v in sorted(self.bound.items()) if v != self._fixed(k).default}
        return self.name + (":" + ",".join(f"{k}={v!r}" for k, v in given.items()) if given else "")

    def _fixed(self, name: str) -> Fixed:
        parameter = self.parameters.get(name)
        if parameter is None or isinstance(parameter, Sampled):
            raise unknown(f"parameter of {self.name}", name, self.parameters)
        return parameter

    def bind(self, **given: Any) -> Self:
        """The same function with some parameters chosen; a sampled one, as in evaluation, is that number throughout."""
        numbers: dict[str, float] = {}
        for name, value in given.items():
            drawn = self.parameters.get(name)
            ends = (drawn.low, drawn.high) if isinstance(drawn, Sampled) else (name,)
            law = self._fixed(ends[0]).law
            try:
                numbers |= dict.fromkeys(ends, float(value))
            except (TypeError, ValueError):
                raise ActbenchError(f"{self.name}: {name}={value!r} is no number; {name} {law}") from None
        return replace(self, bound=MappingProxyType({**self.bound, **numbers}))  # type: ignore[type-var]  # a dataclass, as whoever inherits

    def values(self, **given: Any) -> dict[str, Any]:
        """Every parameter's value: the ones given, else bound, else the default; sampled ones in evaluation mode.

        Raises
        ------
        ActbenchError
            For a name that is no parameter or a value outside its law.
        """
        for name in given:
            if name not in self.parameters:
                raise unknown(f"parameter of {self.name}", name, self.parameters)
        result: dict[str, Any] = {}
        for name, parameter in self.parameters.items():
            if isinstance(parameter, Fixed):
                result[name] = given.get(name, self.bound.get(name, parameter.default))
                if not np.all([parameter.valid(v) for v in np.ravel(result[name])]):
                    raise ActbenchError(f"{self.name}: {name}={result[name]!r}, but {name} {parameter.law}")
        if self.together is not None:
            valid, law = self.together
            named = argument_names(valid)
            if not np.all(valid(**{name: np.asarray(result[name]) for name in named})):
                said = ", ".join(f"{name}={result[name]!r}" for name in named)
                raise ActbenchError(f"{self.name}: {said}, but {law}")
        for name, parameter in self.parameters.items():
            if isinstance(parameter, Sampled):
                low, high = result[parameter.low], result[parameter.high]
                if not low <= high:
                    raise ActbenchError(
                        f"{self.name}: {parameter.low}={low!r} is above {parameter.high}={high!r}; give low <= high"
                    )
                chosen = given.get(name, self.bound.get(name))
                result[name] = parameter.draw(None, None, low, high) if chosen is None else chosen
        return result
