"""How right every implementation is: finished runs to the committed tables, and these to pages and findings."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from actbench.accuracy.exhaustive import code
from actbench.accuracy.meter import MANY, exact, in_format, rounded
from actbench.activations.registry import ACTIVATIONS, resolve
from actbench.core.files import write_text
from actbench.experiments.accuracy.question import OURS
from actbench.report.markdown import table

DATA, RUN = "accuracy.csv", "run.json"
EXHAUSTIVE, EXHAUSTIVE_RUN = "exhaustive.csv", "exhaustive.json"
GATES, GATES_WHOLE = "gates.csv", ("pairs", "settled", "count")
AXIS, AXIS_WHOLE = "axis.csv", ("lost", "special", "vectors", "count")
SHOWN = ("numpy", "numba", "torch")
HEADS = {"numpy": "reference", "numba": "fused"}
WHOLE = ("lost", "special", "many", "points", "settled", "count")


def current(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows whose kernels still compute what they computed then, on processors of one kind or the other."""
    return frame[[
        row.code in {code(row.activation, row.direction, vectors=has) for has in (True, False)}
        for row in observations(frame)
    ]]  # fmt: skip


def take(home: Path, runs: Iterable[Path]) -> None:
    """Copy what runs observed, without the rows that only say that a peer has no such function.

    Cells that these runs do not have stay as they are: peers need not be measured again after a change of a row.
    """
    for run in runs:
        whole = json.loads((run / "run.json").read_text(encoding="utf-8"))
        kept = {k: whole.get(k) for k in ("machine", "versions", "started", "finished", "seed", "workers")}
        kept["machine"].pop("node", None)
        about = json.dumps(kept, indent=1, sort_keys=True) + "\n"
        target = whole["target"]
        frame = pd.read_csv(run / "data" / f"{target}.csv")
        if target == "exhaustive":
            frame = _joined(home / EXHAUSTIVE, frame, ["activation", "direction", "dtype"])
            _write(home / EXHAUSTIVE, current(frame))
            write_text(home / EXHAUSTIVE_RUN, about)
        elif target == "axis_accuracy":
            frame = frame[frame["worst_ulp"].notna()].drop(columns="reason")
            _write(home / AXIS, frame.astype(dict.fromkeys(AXIS_WHOLE, "Int64")))
        elif target == "gate_accuracy":
            frame = _joined(home / GATES, frame, ["function", "direction", "dtype", "implementation"], "part")
            _write(home / GATES, frame.astype(dict.fromkeys(GATES_WHOLE, "Int64")))
        else:
            frame = frame[frame["worst_ulp"].notna()].drop(columns="reason").dropna(axis="columns", how="all")
            frame = _joined(home / DATA, frame, ["activation", "direction", "dtype", "implementation"])
            frame = frame[frame["activation"].isin(ACTIVATIONS.names())]
            _write(home / DATA, frame.astype(dict.fromkeys(WHOLE, "Int64")))
            write_text(home / RUN, about)


def _joined(file: Path, frame: pd.DataFrame, cell: list[str], *within: str) -> pd.DataFrame:
    """What a file holds with a run's rows in place of its own of the same cells, in the cells' order."""
    held = [pd.read_csv(file)] if file.exists() else []
    frame = pd.concat([*held, frame]).drop_duplicates([*cell, *within], keep="last")
    return frame.sort_values(cell, kind="stable")


def _write(file: Path, frame: pd.DataFrame) -> None:
    write_text(file, frame.to_csv(index=False, lineterminator="\n"))


