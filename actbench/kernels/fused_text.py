"""A row's steps as statements that can stand inside a larger generated loop: the same words as in its own kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from actbench.activations.record import Activation
from actbench.core.dtypes import Format
from actbench.expression.graph import Graph, argument_names, record
from actbench.kernels.source import _constant, _line, expanded, graph_of

PREAMBLE = '''"""{title}; generated, delete at will."""
import math
import numpy as np
from numba import njit, types
from actbench.kernels.intrinsics import bits, fma, from_bits, held, select

whole = np.int{bits}
F = types.float{bits}
real = np.float{bits}
'''

# flat arrays, samples, numbers that are not written to, whole numbers, float64
TYPES = """
V = types.Array(F, 1, "C")
X = types.Array(F, 2, "C", readonly=True)
R = types.Array(F, 1, "C", readonly=True)
I = types.Array(types.int64, 1, "C", readonly=True)
D = types.Array(types.float64, 1, "C")
"""


@dataclass(frozen=True, kw_only=True)
class Statements:
    """Lines without indentation, the constants that they use, and the name that holds the result.

    ``held`` stands before the loop. A constant that LLVM sees is broadcast anew for every vector, one that it does not
    see is kept: tanh's slope took 0.81 ns a float32, and takes 0.60.
    """

    lines: tuple[str, ...]
    constants: tuple[str, ...]
    held: tuple[str, ...]
    result: str


def statements(graph: Graph, form: Format, prefix: str, names: Mapping[str, str]) -> Statements:
    """A graph as assignments.

    Parameters
    ----------
    graph
        What to compute.
    form
        The format of arrays and constants.
    prefix
        What local names begin with, so that two graphs can share a loop.
    names
        The graph's arguments to local names.
    """
    lines: list[str] = []
    constants: list[str] = []
    places: list[str] = []
    for step in expanded(graph, form):
        if step.op == "argument":
            places.append(names[step.value])
        elif step.op == "constant" and isinstance(step.value, bool):
            places.append(str(step.value))
        elif step.op == "constant":
            places.append(f"{prefix}c{len(constants)}")
            constants.append(f"{prefix}C{len(constants)} = {_constant(step.value, form)}")
        else:
            places.append(f"{prefix}{len(lines)}")
            lines.append(f"{places[-1]} = {_line(step, [places[i] for i in step.operands])}")
    held = tuple(f"{prefix}c{i} = held({prefix}C{i})" for i in range(len(constants)))
    return Statements(lines=tuple(lines), constants=tuple(constants), held=held, result=places[-1])


def forward_statements(activation: Activation, form: Format, names: Mapping[str, str]) -> Statements:
    """The row's forward pass."""
    return statements(graph_of(activation, "forward"), form, "f", names)


def backward_statements(activation: Activation, form: Format, names: Mapping[str, str]) -> Statements:
    """The row's backward pass from what it saves."""
    return statements(graph_of(activation, "backward", saved=True), form, "g", names)


def parameter_statements(activation: Activation, form: Format, names: Mapping[str, str]) -> dict[str, Statements]:
    """For each learned parameter its gradient, element by element."""
    return {
        name: statements(record(function), form, f"q{i}_", names)
        for i, (name, function) in enumerate(activation.parameter_gradients.items())
    }


def parameters_of(activation: Activation) -> tuple[str, ...]:
    """Parameters that forward, backward or a gradient asks for, in the record's order."""
    functions = [activation.callables.forward, activation.callables.backward, *activation.parameter_gradients.values()]
    wanted = {name for function in functions for name in argument_names(function)}
    return tuple(name for name in activation.parameters if name in wanted)


def saved_by(activation: Activation) -> tuple[str, ...]:
    """The arrays that backward and the parameters' gradients need: of ``x`` and ``y``."""
    wanted = {*activation.saves}
    for function in activation.parameter_gradients.values():
        wanted |= {name for name in argument_names(function) if name in ("x", "y")}
    return tuple(name for name in ("x", "y") if name in wanted)


def indented(spaces: int, *groups: Sequence[str]) -> str:
    """Lines at one depth of a template."""
    return "\n".join(" " * spaces + line for group in groups for line in group)
