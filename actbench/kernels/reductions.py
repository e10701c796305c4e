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

# Newton's steps from -1, where all that can stay is above: tau rises, and whoever is not above it never will be. For a
# sum they are Michelot's (1986, https://doi.org/10.1007/BF00938486); no sorting, which costs 30 times as much at 4,096
_RISING = """
room, some = np.empty(n, x.dtype), 0
for i in range(n):
{lines}
    room[some] = {result}
    some += {result} > narrow(-1.0)
tau, step = -1.0 if some > 0 else np.nan, 0.0
while True:
    tau, left, total, slope = tau + step, 0, 0.0, 0.0
    for i in range(some):
        over = np.float64(room[i]) - tau
        room[left] = room[i]
        left += over > 0.0
        over = select(over > 0.0, over, 0.0)
        total += overPOWER
        slope += SLOPE
    some, step = left, (total - 1.0) / slope
    if not tau + step > tau:
        break
_{name} = narrow(tau)"""
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
keys, largest = np.empty(n, np.int{bits}), whole({most})
for i in range(n):
{lines}
    key = bits({result})  # in the numbers' order once all but the sign of negative ones is turned; NaN the largest
    keys[i] = select({result} == {result}, whole(key ^ ((key >> whole({bits} - 1)) & largest)), largest)
low, high = whole(~largest), largest
while low < high:  # so many are as large as low or larger
    middle, count = whole((low | high) - ((low ^ high) >> 1)), 0
    for i in range(n):
        count += keys[i] >= middle
    low, high = select(count >= {k}, middle, low), select(count >= {k}, high, whole(middle - 1))
    if count == {k}:
        break
for i in range(n):
    largest = min(largest, select(keys[i] >= low, keys[i], largest))
_{name} = from_bits(whole(largest ^ ((largest >> whole({bits} - 1)) & whole({most}))))""",
    "simplex": _RISING.replace("POWER", "").replace("SLOPE", "select(over > 0.0, 1.0, 0.0)"),
    "simplex of squares": _RISING.replace("POWER", " * over").replace("SLOPE", "2.0 * over"),
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
            k=int(self.values.get("k", 1)), bits=self.form.bits, most=(1 << self.form.bits - 1) - 1,
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
