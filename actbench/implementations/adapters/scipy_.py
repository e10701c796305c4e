"""SciPy's special functions; it has values only."""

from __future__ import annotations

import numpy as np

from actbench.core.machine import version
from actbench.implementations.implementation import Array, Implementation
from actbench.implementations.libraries import Function, Library
from actbench.implementations.named import named_by


def of_row(row: Function) -> Implementation:
    """See `actbench.implementations.libraries.Library`."""
    function, options = named_by(row, "scipy")

    def forward(x: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(function(x, **options)).astype(x.dtype, copy=False)

    return Implementation(library="scipy", version=str(version("scipy")), forward=forward,
                          lacks={"backward": "scipy has no gradients"})  # fmt: skip


LIBRARY = Library(name="scipy", of_row=of_row, raced=False)
