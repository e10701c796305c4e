"""``actbench bench``: which implementation is fastest here, and how far is it from what memory allows?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from actbench.cli import against
from actbench.cli.options import add_json, add_run_options, dry_run, measured_json, refuse_idle, table, width
from actbench.cli.run import measured, status
from actbench.report.phrases import phrases
from actbench.report.races import duration, once, summary
from actbench.runs.folder import DEFAULT

DESCRIPTION = """\
Race our fused kernel against every peer that is installed, on this machine: NumPy and SciPy as a textbook writes
them, torch, torch.compile, jax, onnxruntime, keras, LiteRT (XNNPACK). Values are compared with the exact ones
before each race.

  actbench bench                              the article's six, forward and backward
  actbench bench gelu silu --dtype float64 --size 2^24
  actbench bench relu --inputs normal sorted positive --direction backward
  actbench bench gelu --layout contiguous strided transposed
  actbench bench swiglu glu:layout=interleaved softmax --size 2^21     along the last of two axes, 4,096 long
  actbench bench --quick                      fewer rounds, float32, one size
  actbench bench --against main               is the working tree slower than that commit?

It is the experiment 'throughput': what an earlier call measured on this commit and machine is kept, --fresh measures
it again. Sizes are elements of x: 1000000 or 2^20. Ratios are pairs of the same round; above 1 ours is faster.
"""
OF_RACES = (
    "dtype", "size", "direction", "inputs", "layout", "threads", "peers", "device", "rounds", "quick", "fresh",
    "dry_run",
)  # fmt: skip
QUICK_ROUNDS, QUICK_SECONDS = 21, 0.8  # of one cell


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "bench", help="which implementation is fastest here, and how far from the limit", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("names", nargs="*", metavar="NAME", help="activations (default: the article's six)")
    parser.add_argument("--dtype", nargs="+", metavar="T", help="float32, float64 (default both; quick: float32)")
    parser.add_argument("--size", nargs="+", metavar="N", help="elements of x (default 2^12 2^20; quick: 2^20)")
    parser.add_argument("--direction", nargs="+", metavar="D", help="forward, backward (default both)")
    parser.add_argument("--inputs", nargs="+", metavar="KIND",
                        help="normal, positive, saturated, subnormal, sorted (default normal)")  # fmt: skip
    parser.add_argument("--layout", nargs="+", metavar="L", help="contiguous, strided, transposed (default contiguous)")
    parser.add_argument("--threads", type=int, metavar="N", help="threads of everybody (default 1)")
    parser.add_argument("--peers", nargs="*", metavar="PEER", help="only these peers (default: all; none: ours alone)")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="cuda: torch's peers alone, by events")
    parser.add_argument("--rounds", type=int, metavar="N", help="samples of each (default 61)")
    add_run_options(parser, workers=False)
    add_json(parser)
    against.add_options(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Race, print, write."""
    if args.against is not None:
        refuse_idle(args, OF_RACES, "not with --against, which times benchmarks as they stand; choose by --benchmark")
        return against.call(args)
    refuse_idle(args, ("threshold", "benchmark"), "for --against alone")
    import pandas as pd

    from actbench.experiments.throughput.question import COLUMNS, FACTORS
    from actbench.runs.experiment import EXPERIMENTS
    from actbench.speed.threads import usable

    experiment = EXPERIMENTS["throughput"]
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if args.quick else (None, None)
    peers = None if args.peers is None else ",".join(args.peers) or "none"
    given = {
        "activation": args.names, "dtype": args.dtype, "size": args.size, "direction": args.direction,
        "inputs": args.inputs, "layout": args.layout, "threads": args.threads, "device": args.device, "peers": peers,
        "most_rounds": args.rounds if args.rounds is not None else rounds, "most_seconds": seconds,
    }  # fmt: skip
    levels = {name: value if isinstance(value, list) else [value] for name, value in given.items()
              if value is not None and value != []}  # fmt: skip
    cells = experiment.cells(quick=args.quick, **levels)
    if args.dry_run:
        return dry_run(args, [(experiment, cells)])
    result, folder = measured(
        args, experiment, cells, command="bench", out=f"{DEFAULT}/bench", asked=_words(args),
        threads={"count": args.threads or 1, "cores": list(usable()[-(args.threads or 1):])},
    )  # fmt: skip
    table = result.frame[[*FACTORS, *COLUMNS]]
    folder.write_frame("timings/bench", table)
    folder.write_frame("timings/samples", pd.DataFrame(samples(result.frame)))
    rows = table.to_dict(orient="records") if args.json else []
    print(measured_json(folder.read_run(), folder=str(folder.path), rows=rows) if args.json else shown(table))
    warnings = dict.fromkeys(line for text in result.frame["warnings"].dropna() for line in text.splitlines())
    failed = [f"{row['activation']} {row['direction']}: {row['reason']}" for row in
              result.failures.to_dict(orient="records")]  # fmt: skip
    for warning in (*warnings, *failed):
        print(f"actbench: {warning}", file=sys.stderr)
    if not args.json:
        print(f"\nkept: arrays kept for backward; of copy: share of a copy's bandwidth; holds: within what actbench "
              f"promises of its own kernels\n\n{summary(table, phrases('en'))}")  # fmt: skip
        again = "" if not result.reused else f" ({result.reused} of {len(cells)} cells were there; --fresh: once more)"
        print(f"page: {folder.path / 'report.html'}; tables, samples and figures beside it{again}")
    return status(result) or (0 if table["time_s"].notna().any() else 3)


