"""Training networks from where they stand, in any order of the samples."""

from __future__ import annotations

import numpy as np
import pytest

from actbench.core.errors import ActbenchError
from actbench.networks.data import data_set
from actbench.networks.network import Network
from actbench.networks.training import Recipe, design_for, fit, order_of, train


@pytest.mark.parametrize("options", [{}, {"norm": "layer_before"}])
def test_epochs_can_be_fitted_one_by_one(options):
    """Plain SGD remembers nothing from step to step, so two fits of an epoch are one of two."""
    digits = data_set("digits")
    design = design_for(digits, activation="tanh", width=16, depth=2, **options)
    whole = train(design, digits, [1, 4], Recipe(epochs=2)).network
    network = Network(design, [1, 4])
    for done in range(2):
        fit(network, digits, Recipe(epochs=1), order=lambda net, n, epoch, done=done: order_of(net, n, epoch + done))
    np.testing.assert_array_equal(network.parameters.flat, whole.parameters.flat)


@pytest.mark.parametrize("order", [np.arange(3), np.full(1200, 1200), np.full(1200, -1)])
def test_an_order_that_is_none_is_refused(order):
    """The compiled epoch looks at no bounds."""
    digits = data_set("digits")
    network = Network(design_for(digits, activation="relu", width=8, depth=1), [0])
    with pytest.raises(ActbenchError, match="1200 samples"):
        fit(network, digits, Recipe(epochs=1), order=lambda *_: order)
