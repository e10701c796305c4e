"""Every experiment runs, is summarised and drawn on any grid that its factors allow, not only on the article's.

Grids are drawn at random under a seed; ``ACTBENCH_GRIDS=20`` draws so many for each experiment.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

import actbench as ab
import actbench.experiments
from actbench.cli import main
from actbench.core.errors import ActbenchError
from actbench.runs.experiment import EXPERIMENTS, Experiment

GRIDS = int(os.environ.get("ACTBENCH_GRIDS", "1"))

# levels beside the grid's own: small, odd, and some that diverge
OTHERS: dict[str, list[Any]] = {
    "depth": [1, 2, 3, 5],
    "width": [1, 2, 7, 24],
    "rate": [0.0003, 0.05, 30.0],
    "init": ["glorot", "lecun", "torch_default", "sigma_w2=0.5", "sigma_w2=3,sigma_b2=0.2"],
    "bias": ["constant:-1.0", "normal:0.5"],
    "optimiser": ["adam"],
    "count": [60, 200],
    "size": [3, 100],
    "samples": [60],
    "epochs": [0, 1, 2],
    "steps": [2, 5],
    "noise": [0.05, 0.3],
    "length": [0.25, 3.0],
    "most_rounds": [5],
    "most_seconds": [0.2],
    "peers": ["none"],
    "net": [0, 3, 17],
}
ONLY = {"count", "most_rounds", "most_seconds", "peers", "steps", "epochs"}  # the grid's own take minutes
TOO_LONG = {"exhaustive": "a cell is every float32"}
TORCH = ("torch_panel", "transformer")
MOST = 6  # cells


def _grid(experiment: Experiment, rng: np.random.Generator) -> dict[str, list[Any]]:
    """One or two legal levels of each factor, at most `MOST` cells."""
    levels: dict[str, list[Any]] = {}
    cells = 1
    for factor in rng.permutation(experiment.factors):
        pool = [] if factor in ONLY else [level for part in experiment.grid for level in part[factor]]
        pool += OTHERS.get(factor, [])
        if factor == "activation":
            pool += rng.choice(ab.names(), 4, replace=False).tolist()
        if factor == "size":
            pool = OTHERS["size"]
        pool = list({repr(level): level for level in pool}.values())
        count = min(int(rng.integers(1, 3)), len(pool), max(1, MOST // cells))
        levels[factor] = [pool[place] for place in rng.permutation(len(pool))[:count]]
        cells *= count
    return levels


def _allowed(experiment: Experiment, levels: dict[str, list[Any]]) -> bool:
    try:
        experiment.cells(**levels)
    except ActbenchError:  # some combinations are refused: in a line, before anything runs
        return False
    return True


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # networks of any grid may overflow
@pytest.mark.parametrize("seed", range(GRIDS))
@pytest.mark.parametrize("name", [experiment.name for experiment in EXPERIMENTS])
def test_any_grid_runs_and_is_drawn(name, seed, tmp_path, capsys):
    if name in TOO_LONG:
        pytest.skip(TOO_LONG[name])
    if name in TORCH:
        pytest.importorskip("torch")
    experiment = EXPERIMENTS[name]
    rng = np.random.default_rng([seed, *name.encode()])
    levels = next(levels for levels in iter(lambda: _grid(experiment, rng), None) if _allowed(experiment, levels))
    words = [w for factor, own in levels.items() for w in (f"--{factor.replace('_', '-')}", *map(str, own))]
    folder = tmp_path / "out"
    status = main(["run", name, *words, "--out", str(folder), "--workers", "1"])
    said = capsys.readouterr()
    assert status in (0, 3), said.err  # 3: cells failed, and are named
    if status == 3:
        failures = next(folder.glob("*/*failures*.csv")).read_text()
        assert "Traceback" not in failures
        known = ("ActbenchError", "MemoryError")
        reasons = [line for line in failures.splitlines()[1:] if not any(word in line for word in known)]
        assert not reasons, reasons
    else:
        assert list(folder.glob("*/*.csv"))
    observed = any(
        len(file.read_text().splitlines()) > 1 for file in folder.glob("*/*.csv") if "failures" not in file.name
    )
    assert (folder / "report.html").is_file() or not observed, said.err
    assert "cannot be drawn" not in said.err, said.err
