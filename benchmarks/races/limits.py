"""Where is a kernel between what the processor can compute and what memory can bring?

``python -m benchmarks.races.limits`` takes the loop of twelve float32 kernels as compiled for AVX-512 and says, a
vector of 16 elements: its instructions; the fewest cycles in which the units of the processor can do them, counted for
Zen 5; and at 2^12, 2^16, 2^20 and 2^24 elements the copy's cycles, the kernel's, and the share: the larger of the two
limits over what is measured. What is missing to 1 is the call (at 2^12), steps that wait for each other, and what
arithmetic and memory do not overlap. Two minutes.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Sequence
from typing import Any

import pandas as pd

import actbench as ab
from actbench.core.dtypes import Format
from actbench.kernels.lower import has_vectors
from actbench.kernels.source import source
from actbench.speed.lineup import COPY, IDENTITY, OURS, prepare, run

NAMES = ("relu", "leaky_relu", "hardswish", "exponential", "sigmoid", "tanh", "elu", "silu", "softplus", "mish", "gelu",
         "gelu_tanh")  # fmt: skip
POWERS = (12, 16, 20, 24)
# Half-cycles that an instruction of AVX-512 takes on Zen 5, which has two units that multiply, two that add and four
# for whole numbers; each was timed alone and beside products and sums that need nothing of it.
MULTIPLY = {"vfmadd": 1.0, "vfmsub": 1.0, "vfnmadd": 1.0, "vfnmsub": 1.0, "vmulps": 1.0, "vdivps": 2.0, "vsqrtps": 4.0,
            "vpermt2": 1.5, "vpermi2": 1.5, "vpternlog": 1.0, "vrcp14": 0.3}  # fmt: skip
ADD = {"vaddps": 1.0, "vsubps": 1.0, "vminps": 1.0, "vmaxps": 1.0, "vscalef": 2.0, "vpslld": 1.0, "vpsrld": 1.0,
       "vpsrad": 1.0, "vrndscale": 1.0, "vcmp": 0.8}  # fmt: skip
EITHER = ("vpaddd", "vpsubd", "vpand", "vpor", "vpxor", "vand", "vxor", "vor", "vblend")
DIVIDE, STORE = 5.0, 2.0  # half-cycles of the divider; a store of a vector takes a cycle of its own


def loop(name: str, direction: str = "forward") -> list[str]:
    """The instructions of a kernel's main loop: the block between a label and the jump to it with most vectors."""
    made: dict[str, Any] = {}
    exec(source(ab.get(name), direction, Format(32), cache=False), made)  # noqa: S102  a cached one has no text
    text = made["kernel"]._library.get_asm_str()
    lines = [line.strip() for line in text.splitlines()]
    labels = {line[:-1]: place for place, line in enumerate(lines) if re.fullmatch(r"\.LBB\w+:", line)}
    blocks = [
        lines[labels[match[1]] + 1 : place + 1]
        for place, line in enumerate(lines)
        if (match := re.match(r"j\w+\s+(\.LBB\w+)$", line)) and labels.get(match[1], place) < place
    ]
    inner = [block for block in blocks if not any(line.endswith(":") for line in block)]
    return max(inner, key=lambda block: sum("zmm" in line for line in block), default=[])


def counted(block: Sequence[str]) -> dict[str, float]:
    """Instructions a vector, and the fewest cycles by units; vectors are known by their stores."""
    names = [line.split()[0] for line in block]
    stores = sum(bool(re.match(r"vmov\w+\s+%zmm\d+, [^(]*\((?!%rsp)", line)) for line in block) or 1
    sums = [
        sum(cost for key, cost in table.items() for name in names if name.startswith(key)) for table in (MULTIPLY, ADD)
    ]
    either = sum(name.startswith(EITHER) for name in names)
    divisions = sum(name.startswith("vdivps") for name in names)
    halves = max(*sums, (sum(sums) + either) / 2, DIVIDE * divisions, STORE * stores)
    return {"instructions": len(block) / stores, "cycles": halves / 2 / stores}


def cycle() -> float:
    """Seconds of a cycle: a chain of sums of whole numbers takes one each."""
    from numba import njit

    @njit
    def chain(count: int, value: int) -> int:
        for _ in range(count):
            value = (value ^ (value << 1)) + 1  # three steps that wait for each other
        return value

    chain(1, 1)
    count, best = 200_000, float("inf")
    for _ in range(50):
        start = time.perf_counter()
        chain(count, 1)
        best = min(best, time.perf_counter() - start)
    return best / count / 3


def rows(name: str, powers: Sequence[int], rounds: int, second: float) -> list[dict[str, object]]:
    """The limits of one kernel and where it is between them, a row a size."""
    block = loop(name)
    found = counted(block)
    made = []
    for power in powers:
        field = prepare(name, "forward", "float32", 2**power, contenders=[], check=False)
        race = run(field, rounds=rounds, target=0.0003)
        ours, *copies = (float(race.seconds[who].min()) / 2**power * 16 / second for who in (OURS, COPY, IDENTITY))
        copy = min(copies)
        made.append({
            "function": name, "instructions": found["instructions"], "arithmetic": found["cycles"],
            "size": f"2^{power}", "copy": copy, "measured": ours,
            "limit": "memory" if copy > found["cycles"] else "arithmetic", "share": max(copy, found["cycles"]) / ours,
        })  # fmt: skip
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row a function and size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(NAMES), help="functions (default: twelve)")
    parser.add_argument("--size", nargs="+", type=int, default=list(POWERS), help="powers of 2")
    parser.add_argument("--rounds", type=int, default=41)
    options = parser.parse_args(arguments)
    if not has_vectors():
        print("instructions are counted on AVX-512 alone, which this processor has not")
        return 1
    second = cycle()
    print(f"a cycle takes {second * 1e9:.3f} ns; cycles are for vectors of 16 float32")
    frame = pd.DataFrame([row for name in options.names for row in rows(name, options.size, options.rounds, second)])
    print(frame.to_string(index=False, float_format=lambda value: f"{value:.3g}"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
