"""What a row's ``peers`` entry names: ``"torch.nn.functional.gelu(approximate='tanh')"`` as a function and options."""

from __future__ import annotations

import ast
from importlib import import_module
from typing import Any

from actbench.activations.record import Activation
from actbench.activations.vector import VectorFunction
from actbench.core.errors import ActbenchError
from actbench.implementations.implementation import Absent


def named_function(text: str) -> tuple[Any, dict[str, Any]]:
    """The object that a qualified name stands for, and the keywords in its brackets.

    Raises
    ------
    ActbenchError
        For a text that is no name, or keywords that are no plain values.
    ImportError, AttributeError
        Where there is no such object.
    """
    path, _, options = split(text)
    first, *rest = path.split(".")
    found: Any = import_module(first)
    where = first
    for part in rest:
        where = f"{where}.{part}"
        if not hasattr(found, part):
            import_module(where)  # a submodule that its package does not import by itself
        found = getattr(found, part)
    return found, options


def split(text: str) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """A dotted name, and the values in its brackets by place and by keyword; none without brackets.

    Raises
    ------
    ActbenchError
        For a text that is no name, or values that are not plain.
    """
    try:
        tree = ast.parse(text, mode="eval").body
        call = tree if isinstance(tree, ast.Call) else None
        arguments = tuple(ast.literal_eval(value) for value in call.args) if call else ()
        options = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords} if call else {}
        path = ast.unparse(call.func if call else tree)
    except (SyntaxError, ValueError):
        path = ""
    if not path or not all(part.isidentifier() for part in path.split(".")):
        raise ActbenchError(f"{text!r} names no function; write package.module.function(option=value)")
    return path, arguments, options


def named_by(row: Activation | VectorFunction, library: str) -> tuple[Any, dict[str, Any]]:
    """What a row names in a library, as `named_function` gives it.

    Raises
    ------
    Absent
        Where it names nothing there.
    """
    if library not in row.peers:
        raise Absent(f"{row.name} names no function of {library}")
    return named_function(row.peers[library])
