"""How does the gradient's size change from layer to layer of a random network, and what does theory say?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.core.streams import stream
from actbench.kernels.backends import FUSED
from actbench.networks.design import Design
from actbench.networks.initialisation import initialisation
from actbench.networks.network import Network
from actbench.theory import gradient_factor


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What flowed through several networks; layer 1 is nearest the input.

    Parameters
    ----------
    log_norm
        ``(nets, depth)``: ln of the Euclidean norm, over batch and units, of the gradient at each layer's z.
    lengths
        ``(nets, depth)``: mean square of z over batch and units.
    slope_rms
        ``(nets, depth)``: root mean square of f'(z) over batch and units.
    finite
        ``(nets,)``: False where something overflowed; its numbers are NaN.
    """

    log_norm: NDArray[np.float64]
    lengths: NDArray[np.float64]
    slope_rms: NDArray[np.float64]
    finite: NDArray[np.bool_]

    @property
    def factor(self) -> NDArray[np.float64]:
        """``(nets,)``: (norm at z^1 / norm at z^L)^(1 / (L - 1)); 0 for a gradient that died on the way."""
        layers = self.log_norm.shape[1] - 1
        found: NDArray[np.float64] = np.exp((self.log_norm[:, 0] - self.log_norm[:, -1]) / layers)
        return found

    def predicted(self, activation: str, sigma_w2: float) -> NDArray[np.float64]:
        """``(nets,)``: the factor of Gaussian theory along each network's own lengths."""
        return np.array([
            gradient_factor(activation, sigma_w2, row[:-1].tolist()) if known else np.nan
            for row, known in zip(self.lengths, self.finite, strict=True)
        ])  # fmt: skip


def gradient_flow(
    design: Design, nets: Sequence[int], x: NDArray[Any], *, dtype: Any = "float32", backend: str = FUSED
) -> Flow:
    """Send inputs forward and a standard normal cotangent back from the last pre-activation.

    Parameters
    ----------
    design
        Without outputs; at least two layers.
    nets, dtype, backend
        As `Network`. Sampled parameters are drawn as in training; batch normalisation takes the batch's statistics.
    x
        ``(batch, features)``; each network's cotangent is its own.
    """
    network = Network(design, nets, dtype=dtype, backend=backend, keep_z=True)
    shape = (len(x), design.width)
    back = np.stack([stream("cotangent", net, *shape).standard_normal(shape) for net in nets]).astype(dtype)
    with np.errstate(all="ignore"):
        network.forward(x, training=True, draws=network.draw(len(x)))
        kept: list[Any] = [layer.z for layer in network.layers]
        lengths = np.stack([_mean_square(z) for z in kept], axis=1)
        slopes = range(1, design.depth + 1)
        slope_rms = np.stack([np.sqrt(_mean_square(network.slopes(layer))) for layer in slopes], axis=1)
        found = network.backward(back, at="z", log_scale=True)
    finite = network.finite() & np.isfinite(lengths).all(axis=1) & ~np.isnan(found.log_norm).any(axis=1)
    log_norm = found.log_norm.copy()
    log_norm[~finite] = lengths[~finite] = slope_rms[~finite] = np.nan
    return Flow(log_norm=log_norm, lengths=lengths, slope_rms=slope_rms, finite=finite)


def _mean_square(a: NDArray[Any]) -> NDArray[np.float64]:
    """Of each network, over batch and units."""
    found: NDArray[np.float64] = np.square(a, dtype=np.float64).mean(axis=(1, 2))
    return found


def sigma_w2_of(design: Design) -> float:
    """The variance of a hidden layer's weights times its width: what every verdict on gradients has to name."""
    return initialisation(design.init, design.activation).sigma_w2(design.width, design.width)
