"""Effects of the experiment `subgradient`: accuracy with slope 0 at 0 less that with another; how often 0 occurs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actbench.experiments.orientation.effects import accuracies
from actbench.statistics.estimates import Estimate
from actbench.statistics.frames import paired, select


def zero_beyond(at_zero: float, **levels: Any) -> Callable[[Any], Estimate]:
    """Accuracy with the slope 0 at 0 less that with another slope there, network by network."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        ours, theirs = (select(chosen, at_zero=slope).set_index("net", drop=False) for slope in (0.0, at_zero))
        gaps = paired(dict(accuracies(ours)), dict(accuracies(theirs)))
        columns = ["train_loss", "valid_accuracy", "test_accuracy"]
        alike = int((ours[columns] == theirs[columns].reindex(ours.index)).all(axis=1).sum())
        lost = int(ours["diverged"].sum()) + int(theirs["diverged"].sum())
        note = f"{alike} of {len(gaps)} runs are the same to the last digit"
        note += f"; {lost} diverged and count as chance" if lost else ""
        return Estimate.of(gaps, note=note, bounds=(-1.0, 1.0))

    return effect


def share_of_zeros(when: str, **levels: Any) -> Callable[[Any], Estimate]:
    """The share of pre-activations that are exactly 0, ``"first"`` step or ``"later"``, with the slope 0 at 0."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, at_zero=0.0, **levels)
        return Estimate.of(chosen[f"zeros_{when}"].tolist(), bounds=(0.0, 1.0))

    return effect
