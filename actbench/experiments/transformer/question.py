"""A small transformer with a gated feed-forward, on characters of a text that ships with Python."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from actbench.core.errors import ActbenchError
from actbench.runs.experiment import experiment
from actbench.runs.factors import gate_spec, positive


@experiment(
    grid={
        "activation": ["relu", "gelu", "tanh"], "rate": [0.001, 0.003, 0.01], "steps": [250], "net": range(12),
    },
    quick={"net": range(4), "rate": [0.003, 0.01]},
    columns={
        "train_loss": "mean training loss over the last tenth of the steps, bits a character",
        "valid_loss": "loss on the part of the text that step sizes are chosen by, bits a character",
        "test_loss": "loss on a part of the text that nothing was chosen by, bits a character",
        "diverged": "a loss is not finite: counted, and in no other measure",
        "reason": "why there is no figure",
    },
    checks={"activation": gate_spec, "steps": positive},
    batch="net",
    dtype="float32",
    backend="torch",
)  # fmt: skip
def transformer(*, activation: str, rate: float, steps: int, net: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """How well does a small transformer learn characters when its gate goes through each activation?

    The activation may be a gate as well: ``swiglu_clamped:limit=1``, ``situ_glu``.
    """
    from actbench.networks import torch_

    reason = torch_.why_not()
    for number in net:
        if reason:
            yield {"net": number, "diverged": False, "reason": reason}
            continue
        try:
            found = torch_.transformer(activation, number, rate=rate, steps=steps)
        except ActbenchError as error:
            yield {"net": number, "diverged": False, "reason": str(error)}
            continue
        whole = all(math.isfinite(value) for value in found.values())
        yield {"net": number, "diverged": not whole, **(found if whole else {})}
