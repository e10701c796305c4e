"""A small convolutional network: 3 x 3 filters through a sliding window, a row, pooling by two, and a linear layer.

Images are ``(nets, batch, height, width, channels)``. A convolution is a matrix product of patches with filters, so
several networks train at once, and any elementwise row works as in `actbench.networks.network`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from actbench.activations.parameter import Learned
from actbench.activations.registry import canonical, resolve
from actbench.core.errors import ActbenchError, unknown
from actbench.core.streams import stream
from actbench.kernels.backends import FUSED
from actbench.kernels.epoch import sampled_by
from actbench.networks.design import Name, Parameters, initialise_at, of_activation
from actbench.networks.elementwise import Elementwise, Reductions
from actbench.networks.initialisation import bias_level, initialisation
from actbench.networks.network import Gradients, exact

Draws = Mapping[int, Mapping[str, Any]]  # stage to sampled parameters, (nets, batch * pixels, channels)
POOLS = ("max", "mean")
FILTER = 3  # pixels a side; a border of zeros keeps the image's size


@dataclass(frozen=True, kw_only=True)
class ConvDesign:
    """Stages of convolution, activation and pooling by two, then a linear layer.

    Parameters
    ----------
    activation
        A spec.
    side
        Pixels a side of the square, one-channel image; divisible by two once a stage.
    channels
        Filters of each stage.
    outputs
        Of the linear layer.
    pool
        ``"max"`` (a tie goes to the first pixel, as in torch) or ``"mean"``.
    init, bias
        See `actbench.networks.initialisation`; fan_in of a filter is 9 times its input channels.
    """

    activation: str
    side: int = 8
    channels: tuple[int, ...] = (8, 16)
    outputs: int = 10
    pool: Literal["max", "mean"] = "max"
    init: str = "he"
    bias: str = "own"

    def __post_init__(self) -> None:
        object.__setattr__(self, "activation", canonical(self.activation))
        initialisation(self.init, self.activation)
        bias_level(self.bias)
        if self.pool not in POOLS:
            raise unknown("pooling", self.pool, POOLS)
        if not self.channels or self.side % 2 ** len(self.channels):
            raise ActbenchError(f"side={self.side} cannot be halved {len(self.channels)} times; choose another")

    @property
    def depth(self) -> int:
        """Stages."""
        return len(self.channels)

    @property
    def shapes(self) -> dict[Name, tuple[int, ...]]:
        """Every parameter and its shape; a filter is a column, over rows, columns and channels of its patch."""
        row = resolve(self.activation)
        learned = [name for name, parameter in row.parameters.items() if type(parameter) is Learned]
        found: dict[Name, tuple[int, ...]] = {}
        for stage, (before, after) in enumerate(zip((1, *self.channels), self.channels, strict=False), 1):
            found |= {("w", stage): (FILTER * FILTER * before, after), ("b", stage): (after,)}
            found |= {(of_activation(name), stage): () for name in learned}
        left = (self.side // 2**self.depth) ** 2 * self.channels[-1]
        return {**found, ("w", self.depth + 1): (left, self.outputs), ("b", self.depth + 1): (self.outputs,)}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What one stage left behind: ``y`` of the activation as images, and what its way back needs."""

    y: NDArray[Any]
    x: NDArray[Any] | None
    patches: NDArray[Any]
    given: Mapping[str, Any]
    first: NDArray[Any] | None


