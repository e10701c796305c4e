"""``actbench bench --against REF``: is the working tree slower than that commit?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from actbench.cli.options import here_json, table, width

SHOWN = ("slower", "failed", "faster", "unclear", "new")


def add_options(parser: argparse.ArgumentParser) -> None:
    """``--against``, ``--threshold``, ``--benchmark``."""
    group = parser.add_argument_group(
        "against another commit",
        "Times the working tree against a commit of this clone, with the benchmarks of benchmarks/: both in turns, "
        "in several pairs of processes, every suspicion twice. Exit status 0 same or faster; 1 slower; 3 could not "
        "measure. NAME, --seed, --json and --out apply.",
    )
    group.add_argument("--against", metavar="REF", help="a commit, branch or tag, such as HEAD or main")
    group.add_argument(
        "--threshold", type=float, metavar="F", help="slower means by more than this factor, twice (default 1.1)"
    )
    group.add_argument("--benchmark", default="", metavar="REGEX", help="only these, such as kernels or time_pass")


def call(args: argparse.Namespace) -> int:
    """Compare, print, and say it with the exit status."""
    from actbench.core.files import write_text
    from actbench.runs.progress import follow
    from actbench.speed.commits import NOT_MEASURED, THRESHOLD, NotMeasured, against

    threshold = THRESHOLD if args.threshold is None else args.threshold
    try:
        found = against(
            args.against, threshold=threshold, names=args.names, benchmarks=args.benchmark, seed=args.seed,
            follow=follow,
        )  # fmt: skip
    except NotMeasured as error:
        print(f"actbench: {error}", file=sys.stderr)
        return NOT_MEASURED
    if args.out:
        write_text(Path(args.out) / "timings" / "against.csv", found.frame.to_csv(index=False, lineterminator="\n"))
    print(here_json(rows=found.frame.to_dict(orient="records")) if args.json else shown(found))
    if found.status == NOT_MEASURED:
        print(
            "actbench: could not measure: a case failed, or most intervals are wider than the threshold; see the "
            "reasons, stop other programs, or give a larger --threshold",
            file=sys.stderr,
        )
    return found.status


def shown(found: Any) -> str:
    """What differs, and a line that counts all."""
    frame = found.frame
    rows = [
        (f"{row.benchmark}({row.parameters})", row.verdict, _ratio(row.ratio, row.low, row.high),
         _ratio(row.ratio_again, row.low_again, row.high_again), row.reason)
        for verdict in SHOWN for row in frame[frame["verdict"] == verdict].itertuples()
    ]  # fmt: skip
    counts = ", ".join(f"{count} {verdict}" for verdict, count in frame["verdict"].value_counts().items())
    lines = [f"{found.head} against {found.base}, threshold {found.threshold:g}: {counts}"]
    if rows:
        head = ("case", "", "time / before", "once more", "reason")
        lines = [table(rows, head, limit=width(140)), "", *lines]
    return "\n".join(lines)


def _ratio(value: float, low: float, high: float) -> str:
    return "" if value != value else f"{value:.2f} [{low:.2f}, {high:.2f}]"