def observations(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows of a frame as named tuples, whose types its columns decide."""
    return frame.itertuples(index=False)


def load(home: Path) -> pd.DataFrame:
    """The committed observations, with the peer's name apart from its version."""
    frame = pd.read_csv(home / DATA, keep_default_na=True)
    frame["name"] = frame["implementation"].str.partition("==")[0]
    said = frame["wrong_limits"].fillna("").str.split("; ")
    # a slope that hides a NaN is one thing, a wrong answer at an infinity another
    frame["at_infinity"] = said.map(lambda parts: "; ".join(p for p in parts if "(nan)" not in p))
    frame["at_nan"] = said.map(lambda parts: "; ".join(p for p in parts if "(nan)" in p))
    return frame


def figure(value: float) -> str:
    """A number of ulp in three digits."""
    if math.isnan(value):
        return ""
    if value < 10:
        return f"{value:.2f}"
    return f"{value:,.0f}" if value < 1e5 else f"{value:.1e}".replace("e+0", "e").replace("e+", "e")


def cell(row: Any) -> str:
    """One entry of the table: the worst ulp, and marks for what is worse than inaccurate."""
    if row is None:
        return ""
    bad = (row.lost > 0, row.special > 0, row.at_infinity)
    marks = "".join(mark for mark, is_so in zip("†‡∞", bad, strict=True) if is_so)
    return figure(row.worst_ulp) + marks


def machine(run: dict[str, Any]) -> str:
    """One sentence on where the figures come from."""
    names = ("python", "numpy", "numba", "mpmath", "torch", "jax")
    versions = ", ".join(f"{name} {run['versions'][name]}" for name in names if name in run["versions"])
    vectors = [v for v in run["machine"]["vector_extensions"] if v.startswith("X86")]
    day = (run["finished"] or run["started"])[:10]  # an interrupted run is not finished
    return f"{run['machine']['processor']} ({vectors[-1] if vectors else ''}), {versions}, {day}."


def summary(frame: pd.DataFrame) -> list[str]:
    """What the table comes to, promise by promise."""
    heads = ("implementation", "rows", "cells", "worst f", "worst f'", "next to roots, eps", "lost", "NaN or inf",
             "wrong at ∞")  # fmt: skip
    rows = []
    for (name, dtype), part in frame.groupby(["implementation", "dtype"], sort=False):
        worst = part.groupby("direction")["worst_ulp"].max()
        errors = (worst.get("forward", math.nan), worst.get("backward", math.nan), part["root_zone_eps"].max())
        rows.append((
            f"{HEADS.get(str(name), name)} {dtype}", part["activation"].nunique(), len(part), *map(figure, errors),
            f"{int(part['lost'].sum()):,}", f"{int(part['special'].sum()):,}", int((part["at_infinity"] != "").sum()),
        ))  # fmt: skip
    return table(heads, rows)


def broken(frame: pd.DataFrame) -> list[str]:
    """Our own cells that do not keep a promise: the table hides none."""
    ours = frame[frame["name"].isin(OURS) & (frame["holds"].astype(str) != "True")]
    if not len(ours):
        return ["Every promise is kept in every cell."]
    rows = []
    for r in observations(ours):
        limits = r.wrong_limits if isinstance(r.wrong_limits, str) else ""
        rows.append((r.activation, HEADS.get(r.name, r.name), r.direction, r.dtype,
                     f"{figure(r.worst_ulp)} at `{r.at_hex}`", figure(r.root_zone_eps), r.lost, r.special,
                     limits))  # fmt: skip
    heads = ("activation", "implementation", "direction", "dtype", "worst ulp", "roots, eps", "lost", "NaN", "limits")
    return [f"Promises not kept in {len(rows)} cells:", "", *table(heads, rows)]


def linked(name: str) -> str:
    """A function's name, leading to its page of the catalogue."""
    return f"[{name}](../catalogue/{name}.md)"


def tables(frame: pd.DataFrame) -> list[str]:
    """One table a format: rows x direction x implementation."""
    found = {(r.activation, r.direction, r.dtype, r.name): r for r in observations(frame)}
    lines = []
    for dtype in ("float32", "float64"):
        heads = [f"{way} {HEADS.get(name, name)}" for way in ("f", "f'") for name in SHOWN]
        rows = [
            (linked(name), *(cell(found.get((name, way, dtype, n))) for way in ("forward", "backward") for n in SHOWN))
            for name in sorted(frame["activation"].unique())
        ]
        lines += ["", f"## {dtype}", "", *table(("activation", *heads), rows)]
    return lines


def exhaustive(home: Path, rows: int) -> list[str]:
    """The figures over every input of a format, with the time that they took and that all ``rows`` would take."""
    if not (home / EXHAUSTIVE).exists():
        return []
    held = pd.read_csv(home / EXHAUSTIVE)
    wide = held[held["dtype"] == "float32"]
    each = wide["core_seconds"].mean()
    run = json.loads((home / EXHAUSTIVE_RUN).read_text(encoding="utf-8"))
    heads = ("activation", "direction", "path", "inputs", "worst ulp", "at", "roots, eps", "lost", "NaN or inf",
             "seconds")  # fmt: skip
    lines = [
        (r.activation, r.direction, "fused float32", f"{r.inputs:,}", figure(r.worst_ulp), f"`{r.at_hex}`",
         figure(r.root_zone_eps), r.lost, r.special, f"{r.core_seconds:.1f}")
        for r in observations(wide)
    ]  # fmt: skip
    return [
        "", "## Every input", "",
        "`actbench run accuracy --exhaustive`: no sample, every float32 of a fused kernel and every number of a "
        "small format through the reference path. Reference: the fused float64 kernel (float32) and the row in float64 "
        "(the others), the worst confirmed by mpmath. Seconds are processor time, all cores together: "
        f"{each:.0f} a float32 kernel on average, so that all {rows} rows in both directions take some "
        f"{2 * rows * each / 3600:.1f} core hours; what is finished is kept when a run is interrupted. {machine(run)}",
        "",
        f"Found: float32, {wide['activation'].nunique()} activations, at most {figure(wide['worst_ulp'].max())} ulp, "
        f"{int(wide['lost'].sum())} results lost, {int(wide['special'].sum())} NaN or infinite where there is a "
        f"number, {int(wide['nan_lost'].sum())} NaN swallowed."
        + "".join(_whole(str(dtype), part) for dtype, part in held.groupby("dtype", sort=False) if dtype != "float32"),
        "", *table(heads, lines),
    ]  # fmt: skip


def _whole(dtype: str, part: pd.DataFrame) -> str:
    """One sentence on a format of which every number was tried."""
    return (
        f" {dtype}, {part['activation'].nunique()} activations (in exhaustive.csv), at most "
        f"{part['worst_ulp'].max():.6f} ulp, {int(part['lost'].sum())} lost, {int(part['special'].sum())} NaN or "
        f"infinite, {int(part['nan_lost'].sum())} NaN swallowed."
    )


def along_axes(home: Path) -> list[str]:
    """Softmax and its kin: the worst error of each implementation."""
    if not (home / AXIS).exists():
        return []
    held = pd.read_csv(home / AXIS)
    held["name"] = held["implementation"].str.partition("==")[0]
    who = [name for name in ("numpy", "numba", "torch", "jax", "keras") if name in set(held["name"])]
    heads = [f"{way} {HEADS.get(name, name)}" for way in ("f", "product") for name in who]
    return [
        "", "## Along an axis", "",
        f"`actbench run axis_accuracy`: {int(held['vectors'].max())} seeded vectors of eight at three scales, all "
        "confirmed by mpmath at 1,600 bits. A value counts in its own last place, a vector-Jacobian product in that of "
        "its largest term, for its terms cancel.",
        *(line for dtype in ("float32", "float64") for line in (
            "", *table((f"function, {dtype}", *heads), _axis_rows(held[held["dtype"] == dtype], who)),
        )),
    ]  # fmt: skip


def of_gates(home: Path) -> list[str]:
    """Gates: the worst error of the product and of both gradients."""
    if not (home / GATES).exists():
        return []
    held = pd.read_csv(home / GATES)
    parts = [(way, dtype, part) for dtype in ("float32", "float64") for way in OURS for part in ("y", "da", "db")]
    worst = held.groupby(["function", "implementation", "dtype", "part"])["worst_ulp"].max()
    return [
        "", "## Gates", "",
        f"`actbench run gate_accuracy`: the product and both gradients at {int(held['pairs'].max()):,} pairs of "
        "inputs, what people think of and where clamps begin among them; the worst, and in float64 a spread of all, "
        "confirmed by mpmath. "
        "Next to roots of a factor or of its slope an error counts in the last place of the other input.",
        "", *table(
            ("gate", *(f"{part} {HEADS.get(way, way)} {dtype}" for way, dtype, part in parts)),
            [(linked(name), *(figure(worst.get((name, *each), math.nan)) for each in parts))
             for name in dict.fromkeys(held["function"])],
        ),
    ]  # fmt: skip


def _axis_rows(part: pd.DataFrame, who: list[str]) -> Iterator[list[str]]:
    found = {(r.function, r.direction, r.name): r for r in observations(part)}
    for function in dict.fromkeys(part["function"]):
        each = (found.get((function, way, name)) for way in ("forward", "backward") for name in who)
        cells = ("" if r is None else figure(r.worst_ulp) + "†" * (r.lost > 0) + "‡" * (r.special > 0) for r in each)
        yield [linked(function), *cells]


def page(home: Path) -> str:
    """README.md of the folder."""
    frame = load(home)
    run = json.loads((home / RUN).read_text(encoding="utf-8"))
    least, most = int(frame["points"].min()), int(frame["points"].max())
    lines = [
        "# How right is each implementation?", "",
        "Written by `python reports/refresh.py accuracy`. Worst error in units in the last place of the exact result "
        f"over {least:,} to {most:,} seeded points a cell: every binade of both signs, the body, the tails, the "
        "neighbours of kinks, roots and edges. Zones within 0.25 of a declared root count by their absolute error. A "
        "sampled maximum is a lower bound of the maximum.", "",
        "Two stages: float32 answers are compared with the row in float64 (itself held to mpmath, and some 1e-8 ulp "
        "of float32 off), float64 answers with the row in float64, and that row with its fused kernel; the worst "
        "of each, and in float64 1,000 more spread over all, are confirmed by mpmath, and the figures are mpmath's.",
        "",
        "† results lost: 0 where the exact result is a normal number. ‡ NaN or infinite where it is a number. "
        "∞ a wrong answer at an infinity. Peers are called with their defaults; "
        "what is wrong with them stands in [findings.md](findings.md), everything in [accuracy.csv](accuracy.csv).", "",
        machine(run), "", "## Summary", "", *summary(frame), "", *broken(frame), *tables(frame),
        *along_axes(home), *of_gates(home), *exhaustive(home, frame["activation"].nunique()),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


KINDS = (
    ("special", "NaN or infinite, though the exact result is a number"),
    ("lost", "0, though the exact result is a normal number"),
    ("many", "wrong by more than 1,000 ulp of a normal number"),
)


def _called(row: Any) -> str:
    """How a peer's users write the function; some know it by the row's own name."""
    return f"`{resolve(row.activation).peers.get(row.name, row.activation)}`"


def findings(frame: pd.DataFrame) -> str:
    """findings.md: what is wrong elsewhere, each with the input nearest to 0 that shows it."""
    peers = frame[~frame["name"].isin(OURS)]
    lines = [
        "# Findings about other implementations", "",
        "Written by `python reports/refresh.py accuracy` from [accuracy.csv](accuracy.csv). Each line is one function "
        "in one direction and format; the input is the one nearest to 0 that was found to fail, narrowed to the last "
        "bit; `n` is how many of some 120,000 seeded points fail. Inputs next to declared roots and at kinks are left "
        "out. "
        "keras computes on torch (KERAS_BACKEND=torch), the one backend that gives it gradients here.", "",
        "To see one for yourself:", "", "```python", "import torch", "",
        "x = torch.full((64,), float.fromhex(\"INPUT\"), dtype=torch.float32, requires_grad=True)",
        "y = torch.nn.functional.gelu(x)", "print(y[0].item())", "y.sum().backward()", "print(x.grad[0].item())", "```",
    ]  # fmt: skip
    for name, part in peers.groupby("implementation", sort=True):
        lines += ["", f"## {name}"]
        for kind, says in KINDS:
            rows = part[part[kind] > 0]
            if not len(rows):
                continue
            heads = ("function", "direction", "dtype", "smallest input", "in hex", "answer", "exact", "n")
            cells: list[tuple[object, ...]] = []
            for r in observations(rows):
                at = float(getattr(r, f"{kind}_at"))
                got = 0.0 if kind == "lost" else float(getattr(r, f"{kind}_got"))
                right = rounded(exact(in_format(r.activation, r.dtype), r.direction, at), r.dtype)
                cells.append((_called(r), r.direction, r.dtype, f"{at:.9g}", f"`{at.hex()}`", f"{got:.6g}",
                              f"{right:.6g}", f"{getattr(r, kind):,}"))  # fmt: skip
            lines += ["", f"### {says}: {len(rows)}", "", *table(heads, cells)]
        for column, says in (("at_infinity", "wrong at an infinity"), ("at_nan", "NaN in, a number out")):
            rows = part[part[column] != ""]
            if len(rows):
                cells = [(_called(r), r.dtype, getattr(r, column)) for r in observations(rows)]
                lines += ["", f"### {says}: {len(rows)}", "", *table(("function", "dtype", "what"), cells)]
        flushed = part[(part["worst_ulp"] > MANY) & (part["worst_normal_ulp"] <= MANY)]
        if len(flushed):
            names = ", ".join(sorted(set(flushed["activation"])))
            lines += [
                "",
                f"Subnormal numbers: in {len(flushed)} more cells the error exceeds 1,000 ulp where input or result is "
                f"subnormal (flushed to 0), and nowhere else: {names}.",
            ]
    return "\n".join(lines) + "\n"


def pages(home: Path) -> dict[str, str]:
    """The pages of a folder of committed tables: file to text."""
    return {"README.md": page(home), "findings.md": findings(load(home))}