class ConvNetwork:
    """Several independently seeded convolutional networks of one design; used as `actbench.networks.network.Network`.

    Parameters
    ----------
    design, nets, dtype, backend
        As there.
    """

    def __init__(
        self, design: ConvDesign, nets: Sequence[int], *, dtype: Any = "float32", backend: str = FUSED
    ) -> None:
        self.design, self.nets, self.dtype = design, tuple(int(net) for net in nets), np.dtype(dtype)
        self.parameters = initialise_at(("cnn", design.depth), design, self.nets, self.dtype)
        self.gradients = Parameters.zeros(design.shapes, len(self.nets), self.dtype)
        self.rounding = exact
        self.layers: list[Stage] = []
        self.output: NDArray[Any] = np.empty((0,), self.dtype)
        self._flat: NDArray[Any] = np.empty((0,), self.dtype)
        self._element = Elementwise(design.activation, self.dtype, backend)

    def draw(self, batch: int, *place: int) -> Draws:
        """Sampled parameters for one pass over a batch, for each network from its own stream."""
        row, names = self._element.row, sampled_by(self._element.row)
        drawn: dict[int, dict[str, Any]] = {}
        for stage, channels in enumerate(self.design.channels if names else (), 1):
            side = self.design.side // 2 ** (stage - 1)
            like = np.empty((batch * side * side, channels), self.dtype)
            each = [row.draw(stream("sampled", net, "cnn", stage, *place), like) for net in self.nets]
            drawn[stage] = {name: np.stack([one[name] for one in each]) for name in names}
        return drawn

    def draw_batches(self, samples: int, epoch: int, batch: int) -> Iterator[Draws]:
        """Those of an epoch, batch by batch."""
        for start in range(0, samples, batch):
            yield self.draw(min(batch, samples - start), epoch, start)

    def forward(self, x: NDArray[Any], *, training: bool = False, draws: Draws | None = None) -> NDArray[Any]:
        """Outputs ``(nets, batch, outputs)`` for images ``(batch, pixels)`` or ``(nets, batch, pixels)``."""
        images = np.asarray(x, self.dtype)
        images = images[None] if images.ndim == 2 else images
        h = images.reshape(*images.shape[:2], self.design.side, self.design.side, 1)
        self.layers = []
        for stage in range(1, self.design.depth + 1):
            h = self._stage(stage, h, (draws or {}).get(stage, {}))
        self._flat = h.reshape(*h.shape[:2], -1)
        last = self.design.depth + 1
        self.output = np.matmul(self._flat, self.parameters["w", last]) + self.parameters["b", last][:, None, :]
        return self.output

    def _stage(self, stage: int, h: NDArray[Any], drawn: Mapping[str, Any]) -> NDArray[Any]:
        """Convolution, activation, pooling."""
        side, batch = h.shape[2], h.shape[1]
        patches = patches_of(h)
        given = {**{name: self.parameters[of_activation(name), stage] for name in self._element.learned}, **drawn}
        z = np.matmul(patches, self.parameters["w", stage])
        y = z if self._element.in_place else np.empty_like(z)
        z += self.parameters["b", stage][:, None, :]
        self._element.forward(z, y, given)
        shaped = y.reshape(len(self.nets), batch, side, side, -1)
        pooled, first = pool(shaped, self.design.pool)
        self.layers.append(Stage(y=shaped, x=None if z is y else z, patches=patches, given=given, first=first))
        return pooled

    def backward(self, d: NDArray[Any], *, penalty: None = None) -> Gradients:
        """Gradients of all parameters from that of the output; ``log_norm`` is that at each stage's z."""
        last, nets = self.design.depth + 1, len(self.nets)
        np.matmul(self._flat.transpose(0, 2, 1), d, out=self.gradients["w", last])
        d.sum(axis=1, out=self.gradients["b", last])
        back = np.matmul(d, self.parameters["w", last].transpose(0, 2, 1))
        squares = np.empty((nets, self.design.depth))
        for stage in range(self.design.depth, 0, -1):
            kept = self.layers[stage - 1]
            whole = unpool(back.reshape(pooled_shape(kept.y.shape)), kept.first, kept.y.shape)
            flat = whole.reshape(nets, -1, whole.shape[-1])
            out, learned = self._element.backward(flat, kept.x, kept.y.reshape(flat.shape), kept.given)
            for name, value in learned.items():
                self.gradients[of_activation(name), stage][...] = value
            exponents = np.empty(nets, np.int64)
            sums = Reductions(bias=self.gradients["b", stage], squares=squares[:, stage - 1], exponents=exponents)
            sums.fill(out, rescale=False)
            np.matmul(kept.patches.transpose(0, 2, 1), out, out=self.gradients["w", stage])
            if stage > 1:
                turned = self.parameters["w", stage].transpose(0, 2, 1)
                back = images_of(np.matmul(out, turned), kept.y.shape[1], kept.y.shape[2])
        with np.errstate(divide="ignore", invalid="ignore"):
            log_norm = 0.5 * np.log(squares)
        none = np.zeros(log_norm.shape, np.int64)
        return Gradients(parameters=self.gradients, log_norm=log_norm, exponent=none, inputs=None)

    def finite(self) -> NDArray[np.bool_]:
        """For each network: are all parameters, and all values of the last forward pass, finite?"""
        whole = self.parameters.finite
        for stage in self.layers:
            whole &= np.isfinite(stage.y).all(axis=(1, 2, 3, 4))
        return whole


