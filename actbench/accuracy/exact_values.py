"""Exact values and slopes of every row to 80 bits, as a file: where they are hard to get right, and elsewhere.

The tests read it and compute a sample of it anew. A new row needs its sections, and so does a changed definition; after
a change of a formula alone they may be written again, so that they hold the points at which the new formula is worst.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from actbench.accuracy.meter import ErrorMeter, exact, in_format, where_promised
from actbench.accuracy.oracle import MP, START_BITS
from actbench.accuracy.points import neighbours, points
from actbench.activations.registry import ACTIVATIONS, resolve
from actbench.core.files import write_text
from actbench.kernels.kernel import kernel

BITS = 80
SPREAD, HARD, SCREENED = 40, 12, 120_000
HEAD = """\
# Exact values and slopes by mpmath, rounded to 80 bits. Written by `python reports/refresh.py exact`.
# [activation direction format], then a point a line: input as a hexadecimal float, exact result as integer p exponent.
# float64: points spread over the whole range, what the row declares with its neighbours, and where the fused kernel and
# the row disagree most of 120,000; float32: where the fused kernel, whose parameters are float32 too, is furthest off.
"""


def spelt(value: Any) -> str:
    """An exact value to `BITS` bits: ``-0x1f3p-12``; also ``0``, ``inf``, ``-inf``, ``nan``."""
    if MP.isnan(value) or MP.isinf(value):
        return str(float(value))
    if value == 0:
        return "0"
    with MP.workprec(START_BITS):
        size = MP.mag(value)
        whole = int(MP.nint(MP.ldexp(abs(value), BITS - int(size))))
    zeros = (whole & -whole).bit_length() - 1
    return f"{'-' if value < 0 else ''}{whole >> zeros:#x}p{int(size) - BITS + zeros}"


def hardest(spec: str, direction: str, dtype: str) -> np.ndarray[Any, Any]:
    """Where the fused kernel is furthest from the row."""
    x = where_promised(spec, dtype, SCREENED, direction)
    run = kernel(spec, direction, dtype=dtype, at_defaults=True)
    meter = ErrorMeter(spec, direction, dtype, x)
    error = meter.errors(run(x) if direction == "forward" else run(np.ones_like(x), x))
    half = HARD // 2
    far, near = (np.argsort(np.where(side, error, -1.0))[-half:] for side in (~meter.near, meter.near))
    hard: np.ndarray[Any, Any] = x[np.concatenate([far, near if meter.near.any() else far])]
    return hard


def chosen(spec: str, direction: str) -> np.ndarray[Any, Any]:
    """The float64 points of a row."""
    row = resolve(spec)
    every = points("float64", 400, activation=row)
    ends = [end for interval in row.fact("flat") for end in interval if np.isfinite(end)]
    declared = (*row.fact("kinks"), *row.fact("roots"), *row.fact("roots_of_slope"), *ends)
    sides = [neighbours(float(at), "float64", 1) for at in (0.0, *declared)]
    spread = every[np.linspace(0, every.size - 1, SPREAD).round().astype(int)]
    x = np.unique(np.concatenate([spread, *sides, hardest(spec, direction, "float64")]))
    if direction == "backward":
        for low, high in row.fact("excluded_slope"):
            x = x[(x < low) | (x > high)]
    return x


def sections(name: str) -> list[str]:
    """A row's part of the file."""
    row, lines = ACTIVATIONS[name], []
    for direction in ("forward", "backward"):
        narrow = in_format(row.spec, "float32")
        wanted = (("float64", row.spec, chosen(row.spec, direction)),
                  ("float32", narrow, np.unique(hardest(narrow, direction, "float32"))))  # fmt: skip
        for dtype, spec, x in wanted:
            lines.append(f"[{row.name} {direction} {dtype}]\n")
            lines += [f"{float(v).hex()} {spelt(exact(spec, direction, float(v)))}\n" for v in x]
    return lines


def write(file: Path, again: Collection[str] = ()) -> None:
    """Compute the sections that the file lacks and those of the rows ``again``; drop those of rows that are gone."""
    known: dict[str, list[str]] = {}
    for line in file.read_text(encoding="ascii").splitlines(keepends=True) if file.exists() else ():
        if line.startswith("["):
            kept = known.setdefault(line[1:].split()[0], [])
        if not line.startswith("#"):
            kept.append(line)
    asked = {ACTIVATIONS[name].name for name in again}
    parts = (sections(row.name) if row.name in asked else known.get(row.name) or sections(row.name)
             for row in ACTIVATIONS)  # fmt: skip
    write_text(file, "".join([HEAD, *(line for part in parts for line in part)]))
