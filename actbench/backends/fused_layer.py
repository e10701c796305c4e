"""One layer's elementwise work in one pass: bias and activation; slope, squared norm, bias and parameter gradients.

Arrays are ``(nets, batch, units)``. Between the matrix products of a layer nothing else touches memory: at width 512
the products stay 98 % of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from actbench.backends import cache
from actbench.backends.fused_text import (
    PREAMBLE,
    backward_statements,
    forward_statements,
    parameter_statements,
    parameters_of,
    saved_by,
)
from actbench.registry import resolve
from actbench.words.bits import Format

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

_BACKWARD = """
R = types.Array(F, 3, "C", readonly=True)
M = types.Array(F, 3, "C")
S = types.Array(F, 2, "C")
{constants}

@njit([types.void(M{saved_types}, S, types.float64[::1]{gradient_types}{types})], cache={cache}, nogil=True,
      error_model="numpy", fastmath={{"contract"}})
def kernel(d{saved}, db, norms{gradients}{names}):
    squares = np.empty(d.shape[2], real)
{scratch}
    for n in range(d.shape[0]):
{net}
        bn = db[n]
        for j in range(bn.size):
            bn[j] = real(0)
            squares[j] = real(0)
{clear}
        for i in range(d.shape[1]):
            di = d[n, i]
{rows}
{gradient_loops}
            for j in range(di.size):
                dy = di[j]
{loads}
{body}
                di[j] = {result}
            for j in range(di.size):
                r = di[j]
                bn[j] += r
                squares[j] += r * r
        total = 0.0
        for j in range(squares.size):
            total += squares[j]
        norms[n] = total
{collect}
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
            constants="\n".join(said.constants), second="" if in_place else ", M", h="" if in_place else ", h",
            plus=" + bn[j]" if bias else "", body=_in(16, said.lines), store=_in(16, store),
            rows=_in(12, [] if in_place else ["hi = h[n, i]"], _rows(names, kinds)), cache=keep,
            **_parameters(names, kinds),
        )  # fmt: skip

    return cache.load(text)


@lru_cache(maxsize=256)
def backward_kernel(spec: str, bits: int, kinds: Kinds) -> Callable[..., None]:
    """``kernel(d, *saved, db, norms, *gradients, *parameters)``: d *= f', its sums over the batch, its squared norm.

    ``gradients`` are float64 arrays ``(nets,)``, one for each learned parameter of kind ``"net"``.
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
        constants = [*said.constants, *(line for part in learned.values() for line in part.constants)]
        common = _parameters(names, kinds)
        loads = [f"{name} = {name}i[j]" for name in saved]
        loops = [
            "for j in range(di.size):\n"
            + _in(16, ["dy = di[j]", *loads]) + "\n" + common["loads"] + "\n"
            + _in(16, [*part.lines, f"sum_{name}[j] += {part.result}"])
            for name, part in learned.items()
        ]  # fmt: skip
        return PREAMBLE.format(title=f"{activation.name}: slope and sums", bits=bits) + _BACKWARD.format(
            constants="\n".join(constants), saved_types=", R" * len(saved), result=said.result, cache=keep,
            gradient_types=", types.float64[::1]" * len(learned), types=common["types"], names=common["names"],
            saved="".join(f", all_{name}" for name in saved), gradients="".join(f", d_{name}" for name in learned),
            scratch=_in(4, [f"sum_{name} = np.empty(d.shape[2], real)" for name in learned]), net=common["net"],
            clear=_in(12, [f"sum_{name}[j] = real(0)" for name in learned]),
            rows=_in(12, [f"{name}i = all_{name}[n, i]" for name in saved], _rows(names, kinds)),
            gradient_loops=_in(12, loops), loads=_in(16, loads) + "\n" + common["loads"],
            body=_in(16, said.lines),
            collect=_in(8, [f"total_{name} = 0.0\n        for j in range(sum_{name}.size):\n            "
                            f"total_{name} += sum_{name}[j]\n        d_{name}[n] = total_{name}" for name in learned]),
        )  # fmt: skip

    return cache.load(text)


def _in(spaces: int, *groups: Sequence[str]) -> str:
    """Lines at one depth."""
    return "\n".join(" " * spaces + line for group in groups for line in group)


def _rows(names: Sequence[str], kinds: Kinds) -> list[str]:
    return [f"row_{name} = p_{name}[n, i]" for name, kind in zip(names, kinds, strict=True) if kind == "element"]


def _parameters(names: Sequence[str], kinds: Kinds) -> dict[str, Any]:
    """How parameters arrive: as types and names of the signature, once a network, once an element."""
    pairs = list(zip(names, kinds, strict=True))
    return {
        "types": "".join(f", {_TYPES[kind]}" for _, kind in pairs),
        "names": "".join(f", p_{name}" for name in names),
        "net": _in(
            8, [f"_{name} = p_{name}{'[n]' if kind == 'net' else ''}" for name, kind in pairs if kind != "element"]
        ),
        "loads": _in(16, [f"_{name} = row_{name}[j]" for name, kind in pairs if kind == "element"]),
    }
