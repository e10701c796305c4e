"""What flows forward: activations layer by layer, for several networks at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.parameter import Sampled
from actbench.activations.record import Activation
from actbench.activations.registry import resolve
from actbench.core.streams import stream
from actbench.kernels.kernel import kernel
from actbench.networks.initialisation import bias_level, biases, weights


def propagate(
    activation: str,
    inputs: NDArray[Any],
    nets: Sequence[int],
    *,
    depth: int,
    width: int,
    init: str,
    bias: str = "own",
    backend: str = "numpy",
) -> Iterator[tuple[int, NDArray[Any], NDArray[Any]]]:
    """Send a batch of inputs through random networks, layer by layer: h = f(h W + b).

    Parameters
    ----------
    activation
        A spec; sampled parameters are drawn as in training, learned ones start at their default.
    inputs
        Shape ``(batch, features)``; every network sees all of them. The batch is never split, because a product of
        fewer rows has other bits.
    nets
        Numbers of the networks; each depends on its own number alone, whoever shares the batch.
    depth, width
        Layers, and units in each.
    init, bias
        See `actbench.networks.initialisation`.
    backend
        Which implementation of the activation.

    Yields
    ------
    layer, z, h
        The layer's number from 1, pre-activations and activations, both ``(nets, batch, width)``.
    """
    row = resolve(activation)
    bias_level(bias)
    forward = kernel(row, "forward", dtype=inputs.dtype, backend=backend)
    h = np.broadcast_to(inputs, (len(nets), *inputs.shape))
    for layer in range(1, depth + 1):
        place = (depth, width, layer, h.shape[-1], init)
        w = np.stack([weights(net, *place, inputs.dtype, activation=activation) for net in nets])
        b = np.stack([biases(net, *place, bias, inputs.dtype, activation=activation) for net in nets])
        z = np.matmul(h, w)
        if b.any():
            z += b[:, np.newaxis, :]
        h = forward(z, **drawn(row, z, nets, (depth, width, layer)))
        yield layer, z, h


def drawn(row: Activation, z: NDArray[Any], nets: Sequence[int], place: tuple[int, ...]) -> dict[str, Any]:
    """Parameters of one layer's call: each network draws its own sampled ones from its own stream."""
    if not any(isinstance(parameter, Sampled) for parameter in row.parameters.values()):
        return row.draw(None)
    each = [row.draw(stream("sampled", net, *place), z[i]) for i, net in enumerate(nets)]
    return {name: np.stack([d[name] for d in each]) if np.ndim(each[0][name]) else each[0][name] for name in each[0]}
