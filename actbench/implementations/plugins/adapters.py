"""What an object is: a row, NumPy, torch, jax or a class with two passes; and how each is called on arrays."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.record import Activation
from actbench.core.errors import ActbenchError

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Callee:
    """An object as functions on arrays.

    Parameters
    ----------
    kind
        ``"row"``, ``"numpy"``, ``"torch"``, ``"jax"`` or ``"class"``.
    forward
        f(x), of arrays or, where it can be recorded, of expressions.
    backward
        ``(dy, x) -> dx`` where the object brings one, or its library derives one; else None.
    row
        The record, where the object is one.
    library
        What evaluates it, with its version.
    remarks
        What a reader should know.
    """

    kind: str
    forward: Callable[..., Any]
    backward: Callable[..., Any] | None = None
    row: Activation | None = None
    library: str = ""
    remarks: tuple[str, ...] = field(default=())


def adapt(found: Any) -> Callee:
    """What this object is.

    Raises
    ------
    ActbenchError
        For what cannot be called. Whatever it raises when it is tried goes through.
    """
    if isinstance(found, Activation):
        return Callee(kind="row", forward=found.callables.forward, backward=found.callables.backward, row=found)
    torch = sys.modules.get("torch")
    if inspect.isclass(found) and not (torch and issubclass(found, torch.nn.Module)):
        if not (hasattr(found, "forward") and hasattr(found, "backward")):
            raise ActbenchError(f"class {found.__name__} has no forward and backward; give both")
        return _of_class(found)
    if inspect.isclass(found):
        found = found()
    if torch is not None and isinstance(found, torch.nn.Module):
        return _of_torch(found, torch)
    if hasattr(found, "forward") and hasattr(found, "backward") and not callable(found):
        kind = type(found)
        return _of_class(kind)
    if not callable(found):
        raise ActbenchError(
            f"names something of type {type(found).__name__}, which cannot be called; give a function, a class or a row"
        )
    return _of_function(found, torch)


def _of_function(function: Callable[..., Any], torch: Any) -> Callee:
    """By what it returns for an array; torch functions refuse arrays, and are then tried with a tensor."""
    trial = np.linspace(-1.0, 1.0, 8)
    try:
        answer = function(trial.copy())
    except Exception:
        if torch is None:
            raise
        answer = function(torch.from_numpy(trial.copy()))
    if torch is not None and isinstance(answer, torch.Tensor):
        return _of_torch(function, torch)
    if type(answer).__module__.partition(".")[0] in ("jax", "jaxlib"):
        return _of_jax(function)
    return Callee(kind="numpy", forward=lambda x: function(x), library=f"numpy {np.__version__}")


def _of_class(kind: type) -> Callee:
    """A fresh object for each pass: forward keeps what backward needs, and no call sees another's."""

    def forward(x: Any) -> Any:
        return kind().forward(x)

    def backward(dy: Any, x: Any) -> Any:
        layer = kind()
        layer.forward(x)
        return layer.backward(dy)

    return Callee(kind="class", forward=forward, backward=backward, library=f"numpy {np.__version__}")


def _of_torch(function: Callable[..., Any], torch: Any) -> Callee:
    """Its values, and its own automatic derivative."""
    if isinstance(function, torch.nn.Module):
        function = function.double().eval()
    torch.set_num_threads(1)
    unchecked = [True]  # whether it writes into its input is looked at once: it gets a copy each time anyway

    def value(x: Array) -> Array:
        with torch.no_grad():
            wanted = torch.from_numpy(np.array(x))
            found = function(wanted)
        if not isinstance(found, torch.Tensor):
            raise ActbenchError(f"gives a {type(found).__name__} for a tensor; return a tensor")
        if unchecked and wanted.numpy().tobytes() != np.asarray(x).tobytes():
            raise ActbenchError("writes into its input; return a new tensor")
        unchecked.clear()
        return np.array(found.numpy())

    def backward(dy: Array, x: Array) -> Array:
        tensor = torch.from_numpy(np.array(x)).requires_grad_()
        result = function(tensor)
        if not result.requires_grad:
            return np.zeros_like(x)
        (slope,) = torch.autograd.grad(result, tensor, torch.from_numpy(np.array(dy)))
        return np.array(slope.numpy())

    return Callee(kind="torch", forward=value, backward=backward, library=f"torch {torch.__version__}")


def _of_jax(function: Callable[..., Any]) -> Callee:
    """Its values, and the derivative that jax traces; in float64, which jax has to be asked for."""
    jax: Any = import_module("jax")
    setting = jax.config
    setting.update("jax_enable_x64", True)

    def pulled(dy: Any, x: Any) -> Any:
        return jax.vjp(function, x)[1](dy)[0]

    forward, backward = jax.jit(function), jax.jit(pulled)
    return Callee(
        kind="jax", library=f"jax {jax.__version__}",
        forward=lambda x: np.array(forward(jax.numpy.asarray(x))),
        backward=lambda dy, x: np.array(backward(jax.numpy.asarray(dy), jax.numpy.asarray(x))),
    )  # fmt: skip
