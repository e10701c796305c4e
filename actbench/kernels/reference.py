"""The reference path behind a kernel's signature."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actbench.activations.record import Activation
from actbench.activations.vector import VectorFunction
from actbench.core.errors import ActbenchError


class ReferenceKernel:
    """The reference path behind a kernel's signature: ``k(x, *parameters, out=)``, ``k(dy, x, *parameters, out=)``."""

    def __init__(self, activation: Activation | VectorFunction, direction: str) -> None:
        self.activation: Any = activation
        self.direction = direction
        self.trailing: tuple[str, ...] = getattr(activation, "trailing", ())

    def __call__(self, *operands: ArrayLike, out: Any = None, **values: Any) -> NDArray[Any]:
        """Fill and return ``out``, or a new array; ``values`` are those of an axis function: ``axis=``."""
        read = 1 if self.direction in ("forward", "second") else 2
        if len(operands) not in (read, read + len(self.trailing)):
            named = ["x"] if read == 1 else ["dy", "y" if self.direction == "backward_from_output" else "x"]
            raise ActbenchError(
                f"{len(operands)} operands were given; this kernel takes {', '.join([*named, *self.trailing])}"
            )
        values |= dict(zip(self.trailing, operands[read:], strict=False))
        if self.direction == "backward_from_output":
            result = np.asarray(self.activation.backward(operands[0], y=operands[1], **values))
        else:
            result = np.asarray(getattr(self.activation, self.direction)(*operands[:read], **values))
        if out is None:
            return result
        out[...] = result
        return out  # type: ignore[no-any-return]
