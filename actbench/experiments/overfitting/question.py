"""Does ReLU act as a penalty, and does it over-fit less? Small training sets, compared at one training loss."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.kernels.backends import FUSED
from actbench.runs.experiment import experiment
from actbench.runs.factors import number_in

DTYPE, BACKEND = "float32", FUSED
SAMPLES, CHOOSE, BATCH = 300, 750, 32  # of the split's 1200 images the first are learnt, the next chosen by
EARLY, EPOCHS, LAST = 20, 100, 5
TARGET = 0.05  # nats, on the whole training set: one loss at which all arms are compared
WIDTH = 64
TWO: dict[str, Any] = {"depth": [2], "noise": [0.0, 0.2], "penalty": ["none"], "net": range(16)}
# noisy labels take longer to learn, and larger steps
RATES = {
    0.0: {
        "relu": [0.03, 0.1, 0.3], "leaky_relu": [0.03, 0.1, 0.3], "tanh": [0.03, 0.1, 0.3], "sigmoid": [0.3, 1.0, 3.0],
        "identity": [0.01, 0.03, 0.1],
    },
    0.2: {
        "relu": [0.1, 0.3, 1.0], "leaky_relu": [0.1, 0.3, 1.0], "tanh": [0.1, 0.3, 1.0], "silu": [0.1, 0.3, 1.0],
        "sigmoid": [1.0, 3.0, 10.0], "identity": [0.01, 0.03, 0.1],
    },
}  # fmt: skip
# strengths of the explicit penalties, on the outputs and on the weights
STRENGTHS = {"outputs": [0.1, 0.3, 0.6], "weights": [3e-4, 1e-3, 2e-3]}
PENALTY_RATE, PENALTY_EPOCHS = 0.1, 50
PENALTIES = [f"{on}:{strength:g}" for on, strengths in STRENGTHS.items() for strength in strengths]


def penalty_of(value: Any) -> str:
    """``none``, ``outputs:STRENGTH`` or ``weights:STRENGTH``."""
    kind, _, number = str(value).partition(":")
    if value != "none" and (kind not in STRENGTHS or not float(number) > 0):
        raise ValueError("is not none, outputs:STRENGTH or weights:STRENGTH")
    return str(value)


@experiment(
    grid=[
        *[
            {**TWO, "noise": [noise], "activation": [name], "rate": rates}
            for noise, arms in RATES.items()
            for name, rates in arms.items()
        ],
        *[
            {**TWO, "activation": [name], "rate": RATES[0.0][name], "depth": [6], "noise": [0.0]}
            for name in ("relu", "sigmoid")
        ],
        {**TWO, "activation": ["leaky_relu"], "noise": [0.0], "rate": [PENALTY_RATE], "penalty": PENALTIES},
    ],
    quick={
        "net": range(8), "activation": ["relu", "leaky_relu", "sigmoid"], "rate": [0.1, 3.0],
        "penalty": ["none", "outputs:0.3", "weights:0.001"], "depth": [2],
    },
    columns={
        "epochs_to_target": "epochs until the loss on the training set is down to 0.05 nats; None if it never was",
        "train_accuracy": "accuracy on the training set at that loss, interpolated as what follows",
        "valid_accuracy": "accuracy on samples that step sizes and strengths are chosen by",
        "test_accuracy": "accuracy on samples that nothing was chosen by",
        "mean_abs_output": "mean absolute output of the hidden units over the training set and layers",
        "weights_l1": "sum of the absolute weights, biases left out",
        "fit_early": "accuracy on the training set, mean over the five epochs up to the 20th",
        "fit_end": "the same up to the 100th",
        "diverged": "a loss or weight is not finite: counted, and in no other measure",
    },
    checks={"penalty": penalty_of, "noise": number_in(0, 1)},
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def overfitting(
    *, activation: str, depth: int, rate: float, noise: float, penalty: str, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """At one and the same training loss, how far apart are training and test accuracy, how large outputs and weights?

    Each network has a split of digits of its own: 300 images to learn, 450 to choose by, 597 to report.
    """
    from actbench.networks.losses import L1
    from actbench.networks.network import Network
    from actbench.networks.training import Recipe, design_for, train

    own = [dataset(number, noise) for number in net]
    on, _, strength = penalty.partition(":")
    epochs = PENALTY_EPOCHS if strength else EPOCHS
    design = design_for(own[0][0], activation=activation, depth=depth, width=WIDTH)
    explicit = L1(**{on: float(strength)}) if strength else None
    with np.errstate(all="ignore"):
        trained = train(
            design, [learnt for learnt, _ in own], net, Recipe(rate=rate, batch=BATCH, epochs=epochs), dtype=DTYPE,
            penalty=explicit, watch=lambda network: network.parameters.rows.copy(), watch_at=range(epochs + 1),
        )  # fmt: skip
    for i, number in enumerate(net):
        states = [trained.watched[epoch][i] for epoch in range(epochs + 1)]
        if not np.isfinite(states[-1]).all():
            yield {"net": number, "diverged": True}
            continue
        way = Trajectory(Network(design, [number], dtype=DTYPE, backend="numpy"), *own[i], states)
        fits = {"fit_early": way.fit_up_to(EARLY), "fit_end": None if explicit else way.fit_up_to(EPOCHS)}
        yield {"net": number, **way.at_target(), **fits, "diverged": False}


def dataset(net: int, noise: float) -> tuple[Any, Any]:
    """A network's own data: the training part, of whose labels a share is drawn anew, and the part to choose by."""
    from actbench.core.streams import stream
    from actbench.networks.data import data_set

    data = data_set("digits", net)
    rng = stream("data", "label noise", net)
    y = data.y[:SAMPLES].copy()
    drawn = rng.random(SAMPLES) < noise
    y[drawn] = rng.integers(0, data.classes, int(drawn.sum()))
    small = replace(data, x=data.x[:SAMPLES].copy(), y=y)
    return small, replace(small, test_x=data.x[SAMPLES:CHOOSE].copy(), test_y=data.y[SAMPLES:CHOOSE].copy())


