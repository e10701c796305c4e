"""One layer's elementwise work in one pass: bias and activation; slope, squared norm, bias and parameter gradients.

Arrays are ``(nets, batch, units)``. Between the matrix products of a layer nothing else touches memory: at width 512
the products stay 98 % of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from actbench.activations.registry import resolve
from actbench.core.dtypes import Format
from actbench.kernels import cache
from actbench.kernels.fused_text import (
    PREAMBLE,
    backward_statements,
    forward_statements,
    indented,
    parameter_statements,
    parameters_of,
    saved_by,
)

Kinds = tuple[str, ...]  # of each parameter: "number", "net" (one a network), "element" (one an element)

_TYPES = {"number": "F", "net": "types.Array(F, 1, 'C', readonly=True)", "element": "R"}

# One net's rows are walked in order; the inner loops run over units and vectorise. Sums over the batch are kept per
# unit, which needs no reassociation, and the arrays stay apart: LLVM gives up beyond eight overlap checks a loop.
_FORWARD = """
R = types.Array(F, 3, "C", readonly=True)
M = types.Array(F, 3, "C")
B = types.Array(F, 2, "C", readonly=True)
{constants}

@njit([types.void(M{second}, B{types})], cache={cache}, nogil=True, error_model="numpy", fastmath={{"contract"}})
def kernel(z{h}, b{names}):
{held}
    for n in range(z.shape[0]):
{net}
        bn = b[n]
        for i in range(z.shape[1]):
            zi = z[n, i]
{rows}
            for j in range(zi.size):
                x = zi[j]{plus}
{loads}
{body}
{store}
"""

# Blocks of about BLOCK numbers stay in the first-level cache: slopes are written and then summed while they are there.
BLOCK = 2048
# A squared norm outside is brought back by a power of two. Four billion either way: one layer may then change the
# norm by 2^47 before a float32 sum of squares overflows.
SMALLEST, LARGEST = 2.0**-32, 2.0**32

_BACKWARD = """
R = types.Array(F, 2, "C", readonly=True)
M = types.Array(F, 2, "C")
I = types.Array(types.int64, 1, "C")
D = types.Array(types.float64, 1, "C")
{constants}

@njit([types.void(R{saved_types}, M, M, D, I, types.boolean{gradient_types}{types})], cache={cache}, nogil=True,
      error_model="numpy", fastmath={{"contract"}})
