"""What a user's object is, as an `Implementation`: the object that was given, never another one made from its class."""

from __future__ import annotations

import copy
import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from actbench.activations.record import Activation
from actbench.core.errors import ActbenchError
from actbench.implementations.implementation import Implementation
from actbench.implementations.libraries import libraries

ONE_ARRAY = "an activation takes one array and returns one of the same shape and dtype"
A_GATE = "a gate of two inputs: audit or identify"


def adapt(given: Any) -> Implementation:
    """What this object is.

    Raises
    ------
    ActbenchError
        For what cannot be called. Whatever it raises when it is tried goes through.
    """
    if isinstance(given, Activation):
        row = given
        return Implementation(library="actbench", kind="row", forward=row.forward, backward=row.backward,
                              expression=row.callables.forward, own_backward=row.callables.backward)  # fmt: skip
    if isinstance(given, Implementation):
        return given
    for library in libraries().values():
        made = library.of_object(given) if library.of_object is not None else None
        if made is not None:
            return made
    if inspect.isclass(given):
        return _of_passes(_instance(given), "class")
    if hasattr(given, "forward") and hasattr(given, "backward"):
        return _of_passes(given, "object")
    if not callable(given):
        raise ActbenchError(
            f"names something of type {type(given).__name__}, which cannot be called; give a function, a class or a row"
        )
    return _of_function(given)


def _instance(kind: type) -> Any:
    """An object of a class that needs no arguments."""
    if not (hasattr(kind, "forward") and hasattr(kind, "backward")) and "__call__" not in vars(kind):
        missing = [name for name in ("forward", "backward") if not hasattr(kind, name)]
        raise ActbenchError(f"class {kind.__name__} has no {' and no '.join(missing)}; give it forward and backward")
    return instance_of(kind)


def instance_of(kind: type) -> Any:
    """``kind()``, where it can be made without arguments.

    Raises
    ------
    ActbenchError
        Naming the arguments that it needs.
    """
    try:
        parameters = inspect.signature(kind).parameters.values()
    except (TypeError, ValueError):
        parameters = ()  # type: ignore[assignment]
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in variadic]
    if needed:
        made = f"act = {kind.__name__}({needed[0]}=...)"
        raise ActbenchError(f"class {kind.__name__} needs {', '.join(needed)}; give an object, as {made}")
    return kind()


def _of_passes(given: Any, kind: str) -> Implementation:
    """Two passes of copies of one object: forward keeps what backward needs, and the object itself stays as it is."""
    if not hasattr(given, "forward"):
        return _of_function(given)
    _takes_dy_alone(given)
    shared = _copied(given)  # forward calls follow one another on it, so that a state that is kept between them shows

    def backward(dy: Any, x: Any) -> Any:
        layer = _copied(given)
        layer.forward(x)
        return layer.backward(dy)

    def apart(dy: Any, x: Any, other: Any) -> Any:
        one, another = _copied(given), _copied(given)
        one.forward(x)
        another.forward(other)
        return one.backward(dy)

    return Implementation(
        library="numpy", version=np.__version__, kind=kind, forward=lambda x: shared.forward(x), backward=backward,
        apart=None if _copied(given) is given else apart,
        expression=lambda x: _copied(given).forward(x), own_backward=backward,
    )  # fmt: skip


def _takes_dy_alone(given: Any) -> None:
    """Complain about a backward pass that asks for more than the gradient that arrives."""
    try:
        parameters = inspect.signature(given.backward).parameters.values()
    except (AttributeError, TypeError, ValueError):
        return
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind in places]
    if len(needed) > 1:
        raise ActbenchError(f"backward({', '.join(needed)}) is called with {needed[0]} alone; keep {needed[1]} in "
                            f"forward, as self.{needed[1]} = {needed[1]}")  # fmt: skip


def _copied(given: Any) -> Any:
    try:
        return copy.deepcopy(given)
    except Exception:  # somebody else's object may hold what cannot be copied: a file, a lock
        return given


def _of_function(function: Callable[..., Any]) -> Implementation:
    """By what it returns for an array; functions of tensors refuse arrays, and are then tried with what they take."""
    trial = np.linspace(-1.0, 1.0, 8)
    tried = [library for name, library in libraries().items() if library.of_answer is not None and name in sys.modules]
    try:
        answer = function(trial.copy())
    except Exception:
        for library in tried:
            assert library.of_answer is not None
            made = library.of_answer(function, None)
            if made is not None:
                return made
        raise
    for library in tried:
        assert library.of_answer is not None
        made = library.of_answer(function, answer)
        if made is not None:
            return made

    def forward(x: Any) -> Any:
        return function(x)

    return Implementation(library="numpy", version=np.__version__, kind="function", forward=forward, expression=forward)


VECTORIZE = "np.vectorize gives all results the type of the first; write np.vectorize(f, otypes=[float]), or np.where"
NUMPY_WHERE = "decides with if, and, or, min or max on a whole array; write np.where(condition, a, b)"
TORCH_WHERE = "decides with if on a whole tensor; write torch.where(condition, a, b)"
JAX_WHERE = "decides with if on a traced value of jax; write jnp.where(condition, a, b)"
ONE_NUMBER = "is written for one number (math.*, float()); write the array's function, as np.exp for math.exp"
NO_ONNX = "is no ONNX model, or a part of one; export it again"
# Parts of what libraries raise at ordinary mistakes, to what these are.
_WORDS = {
    "truth value of a": NUMPY_WHERE,
    "Boolean value of Tensor": TORCH_WHERE,
    "TracerBool": JAX_WHERE, "boolean conversion of traced": JAX_WHERE,
    "TracerArrayConversion": "calls NumPy on a traced value of jax; write jnp functions",
    "Concretization": "needs the number behind a traced value of jax; write jnp functions and jnp.where",
    "can be converted to": ONE_NUMBER, "must be real number, not": ONE_NUMBER, "only 0-dimensional": ONE_NUMBER,
    "a Tensor with": ONE_NUMBER,
    "vmap was requested": "maps over the first axis alone (jax.vmap); give the function of arrays, or jnp.vectorize(f)",
    "INVALID_PROTOBUF": NO_ONNX, "No graph was found": NO_ONNX,
    "INVALID_GRAPH": "is an ONNX model that onnxruntime refuses; onnx.checker.check_model says where",
    "Non-zero status code": "is an ONNX model that fails at its own shapes or memory; run it to see where",
    "Legacy autograd function": "is a torch.autograd.Function; give its .apply",
}  # fmt: skip


def in_words(error: BaseException) -> str:
    """Somebody's exception as a reason of one sentence: what it is, and what to write instead."""
    if isinstance(error, ActbenchError):
        return " ".join(str(error).split())
    kind, text = type(error).__name__, " ".join(str(error).split())
    for part, words in _WORDS.items():
        if part in text or part in kind:
            return words
    if isinstance(error, TypeError) and ("positional argument" in text or "required keyword" in text):
        return (f"takes other arguments than one array ({text[:80]}); bind the rest, as functools.partial(f, slope=0.1)"
                f"; {A_GATE}")  # fmt: skip
    if isinstance(error, RecursionError):
        return "calls itself without end"
    if isinstance(error, MemoryError):
        return "needs more memory than it may have (8 GB)"
    short = text if len(text) <= 120 else text[:117] + "..."
    return f"raises {kind}: {short}".rstrip(": ")
