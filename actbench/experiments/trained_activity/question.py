"""How active networks are once they are trained, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from actbench.kernels.backends import FUSED
from actbench.networks.data import own_splits
from actbench.networks.scores import SCORES, train_and_score
from actbench.runs.experiment import experiment

DTYPE, BACKEND = "float32", FUSED
BATCH = 32
RATES = {"sgd": 0.1, "adam": 0.001}


@experiment(
    grid={
        "activation": ["relu", "leaky_relu", "tanh"], "optimiser": ["sgd", "adam"], "epochs": [0, 20], "depth": [10],
        "width": [64], "split": ["own"], "net": range(32),
    },
    quick={"net": range(8), "activation": ["relu"]},
    columns={
        "layer": "layer, 1 is nearest the input",
        "active_fraction": "units with non-zero output, mean over training inputs and units",
        "path_fraction": "paths from layer 1 whose units are all active, mean over training inputs",
        **SCORES,
    },
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def trained_activity(
    *, activation: str, optimiser: str, epochs: int, depth: int, width: int, split: str, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """What fraction of units and paths is active before and after training on digits?"""
    from actbench.networks.training import Recipe, design_for

    recipe = Recipe(optimiser=optimiser, rate=RATES[optimiser], batch=BATCH, epochs=epochs)  # type: ignore[arg-type]
    data = own_splits("digits", split, net)
    scores = train_and_score(
        design_for(data, activation=activation, depth=depth, width=width), data, net, recipe,
        watch=lambda network: active(network, data), watch_at=[epochs],
    )  # fmt: skip
    share = scores.trained.watched[epochs]  # (layers, nets, inputs)
    paths = share.cumprod(axis=0)
    for i, number in enumerate(net):
        score = scores.row(i)
        for layer in range(depth):
            found: dict[str, Any] = {}
            if not score["diverged"]:  # NaN != 0 is true, so a diverged network would look fully active
                found = {
                    "active_fraction": float(share[layer, i].mean()),
                    "path_fraction": float(paths[layer, i].mean()),
                }
            yield {"net": number, "layer": layer + 1, **found, **score}


def active(network: Any, data: Any) -> Any:
    """``(layers, nets, inputs)``: the share of units with a non-zero output."""
    with np.errstate(all="ignore"):
        network.forward(data.x.astype(network.dtype))
        return np.stack([(layer.y != 0).mean(axis=2) for layer in network.layers])
