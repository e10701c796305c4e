"""Matrix products of small matrices as generated code: four rows by one vector of accumulators that stay in registers.

At 32 x 64 x 64 BLAS spends half its time on calls and packing: 5.4 us against 3 here (AVX2, one thread, float32).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

ROWS = 4  # with vectors of two registers: eight accumulators, which is what the latency of a multiply-add asks for

_PRODUCT = '''
from actbench.backends.vectors import add_product, apart, load, store, zeros

N, B = types.int64, types.boolean

@njit([types.void(V, N, B, V, N, B, V, N, N, N, N, V)], cache={cached}, error_model="numpy")
def kernel(a, ao, at, b, bo, bt, c, co, rows, columns, inner, scratch):
    """c = a b for matrices that begin at ao, bo, co of flat arrays; at and bt: whether a and b lie turned."""
    apart()
    lanes = {lanes}
    row, step = (1, rows) if at else (inner, 1)
    panel = lanes * {rows}
    for j in range(0, columns, lanes):
        wide = min(lanes, columns - j)
        # a panel of b is copied, one vector after the other: no cache conflicts, any width, and either way round
        if bt:
            for q in range(wide):
                bi = b[bo + (j + q) * inner:bo + (j + q + 1) * inner]
                for k in range(inner):
                    scratch[panel + k * lanes + q] = bi[k]
        elif wide == lanes:
            for k in range(inner):
                store(scratch, panel + k * lanes, load(b, bo + k * columns + j))
        else:
            for k in range(inner):
                for q in range(wide):
                    scratch[panel + k * lanes + q] = b[bo + k * columns + j + q]
        i = 0
        while i < rows:
            cc, ci, ldc = (c, co + i * columns + j, columns) if wide == lanes else (scratch, 0, lanes)
            ai, count = ao + i * row, 1
            if i + {rows} <= rows:
                count = {rows}
                {clear}
                for k in range(inner):
                    v, at_k = load(scratch, panel + k * lanes), ai + k * step
                    {add}
                {keep}
            else:
                t0 = zeros(cc)
                for k in range(inner):
                    t0 = add_product(a, ai + k * step, load(scratch, panel + k * lanes), t0)
                store(cc, ci, t0)
            if wide < lanes:
                for r in range(count):
                    for q in range(wide):
                        c[co + (i + r) * columns + j + q] = scratch[r * lanes + q]
            i += count
'''


def product(bits: int, cached: bool) -> str:
    """The text of the product; it wants `fused_text.PREAMBLE` and `fused_text.TYPES` above it.

    Every array is flat and of one format; ``scratch`` holds a vector for each of ROWS and of the inner dimension.
    What its unused columns hold is computed with and thrown away.
    """
    own = Path(__file__).with_name("vectors.py").read_bytes()
    mark = hashlib.sha256(own).hexdigest()[:16]  # the text decides the cache's name, so it names what it calls
    totals = range(ROWS)
    return f"# vectors {mark}\n" + _PRODUCT.format(
        cached=cached, lanes=512 // bits, rows=ROWS, clear="; ".join(f"t{r} = zeros(cc)" for r in totals),
        add="; ".join(f"t{r} = add_product(a, at_k + {r} * row, v, t{r})" for r in totals),
        keep="; ".join(f"store(cc, ci + {r} * ldc, t{r})" for r in totals),
    )  # fmt: skip
