"""Write exact values and slopes of every row by mpmath, to 80 bits, where they are hardest to get right and elsewhere.

``python reports/exact.py`` (2 minutes) writes tests/exact.txt, which the tests read and of which they compute a sample
anew; ``python reports/exact.py NAME...`` writes the sections of these rows only. A new row needs it, and a changed
definition; after a change of a formula alone it may be run, so that the points at which the new formula is worst stand
in the file.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from actbench.accuracy.meter import ErrorMeter, exact, in_format, where_promised
from actbench.accuracy.oracle import MP, START_BITS
from actbench.accuracy.points import neighbours, points
from actbench.activations.registry import ACTIVATIONS, resolve
from actbench.kernels.kernel import kernel

FILE = Path(__file__).resolve().parents[1] / "tests" / "exact.txt"
BITS = 80
SPREAD, HARD, SCREENED = 40, 12, 120_000
HEAD = """\
# Exact values and slopes by mpmath, rounded to 80 bits. Written by `python reports/exact.py`.
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
    return x[np.concatenate([far, near if meter.near.any() else far])]


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


def main() -> int:
    """Write the file, or the sections of some rows."""
    known: dict[str, list[str]] = {}
    for line in FILE.read_text(encoding="ascii").splitlines(keepends=True) if FILE.exists() else ():
        if line.startswith("["):
            kept = known.setdefault(line[1:].split()[0], [])
        if not line.startswith("#"):
            kept.append(line)
    asked = {ACTIVATIONS[name].name for name in sys.argv[1:]}
    whole = [HEAD]
    for row in ACTIVATIONS:
        whole += sections(row.name) if not asked or row.name in asked else known.get(row.name, [])
    FILE.write_text("".join(whole), encoding="ascii")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
