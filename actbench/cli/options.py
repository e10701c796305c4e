"""Options that several verbs share, and tables for a terminal."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from typing import Any

from actbench.core.errors import ActbenchError

RUN_OPTIONS = ("out", "seed", "workers", "quick", "fresh")

MOST_WORKERS = 512  # of one machine


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def add_run_options(parser: argparse.ArgumentParser, *, workers: bool = True) -> None:
    """``--out --seed --workers --quick --fresh``; without workers where times are measured, by one process alone."""
    group = parser.add_argument_group("how to run")
    group.add_argument(
        "--out", type=folder, metavar="DIR", help="folder of the run (default actbench-out/COMMAND-TARGET)"
    )
    group.add_argument("--seed", type=whole_number, default=0, metavar="N", help="master seed (default 0)")
    if workers:
        group.add_argument(
            "--workers", type=workers_number, default=usable_cores(), metavar="N",
            help="processes; changes no number (default: the cores, here %(default)s)",
        )  # fmt: skip
    else:
        parser.set_defaults(workers=1)
    group.add_argument("--quick", action="store_true", help="the sub-grid: the same cells, fewer networks; a rehearsal")
    group.add_argument("--fresh", action="store_true", help="delete what the folder holds of an earlier run")


def refuse_idle(args: argparse.Namespace, names: Sequence[str], why: str) -> None:
    """Complain about options of the verb that were given and would do nothing; ``--workers 2`` for ``workers``."""
    given = [name for name in names if getattr(args, name) != args.parser.get_default(name)]
    if given:
        raise ActbenchError(f"{', '.join('--' + name.replace('_', '-') for name in given)}: {why}")


def whole_number(text: str) -> int:
    """A whole number from 0, in ASCII digits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise argparse.ArgumentTypeError(f"{text!r} is no seed; give a whole number, 0 or more")
    return int(text)


def workers_number(text: str) -> int:
    """A number of processes."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_WORKERS):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes; give 1 or more, up to {MOST_WORKERS}")
    return int(text)


def folder(text: str) -> str:
    """A folder's name."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"{text!r} names no folder; give one, or leave --out away")
    return text


def add_json(parser: argparse.ArgumentParser) -> None:
    """``--json``."""
    parser.add_argument("--json", action="store_true", help="print JSON for machines instead of a table")


def as_json(content: Any) -> str:
    """JSON text; what JSON cannot say is null."""
    from actbench.runs.folder import finite

    return json.dumps(finite(content), indent=1, ensure_ascii=False, allow_nan=False, default=str)


WIDEST = 34  # of every column but the first and the last


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 3] + "..."


def table(rows: Sequence[Sequence[Any]], head: Sequence[str], *, limit: int = 100) -> str:
    """Rows in aligned columns; long texts are cut, the last column at the terminal's width."""
    cells = [[str(value) for value in row] for row in (head, *rows)]
    cells = [[row[0], *(_cut(text, WIDEST) for text in row[1:-1]), *row[-1:]] for row in cells]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    room = max(20, limit - sum(widths[:-1]) - 2 * (len(head) - 1))
    padded = [
        [text.ljust(w) for text, w in zip(row[:-1], widths, strict=False)] + [_cut(row[-1], room)] for row in cells
    ]
    return "\n".join("  ".join(row).rstrip() for row in padded)


def width() -> int:
    """Columns of the terminal; 120 on a pipe."""
    import shutil

    return shutil.get_terminal_size((120, 24)).columns
