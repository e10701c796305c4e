"""What networks can express: tasks that no line can do, and linear pieces along a line, counted exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from actbench.kernels.backends import FUSED
from actbench.networks.scores import SCORES
from actbench.runs.experiment import experiment
from actbench.runs.factors import one_of, rate_or_none

DTYPE, BACKEND = "float32", FUSED
BATCH, EPOCHS = 50, 60
FEATURES = 16  # of the inputs that a line runs through
UNITS = 128  # of every network on a line
TASKS = ("xor", "spirals", "saw")
ARMS = ["relu", "identity"]
LINE: dict[str, Any] = {"task": ["line"], "rate": [0.0], "bias": ["zero", "normal:0.5"], "net": range(64)}


@experiment(
    grid=[
        {
            "task": TASKS, "activation": ARMS, "depth": [3], "width": [24], "bias": ["zero"],
            "rate": [0.003, 0.01], "net": range(16),
        },
        *[
            {**LINE, "activation": ARMS, "depth": [depth], "width": [UNITS // depth]} for depth in (1, 2, 4, 8)
        ],
        {
            "task": ["tent"], "activation": ["relu"], "depth": range(1, 13), "width": [2], "bias": ["own"],
            "rate": [0.0], "net": range(32),
        },
    ],
    quick={"net": range(8), "rate": [0.01, 0.0]},
    columns={
        "pieces": "linear pieces along the line; None where the network was trained on a task",
        **SCORES,
    },
    checks={"task": one_of((*TASKS, "line", "tent")), "rate": rate_or_none},
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def expressivity(
    *, task: str, activation: str, depth: int, width: int, bias: str, rate: float, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """What do networks achieve that no linear one can, and how many linear pieces have they?"""
    if task not in TASKS:
        for number in net:
            count = on_a_line(task, activation, depth, width, bias, number)
            yield {"net": number, "pieces": count, "diverged": False}
        return
    from actbench.networks.scores import train_and_score
    from actbench.networks.training import Recipe, design_for

    data = classes(task)
    plan = design_for(data, activation=activation, depth=depth, width=width, bias=bias)
    recipe = Recipe(optimiser="adam", rate=rate, batch=BATCH, epochs=EPOCHS)
    scores = train_and_score(plan, data, net, recipe)
    for i, number in enumerate(net):
        yield {"net": number, "pieces": None, **scores.row(i)}


def classes(task: str) -> Any:
    """A task with two classes; the saw's are the signs of its wave."""
    from actbench.networks.data import data_set

    data = data_set(task)
    if data.classes:
        return data
    y, test_y = ((part > 0).astype(np.int64) for part in (data.y, data.test_y))
    return replace(data, y=y, test_y=test_y, classes=2)


def on_a_line(task: str, activation: str, depth: int, width: int, bias: str, net: int) -> int:
    """Linear pieces of one network with one output along a drawn line (``line``), or of a folding map on [0, 1]."""
    from actbench.core.streams import stream
    from actbench.networks.design import Design, initialise
    from actbench.networks.linear_regions import linear_regions, slopes_of, tent

    slopes = slopes_of(activation)
    if task == "tent":
        folds = tent(stream("tent", net, depth), depth)
        return linear_regions(folds, slopes, np.zeros(1), np.ones(1), low=0.0, high=1.0)
    design = Design(activation=activation, features=FEATURES, width=width, depth=depth, outputs=1, bias=bias)
    parameters = initialise(design, (net,), "float64")
    layers = [(parameters["w", layer][0], parameters["b", layer][0]) for layer in range(1, depth + 2)]
    a, b = stream("line", net, FEATURES).standard_normal((2, FEATURES))
    return linear_regions(layers, slopes, a, b)
