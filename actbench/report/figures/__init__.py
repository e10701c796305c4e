"""Figures: each file is one subject, with its specs in ``FIGURES``; add a figure there and name its file here."""

from __future__ import annotations

from actbench.report.figures import activity, gradients, neuron, orientation, trained
from actbench.report.figures.spec import FigureSpec

# in the order of the page
FIGURES: tuple[FigureSpec, ...] = (
    *neuron.FIGURES, *activity.FIGURES, *orientation.FIGURES, *gradients.FIGURES, *trained.FIGURES,
)  # fmt: skip

__all__ = ["FIGURES", "FigureSpec"]
