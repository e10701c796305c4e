"""How many ReLU networks are dead before they have learned anything, for one input and for an interval of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from actbench.kernels.backends import FUSED
from actbench.runs.experiment import experiment

DTYPE, BACKEND = "float64", FUSED


@experiment(
    grid={
        "activation": ["relu"], "init": ["he"], "width": [2, 3, 4, 6], "depth": [2, 5, 10, 20, 40], "net": range(512),
    },
    quick={"net": range(128)},
    columns={
        "dead_point": "whether the last layer is 0 for the input 1",
        "dead_interval": "whether it is 0 for all inputs around 0, that is for 1 and for -1: biases are 0",
    },
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def born_dead(*, activation: str, init: str, width: int, depth: int, net: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """Is a network dead at initialisation, for one input and for an interval around 0?"""
    from actbench.networks.design import Design
    from actbench.networks.network import Network

    design = Design(activation=activation, features=1, width=width, depth=depth, init=init)
    h = Network(design, net, dtype=DTYPE, backend=BACKEND).forward(np.array([[1.0], [-1.0]]))
    dead = (h == 0).all(axis=2)
    for i, number in enumerate(net):
        yield {"net": number, "dead_point": bool(dead[i, 0]), "dead_interval": bool(dead[i].all())}
