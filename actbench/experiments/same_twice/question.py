"""Two arms that are equal in law, paired, to see how often the statistics tell apart what is the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actbench.networks.data import own_splits
from actbench.networks.scores import SCORES, train_and_score
from actbench.runs.experiment import experiment
from actbench.runs.factors import TURNS

# Weights of a law that is symmetric around 0 make ReLU and ReLU turned by 180 degrees one arm under two names.
ARMS = ("relu", TURNS["turned by 180 degrees"])
BATCH, EPOCHS = 32, 10  # as long as the networks of most claims are trained
DTYPE, BACKEND = "float32", "numba"


@experiment(
    grid={"activation": ARMS, "rate": [0.1], "depth": [2], "width": [32], "split": ["own"], "net": range(800)},
    quick={"net": range(160)},
    columns=SCORES,
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
    version=2,
)  # fmt: skip
def same_twice(
    *, activation: str, rate: float, depth: int, width: int, split: str, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """How well do two arms do that are equal in law, paired network by network as claims pair them?"""
    from actbench.networks.training import Recipe, design_for

    data = own_splits("digits", split, net)
    design = design_for(data, activation=activation, depth=depth, width=width)
    scores = train_and_score(design, data, net, Recipe(rate=rate, batch=BATCH, epochs=EPOCHS))
    for i, number in enumerate(net):
        yield {"net": number, **scores.row(i)}
