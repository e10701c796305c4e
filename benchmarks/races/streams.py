"""Which kernels gain by writing past the caches, and from how many bytes on?

Run it as a program: ``python -m benchmarks.races.streams relu silu --direction backward --bytes 24 128``. The same
kernel with ordinary stores and with streams, in pairs; `actbench.kernels.ufuncs` has the rule that this is the reason
of: `STREAMED`, a weight for every array that is moved, and `streamed_from`, bytes that a call moves.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from unittest.mock import patch

import actbench as ab
from actbench.kernels import ufuncs
from actbench.speed.inputs import operands
from actbench.speed.race import race
from actbench.speed.threads import environment, pinned

NAMES = ("identity", "relu", "hardswish", "squareplus", "sigmoid", "tanh", "silu", "elu", "gelu")


def call(name: str, direction: str, dtype: str, threads: int, size: int, streams: bool) -> Callable[[], Any]:
    """A kernel that always streams, or never does, on arrays of its own."""
    with patch.object(ufuncs, "STREAMED", ufuncs.NEVER), patch.object(
        ufuncs, "streamed_from", lambda: 0 if streams else ufuncs.NEVER
    ):  # fmt: skip
        run = ufuncs.make(ab.get(name), direction, (dtype,), threads)  # not one that was made before
    a = operands("normal", dtype, size, ab.kernel(name, dtype=dtype))
    return partial(run, a.x, out=a.out) if direction == "forward" else partial(run, a.dy, a.x, out=a.out)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the gain of every case with its interval."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--direction", nargs="+", default=["forward", "backward"])
    parser.add_argument("--dtype", nargs="+", default=["float32"])
    parser.add_argument("--bytes", nargs="+", type=int, default=[12, 24, 128], help="MiB of all arrays of a call")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    print(f"streams begin at {ufuncs.streamed_from() >> 20} MiB here; their speed over that of ordinary stores:")
    with environment(options.threads), pinned(options.threads):
        for direction in options.direction:
            for dtype in options.dtype:
                for mebibytes in options.bytes:
                    width, arrays = int(dtype[5:]) // 8, 2 if direction == "forward" else 3
                    size = (mebibytes << 20) // (width * arrays)
                    for name in options.names:
                        rivals = {
                            way: call(name, direction, dtype, options.threads, size, way == "streams")
                            for way in ("streams", "stores")
                        }
                        gain = race(rivals, rounds=21, target=0.002, most=1.5).ratio("streams", "stores")
                        print(f"  {name} {direction}, {dtype}, {mebibytes} MiB: {gain.value:.2f} "
                              f"[{gain.low:.2f}, {gain.high:.2f}]", flush=True)  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