def _words(args: argparse.Namespace) -> list[str]:
    """The names and options that chose the races, as they are typed."""
    words = list(args.names)
    for name in ("dtype", "size", "direction", "inputs", "layout", "threads", "peers", "device", "rounds"):
        if (given := getattr(args, name)) is not None:
            words += [f"--{name}", *map(str, given if isinstance(given, list) else [given])]
    return words


def samples(frame: Any) -> Iterator[dict[str, Any]]:
    """One row a sample."""
    from actbench.experiments.throughput.question import FACTORS

    for row in frame[frame["samples_s"].notna()].to_dict(orient="records"):
        factors = {name: row[name] for name in (*FACTORS, "implementation")}
        for number, (seconds, place) in enumerate(zip(row["samples_s"].split(), row["places"].split(), strict=True)):
            yield {**factors, "round": number, "time_s": float(seconds), "calls": int(row["calls"]),
                   "place": int(place)}  # fmt: skip


def shown(frame: Any) -> str:
    """One table a cell: the fastest first, then who took no part and why."""
    from actbench.experiments.throughput.question import FACTORS

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
                "; ".join(text for text in (_busy(row), row.reason, row.note) if text),
            )
            for row in timed.itertuples()
        ]  # fmt: skip
        head = ("", "who", "time", "95 %", "time / ours", "GB/s", "of copy", "kept", "worst ulp", "holds", "note")
        parts.append(table(rows, head, limit=width(140)))
        silent = cell[cell["time_s"].isna()]
        parts += [f"   {row.implementation}: {row.reason}" for row in silent.itertuples() if not once(row.reason)]
        parts.append("")
    return "\n".join(parts).rstrip()


def _busy(row: Any) -> str:
    """What a time is worth whose interval is wider than any difference that a race looks for."""
    from actbench.speed.race import BUSY, busy

    return BUSY if busy(row.low_s, row.high_s) or busy(row.ratio_low, row.ratio_high) else ""


def _ulp(worst: float) -> str:
    return "" if worst != worst else f"{worst:.1f}" if worst < 1000 else f"{worst:.1e}"


def _kept(kept: Any, moved: float, size: int, dtype: str) -> str:
    """Arrays of the input's size that are kept."""
    if kept is None or kept != kept:
        return ""
    return f"{kept / (size * (4 if dtype == 'float32' else 8)):.2g} x"
