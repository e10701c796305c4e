"""The panel's key settings trained in torch, on the same weights and batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actbench.core.errors import ActbenchError
from actbench.experiments.panel.question import BATCH, EPOCHS
from actbench.runs.experiment import experiment
from actbench.runs.factors import one_of


@experiment(
    grid={
        "activation": ["relu", "gelu", "tanh"], "data": ["digits", "spirals"], "depth": [3], "width": [64],
        "init": ["he"], "rate": [0.03, 0.1, 0.3], "split": ["own"],
        "net": range(16),
    },
    quick={"data": ["digits"], "net": range(4)},
    columns={
        "valid_accuracy": "accuracy on the samples that step sizes are chosen by",
        "test_accuracy": "accuracy on samples that nothing was chosen by",
        "diverged": "an output is not finite: counted, and in no other measure",
        "reason": "why there is no figure",
    },
    checks={"data": one_of(EPOCHS)},
    batch="net",
    dtype="float32",
    backend="torch",
)  # fmt: skip
def torch_panel(
    *, activation: str, data: str, depth: int, width: int, init: str, rate: float, split: str,
    net: tuple[int, ...],
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """How well do the panel's networks train in torch, from the same weights and on the same batches?"""
    from actbench.networks import torch_
    from actbench.networks.data import data_set, split_number
    from actbench.networks.training import design_for

    reason = torch_.why_not()
    for number in net:
        row: dict[str, Any] = {"net": number, "diverged": False}
        if reason:
            yield {**row, "reason": reason}
            continue
        try:
            chosen = data_set(data, split_number(split, number))
            design = design_for(chosen, activation=activation, depth=depth, width=width, init=init)
            layers = torch_.perceptron(design, chosen, number, rate=rate, batch=BATCH, epochs=EPOCHS[data])
        except ActbenchError as error:  # no kernel, or no critical start: an outcome
            yield {**row, "reason": str(error)}
            continue
        valid, test = (
            torch_.accuracy(layers, chosen.test_x[half::2], chosen.test_y[half::2], activation) for half in (0, 1)
        )
        whole = valid == valid and test == test
        yield {
            "net": number,
            "diverged": not whole,
            **({"valid_accuracy": valid, "test_accuracy": test} if whole else {}),
        }
