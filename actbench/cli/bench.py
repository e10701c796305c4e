"""``actbench bench``: which implementation is fastest here, and how far is it from what memory allows?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from actbench.cli import against
from actbench.cli.options import add_json, as_json, table, width
from actbench.core.errors import ActbenchError, unknown

DESCRIPTION = """\
Race our fused kernel against every peer that is installed, on this machine: NumPy and SciPy as a textbook writes
them, torch, torch.compile, jax, onnxruntime, keras. Values are compared with the exact ones before each race.

  actbench bench                              the article's six, forward and backward
  actbench bench gelu silu --dtype float64 --size 2^24
  actbench bench relu --inputs normal sorted positive --direction backward
  actbench bench gelu --layout contiguous strided transposed
  actbench bench --quick                      fewer rounds, float32, one size
  actbench bench --against main               is the working tree slower than that commit?

Sizes are numbers of elements: 1000000 or 2^20. Ratios are pairs of the same round; above 1 ours is faster.
"""
ROUNDS, QUICK_ROUNDS = 61, 21
MOST, QUICK_MOST = 8.0, 0.8  # seconds for the rounds of one cell
DTYPES = ("float32", "float64")
DIRECTIONS = ("forward", "backward")


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "bench", help="which implementation is fastest here, and how far from the limit", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("names", nargs="*", metavar="NAME", help="activations (default: the article's six)")
    parser.add_argument("--dtype", nargs="+", metavar="T", help="float32, float64 (default both; quick: float32)")
    parser.add_argument("--size", nargs="+", metavar="N", help="elements (default 2^12 2^20; quick: 2^20)")
    parser.add_argument("--direction", nargs="+", metavar="D", help="forward, backward (default both)")
    parser.add_argument("--inputs", nargs="+", default=["normal"], metavar="KIND",
                        help="normal, positive, saturated, subnormal, sorted (default normal)")  # fmt: skip
    parser.add_argument("--layout", nargs="+", metavar="L", help="contiguous, strided, transposed (default contiguous)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads of everybody (default 1)")
    parser.add_argument("--peers", nargs="*", metavar="PEER", help="only these peers (default: all; none: ours alone)")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="cuda: torch's peers alone, by events")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"samples of each (default {ROUNDS})")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the inputs and the order (default 0)")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, float32, one size")
    parser.add_argument("--out", metavar="DIR", help="where tables and figures go (default actbench-out/bench)")
    add_json(parser)
    against.add_options(parser)
    parser.set_defaults(call=call)


def size_of(text: str) -> int:
    """``2^20`` or ``1048576``."""
    from actbench.runs.factors import array_size

    base, caret, power = str(text).replace("**", "^").replace(",", "").partition("^")
    try:
        return array_size(int(base) ** int(power) if caret else int(base))
    except ValueError as error:
        why = str(error) if "whole number from" in str(error) else "is not a number of elements"
        raise ActbenchError(f"--size {text!r} {why}; write 1048576 or 2^20") from None


def chosen(given: list[str] | None, known: tuple[str, ...], default: tuple[str, ...], what: str) -> tuple[str, ...]:
    """The levels that were asked for, each known."""
    for name in given or ():
        if name not in known:
            raise unknown(what, name, known)
    return tuple(dict.fromkeys(given)) if given else default


def call(args: argparse.Namespace) -> int:
    """Race, print, write."""
    if args.against is not None:
        return against.call(args)
    from actbench.activations.registry import canonical
    from actbench.core.streams import whole
    from actbench.implementations.ready import CONTENDERS
    from actbench.speed import table as tables
    from actbench.speed.inputs import INPUTS, LAYOUTS
    from actbench.speed.threads import many

    if args.device == "cuda":
        from actbench.speed import cuda

        cuda.found()
    whole(args.threads, "threads", 1)
    rounds = whole(args.rounds, "rounds", 5) if args.rounds is not None else QUICK_ROUNDS if args.quick else ROUNDS
    if args.threads > many():
        raise ActbenchError(
            f"--threads {args.threads}, but this process may use {many()} cores; give {many()} or fewer"
        )
    names = tuple(dict.fromkeys(canonical(name) for name in args.names)) or tables.panel()
    sizes = tuple(size_of(text) for text in args.size or ()) or ((1 << 20,) if args.quick else (1 << 12, 1 << 20))
    dtypes = chosen(args.dtype, DTYPES, DTYPES[:1] if args.quick else DTYPES, "dtype")
    directions = chosen(args.direction, DIRECTIONS, DIRECTIONS, "direction")
    kinds = chosen(args.inputs, tuple(INPUTS), ("normal",), "input distribution")
    layouts = chosen(args.layout, tuple(LAYOUTS), ("contiguous",), "layout")
    if args.device == "cuda" and layouts != ("contiguous",):
        raise ActbenchError(
            f"--layout {' '.join(layouts)} with --device cuda: on a GPU only contiguous arrays are raced"
        )
    contenders = tuple(CONTENDERS) if args.peers is None else chosen(args.peers, tuple(CONTENDERS), (), "peer")
    todo = tables.cells(names, directions, dtypes, sizes, kinds, layouts, threads=args.threads, device=args.device)
    frame, samples, pinned, warnings = raced(
        todo, contenders=contenders, rounds=rounds, most=QUICK_MOST if args.quick else MOST, seed=args.seed
    )
    out = Path(args.out or "actbench-out/bench")
    print(as_json(frame.to_dict(orient="records")) if args.json else shown(frame))
    write(out, frame, samples, pinned, warnings, args)
    for warning in warnings:
        print(f"actbench: {warning}", file=sys.stderr)
    if not args.json:
        print(f"\ntables, samples and figures: {out}")
    return 0 if frame["time_s"].notna().any() else 3


def raced(todo: list[Any], *, contenders: tuple[str, ...], rounds: int, most: float, seed: int) -> Any:
    """All cells with progress on stderr: table, samples, what was pinned, warnings."""
    import pandas as pd

    from actbench.core.streams import master_seed
    from actbench.runs.progress import follow
    from actbench.speed import table as tables
    from actbench.speed.threads import environment, pinned

    rows: list[dict[str, Any]] = []
    samples: list[dict[str, Any]] = []
    warnings: list[str] = []
    count = todo[0].threads if todo else 1
    with environment(count), master_seed(seed), follow("bench", len(todo)) as advance:
        _load(contenders)
        with pinned(count) as held:
            for cell in todo:
                found = tables.measured(cell, contenders=contenders, rounds=rounds, most=most, seed=seed)
                rows += found[0]
                samples += found[1]
                warnings += found[2]
                advance(1)
    frame = pd.DataFrame(rows, columns=[*tables.FACTORS, *tables.COLUMNS])
    return frame, pd.DataFrame(samples), held, warnings


def _load(contenders: tuple[str, ...]) -> None:
    """Peers are imported before threads are pinned, so that they can be told; what fails is said in the table."""
    from importlib import import_module

    for name in {contender.partition(".")[0] for contender in contenders} & {"torch", "jax"}:
        try:
            import_module(name)
        except Exception:  # noqa: S112  whatever a broken peer raises, its row will say so
            continue


def write(out: Path, frame: Any, samples: Any, pinned: Any, warnings: list[str], args: argparse.Namespace) -> None:
    """run.json, timings/bench.csv, timings/samples.csv and the figures."""
    from actbench.drawing.style import save
    from actbench.report.throughput import bars, roofline
    from actbench.runs import provenance
    from actbench.runs.folder import SCHEMA, RunFolder

    folder = RunFolder(out)
    folder.write_frame("timings/bench", frame)
    folder.write_frame("timings/samples", samples)
    folder.write_run({
        "command": "bench", "target": " ".join(args.names) or "article", "schema": SCHEMA, "seed": args.seed,
        **provenance.describe(), "quick": args.quick, "finished": provenance.now(), "warnings": warnings,
        "threads": {"count": pinned.count, "cores": list(pinned.cores)},
    })  # fmt: skip
    timed = frame[frame["time_s"].notna()]
    for direction, part in timed.groupby("direction", sort=False):
        first = part[(part["dtype"] == part["dtype"].iloc[0]) & (part["size"] == part["size"].max())]
        save(bars(first), out / "figures" / f"bars-{direction}")
    if timed["rank"].notna().any():
        save(roofline(timed[timed["dtype"] == timed["dtype"].iloc[0]]), out / "figures" / "roofline")


def shown(frame: Any) -> str:
    """One table a cell: the fastest first, then who took no part and why."""
    from actbench.speed.table import FACTORS

    parts = []
    for key, cell in frame.groupby(list(FACTORS), sort=False):
        activation, direction, dtype, size, inputs, layout, threads, device = key
        where = "GPU" if device == "cuda" else f"{threads} thread{'s' if threads > 1 else ''}"
        how = inputs if layout == "contiguous" else f"{inputs}, {layout}"
        parts.append(f"{activation} {direction}, {dtype}, {size:,} elements, {how}, {where}")
        timed = cell[cell["time_s"].notna()]
        rows = [
            (
                "" if row.rank != row.rank or row.rank is None else f"{row.rank:.0f}",
                row.implementation, duration(row.time_s), f"[{duration(row.low_s)}, {duration(row.high_s)}]",
                "" if row.ratio != row.ratio else f"{row.ratio:.2f} [{row.ratio_low:.2f}, {row.ratio_high:.2f}]",
                f"{row.gb_per_s:.1f}", f"{row.copy_share:.0%}", _kept(row.kept_bytes, row.bytes_moved, size, dtype),
                _ulp(row.worst_ulp), {True: "yes", False: "NO"}.get(row.holds, ""),
                "; ".join(text for text in (row.reason, row.note) if text),
            )
            for row in timed.itertuples()
        ]  # fmt: skip
        head = ("", "who", "time", "95 %", "time / ours", "GB/s", "of copy", "kept", "worst ulp", "holds", "note")
        parts.append(table(rows, head, limit=max(width(), 140)))
        for row in cell[cell["time_s"].isna()].itertuples():
            parts.append(f"   {row.implementation}: {row.reason}")
        parts.append("")
    return "\n".join(parts).rstrip()


def duration(seconds: float) -> str:
    """``1.23 ms`` in three digits."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def _ulp(worst: float) -> str:
    return "" if worst != worst else f"{worst:.1f}" if worst < 1000 else f"{worst:.1e}"


def _kept(kept: Any, moved: float, size: int, dtype: str) -> str:
    """Arrays of the input's size that are kept."""
    if kept is None or kept != kept:
        return ""
    return f"{kept / (size * (4 if dtype == 'float32' else 8)):.2g} x"
