"""Whether the slope that ReLU is given at 0 matters for training: in four precisions, and where zeros are common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.networks.data import Data, data_set
from actbench.networks.trial import SCORES
from actbench.runs.experiment import experiment

DTYPE, BACKEND = "float32", "numba"
BATCH, DEPTH, WIDTH, CHANNELS = 32, 3, 32, (8,)
RATES, EPOCHS = {"mlp": 0.1, "cnn_blank": 0.3}, {"mlp": 2, "cnn_blank": 5}


def _slope(value: Any) -> float:
    number = float(value)
    if not 0 <= number <= 1:
        raise ValueError("is not a number from 0 to 1")
    return number


@experiment(
    grid=[
        {"model": ["mlp"], "precision": ["float64", "float32", "float16", "bfloat16"],
         "at_zero": [0.0, 0.25, 0.5, 1.0], "net": range(32)},
        {"model": ["cnn_blank"], "precision": ["float32"], "at_zero": [0.0, 0.5, 1.0], "net": range(48)},
    ],
    quick={"net": range(4)},
    columns={
        "zeros_first": "hidden units' pre-activations that are exactly 0 in the first step, share",
        "zeros_later": "the same over all later steps",
        **SCORES,
    },
    checks={"at_zero": _slope},
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def subgradient(*, model: str, precision: str, at_zero: float, net: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """How often is a pre-activation exactly 0, and does the slope used there change what is learned?"""
    from actbench.networks.precision import train_in
    from actbench.networks.training import Recipe, design_for, evaluate

    activation = f"relu_at_zero:at_zero={at_zero}"
    recipe = Recipe(rate=RATES[model], batch=BATCH, epochs=EPOCHS[model])
    with np.errstate(all="ignore"):  # divergence is an outcome
        if model == "mlp":
            data = data_set("digits")
            design = design_for(data, activation=activation, depth=DEPTH, width=WIDTH)
            found = train_in(precision, design, data, net, recipe)
            network, loss, zeros = found.network, found.loss[:, -1], found.zeros
        else:
            data = on_blank(data_set("digits"))
            network, loss, zeros = convolutions(activation, data, net, recipe, precision)
        x, y = data.test_x.astype(network.dtype), data.test_y
        valid, test = (evaluate(network, x[part::2], y[part::2])[1] for part in (0, 1))
    for i, number in enumerate(net):
        whole = bool(np.isfinite(loss[i]) and np.isfinite(valid[i]))
        row: dict[str, Any] = {"net": number, "diverged": not whole}
        if whole:
            row |= {
                "zeros_first": float(zeros[i, 0]), "zeros_later": float(zeros[i, 1:].mean()),
                "train_loss": float(loss[i]), "valid_accuracy": float(valid[i]), "test_accuracy": float(test[i]),
            }  # fmt: skip
        yield row


def on_blank(data: Data) -> Data:
    """The same images with pixels from 0 to 1, blank ones 0: a filter that starts without bias sees 0 there."""
    low, high = data.x.min(), data.x.max()
    return replace(data, x=(data.x - low) / (high - low), test_x=(data.test_x - low) / (high - low))


def convolutions(
    activation: str, data: Data, net: tuple[int, ...], recipe: Any, precision: str
) -> tuple[Any, NDArray[np.float64], NDArray[np.float64]]:
    """Train small convolutional networks by SGD and count exact zeros in every step.

    Returns
    -------
    network, loss, zeros
        The last epoch's mean loss ``(nets,)``; the share of pre-activations that are exactly 0 ``(nets, steps)``.
    """
    from actbench.networks.cnn import ConvDesign, ConvNetwork
    from actbench.networks.losses import cross_entropy
    from actbench.networks.training import order_of

    network = ConvNetwork(ConvDesign(activation=activation, channels=CHANNELS, pool="max"), net, dtype=precision)
    x, zeros = data.x.astype(precision), []
    for epoch in range(1, recipe.epochs + 1):
        order, loss = np.stack([order_of(one, len(x), epoch) for one in net]), np.zeros(len(net))
        for start in range(0, len(x), recipe.batch):
            batch = order[:, start : start + recipe.batch]
            value, d = cross_entropy(network.forward(x[batch], training=True), data.y[batch])
            zeros.append(np.mean([_share_of_zeros(stage.x) for stage in network.layers], axis=0))
            found = network.backward(d)
            network.parameters.flat[...] -= network.dtype.type(recipe.rate) * found.parameters.flat
            loss += value * batch.shape[1] / len(x)
    return network, loss, np.stack(zeros, axis=1)


def _share_of_zeros(x: Any) -> Any:
    return (x == 0).mean(axis=(1, 2))
