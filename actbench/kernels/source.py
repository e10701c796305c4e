"""A row as the text of one fused loop: every word expanded to primitive steps, constants typed, no branch.

The machine code is a C function of addresses, which whoever calls it has looked at (`actbench.kernels.ufuncs`). The
generated module needs nothing of ours but a few instructions, so its name can be the hash of its text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache, reduce

import numpy as np

from actbench.activations.record import Activation
from actbench.core.dtypes import Format
from actbench.core.errors import ActbenchError
from actbench.expression.graph import PRIMITIVES, Expression, Graph, Step, composed, record, trace
from actbench.expression.primitives.pairs import two_product

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
# branch keeps a loop from becoming vectors, so kernels look for it first (see `blocked`)
_RARE = {
    "far_sin": "np.sin({2}) if {0} else {1}",
    "far_cos": "np.cos({2}) if {0} else {1}",
    "far_sin_pair": "np.sin({2}) * np.cos({3}) + np.cos({2}) * np.sin({3}) if {0} else {1}",
    "far_cos_pair": "np.cos({2}) * np.cos({3}) - np.sin({2}) * np.sin({3}) if {0} else {1}",
}
_TEMPLATES |= _RARE

# What a kernel is to its callers: size, whether to stream, the addresses of its arrays, its parameters; see `ufuncs`.
HEADER = '''"""{title}; generated, delete at will."""
import numpy as np
from numba import cfunc, types
from actbench.kernels.intrinsics import bits, fma, from_bits, held, select
from actbench.kernels.memory import fence, memcpy, offset, same, scratch, store_nontemporal, unaligned

whole = np.int{width}
F = types.CPointer(types.float{width})
{constants}

@cfunc(types.void(types.intp, types.intp, types.CPointer(F), F), cache={cache}, error_model="numpy",
       fastmath={{"contract"}})
def kernel(size, streams, arrays, values):
{operands}
'''
# Arrays that no cache holds can be written past the caches: an ordinary store first reads the line that it
# overwrites, a third of a forward pass's traffic. A block is computed into the first cache and goes from there to
# memory in whole lines; what comes before the first whole line and behind the last full block is stored as usual.
LOOP = """    room = scratch(out)
    step, ahead = {step}, 0
    if streams:
        step, ahead = {block}, unaligned(out)
    start = 0
    while start < size:
        count = min(step - ahead, size - start)
        aside = streams != 0 and count == {block}
{places}
        out_ = room if aside else offset(out, start)
{inner}
        if aside:
            store_nontemporal(offset(out, start), room, ({coming}))
        start, ahead = start + count, 0
    if streams:
        fence()

kernel.weight, kernel.moved = {weight}, {moved}
"""
STRAIGHT = """        for i in range(count):
{body}
            out_[i] = {result}"""
COPY = """    if not streams:
        memcpy(out, {whole}, size)
        return
