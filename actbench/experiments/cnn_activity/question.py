"""How active a small convolutional network is, layer by layer, before and after training, beside a perceptron."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from actbench.kernels.backends import FUSED
from actbench.networks.data import own_splits
from actbench.networks.scores import SCORES, train_and_score
from actbench.runs.experiment import experiment
from actbench.runs.factors import one_of

DTYPE, BACKEND = "float32", FUSED
BATCH, RATE, INPUTS = 32, 0.03, 256
DEPTH = 3  # 8 x 8 pixels, halved three times


@experiment(
    grid={
        "activation": ["relu", "leaky_relu"], "model": ["cnn_max", "cnn_mean", "mlp"], "epochs": [0, 5],
        "split": ["own"], "net": range(16),
    },
    quick={"net": range(4), "activation": ["relu"]},
    columns={
        "layer": "layer, 1 is nearest the input",
        "active_fraction": "units (channel and pixel) with non-zero output, mean over training inputs and units",
        "path_fraction": "paths from layer 1 whose units are all active, mean over training inputs",
        **SCORES,
    },
    checks={"model": one_of(("cnn_max", "cnn_mean", "mlp"))},
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def cnn_activity(
    *, activation: str, model: str, epochs: int, split: str, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """Does activity thin out with depth in a convolutional network, before or after training on digits?"""
    from actbench.networks.cnn import ConvDesign
    from actbench.networks.training import Recipe, design_for

    recipe = Recipe(rate=RATE, batch=BATCH, epochs=epochs)
    data = own_splits("digits", split, net)
    pool: Any = model.partition("_")[2]
    scores = train_and_score(
        ConvDesign(activation=activation, channels=(16,) * DEPTH, pool=pool)
        if pool
        else design_for(data, activation=activation, depth=DEPTH, width=64),
        data, net, recipe,
    )  # fmt: skip
    network = scores.trained.network
    with np.errstate(all="ignore"):
        network.forward(data.x[..., :INPUTS, :].astype(DTYPE))
    # (layers, nets, inputs): a unit is a channel at a pixel, before pooling
    share = np.stack([(layer.y != 0).reshape(len(net), INPUTS, -1).mean(axis=2) for layer in network.layers])
    paths = share.cumprod(axis=0)
    for i, number in enumerate(net):
        row = scores.row(i)
        for layer in range(DEPTH):
            found: dict[str, Any] = {}
            if not row["diverged"]:
                found = {
                    "active_fraction": float(share[layer, i].mean()),
                    "path_fraction": float(paths[layer, i].mean()),
                }
            yield {"net": number, "layer": layer + 1, **found, **row}
