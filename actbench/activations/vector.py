"""The record of a function along an axis: softmax and its kin, and gates of two inputs that lie in one array.

It is not an elementwise activation: one output depends on many inputs, so it has a vector-Jacobian product in place
of a slope, and its output may be shorter or longer than its input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from actbench.activations.layout import LAYOUTS, Layout
from actbench.activations.parameter import Parameter, Parametrised
from actbench.activations.record import Activation
from actbench.activations.reductions import KINDS, Reduction
from actbench.core.arrays import as_float
from actbench.core.arrays import evaluate as evaluated
from actbench.core.dtypes import narrowed
from actbench.core.errors import ActbenchError
from actbench.core.views import VIEWS
from actbench.expression.exact import evaluate
from actbench.expression.graph import argument_names, record


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


def call(function: Callable[..., Any], values: Mapping[str, Any]) -> Any:
    """A function of some of these names."""
    return function(**{name: values[name] for name in argument_names(function)})


@dataclass(frozen=True, kw_only=True)
class VectorFunction(Parametrised):
    """One function along an axis.

    Parameters
    ----------
    name, aliases
        Its name and other names; case, hyphens and underscores never count.
    reductions, entries
        Where a whole vector is mixed: ``"forward"`` and ``"backward"`` to a few `Reduction`, and to an entry of the
        result in terms of them, in the words of rows; see `actbench.activations.reductions`.
    textbook
        ``(mp, list, **parameters) -> list`` in mpmath: the formula for one vector.
    source
        Where the definition comes from.
    factor
        Length of the output over length of the input: 1, 1/2 for gates, 2 for concatenated halves.
    counted
        Errors are counted in the last place of at least this, a number or a function of the vector: where an output is
        a difference of numbers of that size.
    parameters, bound, parameter_gradients
        As of an elementwise row; gradients are of all that is known in the backward pass, by name, and are summed.
    peers
        Qualified names elsewhere.
    formula
        The function in LaTeX, entry by entry.
    gate
        The elementwise row that acts on a, for a gate whose other half is b as it is.
    pieces
        Where every entry of the output depends on few of the input: ``"forward"`` and ``"backward"`` to functions in
        the words of rows, one for each part of what they give. A gate's are functions of a and b, and of dy.
    layout
        Where a and b lie in x, for functions of two inputs.
    definition
        ``(a, b, **parameters) -> y``: the textbook formula of a gate, which the oracle evaluates.
    views
        ``"a"`` and ``"b"`` to a gate as an elementwise row of that input, the other one being its learned parameter:
        what two partial derivatives, a ufunc of two operands and every check of an elementwise row come from.
    identical_to, defaults
        As of an elementwise row.
    """

    name: str
    source: str
    reductions: Mapping[str, tuple[Reduction, ...]] = field(default_factory=_nothing)
    entries: Mapping[str, Callable[..., Any]] = field(default_factory=_nothing)
    textbook: Callable[..., list[Any]] | None = None
    kind: str = "axis"
    factor: float = 1.0
    counted: Any = 0.0
    aliases: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=_nothing)
    bound: Mapping[str, float] = field(default_factory=_nothing)
    parameter_gradients: Mapping[str, Callable[..., Any]] = field(default_factory=_nothing)
    together: tuple[Callable[..., Any], str] | None = None
    peers: Mapping[str, str] = field(default_factory=_nothing)
    formula: str = ""
    gate: str = ""
    pieces: Mapping[str, tuple[Callable[..., Any], ...]] | None = None
    layout: Layout | None = None
    standard: str = ""
    definition: Callable[..., Any] | None = None
    views: Mapping[str, Activation] = field(default_factory=_nothing)
    identical_to: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=_nothing)

    def __post_init__(self) -> None:
        if self.factor not in (0.5, 1.0, 2.0):
            raise ActbenchError(f"{self.name}: factor is {self.factor!r}; known: 0.5, 1, 2")
        if self.layout is not None and not self.standard:
            object.__setattr__(self, "standard", self.layout.name)
        self.values(**self.bound)

    @property
    def spec(self) -> str:
        """The string that `actbench.activations.registry.along` turns back into this function."""
        plain = super().spec
        if self.layout is None or self.layout.name == self.standard:
            return plain
        return f"{plain}{',' if ':' in plain else ':'}layout={self.layout.name}"

    def __repr__(self) -> str:
        """``softmax()``: what `actbench.get` was given."""
        given: dict[str, Any] = dict(sorted(self.bound.items()))
        if self.layout is not None and self.layout.name != self.standard:
            given["layout"] = self.layout.name
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in given.items())})"

    def _repr_html_(self) -> str:
        """The identity card, in a notebook."""
        return str(VIEWS["activation"](self))

    def bind(self, *, layout: Any = None, **given: Any) -> Self:
        """The same function with parameters, or the layout of its two inputs, chosen."""
        if layout is None:
            return super().bind(**given)
        if self.layout is None:
            raise ActbenchError(f"{self.name}: layout={layout!r}, but it has no two inputs; leave it out")
        return replace(super().bind(**given), layout=LAYOUTS[layout])

    def view(self, side: str) -> Activation:
        """The gate as an elementwise row of one input, ``"a"`` or ``"b"``, with what is bound here bound there."""
        return self.views[side].bind(**self.bound)

    def __call__(self, x: ArrayLike, axis: int = -1, **parameters: Any) -> Any:
        """The same as `forward`."""
        return self.forward(x, axis=axis, **parameters)

    def forward(self, x: ArrayLike, axis: int = -1, **parameters: Any) -> Any:
        """The function along one axis: evaluated in float64 and rounded once.

        Parameters
        ----------
        x
            float16, float32, float64, or integers and bools, which become float64. Never written to.
        axis
            The axis that is mixed.
        **parameters
            Numbers.

        Returns
        -------
        A new array in the dtype of ``x``; the axis is `factor` times as long.

        Raises
        ------
        ActbenchError
            For a dtype that is not understood, an axis that does not exist, or a length that cannot be halved.
        """
        array = self.checked(as_float(x), axis)
        wide = np.moveaxis(array.astype(np.float64), axis, -1)
        return self._back(self._evaluated("forward", self.values(**parameters), wide), axis, array.dtype)

    def backward(self, dy: ArrayLike, x: ArrayLike, axis: int = -1, **parameters: Any) -> Any:
        """The vector-Jacobian product: the gradient at the input from the gradient at the output.

        Parameters
        ----------
        dy
            The gradient that arrives, of the output's shape.
        x, axis, **parameters
            As in `forward`.

        Raises
        ------
        ActbenchError
            Where the shape of ``dy`` is not that of the output; otherwise as `forward`.
        """
        array, arriving = self._arrived(dy, x, axis)
        wide = (np.moveaxis(each.astype(np.float64), axis, -1) for each in (arriving, array))
        return self._back(self._evaluated("backward", self.values(**parameters), *wide), axis, array.dtype)

    def gradients(self, dy: ArrayLike, x: ArrayLike, axis: int = -1, **parameters: Any) -> tuple[Any, dict[str, Any]]:
        """`backward`, with the gradients of learned parameters, each summed to one number in the dtype of dx."""
        dx = self.backward(dy, x, axis, **parameters)
        array, arriving = self._arrived(dy, x, axis)
        wide = (np.moveaxis(each.astype(np.float64), axis, -1) for each in (arriving, array))
        known = self._known("backward", self.values(**parameters), *wide) if self.reductions else {}
        rules = self.parameter_gradients
        return dx, {name: dx.dtype.type(np.sum(rules[name](known))) for name in rules}

    def of(self, a: ArrayLike, b: ArrayLike, **parameters: Any) -> Any:
        """A gate of its two inputs as two arrays of one shape, or shapes that broadcast; what the layout is to one."""
        return self._of_two("forward", "a", {"x": a, "b": b}, parameters)

    def partials(self, dy: ArrayLike, a: ArrayLike, b: ArrayLike, **parameters: Any) -> tuple[Any, Any]:
        """A gate's two vector-Jacobian products, from arrays that broadcast: the gradients at a and at b."""
        return (
            self._of_two("backward", "a", {"dy": dy, "x": a, "b": b}, parameters),
            self._of_two("backward", "b", {"dy": dy, "x": b, "a": a}, parameters),
        )

    def _of_two(self, direction: str, side: str, inputs: dict[str, Any], parameters: Mapping[str, Any]) -> Any:
        if not self.views:
            raise ActbenchError(f"{self.name} has no two inputs; call it with one array")
        function = getattr(self.views[side].callables, direction)
        if any(np.ndim(value) for value in inputs.values()):
            inputs = dict(zip(inputs, np.broadcast_arrays(*map(np.asarray, inputs.values())), strict=True))
        return evaluated(function, inputs, self.values(**parameters))

    def exact(self, mp: Any, x: Sequence[Any], **parameters: Any) -> list[Any]:
        """One vector's exact entries, in mpmath at the context's precision."""
        values = {name: mp.mpf(float(value)) for name, value in self.values(**parameters).items()}
        if self.textbook is not None:
            return self.textbook(mp, list(x), **values)
        assert self.definition is not None
        assert self.layout is not None
        graph, places = record(self.definition), np.arange(len(x))
        return [
            evaluate(mp, graph, {"a": x[i], "b": x[j], **values})
            for i, j in zip(*self.layout.split(places), strict=True)
        ]

    def output_shape(self, shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
        """Of the output for an input's shape."""
        wanted = list(shape)
        wanted[axis] = int(wanted[axis] * self.factor)
        return tuple(wanted)

    def checked(self, array: Any, axis: int) -> Any:
        """The array, if it has that axis and one of its length can be taken."""
        if not -array.ndim <= axis < array.ndim:
            raise ActbenchError(f"{self.name}: no axis {axis} in an array of shape {array.shape}")
        length = array.shape[axis]
        if length == 0 or (self.layout is not None and not self.layout.divides(length)):
            wanted = "an even one above 0"
            if self.layout is not None and self.layout.run > 1:
                wanted = f"a multiple of {2 * self.layout.run}, as the layout {self.layout.name!r} has it"
            raise ActbenchError(f"{self.name}: the axis has length {length}; give {wanted}")
        return array

    def _arrived(self, dy: ArrayLike, x: ArrayLike, axis: int) -> tuple[Any, Any]:
        array, arriving = self.checked(as_float(x), axis), as_float(dy, "dy")
        wanted = self.output_shape(array.shape, axis)
        if arriving.shape != wanted:
            raise ActbenchError(f"{self.name}: dy has shape {arriving.shape}; the output has {wanted}")
        return array, arriving

    def _evaluated(self, direction: str, values: dict[str, Any], *arrays: Any) -> Any:
        """One direction along the last axis of float64 arrays."""
        if self.pieces is None:
            known = self._known(direction, values, *arrays)
            with np.errstate(all="ignore"):
                return np.broadcast_to(call(self.entries[direction], known), arrays[-1].shape)
        named = dict(zip(("x",) if direction == "forward" else ("dy", "x"), arrays, strict=True))
        if self.layout is not None:
            named["a"], named["b"] = self.layout.split(named["x"])
        elif direction == "backward":
            half = named["dy"].shape[-1] // 2
            named |= {"up": named["dy"][..., :half], "down": named["dy"][..., half:]}
        with np.errstate(over="ignore"):
            parts = [call(piece, named | values) for piece in self.pieces[direction]]
        if len(parts) == 1:
            return parts[0]
        return self.layout.join(*parts) if self.layout is not None else np.concatenate(parts, axis=-1)

    def _known(self, direction: str, values: dict[str, Any], *arrays: Any) -> dict[str, Any]:
        """What entries are made of: arrays, parameters, the length, and every reduction of the last axis."""
        known = dict(zip(("x",) if direction == "forward" else ("dy", "x"), arrays, strict=True))
        known |= values | {"n": float(arrays[-1].shape[-1])}
        with np.errstate(all="ignore"):  # inf - inf is NaN, which is softmax's answer there
            for reduction in self.reductions[direction]:
                known[reduction.name] = KINDS[reduction.kind](call(reduction.of, known), known)
        return known

    def size(self, x: Any) -> float:
        """What errors of one vector's results are counted against at least; see ``counted``."""
        return float(self.counted(x) if callable(self.counted) else self.counted)

    def _back(self, result: Any, axis: int, dtype: Any) -> Any:
        with np.errstate(over="ignore"):
            return narrowed(np.moveaxis(result, -1, axis), dtype)