def patches_of(h: NDArray[Any]) -> NDArray[Any]:
    """Every 3 x 3 patch of images with a border of zeros: ``(nets, batch * side * side, 9 * channels)``."""
    padded = np.pad(h, ((0, 0), (0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (FILTER, FILTER), axis=(2, 3))
    return np.ascontiguousarray(windows.transpose(0, 1, 2, 3, 5, 6, 4)).reshape(
        h.shape[0], math.prod(h.shape[1:4]), FILTER * FILTER * h.shape[4]
    )


def images_of(patches: NDArray[Any], batch: int, side: int) -> NDArray[Any]:
    """The adjoint of `patches_of`: what falls on one pixel is added up."""
    channels = patches.shape[2] // (FILTER * FILTER)
    shaped = patches.reshape(-1, batch, side, side, FILTER, FILTER, channels)
    padded = np.zeros((shaped.shape[0], batch, side + 2, side + 2, channels), patches.dtype)
    for i in range(FILTER):
        for j in range(FILTER):
            padded[:, :, i : i + side, j : j + side] += shaped[:, :, :, :, i, j]
    return padded[:, :, 1:-1, 1:-1]


def pooled_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Half the side."""
    return (*shape[:2], shape[2] // 2, shape[3] // 2, shape[4])


def _quarters(h: NDArray[Any]) -> NDArray[Any]:
    """The four pixels of each square last, in reading order."""
    nets, batch, high, wide, channels = pooled_shape(h.shape)
    squares = h.reshape(nets, batch, high, 2, wide, 2, channels).transpose(0, 1, 2, 4, 6, 3, 5)
    return squares.reshape(nets, batch, high, wide, channels, 4)


def pool(h: NDArray[Any], kind: str) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Squares of 2 x 2 to one pixel; for the maximum also which of the four it was."""
    quarters = _quarters(h)
    if kind == "mean":
        return quarters.mean(axis=-1, dtype=h.dtype), None
    first = quarters.argmax(axis=-1)
    return np.take_along_axis(quarters, first[..., None], axis=-1)[..., 0], first


def unpool(d: NDArray[Any], first: NDArray[Any] | None, shape: tuple[int, ...]) -> NDArray[Any]:
    """The adjoint of `pool`: to the maximum, or a quarter to each."""
    if first is None:
        quarters = np.repeat(d[..., None] / d.dtype.type(4), 4, axis=-1)
    else:
        quarters = np.zeros((*d.shape, 4), d.dtype)
        np.put_along_axis(quarters, first[..., None], d[..., None], axis=-1)
    nets, batch, high, wide, channels = pooled_shape(shape)
    squares = quarters.reshape(nets, batch, high, wide, channels, 2, 2).transpose(0, 1, 2, 5, 3, 6, 4)
    return np.ascontiguousarray(squares).reshape(shape)
