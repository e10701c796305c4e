"""How long does a kernel's first call take in a second process, after numba itself has started?

Run it: ``python -m benchmarks.races.first_call``. The first process compiles into an empty cache; the others load
from it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

# numba's own start is its import and, at its first dispatch, the filling of its type and target tables (0.3 s, with an
# import of scipy.linalg); a first kernel pays it, the second one shows what ours add.
PROGRAM = """
import time
import numpy as np
import numba
import actbench as ab
x = np.ones(1000, np.float32)
start = time.perf_counter()
ab.kernel("relu")(x)
begun = time.perf_counter()
ab.kernel("silu", "backward")(x, x)
print(begun - start, time.perf_counter() - begun)
"""


def main() -> int:
    """Print the first calls of five processes in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "ACTBENCH_CACHE": folder}
        times = []
        for _ in range(6):
            done = subprocess.run(  # noqa: S603  our own interpreter
                [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
            )
            times.append([float(seconds) * 1e3 for seconds in done.stdout.split()])
    compiled, loaded = times[0][1], ", ".join(f"{kernel:.1f}" for _, kernel in times[1:])
    starts = ", ".join(f"{start:.0f}" for start, _ in times[1:])
    print(f"silu backward, float32: compiled in {compiled:.0f} ms; in later processes its first call took {loaded} ms")
    print(f"numba's own start, paid once a process by the first kernel: {starts} ms")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
