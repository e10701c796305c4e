"""The record of one activation: what its row says, what it declares, and the reference path that evaluates it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from actbench.activations.curve import curve
from actbench.activations.parameter import Fixed, Parameter, Parametrised, Sampled
from actbench.core.arrays import as_float, evaluate, widened
from actbench.core.errors import ActbenchError
from actbench.core.views import VIEWS
from actbench.expression.graph import argument_names
from actbench.expression.numeric import evaluate as run

ARRAYS = ("dy", "x", "y")


@dataclass(frozen=True, kw_only=True)
class Kink:
    """The slope that is used at a point where none exists: torch's convention, and jax's where it differs."""

    slope: float
    jax: float | None = None


@dataclass(frozen=True, kw_only=True)
class Callables:
    """A row's raw callables, as written: NumPy in terms of ``x``, ``y``, ``dy`` and declared parameters."""

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    definition: Callable[..., Any]


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Activation(Parametrised):
    """One activation function.

    Any of the fields from ``kinks`` to ``defaults`` may be a callable of the row's parameters; `fact` resolves it.

    Parameters
    ----------
    name, aliases
        The name in torch.nn.functional, and all others; case, hyphens and underscores never count.
    said
        The raw callables.
    source
        Where the definition comes from.
    kind
        ``"elementwise"`` or ``"axis"``.
    parameters, bound
        Declared parameters, and the values that `bind` fixed.
    parameter_gradients
        For each learned parameter, ``(dy, x, **parameters)`` to the elementwise gradient before it is summed.
    surrogates
        Where a pass uses another slope than the derivative, and says so: ``"x"`` and names of learned parameters to the
        slope in use as a textbook formula, ``(x, **parameters) -> slope``. The oracle evaluates it in the derivative's
        place.
    kinks
        Points without a slope, to the `Kink` that is used there.
    flat
        Intervals ``(low, high)`` of zero slope, closed; a unit that stays in one is dead.
    bounds, limits, slope_limits
        Infimum and supremum; f at -inf and inf; f' at -inf and inf.
    at_negative_zero
        f(-0.0), signed.
    roots, roots_of_slope
        Where f (other than at 0) and f' cross zero: relative error has no bound next to them.
    slope_terms
        ``(x) -> size`` of the largest term of f', for slopes with infinitely many roots; their error is counted in
        the last place of that.
    excluded_slope
        Intervals where the slope is not promised (an infinite slope, say).
    symmetry, monotone
        ``"odd"``, ``"even"`` or None; whether f never falls.
    together
        A law on several parameters at once: a predicate of them and its words.
    identical_to, defaults, peers
        Equal functions under other names; defaults per framework where they differ; qualified names elsewhere.
    cancels
        Why terms of the derived f'' cancel in a tail, for a row whose second derivative is promised absolutely there.
    long_exponential
        Why a float32 kernel of this row needs the exponential of more steps: errors beside its slope's root.
    excused
        Check name to the reason why this row fails it.
    opaque
        Why the row cannot be recorded, for one that calls somebody else's code: it then has a reference path alone.
    """

    name: str
    callables: Callables
    source: str
    kind: str = "elementwise"
    aliases: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=_nothing)
    bound: Mapping[str, float] = field(default_factory=_nothing)
    parameter_gradients: Mapping[str, Callable[..., Any]] = field(default_factory=_nothing)
    surrogates: Mapping[str, Callable[..., Any]] = field(default_factory=_nothing)
    kinks: Any = field(default_factory=_nothing)
    flat: Any = ()
    bounds: Any = (-np.inf, np.inf)
    limits: Any = (-np.inf, np.inf)
    slope_limits: Any = (1.0, 1.0)
    at_negative_zero: Any = -0.0
    roots: Any = ()
    roots_of_slope: Any = ()
    slope_terms: Callable[..., Any] | None = None
    excluded_slope: Any = ()
    symmetry: str | None = None
    monotone: Any = None
    together: tuple[Callable[..., Any], str] | None = None
    identical_to: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=_nothing)
    peers: Mapping[str, str] = field(default_factory=_nothing)
    cancels: str = ""
    long_exponential: str = ""
    excused: Mapping[str, str] = field(default_factory=_nothing)
    opaque: str = ""

    def __post_init__(self) -> None:
        allowed = {*ARRAYS, *self.parameters}
        for role in ("forward", "backward", "definition"):
            for name in argument_names(getattr(self.callables, role)):
                if name not in allowed:
                    raise ActbenchError(f"{self.name}: {role} asks for {name!r}, which is no declared parameter")
        names = set(argument_names(self.callables.forward))
        if "x" not in names or names & {"dy", "y"}:
            raise ActbenchError(f"{self.name}: forward must ask for x and for neither y nor dy")
        if argument_names(self.callables.backward)[:1] != ("dy",):
            raise ActbenchError(f"{self.name}: backward must ask for dy first")
        self.values(**self.bound)

    def __repr__(self) -> str:
        """``gelu()``, ``leaky_relu(negative_slope=0.2)``: what `actbench.get` was given."""
        given = ", ".join(f"{name}={value!r}" for name, value in sorted(self.bound.items()))
        return f"{self.name}({given})"

    def _repr_html_(self) -> str:
        """The identity card, in a notebook."""
        return str(VIEWS["activation"](self))

    def plot(self, **options: Any) -> Any:
        """f and its slope; the same as `actbench.plot` of this activation."""
        return VIEWS["plot"](self, **options)

    @property
    def saves(self) -> tuple[str, ...]:
        """The arrays that the backward pass needs kept, read off the row's signature: of ``x`` and ``y``."""
        return tuple(name for name in argument_names(self.callables.backward) if name in ("x", "y"))

    @property
    def trailing(self) -> tuple[str, ...]:
        """Learned and sampled parameters that nobody bound: the last operands of a kernel, in this order."""
        return tuple(
            name for name, parameter in self.parameters.items()
            if type(parameter) is not Fixed and name not in self.bound
        )  # fmt: skip

    def at_defaults(self) -> Activation:
        """The same with every learned parameter bound to its value, and sampled ones to that of evaluation mode."""
        values = self.values()
        return replace(self, bound=MappingProxyType({**self.bound, **{name: values[name] for name in self.trailing}}))

    def operands(self, dtype: Any, **given: Any) -> tuple[Any, ...]:
        """The values of the trailing parameters as a kernel takes them: numbers, or arrays of a dtype."""
        values = self.values(**given)
        return tuple(
            float(values[name]) if np.ndim(values[name]) == 0 else np.asarray(values[name], dtype)
            for name in self.trailing
        )

    def fact(self, what: str, **given: Any) -> Any:
        """A declaration such as ``limits`` with this activation's parameter values put in."""
        value = getattr(self, what)
        if not callable(value):
            return value
        values = self.values(**given)
        return value(**{name: values[name] for name in argument_names(value)})

    def draw(self, rng: np.random.Generator | None, x: Any = None) -> dict[str, Any]:
        """Values of learned and sampled parameters for one call.

        Parameters
        ----------
        rng
            The source of randomness, or None for evaluation mode.
        x
            The input that the call is for; sampled parameters take its shape and dtype.

        Returns
        -------
        What to pass to `forward` and to `backward` alike.
        """
        values = self.values()
        drawn: dict[str, Any] = {}
        for name, parameter in self.parameters.items():
            if isinstance(parameter, Sampled):
                drawn[name] = parameter.draw(rng, x, values[parameter.low], values[parameter.high])
            elif type(parameter) is not Fixed:
                drawn[name] = values[name]
        return drawn

    def __call__(self, x: ArrayLike, **parameters: Any) -> Any:
        """The same as `forward`."""
        return self.forward(x, **parameters)

    def forward(self, x: ArrayLike, **parameters: Any) -> Any:
        """f(x): the row as written, evaluated in float64 and rounded once.

        Parameters
        ----------
        x
            Any shape; float16, float32, float64, or integers and bools, which become float64. Never written to.
        **parameters
            Scalars, or arrays that broadcast against the last axis of ``x``.

        Returns
        -------
        A new array of the shape and dtype of ``x``.

        Raises
        ------
        ActbenchError
            For a dtype that is not understood, or a parameter that does not exist or breaks its law.
        """
        values = self.values(**parameters)
        function = self.callables.forward
        return evaluate(function, {"x": x}, {k: values[k] for k in argument_names(function) if k in values})

    def backward(
        self, dy: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, **parameters: Any
    ) -> Any:
        """The vector-Jacobian product dy * f'(x): a new array; ``dy``, ``x`` and ``y`` are never written to.

        Parameters
        ----------
        dy
            The gradient that arrives at the output.
        x
            The input of the forward pass; always accepted.
        y
            The saved form: the output of the forward pass, for rows whose `saves` is ``("y",)``; then ``x`` is
            not needed.
        **parameters
            As in `forward`, and the same values.

        Raises
        ------
        ActbenchError
            Where neither what the row saves nor ``x`` is given; otherwise as `forward`.
        """
        values = self.values(**parameters)
        function = self.callables.backward
        needs = argument_names(function)
        inputs: dict[str, ArrayLike] = {"dy": dy}
        kept = {name: values[name] for name in needs if name in values}
        given = []
        if "x" in needs and x is None:
            raise ActbenchError(f"{self.name}: backward(dy, x) needs both; slope(x) is f'(x), where dy is 1")
        if "x" in needs and x is not None:
            inputs["x"] = x
        elif x is not None:
            given.append(x)
        if "y" in needs and y is not None:
            inputs["y"] = y
        elif "y" in needs and x is not None:
            # Composed with forward in float64: a y rounded to x's dtype could lose what the row decides on.
            kept["y"] = self.forward(widened(as_float(x)), **parameters)
        elif "y" in needs:
            raise ActbenchError(
                f"{self.name}: backward(dy, x) needs both, or y=the output of forward for x; slope(x) is f'(x)"
            )
        return evaluate(function, inputs, kept, given=given)

    def slope(self, x: ArrayLike, **parameters: Any) -> Any:
        """f'(x): `backward` of ones, with its convention at kinks.

        Parameters
        ----------
        x, **parameters
            As in `forward`.
        """
        return self.backward(np.ones_like(as_float(x)), x, **parameters)

    def second(self, x: ArrayLike, **parameters: Any) -> Any:
        """f''(x) almost everywhere, derived from the backward pass; see `actbench.activations.curve.curve`.

        Where f' jumps (hardswish at -3 and 3) or f does, it is f'' of the piece that the backward pass takes there, so
        that it is 0 everywhere for functions of straight pieces.

        Parameters
        ----------
        x, **parameters
            As in `forward`.

        Raises
        ------
        ActbenchError
            For a row whose backward pass is a surrogate, or code that is called; otherwise as `forward`.
        """
        graph = curve(self)
        values = self.values(**parameters)
        kept = {name: values[name] for name in graph.arguments if name in values}
        with np.errstate(all="ignore"):  # arms that are not taken
            return evaluate(lambda **given: run(graph, given), {"x": x}, kept)

    def gradients(self, dy: ArrayLike, x: ArrayLike, **parameters: Any) -> tuple[Any, dict[str, Any]]:
        """`backward`, with the gradients of the learned parameters.

        Returns
        -------
        dx, dparams
            ``dparams`` maps each learned parameter to its gradient, summed to the parameter's own shape (0-d for a
            scalar) in the dtype of ``dx``.
        """
        values = self.values(**parameters)
        dx = self.backward(dy, x, **parameters)
        sums: dict[str, Any] = {}
        for name, function in self.parameter_gradients.items():
            kept = {k: values[k] for k in argument_names(function) if k in values}
            wide = {"dy": widened(as_float(dy, "dy")), "x": widened(as_float(x))}
            each = evaluate(function, {k: v for k, v in wide.items() if k in argument_names(function)}, kept)
            sums[name] = _sum_to(np.asarray(each), np.shape(values[name])).astype(np.asarray(dx).dtype)
        return dx, sums


def _sum_to(array: Any, shape: tuple[int, ...]) -> Any:
    """Undo a broadcast by summing."""
    extra = array.ndim - len(shape)
    array = array.sum(axis=tuple(range(extra)))
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 and array.shape[i] != 1)
    return array.sum(axis=stretched, keepdims=True) if stretched else array
