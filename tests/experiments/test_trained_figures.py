"""Figures of what networks learn: drawn from any part of an experiment's grid, small enough for a page."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import actbench.experiments  # noqa: F401  fills the collection
from actbench.drawing.parts import tuned
from actbench.drawing.style import save
from actbench.report.page import all_figures
from actbench.runs.experiment import EXPERIMENTS

NAMES = ("expressivity", "convergence", "selectivity", "features", "overfitting")
SPECS = {spec.name: spec for spec in all_figures()}


def observed(name, *, quick=False, nets=4, lost=False):
    """Made-up observations for every cell of the first few networks, or with every fifth one diverged."""
    experiment = EXPERIMENTS[name]
    cells = [cell for cell in experiment.cells(quick=quick) if cell["net"] < nets]
    rng = np.random.default_rng(0)
    rows = []
    for number, cell in enumerate(cells):
        for layer in (1, 2, 3) if "layer" in experiment.columns else (1,):
            row = dict(cell) | {column: float(rng.uniform(0.1, 0.9)) for column in experiment.columns}
            row |= {"layer": layer, "diverged": False}
            if lost and number % 5 == 0:
                row |= {column: math.nan for column in experiment.columns if column not in ("layer", "diverged")}
                row["diverged"] = True
            rows.append(row)
    return pd.DataFrame(rows)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("options", [{"quick": True}, {"lost": True}], ids=str)
def test_a_figure_is_drawn_from_a_quick_run_and_from_one_with_losses(name, options, tmp_path):
    spec = SPECS[name]
    table = spec.table(observed(name, **options))
    assert len(table)
    assert (table["low"] <= table["high"]).all()
    save(spec.draw(table), tmp_path / name)  # raises where it is too large for a page
    assert (tmp_path / f"{name}.svg").stat().st_size > 5_000


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_has_a_title_and_a_caption_in_both_languages(name):
    spec = SPECS[name]
    for text in (spec.title, spec.caption):
        assert set(text) == {"en", "zh"}
        assert text["en"].isascii()
    assert spec.claims


def test_the_tuned_arm_is_the_one_with_the_best_validation_accuracy():
    frame = pd.DataFrame(
        {
            "arm": ["a", "a", "b", "b"],
            "rate": [0.1, 0.3, 0.1, 0.3],
            "valid_accuracy": [0.5, 0.9, 0.8, None],
            "x": range(4),
        }
    )
    assert tuned(frame, ["arm"])["x"].tolist() == [1, 2]
