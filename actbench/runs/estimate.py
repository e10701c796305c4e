"""How long a run will take, before it runs: cells times what one cell of each experiment took, once, on one machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actbench.kernels.backends import FUSED
from actbench.kernels.cache import empty
from actbench.runs.cells import Cell
from actbench.runs.experiment import Experiment

# Core-seconds a cell, from a quick run of the article and of a comparison on two cores of an AMD EPYC (Zen 4) that had
# other work to do: a guess for other machines, within a factor of three or so.
SECONDS = {
    "accuracy": 1.0, "activity": 0.1, "axis_accuracy": 1.0, "bifurcation": 0.3, "cnn_activity": 0.25,
    "convergence": 0.1, "dead_units": 0.2,
    "distribution": 0.07, "exhaustive": 60.0, "expressivity": 0.015, "features": 0.09, "gate_accuracy": 1.0,
    "gradient_flow": 0.2, "neuron": 0.5, "orientation": 0.12, "overfitting": 0.17, "panel": 0.13, "pass_cost": 1.8,
    "same_twice": 0.02, "selectivity": 0.08, "subgradient": 0.06, "throughput": 15.0, "torch_panel": 1.0,
    "trained_activity": 0.11, "training": 0.25, "transformer": 2.0,
}  # fmt: skip
UNKNOWN = 0.1  # of an experiment that nobody timed
BEGINNING = "start-up and compiling"
START = 6.0  # seconds: what is imported, workers, drawing
COMPILING = 5.5  # core-seconds an activation: `convergence` of three took 22.4 s, and 6.2 s the second time


def seconds(experiment: Experiment, cells: int, workers: int = 1) -> float:
    """The seconds that some cells should take; timings are measured by one process."""
    return SECONDS.get(experiment.name, UNKNOWN) * cells / (1 if experiment.exclusive else workers)


def plan(work: Sequence[tuple[Experiment, Sequence[Cell]]], workers: int = 1) -> list[dict[str, Any]]:
    """One row a stage: ``experiment``, ``cells``, ``seconds``; the last is what no cell is in."""
    return [
        *({"experiment": each.name, "cells": len(cells), "seconds": round(seconds(each, len(cells), workers), 1)}
          for each, cells in work),
        {"experiment": BEGINNING, "cells": 0, "seconds": round(beginning(work, workers), 1)},
    ]  # fmt: skip


def beginning(work: Sequence[tuple[Experiment, Sequence[Cell]]], workers: int = 1) -> float:
    """The seconds beside the cells: start-up, and compiling where no kernel was compiled on this machine yet."""
    rows = {cell.get("activation") for each, cells in work if each.backend == FUSED for cell in cells}
    return START + (COMPILING * len(rows) / workers if empty() else 0.0)


def titles(work: Sequence[tuple[Experiment, Sequence[Cell]]]) -> list[tuple[str, float]]:
    """The same for `actbench.runs.progress.stages`."""
    return [(each.name, seconds(each, len(cells))) for each, cells in work]
