"""Batch, layer and root-mean-square normalisation, forward and backward, on arrays ``(nets, batch, units)``.

Batch statistics run over the batch (Ioffe & Szegedy 2015), layer statistics over the units (Ba et al. 2016); RMSNorm
takes no mean out (Zhang & Sennrich 2019). Variances are the biased ones; epsilon and momentum are torch's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

EPSILON = 1e-5
MOMENTUM = 0.1  # share of the new batch in the running statistics


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What the backward pass needs: the normalised values, 1 / deviation, the axis, and whether statistics varied."""

    normal: NDArray[Any]
    inverse: NDArray[Any]
    axis: int
    centred: bool
    fixed: bool


@dataclass(frozen=True, kw_only=True)
class Running:
    """Batch normalisation's running mean and variance, ``(nets, units)`` each, updated in place while training."""

    mean: NDArray[Any]
    variance: NDArray[Any]


def normalise(
    kind: str,
    x: NDArray[Any],
    scale: NDArray[Any],
    shift: NDArray[Any] | None,
    running: Running | None = None,
    *,
    training: bool = True,
) -> tuple[NDArray[Any], Kept]:
    """The normalised, scaled and shifted values, a new array, and what backward needs.

    Parameters
    ----------
    kind
        ``"batch"``, ``"layer"`` or ``"rms"``.
    x
        ``(nets, batch, units)``.
    scale, shift
        ``(nets, units)``; RMSNorm has no shift.
    running
        For batch normalisation: updated while training, used instead of the batch's own statistics otherwise.
    training
        Batch statistics of the batch itself, or the running ones.
    """
    axis = 1 if kind == "batch" else 2
    fixed = kind == "batch" and running is not None and not training
    if fixed:
        assert running is not None
        mean, variance = running.mean[:, None, :], running.variance[:, None, :]
        centred = x - mean
    elif kind == "rms":
        centred = x
        variance = np.square(x).mean(axis=axis, keepdims=True)
    else:
        mean = x.mean(axis=axis, keepdims=True)
        centred = x - mean
        variance = np.square(centred).mean(axis=axis, keepdims=True)
        if kind == "batch" and running is not None:
            size = x.shape[1]
            running.mean[...] += MOMENTUM * (mean[:, 0] - running.mean)
            running.variance[...] += MOMENTUM * (variance[:, 0] * (size / max(size - 1, 1)) - running.variance)
    inverse = 1 / np.sqrt(variance + x.dtype.type(EPSILON))
    normal = centred * inverse
    y = normal * scale[:, None, :]
    if shift is not None:
        y += shift[:, None, :]
    return y, Kept(normal=normal, inverse=inverse, axis=axis, centred=kind != "rms", fixed=fixed)


def back(dy: NDArray[Any], scale: NDArray[Any], kept: Kept) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Gradients of the input, the scale and the shift from that of the output."""
    dscale = np.einsum("nbu,nbu->nu", dy, kept.normal)
    dshift = dy.sum(axis=1)
    d = dy * scale[:, None, :]
    if kept.fixed:
        return d * kept.inverse, dscale, dshift
    along = (d * kept.normal).mean(axis=kept.axis, keepdims=True)
    d -= kept.normal * along
    if kept.centred:
        # the mean of normal is 0, so taking this mean out before or after changes nothing
        d -= d.mean(axis=kept.axis, keepdims=True)
    d *= kept.inverse
    return d, dscale, dshift
