"""Sample data: XOR, spirals, a saw tooth, and teachers that use few of many features. Draws are named by content."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.core.streams import stream

TRAIN, TEST = 1000, 1000
TEETH = 8  # of the saw: 2^3, which three folding layers make from one
FEATURES, RELEVANT = 20, 5  # of a teacher's inputs, and those that it looks at
HIDDEN = 5  # a teacher network's own units


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Inputs, answers (whole numbers for classes), and which inputs the answer depends on."""

    x: NDArray[np.float64]
    y: NDArray[Any]
    classes: int
    relevant: tuple[int, ...]


def xor(rng: np.random.Generator, samples: int) -> Sample:
    """Points of the square [-1, 1]^2, class 1 where the signs differ: no line does better than 3/4."""
    x = rng.uniform(-1, 1, (samples, 2))
    return Sample(x=x, y=(x[:, 0] * x[:, 1] < 0).astype(np.int64), classes=2, relevant=(0, 1))


def spirals(rng: np.random.Generator, samples: int) -> Sample:
    """Two spirals of one and a half turns each, with noise of 0.03 (after Lang & Witbrock 1988)."""
    y = (np.arange(samples) % 2).astype(np.int64)
    t = np.sqrt(rng.uniform(0.02, 1, samples))  # even along the curve
    angle = 3 * math.pi * t + math.pi * y
    x = np.stack([t * np.cos(angle), t * np.sin(angle)], axis=1) + rng.normal(0, 0.03, (samples, 2))
    return Sample(x=x, y=y, classes=2, relevant=(0, 1))


def saw(rng: np.random.Generator, samples: int) -> Sample:
    """One number in [0, 1] to a triangle wave of TEETH teeth between -1 and 1 (Telgarsky 2015)."""
    x = rng.uniform(0, 1, (samples, 1))
    phase = np.mod(TEETH * x[:, 0], 1.0)
    return Sample(x=x, y=1 - 4 * np.abs(phase - 0.5), classes=0, relevant=(0,))


TEACHERS = ("linear", "relu", "tanh", "product")


def teacher(kind: str, *which: int) -> Callable[[np.random.Generator, int], Sample]:
    """A function of RELEVANT of FEATURES standard normal inputs; its own weights are the same for every split.

    ``which`` names another teacher of the kind: other relevant inputs, other weights.
    """

    def sample(rng: np.random.Generator, samples: int) -> Sample:
        own = stream("data", "teacher", kind, *which)
        relevant = tuple(sorted(own.choice(FEATURES, RELEVANT, replace=False).tolist()))
        x = rng.standard_normal((samples, FEATURES))
        seen = x[:, relevant]
        if kind == "linear":
            y = seen @ own.standard_normal(RELEVANT)
        elif kind == "product":
            y = seen[:, 0] * seen[:, 1] + seen[:, 2] * seen[:, 3] * seen[:, 4]
        else:
            z = seen @ own.standard_normal((RELEVANT, HIDDEN))
            y = (np.maximum(z, 0) if kind == "relu" else np.tanh(z)) @ own.standard_normal(HIDDEN)
        return Sample(x=x, y=y, classes=0, relevant=relevant)

    return sample


SYNTHETIC: Mapping[str, Callable[[np.random.Generator, int], Sample]] = MappingProxyType(
    {
        "xor": xor,
        "spirals": spirals,
        "saw": saw,
        **{f"teacher_{kind}": teacher(kind) for kind in TEACHERS},
    }
)


def draw(name: str, part: str, split: int) -> Sample:
    """The ``"train"`` or ``"test"`` part of a synthetic set."""
    return SYNTHETIC[name](stream("data", name, part, split), TRAIN if part == "train" else TEST)
