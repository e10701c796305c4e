"""A fair training panel: every activation on the same data, shapes and starts, with the same budget of step sizes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actbench.core.errors import ActbenchError
from actbench.kernels.backends import FUSED
from actbench.networks.data import own_splits
from actbench.networks.scores import SCORES, train_and_score
from actbench.runs.experiment import experiment
from actbench.runs.factors import one_of

DTYPE, BACKEND = "float32", FUSED
BATCH = 32
EPOCHS = {"digits": 8, "spirals": 25, "breast_cancer": 15, "wine": 30, "xor": 15}
# As many step sizes for each optimiser, and for each activation: the tuning budget is the same.
SGD = [0.01, 0.03, 0.1, 0.3, 1.0]
ADAM = [0.0003, 0.001, 0.003, 0.01, 0.03]
PLAIN: dict[str, Any] = {
    "activation": ["relu", "gelu", "tanh"], "optimiser": ["sgd"], "rate": SGD, "width": [64], "norm": ["none"],
    "residual": [False], "split": ["own"], "net": range(32),
}  # fmt: skip
BOTH = ["he", "critical"]


def truth(value: Any) -> bool:
    """True or False, also as a text."""
    if str(value) not in ("True", "False"):
        raise ValueError("is not True or False")
    return str(value) == "True"


@experiment(
    grid=[
        {**PLAIN, "data": ["digits", "spirals", "breast_cancer", "wine"], "depth": [3], "init": BOTH},
        {**PLAIN, "data": ["digits"], "depth": [10], "init": BOTH},
        {**PLAIN, "data": ["xor", "spirals"], "depth": [3], "width": [16], "init": BOTH},
        {**PLAIN, "data": ["digits"], "depth": [5], "init": ["he"], "norm": ["batch_before", "layer_before"]},
        {**PLAIN, "data": ["digits"], "depth": [5], "init": ["he"], "norm": ["layer_before"], "residual": [True]},
        {**PLAIN, "data": ["digits", "spirals"], "depth": [3], "init": BOTH, "optimiser": ["adam"], "rate": ADAM},
    ],
    quick={
        "net": range(8), "rate": [0.03, 0.1, 0.3], "data": ["digits", "spirals"], "width": [64],
        "norm": ["none", "layer_before"], "optimiser": ["sgd"],
    },
    columns={
        **SCORES,
        "dead_end": "units with zero slope on every training sample after training, share of all hidden units",
        "reason": "why there is no figure",
    },
    checks={"residual": truth, "data": one_of(EPOCHS)},
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def panel(
    *, activation: str, data: str, depth: int, width: int, norm: str, residual: bool, init: str, optimiser: str,
    rate: float, split: str, net: tuple[int, ...],
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """How well does each activation train, on the same data, shapes and starts, at the same step sizes?"""
    import numpy as np

    from actbench.networks.dead import dead_units
    from actbench.networks.initialisation import initialisation
    from actbench.networks.training import Recipe, design_for

    try:
        with np.errstate(all="ignore"):
            initialisation(init, activation)
    except ActbenchError as error:  # no edge of chaos: an outcome, not a fault
        for number in net:
            yield {"net": number, "diverged": False, "reason": str(error)}
        return
    recipe = Recipe(optimiser=optimiser, rate=rate, batch=BATCH, epochs=EPOCHS[data])  # type: ignore[arg-type]
    chosen = own_splits(data, split, net)
    design = design_for(
        chosen, activation=activation, depth=depth, width=width, norm=norm, residual=residual, init=init
    )  # fmt: skip
    scores = train_and_score(
        design, chosen, net, recipe, watch=lambda network: dead_units(network, chosen.x).units, watch_at=[EPOCHS[data]]
    )  # fmt: skip
    (units,) = scores.trained.watched.values()
    for i, number in enumerate(net):
        score = scores.row(i)
        dead = None if score["diverged"] else float(units[i].mean())
        yield {"net": number, "dead_end": dead, **score}
