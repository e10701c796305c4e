"""The text of one fused loop over a row's arrays.

The machine code is a C function of addresses, which whoever calls it has looked at (`actbench.kernels.ufuncs`). The
generated module needs nothing of ours but a few instructions, so its name can be the hash of its text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import reduce

from actbench.activations.record import Activation
from actbench.core.dtypes import Format
from actbench.expression.graph import Expression, Graph, Step, trace
from actbench.kernels.emit import RARE, program, written
from actbench.kernels.lower import lowered, operands_of

# What a kernel is to its callers: size, whether to stream, the addresses of its arrays, its parameters; see `ufuncs`.
HEADER = '''"""{title}; generated, delete at will."""
import numpy as np
from numba import cfunc, types
from actbench.kernels.intrinsics import bits, fma, from_bits, held, select
from actbench.kernels.memory import fence, memcpy, offset, same, scratch, store_nontemporal, unaligned
from actbench.kernels.vectors import vector_loop, vector_pass

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
VECTORS = """        vector_loop({program!r},
                    "{names}", ({arrays}), ({numbers}), out_, count)"""
COPY = """    if not streams:
        memcpy(out, {whole}, size)
        return
"""
# A block in which some angle is beyond the vector loop's reach, or on AVX-512 what a row asks to be finite is not, has
# those elements once more, one by one, from copies where `out` is the input itself. Every other element is the vector
# loop's in every block.
RARELY = """{copies}
{usual}
        if found:
            for i in range(count):
{look_again}
                if {far}:
{all}
                    out_[i] = {whole}"""
USUALLY = """        found = False
        for i in range(count):
{body}
            found |= {far}
            out_[i] = {result}"""
USUAL_VECTORS = """        found, = vector_pass({programs!r},
                             "{names}", ({arrays}), ({numbers}), (out_,), (), count)"""
BLOCK_BYTES = 1 << 11  # of the output, as many as `memory.scratch` has


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
    careful, _ = lowered(activation, direction, form, saved=saved, vectors=False)
    graph, form = lowered(activation, direction, form, saved=saved)
    array = {name: name not in activation.parameters or name in arrays for name in names}
    constants, loop = _loop(graph, careful, form, array)
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


def _loop(graph: Graph, careful: Graph, form: Format, array: Mapping[str, bool]) -> tuple[list[str], str]:
    """The constants of a kernel and the text behind its arrays; ``careful`` is what an element alone goes through."""
    block = 8 * BLOCK_BYTES // form.bits
    names = [name for name in array if array[name]]
    before, step = "", "size"
    last = graph.steps[-1]
    if last.op == "argument" and array[str(last.value)]:
        before = COPY.format(whole=last.value)
    if any(operation.op in RARE for operation in graph):
        constants, inner = _rarely(graph, careful, form, array)
        step = str(block)
    elif form.vectors:
        constants, inner = [], VECTORS.format(program=program(graph), **_given(array))
    else:
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


def _given(array: Mapping[str, bool]) -> dict[str, str]:
    """What a vector loop is told of its operands."""
    names, numbers = ([name for name in array if array[name] == kind] for kind in (True, False))
    return {
        "names": " ".join([*names, *numbers]), "arrays": "".join(f"{name}_, " for name in names),
        "numbers": "".join(f"{name}, " for name in numbers),
    }  # fmt: skip


def _asks_whether_finite(op: str, operands: Sequence[Expression]) -> bool:
    return op == "less" and operands[0].op == "absolute" and _is(operands[1], math.inf)


def _is(expression: Expression, value: float | bool) -> bool:
    return expression.op == "constant" and bool(expression.args[0] == value)


def _rarely(graph: Graph, careful: Graph, form: Format, array: Mapping[str, bool]) -> tuple[list[str], str]:
    """Constants, and `RARELY`: what is far, what every element is if it is not, and what it is if it is.

    What is not finite is far too where vectors are said, which then need not ask: a fifth of sine's time.
    """
    tests: list[Expression] = []

    def near(step: Step, operands: list[Expression]) -> Expression:
        if step.op in RARE:
            tests.append(operands[0])
            return operands[1]
        if form.vectors and _asks_whether_finite(step.op, operands):
            tests.append(Expression("logical_not", Expression("less", *operands)))
            return Expression("constant", True)
        if step.op == "where" and _is(operands[0], True):
            return operands[1]
        return Expression(step.op, *operands, *([] if step.value is None else [step.value]))

    result = graph.fold(near)[-1]
    test = reduce(lambda a, b: Expression("logical_or", a, b), tests)
    tested, usual = trace(test, graph.arguments), trace(result, graph.arguments)
    constants, look, far = written(tested, form, "far_")
    most, everything, whole = written(careful, form, "all_")
    if form.vectors:
        both = f"(False, [('any', 'far', {program(tested)}), ('each', 'near', {program(usual)})])"
        loop = USUAL_VECTORS.format(programs=both, **_given(array))
    else:
        more, body, value = written(usual, form)
        constants += more
        lines = _indented(12, [*_loads(graph, array, "_"), *look, *body])
        loop = USUALLY.format(body=lines, far=far, result=value)
    copied = _loads(graph, array, "_was")
    text = RARELY.format(
        usual=loop, far=far, whole=whole,
        copies=_indented(8, [
            f"{name}_was = memcpy(scratch({name}_), {name}_, count) if same({name}, out) else {name}_"
            for name in array if array[name]
        ]),
        look_again=_indented(16, [*copied, *look]), all=_indented(20, everything),
    )  # fmt: skip
    return [*constants, *most], text
