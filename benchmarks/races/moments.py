"""Gaussian moments beside scipy.integrate.quad, a million draws and mpmath; every row; the table of the catalogue.

``python -m benchmarks.races.moments`` takes E f, E f^2, E f', E f'^2 and E f'^4 of GELU at lengths never asked before,
by each way, and prints milliseconds of processor time (median and fastest) and the largest relative error against
mpmath with 30 digits; then how many declared rows take at most 0.3 ms, and what the whole table takes. Half a minute,
one core. Processor time: other programs disturb it less than they do a clock.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from actbench.activations.registry import ACTIVATIONS
from benchmarks.theory import WAYS, by_mpmath, changed, ready

MOST = 0.3  # ms, for a declared row at one length
SLOW = 20.0  # ms
LENGTH = 1.0


def spent(call: Callable[[], object]) -> float:
    """Milliseconds of processor time."""
    start = time.process_time()
    call()
    return 1e3 * (time.process_time() - start)


def ways(rounds: int) -> None:
    """Every way by itself, as a loop over lengths has it; what takes long three times."""
    ready("gelu")
    said = np.array(by_mpmath(LENGTH, 30))
    for name, way in WAYS.items():
        error = float(np.abs(np.array(way(LENGTH)) / said - 1).max())
        taken = [spent(lambda way=way: way(changed(LENGTH)))]  # type: ignore[misc]
        for _ in range(min(rounds, 3) if taken[0] > SLOW else rounds):
            taken.append(spent(lambda way=way: way(changed(LENGTH))))  # type: ignore[misc]
        numbers = f"median {np.median(taken):8.3f} ms, fastest {min(taken):8.3f} ms"
        print(f"{name:16} {numbers}, error {error:.1e}, n = {len(taken)}", flush=True)


def rows(rounds: int) -> None:
    """Every elementwise row of the catalogue, and which of them take longer than MOST."""
    from actbench.theory import moments

    times = {}
    for row in ACTIVATIONS:
        if row.kind == "elementwise":
            moments(row.name, LENGTH)
            times[row.name] = min(spent(lambda name=row.name: moments(name, changed(LENGTH))) for _ in range(rounds))  # type: ignore[misc]
    over = sorted((value, name) for name, value in times.items() if value > MOST)
    slow = ", ".join(f"{name} {value:.2f}" for value, name in reversed(over))
    middle = float(np.median(list(times.values())))
    print(f"declared rows: {len(times) - len(over)} of {len(times)} take at most {MOST} ms; median {middle:.2f} ms")
    print(f"longer: {slow or 'none'}", flush=True)


def table() -> float:
    """Seconds for the table of the whole catalogue, at lengths that were not asked before."""
    from actbench.theory import gaussian, meanfield
    from actbench.theory.table import table as whole

    for known in (gaussian._moments, meanfield.critical_points, meanfield.half_stable_point):
        known.cache_clear()
    found = math.nan

    def call() -> None:
        nonlocal found
        found = len(whole())

    seconds = 1e-3 * spent(call)
    print(f"table of {found} rows and gates: {seconds:.2f} s", flush=True)
    return seconds


def main(words: Sequence[str] | None = None) -> int:
    """Print the three parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=31, help="rounds of each way (default 31)")
    parser.add_argument("--quick", action="store_true", help="three rounds, without the table")
    asked = parser.parse_args(words)
    ways(3 if asked.quick else asked.rounds)
    rows(1 if asked.quick else 5)
    if not asked.quick:
        table()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
