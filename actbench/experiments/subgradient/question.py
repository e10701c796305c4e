"""Whether the slope that ReLU is given at 0 matters for training: in four precisions, and where zeros are common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.kernels.backends import FUSED
from actbench.networks.data import Data, own_splits
from actbench.networks.rounding import PRECISIONS
from actbench.networks.scores import SCORES
from actbench.runs.experiment import experiment
from actbench.runs.factors import number_in, one_of

DTYPE, BACKEND = "float32", FUSED
BATCH, DEPTH, WIDTH, CHANNELS = 32, 3, 32, (8,)
RATES, EPOCHS = {"mlp": 0.1, "cnn_blank": 0.3}, {"mlp": 2, "cnn_blank": 5}


@experiment(
    grid=[
        {"model": ["mlp"], "precision": ["float64", "float32", "float16", "bfloat16"],
         "at_zero": [0.0, 0.25, 0.5, 1.0], "split": ["own"], "net": range(32)},
        {"model": ["cnn_blank"], "precision": ["float32"], "at_zero": [0.0, 0.5, 1.0], "split": ["own"],
         "net": range(48)},
    ],
    quick={"net": range(4)},
    columns={
        "zeros_first": "hidden units' pre-activations that are exactly 0 in the first step, share",
        "zeros_later": "the same over all later steps",
        **SCORES,
    },
    checks={"at_zero": number_in(0, 1), "precision": one_of(PRECISIONS), "model": one_of(EPOCHS)},
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def subgradient(
    *, model: str, precision: str, at_zero: float, split: str, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """How often is a pre-activation exactly 0, and does the slope used there change what is learned?

    Weights, pre-activations, gradients and steps are numbers of the precision; products add up in float32.
    """
    from actbench.networks.cnn import ConvDesign
    from actbench.networks.scores import train_and_score
    from actbench.networks.training import EVERY_STEP, Recipe, design_for

    activation = f"relu_at_zero:at_zero={at_zero}"
    recipe = Recipe(rate=RATES[model], batch=BATCH, epochs=EPOCHS[model])
    dtype, rounding = PRECISIONS[precision]
    data = own_splits("digits", split, net)
    data = data if model == "mlp" else on_blank(data)
    scores = train_and_score(
        design_for(data, activation=activation, depth=DEPTH, width=WIDTH)
        if model == "mlp"
        else ConvDesign(activation=activation, channels=CHANNELS, pool="max"),
        data, net, recipe, dtype=dtype, rounding=rounding, watch=share_of_zeros, watch_at=EVERY_STEP,
    )  # fmt: skip
    zeros = np.stack(list(scores.trained.watched.values()), axis=1)
    for i, number in enumerate(net):
        row = {"net": number, **scores.row(i)}
        if not row["diverged"]:
            row |= {"zeros_first": float(zeros[i, 0]), "zeros_later": float(zeros[i, 1:].mean())}
        yield row


def on_blank(data: Data) -> Data:
    """The same images with pixels from 0 to 1, blank ones 0: a filter that starts without bias sees 0 there."""
    # a split has a scale of its own
    low, high = (end(data.x, axis=(-2, -1), keepdims=True) for end in (np.min, np.max))
    return replace(data, x=(data.x - low) / (high - low), test_x=(data.test_x - low) / (high - low))


def share_of_zeros(network: Any) -> NDArray[np.float64]:
    """``(nets,)``: the hidden units' pre-activations that were exactly 0 in the last forward pass."""
    share: NDArray[np.float64] = np.mean([(layer.x == 0).mean(axis=(1, 2)) for layer in network.layers], axis=0)
    return share
