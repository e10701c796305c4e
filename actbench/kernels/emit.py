"""From a graph of steps that hardware has to the lines of a loop's body: the only text that is made of expressions."""

from __future__ import annotations

import numpy as np

from actbench.core.dtypes import Format
from actbench.expression.graph import Graph, Step

_SYMBOLS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "greater": ">", "greater_equal": ">=",
    "less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!=", "logical_and": "&", "logical_or": "|",
}  # fmt: skip
_TEMPLATES = {
    "negative": "-{0}",
    "absolute": "abs({0})",
    "sqrt": "np.sqrt({0})",
    "logical_not": "not {0}",
    "arctan": "np.arctan({0})",
    "where": "select({0}, {1}, {2})",
    "fma": "fma({0}, {1}, {2})",
    "bits": "bits({0})",
    "from_bits": "from_bits({0})",
    "int_add": "whole({0} + whole({v}))",  # numba adds two int32 as int64; narrowed at once, LLVM drops the widening
    "int_sum": "whole({0} + {1})",
    "int_minus": "whole(-{0})",
    "int_shift": "whole({0} << whole({v}))",
    "int_right": "whole({0} >> whole({v}))",
    "int_and": "whole({0} & whole({v}))",
    "int_or": "whole({0} | {1})",
    "int_xor": "whole({0} ^ {1})",
    "odd": "({0} & whole(1)) != whole(0)",
}
# (far, near, angle...): a call of the C library, which reduces an angle of any size rightly, where it is far; such a
# branch keeps a loop from becoming vectors, so kernels look for it first (see `actbench.kernels.source`)
RARE = {
    "far_sin": "np.sin({2}) if {0} else {1}",
    "far_cos": "np.cos({2}) if {0} else {1}",
    "far_sin_pair": "np.sin({2}) * np.cos({3}) + np.cos({2}) * np.sin({3}) if {0} else {1}",
    "far_cos_pair": "np.cos({2}) * np.cos({3}) - np.sin({2}) * np.sin({3}) if {0} else {1}",
}
_TEMPLATES |= RARE
STEPS = frozenset({*_SYMBOLS, *_TEMPLATES})  # what `written` can write


def written(graph: Graph, form: Format, prefix: str = "") -> tuple[list[str], list[str], str]:
    """A graph of primitive steps as text: lines of constants, lines of the loop's body, and the result's name.

    Parameters
    ----------
    graph, form
        What to write; the format of its constants.
    prefix
        Begins every name but those of arguments, so that several graphs can stand in one loop.
    """
    constants: list[str] = []
    lines: list[str] = []
    places: list[str] = []
    for step in graph:
        if step.op == "argument":
            places.append(f"_{step.value}")
        elif step.op == "constant":
            places.append(f"{prefix}c{len(constants)}")
            constants.append(f"{places[-1]} = {_constant(step.value, form)}")
        else:
            operands = [places[i] for i in step.operands]
            places.append(f"{prefix}t{len(lines)}")
            lines.append(f"{places[-1]} = {_line(step, operands)}")
    return constants, lines, places[-1]


def _line(step: Step, operands: list[str]) -> str:
    if step.op in _SYMBOLS:
        return f"{operands[0]} {_SYMBOLS[step.op]} {operands[1]}"
    return _TEMPLATES[step.op].format(*operands, v=step.value)


def _constant(value: float | bool, form: Format) -> str:
    if isinstance(value, bool):
        return str(value)
    kind = np.float32 if form.bits == 32 else np.float64
    with np.errstate(over="ignore"):
        return f"np.{form.name}({float(kind(value))!r})".replace("inf", "np.inf").replace("nan", "np.nan")
