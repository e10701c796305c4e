"""Matrix products of small matrices as generated code: six rows by one vector of accumulators that stay in registers.

At 32 x 64 x 64 BLAS spends half its time on calls and packing: 4.9 us against 3 here (AVX2, one thread, float32).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from actbench.kernels.fused_text import indented

BYTES = 64  # of a vector and of a cache line
ROWS = 6  # 12 accumulators of AVX2's 16 registers hide the latency of a multiply-add; with 4 rows it takes 9 % longer
TURNS = 3  # steps of the sum in one turn of a loop: an epoch of 64 units takes 2.4 % less at batch 128, 0.7 % at 32
REST = 4  # rows of the tiles that take what is left: 32 = 4 * 6 + 2 * 4

_PRODUCT = '''
from actbench.kernels.intrinsics import held
from actbench.kernels.vectors import add, add_product, address, apart, gather, load, store, zeros

N, B = types.int64, types.boolean

@njit([types.void(V, N, B, V, N, B, B, V, N, N, N, N, V)], cache={cached}, error_model="numpy")
def kernel(a, ao, at, b, bo, bt, plus, c, co, rows, columns, inner, scratch):
    """c = a b for matrices that begin at ao, bo, co of flat arrays; at and bt: whether a and b lie turned.

    With plus, the row that lies behind b is added to every row of c.
    """
    apart()
    lanes = {lanes}
    row, step = (1, rows) if at else (inner, 1)
    stage = (-address(scratch, 0) & {last}) // {bytes}  # where a cache line begins
    shift, panel = stage + lanes * {rows}, stage + lanes * {before}
    for j in range(0, columns, lanes):
        wide = min(lanes, columns - j)
        # a panel of b is copied, one vector after the other: no cache conflicts, any width, and either way round
        if bt and wide == lanes:
            for k in range(inner):
                store(address(scratch, panel + k * lanes), gather(b, bo + j * inner + k, inner))
        elif bt:
            for q in range(wide):
                bi = b[bo + (j + q) * inner:bo + (j + q + 1) * inner]
                for k in range(inner):
                    scratch[panel + k * lanes + q] = bi[k]
        elif bo + (inner - 1) * columns + j + lanes <= b.size:  # what a narrow panel has beside it is thrown away
            for k in range(inner):
                store(address(scratch, panel + k * lanes), load(b, bo + k * columns + j))
        else:
            for k in range(inner):
                for q in range(wide):
                    scratch[panel + k * lanes + q] = b[bo + k * columns + j + q]
        for q in range(wide):
            scratch[shift + q] = b[bo + inner * columns + j + q] if plus else real(0)
        i = 0
        while i < rows:
            left = rows - i
            count = {rows} if left >= {both} or {rows} <= left < 2 * {rest} else {rest} if left >= {rest} else 1
            # a narrow matrix is written over its next row, which comes later
            direct = wide == lanes or (columns < lanes and columns * (left - count) >= lanes - wide)
            goal, below = address(c, co + i * columns + j), {bytes} * columns
            if not direct:
                goal, below = address(scratch, stage), {bytes} * lanes
            ai = ao + i * row
{tiles}
            if not direct:
                for r in range(count):
                    for q in range(wide):
                        c[co + (i + r) * columns + j + q] = scratch[stage + r * lanes + q]
            i += count
'''

_TILE = """
            {when} == {rows}:
                {clear}
                for turn in range(0, inner - {last}, {turns}):
{turned}
                for k in range(inner - inner % {turns}, inner):
                    v, at_k = load(scratch, panel + k * lanes), held(ai + k * step)
                    {add}
                v = load(scratch, shift)
                {keep}
"""


def product(bits: int, cached: bool) -> str:
    """The text of the product; it wants `fused_text.PREAMBLE` and `fused_text.TYPES` above it.

    Every array is flat and of one format; ``scratch`` is as long as `scratch_size` says. What its unused columns hold
    is computed with and thrown away. Each element of c is summed from k = 0 on, whichever tile it lies in.
    """
    return vectors() + _PRODUCT.format(
        cached=cached, lanes=512 // bits, bytes=bits // 8, last=BYTES - 1, before=ROWS + 1,
        rows=ROWS, rest=REST, both=ROWS + REST,
        tiles=_tile(ROWS, "if count") + _tile(REST, "elif count") + _tile(1, "elif count"),
    )  # fmt: skip


def vectors() -> str:
    """A line with a hash of the vectors: the text decides the cached file's name, so it names what it calls."""
    own = Path(__file__).with_name("vectors.py").read_bytes()
    return f"# vectors {hashlib.sha256(own).hexdigest()[:16]}\n"


def scratch_size(lanes: str, inner: str) -> str:
    """The length of ``scratch`` as text: staged rows, the shift, a panel, and what alignment may cost."""
    return f"{lanes} * ({ROWS + 2} + {inner})"


def _tile(rows: int, when: str) -> str:
    totals = range(rows)
    add = "; ".join(f"t{r} = add_product(a, at_k, {r} * row, v, t{r})" for r in totals)
    turn = [
        line for i in range(TURNS) for line in (
            f"k = turn + {i}", "v, at_k = load(scratch, panel + k * lanes), held(ai + k * step)", add,
        )
    ]  # fmt: skip
    return _TILE.format(
        when=when, rows=rows, turns=TURNS, last=TURNS - 1, turned=indented(20, turn), add=add,
        clear="; ".join(f"t{r} = zeros(a)" for r in totals),
        keep="; ".join(f"store(goal + {r} * below, add(t{r}, v))" for r in totals),
    )  # fmt: skip
