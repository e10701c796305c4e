"""N layers forward and backward for several networks at once, gradients' norms on a log scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.parameter import Sampled
from actbench.activations.record import Activation
from actbench.core.errors import unknown
from actbench.core.streams import stream
from actbench.networks.design import Design, Parameters, born
from actbench.networks.elementwise import Elementwise, Sums, summed
from actbench.networks.normalisation import Kept, Running, back, normalise
from actbench.networks.plan import Plan

Draws = Mapping[int, Mapping[str, Any]]  # layer to sampled parameters


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
    """What the backward pass found.

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
        ``"numba"``: fused passes between matrix products; ``"numpy"``: the reference path.
    keep_z
        Whether pre-activations outlive the forward pass (memory for one more array a layer).
    """

    def __init__(
        self, design: Design, nets: Sequence[int], *, dtype: Any = "float32", backend: str = "numba",
        keep_z: bool = False,
    ) -> None:  # fmt: skip
        self.design = design
        self.nets = tuple(int(net) for net in nets)
        self.dtype = np.dtype(dtype)
        self.parameters = born(design, self.nets, self.dtype)
        self.running: dict[int, Running] = {}
        if design.norm.startswith("batch"):
            shape = (len(self.nets), design.width)
            self.running = {
                layer: Running(mean=np.zeros(shape, self.dtype), variance=np.ones(shape, self.dtype))
                for layer in range(1, design.depth + 1)
            }
        self.layers: list[Layer] = []
        self.output: NDArray[Any] = np.empty((0,), self.dtype)  # of the last forward pass
        self._element = Elementwise(design.activation, self.dtype, backend)
        self._overwrite = self._element.in_place and not keep_z
        self.fused = design.plain and self._element.fused  # nothing between products but compiled passes
        self._buffers: dict[tuple[Any, ...], NDArray[Any]] = {}
        self._input: NDArray[Any] = np.empty((0,), self.dtype)
        self.gradients = Parameters.zeros(design.shapes, len(self.nets), self.dtype)
        self._plans: dict[tuple[int, ...], Plan] = {}
        self._plan: Plan | None = None

    @property
    def row(self) -> Activation:
        """The activation with its bound parameters."""
        return self._element.row

    def _buffer(self, *key: Any) -> NDArray[Any]:
        """Memory that is used again at every pass; the key ends with its shape."""
        found = self._buffers.get(key)
        if found is None:
            found = self._buffers[key] = np.empty(key[-1], self.dtype)
        return found

    def draw(self, batch: int) -> dict[int, dict[str, Any]]:
        """Sampled parameters for one pass over a batch: each network's from its own stream."""
        row, shape = self.row, (self.design.depth, self.design.width)
        if not any(isinstance(parameter, Sampled) for parameter in row.parameters.values()):
            return {}
        like = np.empty((batch, self.design.width), self.dtype)
        drawn: dict[int, dict[str, Any]] = {}
        for layer in range(1, self.design.depth + 1):
            each = [row.draw(stream("sampled", net, *shape, layer), like) for net in self.nets]
            sampled = [name for name, p in row.parameters.items() if isinstance(p, Sampled)]
            drawn[layer] = {name: np.stack([one[name] for one in each]) for name in sampled}
        return drawn

    def forward(self, x: NDArray[Any], *, training: bool = False, draws: Draws | None = None) -> NDArray[Any]:
        """The last layer's output ``(nets, batch, units)``; what the layers did stands in ``layers``.

        Parameters
        ----------
        x
            ``(batch, features)``, seen by every network, or ``(nets, batch, features)``.
        training
            Whether batch normalisation takes the batch's statistics (and updates the running ones).
        draws
            Sampled parameters by layer, from `draw`; without them they stand at their midpoint.
        """
        h = np.asarray(x, self.dtype)
        self._input = h = h[None] if h.ndim == 2 else h
        self._plan = self._planned(h.shape) if self.fused and not draws else None
        h = self._plan.forward(h) if self._plan is not None else self._stack(h, training, draws or {})
        self.output = h
        if not self.design.outputs:
            return h
        shape = (len(self.nets), h.shape[1], self.design.outputs)
        out = np.matmul(h, self.parameters["w", self.design.depth + 1], out=self._buffer("out", shape))
        out += self.parameters["b", self.design.depth + 1][:, None, :]
        self.output = out
        return out

    def _planned(self, shape: tuple[int, ...]) -> Plan:
        """The fast path for inputs of this shape, and what its layers will leave behind."""
        plan = self._plans.get(shape)
        if plan is None:
            self._plans = {**dict(list(self._plans.items())[-1:])}  # two batch sizes at most keep their memory
            plan = self._plans[shape] = Plan(
                self.design, self.parameters, self.gradients, self._element, shape, overwrite=self._overwrite
            )
            plan.layers = [
                Layer(z=None if z is y else z, x=None if z is y else z, y=y, h=y, normal=None, given=given)
                for z, y, given in zip(plan.z, plan.y, plan.given, strict=True)
            ]
        self.layers = plan.layers
        return plan

    def _stack(self, h: NDArray[Any], training: bool, draws: Draws) -> NDArray[Any]:
        """Forward through hidden layers of any kind."""
        self.layers = []
        for number in range(1, self.design.depth + 1):
            layer = self._hidden(number, h, training, draws.get(number, {}))
            self.layers.append(layer)
            h = layer.h
        return h

    def _hidden(self, number: int, h: NDArray[Any], training: bool, drawn: Mapping[str, Any]) -> Layer:
        """One hidden layer on its input."""
        kind, _, place = self.design.norm.partition("_")
        given = {**{name: self.parameters[name, number] for name in self._element.learned}, **drawn}
        shape = (len(self.nets), h.shape[1], self.design.width)
        z = np.matmul(h, self.parameters["w", number], out=self._buffer("z", number, shape))
        b: NDArray[Any] | None = self.parameters["b", number]
        kept = None
        x = z
        if place == "before":
            z += self.parameters["b", number][:, None, :]
            x, kept = self._normalise(kind, number, z, training)
            b = None
        y = x if self._overwrite else self._buffer("y", number, shape)
        self._element.forward(x, b, y, given)
        out = y
        if place == "after":
            out, kept = self._normalise(kind, number, y, training)
        if self.design.residual and h.shape[2] == shape[2]:
            out = np.add(h, out, out=self._buffer("h", number, shape))
        whole = z is not y
        return Layer(z=z if whole else None, x=x if x is not y else None, y=y, h=out, normal=kept, given=given)

    def _normalise(self, kind: str, number: int, x: NDArray[Any], training: bool) -> tuple[NDArray[Any], Kept]:
        scale, shift = self.parameters["scale", number], self.parameters.blocks.get(("shift", number))
        return normalise(kind, x, scale, shift, self.running.get(number), training=training)

    def backward(
        self, d: NDArray[Any], *, at: str = "output", log_scale: bool = False, inputs: bool = False
    ) -> Gradients:
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

        Returns
        -------
        Gradients
            In memory that the next backward pass uses again.
        """
        if at not in ("output", "z"):
            raise unknown("place", at, ("output", "z"))
        depth, nets = self.design.depth, len(self.nets)
        shape = (nets, self._input.shape[1], self.design.width)
        last = self._plan.arriving if self._plan is not None else self._buffer("d", 0, shape)
        if at == "output" and self.design.outputs:
            d = np.ascontiguousarray(np.broadcast_to(d, (nets, *np.shape(d)[-2:])), self.dtype)
            self._products(depth + 1, self.layers[-1].h, d, last)
            d.sum(axis=1, out=self.gradients["b", depth + 1])
        else:
            last[...] = d
        if self._plan is not None:
            found = self._plan.backward(self._input, at_z=at == "z", carry=log_scale, wanted=inputs)
            squares, taken = self._plan.squares, self._plan.taken
        else:
            squares, taken = np.empty((depth, nets)), np.zeros((depth, nets), np.int64)
            found = self._walk(last, squares, taken, at_z=at == "z", carry=log_scale, wanted=inputs)
        exponent = taken[::-1].cumsum(axis=0)[::-1].T
        with np.errstate(divide="ignore", invalid="ignore"):
            log_norm = 0.5 * np.log(squares.T) + exponent * math.log(2)
        log_norm[~np.isfinite(squares.T)] = np.nan
        return Gradients(parameters=self.gradients, log_norm=log_norm, exponent=exponent, inputs=found)

    def _walk(
        self, d: NDArray[Any], squares: NDArray[np.float64], taken: NDArray[np.int64], *, at_z: bool, carry: bool,
        wanted: bool,
    ) -> NDArray[Any] | None:  # fmt: skip
        """Back through hidden layers of any kind; what `Plan.backward` does for plain ones."""
        for number in range(self.design.depth, 0, -1):
            layer = self.layers[number - 1]
            before = self.layers[number - 2].h if number > 1 else self._input
            through = d.copy() if self.design.residual and before.shape[2] == d.shape[2] else None
            bias = self.gradients["b", number]
            sums = Sums(bias=bias, squares=squares[number - 1], taken=taken[number - 1])
            if at_z and number == self.design.depth:
                summed(d, sums, carry=carry)
            else:
                d = self._elementwise(number, layer, d, sums, carry=carry)
            if through is not None:
                through *= np.ldexp(self.dtype.type(1), -sums.taken)[:, None, None]
            on = number > 1 or wanted
            out = self._buffer("d", number % 2 + 1, (len(self.nets), *before.shape[1:])) if on else None
            self._products(number, before, d, out)
            if out is None:
                return None
            d = out
            if through is not None:
                d += through
        return d

    def _products(self, number: int, h: NDArray[Any], d: NDArray[Any], out: NDArray[Any] | None) -> None:
        """The two products of one layer: the weights' gradient, and what goes on to the layer before."""
        np.matmul(h.transpose(0, 2, 1), d, out=self.gradients["w", number])
        if out is not None:
            np.matmul(d, self.parameters["w", number].transpose(0, 2, 1), out=out)

    def _elementwise(self, number: int, layer: Layer, d: NDArray[Any], sums: Sums, *, carry: bool) -> NDArray[Any]:
        """Back through one layer's activation and normalisation, to its z."""
        place = self.design.norm.partition("_")[2]
        others: list[NDArray[Any]] = []
        if place == "after":
            d, others = self._unnormalise(number, layer, d)
        out = self._buffer("slope", d.shape)
        learned = self._element.backward(d, layer.x, layer.y, out, sums, layer.given, carry=carry and not place)
        for name, value in learned.items():
            self.gradients[name, number][...] = value
        if place == "before":
            out, others = self._unnormalise(number, layer, out)
        if place:
            others += [self.gradients[name, number] for name in learned]
            summed(out, sums, carry=carry, others=others)
        return out

    def _unnormalise(self, number: int, layer: Layer, d: NDArray[Any]) -> tuple[NDArray[Any], list[NDArray[Any]]]:
        """Back through a normalisation; also the gradients of its own parameters."""
        assert layer.normal is not None
        d, dscale, dshift = back(d, self.parameters["scale", number], layer.normal)
        found = [self.gradients["scale", number]]
        found[0][...] = dscale
        if ("shift", number) in self.gradients.blocks:
            found.append(self.gradients["shift", number])
            found[1][...] = dshift
        return np.ascontiguousarray(d), found

    def slopes(self, number: int) -> NDArray[Any]:
        """f' at every unit of a hidden layer for the last forward pass: a new array ``(nets, batch, units)``."""
        layer = self.layers[number - 1]
        out = np.empty_like(layer.y)
        nets = len(self.nets)
        bias = np.empty((nets, self.design.width), self.dtype)
        sums = Sums(bias=bias, squares=np.empty(nets), taken=np.empty(nets, np.int64))
        self._element.backward(np.ones_like(out), layer.x, layer.y, out, sums, layer.given)
        return out

    def finite(self) -> NDArray[np.bool_]:
        """For each network: are all parameters, and all values of the last forward pass, finite?"""
        whole = self.parameters.finite
        for layer in self.layers:
            for array in (layer.z, layer.y, layer.h):
                if array is not None:
                    whole &= np.isfinite(array).all(axis=(1, 2))
        return whole


def loss_and_gradients(
    network: Any,
    x: NDArray[Any],
    targets: NDArray[Any],
    loss: Callable[[NDArray[Any], NDArray[Any]], tuple[NDArray[np.float64], NDArray[Any]]],
    *,
    draws: Draws | None = None,
) -> tuple[NDArray[np.float64], Gradients]:
    """One training pass: the loss of each network and all gradients."""
    value, d = loss(network.forward(x, training=True, draws=draws), targets)
    return value, network.backward(d)
