"""How well networks train: accuracy at every step size, with and without batch normalisation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actbench.kernels.backends import FUSED
from actbench.networks.data import own_splits
from actbench.networks.scores import SCORES, train_and_score
from actbench.runs.experiment import experiment

DTYPE, BACKEND = "float32", FUSED
BATCH, EPOCHS = 32, 10


@experiment(
    grid={
        "activation": ["relu"], "norm": ["none", "batch_before", "batch_after"], "rate": [0.03, 0.1, 0.3, 1.0],
        "depth": [4, 12], "width": [64], "split": ["own"], "net": range(64),
    },
    quick={"net": range(4), "rate": [0.03, 0.3]},
    columns=SCORES,
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def training(
    *, activation: str, norm: str, rate: float, depth: int, width: int, split: str, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """What accuracy does each arm reach at each step size of plain SGD on digits?"""
    from actbench.networks.training import Recipe, design_for

    recipe = Recipe(rate=rate, batch=BATCH, epochs=EPOCHS)
    data = own_splits("digits", split, net)
    design = design_for(data, activation=activation, norm=norm, depth=depth, width=width)
    scores = train_and_score(design, data, net, recipe)
    for i, number in enumerate(net):
        yield {"net": number, **scores.row(i)}
