"""N layers forward and backward for several networks at once, gradients' norms on a log scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.record import Activation
from actbench.core.errors import ActbenchError, unknown
from actbench.core.streams import stream
from actbench.kernels.backends import FUSED
from actbench.kernels.epoch import calls, passes, sampled_by
from actbench.networks.design import Design, Parameters, initialise, of_activation
from actbench.networks.elementwise import Elementwise, Reductions
from actbench.networks.losses import L1, Loss
from actbench.networks.normalisation import Kept, Running, back, normalise

Draws = Mapping[str, NDArray[Any]]  # sampled parameter to its numbers, (nets, depth, batch, units)
Rounding = Callable[[NDArray[Any]], NDArray[Any]]  # in place, to numbers of some format


def exact(a: NDArray[Any]) -> NDArray[Any]:
    """No rounding."""
    return a


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What one hidden layer left behind; arrays ``(nets, batch, units)``, valid until the next forward pass.

    Parameters
    ----------
    z
        Pre-activations h W + b; None where they were overwritten (ask for ``keep_z``).
    x, y
        What went into the activation and what came out; x is None where it was overwritten.
    h
        The layer's output.
    """

    z: NDArray[Any] | None
    x: NDArray[Any] | None
    y: NDArray[Any]
    h: NDArray[Any]
    normal: Kept | None
    given: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Gradients:
    """What the backward pass gives.

    Parameters
    ----------
    parameters
        Like the network's. Where norms were carried on a log scale, those of layer l are to be multiplied by
        ``2**exponent[:, l - 1]``.
    log_norm
        ``(nets, depth)``: ln of the gradient's Euclidean norm (over batch and units) at z of each hidden layer;
        -inf for a zero gradient, NaN for one that is not finite.
    exponent
        ``(nets, depth)``; all 0 unless asked for.
    inputs
        The gradient of the inputs, where asked for (times ``2**exponent[:, 0]``).
    """

    parameters: Parameters
    log_norm: NDArray[np.float64]
    exponent: NDArray[np.int64]
    inputs: NDArray[Any] | None


