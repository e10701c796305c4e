"""Short trainings on digits that published results ask for: accuracy, stalls, zeros, saturation, revivals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.kernels.backends import FUSED
from actbench.networks.data import Data, own_splits
from actbench.networks.scores import SCORES
from actbench.runs.experiment import experiment
from actbench.runs.factors import one_of, positive

DTYPE, BACKEND = "float32", FUSED
BATCH = 32
LOST = 0.1  # of a layer's outputs in norm: what may be lost when small ones are left out
RATES = [0.03, 0.1, 0.3]
PLAIN: dict[str, Any] = {
    "surrogate": ["none"], "init": ["he"], "bias": ["own"], "depth": [3], "width": [64], "samples": [1200],
    "epochs": [10],
}  # fmt: skip
RIVALS = ("relu", "tanh", "leaky_relu", "prelu", "rrelu", "gelu", "silu", "mish", "telu", "golu")


@experiment(
    grid=[
        {**PLAIN, "activation": RIVALS, "rate": RATES, "net": range(64)},
        {**PLAIN, "activation": ["squared_relu", "relu", "gelu", "silu"], "init": ["lecun"], "depth": [1],
         "rate": [0.03, 0.1], "net": range(16)},
        {**PLAIN, "activation": ["relu", "leaky_relu", "prelu", "rrelu"], "samples": [200], "epochs": [40],
         "rate": RATES, "net": range(64)},
        {**PLAIN, "activation": ["relu"], "init": ["he", "glorot"], "depth": [30], "rate": [0.01, 0.03],
         "net": range(16)},
        {**PLAIN, "activation": ["sigmoid"], "init": ["torch_default"], "depth": [5], "epochs": [60], "rate": [0.3],
         "net": range(40)},
        {**PLAIN, "activation": ["relu"], "surrogate": ["none", "silu"], "bias": ["constant:-2"], "depth": [2],
         "rate": [0.1], "net": range(16)},
    ],
    quick={"net": range(8), "rate": [0.01, 0.1, 0.3]},
    columns={
        "zeros": "hidden outputs on the test samples that are exactly 0, share",
        "spare": "hidden outputs that could be 0 at a cost of 10 % of each layer's norm, smallest first, share",
        "silent_start": "hidden units that give 0 for every training sample before training, share",
        "silent_end": "the same after training",
        "top_low": "mean output of the last hidden layer at its lowest, over epochs",
        "top_end": "the same after training",
        "first_low": "mean output of the first hidden layer at its lowest, over epochs",
        **SCORES,
    },
    checks={"surrogate": one_of(("none", "silu")), "samples": positive},
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def retraining(
    *, activation: str, surrogate: str, init: str, bias: str, depth: int, width: int, samples: int, epochs: int,
    rate: float, net: tuple[int, ...],
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """What do short trainings give that published results speak of?"""
    from actbench.networks.scores import train_and_score
    from actbench.networks.training import Recipe, design_for

    data = first(own_splits("digits", "own", net), samples)
    recipe = Recipe(rate=rate, batch=BATCH, epochs=epochs)

    def watch(network: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        with np.errstate(all="ignore"):
            network.forward(data.x.astype(DTYPE))
        silent = np.mean([(layer.h == 0).all(axis=1).mean(axis=1) for layer in network.layers], axis=0)
        return silent, np.stack([layer.h.mean(axis=(1, 2)) for layer in (network.layers[0], network.layers[-1])])

    with surrogate_slope(surrogate) if surrogate != "none" else nullcontext(activation) as name:
        design = design_for(data, activation=name, init=init, bias=bias, depth=depth, width=width)
        scores = train_and_score(design, data, net, recipe, watch=watch, watch_at=range(epochs + 1))
        network = scores.trained.network
        with np.errstate(all="ignore"):
            network.forward(data.test_x.astype(DTYPE))
        outputs = [layer.h.astype(np.float64) for layer in network.layers]
    silent, means = (list(each) for each in zip(*scores.trained.watched.values(), strict=True))
    low = np.min(means, axis=0)
    for i, number in enumerate(net):
        row = {"net": number, **scores.row(i)}
        if not row["diverged"]:
            row |= {
                "zeros": float(np.mean([(h[i] == 0).mean() for h in outputs])),
                "spare": float(np.mean([spare(h[i]) for h in outputs])),
                "silent_start": float(silent[0][i]), "silent_end": float(silent[-1][i]),
                "top_low": float(low[1, i]), "top_end": float(means[-1][1, i]), "first_low": float(low[0, i]),
            }  # fmt: skip
        yield row


def first(data: Data, samples: int) -> Data:
    """The same with no more training samples than these."""
    return replace(data, x=data.x[..., :samples, :], y=data.y[..., :samples])


def spare(h: NDArray[np.float64]) -> float:
    """The share of outputs, smallest first, that together hold LOST of the norm: a threshold for each layer."""
    energy = np.sort(np.square(h), axis=None).cumsum()
    return float(np.searchsorted(energy, LOST**2 * energy[-1], side="right")) / h.size


@contextmanager
def surrogate_slope(other: str) -> Iterator[str]:
    """ReLU forward, the slope of another function backward, for as long as this lasts: as the name of a row."""
    from actbench.activations.define import define
    from actbench.activations.registry import ACTIVATIONS, resolve

    slope = resolve(other).callables.backward
    with ACTIVATIONS.temporary():
        name = f"relu_with_slope_of_{other}"
        define(
            name, forward=lambda x: np.maximum(x, 0.0), backward=lambda dy, x: slope(dy, x),
            source="surrogate gradient learning (Horuz et al. 2025)",
        )  # fmt: skip
        yield name
