"""The catalogue: a page for every elementwise row, with a small picture, and one for every function along an axis.

Nothing is measured, and the same rows and tables give the same bytes.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd

from actbench.activations.latex import census, formula, latex, slope
from actbench.activations.layout import LAYOUTS
from actbench.activations.namesakes import NAMESAKES, REDISCOVERIES
from actbench.activations.parameter import Sampled
from actbench.activations.record import Activation
from actbench.activations.registry import ACTIVATIONS, AXIS
from actbench.activations.vector import VectorFunction
from actbench.expression.graph import derivative, record
from actbench.expression.simplify import simplified
from actbench.report.accuracy import figure, observations
from actbench.report.markdown import cell, table
from actbench.report.picture import picture

LONGEST = 600  # characters of LaTeX; longer slopes are left to the reader
IMPLEMENTATIONS = {"numpy": "reference path", "numba": "fused kernel"}


def number(value: float) -> str:
    """A number for people; the infinities as signs."""
    return ("-" if value < 0 else "") + "∞" if math.isinf(value) else f"{value:.10g}"


def accuracy(row: Activation, frame: pd.DataFrame, every: pd.DataFrame) -> list[str]:
    """The committed figures of one row."""
    mine = frame[frame["activation"] == row.name]
    if not len(mine):
        return []
    lines = [
        "", "## Accuracy", "",
        "Worst error in ulp over some 120,000 points, in brackets over normal numbers alone where that differs; "
        "[how it was measured](../accuracy/README.md).", "",
    ]  # fmt: skip
    rows = []
    for r in observations(mine.sort_values(["direction", "dtype"], ascending=[False, True], kind="stable")):
        name, _, version = r.implementation.partition("==")
        worst, normal = figure(r.worst_ulp), figure(r.worst_normal_ulp)
        shown = worst if worst == normal or name in IMPLEMENTATIONS else f"{worst} ({normal})"
        rows.append((IMPLEMENTATIONS.get(name, f"{name} {version}"), r.direction, r.dtype, shown, f"{r.at:.6g}",
                     f" {figure(r.root_zone_eps)}", f"{r.lost:,}", f"{r.special:,}"))  # fmt: skip
    heads = ("implementation", "direction", "dtype", "worst ulp", "at", "next to roots, eps", "lost", "NaN or inf")
    lines += table(heads, rows)
    for r in observations(every[every["activation"] == row.name]):
        path = "fused kernel" if r.dtype == "float32" else "reference path"
        lines += ["", f"Over all {r.inputs:,} {r.dtype} inputs, {path} {r.direction}: {figure(r.worst_ulp)} ulp at "
                  f"`{r.at_hex}`, {r.lost} lost, {r.special} NaN or infinite."]  # fmt: skip
    return lines


def page(row: Activation, frame: pd.DataFrame, every: pd.DataFrame) -> str:
    """One row's page."""
    derived = latex(slope(row))
    lines = [f"# {row.name}", "", f"![{row.name} and its slope]({row.name}.svg)", "", f"$$f(x) = {formula(row)}$$"]
    if len(derived) <= LONGEST and "x" not in row.surrogates:
        lines += ["", f"$$f'(x) = {derived}$$"]
    for name, used in row.surrogates.items():
        lines += [
            "",
            f"The backward pass uses another slope than the derivative, for `{name}`:",
            "",
            f"$${latex(record(used))}$$",
        ]
    low, high = row.fact("limits")
    below, above = row.fact("slope_limits")
    bounds = row.fact("bounds")
    facts = [
        ("aliases", ", ".join(f"`{alias}`" for alias in row.aliases)),
        ("source", row.source),
        ("identical to", ", ".join(f"`{spec}`" for spec in row.identical_to)),
        ("values", f"from {number(bounds[0])} to {number(bounds[1])}"),
        ("at -∞ and ∞", f"f: {number(low)}, {number(high)}; f': {number(below)}, {number(above)}"),
        ("f(-0.0)", repr(float(row.fact("at_negative_zero")))),
        ("kinks", "; ".join(_kink(at, kink) for at, kink in sorted(row.fact("kinks").items()))),
        ("slope 0 on", ", ".join(f"[{number(a)}, {number(b)}]" for a, b in row.fact("flat"))),
        ("slope crosses 0 at", ", ".join(number(root) for root in row.fact("roots_of_slope"))),
        ("symmetry", row.symmetry or ""),
        ("never falls", "yes" if row.fact("monotone") else ""),
        ("kept for the backward pass", ", ".join(f"`{name}`" for name in row.saves) or "nothing"),
        ("operations forward", ", ".join(f"{n} {kind}" for kind, n in census(row, "forward").items()) or "none"),
        ("elsewhere", ", ".join(f"`{name}`" for name in row.peers.values())),
        ("defaults elsewhere", "; ".join(f"{where}: {_pairs(values)}" for where, values in row.defaults.items())),
        ("excused", "; ".join(f"{check}: {why}" for check, why in row.excused.items())),
    ]  # fmt: skip
    lines += ["", *_facts(facts)]
    lines += _parameters(row)
    lines += accuracy(row, frame, every)
    lines += ["", "[All activations](README.md). Written by `python reports/refresh.py catalogue`."]
    return "\n".join(lines) + "\n"


