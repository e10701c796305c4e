"""Whether the way that ReLU points, or a factor on it, matters for training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.registry import resolve
from actbench.core.errors import ActbenchError
from actbench.kernels.backends import FUSED
from actbench.networks.data import Data, own_splits
from actbench.networks.scores import SCORES, Scores, train_and_score
from actbench.runs.experiment import experiment
from actbench.runs.factors import FACTORS, TURNS, one_of

DTYPE, BACKEND = "float32", FUSED
DEPTH, WIDTH, CHANNELS = 3, 64, (8,)
RATE, BATCH, EPOCHS = 0.05, 32, 10
CNN_EPOCHS, MAPPED_EPOCHS = 5, 3  # exact equality needs few steps: 114
# recipe to its options of `Recipe` and its normalisation
RECIPES: dict[str, tuple[dict[str, Any], str]] = {
    "sgd": ({}, "none"),
    "momentum": ({"momentum": 0.9}, "none"),
    "weight decay": ({"decay": 1e-3}, "none"),
    "adam": ({"optimiser": "adam", "rate": 0.001}, "none"),
    "batch norm before": ({}, "batch_before"),
    "batch norm after": ({}, "batch_after"),
}
PLAIN: dict[str, Any] = {"model": ["mlp"], "start": ["own"], "recipe": ["sgd"], "split": ["own"], "net": range(48)}


def mappable(cell: Mapping[str, Any]) -> None:
    """Mapped starts are ReLU's, for its orientations."""
    if cell["start"] == "mapped" and (cell["model"] != "mlp" or not cell["activation"].startswith("oriented_relu")):
        raise ActbenchError(f"start mapped with {cell['activation']} and {cell['model']}: ReLU's start is mapped to "
                            "oriented_relu in an mlp alone")  # fmt: skip


@experiment(
    grid=[
        {**PLAIN, "activation": ["relu", *TURNS.values(), *FACTORS.values()], "bias": ["zero"]},
        {**PLAIN, "activation": ["relu", *TURNS.values()], "bias": ["constant:0.1", "constant:1.0"]},
        {**PLAIN, "activation": ["relu", *TURNS.values()], "bias": ["zero"], "model": ["cnn_max"]},
        {**PLAIN, "activation": [*TURNS.values()], "bias": ["normal:0.1"], "start": ["mapped"], "recipe": [*RECIPES],
         "split": ["own"], "net": range(8)},
    ],
    quick={"net": range(4)},
    columns={
        "loss_gap": "start mapped: largest relative gap of an epoch's loss to that of ReLU's network, whose initial "
        "weights are these with the signs mapped",
        **SCORES,
    },
    checks={"model": one_of(("mlp", "cnn_max")), "start": one_of(("own", "mapped")), "recipe": one_of(RECIPES)},
    batch="net",
    together=mappable,
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def orientation(
    *, activation: str, model: str, bias: str, start: str, recipe: str, split: str, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """Does a mirrored, turned or scaled ReLU train to the same accuracy, and is it the same run?"""
    from actbench.networks.cnn import ConvDesign
    from actbench.networks.training import Recipe

    options, norm = RECIPES[recipe]
    epochs = MAPPED_EPOCHS if start == "mapped" else CNN_EPOCHS if model == "cnn_max" else EPOCHS
    chosen = Recipe(**{"rate": RATE, "batch": BATCH, "epochs": epochs, **options})
    data, gap = own_splits("digits", split, net), None
    if model == "cnn_max":
        design = ConvDesign(activation=activation, channels=CHANNELS, pool="max", bias=bias)
        scores = train_and_score(design, data, net, chosen)
    else:
        scores = _perceptron(activation, bias, norm, data, net, chosen, start)
    if start == "mapped":
        gap = relative_gap(scores.trained.loss, _perceptron("relu", bias, norm, data, net, chosen, "own").trained.loss)
    for i, number in enumerate(net):
        yield {"net": number, "loss_gap": None if gap is None else float(gap[i]), **scores.row(i)}


def _perceptron(
    activation: str, bias: str, norm: str, data: Data, net: tuple[int, ...], recipe: Any, start: str
) -> Scores:
    from actbench.networks.training import design_for

    design = design_for(data, activation=activation, bias=bias, norm=norm, depth=DEPTH, width=WIDTH)
    return train_and_score(design, data, net, recipe, start=map_signs if start == "mapped" else None)


def map_signs(network: Any) -> None:
    """Change the parameters of a network of h f(g x) so that it computes what it would with ReLU, for g, h = 1 or -1.

    With z = g z' a unit sees what ReLU's would, its output is h times ReLU's: incoming weights and biases are
    multiplied by g, outgoing weights by h. Normalisations keep their scales; their shifts start at 0.
    """
    values = resolve(network.design.activation).values()
    facing, height = (network.dtype.type(values[name]) for name in ("facing", "height"))
    for layer in range(1, network.design.depth + 2):
        incoming = facing if layer <= network.design.depth else 1
        network.parameters["w", layer][...] *= incoming * (height if layer > 1 else 1)
        network.parameters["b", layer][...] *= incoming


def relative_gap(loss: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(nets,)``: the largest gap of two loss curves over the other one's loss; 1 where only one of them diverged."""
    gap = np.abs(loss - other) / np.abs(other)
    both = np.isnan(loss) & np.isnan(other)
    whole: NDArray[np.float64] = np.where(both, 0.0, np.where(np.isnan(gap), 1.0, gap)).max(axis=1)
    return whole
