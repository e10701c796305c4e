"""What does the left tail cost GELU, which LiteRT's XNNPACK leaves out?

``python -m benchmarks.races.tail`` races, at float32, forward, one thread, our GELU and tanh-GELU against LiteRT's and
against a formula that loses the tail as LiteRT's does, 0.5 x (1 + r(x)) with one rational function r of a clipped x,
made by the same compiler. It is offered nowhere: below -4 it has no digit. Above 1, ours is faster. On two shared cores
the tail cost GELU 9 to 15 % (2^16: 0.89 of the other's speed) and tanh-GELU 3 to 4 % (0.96); beside LiteRT's, GELU had
0.92, 0.81 and 0.75 at 2^12, 2^16 and 2^20 with it, tanh-GELU 1.07, 0.97 and 0.96.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from actbench.activations.define import define
from actbench.expression.primitives.exponential import NEAR_BOTTOM, NEAR_TOP, horner
from actbench.expression.primitives.gaussian import ERF_BOTTOM, ERF_TOP
from actbench.kernels.kernel import kernel
from actbench.speed.lineup import OURS, prepare
from benchmarks.races.shown import shown

SIZES = (12, 16, 20)
CUT = "without the tail"


def _halved(x: Any, u: Any, end: float, top: Any, bottom: Any) -> Any:
    a = np.minimum(np.maximum(u, -end), end)
    z, half = a * a, 0.5 * x
    return half + half * (a * (horner(top, z) / horner(bottom, z)))


def gelu(x: Any) -> Any:
    """By erf, which is 1 in float32 from 4 on."""
    return _halved(x, x * 0.5**0.5, 4.0, ERF_TOP[32], ERF_BOTTOM[32])


def gelu_tanh(x: Any) -> Any:
    """By tanh, as far as its rational function goes."""
    return _halved(x, (2.0 / np.pi) ** 0.5 * (x + 0.044715 * x * x * x), 7.9, NEAR_TOP, NEAR_BOTTOM)


def main() -> None:
    """Race and print."""
    for function in (gelu, gelu_tanh):
        name = function.__name__
        row = define(f"cut_{name}", forward=function, definition=function, backward=lambda dy, x: dy * x, source="none")
        short = kernel(row, "forward", dtype="float32")
        for power in SIZES:
            x = np.random.default_rng(0).standard_normal(2**power, np.float32)
            out = np.empty_like(x)
            entries = prepare(name, "forward", "float32", 2**power, contenders=["litert"], check=False).entries
            calls = {who: entries[who].ready.call for who in (OURS, "litert") if who in entries}
            shown(f"{name} forward float32 2^{power}", {**calls, CUT: partial(short, x, out=out)})


if __name__ == "__main__":
    main()
