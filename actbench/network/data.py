"""Inputs for networks: drawn ones and real ones that come with scikit-learn; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.errors import unknown
from actbench.streams import stream

DIGITS_TRAIN = 1200  # of 1797; the other 597 test


def normal(count: int, width: int) -> NDArray[np.float64]:
    """Standard normal inputs of the network's own width."""
    drawn: NDArray[np.float64] = stream("data", "normal", count, width).standard_normal((count, width))
    return drawn


def digits(count: int, width: int) -> NDArray[np.float64]:
    """The first images of scikit-learn's digits' training part, 64 pixels, scaled by one mean and one deviation."""
    return digits_split()[0][:count]


@lru_cache(maxsize=1)
def digits_split() -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Train inputs, train labels, test inputs, test labels: a fixed stratified split 1200/597.

    One scalar mean and deviation over all pixels of the training part: a deviation per pixel is 0 for the blank ones.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    x, y = load_digits(return_X_y=True)
    train, test, train_y, test_y = train_test_split(x, y, train_size=DIGITS_TRAIN, stratify=y, random_state=0)
    mean, deviation = train.mean(), train.std()
    return (train - mean) / deviation, train_y, (test - mean) / deviation, test_y


# name -> (count, width) -> inputs of shape (count, features)
INPUTS: Mapping[str, Callable[[int, int], NDArray[np.float64]]] = MappingProxyType({"normal": normal, "digits": digits})


def inputs(name: str, count: int, width: int, dtype: Any) -> NDArray[Any]:
    """A batch of inputs by name, shape ``(count, features)``."""
    if name not in INPUTS:
        raise unknown("data set", name, INPUTS)
    return INPUTS[name](count, width).astype(dtype)
