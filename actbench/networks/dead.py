"""Which hidden units are dead: zero slope on every sample of a set, so that no gradient ever reaches their weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actbench.networks.network import Network


@dataclass(frozen=True, kw_only=True)
class Dead:
    """The dead units of several networks.

    Parameters
    ----------
    units
        ``(nets, hidden layers, units)``; False throughout where it is not known.
    known
        ``(nets,)``: False for a network with a parameter or value that is not finite: diverged is not dead.
    """

    units: NDArray[np.bool_]
    known: NDArray[np.bool_]

    @property
    def fraction(self) -> NDArray[np.float64]:
        """Dead units of each hidden layer, ``(nets, hidden layers)``; NaN where it is not known."""
        share: NDArray[np.float64] = self.units.mean(axis=2)
        share[~self.known] = np.nan
        return share


def dead_units(network: Network, x: NDArray[np.float64]) -> Dead:
    """The units whose slope is exactly zero on every sample, in evaluation mode.

    Parameters
    ----------
    network
        Several networks; their last forward pass is replaced.
    x
        ``(samples, features)``: the whole training set, for the verdict depends on it.
    """
    with np.errstate(all="ignore"):
        network.forward(x)
        layers = range(1, network.design.depth + 1)
        silent = np.stack([(network.slopes(layer) == 0).all(axis=1) for layer in layers], axis=1)
    known = network.finite()
    return Dead(units=silent & known[:, None, None], known=known)
