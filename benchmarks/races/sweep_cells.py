"""Cells that compute next to nothing, for `benchmarks.races.sweeps`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from actbench.runs.experiment import experiment


@experiment(grid={"i": range(10)}, columns={"value": "v"})
def trivial(*, i: int) -> Iterator[dict[str, Any]]:
    """What does a cell cost that computes nothing?"""
    yield {"value": i / 7}


@experiment(grid={"i": range(10)}, columns={"value": "v"})
def busy(*, i: int) -> Iterator[dict[str, Any]]:
    """What does a cell of five milliseconds of work cost?"""
    end = time.perf_counter() + 0.005
    while time.perf_counter() < end:
        pass
    yield {"value": i / 7}
