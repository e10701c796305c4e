"""Does each unit serve some classes and rest for others? Variance between classes, before and after training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.kernels.backends import FUSED
from actbench.networks.data import own_splits
from actbench.networks.scores import SCORES, train_and_score
from actbench.runs.experiment import experiment

DTYPE, BACKEND = "float32", FUSED
BATCH, EPOCHS = 32, 20


@experiment(
    grid={
        # Adam, for under plain SGD deep sigmoid networks learn next to nothing, and would lose for that alone
        "activation": ["relu", "leaky_relu", "tanh", "sigmoid"], "rate": [0.001, 0.003, 0.01], "depth": [3],
        "width": [64], "split": ["own"], "net": range(16),
    },
    quick={"net": range(8), "activation": ["relu", "leaky_relu", "sigmoid"], "rate": [0.003]},
    columns={
        "layer": "layer, 1 is nearest the input",
        "share_birth": "between-class share of a unit's variance over held-out images before training, mean over units",
        "share_end": "the same after training",
        "constant_end": "units with no variance after training, share of the layer; they are in no mean",
        **SCORES,
    },
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def selectivity(
    *, activation: str, rate: float, depth: int, width: int, split: str, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """How much of a unit's variance lies between the classes of digits, and does training raise it?"""
    from actbench.networks.training import Recipe, design_for

    recipe = Recipe(optimiser="adam", rate=rate, batch=BATCH, epochs=EPOCHS)
    data = own_splits("digits", split, net)
    scores = train_and_score(
        design_for(data, activation=activation, depth=depth, width=width), data, net, recipe,
        watch=lambda network: shares(network, data), watch_at=(0, EPOCHS),
    )  # fmt: skip
    birth, end = (scores.trained.watched[epoch] for epoch in (0, EPOCHS))
    for i, number in enumerate(net):
        score = scores.row(i)
        for layer in range(depth):
            found: dict[str, Any] = {}
            if not score["diverged"]:
                found = {
                    "share_birth": mean(birth[layer][i]),
                    "share_end": mean(end[layer][i]),
                    "constant_end": float(np.isnan(end[layer][i]).mean()),
                }
            yield {"net": number, "layer": layer + 1, **found, **score}


def mean(values: NDArray[np.float64]) -> float | None:
    """Over the units that have a share; None where a whole layer is constant."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None


def shares(network: Any, data: Any) -> list[NDArray[np.float64]]:
    """Each layer's shares ``(nets, units)`` on held-out images, which learning by heart cannot raise."""
    with np.errstate(all="ignore"):
        network.forward(data.test_x.astype(network.dtype))
        return [between(layer.h.astype(np.float64), data.test_y) for layer in network.layers]


def between(h: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.float64]:
    """The variance of the class means over the whole variance (eta squared), ``(nets, units)``; NaN without variance.

    Parameters
    ----------
    h
        Outputs, ``(nets, inputs, units)``.
    y
        Classes, ``([nets,] inputs)``.
    """
    centred = h - h.mean(axis=1, keepdims=True)
    whole = np.square(centred).sum(axis=1)
    parts = []
    for k in np.unique(y):
        own = np.broadcast_to(y == k, h.shape[:2])[:, :, None]
        parts.append(np.square((centred * own).sum(axis=1)) / own.sum(axis=1))
    # rounding leaves a constant unit a little variance
    constant = ~(whole > 1e-20 * (1 + np.square(h).sum(axis=1)))
    share: NDArray[np.float64] = np.where(constant, np.nan, sum(parts) / np.where(constant, 1.0, whole))
    return share
