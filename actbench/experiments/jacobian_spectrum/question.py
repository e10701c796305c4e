"""How far the singular values of a network's Jacobian spread, with normal and with orthogonal weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.networks.data import inputs
from actbench.runs.experiment import experiment

DTYPE, BACKEND = "float64", "numpy"
GAINS = {  # normal and orthogonal weights of one variance
    "relu": ("sigma_w2=2", "orthogonal:1.4142135623730951"),
    "tanh": ("sigma_w2=1.2", "orthogonal:1.0954451150103321"),
    "identity": ("sigma_w2=1", "orthogonal:1"),
}


@experiment(
    grid=[
        {"activation": [name], "init": inits, "depth": [1, 2, 4, 8, 16], "width": [128], "net": range(8)}
        for name, inits in GAINS.items()
    ],
    quick={"net": range(4), "activation": ["relu", "tanh"]},
    columns={
        "mean": "mean of the squared singular values of the Jacobian of the last layer's outputs by the inputs",
        "spread": "their variance over their squared mean",
        "largest": "the largest of them over their mean",
        "theory_mean": "what theory says of the mean, along the network's own lengths",
        "theory_spread": "what theory says of the spread, along the network's own lengths",
    },
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)
def jacobian_spectrum(
    *, activation: str, init: str, depth: int, width: int, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """How far do the singular values of a random network's Jacobian spread, and what does theory say?"""
    from actbench.networks.design import Design
    from actbench.networks.initialisation import initialisation
    from actbench.networks.network import Network

    design = Design(activation=activation, features=width, width=width, depth=depth, init=init)
    network = Network(design, net, dtype=DTYPE, backend=BACKEND, keep_z=True)
    with np.errstate(all="ignore"):
        network.forward(inputs("normal", 1, width, DTYPE))
        product: NDArray[Any] = np.eye(width)
        for layer in range(1, depth + 1):
            product = (product @ network.parameters["w", layer]) * network.slopes(layer)
    law = initialisation(init, activation)
    weights = "orthogonal" if law.law == "orthogonal" else "normal"
    lengths = [np.square(layer.z).mean(axis=(1, 2)) for layer in network.layers if layer.z is not None]
    for i, number in enumerate(net):
        square = np.linalg.svd(product[i], compute_uv=False) ** 2
        own = [float(q[i]) for q in lengths]
        yield {
            "net": number, "mean": float(square.mean()), "spread": float(square.var() / square.mean() ** 2),
            "largest": float(square.max() / square.mean()),
            **predicted(activation, law.sigma_w2(width, width), weights, own),
        }  # fmt: skip


def predicted(activation: str, sigma_w2: float, weights: str, lengths: list[float]) -> dict[str, float]:
    """Theory's mean and spread through layers of these lengths: means multiply, spreads add up."""
    from actbench.theory import jacobian

    layers = [jacobian(activation, sigma_w2, q, 1, weights) for q in lengths]
    return {
        "theory_mean": float(np.prod([layer.mean for layer in layers])),
        "theory_spread": sum(layer.spread for layer in layers),
    }
