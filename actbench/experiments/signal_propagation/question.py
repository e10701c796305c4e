"""How lengths, correlations, curves and gradients change layer by layer in wide random networks of any function."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from actbench.core.streams import stream
from actbench.kernels.backends import FUSED
from actbench.runs.experiment import experiment
from actbench.runs.factors import number_in, positive

DTYPE, BACKEND = "float32", FUSED
POINTS, APART = 96, 16  # of a circle of inputs; 16 of 96 points are 60 degrees, a correlation of 1/2
SHAPE: dict[str, Any] = {"length": [1.0], "depth": [30], "width": [256], "net": range(16)}
FUNCTIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "erf", "gelu", "silu", "mish", "elu", "selu")
TANH = ("sigma_w2=1.3,sigma_b2=0.05", "critical:0.05", "sigma_w2=4,sigma_b2=0.05")  # ordered, critical, chaotic


def plane(value: Any) -> int:
    """A width in which a circle has room."""
    if positive(value) < 2:
        raise ValueError("has no room for a circle; give 2 or more")
    return int(value)


@experiment(
    grid=[
        {**SHAPE, "activation": FUNCTIONS, "init": ["he", "lecun"]},
        {**SHAPE, "activation": ["tanh"], "init": TANH},
        {**SHAPE, "activation": ["relu"], "init": ["he"], "net": range(64)},  # whose correlations scatter most
        {**SHAPE, "activation": ["selu"], "init": ["lecun"], "length": [0.5, 2.0]},
    ],
    quick={"net": range(8), "activation": ["relu", "tanh", "gelu", "selu"]},
    columns={
        "layer": "layer, 1 is nearest the input",
        "q": "mean square of the layer's pre-activations over inputs and units",
        "mean": "mean of the layer's outputs over inputs and units",
        "variance": "variance of the layer's outputs over inputs and units",
        "c": "cosine between the pre-activations of two inputs that are 60 degrees apart, mean over such pairs",
        "curve": "length of the curve that a circle of inputs becomes, over the square root of the width",
        "grad_log_norm": "ln of the Euclidean norm of the gradient at the layer's pre-activations",
    },
    checks={"length": number_in(0), "width": plane},
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def signal_propagation(
    *, activation: str, init: str, length: float, depth: int, width: int, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """What becomes of a circle of inputs, layer by layer, on its way up, and of a gradient on its way back?"""
    from actbench.networks.design import Design
    from actbench.networks.network import Network

    design = Design(activation=activation, features=width, width=width, depth=depth, init=init)
    network = Network(design, net, dtype=DTYPE, backend=BACKEND, keep_z=True)
    back = np.stack([stream("cotangent", number, POINTS, width).standard_normal((POINTS, width)) for number in net])
    with np.errstate(all="ignore"):
        network.forward(circle(length, width).astype(DTYPE), draws=network.draw(POINTS))
        found = [_layer(layer) for layer in network.layers]
        log_norm = network.backward(back.astype(DTYPE), at="z", log_scale=True).log_norm
    for i, number in enumerate(net):
        for layer, columns in enumerate(found):
            row = {name: float(values[i]) for name, values in columns.items()}
            yield {"net": number, "layer": layer + 1, **row, "grad_log_norm": float(log_norm[i, layer])}


def circle(length: float, width: int) -> Any:
    """POINTS inputs of mean square ``length`` on a circle around 0, ``(POINTS, width)``; neighbours lie evenly."""
    plane = np.linalg.qr(stream("data", "circle", width).standard_normal((width, 2)))[0]
    angle = 2 * math.pi * np.arange(POINTS) / POINTS
    return math.sqrt(length * width) * (np.stack([np.cos(angle), np.sin(angle)], axis=1) @ plane.T)


def _layer(layer: Any) -> dict[str, Any]:
    """The columns of one layer, each ``(nets,)``."""
    z, h = layer.z.astype(np.float64), layer.h.astype(np.float64)
    square = np.square(z).sum(axis=2)
    cosine = (z * np.roll(z, APART, axis=1)).sum(axis=2) / np.sqrt(square * np.roll(square, APART, axis=1))
    steps = np.sqrt(np.square(z - np.roll(z, 1, axis=1)).sum(axis=2))
    return {
        "q": square.mean(axis=1) / z.shape[2], "mean": h.mean(axis=(1, 2)), "variance": h.var(axis=(1, 2)),
        "c": cosine.mean(axis=1), "curve": steps.sum(axis=1) / math.sqrt(z.shape[2]),
    }  # fmt: skip