"""
# A block in which some angle is beyond the vector loop's reach has those elements once more, one by one, from copies
# where `out` is the input itself. Every other element is the vector loop's in every block.
RARELY = """{copies}
        found = False
        for i in range(count):
{body}
            found |= {far}
            out_[i] = {result}
        if found:
            for i in range(count):
{look_again}
                if {far}:
{all}
                    out_[i] = {whole}"""
BLOCK_BYTES = 1 << 11  # of the output, as many as `memory.scratch` has


def expanded(graph: Graph, form: Format) -> Graph:
    """The graph with every word that hardware lacks replaced by its kernel meaning.

    Raises
    ------
    ActbenchError
        For a word that has none.
    """

    def combine(step: Step, operands: list[Expression]) -> Expression:
        if step.op == "fused":
            if fuses():
                return Expression("fma", *operands)
            product, rest = two_product(*operands[:2])
            return (product + operands[2]) + rest  # type: ignore[no-any-return]
        if step.op in ("argument", "constant") or step.op not in PRIMITIVES:  # leaves, and bit steps of a meaning
            return Expression(step.op, *operands, *([] if step.value is None else [step.value]))
        if step.op == "add" and fuses():
            factors = _halved(*operands)
            if factors is not None:  # 1 instruction for 17
                a, b, product = factors
                return Expression("fma", a, b, Expression("negative", product))
        word = PRIMITIVES[step.op]
        if word.kernel is not None:
            return word.kernel(form, *operands)  # type: ignore[no-any-return]
        if step.op in ("maximum", "minimum"):
            return _extreme(step.op, *operands)
        if step.op not in _SYMBOLS and step.op not in _TEMPLATES:
            raise ActbenchError(f"the word {step.op!r} has no kernel meaning yet; use backend='numpy'")
        return Expression(step.op, *operands)

    result = trace(graph.fold(combine)[-1], graph.arguments)
    primitive = {*_SYMBOLS, *_TEMPLATES, "argument", "constant"}
    # a kernel meaning may itself say `maximum` and the like
    return result if all(step.op in primitive for step in result) else expanded(result, form)


@lru_cache(maxsize=1)
def fuses() -> bool:
    """Whether the processor that kernels are for multiplies and adds with one rounding; else that is a slow call."""
    import llvmlite.binding as llvm

    if os.environ.get("NUMBA_CPU_FEATURES") is not None:
        return "+fma" in os.environ["NUMBA_CPU_FEATURES"]
    if os.environ.get("NUMBA_CPU_NAME"):
        return False
    return bool(llvm.get_host_cpu_features().get("fma"))


def _halved(left: Expression, right: Expression) -> tuple[Expression, Expression, Expression] | None:
    """a, b and p = a b, where left + right is Dekker's ((ah bh - p) + ah bl + al bh) + al bl: exactly a b - p."""
    chain = [right]
    for op in ("add", "add", "subtract"):
        if left.op != op:
            return None
        left, last = left.args
        chain.append(last)
    low_low, low_high, high_low, product = chain
    parts = (left, high_low, low_high, low_low, product)
    if any(part.op != "multiply" for part in parts):
        return None
    (ah, bh), (_, bl), (al, _), _, (a, b) = (part.args for part in parts)
    wanted = ((ah, bh), (ah, bl), (al, bh), (al, bl), (a, b))
    same = all(part.args[0] is x and part.args[1] is y for part, (x, y) in zip(parts, wanted, strict=True))
    split = all(
        low.op == "subtract" and low.args[0] is whole and low.args[1] is high and high.op == "from_bits"
        for whole, high, low in ((a, ah, al), (b, bh, bl))
    )
    return (a, b, product) if same and split else None


def _extreme(op: str, a: Expression, b: Expression) -> Expression:
    """maximum or minimum with NaN kept from either side; a constant cannot be NaN, which saves a comparison."""
    compare = "less" if op == "maximum" else "greater"
    if a.op == "constant":
        a, b = b, a
    take_b = Expression(compare, a, b)
    if b.op != "constant":
        take_b = Expression("logical_or", take_b, Expression("not_equal", b, b))
    return Expression("where", take_b, b, a)


def graph_of(activation: Activation, direction: str, *, saved: bool = False) -> Graph:
    """What a kernel computes: ``"forward"`` from x; ``"backward"`` from dy and x, or from what the row saves.

    A learned parameter's name stands for its gradient, element by element.
    """
    said = activation.callables
    if direction == "forward":
        return record(said.forward)
    if direction == "backward":
        return record(said.backward) if saved else composed(said.backward, said.forward)
    if direction in activation.parameter_gradients:
        return record(activation.parameter_gradients[direction])
    raise ActbenchError(f"direction {direction!r} is not known; known: forward, backward, a learned parameter")


def operands_of(activation: Activation, direction: str, *, saved: bool = False) -> tuple[str, ...]:
    """The kernel's operands in order: arrays first, then the parameters that take part."""
    graph = graph_of(activation, direction, saved=saved)
    if direction in activation.parameter_gradients:
        first: tuple[str, ...] = tuple(name for name in graph.arguments if name in ("dy", "x", "y"))
    else:
        first = {"forward": ("x",), "backward": ("dy", *(activation.saves if saved else ("x",)))}[direction]
    parameters = [name for name in graph.arguments if name in activation.parameters]
    return (*first, *parameters)


