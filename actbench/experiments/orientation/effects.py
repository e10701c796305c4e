"""Effects of the experiment `orientation`: the same run with signs mapped, the same accuracy without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actbench.statistics.estimates import Estimate
from actbench.statistics.frames import paired, select

CHANCE = 0.1  # ten classes: what a diverged network is worth
OWN = {"start": "own", "recipe": "sgd"}


def same_run(recipe: str) -> Callable[[Any], Estimate]:
    """The largest gap of the loss curves over all orientations, one value a network."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, start="mapped", recipe=recipe)
        # an identity: where it holds, changes of sign are exact and no network differs
        return Estimate.of(chosen.groupby("net")["loss_gap"].max().tolist(), certain=True)

    return effect


def accuracies(frame: Any) -> Any:
    """Accuracy by network over both halves of the test part, as nothing was chosen by either; diverged is chance."""
    halves = (frame["valid_accuracy"] + frame["test_accuracy"]) / 2
    return halves.fillna(CHANCE).groupby(frame["net"]).mean()


def beyond_relu(activation: str, *, model: str = "mlp", bias: str = "zero") -> Callable[[Any], Estimate]:
    """Accuracy of an oriented or scaled ReLU less ReLU's, network by network, nothing mapped."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, model=model, bias=bias, **OWN)
        ours, relus = (select(chosen, activation=name) for name in (activation, "relu"))
        lost = [int(part["diverged"].sum()) for part in (ours, relus)]
        note = f"{lost[0]} of {len(ours)} networks diverged, {lost[1]} of ReLU's; they count as chance"
        gaps = paired(dict(accuracies(ours)), dict(accuracies(relus)))
        return Estimate.of(gaps, note=note if any(lost) else "", bounds=(-1.0, 1.0))

    return effect
