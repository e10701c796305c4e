"""Reductions of a vector and an entry in terms of them, as the loops of one row of a matrix: text for numba.

Sums and maxima are kept in lanes that no next element waits for, sums in float64; blocks are slices, because indices
from a start cost 3 times as much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from actbench.activations.gate import signed
from actbench.activations.vector import VectorFunction, call
from actbench.core.dtypes import Format
from actbench.expression.graph import argument_names, record
from actbench.kernels.emit import written
from actbench.kernels.lower import expanded

LANES = 64
# where an entry's numbers stand: in a loop over i, and in a loop over j within slices from ``start``
WHOLE = {"x": "x[r, i]", "dy": "dy[r, i]"}
BLOCK = {"x": "x_[j]", "dy": "dy_[j]"}

LOOPS = {
    "sum": """
lanes = np.zeros({lanes})
{blocks}
        lanes[j] += np.float64({result})
_{name} = narrow(lanes.sum())""",
    "max": """
peaks = np.full({lanes}, -np.inf, x.dtype)
{blocks}
        peaks[j] = select(({result} > peaks[j]) | ({result} != {result}), {result}, peaks[j])  # a NaN stays
_{name} = peaks.max()""",
    "each": """
for i in range(n):
{lines}
    out[r, i] = {result}""",
    "once": """
{lines}
_{name} = {result}""",
    "first": """
at_{name} = 0
for i in range(n):
{lines}
    if {result}:
        at_{name} = i
        break""",
    "there": """
i = at_leads
{lines}
_{name} = {result}""",
    "kth": """
room = np.empty(n, x.dtype)
for i in range(n):
{lines}
    room[i] = {result}
room = np.sort(room)
_{name} = room[max(n - {k}, 0)]""",
    "simplex": """
room = np.empty(n, x.dtype)
for i in range(n):
{lines}
    room[i] = -({result})
room = np.sort(room)  # the largest first, NaN last
surplus, tau = -1.0, np.nan
for k in range(1, n + 1):
    below = -np.float64(room[k - 1])
    surplus += below
    if k * below > surplus:
        tau = surplus / k
_{name} = narrow(tau)""",
    "simplex of squares": """
room = np.empty(n, x.dtype)
for i in range(n):
{lines}
    room[i] = -({result})
room = np.sort(room)  # the largest first, NaN last
total, squares, tau = 0.0, 0.0, np.nan
for k in range(1, n + 1):
    below = -np.float64(room[k - 1])
    total += below
    squares += below * below
    rest = (1.0 - (squares - total * (total / k))) / k
    guess = total / k - np.sqrt(rest if rest > 0.0 else 0.0)
    if guess < below:
        tau = guess
_{name} = narrow(tau)""",
}
BLOCKS = """for start in range(0, n, {lanes}):
    stop = min(start + {lanes}, n)
{slices}
    for j in range(stop - start):
{lines}"""


def bound(function: Callable[..., Any], values: Mapping[str, Any]) -> Callable[..., Any]:
    """The function with these names as constants."""
    names = [name for name in argument_names(function) if name not in values]
    return signed(names, lambda given: call(function, {**given, **values}))


def loops(function: VectorFunction, direction: str, form: Format) -> tuple[list[str], list[str]]:
    """Constants, and the lines of one row of a matrix."""
    made = Loops(function, direction, form)
    return made.constants, made.lines


class Loops:
    """The text of one direction, reduction by reduction."""

    def __init__(self, function: VectorFunction, direction: str, form: Format) -> None:
        self.function, self.form, self.values = function, form, function.values()
        self.constants: list[str] = []
        self.lines = ["n = x.shape[1]", "_n = narrow(n)"]
        self.kinds: dict[str, str] = {}
        for reduction in function.reductions[direction]:
            self._reduced(reduction.name, reduction.kind, reduction.of)
            self.kinds[reduction.name] = reduction.kind
        body, result = self._entry(function.entries[direction], WHOLE, "i")
        self.lines += ["for i in range(n):", *indented(1, body), f"    out[r, i] = {result}"]

    def _reduced(self, name: str, kind: str, of: Callable[..., Any]) -> None:
        blocked = kind in ("sum", "max")
        body, result = self._entry(of, BLOCK if blocked else WHOLE, "start + j" if blocked else "i")
        blocks = ""
        if blocked:
            used = [array for array in ("x", "dy", "out") if any(f"{array}_[j]" in line for line in [*body, result])]
            slices = [f"    {array}_ = {array}[r, start:stop]" for array in used]
            blocks = BLOCKS.format(
                lanes=LANES, slices="\n".join(slices) or "    pass", lines="\n".join(indented(2, body))
            )
        depth = 0 if kind in ("once", "there") else 1
        text = LOOPS[kind].format(
            lanes=LANES, blocks=blocks, lines="\n".join(indented(depth, body)), result=result, name=name,
            k=int(self.values.get("k", 1)),
        )  # fmt: skip
        self.lines += [line for line in text.split("\n") if line.strip()]

    def _entry(self, function: Callable[..., Any], places: Mapping[str, str], index: str) -> tuple[list[str], str]:
        """The lines that give one entry's number, and its name."""
        graph = expanded(record(bound(function, self.values)), self.form)
        prefix = f"s{len(self.lines)}_"
        constants, lines, result = written(graph, self.form, prefix)
        self.constants += constants
        used = {step.value for step in graph if step.op == "argument"}
        head = [f"_{name} = {place}" for name, place in places.items() if name in used]
        for name, kind in self.kinds.items():
            if name in used and kind == "each":
                head.append(f"_{name} = {'out_[j]' if index != 'i' else 'out[r, i]'}")
            elif name in used and kind == "first":
                head.append(f"_{name} = select({index} == at_{name}, narrow(1.0), narrow(0.0))")
        return [*head, *lines], result


def indented(times: int, lines: list[str]) -> list[str]:
    """Lines so many steps to the right."""
    return ["    " * times + line for line in lines]
