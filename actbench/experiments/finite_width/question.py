"""How the size of a signal scatters in narrow networks: the norm of ReLU layers is nearly log-normal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from actbench.kernels.backends import FUSED
from actbench.networks.data import inputs
from actbench.runs.experiment import experiment

DTYPE, BACKEND = "float32", FUSED
SHAPE: dict[str, Any] = {"activation": ["relu"], "init": ["he"], "net": range(1024)}


@experiment(
    grid=[{**SHAPE, "width": [width], "depth": [width]} for width in (16, 32, 64)],
    quick={"net": range(256)},
    columns={
        "log_norm": "ln of the last layer's squared norm over the input's; None for a network that is dead",
        "dead": "whether the last layer is 0",
    },
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)
def finite_width(
    *, activation: str, init: str, width: int, depth: int, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """How does the squared norm of the last layer scatter over networks of finite width?"""
    from actbench.networks.design import Design
    from actbench.networks.network import Network

    x = inputs("normal", 1, width, DTYPE)
    design = Design(activation=activation, features=width, width=width, depth=depth, init=init)
    h = Network(design, net, dtype=DTYPE, backend=BACKEND).forward(x).astype(np.float64)
    size = np.square(h).sum(axis=(1, 2)) / np.square(x, dtype=np.float64).sum()
    for i, number in enumerate(net):
        yield {"net": number, "log_norm": float(np.log(size[i])) if size[i] > 0 else None, "dead": bool(size[i] == 0)}
