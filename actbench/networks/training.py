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

from actbench.core.errors import ActbenchError, unknown
from actbench.core.streams import stream
from actbench.kernels.backends import FUSED
from actbench.kernels.epoch import HYPER, calls, passes, saved_by
from actbench.networks.cnn import ConvDesign, ConvNetwork
from actbench.networks.data import Data
from actbench.networks.design import Design
from actbench.networks.losses import L1, LOSSES
from actbench.networks.network import Network, Rounding, loss_and_gradients

OPTIMISERS = ("sgd", "adam")
EVERY_STEP = "steps"  # for `watch_at`
Order = Callable[[int, int, int], NDArray[np.int64]]  # of (net, samples, epoch): the samples, as one network sees them
Arrays = tuple[NDArray[np.float64], NDArray[np.float64]]


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
        loss. NaN from the epoch in which a network diverged. The loss is without the penalty.
    diverged
        ``(nets,)``: a loss or parameter was not finite.
    epoch
        ``(nets,)``: the epoch, from 1, in which that happened; 0 where it did not.
    watched
        What ``watch`` returned, by epoch (by step, from 1, where every step was watched).
    """

    network: Any
    loss: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    diverged: NDArray[np.bool_]
    epoch: NDArray[np.int64]
    watched: dict[int, Any] = field(default_factory=dict)


def train(
    design: Design | ConvDesign,
    data: Data | Sequence[Data],
    nets: Sequence[int],
    recipe: Recipe,
    *,
    dtype: Any = "float32",
    backend: str = FUSED,
    rounding: Rounding | None = None,
    start: Callable[[Any], None] | None = None,
    **hooks: Any,
) -> Trained:
    """Train the networks with these numbers on the training part of a data set.

    Parameters
    ----------
    design
        With ``features`` and ``outputs`` as the data have (`design_for` fills them in); a `ConvDesign` takes images
        that come as rows of pixels (digits, mnist).
    data
        What to learn: one data set for all networks, or one for each, with as many samples (a stacked one too).
    nets, recipe
        Which networks, how.
    dtype, backend
        float32 or float64 with ``"numba"``, any float with ``"numpy"``.
    rounding
        As `Network`: every stored number is rounded in place; for plain designs and SGD without momentum and decay.
    start
        Called with the network before the first step; it may change the parameters.
    **hooks
        ``order``, ``penalty``, ``watch`` and ``watch_at`` of `fit`.

    Returns
    -------
    Trained
    """
    if not design.outputs:
        raise ActbenchError("a network without outputs cannot be trained; give outputs=")
    if rounding is not None and (recipe.optimiser != "sgd" or recipe.momentum or recipe.decay):
        raise ActbenchError("rounding knows plain SGD; drop momentum and decay")
    network: Network | ConvNetwork
    if isinstance(design, Design):
        network = Network(design, nets, dtype=dtype, backend=backend, rounding=rounding)
    else:
        network = ConvNetwork(design, nets, dtype=dtype, backend=backend)
    if start is not None:
        start(network)
    return fit(network, data, recipe, **hooks)


def order_of(net: int, samples: int, epoch: int) -> NDArray[np.int64]:
    """In which order a network sees the samples in an epoch: the same for every arm and batch size."""
    return stream("batches", net, samples, epoch).permutation(samples)


def fit(
    network: Network | ConvNetwork,
    data: Data | Sequence[Data],
    recipe: Recipe,
    *,
    order: Order = order_of,
    penalty: L1 | None = None,
    watch: Callable[[Any], Any] | None = None,
    watch_at: Iterable[int] | str = (),
) -> Trained:
    """As `train`, from where networks stand: their parameters are changed in place.

    Parameters
    ----------
    network, data, recipe
        What learns, from what, how.
    order
        ``(net, samples, epoch) -> (samples,)``: in which order each network sees the samples in an epoch, from 1.
    penalty
        What is added to the loss.
    watch
        Called with the network after the epochs in ``watch_at`` (0 is before the first); what it returns is kept. It
        may run forward passes; some of the networks may have diverged (ask `Network.finite`). With
        ``watch_at=EVERY_STEP`` it is called between the backward pass and the update of each step.
    """
    run = _Run(network, data, recipe, penalty)
    each = watch if watch_at == EVERY_STEP else None
    at = set() if isinstance(watch_at, str) else set(watch_at)
    advance = run.compiled if getattr(network, "compiled", False) and penalty is None and each is None else run.layered
    shape = (len(network.nets), recipe.epochs)
    loss, accuracy = np.full(shape, np.nan), np.full(shape, np.nan)
    fell = np.zeros(len(network.nets), np.int64)
    watched: dict[int, Any] = {}
    for epoch in range(recipe.epochs + 1):
        if epoch:
            alive, column = fell == 0, epoch - 1
            orders = np.stack([_checked(order(net, run.samples, epoch), run.samples) for net in network.nets])
            total, right = advance(epoch, orders, alive, each, watched)
            loss[:, column] = total / run.samples
            fell[alive & ~(np.isfinite(loss[:, column]) & network.parameters.finite)] = epoch
            if recipe.loss == "cross_entropy":
                accuracy[:, column] = right / run.samples
            loss[fell > 0, column] = accuracy[fell > 0, column] = np.nan
        if watch is not None and epoch in at:
            watched[epoch] = watch(network)
    return Trained(network=network, loss=loss, accuracy=accuracy, diverged=fell > 0, epoch=fell, watched=watched)


def _checked(order: Any, samples: int) -> NDArray[np.int64]:
    index = np.ascontiguousarray(order, np.int64)
    # compiled code looks at no bounds; unsigned, a negative number is a very large one
    if index.shape != (samples,) or index.view(np.uint64).max() >= samples:
        raise ActbenchError(f"an order of shape {index.shape} is none of {samples} samples; give their numbers")
    return index


def design_for(data: Data, **options: Any) -> Design:
    """A design with the data's numbers of features and outputs."""
    return Design(features=data.x.shape[-1], outputs=data.outputs, **options)


