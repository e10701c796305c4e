"""The record of a function along an axis: softmax and its kin, and gates that halve their input.

It is not an elementwise activation: one output depends on many inputs, so it has a vector-Jacobian product in place
of a slope, and its output may be shorter or longer than its input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from actbench.core.arrays import as_float
from actbench.core.errors import ActbenchError


@dataclass(frozen=True, kw_only=True)
class VectorFunction:
    """One function along an axis.

    Parameters
    ----------
    name, aliases
        Its name and other names; case, hyphens and underscores never count.
    vector
        ``x -> y`` on float64 arrays, along the last axis.
    product
        ``(dy, x) -> dx``, the vector-Jacobian product, likewise.
    exact
        ``(mp, list) -> list`` in mpmath: the textbook formula for one vector.
    source
        Where the definition comes from.
    factor
        Length of the output over length of the input: 1, 1/2 for gates, 2 for concatenated halves.
    counted
        Errors are counted in the last place of at least this: where an output is a difference of numbers of that size.
    peers
        Qualified names elsewhere.
    formula
        The function in LaTeX, entry by entry.
    gate
        The elementwise row that acts on the first half, for a gate; next to roots of its slope the absolute error
        counts.
    pieces
        Where every entry of the output depends on few of the input: ``"forward"`` and ``"backward"`` to functions in
        the words of rows, one for each half of what they give. Halves of x are called a and b, of dy up and down.
    """

    name: str
    vector: Callable[[Any], Any]
    product: Callable[[Any, Any], Any]
    exact: Callable[[Any, list[Any]], list[Any]]
    source: str
    kind: str = "axis"
    factor: float = 1.0
    counted: float = 0.0
    aliases: tuple[str, ...] = ()
    peers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    formula: str = ""
    gate: str = ""
    pieces: Mapping[str, tuple[Callable[..., Any], ...]] | None = None

    def __post_init__(self) -> None:
        if self.factor not in (0.5, 1.0, 2.0):
            raise ActbenchError(f"{self.name}: factor is {self.factor!r}; known: 0.5, 1, 2")

    @property
    def spec(self) -> str:
        """The string that names this function; it has no parameters."""
        return self.name

    def __call__(self, x: ArrayLike, axis: int = -1) -> Any:
        """The same as `forward`."""
        return self.forward(x, axis=axis)

    def forward(self, x: ArrayLike, axis: int = -1) -> Any:
        """The function along one axis: evaluated in float64 and rounded once.

        Parameters
        ----------
        x
            float16, float32, float64, or integers and bools, which become float64. Never written to.
        axis
            The axis that is mixed.

        Returns
        -------
        A new array in the dtype of ``x``; the axis is `factor` times as long.

        Raises
        ------
        ActbenchError
            For a dtype that is not understood, an axis that does not exist, or an odd length that must be halved.
        """
        array = self.checked(as_float(x), axis)
        wide = np.moveaxis(array.astype(np.float64), axis, -1)
        return self._back(self.vector(wide), axis, array.dtype)

    def backward(self, dy: ArrayLike, x: ArrayLike, axis: int = -1) -> Any:
        """The vector-Jacobian product: the gradient at the input from the gradient at the output.

        Parameters
        ----------
        dy
            The gradient that arrives, of the output's shape.
        x, axis
            As in `forward`.

        Raises
        ------
        ActbenchError
            Where the shape of ``dy`` is not that of the output; otherwise as `forward`.
        """
        array, arriving = self.checked(as_float(x), axis), as_float(dy, "dy")
        wide = np.moveaxis(array.astype(np.float64), axis, -1)
        wanted = self.output_shape(array.shape, axis)
        if arriving.shape != wanted:
            raise ActbenchError(f"{self.name}: dy has shape {arriving.shape}; the output has {wanted}")
        return self._back(self.product(np.moveaxis(arriving.astype(np.float64), axis, -1), wide), axis, array.dtype)

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
        if length == 0 or (self.factor == 0.5 and length % 2):
            raise ActbenchError(f"{self.name}: the axis has length {length}; give an even one above 0")
        return array

    def _back(self, result: Any, axis: int, dtype: Any) -> Any:
        with np.errstate(over="ignore"):
            return np.array(np.moveaxis(result, -1, axis), dtype=dtype, order="C")
