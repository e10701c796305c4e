"""Many equal networks, to see how often the statistics tell apart what is the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actbench.networks.data import data_set
from actbench.networks.scores import SCORES, train_and_score
from actbench.runs.experiment import experiment
from actbench.runs.factors import activation_spec, positive, rate_level

DTYPE, BACKEND = "float32", "numba"
BATCH, EPOCHS = 32, 3


@experiment(
    grid={"activation": ["relu"], "rate": [0.1], "depth": [2], "width": [32], "net": range(1600)},
    quick={"net": range(320)},
    columns=SCORES,
    checks={"activation": activation_spec, "depth": positive, "width": positive, "rate": rate_level},
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)
def same_twice(
    *, activation: str, rate: float, depth: int, width: int, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """How well do many networks do that differ in nothing but their number?"""
    from actbench.networks.training import Recipe, design_for

    data = data_set("digits")
    design = design_for(data, activation=activation, depth=depth, width=width)
    scores = train_and_score(design, data, net, Recipe(rate=rate, batch=BATCH, epochs=EPOCHS))
    for i, number in enumerate(net):
        yield {"net": number, **scores.row(i)}
