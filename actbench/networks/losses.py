"""Softmax cross-entropy and squared loss, one loss a network, and an L1 penalty beside them, with their gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Loss = Callable[[NDArray[Any], NDArray[Any]], tuple[NDArray[np.float64], NDArray[Any]]]


def cross_entropy(logits: NDArray[Any], labels: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Mean over the batch of -ln softmax at the label, and its gradient.

    Parameters
    ----------
    logits
        ``(nets, batch, classes)``.
    labels
        Whole numbers, ``(batch,)`` for all networks or ``(nets, batch)``.

    Returns
    -------
    loss, gradient
        ``(nets,)`` in nats, and a new array like ``logits``.
    """
    nets, batch, _ = logits.shape
    index = np.broadcast_to(labels, (nets, batch))[:, :, None]
    shifted = logits - logits.max(axis=2, keepdims=True)
    at = np.take_along_axis(shifted, index, axis=2)
    d = np.exp(shifted)
    total = d.sum(axis=2, keepdims=True)
    loss = (np.log(total) - at).astype(np.float64).mean(axis=(1, 2))
    d /= total
    np.put_along_axis(d, index, np.take_along_axis(d, index, axis=2) - logits.dtype.type(1), axis=2)
    d *= logits.dtype.type(1 / batch)
    return loss, d


def squared(outputs: NDArray[Any], targets: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Mean over batch and outputs of (output - target)^2, as torch.nn.MSELoss, and its gradient.

    Parameters
    ----------
    outputs
        ``(nets, batch, outputs)``.
    targets
        The same shape, ``(batch, outputs)``, or, for one output, ``(batch,)`` or ``(nets, batch)``.
    """
    _, batch, width = outputs.shape
    whole = np.asarray(targets, outputs.dtype)
    if width == 1 and whole.shape[-1:] != (1,):
        whole = whole[..., None]
    gap = outputs - whole
    loss = np.square(gap, dtype=np.float64).mean(axis=(1, 2))
    return loss, gap * outputs.dtype.type(2 / (batch * width))


LOSSES: Mapping[str, Loss] = MappingProxyType({"cross_entropy": cross_entropy, "squared": squared})


@dataclass(frozen=True, kw_only=True)
class L1:
    """outputs * (sum over hidden layers of the mean absolute output) + weights * (sum of absolute weights).

    Biases are free; the subgradient at 0 is 0.
    """

    outputs: float = 0.0
    weights: float = 0.0

    def on_outputs(self, h: NDArray[Any]) -> NDArray[Any]:
        """The gradient at a hidden layer's outputs ``(nets, batch, units)``."""
        gradient: NDArray[Any] = h.dtype.type(self.outputs / (h.shape[1] * h.shape[2])) * np.sign(h)
        return gradient

    def on_weights(self, w: NDArray[Any]) -> NDArray[Any]:
        """The gradient at weights."""
        gradient: NDArray[Any] = w.dtype.type(self.weights) * np.sign(w)
        return gradient
