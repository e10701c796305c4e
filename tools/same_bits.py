"""Whether kernels answer every float32 with the bits that they had at another commit.

    python -m tools.same_bits --against 10b1a48 [NAME...]

What was swept at one commit (`actbench run accuracy --exhaustive`: hours) holds at another whose answers are the same
2^32 bit patterns, forward and backward (dy = 1): seconds a kernel. What differs is named and has to be swept again.
A NaN is a NaN, whatever its sign and payload.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

CHUNK = 1 << 16  # float32: inputs, slopes and answers stay in a second-level cache
DIRECTIONS = ("forward", "backward")


def digests(name: str, direction: str) -> Iterator[int]:
    """A sum of the answers' bits for each chunk of inputs: a single wrong bit moves it."""
    from benchmarks.imports import kernel

    run = kernel(name, direction, dtype="float32")
    order = np.arange(CHUNK, dtype=np.uint32)
    x, dy, out = np.empty(CHUNK, np.float32), np.ones(CHUNK, np.float32), np.empty(CHUNK, np.float32)
    # odd weights: two answers that changed places do not cancel
    weights = 2 * order + 1
    given = (x,) if direction == "forward" else (dy, x)
    with np.errstate(all="ignore"):
        for start in range(0, 1 << 32, CHUNK):
            np.add(order, np.uint32(start), out=x.view(np.uint32))
            run(*given, out=out)
            bits = out.view(np.uint32)
            if np.isnan(out).any():
                bits[np.isnan(out)] = 0x7FC00000
            yield int((bits * weights).sum(dtype=np.uint64))


def answer() -> None:
    """A process of one commit: a line a kernel, its digests hashed."""
    import hashlib

    for line in sys.stdin:
        try:
            total = hashlib.sha256()
            for digest in digests(*line.split()):
                total.update(digest.to_bytes(8, "little"))
            print(total.hexdigest(), flush=True)
        except Exception as error:
            print(f"{type(error).__name__}: {error}".replace("\n", " "), flush=True)


def compare(base: str, names: list[str]) -> Iterator[tuple[str, str, str]]:
    """Name, direction and "same", "differs" or why it could not be told."""
    from actbench.speed.commits.checkouts import checkouts

    with checkouts(base) as pair:
        workers = [
            subprocess.Popen(  # noqa: S603  our own interpreter and program
                [sys.executable, "-P", str(Path(__file__).resolve()), "--answer"], cwd=side.path, text=True,
                env={**os.environ, "PYTHONPATH": str(side.path), "NUMBA_NUM_THREADS": "1"},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )
            for side in pair
        ]  # fmt: skip
        try:
            for name in names:
                for direction in DIRECTIONS:
                    for worker in workers:
                        worker.stdin.write(f"{name} {direction}\n")
                        worker.stdin.flush()
                    old, new = (worker.stdout.readline().strip() for worker in workers)
                    failed = next((side for side in (old, new) if ":" in side or not side), None)
                    yield name, direction, failed or ("same" if old == new else "differs")
        finally:
            for worker in workers:
                worker.kill()


def main() -> int:
    """Print a line a kernel; status 1 where some differ or could not be compared."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="activations; all by default")
    parser.add_argument("--against", default="HEAD", help="the commit whose answers count (HEAD)")
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.answer:
        answer()
        return 0
    import actbench as ab

    names = given.names or [row.name for row in ab.ACTIVATIONS if not row.opaque]
    other = 0
    for name, direction, verdict in compare(given.against, names):
        print(f"{name:24s} {direction:9s} {verdict}", flush=True)
        other += verdict != "same"
    print(f"{2 * len(names) - other} of {2 * len(names)} kernels answer every float32 as at {given.against}")
    return int(other > 0)


if __name__ == "__main__":
    sys.exit(main())