def source(
    activation: Activation,
    direction: str,
    form: Format,
    *,
    saved: bool = False,
    arrays: Sequence[str] = (),
    cache: bool = True,
) -> str:
    """The Python text of one kernel.

    Parameters
    ----------
    activation, direction, saved
        What to compute; see `graph_of`.
    form
        The format of every array and constant.
    arrays
        Parameters that come as one number per element instead of one for all.
    cache
        Whether numba shall keep the machine code beside the file.
    """
    names = operands_of(activation, direction, saved=saved)
    graph = expanded(graph_of(activation, direction, saved=saved), form)
    array = {name: name not in activation.parameters or name in arrays for name in names}
    constants, loop = _loop(graph, form, array)
    first, second = ([name for name in names if array[name] == kind] for kind in (True, False))
    header = HEADER.format(
        title=f"{activation.name} {direction}{' from what is saved' if saved else ''} in {form.name}", width=form.bits,
        constants="\n".join(constants), cache=cache,
        operands=_indented(4, [
            *(f"{name} = arrays[{place}]" for place, name in enumerate([*first, "out"])),
            *(f"{name} = values[{place}]" for place, name in enumerate(second)),
        ]),
    )  # fmt: skip
    return header + loop


def _loop(graph: Graph, form: Format, array: Mapping[str, bool]) -> tuple[list[str], str]:
    """The constants of a kernel and the text behind its arrays."""
    block = 8 * BLOCK_BYTES // form.bits
    names = [name for name in array if array[name]]
    before, step = "", "size"
    last = graph.steps[-1]
    if any(operation.op in _RARE for operation in graph):
        constants, inner = _rarely(graph, form, array)
        step = str(block)
    else:
        if last.op == "argument" and array[str(last.value)]:
            before = COPY.format(whole=last.value)
        constants, lines, result = written(graph, form)
        inner = STRAIGHT.format(body=_indented(12, [*_loads(graph, array, "_"), *lines]), result=result)
    places = _indented(8, [f"{name}_ = offset({name}, start)" for name in names])
    used = {operation.value for operation in graph if operation.op == "argument"}
    coming = "".join(f"offset({name}, start + count), " for name in names if name in used)
    loop = LOOP.format(
        block=block, step=step, places=places, inner=inner, coming=coming, weight=_weight(graph),
        moved=len(used.intersection(names)) + 1,
    )  # fmt: skip
    return constants, before + _indented(4, _held(constants)) + "\n" + loop


def _weight(graph: Graph) -> int:
    """How much is computed for an element: its steps, where a division or a root counts as five."""
    steps = [step.op for step in graph if step.op not in ("argument", "constant")]
    return len(steps) + 4 * sum(op in ("divide", "sqrt") for op in steps)


def _held(constants: Sequence[str]) -> list[str]:
    """Lines that keep constants in registers: in a loop within a loop LLVM else makes them anew at every element (8 %).

    Not 0 and 1, by which LLVM knows an instruction.
    """
    pairs = [line.split(" = ") for line in constants]
    floats = [(name, value) for name, value in pairs if value.startswith("np.float")]
    return [f"{name} = held({value})" for name, value in floats if not re.search(r"\(-?[01]\.0\)", value)]


def _indented(spaces: int, lines: Sequence[str]) -> str:
    return "\n".join(" " * spaces + line for line in lines)


def _loads(graph: Graph, array: Mapping[str, bool], suffix: str) -> list[str]:
    """One line for each operand that a graph uses."""
    used = {step.value for step in graph if step.op == "argument"}
    return [f"_{name} = {name}{suffix}[i]" if array[name] else f"_{name} = {name}" for name in array if name in used]


def _rarely(graph: Graph, form: Format, array: Mapping[str, bool]) -> tuple[list[str], str]:
    """Constants, and `RARELY`: what is far, what every element is if it is not, and what it is if it is."""
    tests: list[Expression] = []

    def near(step: Step, operands: list[Expression]) -> Expression:
        if step.op in _RARE:
            tests.append(operands[0])
            return operands[1]
        return Expression(step.op, *operands, *([] if step.value is None else [step.value]))

    result = graph.fold(near)[-1]
    test = reduce(lambda a, b: Expression("logical_or", a, b), tests)
    argument_names, usual = trace(test, graph.arguments), trace(result, graph.arguments)
    constants, look, far = written(argument_names, form, "far_")
    more, body, value = written(usual, form)
    most, everything, whole = written(graph, form, "all_")
    copied = _loads(graph, array, "_was")
    text = RARELY.format(
        far=far, result=value, whole=whole,
        copies=_indented(8, [
            f"{name}_was = memcpy(scratch({name}_), {name}_, count) if same({name}, out) else {name}_"
            for name in array if array[name]
        ]),
        body=_indented(12, [*_loads(graph, array, "_"), *look, *body]),
        look_again=_indented(16, [*copied, *look]), all=_indented(20, everything),
    )  # fmt: skip
    return [*constants, *more, *most], text


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