class Network:
    """Several independently seeded networks of one design.

    Parameters
    ----------
    design
        Layers, activation, normalisation, initialisation.
    nets
        Numbers of the networks; each depends on its own number alone.
    dtype
        float32 or float64 (float16 with the numpy backend).
    backend
        ``"numba"``: plain designs in compiled passes, others layer by layer; ``"numpy"``: the reference path.
    keep_z
        Whether pre-activations outlive the forward pass (memory for one more array a layer).
    rounding
        Rounds in place what every operation leaves: parameters, pre-activations, gradients. For plain designs.
    """

    def __init__(
        self, design: Design, nets: Sequence[int], *, dtype: Any = "float32", backend: str = FUSED,
        keep_z: bool = False, rounding: Rounding | None = None,
    ) -> None:  # fmt: skip
        if rounding is not None and not design.plain:
            raise ActbenchError("rounding knows plain networks; drop norm and residual")
        self.design, self.nets, self.dtype = design, tuple(int(net) for net in nets), np.dtype(dtype)
        self.rounding = rounding or exact
        self.parameters = initialise(design, self.nets, self.dtype)
        self.rounding(self.parameters.flat)
        self.gradients = Parameters.zeros(design.shapes, len(self.nets), self.dtype)
        shape = (len(self.nets), design.width)
        self.running = {
            layer: Running(mean=np.zeros(shape, self.dtype), variance=np.ones(shape, self.dtype))
            for layer in range(1, design.depth + 1)
            if design.norm.startswith("batch")
        }
        self.layers: list[Layer] = []
        self.output: NDArray[Any] = np.empty((0,), self.dtype)  # of the last forward pass
        self._element = Elementwise(design.activation, self.dtype, backend)
        self._overwrite = self._element.in_place and not keep_z
        self.compiled = design.plain and self._element.compiled and rounding is None
        self._memory: dict[str, NDArray[Any]] = {}
        self._input: NDArray[Any] = np.empty((0,), self.dtype)
        self._kept: tuple[NDArray[Any], NDArray[Any]] = (self._input, self._input)
        self._calls: list[tuple[Any, ...]] = []  # what the last compiled pass was given

    @property
    def row(self) -> Activation:
        """The activation with its bound parameters."""
        return self._element.row

    @property
    def bits(self) -> int:
        """Of the format."""
        return 8 * int(self.dtype.itemsize)

    def _room(self, name: str, *shape: int) -> NDArray[Any]:
        """Memory that is used again at every pass."""
        size = math.prod(shape)
        if name not in self._memory or self._memory[name].size < size:
            self._memory[name] = np.empty(size, self.dtype)
        return self._memory[name][:size].reshape(shape)

    def draw(self, batch: int) -> Draws:
        """Sampled parameters for one pass over a batch: each network's from its own stream."""
        names, shape = sampled_by(self.row), (self.design.depth, self.design.width)
        if not names:
            return {}
        like, layers = np.empty((batch, self.design.width), self.dtype), range(1, self.design.depth + 1)
        each = [[self.row.draw(stream("sampled", net, *shape, layer), like) for layer in layers] for net in self.nets]
        return {name: np.stack([np.stack([one[name] for one in net]) for net in each]) for name in names}

    def draw_epoch(self, samples: int, epoch: int) -> Draws:
        """Those of a whole epoch, samples in the order of the batches; the same for every batch size."""
        names, shape = sampled_by(self.row), (self.design.depth, samples, self.design.width)
        if not names:
            return {}
        like, place = np.empty(shape, self.dtype), (self.design.depth, self.design.width, samples, epoch)
        each = [self.row.draw(stream("sampled", net, *place), like) for net in self.nets]
        return {name: np.stack([one[name] for one in each]) for name in names}

    def draw_batches(self, samples: int, epoch: int, batch: int) -> Iterator[Draws]:
        """The same batch by batch."""
        whole = self.draw_epoch(samples, epoch)
        for start in range(0, samples, batch):
            yield {name: part[:, :, start : start + batch] for name, part in whole.items()}

    def forward(self, x: NDArray[Any], *, training: bool = False, draws: Draws | None = None) -> NDArray[Any]:
        """The last layer's output ``(nets, batch, units)``; what the layers did stands in ``layers``.

        Parameters
        ----------
        x
            ``(batch, features)``, seen by every network, or ``(nets, batch, features)``.
        training
            Whether batch normalisation takes the batch's statistics (and updates the running ones).
        draws
            Sampled parameters, from `draw`; without them they stand at their midpoint.
        """
        h = np.asarray(x, self.dtype)
        self._input = h = h[None] if h.ndim == 2 else h
        if self.compiled:
            self.output = self._forward(h, draws or {})
            return self.output
        self.layers = []
        for number in range(1, self.design.depth + 1):
            drawn = {name: part[:, number - 1] for name, part in (draws or {}).items()}
            self.layers.append(self._hidden(number, h, training, drawn))
            h = self.layers[-1].h
        if self.design.outputs:
            h = np.matmul(h, self.parameters["w", self.design.depth + 1])
            h += self.parameters["b", self.design.depth + 1][:, None, :]
            self.rounding(h)
        self.output = h
        return h

    def _forward(self, h: NDArray[Any], draws: Draws) -> NDArray[Any]:
        """The compiled pass, network by network."""
        nets, depth, batch = len(self.nets), self.design.depth, h.shape[1]
        z = self._room("z", nets, depth, batch, self.design.width)
        y = z if self._overwrite else self._room("y", *z.shape)
        out = self._room("out", nets, batch, self.design.outputs)
        run, loops = passes(self.bits).forward, calls(self.design.activation, self.bits, bool(draws))
        self._calls = []
        for i in range(nets):
            drawn = np.stack([draws[name][i].reshape(-1) for name in loops.drawn]) if loops.drawn else None
            self._calls.append((batch, 0, *loops.given(drawn)))
            run(self.parameters.rows[i], self._one(i), z[i], y[i], out[i], *self._calls[-1])
        self._kept = z, y
        self.layers = []
        for i in range(depth):
            given = {name: self.parameters[of_activation(name), i + 1] for name in self._element.learned}
            given |= {name: part[:, i] for name, part in draws.items()}
            before = None if z is y else z[:, i]
            self.layers.append(Layer(z=before, x=before, y=y[:, i], h=y[:, i], normal=None, given=given))
        return out if self.design.outputs else y[:, -1]

    def _one(self, i: int) -> NDArray[Any]:
        """What one network saw."""
        return np.ascontiguousarray(self._input[i if len(self._input) > 1 else 0])

    def _hidden(self, number: int, h: NDArray[Any], training: bool, drawn: Mapping[str, Any]) -> Layer:
        """One hidden layer on its input."""
        kind, _, place = self.design.norm.partition("_")
        given = {**{name: self.parameters[of_activation(name), number] for name in self._element.learned}, **drawn}
        z = np.matmul(h, self.parameters["w", number])
        z += self.parameters["b", number][:, None, :]
        x, kept = self.rounding(z), None
        if place == "before":
            x, kept = self._normalise(kind, number, z, training)
        y = x if self._overwrite else np.empty_like(z)
        self._element.forward(x, y, given)
        out = y
        if place == "after":
            out, kept = self._normalise(kind, number, y, training)
        if self.design.residual and h.shape[2] == out.shape[2]:
            out = h + out
        return Layer(z=z if z is not y else None, x=x if x is not y else None, y=y, h=out, normal=kept, given=given)

    def _normalise(self, kind: str, number: int, x: NDArray[Any], training: bool) -> tuple[NDArray[Any], Kept]:
        scale, shift = self.parameters["scale", number], self.parameters.blocks.get(("shift", number))
        return normalise(kind, x, scale, shift, self.running.get(number), training=training)

    def backward(
        self, d: NDArray[Any], *, at: str = "output", log_scale: bool = False, inputs: bool = False,
        penalty: L1 | None = None,
    ) -> Gradients:  # fmt: skip
        """Send a gradient back through the layers of the last forward pass.

        Parameters
        ----------
        d
            The gradient that arrives, ``(nets, batch, units)`` or ``(batch, units)`` for all networks; not written to.
        at
            Where it arrives: ``"output"`` of the network, or ``"z"`` of the last hidden layer.
        log_scale
            Whether to multiply by powers of two on the way, so that nothing under- or overflows in 1000 layers.
        inputs
            Whether the gradient of the inputs is wanted.
        penalty
            What the loss has beside that of the output.

        Returns
        -------
        Gradients
            In memory that the next backward pass uses again.
        """
        if at not in ("output", "z"):
            raise unknown("place", at, ("output", "z"))
        nets, depth = len(self.nets), self.design.depth
        d = np.array(np.broadcast_to(d, (nets, *np.shape(d)[-2:])), self.dtype, order="C")
        squares, exponents = np.empty((nets, depth)), np.zeros((nets, depth), np.int64)
        way = self._backward if self.compiled and penalty is None else self._walk
        dx = way(d, squares, exponents, at == "z", log_scale, inputs, penalty)
        self.rounding(self.gradients.flat)
        exponent = exponents[:, ::-1].cumsum(axis=1)[:, ::-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            log_norm = 0.5 * np.log(squares) + exponent * math.log(2)
        log_norm[~np.isfinite(squares)] = np.nan
        return Gradients(parameters=self.gradients, log_norm=log_norm, exponent=exponent, inputs=dx)

    def _backward(
        self, d: NDArray[Any], squares: NDArray[np.float64], exponents: NDArray[np.int64], at_z: bool, rescale: bool,
        wanted: bool, penalty: L1 | None,
    ) -> NDArray[Any] | None:  # fmt: skip
        """The compiled pass, network by network."""
        run, (z, y) = passes(self.bits).backward, self._kept
        arrive, leave = (self._room(name, *z.shape[2:]) for name in ("arrive", "leave"))
        dx = np.empty((len(self.nets), z.shape[2] if wanted else 0, self.design.features), self.dtype)
        for i, given in enumerate(self._calls):
            run(
                self.parameters.rows[i], self.gradients.rows[i], self._one(i), z[i], y[i], d[i], arrive, leave, dx[i],
                at_z, rescale, squares[i], exponents[i], *given,
            )  # fmt: skip
        return dx if wanted else None

    def _walk(
        self, d: NDArray[Any], squares: NDArray[np.float64], exponents: NDArray[np.int64], at_z: bool, rescale: bool,
        wanted: bool, penalty: L1 | None,
    ) -> NDArray[Any] | None:  # fmt: skip
        """The same layer by layer, for any design."""
        rounded = self.rounding
        d = rounded(d)
        if self.design.outputs and not at_z:
            d.sum(axis=1, out=self.gradients["b", self.design.depth + 1])
            d = rounded(self._products(self.design.depth + 1, self.layers[-1].h, d))
        for number in range(self.design.depth, 0, -1):
            layer = self.layers[number - 1]
            if penalty is not None:
                d += penalty.on_outputs(layer.h)
            before = self.layers[number - 2].h if number > 1 else self._input
            through = d if self.design.residual and before.shape[2] == d.shape[2] else None
            sums = Reductions(
                bias=self.gradients["b", number], squares=squares[:, number - 1], exponents=exponents[:, number - 1]
            )
            if at_z and number == self.design.depth:
                d = d.copy()
                sums.fill(d, rescale=rescale)
            else:
                d = rounded(self._elementwise(number, layer, d, sums, rescale))
            if number == 1 and not wanted:
                np.matmul(before.transpose(0, 2, 1), d, out=self.gradients["w", 1])
                break
            d = rounded(self._products(number, before, d))
            if through is not None:
                d += through * np.ldexp(self.dtype.type(1), -sums.exponents)[:, None, None]
        if penalty is not None:
            for name, block in self.gradients.blocks.items():
                if name[0] == "w":
                    block += penalty.on_weights(self.parameters[name])
        return d if wanted else None

    def _products(self, number: int, h: NDArray[Any], d: NDArray[Any]) -> NDArray[Any]:
        """The two products of one layer: the weights' gradient, and what goes on to the layer before."""
        np.matmul(h.transpose(0, 2, 1), d, out=self.gradients["w", number])
        before: NDArray[Any] = np.matmul(d, self.parameters["w", number].transpose(0, 2, 1))
        return before

    def _elementwise(self, number: int, layer: Layer, d: NDArray[Any], sums: Reductions, rescale: bool) -> NDArray[Any]:
        """Back through one layer's activation and normalisation, to its z."""
        place = self.design.norm.partition("_")[2]
        others: list[NDArray[Any]] = []
        if place == "after":
            d, others = self._unnormalise(number, layer, d)
        out, learned = self._element.backward(d, layer.x, layer.y, layer.given)
        for name, value in learned.items():
            gradient = self.gradients[of_activation(name), number]
            gradient[...] = value
            others.append(gradient)
        if place == "before":
            out, more = self._unnormalise(number, layer, out)
            others += more
        sums.fill(out, rescale=rescale, others=others)
        return out

    def _unnormalise(self, number: int, layer: Layer, d: NDArray[Any]) -> tuple[NDArray[Any], list[NDArray[Any]]]:
        """Back through a normalisation; also the gradients of its own parameters."""
        assert layer.normal is not None
        d, *own = back(d, self.parameters["scale", number], layer.normal)
        blocks = [
            self.gradients[name, number] for name in ("scale", "shift") if (name, number) in self.gradients.blocks
        ]
        for block, value in zip(blocks, own, strict=False):
            block[...] = value
        return d, blocks

    def slopes(self, number: int) -> NDArray[Any]:
        """f' at every unit of a hidden layer for the last forward pass: a new array ``(nets, batch, units)``."""
        layer = self.layers[number - 1]
        return self._element.backward(np.ones_like(layer.y), layer.x, layer.y, layer.given)[0]

    def finite(self) -> NDArray[np.bool_]:
        """For each network: are all parameters, and all values of the last forward pass, finite?"""
        whole = self.parameters.finite
        for layer in self.layers:
            for array in (layer.z, layer.y, layer.h):
                if array is not None:
                    whole &= np.isfinite(array).all(axis=(1, 2))
        return whole


def loss_and_gradients(
    network: Any, x: NDArray[Any], targets: NDArray[Any], loss: Loss, *, draws: Any = None, penalty: L1 | None = None
) -> tuple[NDArray[np.float64], Gradients]:
    """One training pass: the loss of each network (without the penalty) and all gradients."""
    value, d = loss(network.forward(x, training=True, draws=draws), targets)
    return value, network.backward(d, penalty=penalty)
