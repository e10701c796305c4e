"""Each gate as a user of torch or jax writes it: no library has a name for more than one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from types import MappingProxyType, SimpleNamespace
from typing import Any

from actbench.activations.record import Activation
from actbench.activations.vector import VectorFunction

Values = Mapping[str, Any]


def _oai(ops: Any, a: Any, b: Any, alpha: float) -> Any:
    return (b + 1) * (a * ops.sigmoid(alpha * a))


# a row to its formula: a library's functions, the gate's input, the other one, parameters
FORMULAS: Mapping[str, Callable[[Any, Any, Any, Values], Any]] = MappingProxyType(
    {
        "glu": lambda ops, a, b, p: b * ops.sigmoid(a),
        "swiglu": lambda ops, a, b, p: ops.silu(a) * b,
        "geglu": lambda ops, a, b, p: ops.gelu(a) * b,
        "geglu_tanh": lambda ops, a, b, p: ops.gelu_tanh(a) * b,
        "reglu": lambda ops, a, b, p: ops.relu(a) * b,
        "bilinear": lambda ops, a, b, p: a * b,
        "drelu": lambda ops, a, b, p: ops.relu(a) * ops.relu(b),
        "swiglu_beta": lambda ops, a, b, p: a * ops.sigmoid(p["alpha"] * a) * b,
        "swiglu_oai": lambda ops, a, b, p: _oai(
            ops, ops.clip(a, None, p["limit"]), ops.clip(b, -p["limit"], p["limit"]), p["alpha"]
        ),
        "swiglu_clamped": lambda ops, a, b, p: (
            ops.silu(ops.clip(a, None, p["limit"])) * ops.clip(b, -p["limit"], p["limit"])
        ),
        "swiglu_step": lambda ops, a, b, p: (
            ops.clip(ops.silu(a), None, p["limit"]) * ops.clip(b, -p["limit"], p["limit"])
        ),
        "situ_glu": lambda ops, a, b, p: (
            p["beta_gate"] * ops.tanh(a / p["beta_gate"]) * ops.sigmoid(a)
            * (p["beta_value"] * ops.tanh(b / p["beta_value"]))
        ),
        "fatrelu_glu": lambda ops, a, b, p: a * (a > p["threshold"]) * b,
    }
)  # fmt: skip


def in_one_array(row: VectorFunction, ops: Any) -> Callable[[Any], Any]:
    """A gate of one array in the row's layout, with its parameters; slices where people write slices."""
    formula, layout, values = FORMULAS[row.name], row.layout, row.values()
    assert layout is not None

    def run(x: Any) -> Any:
        if layout.run > 1:
            a, b = layout.split(x)
            return formula(ops, a, b, values)
        half = x.shape[-1] // 2
        one, other = (x[..., ::2], x[..., 1::2]) if layout.run else (x[..., :half], x[..., half:])
        return formula(ops, one, other, values) if layout.gate_first else formula(ops, other, one, values)

    return run


def functions_of(library: str) -> SimpleNamespace:
    """What a gate is written with in ``"torch"`` or ``"jax"``."""
    if library == "torch":
        torch = import_module("torch")
        f = torch.nn.functional
        return SimpleNamespace(sigmoid=torch.sigmoid, tanh=torch.tanh, relu=f.relu, silu=f.silu, gelu=f.gelu,
                               clip=torch.clamp, gelu_tanh=partial(f.gelu, approximate="tanh"))  # fmt: skip
    nn, numpy = import_module("jax.nn"), import_module("jax.numpy")
    return SimpleNamespace(sigmoid=nn.sigmoid, tanh=numpy.tanh, relu=nn.relu, silu=nn.silu, clip=numpy.clip,
                           gelu=partial(nn.gelu, approximate=False), gelu_tanh=nn.gelu)  # fmt: skip


def as_written(row: Activation | VectorFunction, library: str) -> Callable[[Any], Any] | None:
    """A gate as a user of the library writes it; None for other rows, and where the library has just this by name."""
    if not isinstance(row, VectorFunction) or row.name not in FORMULAS:
        return None
    return None if library in row.peers and row.spec == row.name else in_one_array(row, functions_of(library))
