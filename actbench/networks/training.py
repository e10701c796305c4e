"""Training many independently seeded networks: each epoch compiled where the network is plain, else layer by layer.

Batches, weights and sampled parameters come from streams named by the network's number, so that arms that differ in
activation, optimiser or step size see the same numbers, and nobody depends on who shares a call.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from actbench.activations.parameter import Learned, Sampled
from actbench.activations.registry import resolve
from actbench.core.errors import ActbenchError, unknown
from actbench.core.streams import stream
from actbench.networks.cnn import ConvDesign, ConvNetwork
from actbench.networks.data import Data
from actbench.networks.design import Design, Parameters, count
from actbench.networks.losses import LOSSES
from actbench.networks.network import Network, loss_and_gradients

OPTIMISERS = ("sgd", "adam")
Order = Callable[[int, int, int], NDArray[np.int64]]  # of (net, samples, epoch): the samples, as one network sees them


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained. Meanings and defaults are those of torch.optim.SGD and torch.optim.Adam.

    Parameters
    ----------
    optimiser
        ``"sgd"`` (with ``momentum``) or ``"adam"`` (with ``beta1``, ``beta2``, ``epsilon``).
    rate, decay
        Step size; factor of the parameters themselves that is added to every gradient (biases too).
    batch, epochs
        Samples a step (the last batch of an epoch may be smaller) and passes over the training set.
    loss
        ``"cross_entropy"`` or ``"squared"``.

    Raises
    ------
    ActbenchError
        For an unknown name or a number out of range.
    """

    optimiser: Literal["sgd", "adam"] = "sgd"
    rate: float = 0.1
    momentum: float = 0.0
    decay: float = 0.0
    batch: int = 32
    epochs: int = 10
    loss: Literal["cross_entropy", "squared"] = "cross_entropy"
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        if self.optimiser not in OPTIMISERS:
            raise unknown("optimiser", self.optimiser, OPTIMISERS)
        if self.loss not in LOSSES:
            raise unknown("loss", self.loss, LOSSES)
        for name in ("rate", "momentum", "decay", "beta1", "beta2", "epsilon"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0) or (name not in ("rate", "decay") and value >= 1):
                raise ActbenchError(f"{name}={value!r} cannot be used; rates and decays are >= 0, the others in [0, 1)")
        for name, least in (("batch", 1), ("epochs", 0)):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < least:
                raise ActbenchError(f"{name}={getattr(self, name)!r} cannot be used; give a whole number >= {least}")


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What became of several networks.

    Parameters
    ----------
    network
        The networks (`Network`, `ConvNetwork`) with their final parameters; a diverged one's are not finite.
    loss, accuracy
        ``(nets, epochs)``: mean over an epoch's samples, each seen before its own step; accuracy is NaN for squared
        loss. NaN from the epoch in which a network diverged.
    diverged
        ``(nets,)``: a loss or parameter was not finite.
    epoch
        ``(nets,)``: the epoch, from 1, in which that happened; 0 where it did not.
    watched
        What ``watch`` returned, by epoch.
    """

    network: Any
    loss: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    diverged: NDArray[np.bool_]
    epoch: NDArray[np.int64]
    watched: dict[int, Any] = field(default_factory=dict)


def train(
    design: Design,
    data: Data,
    nets: Sequence[int],
    recipe: Recipe,
    *,
    dtype: Any = "float32",
    backend: str = "numba",
    start: Callable[[Network], None] | None = None,
    watch: Callable[[Network], Any] | None = None,
    watch_at: Iterable[int] = (),
) -> Trained:
    """Train the networks with these numbers on the training part of a data set.

    Parameters
    ----------
    design
        With ``features`` and ``outputs`` as the data have; `design_for` fills them in.
    data, nets, recipe
        What to learn, which networks, how.
    dtype, backend
        float32 or float64 with ``"numba"``, any float with ``"numpy"``.
    start
        Called with the `Network` before the first step; it may change the parameters.
    watch
        Called with the `Network` after the epochs in ``watch_at`` (0 is birth); what it returns is kept. It may run
        forward passes; some of the networks may have diverged (ask `Network.finite`).

    Returns
    -------
    Trained
    """
    if not design.outputs:
        raise ActbenchError("a network without outputs cannot be trained; give outputs=")
    network = Network(design, nets, dtype=dtype, backend=backend)
    if start is not None:
        start(network)
    return fit(network, data, recipe, watch=watch, watch_at=watch_at)


def order_of(net: int, samples: int, epoch: int) -> NDArray[np.int64]:
    """In which order a network sees the samples in an epoch: the same for every arm and batch size."""
    return stream("batches", net, samples, epoch).permutation(samples)


def fit(
    network: Network,
    data: Data,
    recipe: Recipe,
    *,
    order: Order = order_of,
    watch: Callable[[Network], Any] | None = None,
    watch_at: Iterable[int] = (),
) -> Trained:
    """As `train`, from where networks stand: their parameters are changed in place.

    Parameters
    ----------
    network, data, recipe
        What learns, from what, how.
    order
        ``(net, samples, epoch) -> (samples,)``: in which order each network sees the samples in an epoch, from 1.
    watch, watch_at
        As in `train`.
    """

    def checked(net: int, samples: int, epoch: int) -> NDArray[np.int64]:
        index = np.ascontiguousarray(order(net, samples, epoch), np.int64)
        # compiled code looks at no bounds; unsigned, a negative number is a very large one
        if index.shape != (samples,) or index.view(np.uint64).max() >= samples:
            raise ActbenchError(f"an order of shape {index.shape} is none of {samples} samples; give their numbers")
        return index

    way = _Compiled if network.fused else _Layered
    return _run(network, way(network, data, recipe, checked), recipe, watch, watch_at)


def train_cnn(
    design: ConvDesign,
    data: Data,
    nets: Sequence[int],
    recipe: Recipe,
    *,
    dtype: Any = "float32",
    backend: str = "numba",
    watch: Callable[[Any], Any] | None = None,
    watch_at: Iterable[int] = (),
) -> Trained:
    """As `train`, for small convolutional networks on images that come as rows of pixels (digits, mnist)."""
    network = ConvNetwork(design, nets, dtype=dtype, backend=backend)
    return _run(network, _Layered(network, data, recipe, order_of), recipe, watch, watch_at)


def _run(
    network: Any, run: _Compiled | _Layered, recipe: Recipe, watch: Callable[[Any], Any] | None, watch_at: Iterable[int]
) -> Trained:
    """Epoch after epoch; a network that diverges takes no further part."""
    shape = (len(network.nets), recipe.epochs)
    loss, accuracy = np.full(shape, np.nan), np.full(shape, np.nan)
    fell = np.zeros(len(network.nets), np.int64)
    at, watched = set(watch_at), {}
    for epoch in range(recipe.epochs + 1):
        if epoch:
            alive = fell == 0
            loss[:, epoch - 1], accuracy[:, epoch - 1] = run.epoch(epoch, alive)
            fell[alive & ~(np.isfinite(loss[:, epoch - 1]) & run.finite())] = epoch
            loss[fell > 0, epoch - 1] = accuracy[fell > 0, epoch - 1] = np.nan
        if watch is not None and epoch in at:
            run.show()
            watched[epoch] = watch(network)
    run.show()
    return Trained(network=network, loss=loss, accuracy=accuracy, diverged=fell > 0, epoch=fell, watched=watched)


def design_for(data: Data, **options: Any) -> Design:
    """A design with the data's numbers of features and outputs."""
    return Design(features=data.x.shape[1], outputs=data.outputs, **options)