@dataclass(frozen=True)
class Trajectory:
    """One network on its way: its data, and its parameters at initialisation and after every epoch."""

    network: Any
    data: Any
    valid: Any
    states: list[NDArray[Any]]

    def _go(self, epoch: int) -> None:
        self.network.parameters.flat[...] = self.states[epoch]

    def loss(self, epoch: int) -> float:
        """On the whole training set."""
        from actbench.networks.scores import evaluate

        self._go(epoch)
        return float(evaluate(self.network, self.data.x, self.data.y)[0][0])

    def fit(self, epoch: int) -> float:
        """Accuracy on the training set."""
        from actbench.networks.scores import evaluate

        self._go(epoch)
        return float(evaluate(self.network, self.data.x, self.data.y)[1][0])

    def fit_up_to(self, epoch: int) -> float:
        """Its mean over the last few epochs: at a large step size one epoch's is a lottery."""
        return float(np.mean([self.fit(each) for each in range(epoch - LAST + 1, epoch + 1)]))

    def measures(self, epoch: int) -> dict[str, float]:
        """What is compared at the target loss."""
        from actbench.networks.scores import evaluate

        network = self.network
        found = {"train_accuracy": self.fit(epoch)}
        found["mean_abs_output"] = float(np.mean([np.abs(layer.h).mean(dtype=np.float64) for layer in network.layers]))
        found["weights_l1"] = sum(
            float(np.abs(block).sum(dtype=np.float64))
            for (kind, _), block in network.parameters.blocks.items()
            if kind == "w"
        )
        for part, name in ((self.valid, "valid_accuracy"), (self.data, "test_accuracy")):
            found[name] = float(evaluate(network, part.test_x, part.test_y)[1][0])
        return found

    def at_target(self) -> dict[str, float]:
        """The measures where the loss crosses the target, between two epochs in proportion to its logarithm.

        The crossing is found by bisection; where the loss is not monotone there may be others. Empty without one.
        """
        low, high = 0, len(self.states) - 1
        before, after = self.loss(low), self.loss(high)
        if not after <= TARGET < before:
            return {}
        while high - low > 1:
            middle = (low + high) // 2
            loss = self.loss(middle)
            if loss <= TARGET:
                high, after = middle, loss
            else:
                low, before = middle, loss
        share = math.log(before / TARGET) / math.log(before / max(after, 1e-30))
        ends = self.measures(low), self.measures(high)
        between = {name: (1 - share) * ends[0][name] + share * ends[1][name] for name in ends[0]}
        return {"epochs_to_target": low + share, **between}
