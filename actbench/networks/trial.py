"""One trial of several networks on a data set: trained, watched, and scored on validation and test samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.networks.data import Data, data_set
from actbench.networks.network import Network
from actbench.networks.training import Recipe, Trained, design_for, evaluate, train


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


def trial(
    data: str,
    nets: Sequence[int],
    recipe: Recipe,
    *,
    dtype: str = "float32",
    watch: Callable[[Network, Data], Any] | None = None,
    watch_at: Iterable[int] = (),
    **design: Any,
) -> Scores:
    """Train networks on a data set and score them.

    Parameters
    ----------
    data
        A name of `actbench.networks.data.DATA` with classes.
    nets, recipe
        Which networks, how they are trained.
    watch, watch_at
        Called with the network and the data after these epochs; 0 is birth.
    **design
        The other fields of `actbench.networks.design.Design`.
    """
    chosen = data_set(data)
    plan = design_for(chosen, **design)
    seen = None if watch is None else (lambda network: watch(network, chosen))
    with np.errstate(all="ignore"):  # divergence is an outcome, found by its NaN
        trained = train(plan, chosen, nets, recipe, dtype=dtype, watch=seen, watch_at=watch_at)
        return score(trained, chosen, dtype)


def score(trained: Trained, data: Data, dtype: str) -> Scores:
    """Score trained networks on the two halves of the test part, every second sample each."""
    x, y = data.test_x.astype(dtype), data.test_y
    halves = [evaluate(trained.network, x[part::2], y[part::2])[1] for part in (0, 1)]
    return Scores(trained=trained, valid=halves[0], test=halves[1])
