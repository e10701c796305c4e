"""Options that several verbs share, and tables for a terminal."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from actbench.core.errors import ActbenchError
from actbench.core.machine import machine, usable_cores, versions

RUN_OPTIONS = ("out", "seed", "workers", "quick", "fresh", "dry_run")

MOST_WORKERS = 512  # of one machine
QUICK = "a part of the grid, fewer settings, step sizes and networks; nothing is final"  # of --quick, everywhere


class _Where(argparse.Action):
    """``--workers`` or ``--scheduler``: argparse's own groups let a value pass that is the default."""

    def __call__(self, parser: Any, namespace: argparse.Namespace, value: Any, option: str | None = None) -> None:
        before = namespace.__dict__.setdefault("where", option)
        if before != option:
            raise argparse.ArgumentError(self, f"not with {before}: cells are computed here or there; give one")
        namespace.workers = value


def add_run_options(parser: argparse.ArgumentParser, *, workers: bool = True) -> None:
    """``--out --seed --workers --quick --fresh``; without workers where times are measured, by one process alone."""
    group = parser.add_argument_group("how to run")
    group.add_argument(
        "--out", type=folder, metavar="DIR", help="folder of the run (default actbench-out/COMMAND-TARGET)"
    )
    group.add_argument("--seed", type=whole_number, default=0, metavar="N", help="master seed (default 0)")
    if workers:
        group.add_argument(
            "--workers", action=_Where, type=workers_number, default=usable_cores(), metavar="N",
            help="processes; changes no number (default: the cores, here %(default)s)",
        )  # fmt: skip
        group.add_argument(
            "--scheduler", action=_Where, dest="workers", type=address, metavar="ADDRESS", default=argparse.SUPPRESS,
            help="dask's scheduler, whose workers compute: the address that `dask scheduler` prints (extra: dask)",
        )  # fmt: skip
    else:
        parser.set_defaults(workers=1)
    group.add_argument("--quick", action="store_true", help=QUICK)
    group.add_argument("--fresh", action="store_true", help="delete what the folder holds of an earlier run")
    group.add_argument("--dry-run", action="store_true", help="say how many cells it is and how long, and do nothing")


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


def address(text: str) -> str:
    """A scheduler's address."""
    from actbench.runs.workers import SCHEMES

    if not (text.startswith(SCHEMES) and text.partition("://")[2].strip()):
        raise argparse.ArgumentTypeError(f"{text!r} is no address of a scheduler; give one such as tcp://HOST:8786")
    return text


def folder(text: str) -> str:
    """A folder's name."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"{text!r} names no folder; give one, or leave --out away")
    return text


def add_json(parser: argparse.ArgumentParser, *, bare: str = "with machine and versions") -> None:
    """``--json``; it is an object that names machine and versions, but where readers have got a bare list from it."""
    parser.add_argument("--json", action="store_true", help=f"print JSON for machines instead of a table: {bare}")


def as_json(content: Any) -> str:
    """JSON text; what JSON cannot say is null."""
    from actbench.runs.folder import finite

    return json.dumps(finite(content), indent=1, ensure_ascii=False, allow_nan=False, default=str)


def dry_run(args: argparse.Namespace, work: Sequence[tuple[Any, Sequence[Any]]], *, beside: str = "") -> int:
    """Print the stages of a command, their cells and how long they should take; nothing is measured or written."""
    from actbench.kernels.cache import empty
    from actbench.runs.estimate import plan
    from actbench.runs.progress import span

    workers = args.workers if isinstance(args.workers, int) else 1  # how many a scheduler has is known when it is asked
    stages = plan(work, workers)
    cells, seconds = (sum(row[key] for row in stages) for key in ("cells", "seconds"))
    if args.json:
        print(as_json({"stages": stages, "cells": cells, "seconds": seconds, "workers": workers}))
        return 0
    rows = [(row["experiment"], f"{row['cells']:,}" if row["cells"] else "", span(row["seconds"])) for row in stages]
    print(table([*rows, ("in all", f"{cells:,}", span(seconds))], ("stage", "cells", "about")))
    compiling = "kernels are compiled once, by the first run" if empty() else "kernels that are new are compiled on top"
    print(f"by {workers} process{'es' if workers > 1 else ''}, from what a cell took on one machine once: yours may "
          f"take a third or three times that; {compiling}.{beside}")  # fmt: skip
    return 0


def measured_json(run: Any, **content: Any) -> str:
    """JSON of what was measured, with where: machine, versions, commit, seed."""
    kept = ("command", "target", "seed", "quick", "machine", "versions", "blas", "commit", "started", "finished")
    return as_json({"run": {name: run.get(name) for name in kept}, **content})


def here_json(**content: Any) -> str:
    """JSON of what was found on this machine, by no stored run: machine and versions first."""
    return as_json({"machine": machine(), "versions": versions(), **content})


WIDEST = 34  # of every column but the first and the last


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 3] + "..."


def table(rows: Sequence[Sequence[Any]], head: Sequence[str], *, limit: int | None = None) -> str:
    """Rows in aligned columns; with a limit, a terminal's width, long texts are cut, the last column at that."""
    cells = [[str(value) for value in row] for row in (head, *rows)]
    if limit is not None:
        cells = [[row[0], *(_cut(text, WIDEST) for text in row[1:-1]), *row[-1:]] for row in cells]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    longest = max(len(row[-1]) for row in cells)
    room = longest if limit is None else max(20, limit - sum(widths[:-1]) - 2 * (len(head) - 1))
    padded = [
        [text.ljust(w) for text, w in zip(row[:-1], widths, strict=False)] + [_cut(row[-1], room)] for row in cells
    ]
    return "\n".join("  ".join(row).rstrip() for row in padded)


def width(least: int = 0) -> int | None:
    """Columns of the terminal, at least so many; None on a pipe, where nothing is cut."""
    import shutil

    return max(least, shutil.get_terminal_size((120, 24)).columns) if sys.stdout.isatty() else None
