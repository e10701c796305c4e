"""Reductions of a vector and an entry in terms of them on whole vectors of AVX-512: few passes over one row.

All that can be known together is one pass: softmax's exponentials and their sum, and with them what its backward pass
weighs by them. An entry's number is kept only where a later pass asks for it, in the row of the output. Nothing is
said where a step has no vectors (`vector_text` gives None); `actbench.kernels.reductions` says it for all processors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from actbench.activations.reductions import Reduction
from actbench.activations.vector import VectorFunction
from actbench.core.dtypes import Format
from actbench.expression.graph import Graph, argument_names, record
from actbench.expression.primitives.below import NEAR
from actbench.kernels.emit import VECTOR_STEPS, program, written
from actbench.kernels.lower import contracted, expanded, has_vectors
from actbench.kernels.reductions import bound, indented

ARRAYS = ("x", "dy")
REDUCED = ("sum", "max")  # numbers of a pass
ENTRIES = ("each", *REDUCED)
AT = {"first": set(), "once": set(), "there": {"leads"}}  # numbers between passes, and what else they need


def vector_text(function: VectorFunction, direction: str, form: Format) -> tuple[list[str], list[str]] | None:
    """Constants, and the lines of one row of a matrix; None where it cannot be said or is not for this processor."""
    reductions = function.reductions[direction]
    if not has_vectors() or any(r.kind not in (*ENTRIES, *AT) for r in reductions):
        return None
    try:
        (constants, near), (more, far) = (
            Passes(function, direction, Format(form.bits, vectors=True, near=near)).text()
            for near in (form.bits == 32, False)
        )
    except NoVectorsError:
        return None
    shared = next((place for place, both in enumerate(zip(near, far, strict=True)) if both[0] != both[1]), len(far))
    if shared < len(far):
        branches = [f"if abs(_top) <= {NEAR}:", *indented(1, near[shared:]), "else:", *indented(1, far[shared:])]
        far = [*far[:shared], *branches]
    return [*dict.fromkeys([*constants, *more])], far


class NoVectorsError(Exception):
    """A step that whole vectors do not have."""


class Passes:
    """The text of one direction, pass by pass."""

    def __init__(self, function: VectorFunction, direction: str, form: Format) -> None:
        self.form, self.values = form, function.values()
        self.reductions, self.entry = function.reductions[direction], function.entries[direction]
        self.arrays = ARRAYS if direction == "backward" else ARRAYS[:1]
        self.kinds = {reduction.name: reduction.kind for reduction in self.reductions}
        self.constants: list[str] = []
        self.passes = 0
        self.lines = ["n = x.shape[1]", "_n = narrow(n)"]
        self.lines += [f"{array}_ = row({array}, r)" for array in (*self.arrays, "out")]

    def text(self) -> tuple[list[str], list[str]]:
        """Constants and lines: numbers as soon as they can be had, and all else that can be had in one pass."""
        left, known = list(self.reductions), {*self.arrays, "n"}
        while left:
            for reduction in list(left):
                if reduction.kind in AT and self._needs(reduction.of) | AT[reduction.kind] <= known:
                    self._number(reduction)
                    known.add(reduction.name)
                    left.remove(reduction)
            together: list[Reduction] = []
            entries: set[str] = set()
            for reduction in left:
                if reduction.kind in ENTRIES and self._needs(reduction.of) <= known | entries:
                    together.append(reduction)
                    entries |= {reduction.name} if reduction.kind == "each" else set()
            left = [reduction for reduction in left if reduction not in together]
            if together:
                later = {name for r in left for name in self._needs(r.of)} | self._needs(self.entry)
                self._pass([(r.kind, r.name, r.of, r.name in later) for r in together])
                known |= {r.name for r in together}
        self._pass([("each", "result", self.entry, True)])
        return self.constants, self.lines

    def _needs(self, function: Callable[..., Any]) -> set[str]:
        return {name for name in argument_names(function) if name not in self.values}

    def _pass(self, wanted: Sequence[tuple[str, str, Callable[..., Any], bool]]) -> None:
        programs: list[str] = []
        made: list[str] = []
        used: set[str] = set()
        for kind, name, of, kept in wanted:
            graph = self._graph(of)
            used |= {str(step.value) for step in graph if step.op == "argument"} - set(made)
            made.append(name)
            programs.append(f"({kind if kept or kind != 'each' else 'value'!r}, {name!r}, {program(graph)})")
        names, arrays, numbers = self._given(used)
        outs = "(out_,)" if any(kind == "each" and kept for kind, *_, kept in wanted) else "()"
        results = [f"_{name}" for kind, name, *_ in wanted if kind in REDUCED]
        left = f"{', '.join(results)}, = " if results else ""
        text = f"({self.passes % 2 == 1}, [{', '.join(programs)}])"
        # the second pass computes most: the next vector comes meanwhile, a third of softmax's backward pass, and the
        # place of its result, a sixth
        coming = "".join(f"offset({name}_, n), " for name in (*self.arrays, "out")) if self.passes == 1 else ""
        self.passes += 1
        self.lines.append(f"{left}vector_pass({text!r}, {names!r}, {arrays}, {numbers}, {outs}, ({coming}), n)")

    def _given(self, used: set[str]) -> tuple[str, str, str]:
        """Names, the arrays among them, and the numbers."""
        arrays = [name for name in used if name in self.arrays or self.kinds.get(name) == "each"]
        numbers = [name for name in used if name not in arrays]
        pointers = [f"{name}_" if name in self.arrays else "out_" for name in sorted(arrays)]
        values = [f"at_{name}" if self.kinds.get(name) == "first" else f"_{name}" for name in sorted(numbers)]
        return " ".join([*sorted(arrays), *sorted(numbers)]), *(
            f"({''.join(f'{v}, ' for v in each)})" for each in (pointers, values)
        )  # type: ignore[return-value]

    def _number(self, reduction: Reduction) -> None:
        """A number between passes: where a condition holds first, an entry's number there, or one of other numbers."""
        if reduction.kind == "first":
            graph = self._graph(reduction.of)
            names, arrays, numbers = self._given({str(step.value) for step in graph if step.op == "argument"})
            self.lines.append(
                f"at_{reduction.name} = vector_first({program(graph)!r}, {names!r}, {arrays}, {numbers}, n)"
            )
            return
        form = Format(self.form.bits)
        graph = expanded(record(bound(reduction.of, self.values)), form)
        constants, lines, result = written(graph, form, f"s{len(self.lines)}_")
        self.constants += constants
        used = {step.value for step in graph if step.op == "argument"}
        self.lines += [f"_{name} = {name}[r, at_leads]" for name in self.arrays if name in used]
        self.lines += [*lines, f"_{reduction.name} = {result}"]

    def _graph(self, function: Callable[..., Any]) -> Graph:
        graph = contracted(expanded(record(bound(function, self.values)), self.form))
        if any(step.op not in VECTOR_STEPS and step.op not in ("argument", "constant") for step in graph):
            raise NoVectorsError
        return graph