def evaluate(
    network: Network | ConvNetwork, x: NDArray[Any], y: NDArray[Any], loss: str = "cross_entropy"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Loss and accuracy ``(nets,)`` in evaluation mode; NaN where a network is not finite.

    Accuracy is NaN for squared loss too.
    """
    with np.errstate(all="ignore"):
        out = network.forward(x)
        value, _ = LOSSES[loss](out, y)
    accuracy = (out.argmax(axis=2) == y).mean(axis=1) if loss == "cross_entropy" else np.full(len(out), np.nan)
    bad = ~(network.finite() & np.isfinite(value))
    value[bad] = accuracy[bad] = np.nan
    return value, accuracy


def _sampled(network: Network, samples: int, epoch: int) -> dict[str, list[NDArray[Any]]]:
    """Sampled parameters of one epoch: for each network ``(hidden layers, samples, units)``, samples in batch order."""
    row, design = network.row, network.design
    names = [name for name, p in row.parameters.items() if isinstance(p, Sampled)]
    if not names:
        return {}
    like = np.empty((design.depth, samples, design.width), network.dtype)
    place = (design.depth, design.width, samples, epoch)
    each = [row.draw(stream("sampled", net, *place), like) for net in network.nets]
    return {name: [one[name] for one in each] for name in names}


class _Compiled:
    """Each epoch of each network is one call of a compiled function; parameters of a network lie in one row."""

    def __init__(self, network: Network, data: Data, recipe: Recipe, order: Order) -> None:
        from actbench.kernels.fused_epoch import HYPER, epoch_kernel
        from actbench.kernels.fused_text import parameters_of

        design = network.design
        self.network, self.recipe, self.order, dtype = network, recipe, order, network.dtype
        self.kernel = epoch_kernel(design.activation, 8 * dtype.itemsize, recipe.loss)
        self.x, self.y = _cast(data, dtype, recipe.loss)
        self.theta = np.stack([network.parameters.of(i) for i in range(len(network.nets))])
        self.state = np.zeros((2, *self.theta.shape), dtype)
        self.grad = np.zeros(self.theta.shape[1], dtype)
        self.step = np.zeros((len(network.nets), 1), np.int64)
        self.sizes = np.array(design.sizes, np.int64)
        self.starts = _starts(design)
        self.hyper = np.array([getattr(recipe, name) for name in HYPER], np.float64)
        row = resolve(design.activation)
        values = row.values()
        self.names = [name for name in parameters_of(row) if type(row.parameters[name]) is not Learned]
        self.values = {name: dtype.type(values[name]) for name in self.names}

    def epoch(self, epoch: int, alive: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Running loss and accuracy of an epoch."""
        recipe, nets = self.recipe, self.network.nets
        loss, accuracy = np.full(len(nets), np.nan), np.full(len(nets), np.nan)
        draws = _sampled(self.network, len(self.x), epoch)
        for i in np.flatnonzero(alive):
            out = np.zeros(4)
            given = [draws[name][i].reshape(-1) if name in draws else self.values[name] for name in self.names]
            m, v = self.state[:, i]
            self.kernel(
                self.theta[i], self.grad, m, v, self.x, self.y, self.order(nets[i], len(self.x), epoch), self.sizes,
                self.starts, recipe.batch, self.step[i], recipe.optimiser == "adam", self.hyper, out, *given,
            )  # fmt: skip
            if not out[3]:
                loss[i] = out[0] / out[2]
                accuracy[i] = out[1] / out[2] if recipe.loss == "cross_entropy" else np.nan
        return loss, accuracy

    def finite(self) -> NDArray[np.bool_]:
        """For each network, whether its parameters are."""
        whole: NDArray[np.bool_] = np.isfinite(self.theta).all(axis=1)
        return whole

    def show(self) -> None:
        """Write the parameters into the network."""
        for i, row in enumerate(self.theta):
            self.network.parameters.put(i, row)


class _Layered:
    """All networks at once, layer by layer: for normalisation, shortcuts and the reference path."""

    def __init__(self, network: Network | ConvNetwork, data: Data, recipe: Recipe, order: Order) -> None:
        self.network, self.recipe, self.order = network, recipe, order
        self.x, self.y = _cast(data, network.dtype, recipe.loss)
        size = len(network.nets) * count(network.design.shapes)
        self.m, self.v = np.zeros(size, network.dtype), np.zeros(size, network.dtype)
        self.step = 0

    def epoch(self, epoch: int, alive: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Running loss and accuracy of an epoch."""
        network, recipe, samples = self.network, self.recipe, len(self.x)
        order = np.stack([self.order(net, samples, epoch) for net in network.nets])
        draws = {} if isinstance(network, ConvNetwork) else _sampled(network, samples, epoch)
        loss, right = np.zeros(len(order)), np.zeros(len(order))
        with np.errstate(all="ignore"):  # a diverging neighbour is an outcome, not a warning
            for start in range(0, samples, recipe.batch):
                batch = order[:, start : start + recipe.batch]
                given = self._given(draws, start, batch.shape[1])
                value, found = loss_and_gradients(
                    network, self.x[batch], self.y[batch], LOSSES[recipe.loss], draws=given
                )
                loss += value * batch.shape[1]
                if recipe.loss == "cross_entropy":
                    right += (network.output.argmax(axis=2) == self.y[batch]).sum(axis=1)
                self.step += 1
                _update(network.parameters, found.parameters, self.m, self.v, self.step, recipe)
        accuracy = right / samples if recipe.loss == "cross_entropy" else np.full(len(order), np.nan)
        loss[~alive] = np.nan
        return loss / samples, accuracy

    def _given(self, draws: dict[str, list[NDArray[Any]]], start: int, size: int) -> dict[int, dict[str, Any]]:
        """Sampled parameters for one batch, layer by layer."""
        if isinstance(self.network, ConvNetwork):
            return self.network.draw(size, step=self.step)
        return {
            layer: {
                name: np.stack([one[layer - 1, start : start + size] for one in each]) for name, each in draws.items()
            }
            for layer in range(1, self.network.design.depth + 1)
            if draws
        }

    def finite(self) -> NDArray[np.bool_]:
        """For each network, whether its parameters are."""
        return self.network.parameters.finite

    def show(self) -> None:
        """The network is the one that is trained."""


def _update(
    parameters: Parameters, gradients: Parameters, m: NDArray[Any], v: NDArray[Any], step: int, recipe: Recipe
) -> None:
    """One step of the optimiser on all parameters of all networks."""
    theta, grad, kind = parameters.flat, gradients.flat, parameters.flat.dtype.type
    if recipe.decay:
        grad += kind(recipe.decay) * theta
    if recipe.optimiser == "sgd":
        if recipe.momentum:
            m *= kind(recipe.momentum)
            m += grad
            grad = m
        theta -= kind(recipe.rate) * grad
        return
    m *= kind(recipe.beta1)
    m += kind(1 - recipe.beta1) * grad
    v *= kind(recipe.beta2)
    v += kind(1 - recipe.beta2) * (grad * grad)
    root = np.sqrt(v) * kind(1 / math.sqrt(1 - recipe.beta2**step)) + kind(recipe.epsilon)
    theta -= kind(recipe.rate / (1 - recipe.beta1**step)) * (m / root)


def _starts(design: Design) -> NDArray[np.int64]:
    """Where each layer's weights begin among one network's numbers."""
    starts, at = [], 0
    for (kind, _), shape in design.shapes.items():
        if kind == "w":
            starts.append(at)
        at += math.prod(shape)
    return np.array(starts, np.int64)


def _cast(data: Data, dtype: Any, loss: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Training inputs and targets in the dtypes that training wants."""
    x = np.ascontiguousarray(data.x, dtype)
    if loss == "cross_entropy":
        if data.y.dtype.kind not in "iu":
            raise ActbenchError(f"{data.name} has no classes; train it with loss='squared'")
        return x, np.ascontiguousarray(data.y, np.int64)
    return x, np.ascontiguousarray(data.targets, dtype)
