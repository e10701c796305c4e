"""Training with an explicit L1 penalty, on the hidden layers' outputs or on the weights: the arms that are compared to.

The loss is cross-entropy + outputs * (sum over hidden layers of the mean absolute output) + weights * (sum of absolute
weights, biases free), minimised by plain SGD with the subgradient 0 at 0. Batches are those of `train`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.core.errors import ActbenchError
from actbench.networks.data import Data
from actbench.networks.design import Design, Parameters
from actbench.networks.losses import cross_entropy
from actbench.networks.network import Network
from actbench.networks.training import Recipe, order_of


def train_l1(
    design: Design,
    data: Sequence[Data],
    nets: Sequence[int],
    recipe: Recipe,
    *,
    outputs: float = 0.0,
    weights: float = 0.0,
    dtype: Any = "float32",
    watch: Callable[[Network], Any] | None = None,
) -> tuple[Network, list[Any]]:
    """Train networks, each on a data set of its own.

    Parameters
    ----------
    design, nets, recipe
        As for `actbench.networks.training.train`; plain designs, plain SGD.
    data
        One data set a network, with equal numbers of samples.
    outputs, weights
        Strengths of the two penalties.
    watch
        Called with the network at birth and after every epoch; what it returned is the second result.

    Returns
    -------
    The trained networks and what was watched. A diverged network's parameters are not finite.
    """
    if not design.plain or recipe.optimiser != "sgd" or recipe.momentum or recipe.decay:
        raise ActbenchError("an L1 penalty asks for a plain network and plain SGD; drop norm, momentum and decay")
    network = Network(design, nets, dtype=dtype, backend="numpy", keep_z=True)
    x = np.stack([part.x for part in data]).astype(network.dtype)
    y = np.stack([part.y for part in data])
    seen = [] if watch is None else [watch(network)]
    each = np.arange(len(network.nets))[:, None]
    with np.errstate(all="ignore"):  # divergence is an outcome
        for epoch in range(1, recipe.epochs + 1):
            order = np.stack([order_of(net, x.shape[1], epoch) for net in network.nets])
            for start in range(0, x.shape[1], recipe.batch):
                batch = order[:, start : start + recipe.batch]
                gradients = penalised(network, x[each, batch], y[each, batch], outputs=outputs, weights=weights)
                network.parameters.flat[...] -= network.dtype.type(recipe.rate) * gradients.flat
            if watch is not None:
                seen.append(watch(network))
    return network, seen


def penalised(
    network: Network, x: NDArray[Any], y: NDArray[Any], *, outputs: float = 0.0, weights: float = 0.0
) -> Parameters:
    """The gradient of the penalised loss at a batch, ``(nets, batch, features)`` and ``(nets, batch)``."""
    kind, depth = network.dtype.type, network.design.depth
    parameters, found = network.parameters, network.gradients
    _, d = cross_entropy(network.forward(x, training=True), y)
    for layer in range(depth + 1, 0, -1):
        if layer <= depth:
            h = network.layers[layer - 1].h
            if outputs:
                d = d + kind(outputs / (h.shape[1] * h.shape[2])) * np.sign(h)
            d = d * network.slopes(layer)
        before = network.layers[layer - 2].h if layer > 1 else x
        np.matmul(before.transpose(0, 2, 1), d, out=found["w", layer])
        d.sum(axis=1, out=found["b", layer])
        if weights:
            found["w", layer][...] += kind(weights) * np.sign(parameters["w", layer])
        if layer > 1:
            d = np.matmul(d, parameters["w", layer].transpose(0, 2, 1))
    return found
