"""From a graph of steps that hardware has to the lines of a loop's body: the only text that is made of expressions.

One walk, two syntaxes: Python for numba, C99 for whoever takes a kernel along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from actbench.core.dtypes import Format
from actbench.expression.graph import Graph, Step

SYMBOLS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "greater": ">", "greater_equal": ">=",
    "less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!=", "logical_and": "&", "logical_or": "|",
}  # fmt: skip
_IN_PYTHON = {
    **{op: f"{{0}} {symbol} {{1}}" for op, symbol in SYMBOLS.items()},
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
_RARE_IN_PYTHON = {
    "far_sin": "np.sin({2}) if {0} else {1}",
    "far_cos": "np.cos({2}) if {0} else {1}",
    "far_sin_pair": "np.sin({2}) * np.cos({3}) + np.cos({2}) * np.sin({3}) if {0} else {1}",
    "far_cos_pair": "np.cos({2}) * np.cos({3}) - np.sin({2}) * np.sin({3}) if {0} else {1}",
    "far_sin_sum": "np.float32(np.sin(np.float64({2}) + np.float64({3}))) if {0} else {1}",
    "far_cos_sum": "np.float32(np.cos(np.float64({2}) + np.float64({3}))) if {0} else {1}",
}
RARE = frozenset(_RARE_IN_PYTHON)
_IN_PYTHON |= _RARE_IN_PYTHON
STEPS = frozenset(_IN_PYTHON)  # what can be written
# of these, and of two that only vectors have, `actbench.kernels.vectors` makes whole vectors of AVX-512
VECTOR_STEPS = STEPS - RARE - {"arctan"} | {"scaled", "looked_up"}
# {f} is the suffix of a float's functions, {i} and {u} are the integers of its width, {v} a constant's bits, {n} itself
_IN_C = {
    **{op: f"{{0}} {symbol} {{1}}" for op, symbol in SYMBOLS.items()},
    "negative": "-{0}",
    "absolute": "fabs{f}({0})",
    "sqrt": "sqrt{f}({0})",
    "logical_not": "!{0}",
    "arctan": "atan{f}({0})",
    "where": "{0} ? {1} : {2}",
    "fma": "actbench_fma{f}({0}, {1}, {2})",
    "bits": "actbench_bits{f}({0})",
    "from_bits": "actbench_from_bits{f}({0})",
    "int_add": "({i})(({u}){0} + {v})",  # unsigned: what overflows a signed integer is undefined in C
    "int_sum": "({i})(({u}){0} + ({u}){1})",
    "int_minus": "({i})(0 - ({u}){0})",
    "int_shift": "({i})(({u}){0} << {n})",
    "int_right": "{0} >> {n}",
    "int_and": "({i})(({u}){0} & {v})",
    "int_or": "{0} | {1}",
    "int_xor": "{0} ^ {1}",
    "odd": "({0} & 1) != 0",
    "far_sin": "{0} ? sin{f}({2}) : {1}",
    "far_cos": "{0} ? cos{f}({2}) : {1}",
    "far_sin_pair": "{0} ? sin{f}({2}) * cos{f}({3}) + cos{f}({2}) * sin{f}({3}) : {1}",
    "far_cos_pair": "{0} ? cos{f}({2}) * cos{f}({3}) - sin{f}({2}) * sin{f}({3}) : {1}",
    "far_sin_sum": "{0} ? (float)sin((double){2} + (double){3}) : {1}",
    "far_cos_sum": "{0} ? (float)cos((double){2} + (double){3}) : {1}",
}
_INTEGERS = frozenset({"bits", *(op for op in _IN_C if op.startswith("int_"))})
_TRUTHS = frozenset({*(op for op, symbol in SYMBOLS.items() if symbol not in "+-*/"), "logical_not", "odd"})


@dataclass(frozen=True)
class Syntax:
    """How steps are written in one language.

    Parameters
    ----------
    templates
        By step.
    assign
        ``(kind, name, text, format)``, with kind ``"float"``, ``"integer"`` or ``"truth"``: a line.
    constant
        ``(value, format)``: its text.
    """

    templates: Mapping[str, str]
    assign: Callable[[str, str, str, Format], str]
    constant: Callable[[float | bool, Format], str]


def written(
    graph: Graph, form: Format, prefix: str = "", *, syntax: Syntax | None = None
) -> tuple[list[str], list[str], str]:
    """A graph of primitive steps as text: lines of constants, lines of the loop's body, and the result's name.

    Parameters
    ----------
    graph, form
        What to write; the format of its constants.
    prefix
        Begins every name but those of arguments, so that several graphs can stand in one loop.
    syntax
        `PYTHON` by default, or `C99`.
    """
    syntax = PYTHON if syntax is None else syntax
    constants: list[str] = []
    lines: list[str] = []
    places: list[str] = []
    kinds: list[str] = []
    for step in graph:
        if step.op == "argument":
            places.append(f"_{step.value}")
            kinds.append("float")
        elif step.op == "constant":
            places.append(f"{prefix}c{len(constants)}")
            kinds.append("truth" if isinstance(step.value, bool) else "float")
            constants.append(syntax.assign(kinds[-1], places[-1], syntax.constant(step.value, form), form))
        else:
            operands = [places[i] for i in step.operands]
            places.append(f"{prefix}t{len(lines)}")
            kinds.append(_kind(step, kinds))
            lines.append(syntax.assign(kinds[-1], places[-1], _text(step, operands, form, syntax), form))
    return constants, lines, places[-1]


def program(graph: Graph) -> str:
    """A graph as a text, which a generated kernel hands to `actbench.kernels.vectors`."""
    return repr([(step.op, step.operands, _plain(step.value)) for step in graph])


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, float) else value


def _kind(step: Step, kinds: list[str]) -> str:
    if step.op == "where":
        return kinds[step.operands[1]]
    return "integer" if step.op in _INTEGERS else "truth" if step.op in _TRUTHS else "float"


def _text(step: Step, operands: list[str], form: Format, syntax: Syntax) -> str:
    number, end = step.value, "" if form.bits == 64 else "f"
    bits = f"0x{int(number) % (1 << form.bits):x}u{'ll' if form.bits == 64 else ''}" if isinstance(number, int) else ""
    integers = {"i": f"int{form.bits}_t", "u": f"uint{form.bits}_t"}
    value = number if syntax is PYTHON else bits
    return syntax.templates[step.op].format(*operands, v=value, n=number, f=end, **integers)


def _constant(value: float | bool, form: Format) -> str:
    if isinstance(value, bool):
        return str(value)
    return f"np.{form.name}({_rounded(value, form)!r})".replace("inf", "np.inf").replace("nan", "np.nan")


def _c_constant(value: float | bool, form: Format) -> str:
    if isinstance(value, bool):
        return str(int(value))
    number = _rounded(value, form)
    if not np.isfinite(number):
        return "NAN" if np.isnan(number) else "INFINITY" if number > 0 else "-INFINITY"
    return re.sub(r"\.?0*p", "p", number.hex()) + ("f" if form.bits == 32 else "")


def _rounded(value: float, form: Format) -> float:
    with np.errstate(over="ignore"):
        return float(np.dtype(form.name).type(value))


def _c_line(kind: str, name: str, text: str, form: Format) -> str:
    types = {"float": "float" if form.bits == 32 else "double", "integer": f"int{form.bits}_t", "truth": "int"}
    return f"const {types[kind]} {name} = {text};"


PYTHON = Syntax(_IN_PYTHON, lambda kind, name, text, form: f"{name} = {text}", _constant)
C99 = Syntax(_IN_C, _c_line, _c_constant)
