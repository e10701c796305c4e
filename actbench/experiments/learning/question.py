"""Epoch by epoch: loss on the training samples and accuracy on others, at every step size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actbench.experiments.panel.question import ADAM, BACKEND, BATCH, DTYPE, EPOCHS, SGD
from actbench.networks.data import own_splits
from actbench.networks.scores import SCORES, evaluate, train_and_score
from actbench.runs.experiment import experiment
from actbench.runs.factors import one_of

ONE: dict[str, Any] = {
    "activation": ["relu", "gelu", "tanh"], "data": ["digits", "spirals"], "depth": [3], "width": [64],
    "split": ["own"], "net": range(32),
}  # fmt: skip


@experiment(
    grid=[{**ONE, "optimiser": ["sgd"], "rate": SGD}, {**ONE, "optimiser": ["adam"], "rate": ADAM}],
    quick={"net": range(8), "rate": [0.03, 0.1, 0.3], "data": ["digits"], "optimiser": ["sgd"]},
    columns={
        "epoch": "epochs trained; 0 is before the first",
        "train_loss": "mean training loss over this epoch, in nats; none before the first",
        **{name: SCORES[name] for name in ("valid_accuracy", "test_accuracy", "diverged")},
    },
    checks={"data": one_of(EPOCHS)},
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def learning(
    *, activation: str, data: str, depth: int, width: int, optimiser: str, rate: float, split: str, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """How do loss and accuracy go from epoch to epoch?"""
    from actbench.networks.training import Recipe, design_for

    recipe = Recipe(optimiser=optimiser, rate=rate, batch=BATCH, epochs=EPOCHS[data])  # type: ignore[arg-type]
    chosen = own_splits(data, split, net)
    design = design_for(chosen, activation=activation, depth=depth, width=width)

    def seen(network: Any) -> list[Any]:
        x, y = chosen.test_x.astype(network.dtype), chosen.test_y
        return [evaluate(network, x[..., part::2, :], y[..., part::2])[1] for part in (0, 1)]

    epochs = range(recipe.epochs + 1)
    trained = train_and_score(design, chosen, net, recipe, watch=seen, watch_at=epochs).trained
    for i, number in enumerate(net):
        for epoch in epochs:
            valid, test = (float(part[i]) for part in trained.watched[epoch])
            loss = float(trained.loss[i, epoch - 1]) if epoch else None
            fell = bool(trained.diverged[i]) and epoch >= trained.epoch[i]
            scores = {"train_loss": loss, "valid_accuracy": valid, "test_accuracy": test}
            yield {"net": number, "epoch": epoch, "diverged": fell, **(dict.fromkeys(scores) if fell else scores)}
