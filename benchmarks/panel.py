"""What is measured: frozen lists, for asv addresses parameters by position; names are only ever added at the end."""

from __future__ import annotations

import os
import time

PANEL = (
    "identity", "relu", "leaky_relu", "prelu", "rrelu", "sigmoid", "tanh", "silu", "gelu", "elu", "softplus", "mish",
)  # fmt: skip
DIRECTIONS = ("forward", "backward")
DTYPES = ("float32", "float64")
SIZES = (2**12, 2**20)

# The processor's time of this process: everything timed here is one thread that computes, and what else runs on a
# shared machine triples the spread of wall time. Start-up, which also waits for the disk, is timed on the wall.
CLOCK = time.process_time

# Default: what every commit is measured by. Full: also what takes too long for that, in full.py. Smoke: every
# benchmark and every name of the panel, once; asv stores parameters by value, so that no place is taken by another.
MODE = os.environ.get("ACTBENCH_BENCHMARKS", "")
FULL = MODE == "full"
if MODE == "smoke":
    DTYPES, SIZES = DTYPES[:1], SIZES[:1]
