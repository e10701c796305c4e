"""How fast networks learn digits at each depth and step size, and which of them stall."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from actbench.kernels.backends import FUSED
from actbench.networks.data import own_splits
from actbench.networks.scores import SCORES, train_and_score
from actbench.runs.experiment import experiment

DTYPE, BACKEND = "float32", FUSED
BATCH, EPOCHS = 32, 20
TARGET = 0.2  # nats; ln(10) = 2.3 is where ten classes begin
PLAIN: dict[str, Any] = {
    "width": [32], "norm": ["none"], "optimiser": ["sgd"], "init": ["he"], "split": ["own"],
}  # fmt: skip
RELU: dict[str, Any] = {**PLAIN, "activation": ["relu"], "net": range(32)}
SIGMOID: dict[str, Any] = {**PLAIN, "activation": ["sigmoid"], "rate": [0.1, 1.0, 3.0]}
# 64 where nine in ten have to be shown: with fewer, even if all of them stall, the exact interval reaches below 0.9


@experiment(
    grid=[
        {**RELU, "depth": [2, 4, 8], "rate": [0.03, 0.1, 0.3]},
        {**RELU, "depth": [16], "rate": [0.01, 0.03, 0.1]},  # deeper networks want smaller steps
        {**SIGMOID, "depth": [2, 4], "net": range(16)},
        {**SIGMOID, "depth": [8], "net": range(64)},
        {**SIGMOID, "init": ["he", "glorot"], "depth": [16], "net": range(64)},
        {**SIGMOID, "optimiser": ["adam"], "depth": [8], "rate": [0.003], "net": range(16)},
        {**SIGMOID, "optimiser": ["adam"], "depth": [16], "rate": [0.001, 0.003, 0.01], "net": range(32)},
        {**SIGMOID, "norm": ["batch_before"], "depth": [16], "rate": [0.1], "net": range(8)},
        {**SIGMOID, "init": ["critical"], "depth": [16], "rate": [0.1], "net": range(16)},
    ],
    quick={"net": range(8), "rate": [0.03, 1.0, 0.003], "norm": ["none"]},
    columns={
        "first_rate": "fall of the natural logarithm of the training loss an epoch, least squares over the first half",
        "second_rate": "the same over the second half",
        "epochs_to_target": "epochs until the training loss is down to 0.2 nats, interpolated; None if it never was",
        **SCORES,
    },
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def convergence(
    *, activation: str, optimiser: str, norm: str, init: str, rate: float, depth: int, width: int, split: str,
    net: tuple[int, ...],
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """How fast does the training loss fall, at which depths does it not fall at all?"""
    from actbench.networks.training import Recipe, design_for

    recipe = Recipe(optimiser=optimiser, rate=rate, batch=BATCH, epochs=EPOCHS)  # type: ignore[arg-type]
    data = own_splits("digits", split, net)
    design = design_for(data, activation=activation, norm=norm, init=init, depth=depth, width=width)
    scores = train_and_score(design, data, net, recipe)
    for i, number in enumerate(net):
        row = scores.row(i)
        found = {} if row["diverged"] else course(list(scores.trained.loss[i]))
        yield {"net": number, **found, **row}


def course(loss: Sequence[float]) -> dict[str, float | None]:
    """Rates of both halves of a run, and when it first came down to the target; losses are those of epochs 1, 2, ..."""
    logs = np.log(np.maximum(np.asarray(loss, float), np.finfo(np.float32).tiny))
    half = len(logs) // 2
    first, second = (-float(np.polyfit(np.arange(half), part, 1)[0]) for part in (logs[:half], logs[-half:]))
    return {"first_rate": first, "second_rate": second, "epochs_to_target": reached(list(logs), math.log(TARGET))}


def reached(logs: Sequence[float], target: float) -> float | None:
    """The first epoch, counted from 1 and interpolated on the log scale, at which a loss is down to the target."""
    below = [i for i, value in enumerate(logs) if value <= target]
    if not below:
        return None
    i = below[0]
    return 1.0 if i == 0 else i + (logs[i - 1] - target) / (logs[i - 1] - logs[i])
