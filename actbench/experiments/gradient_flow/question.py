"""How the gradient's size changes on its way back through a random network, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actbench.kernels.backends import FUSED
from actbench.networks.data import inputs
from actbench.runs.experiment import experiment
from actbench.runs.factors import ARTICLE

DTYPE, BACKEND = "float32", FUSED
BATCH = 64
SHAPE = {"depth": [30], "width": [256], "net": range(32)}


@experiment(
    grid=[
        {**SHAPE, "activation": ARTICLE, "init": ["he", "glorot", "torch_default", "orthogonal", "critical"]},
        {**SHAPE, "activation": ["relu"], "init": ["he"], "width": [16]},
        {**SHAPE, "activation": ["relu", "sigmoid", "tanh"], "init": ["sigma_w2=4"]},
        {**SHAPE, "activation": ["tanh"], "init": ["glorot"], "depth": [100]},
    ],
    quick={"net": range(4), "activation": ["relu", "sigmoid", "tanh"]},
    columns={
        "layer": "layer, 1 is nearest the input",
        "grad_log_norm": "ln of the Euclidean norm of the gradient at the layer's pre-activations",
        "q": "mean square of the layer's pre-activations over inputs and units",
        "slope_rms": "root mean square of f' over inputs and units",
    },
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)
def gradient_flow(
    *, activation: str, depth: int, width: int, init: str, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """By what factor does the gradient's norm change at each layer, under which initialisation?"""
    from actbench.networks.design import Design
    from actbench.networks.flow import gradient_flow as flow

    design = Design(activation=activation, features=width, width=width, depth=depth, init=init)
    found = flow(design, net, inputs("normal", BATCH, width, DTYPE), dtype=DTYPE, backend=BACKEND)
    for i, number in enumerate(net):
        for layer in range(depth):
            yield {
                "net": number,
                "layer": layer + 1,
                "grad_log_norm": float(found.log_norm[i, layer]),
                "q": float(found.lengths[i, layer]),
                "slope_rms": float(found.slope_rms[i, layer]),
            }
