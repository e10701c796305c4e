"""Matrix products of small matrices as generated code: four rows by one vector of accumulators that stay in registers.

At 32 x 64 x 64 BLAS spends half its time on calls and packing: 5.4 us against 2.9 here (AVX2, one thread, float32).
Where the right matrix outgrows the first caches, BLAS is better, and is called.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

ROWS = 4  # with vectors of two registers: eight accumulators, which is what the latency of a multiply-add asks for
LIMIT = 128 * 128  # numbers in the right matrix

_PRODUCTS = '''
from actbench.backends.vectors import add_product, load, store, zeros

@njit(error_model="numpy")
def panels(a, ao, row, step, b, bo, c, co, rows, columns, inner, scratch):
    """c = a b; element (i, k) of a stands at ao + i * row + k * step, b and c lie row by row from bo and co."""
    lanes = {lanes}
    for j in range(0, columns, lanes):
        whole = j + lanes <= columns
        bb, bi, ldb = b, bo + j, columns
        if not whole:  # the last columns: copied beside zeros, for a vector has no other length
            bb, bi, ldb = scratch, lanes * {rows}, lanes
            for k in range(inner):
                for q in range(lanes):
                    scratch[bi + k * lanes + q] = b[bo + k * columns + j + q] if j + q < columns else real(0)
        i = 0
        while i < rows:
            cc, ci, ldc = (c, co + i * columns + j, columns) if whole else (scratch, 0, lanes)
            ai, count = ao + i * row, 1
            if i + {rows} <= rows:
                count = {rows}
                {clear}
                for k in range(inner):
                    v, at = load(bb, bi + k * ldb), ai + k * step
                    {add}
                {keep}
            else:
                t0 = zeros(cc)
                for k in range(inner):
                    t0 = add_product(a, ai + k * step, load(bb, bi + k * ldb), t0)
                store(cc, ci, t0)
            if not whole:
                for r in range(count):
                    for q in range(columns - j):
                        c[co + (i + r) * columns + j + q] = scratch[r * lanes + q]
            i += count

@njit(error_model="numpy")
def blas(a, ao, at, b, bo, bt, c, co, rows, columns, inner):
    """The same by BLAS; at and bt: whether a and b lie turned."""
    left, right = a[ao:ao + rows * inner], b[bo:bo + inner * columns]
    out = c[co:co + rows * columns].reshape((rows, columns))
    if at:
        np.dot(left.reshape((inner, rows)).T, right.reshape((inner, columns)), out)
    elif bt:
        np.dot(left.reshape((rows, inner)), right.reshape((columns, inner)).T, out)
    else:
        np.dot(left.reshape((rows, inner)), right.reshape((inner, columns)), out)

@njit(error_model="numpy")
def product(a, ao, at, b, bo, bt, c, co, rows, columns, inner, turned, scratch):
    """c = a b for matrices that begin at ao, bo, co of flat arrays."""
    if inner * columns > {limit}:
        blas(a, ao, at, b, bo, bt, c, co, rows, columns, inner)
        return
    right, ro = b, bo
    if bt:  # through a copy that is the right way round: 1.3 us for 64 x 64
        right, ro = turned, 0
        for i in range(columns):
            bi = b[bo + i * inner:bo + (i + 1) * inner]
            for j in range(inner):
                turned[j * columns + i] = bi[j]
    panels(a, ao, 1 if at else inner, rows if at else 1, right, ro, c, co, rows, columns, inner, scratch)
'''


def products(bits: int) -> str:
    """The text of ``product``; it wants ``np``, ``njit`` and ``real`` above it.

    Every array is flat and of one format; ``turned`` holds LIMIT numbers, ``scratch`` a vector for each of ROWS and of
    the inner dimension.
    """
    own = Path(__file__).with_name("vectors.py").read_bytes()
    mark = hashlib.sha256(own).hexdigest()[:16]  # the text decides the cache's name, so it names what it calls
    totals = range(ROWS)
    return f"# vectors {mark}\n" + _PRODUCTS.format(
        lanes=512 // bits, rows=ROWS, limit=LIMIT, clear="; ".join(f"t{r} = zeros(cc)" for r in totals),
        add="; ".join(f"t{r} = add_product(a, at + {r} * row, v, t{r})" for r in totals),
        keep="; ".join(f"store(cc, ci + {r} * ldc, t{r})" for r in totals),
    )  # fmt: skip
