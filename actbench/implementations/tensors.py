"""Arrays as torch tensors on the same memory, and back; bfloat16 through its bits."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from actbench.implementations.implementation import Array


def tensor(x: Array) -> Any:
    """An array as a tensor on the same memory; ml_dtypes' bfloat16 through its bits."""
    torch = import_module("torch")
    if x.dtype.name == "bfloat16":
        return torch.from_numpy(x.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(x)


def array(given: Any) -> Array:
    """A tensor as an array on the same memory."""
    if str(given.dtype) == "torch.bfloat16":
        import ml_dtypes

        bits: Array = given.detach().contiguous().view(import_module("torch").int16).numpy()
        return bits.view(ml_dtypes.bfloat16)
    return np.asarray(given.detach().numpy())
