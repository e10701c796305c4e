"""How the gradient's size changes on its way back through a random network, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from actbench.define import experiment
from actbench.factors import ARTICLE, activation_spec, init_name, positive
from actbench.network.data import inputs
from actbench.streams import stream

DTYPE, BACKEND = "float32", "numba"
BATCH = 64
SHAPE = {"depth": [30], "width": [256], "net": range(32)}


@experiment(
    grid=[
        {**SHAPE, "activation": ARTICLE, "init": ["he", "glorot", "torch_default", "orthogonal", "critical"]},
        {**SHAPE, "activation": ["relu"], "init": ["he"], "width": [16]},
    ],
    quick={"net": range(8), "activation": ["relu", "sigmoid", "tanh"]},
    columns={
        "layer": "layer, 1 is nearest the input",
        "grad_log_norm": "ln of the Euclidean norm of the gradient at the layer's pre-activations",
        "q": "mean square of the layer's pre-activations over inputs and units",
        "slope_rms": "root mean square of f' over inputs and units",
    },
    checks={"activation": activation_spec, "init": init_name, "depth": positive, "width": positive},
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)
def gradient_flow(
    *, activation: str, depth: int, width: int, init: str, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """By what factor does the gradient's norm change at each layer, under which initialisation?"""
    from actbench.network.design import Design
    from actbench.network.network import Network

    x = inputs("normal", BATCH, width, DTYPE)
    design = Design(activation=activation, features=width, width=width, depth=depth, init=init)
    network = Network(design, net, dtype=DTYPE, backend=BACKEND, keep_z=True)
    with np.errstate(over="ignore", invalid="ignore"):  # divergence is an outcome: its norm is NaN
        network.forward(x, draws=network.draw(BATCH))
        kept: list[Any] = [layer.z for layer in network.layers]
        q = [np.square(z, dtype=np.float64).mean(axis=(1, 2)) for z in kept]
        rms = [np.sqrt(np.square(network.slopes(k), dtype=np.float64).mean(axis=(1, 2))) for k in range(1, depth + 1)]
        arriving = np.stack(
            [stream("cotangent", number, BATCH, width).standard_normal((BATCH, width)) for number in net]
        )
        found = network.backward(arriving.astype(DTYPE), at="z", log_scale=True)
    for i, number in enumerate(net):
        for layer in range(1, depth + 1):
            yield {
                "net": number,
                "layer": layer,
                "grad_log_norm": float(found.log_norm[i, layer - 1]),
                "q": float(q[layer - 1][i]),
                "slope_rms": float(rms[layer - 1][i]),
            }