def axis_page(function: VectorFunction, frame: pd.DataFrame) -> str:
    """The page of a function along an axis."""
    facts = [
        ("aliases", ", ".join(f"`{alias}`" for alias in function.aliases)),
        ("source", function.source),
        ("identical to", ", ".join(f"`{spec}`" for spec in function.identical_to)),
        ("length of the output over that of the input", f"{function.factor:g}"),
        ("layout", _layout(function)),
        ("defaults elsewhere", "; ".join(f"{where}: {_pairs(values)}" for where, values in function.defaults.items())),
        ("elsewhere", ", ".join(f"`{name}`" for name in function.peers.values())),
    ]
    lines = [
        f"# {function.name}",
        "",
        f"$${function.formula}$$",
        "",
        "Along an axis: one output depends on many inputs.",
    ]
    lines += ["", *_facts(facts)]
    lines += _parameters(function)
    if function.views and function.definition is not None:
        said = record(function.definition)
        for side in ("a", "b"):
            partial = latex(simplified(derivative(said, wrt=side)))
            lines += ["", rf"$$\frac{{\partial y}}{{\partial {side}}} = {partial}$$"] if len(partial) <= LONGEST else []
    mine = frame[frame["function"] == function.name] if len(frame) else frame
    if len(mine):
        rows = []
        for r in observations(mine.sort_values(["direction", "dtype"], ascending=[False, True], kind="stable")):
            name, _, version = r.implementation.partition("==")
            who = IMPLEMENTATIONS.get(name, f"{name} {version}")
            rows.append((who, r.direction, r.dtype, figure(r.worst_ulp), f"{r.lost:,}", f"{r.special:,}"))
        lines += [
            "", "## Accuracy", "",
            f"Worst error over {int(mine['vectors'].max())} seeded vectors of eight, at three scales, in the last "
            "place of the exact entry (forward) or of the largest term of the vector-Jacobian product (backward).", "",
            *table(("implementation", "direction", "dtype", "worst ulp", "lost", "NaN or inf"), rows),
        ]  # fmt: skip
    lines += ["", "[All activations](README.md). Written by `python reports/refresh.py catalogue`."]
    return "\n".join(lines) + "\n"


LEFT_OUT = """\
## What is left out, and why

| name | why |
|---|---|
| PAU, rational functions | ten fitted coefficients, and a polynomial that cancels left of 0 |
| SineReLU | sources disagree: the maximum of x and a wave in keras-contrib, a switch at 0 elsewhere |
| PDELU, MPELU, RSigELU, TReLU, EDELU, MSiLU, ASiLU | sources disagree, or none was at hand |
| SMU-1 | its only bend is 4e-9 wide: leaky ReLU in every format but at 0 |
| soft exponential below 0 | has no value left of 1 / alpha - alpha; the row takes alpha >= 0 |
| RePU, ReLU-n | `squared_relu` and `hardtanh:min_val=0,max_val=N` are they |
| funnel ReLU, ABReLU, Meta-ACON, KWTA, DICE | look at neighbours or the batch: layers, not functions of one number |
| ProbAct, MeLU, SLAF, polynomial and kernel families | families without one default |
| DyISRU | its exact form and starting values were not read at the source; it is `isru`, scaled |
| triangular surrogate slopes | libraries disagree on their width, and no source was read |
| PowLU, GELU-sine | known from second-hand pages alone |
| alpha-entmax other than at 1, 1.5 and 2 | these are `softmax`, `entmax15`, `sparsemax`; others need a root search |
| rational and spline functions (KAN) | families of fitted functions |
| SiTU-GLU without its second cap | `beta_value` is a number; none at all is not one of its values |
| Softmax2d | `softmax` along the channels |

## Formats

Kernels take float32 and float64; the reference path also takes float16 and, with ml_dtypes, bfloat16, E4M3 and E5M2
(`float8_e4m3fn`, `float8_e5m2`), whose numbers are all tested, of both inputs of every gate too: at most 0.5 ulp. E4M3
has no infinity: what is too large is NaN. ml_dtypes rounds float64 to bfloat16 by way of float32, a second rounding:
the reference path rounds once. torch's own bfloat16 results are its float32 ones rounded (seven functions compared).
"""