def kernel(d{saved}, out, db, norms, taken, carry{gradients}{names}):
{held}
    units = db.shape[1]
    squares = np.empty(units, real)
{scratch}
    block = max(1, {block} // units) * units
    for n in range(d.shape[0]):
{net}
        bn = db[n]
        for j in range(units):
            bn[j] = real(0)
            squares[j] = real(0)
{clear}
        for start in range(0, d.shape[1], block):
            stop = min(start + block, d.shape[1])
            dn = d[n, start:stop]
            gn = out[n, start:stop]
{rows}
{gradient_loops}
            for k in range(dn.size):
                dy = dn[k]
{loads}
{body}
                gn[k] = {result}
            o = 0
            while o + 4 * units <= gn.size:
                r0, r1, r2, r3 = gn[o:o + units], gn[o + units:o + 2 * units], \
                    gn[o + 2 * units:o + 3 * units], gn[o + 3 * units:o + 4 * units]
                for j in range(units):
                    v0, v1, v2, v3 = r0[j], r1[j], r2[j], r3[j]
                    bn[j] += (v0 + v1) + (v2 + v3)
                    squares[j] += (v0 * v0 + v1 * v1) + (v2 * v2 + v3 * v3)
                o += 4 * units
            while o < gn.size:
                r0 = gn[o:o + units]
                for j in range(units):
                    v0 = r0[j]
                    bn[j] += v0
                    squares[j] += v0 * v0
                o += units
        total = 0.0
        for j in range(units):
            total += squares[j]
{collect}
        taken[n] = 0
        if carry and 0.0 < total < np.inf and (total < {smallest!r} or total > {largest!r}):
            exponent = int(np.rint(math.log2(total) / 2))
            factor = 2.0 ** -exponent
            gn = out[n]
            for k in range(gn.size):
                gn[k] *= real(factor)
            for j in range(units):
                bn[j] *= real(factor)
            total *= factor * factor
{rescale}
            taken[n] = exponent
        norms[n] = total
"""


@lru_cache(maxsize=256)
def forward_kernel(spec: str, bits: int, kinds: Kinds, in_place: bool, bias: bool) -> Callable[..., None]:
    """``kernel(z, [h,] b, *parameters)``: z += b where there is a bias, then h = f(z), or z = f(z) in place."""

    def text(keep: bool) -> str:
        activation, form = resolve(spec.partition(":")[0]), Format(bits)
        names = parameters_of(activation)
        said = forward_statements(activation, form, {"x": "x", **{name: f"_{name}" for name in names}})
        store = [f"zi[j] = {said.result}"] if in_place else [*(["zi[j] = x"] if bias else []), f"hi[j] = {said.result}"]
        return PREAMBLE.format(title=f"{activation.name}: bias and activation", bits=bits) + _FORWARD.format(
            constants="\n".join(said.constants), held=indented(4, said.held),
            second="" if in_place else ", M", h="" if in_place else ", h",
            plus=" + bn[j]" if bias else "", body=indented(16, said.lines), store=indented(16, store),
            rows=indented(12, [] if in_place else ["hi = h[n, i]"], _rows(names, kinds)), cache=keep,
            **_parameters(names, kinds),
        )  # fmt: skip

    return cache.load(text)


@lru_cache(maxsize=256)
def backward_kernel(spec: str, bits: int, kinds: Kinds) -> Callable[..., None]:
    """``kernel(d, *saved, out, db, norms, taken, carry, *gradients, *parameters)``: out = d * f', and its sums.

    ``d``, what is saved, ``out`` and parameters of kind ``"element"`` come as ``(nets, batch * units)``, the sum over
    the batch ``db`` as ``(nets, units)``, squared norms as ``(nets,)``. ``out`` may not be ``d``: in place, LLVM makes
    ReLU's select a masked store, which takes AMD four times as long. With ``carry`` a squared norm beyond SMALLEST or
    LARGEST is brought back by a power of two, whose exponent stands in ``taken`` (int64). ``gradients`` are float64
    ``(nets,)``, one for each learned parameter of kind ``"net"``.
    """

    def text(keep: bool) -> str:
        activation, form = resolve(spec.partition(":")[0]), Format(bits)
        names, saved = parameters_of(activation), saved_by(activation)
        local = {"dy": "dy", "x": "x", "y": "y", **{name: f"_{name}" for name in names}}
        said = backward_statements(activation, form, local)
        learned = {
            name: part
            for name, part in parameter_statements(activation, form, local).items()
            if kinds[names.index(name)] == "net"
        }
        parts = [said, *learned.values()]
        pairs = list(zip(names, kinds, strict=True))
        elements = [name for name, kind in pairs if kind == "element"]
        loads = [*(f"{name} = {name}n[k]" for name in saved), *(f"_{name} = row_{name}[k]" for name in elements)]
        loops = [
            line
            for name, part in learned.items()
            for line in (
                "for o in range(0, dn.size, units):", "    for j in range(units):", "        k = o + j",
                "        dy = dn[k]", *(f"        {load}" for load in loads), *(f"        {one}" for one in part.lines),
                f"        sum_{name}[j] += {part.result}",
            )
        ]  # fmt: skip
        collect = [
            line
            for name in learned
            for line in (f"total_{name} = 0.0", "for j in range(units):", f"    total_{name} += sum_{name}[j]",
                         f"d_{name}[n] = total_{name}")
        ]  # fmt: skip
        common = _parameters(names, kinds)
        return PREAMBLE.format(title=f"{activation.name}: slope and sums", bits=bits) + _BACKWARD.format(
            constants="\n".join(line for part in parts for line in part.constants),
            held=indented(4, *(part.held for part in parts)), saved_types=", R" * len(saved),
            result=said.result, cache=keep,
            gradient_types=", D" * len(learned), types=common["types"], names=common["names"], net=common["net"],
            saved="".join(f", all_{name}" for name in saved), gradients="".join(f", d_{name}" for name in learned),
            scratch=indented(4, [f"sum_{name} = np.empty(units, real)" for name in learned]), block=BLOCK,
            clear=indented(12, [f"sum_{name}[j] = real(0)" for name in learned]), smallest=SMALLEST, largest=LARGEST,
            rows=indented(12, [f"{name}n = all_{name}[n, start:stop]" for name in saved],
                     [f"row_{name} = p_{name}[n, start:stop]" for name in elements]),
            gradient_loops=indented(12, loops), loads=indented(16, loads), body=indented(16, said.lines),
            collect=indented(8, collect), rescale=indented(12, [f"d_{name}[n] *= factor" for name in learned]),
        )  # fmt: skip

    return cache.load(text)


def _rows(names: Sequence[str], kinds: Kinds) -> list[str]:
    return [f"row_{name} = p_{name}[n, i]" for name, kind in zip(names, kinds, strict=True) if kind == "element"]


def _parameters(names: Sequence[str], kinds: Kinds) -> dict[str, Any]:
    """How parameters arrive: as types and names of the signature, once a network, once an element."""
    pairs = list(zip(names, kinds, strict=True))
    return {
        "types": "".join(f", {_TYPES[kind]}" for _, kind in pairs),
        "names": "".join(f", p_{name}" for name in names),
        "net": indented(
            8, [f"_{name} = p_{name}{'[n]' if kind == 'net' else ''}" for name, kind in pairs if kind != "element"]
        ),
        "loads": indented(16, [f"_{name} = row_{name}[j]" for name, kind in pairs if kind == "element"]),
    }
