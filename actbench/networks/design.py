"""What a network is, apart from its numbers: layers, activation, normalisation, and where each parameter lies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.parameter import Learned
from actbench.activations.registry import canonical, resolve
from actbench.core.errors import ActbenchError, unknown
from actbench.networks.initialisation import bias_level, biases, initialisation, weights

# kind and place of the normalisation: before is between product and activation, after is behind the activation
NORMS = ("none", "batch_before", "batch_after", "layer_before", "layer_after", "rms_before", "rms_after")

Name = tuple[str, int]  # "w", "b", "scale", "shift" or `of_activation` of a learned parameter's name; layer from 1
OWN = "activation's "


def of_activation(name: str) -> str:
    """What a network calls a learned parameter of its activation: rows call theirs b (pelu) and scale (star_relu)."""
    return OWN + name


@dataclass(frozen=True, kw_only=True)
class Design:
    """A stack of ``depth`` hidden layers and, where ``outputs`` is not 0, a linear layer behind them.

    Layer l computes z = h W + b, then h = f(z), with a normalisation before or after f, plus its own input where
    ``residual`` is set and both have one width.

    Parameters
    ----------
    activation
        A spec.
    features, width, depth, outputs
        Numbers of inputs, units a hidden layer, hidden layers, outputs (0: the network ends with the last activation).
    init, bias
        See `actbench.networks.initialisation`.
    norm
        One of `NORMS`.
    residual
        Whether a layer adds its input to its output (He et al. 2016).

    Raises
    ------
    ActbenchError
        For anything that is not understood.
    """

    activation: str
    features: int
    width: int
    depth: int
    outputs: int = 0
    init: str = "he"
    bias: str = "own"
    norm: str = "none"
    residual: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "activation", canonical(self.activation))
        initialisation(self.init, self.activation)
        bias_level(self.bias)
        if self.norm not in NORMS:
            raise unknown("normalisation", self.norm, NORMS)
        for what, least in (("features", 1), ("width", 1), ("depth", 1), ("outputs", 0)):
            value = getattr(self, what)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
                raise ActbenchError(f"{what}={value!r} cannot be used; give a whole number, {least} or more")

    @property
    def plain(self) -> bool:
        """Whether it is products, biases and activations alone."""
        return self.norm == "none" and not self.residual

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of every layer, inputs first."""
        return (self.features, *[self.width] * self.depth, *([self.outputs] if self.outputs else []))

    @property
    def shapes(self) -> dict[Name, tuple[int, ...]]:
        """Every parameter of one network and its shape, layer by layer."""
        row = resolve(self.activation)
        learned = [name for name, parameter in row.parameters.items() if type(parameter) is Learned]
        kind = self.norm.partition("_")[0]
        found: dict[Name, tuple[int, ...]] = {}
        for layer, (fan_in, fan_out) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), 1):
            found["w", layer] = (fan_in, fan_out)
            found["b", layer] = (fan_out,)
            if layer > self.depth:
                continue
            if kind != "none":
                found["scale", layer] = (fan_out,)
            if kind in ("batch", "layer"):
                found["shift", layer] = (fan_out,)
            found |= {(of_activation(name), layer): () for name in learned}
        return found


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """All numbers of several networks, one network a row.

    Parameters
    ----------
    rows
        ``(nets, count(shapes))``, contiguous: layer after layer, in the order of the shapes.
    shapes
        What each block is; as `Design.shapes`. ``blocks`` holds views of them, ``(nets, *shape)``.
    """

    rows: NDArray[Any]
    shapes: Mapping[Name, tuple[int, ...]]
    blocks: Mapping[Name, NDArray[Any]] = field(init=False)

    def __post_init__(self) -> None:
        blocks, start = {}, 0
        for name, shape in self.shapes.items():
            end = start + math.prod(shape)
            blocks[name] = self.rows[:, start:end].reshape(len(self.rows), *shape)
            start = end
        object.__setattr__(self, "blocks", blocks)

    @classmethod
    def zeros(cls, shapes: Mapping[Name, tuple[int, ...]], nets: int, dtype: Any) -> Parameters:
        """All zero."""
        return cls(rows=np.zeros((nets, sum(map(math.prod, shapes.values()))), dtype), shapes=shapes)

    def __getitem__(self, name: Name) -> NDArray[Any]:
        return self.blocks[name]

    @property
    def flat(self) -> NDArray[Any]:
        """One network behind the other: a view, which optimisers walk once."""
        return self.rows.reshape(-1)

    @property
    def finite(self) -> NDArray[np.bool_]:
        """For each network, whether every number of it is finite."""
        whole: NDArray[np.bool_] = np.isfinite(self.rows).all(axis=1)
        return whole


def initialise(design: Design, nets: Sequence[int], dtype: Any) -> Parameters:
    """Initial parameters of the networks with these numbers; each depends on its own number alone.

    Scales start at 1, shifts at 0, learned parameters at their default (or what the spec binds).
    """
    return initialise_at((design.depth, design.width), design, nets, dtype)


def initialise_at(place: tuple[Any, int], design: Any, nets: Sequence[int], dtype: Any) -> Parameters:
    """The same for any design with ``shapes``; the place is part of every draw's name."""
    parameters = Parameters.zeros(design.shapes, len(nets), dtype)
    values = resolve(design.activation).values()
    for (kind, layer), block in parameters.blocks.items():
        fan_in, fan_out = design.shapes["w", layer]
        options: dict[str, Any] = {"fan_out": fan_out, "activation": design.activation}
        # the article's constant and random biases are for hidden units; the linear layer keeps the rule's own
        bias = design.bias if layer <= design.depth else "own"
        for i, net in enumerate(nets):
            if kind == "w":
                block[i] = weights(net, *place, layer, fan_in, design.init, dtype, **options)
            elif kind == "b":
                block[i] = biases(net, *place, layer, fan_in, design.init, bias, dtype, **options)
            elif kind != "shift":
                block[i] = 1.0 if kind == "scale" else values[kind.removeprefix(OWN)]
    return parameters
