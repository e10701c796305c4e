"""What a layer does to the distribution of what flows through it, with and without batch normalisation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.kernels.backends import FUSED
from actbench.networks.data import own_splits
from actbench.networks.scores import SCORES, train_and_score
from actbench.runs.experiment import experiment
from actbench.runs.factors import ARTICLE

DTYPE, BACKEND = "float32", FUSED
BATCH, RATE, INPUTS = 32, 0.03, 256


@experiment(
    grid={
        "activation": ARTICLE, "norm": ["none", "batch_before", "batch_after"], "epochs": [0, 5], "depth": [4],
        "width": [64], "split": ["own"], "net": range(16),
    },
    quick={"net": range(8), "activation": ["relu"], "norm": ["none"]},
    columns={
        "layer": "layer, 1 is nearest the input",
        "mean_over_sd": "mean of the layer's outputs over their standard deviation, over units and inputs",
        "skewness": "third standardised moment of the layer's outputs",
        "kurtosis": "fourth standardised moment of the layer's outputs; 3 for a normal law",
        "ks": "largest gap between the laws of the standardised outputs and the standardised pre-activations",
        **SCORES,
    },
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def distribution(
    *, activation: str, norm: str, epochs: int, depth: int, width: int, split: str, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """How far is a layer's output from its input's law, and does batch normalisation undo it?"""
    from actbench.networks.training import Recipe, design_for

    recipe = Recipe(rate=RATE, batch=BATCH, epochs=epochs)
    data = own_splits("digits", split, net)
    scores = train_and_score(
        design_for(data, activation=activation, norm=norm, depth=depth, width=width), data, net, recipe,
        watch=lambda network: laws(network, data), watch_at=[epochs],
    )  # fmt: skip
    for i, number in enumerate(net):
        score = scores.row(i)
        for layer, found in enumerate(scores.trained.watched[epochs][i]):
            yield {"net": number, "layer": layer + 1, **({} if score["diverged"] else found), **score}


def laws(network: Any, data: Any) -> list[list[dict[str, float]]]:
    """For each network and layer, the moments of its outputs and their distance from its pre-activations.

    A second network with the same parameters keeps its pre-activations; batch statistics are used in training mode, as
    a batch of the training set meets them.
    """
    from actbench.networks.network import Network

    twin = Network(network.design, network.nets, dtype=network.dtype, backend=BACKEND, keep_z=True)
    twin.parameters.flat[...] = network.parameters.flat
    with np.errstate(all="ignore"):
        twin.forward(data.x[..., :INPUTS, :].astype(network.dtype), training=True)
        layers: list[Any] = twin.layers
        return [
            [law(layer.z[i].astype(np.float64), layer.h[i].astype(np.float64)) for layer in layers]
            for i in range(len(network.nets))
        ]


def law(z: NDArray[np.float64], h: NDArray[np.float64]) -> dict[str, float]:
    """Moments of h, and the KS distance between standardised h and standardised z."""
    mean, deviation = h.mean(), h.std()
    unit = (h - mean) / deviation
    return {
        "mean_over_sd": float(mean / deviation),
        "skewness": float((unit**3).mean()),
        "kurtosis": float((unit**4).mean()),
        "ks": gap(unit.ravel(), ((z - z.mean()) / z.std()).ravel()),
    }


def gap(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """The two-sample Kolmogorov-Smirnov statistic; ties count once."""
    a, b = np.sort(a), np.sort(b)
    both = np.concatenate([a, b])
    below = [np.searchsorted(side, both, side="right") / side.size for side in (a, b)]
    return float(np.abs(below[0] - below[1]).max())