def _kink(at: float, kink: Any) -> str:
    other = f" (jax: {number(kink.jax)})" if kink.jax is not None else ""
    return f"at {number(at)} the slope is taken as {number(kink.slope)}{other}"


def _pairs(values: Any) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items()) if hasattr(values, "items") else str(values)


def _parameters(row: Activation | VectorFunction) -> list[str]:
    """The table of a row's parameters, if it has any."""
    if not row.parameters:
        return []
    rows = [(f"`{name}`", *_parameter(parameter)) for name, parameter in row.parameters.items()]
    return ["", *table(("parameter", "kind", "default", "what"), rows)]


def _facts(facts: list[tuple[str, str]]) -> list[str]:
    """A table of what is known: what is empty has no line."""
    return table(("", ""), [(what, cell(says)) for what, says in facts if says])


def _layout(function: VectorFunction) -> str:
    """Where the two inputs lie, and how else they can."""
    if function.layout is None:
        return ""
    others = ", ".join(f"`{name}`" for name in LAYOUTS.names() if name != function.layout.name)
    return f"`{function.layout.name}`: {function.layout.summary}. Or `layout=`: {others}"


def _parameter(parameter: Any) -> tuple[str, str, str]:
    if isinstance(parameter, Sampled):
        return "sampled", f"from `{parameter.low}` to `{parameter.high}`", parameter.doc
    return type(parameter).__name__.lower(), number(parameter.default), parameter.doc


def index(rows: list[Activation]) -> str:
    """The catalogue's first page."""
    first = (f"{len(rows)} elementwise activations; [rediscoveries and namesakes](namesakes.md). Written by "
             "`python reports/refresh.py catalogue`.")  # fmt: skip
    elementwise, along = (
        table(("name", "aliases", "source"), [(_link(f.name), ", ".join(f.aliases), cell(f.source)) for f in each])
        for each in (sorted(rows, key=lambda row: row.name), AXIS)
    )
    lines = ["# The catalogue", "", first, "", *elementwise, "", "## Along an axis", "", *along]
    return "\n".join(lines) + "\n\n" + LEFT_OUT


def _link(name: str) -> str:
    return f"[{name}]({name}.md)" if name else ""


def namesakes() -> str:
    """The page of functions under several names and names of several functions."""
    proved = "Each identity is proved by a test: `identify` finds the row in the other name's own formula."
    same = [
        (_link(row.name), ", ".join(f"`{spec}`" for spec in row.identical_to))
        for row in sorted([*ACTIVATIONS, *AXIS], key=lambda row: row.name)
        if row.identical_to and row.kind != "plug-in"
    ]
    meant = [
        (sake.name if i == 0 else "", _link(row), cell(words))
        for sake in NAMESAKES
        for i, (row, words) in enumerate(sake.meanings)
    ]
    lines = [
        "# Rediscoveries and namesakes", "", proved, "", "## One function, several names", "",
        *table(("row", "what else it is"), [(_link(one.row), cell(one.says)) for one in REDISCOVERIES]),
        "", "## Rows that are other rows at their starting values", "", *table(("row", "is"), same),
        "", "## One name, several functions", "", *table(("name", "row", "what it is there"), meant),
    ]  # fmt: skip
    lines += ["", "[All activations](README.md). Written by `python reports/refresh.py catalogue`."]
    return "\n".join(lines) + "\n"


def _table(file: Path) -> pd.DataFrame:
    return pd.read_csv(file) if file.exists() else pd.DataFrame({"activation": [], "function": []})


def pages(accuracy: Path) -> dict[str, str]:
    """Every page and picture, file to text, with what the tables of a folder say of each row's accuracy."""
    frame, every, along = (_table(accuracy / name) for name in ("accuracy.csv", "exhaustive.csv", "axis.csv"))
    rows = [row for row in ACTIVATIONS if row.kind == "elementwise"]
    texts = {"README.md": index(rows), "namesakes.md": namesakes()}
    for row in rows:
        texts |= {f"{row.name}.md": page(row, frame, every), f"{row.name}.svg": picture(row)}
    return texts | {f"{function.name}.md": axis_page(function, along) for function in AXIS}
