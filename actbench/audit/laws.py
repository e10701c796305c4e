"""Does it keep what the function keeps: order, symmetry, bounds? Asked of values that are within what is allowed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from actbench.accuracy.meter import units
from actbench.audit.finding import Finding
from actbench.audit.subject import Subject
from actbench.audit.values import tried

SLACK = 8.0  # ulp: two neighbours, each 4 off, may lie the wrong way round


def laws(subject: Subject, dtype: str) -> Iterator[Finding]:
    """Findings about the forward pass in one format."""
    row, call = subject.row, subject.call("forward", dtype)
    x = tried(subject, "forward", dtype)
    y = call(x).astype(np.float64)
    keep = np.isfinite(y)
    x, y = x[keep], y[keep]
    unit = units(np.abs(y), dtype)
    low, high = row.fact("bounds")
    for out, bound in ((y < low - 2 * unit, low), (y > high + 2 * unit, high)):
        if out.any() and np.isfinite(bound):
            i = int(np.flatnonzero(out)[np.abs(x[out].astype(np.float64)).argmin()])
            yield subject.finding("bounds", direction="forward", dtype=dtype, at=float(x[i]), came=float(y[i]),
                                  exact=float(bound))  # fmt: skip
    if row.fact("monotone"):
        falls = np.flatnonzero(np.diff(y) < -SLACK * np.maximum(unit[1:], unit[:-1]))
        if falls.size:
            i = int(falls[np.abs(x[falls + 1].astype(np.float64)).argmin()])
            yield subject.finding("monotone", direction="forward", dtype=dtype, at=float(x[i + 1]),
                                  came=float(y[i + 1]), detail=f"{float(y[i]):.9g} at {float(x[i]):.9g}")  # fmt: skip
    if row.symmetry:
        mirrored = (-1 if row.symmetry == "odd" else 1) * call(-x).astype(np.float64)
        broken = np.isfinite(mirrored) & (np.abs(y - mirrored) > SLACK * unit)
        if broken.any():
            i = int(np.flatnonzero(broken)[np.abs(x[broken].astype(np.float64)).argmin()])
            yield subject.finding("symmetry", direction="forward", dtype=dtype, at=float(x[i]), came=float(y[i]),
                                  exact=float(mirrored[i]), detail=str(row.symmetry))  # fmt: skip
