"""Training in a precision: every stored number is one of it, while products add up in float32, as on tensor cores.

The 16-bit formats lie in float32 arrays and are rounded to nearest, ties to even, after every operation: weights,
pre-activations, gradients and steps. There is no float32 copy of the weights and no loss scaling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.registry import resolve
from actbench.core.errors import ActbenchError, unknown
from actbench.kernels.kernel import kernel
from actbench.networks.data import Data
from actbench.networks.design import Design
from actbench.networks.losses import cross_entropy
from actbench.networks.network import Network
from actbench.networks.training import Recipe, order_of


def _kept(a: NDArray[Any]) -> NDArray[Any]:
    return a


def _cut(a: NDArray[np.float32], bits: int) -> None:
    """Round in place to a significand that is ``bits`` shorter, ties to even."""
    u = a.view(np.uint32)
    u += np.uint32((1 << (bits - 1)) - 1) + ((u >> np.uint32(bits)) & np.uint32(1))
    u &= np.uint32(0xFFFFFFFF ^ ((1 << bits) - 1))


def to_bfloat16(a: NDArray[np.float32]) -> NDArray[np.float32]:
    """Round float32 numbers in place to bfloat16."""
    _cut(a, 16)
    return a


SMALLEST_NORMAL, OVERFLOW = np.float32(2.0**-14), np.float32(65536)
GRID = np.float32(0.75)  # its neighbours lie 2^-24 apart, as float16's subnormals do


def to_float16(a: NDArray[np.float32]) -> NDArray[np.float32]:
    """Round float32 numbers in place to float16, subnormals and infinities included."""
    small = np.abs(a) < SMALLEST_NORMAL
    if small.any():
        tiny = (a[small] + GRID) - GRID
        _cut(a, 13)
        a[small] = tiny
    else:
        _cut(a, 13)
    a[np.abs(a) >= OVERFLOW] *= np.float32(np.inf)
    return a


# precision to what arithmetic is done in, and how its results are rounded
PRECISIONS: Mapping[str, tuple[str, Callable[[NDArray[Any]], NDArray[Any]]]] = MappingProxyType(
    {
        "float64": ("float64", _kept),
        "float32": ("float32", _kept),
        "float16": ("float32", to_float16),
        "bfloat16": ("float32", to_bfloat16),
    }
)


@dataclass(frozen=True, kw_only=True)
class Rounded:
    """What became of networks that were trained in a precision.

    Parameters
    ----------
    network
        With the final parameters.
    loss
        ``(nets, epochs)``: mean over the epoch's samples, each seen before its own step.
    zeros
        ``(nets, steps)``: share of the hidden units' pre-activations that were exactly 0 in each step.
    diverged
        ``(nets,)``: a loss or parameter is not finite.
    """

    network: Network
    loss: NDArray[np.float64]
    zeros: NDArray[np.float64]
    diverged: NDArray[np.bool_]


def train_in(precision: str, design: Design, data: Data, nets: Sequence[int], recipe: Recipe) -> Rounded:
    """Train plain perceptrons by SGD with cross-entropy in a precision.

    Parameters
    ----------
    precision
        A key of `PRECISIONS`.
    design, data, nets, recipe
        As for `actbench.networks.training.train`; its batches come in the same order.

    Raises
    ------
    ActbenchError
        For an unknown precision, or what only `train` can do: normalisation, shortcuts, momentum, Adam, parameters
        that are learned or drawn.
    """
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)
    row = resolve(design.activation)
    plain = recipe == Recipe(rate=recipe.rate, batch=recipe.batch, epochs=max(recipe.epochs, 1))
    if not (design.plain and plain and row.saves == ("x",) and not row.parameter_gradients):
        raise ActbenchError(f"training in {precision} knows plain SGD and rows that save x alone; use train() instead")
    dtype, rounded = PRECISIONS[precision]
    network = Network(design, nets, dtype=dtype, backend="numpy")
    forward, backward = (kernel(design.activation, way, dtype=dtype) for way in ("forward", "backward"))
    theta, x = rounded(network.parameters.flat), rounded(data.x.astype(dtype))
    layers = [(network.parameters["w", i], network.parameters["b", i]) for i in range(1, design.depth + 2)]
    slopes = [(network.gradients["w", i], network.gradients["b", i]) for i in range(1, design.depth + 2)]
    loss, zeros = np.zeros((len(nets), recipe.epochs)), []
    for epoch in range(1, recipe.epochs + 1):
        order = np.stack([order_of(net, len(x), epoch) for net in nets])
        for start in range(0, len(x), recipe.batch):
            batch = order[:, start : start + recipe.batch]
            kept: list[tuple[NDArray[Any], NDArray[Any]]] = []  # a layer's input and pre-activation
            h = x[batch]
            for w, b in layers:
                z = rounded(np.matmul(h, w) + b[:, None, :])
                kept.append((h, z))
                h = forward(z)
            zeros.append(np.mean([(z == 0).mean(axis=(1, 2)) for _, z in kept[:-1]], axis=0))
            value, d = cross_entropy(kept[-1][1], data.y[batch])
            loss[:, epoch - 1] += value * batch.shape[1] / len(x)
            d = rounded(d)
            for i in range(len(layers) - 1, -1, -1):
                h, z = kept[i]
                if i < len(layers) - 1:
                    d = rounded(backward(d, z))
                slopes[i][0][...] = np.matmul(h.transpose(0, 2, 1), d)
                slopes[i][1][...] = d.sum(axis=1)
                if i:
                    d = rounded(np.matmul(d, layers[i][0].transpose(0, 2, 1)))
            step = rounded(network.gradients.flat)
            step *= network.dtype.type(recipe.rate)
            theta -= rounded(step)
            rounded(theta)
    diverged = ~(np.isfinite(loss).all(axis=1) & network.parameters.finite)
    return Rounded(network=network, loss=loss, zeros=np.stack(zeros, axis=1), diverged=diverged)
