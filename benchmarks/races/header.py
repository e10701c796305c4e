"""How fast is an exported header as a compiler made it, beside our kernels and beside glibc's vector functions?

``python -m benchmarks.races.header`` compiles the header of each function, and its textbook formula as a loop that the
compiler hands to libmvec (glibc 2.35 has tanhf, expm1f, log1pf and erff), and races both against the kernel, float32,
one thread, interleaved, in processor time, which a busy machine does not change. Above 1, the kernel is faster.
``worst`` is the largest error in ulp on 2,000 seeded inputs, ``lost`` are answers 0, NaN or infinite where a number is
right: where the promise of 8 ulp breaks, it is said.
``--out FOLDER`` writes header.csv there, which ``python reports/throughput.py FOLDER`` takes over.
"""

from __future__ import annotations

import argparse
import ctypes
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import actbench as ab
from actbench.accuracy.certificate import FLAGS, Loop, compiled, compiler, library
from actbench.accuracy.meter import ErrorMeter, where_promised
from actbench.core.files import write_text
from actbench.core.machine import output
from actbench.kernels.backends import FUSED, allowed
from benchmarks.races.shown import OURS, shown

TEXTBOOK = {
    "tanh": "tanhf(v)",
    "sigmoid": "1.0f / (1.0f + expf(-v))",
    "exponential": "expf(v)",
    "elu": "v < 0.0f ? expm1f(v) : v",
    "silu": "v / (1.0f + expf(-v))",
    "gelu": "0.5f * v * (1.0f + erff(v * 0.70710678f))",
    "softplus": "(v > 0.0f ? v : 0.0f) + log1pf(expf(-fabsf(v)))",
    "erf": "erff(v)",
}
# -ffast-math without its start-up code, which would flush the subnormal numbers of the whole process to 0
FAST = "-D__FAST_MATH__ -fno-math-errno -fno-trapping-math -fno-signed-zeros -ffinite-math-only"
LOOP = """
void take_{name}(size_t count, const float *restrict x, float *restrict out)
{{
    for (size_t i = 0; i < count; i++) {{ const float v = x[i]; out[i] = {formula}; }}
}}
"""


def textbook(names: Sequence[str]) -> str:
    """The loops as C."""
    return "#include <math.h>\n#include <stddef.h>\n" + "".join(LOOP.format(name=n, formula=TEXTBOOK[n]) for n in names)


def processor(call: Callable[[], object], calls: int) -> float:
    """A stopwatch of this thread's processor time."""
    start = time.thread_time()
    for _ in range(calls):
        call()
    return time.thread_time() - start


def measured(name: str, run: Callable[..., Any]) -> tuple[float, int, bool]:
    """Worst error in ulp, lost answers, and whether the promise is kept."""
    x = where_promised(name, "float32", 2000, "forward")
    found = ErrorMeter(name, "forward", "float32", x).measure(run(x))
    lost = found.lost + found.special
    return found.worst, lost, found.worst <= allowed(FUSED, "float32", "forward")[0] and not lost


def quality(name: str, run: Callable[..., Any]) -> str:
    """The same in a few words."""
    worst, lost, holds = measured(name, run)
    return f"{worst:.3g} ulp, {lost} lost{'' if holds else ' (breaks the promise)'}"


def contenders(names: Sequence[str], cc: str, flags: str, stack: ExitStack) -> Iterator[tuple[str, dict[str, Loop]]]:
    """Each function with its compiled loops."""
    loaded = stack.enter_context(library({"kernel.c": textbook(names)}, cc=cc, flags=f"{flags} {FAST}"))
    for name in names:
        call = stack.enter_context(compiled(ab.get(name), cc=cc, flags=flags))
        address = ctypes.cast(getattr(loaded, f"take_{name}"), ctypes.c_void_p).value or 0
        yield name, {"header": call("forward", "float32"), "libmvec": Loop(address, "float32", 1)}


def cells(name: str, loops: dict[str, Any], powers: Sequence[int], compiled_by: str) -> Iterator[dict[str, Any]]:
    """Race one function in each size: a row of the table a contender but ours."""
    known = {who: measured(name, loop) for who, loop in loops.items()}
    for power in powers:
        x = np.random.default_rng(0).standard_normal(1 << power).astype(np.float32)
        outs = {who: np.empty_like(x) for who in loops}
        calls: dict[str, Callable[[], Any]] = {OURS: lambda run=loops[OURS], x=x, y=outs[OURS]: run(x, out=y)}
        calls |= {who: loop.prepared(x, out=outs[who]) for who, loop in loops.items() if who != OURS}
        found = shown(f"{name} float32 2^{power}", calls, most=4.0, stopwatch=processor)
        for who in calls:
            ratio, (worst, lost, holds) = found.ratio(OURS, who), known[who]
            yield {
                "activation": name, "size": 1 << power, "implementation": who, "time_s": found.median(who).value,
                "ratio": ratio.value, "ratio_low": ratio.low, "ratio_high": ratio.high, "worst_ulp": worst,
                "lost": lost, "holds": holds, "compiled": compiled_by, "rounds": found.rounds,
            }  # fmt: skip


def main() -> None:
    """Race and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cc", help="the compiler (default cc, gcc or clang)")
    parser.add_argument("--flags", default=FLAGS, help=f"for both (default {FLAGS})")
    parser.add_argument("--size", type=int, nargs="+", default=[12, 16, 20], help="powers of 2")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write header.csv there")
    parser.add_argument("names", nargs="*", default=list(TEXTBOOK), help=", ".join(TEXTBOOK))
    args = parser.parse_args()
    cc, rows = compiler(args.cc), []
    by = f"{(output(cc, '--version') or cc).splitlines()[0]} {args.flags}"
    with ExitStack() as stack:
        for name, loops in contenders(args.names, cc, args.flags, stack):
            every = {OURS: ab.kernel(name, dtype="float32"), **loops}
            for who, loop in every.items():
                print(f"{name} {who}: worst {quality(name, loop)}")
            rows += cells(name, every, args.size, by)
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        write_text(args.out / "header.csv", pd.DataFrame(rows).to_csv(index=False, float_format="%.4g"))


if __name__ == "__main__":
    main()
