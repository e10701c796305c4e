"""From what a row says to steps that hardware has: the one file that asks what the processor can do.

A primitive says its intent (`product_error`, `fused`); here it becomes one instruction or several.
"""

from __future__ import annotations

import os
from collections import Counter
from functools import lru_cache

from actbench.activations.curve import curve
from actbench.activations.record import Activation
from actbench.core.dtypes import Format
from actbench.core.errors import ActbenchError
from actbench.expression.graph import PRIMITIVES, Expression, Graph, Step, composed, record, trace
from actbench.expression.primitives.pairs import halved
from actbench.kernels.emit import RARE, STEPS, VECTOR_STEPS

EXTREMES = frozenset({"maximum", "minimum"})
AVX512 = ("avx512f", "avx512dq", "avx512vl")


def graph_of(activation: Activation, direction: str, *, saved: bool = False) -> Graph:
    """What a kernel computes: ``"forward"``, ``"second"`` from x; ``"backward"`` from dy and x, or what the row saves.

    A learned parameter's name stands for its gradient, element by element.
    """
    said = activation.callables
    if direction == "forward":
        return record(said.forward)
    if direction == "backward":
        return record(said.backward) if saved else composed(said.backward, said.forward)
    if direction == "second":
        return curve(activation)
    if direction in activation.parameter_gradients:
        return record(activation.parameter_gradients[direction])
    raise ActbenchError(f"direction {direction!r} is not known; known: forward, backward, second, a learned parameter")


def operands_of(activation: Activation, direction: str, *, saved: bool = False) -> tuple[str, ...]:
    """The kernel's operands in order: arrays first, then the parameters that take part."""
    graph = graph_of(activation, direction, saved=saved)
    if direction in activation.parameter_gradients:
        first: tuple[str, ...] = tuple(name for name in graph.arguments if name in ("dy", "x", "y"))
    else:
        first = ("dy", *(activation.saves if saved else ("x",))) if direction == "backward" else ("x",)
    parameters = [name for name in graph.arguments if name in activation.parameters]
    return (*first, *parameters)


def expanded(graph: Graph, form: Format, *, fma: bool | None = None) -> Graph:
    """The graph with every primitive that hardware lacks replaced by its kernel meaning.

    Parameters
    ----------
    fma
        Whether products and sums may be one instruction; by default what `fuses` says.

    Raises
    ------
    ActbenchError
        For a word that has none.
    """

    fma = fuses() if fma is None else fma
    steps = (STEPS | VECTOR_STEPS if form.vectors else STEPS) | {"argument", "constant"}
    simple = all(step.op in steps | EXTREMES for step in graph)

    def combine(step: Step, operands: list[Expression]) -> Expression:
        if step.op == "fused":
            if fma:
                return Expression("fma", *operands)
            a, b, c = operands
            product = a * b
            return (product + c) + halved(a, b, product)  # type: ignore[no-any-return]
        if step.op in ("argument", "constant") or step.op not in PRIMITIVES:  # leaves, and bit steps of a meaning
            return Expression(step.op, *operands, *([] if step.value is None else [step.value]))
        word = PRIMITIVES[step.op]
        if word.kernel is not None:
            return word.kernel(form, *operands)  # type: ignore[no-any-return]
        if step.op in EXTREMES:  # kernel meanings look at their operands: one that is min(u, 0) is never positive
            return _extreme(step.op, *operands) if simple else Expression(step.op, *operands)
        if step.op not in steps:
            raise ActbenchError(f"the primitive {step.op!r} has no kernel meaning yet; use backend='numpy'")
        return Expression(step.op, *operands)

    result = trace(graph.fold(combine)[-1], graph.arguments)
    # a kernel meaning may itself say `maximum` and the like
    return result if all(step.op in steps for step in result) else expanded(result, form, fma=fma)


def lowered(
    activation: Activation, direction: str, form: Format, *, saved: bool = False, vectors: bool | None = None
) -> tuple[Graph, Format]:
    """The steps of a row's kernel, by default on this processor, and the format with what they count on."""
    graph = graph_of(activation, direction, saved=saved)
    if not activation.long_exponential and (has_vectors() if vectors is None else vectors):
        wide = Format(form.bits, vectors=True)
        steps = expanded(graph, wide)
        if all(step.op in VECTOR_STEPS | RARE or step.op in ("argument", "constant") for step in steps):
            return contracted(steps), wide
    return expanded(graph, form), form


def contracted(graph: Graph) -> Graph:
    """Products that one sum alone needs as one step with it.

    Said here and not left to LLVM: of two products in a sum it fuses one or the other, and not the same one everywhere.
    """
    uses = Counter(place for step in graph for place in step.operands)

    def combine(step: Step, operands: list[Expression]) -> Expression:
        if step.op in ("add", "subtract"):
            a, b = operands
            first, second = (e.op == "multiply" and uses[i] == 1 for e, i in zip(operands, step.operands, strict=True))
            if second:
                return Expression(
                    "fma", *(b.args if step.op == "add" else (Expression("negative", b.args[0]), b.args[1])), a
                )
            if first:
                return Expression("fma", *a.args, b if step.op == "add" else Expression("negative", b))
        return Expression(step.op, *operands, *([] if step.value is None else [step.value]))

    return trace(graph.fold(combine)[-1], graph.arguments)


@lru_cache(maxsize=1)
def has_vectors() -> bool:
    """Whether the processor that kernels are for has AVX-512 with the parts that `actbench.kernels.vectors` says."""
    import llvmlite.binding as llvm

    told = os.environ.get("NUMBA_CPU_FEATURES")
    if told is not None:
        return all(f"+{part}" in told.split(",") for part in AVX512)
    if os.environ.get("NUMBA_CPU_NAME"):
        return False
    found = llvm.get_host_cpu_features()
    return all(found.get(part) for part in AVX512)


@lru_cache(maxsize=1)
def fuses() -> bool:
    """Whether the processor that kernels are for multiplies and adds with one rounding; else that is a slow call."""
    import llvmlite.binding as llvm

    if os.environ.get("NUMBA_CPU_FEATURES") is not None:
        return "+fma" in os.environ["NUMBA_CPU_FEATURES"]
    if os.environ.get("NUMBA_CPU_NAME"):
        return False
    return bool(llvm.get_host_cpu_features().get("fma"))


def _extreme(op: str, a: Expression, b: Expression) -> Expression:
    """maximum or minimum with NaN kept from either side; a constant cannot be NaN, which saves a comparison."""
    compare = "less" if op == "maximum" else "greater"
    if a.op == "constant":
        a, b = b, a
    take_b = Expression(compare, a, b)
    if b.op != "constant":
        take_b = Expression("logical_or", take_b, Expression("not_equal", b, b))
    return Expression("where", take_b, b, a)