class _Run:
    """Networks, what they learn from, and the optimiser's state; a network that diverged takes no further part."""

    def __init__(self, network: Any, data: Data | Sequence[Data], recipe: Recipe, penalty: L1 | None) -> None:
        self.network, self.recipe, self.penalty = network, recipe, penalty
        parts = [_cast(part, network.dtype, recipe.loss) for part in ([data] if isinstance(data, Data) else data)]
        stacked = len(parts) == 1 and parts[0][0].ndim == 3
        self.x, self.y = parts[0] if stacked else map(np.stack, zip(*parts, strict=True))  # (1 or nets, samples, ...)
        if len(self.x) not in (1, len(network.nets)):
            raise ActbenchError(f"{len(self.x)} data sets for {len(network.nets)} networks; give one, or one for each")
        self.samples = self.x.shape[1]
        self.m, self.v = np.zeros((2, *network.parameters.rows.shape), network.dtype)
        self.step = np.zeros((len(network.nets), 1), np.int64)

    def compiled(self, epoch: int, orders: NDArray[np.int64], alive: NDArray[np.bool_], *_: Any) -> Arrays:
        """Loss and right answers, summed over samples: each network in one call."""
        network, recipe, design = self.network, self.recipe, self.network.design
        draws = network.draw_epoch(self.samples, epoch)
        loops = calls(design.activation, network.bits, bool(draws))
        run, kept = passes(network.bits).epoch, "x" in saved_by(network.row)
        shape = np.array([design.depth, design.width, design.outputs, recipe.batch])
        hyper = np.array([getattr(recipe, name) for name in HYPER])
        classes = recipe.loss == "cross_entropy"
        loss, right = np.full(len(alive), np.nan), np.full(len(alive), np.nan)
        for i in np.flatnonzero(alive):
            result, part = np.zeros(4), i if len(self.x) > 1 else 0
            labels = self.y[part] if classes else np.empty(0, np.int64)
            targets = np.empty((0, 0), network.dtype) if classes else self.y[part]
            drawn = np.stack([draws[name][i].reshape(-1) for name in loops.drawn]) if loops.drawn else None
            run(
                network.parameters.rows[i], network.gradients.rows[i], self.m[i], self.v[i], self.x[part], labels,
                targets, orders[i], shape, self.step[i], kept, recipe.optimiser == "adam", hyper, result,
                *loops.given(drawn),
            )  # fmt: skip
            if not result[3]:
                loss[i], right[i] = result[:2]
        return loss, right

    def layered(
        self, epoch: int, orders: NDArray[np.int64], alive: NDArray[np.bool_], watch: Any, watched: dict[int, Any]
    ) -> Arrays:
        """The same for all networks at once, step by step: for any network, penalty and rounding."""
        network, recipe = self.network, self.recipe
        each, draws = np.arange(len(self.x))[:, None], network.draw_batches(self.samples, epoch, recipe.batch)
        loss, right = np.zeros(len(orders)), np.zeros(len(orders))
        with np.errstate(all="ignore"):  # a diverging neighbour is an outcome, not a warning
            for start, given in zip(range(0, self.samples, recipe.batch), draws, strict=True):
                batch = orders[:, start : start + recipe.batch]
                x, y = self.x[each, batch], self.y[each, batch]
                value, gradients = loss_and_gradients(
                    network, x, y, LOSSES[recipe.loss], draws=given, penalty=self.penalty
                )
                loss += value * batch.shape[1]
                if recipe.loss == "cross_entropy":
                    right += (network.output.argmax(axis=2) == y).sum(axis=1)
                self.step += 1
                if watch is not None:
                    watched[int(self.step[0, 0])] = watch(network)
                self._update(network.parameters.rows, gradients.parameters.rows, int(self.step[0, 0]))
        loss[~alive] = np.nan
        return loss, right

    def _update(self, theta: NDArray[Any], grad: NDArray[Any], step: int) -> None:
        """One step of the optimiser on all parameters of all networks."""
        recipe, m, v, kind, rounded = self.recipe, self.m, self.v, theta.dtype.type, self.network.rounding
        if recipe.decay:
            grad += kind(recipe.decay) * theta
        if recipe.optimiser == "sgd":
            if recipe.momentum:
                m *= kind(recipe.momentum)
                m += grad
                grad = m
            theta -= rounded(kind(recipe.rate) * grad)
            rounded(theta)
            return
        m *= kind(recipe.beta1)
        m += kind(1 - recipe.beta1) * grad
        v *= kind(recipe.beta2)
        v += kind(1 - recipe.beta2) * (grad * grad)
        root = np.sqrt(v) * kind(1 / math.sqrt(1 - recipe.beta2**step)) + kind(recipe.epsilon)
        theta -= kind(recipe.rate / (1 - recipe.beta1**step)) * (m / root)


def _cast(data: Data, dtype: Any, loss: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Training inputs and targets in the dtypes that training wants."""
    x = np.ascontiguousarray(data.x, dtype)
    if loss == "cross_entropy":
        if data.y.dtype.kind not in "iu":
            raise ActbenchError(f"{data.name} has no classes; train it with loss='squared'")
        return x, np.ascontiguousarray(data.y, np.int64)
    return x, np.ascontiguousarray(data.targets, dtype)
