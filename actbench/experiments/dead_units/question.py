"""Which hidden units lose their gradient for good: at the start, in training, by layer, optimiser and step size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from actbench.kernels.backends import FUSED
from actbench.networks.data import own_splits
from actbench.networks.scores import SCORES, train_and_score
from actbench.runs.experiment import experiment

DTYPE, BACKEND = "float32", FUSED
EPOCHS, BATCH = 20, 32
WATCH_AT = (0, 1, 2, 3, 5, 7, 10, 15, 20)
SHAPE: dict[str, Any] = {
    "activation": ["relu", "leaky_relu", "prelu", "rrelu"],
    "depth": [4],
    "width": [64],
    "bias": ["zero"],
    "split": ["own"],
    "net": range(16),
}
SHORT = {**SHAPE, "activation": ["relu", "prelu", "rrelu"]}


@experiment(
    grid=[
        {**SHAPE, "optimiser": ["sgd"], "rate": [0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 1.0]},
        {**SHAPE, "optimiser": ["adam"], "rate": [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1]},
        # starts with dead units: at -1.5 seven in ten, the last two layers whole; at -5 all but one in a hundred
        {**SHORT, "optimiser": ["sgd"], "rate": [0.03, 0.1, 0.3], "bias": ["constant:-1.5"]},
        {**SHORT, "optimiser": ["adam"], "rate": [0.001, 0.003, 0.01], "bias": ["constant:-1.5", "constant:-5.0"]},
    ],
    quick={"net": range(4), "activation": ["relu", "prelu", "rrelu"], "rate": [0.1, 0.5, 0.003, 0.03]},
    columns={
        "layer": "layer, 1 is nearest the input",
        "dead_birth": "units with zero slope on every training sample before training, share of the layer",
        "dead_end": "the same after training",
        "ever_dead": "units that were dead after some watched epoch, share of the layer",
        "revived": "units that were dead and had a slope again after a later watched epoch, share of the layer",
        **SCORES,
    },
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)
def dead_units(
    *,
    activation: str,
    optimiser: str,
    rate: float,
    depth: int,
    width: int,
    bias: str,
    split: str,
    net: tuple[int, ...],
) -> Iterator[dict[str, Any]]:
    """How many units die, and do the dead come back?"""
    from actbench.networks.dead import dead_units as find_dead
    from actbench.networks.training import Recipe, design_for

    recipe = Recipe(optimiser=optimiser, rate=rate, batch=BATCH, epochs=EPOCHS)  # type: ignore[arg-type]
    data = own_splits("digits", split, net)
    scores = train_and_score(
        design_for(data, activation=activation, depth=depth, width=width, bias=bias), data, net, recipe,
        watch=lambda network: find_dead(network, data.x), watch_at=WATCH_AT,
    )  # fmt: skip
    history = np.stack([scores.trained.watched[epoch].units for epoch in WATCH_AT])  # (times, nets, layers, units)
    was = np.logical_or.accumulate(history, axis=0)
    revived = (was[:-1] & ~history[1:]).any(axis=0)
    for i, number in enumerate(net):
        score = scores.row(i)
        for layer in range(depth):
            found: dict[str, Any] = {}
            if not score["diverged"]:
                found = {
                    "dead_birth": float(history[0, i, layer].mean()),
                    "dead_end": float(history[-1, i, layer].mean()),
                    "ever_dead": float(was[-1, i, layer].mean()),
                    "revived": float(revived[i, layer].mean()),
                }
            yield {"net": number, "layer": layer + 1, **found, **score}
