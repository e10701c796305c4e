"""How well networks do: loss and accuracy on any samples, and what every experiment with training reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.networks.cnn import ConvDesign, ConvNetwork
from actbench.networks.data import Data
from actbench.networks.design import Design
from actbench.networks.losses import LOSSES
from actbench.networks.network import Network
from actbench.networks.training import Recipe, Trained, train


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


@dataclass(frozen=True, kw_only=True)
class Scores:
    """How several networks did; NaN for those that diverged.

    Parameters
    ----------
    trained
        The networks and their history.
    valid, test
        Accuracy on the two halves of the data set's test part: one to choose by, one to report.
    """

    trained: Trained
    valid: NDArray[np.float64]
    test: NDArray[np.float64]

    def row(self, i: int) -> dict[str, Any]:
        """The columns that every experiment with training has; their meanings are `SCORES`."""
        history = self.trained.loss[i]
        whole = not bool(self.trained.diverged[i])
        return {
            "train_loss": float(history[-1]) if whole and len(history) else None,
            "valid_accuracy": float(self.valid[i]) if whole else None,
            "test_accuracy": float(self.test[i]) if whole else None,
            "diverged": not whole,
        }


SCORES = {
    "train_loss": "mean training loss over the last epoch, in nats",
    "valid_accuracy": "accuracy on the samples that step sizes are chosen by",
    "test_accuracy": "accuracy on samples that nothing was chosen by",
    "diverged": "a loss, weight or output is not finite: counted, and in no other measure",
}


def train_and_score(
    design: Design | ConvDesign, data: Data, nets: Sequence[int], recipe: Recipe, **options: Any
) -> Scores:
    """Train networks on a data set with classes and score them on the two halves of its test part, samples in turn.

    Parameters are those of `actbench.networks.training.train`.
    """
    with np.errstate(all="ignore"):  # divergence is an outcome, told by its NaN
        trained = train(design, data, nets, recipe, **options)
        x, y = data.test_x.astype(trained.network.dtype), data.test_y
        valid, test = (evaluate(trained.network, x[..., part::2, :], y[..., part::2])[1] for part in (0, 1))
    return Scores(trained=trained, valid=valid, test=test)
