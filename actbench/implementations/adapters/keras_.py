"""keras on the backend that it is set to (KERAS_BACKEND); gradients and races where that is torch."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from actbench.activations.vector import VectorFunction
from actbench.core.machine import version
from actbench.implementations.adapters import torch_
from actbench.implementations.implementation import Absent, Array, Implementation, Operands, PreparedCall
from actbench.implementations.libraries import Function, Library
from actbench.implementations.named import named_by

# Functions that ask for more than x, from the row's parameters.
_MORE = {"threshold": ("threshold", "value")}


def start() -> Any:
    """keras, on a backend that is there: its default, TensorFlow, most often is not."""
    if "keras" not in sys.modules and "KERAS_BACKEND" not in os.environ:
        os.environ["KERAS_BACKEND"] = "torch" if find_spec("torch") else "jax" if find_spec("jax") else "tensorflow"
    return import_module("keras")


def of_row(row: Function) -> Implementation:
    """See `actbench.implementations.libraries.Library`."""
    start()
    function, options = named_by(row, "keras")
    if isinstance(function, type):
        raise Absent(f"{row.peers['keras']} is a layer with weights of its own")
    if isinstance(row, VectorFunction):
        return of_tensors(lambda x: function(x, axis=-1))
    more = tuple(row.values()[name] for name in _MORE.get(row.name, ()))
    options = {} if more else {**options, **row.bound}
    return of_tensors(lambda x: function(x, *more, **options))


def of_tensors(function: Any, *, kind: str = "row") -> Implementation:
    """A function of one of keras' tensors."""
    keras = start()
    backend = keras.backend.backend()
    if backend == "torch":
        made = torch_.of_tensors(function, kind=kind)
        return replace(made, library="keras", version=str(version("keras")), devices=("cpu",),
                       prepare=lambda direction, operands, device: _prepare(function, direction, operands))  # fmt: skip

    def forward(x: Array) -> Array:
        given = keras.ops.convert_to_tensor(np.array(x), dtype=str(x.dtype))
        return np.array(keras.ops.convert_to_numpy(function(given)))

    return Implementation(
        library="keras", version=str(version("keras")), kind=kind, forward=forward,
        dtypes=("float32",) if backend == "jax" else ("float32", "float64"), prepare=_not_here,
        lacks={"backward": f"no gradients from keras on {backend} here; set KERAS_BACKEND=torch"},
    )  # fmt: skip


def _not_here(direction: str, operands: Operands, device: str) -> PreparedCall:
    backend = start().backend.backend()
    raise Absent(f"keras runs on {backend} here, and is timed on torch alone; set KERAS_BACKEND=torch")


def _prepare(function: Any, direction: str, operands: Operands) -> PreparedCall:
    torch = import_module("torch")
    (x, dy, _, _), build = torch_.tensors(operands, "cpu")
    call: Callable[[], Any]
    if direction == "forward":
        call = lambda: function(x)  # noqa: E731
        with torch.no_grad():
            torch_.computes(call(), x)
    else:
        call, build = torch_.graph_call(function, x, dy)
    return PreparedCall(
        call=call, result=lambda: torch_.read_back(call), refresh=build, around=torch.no_grad,
        note="on torch; allocates its result",
    )  # fmt: skip


def of_object(given: Any) -> Implementation | None:
    """A layer, or a class of layers that needs no arguments."""
    keras = sys.modules.get("keras")
    if keras is None or not hasattr(keras, "Layer"):
        return None
    if isinstance(given, type) and issubclass(given, keras.Layer):
        from actbench.implementations.targets.objects import instance_of

        given = instance_of(given)
    return of_tensors(given, kind="object") if isinstance(given, keras.Layer) else None


LIBRARY = Library(name="keras", of_row=of_row, of_object=of_object)
