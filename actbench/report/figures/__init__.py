"""Figures: each file is one subject, with its specs in ``FIGURES``; add a figure there and name its file here."""

from __future__ import annotations

from actbench.report.figures import (
    activity,
    convergence,
    convolution,
    cost,
    expressivity,
    features,
    gradients,
    neuron,
    orientation,
    overfitting,
    selectivity,
    trained,
)
from actbench.report.figures.spec import FigureSpec

# in the order of the page
FIGURES: tuple[FigureSpec, ...] = (
    *neuron.FIGURES,
    *activity.FIGURES,
    *orientation.FIGURES,
    *selectivity.FIGURES,
    *features.FIGURES,
    *expressivity.FIGURES,
    *gradients.FIGURES,
    *convergence.FIGURES,
    *trained.FIGURES,
    *convolution.FIGURES,
    *overfitting.FIGURES,
    *cost.FIGURES,
)

__all__ = ["FIGURES", "FigureSpec"]
