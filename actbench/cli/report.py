"""``actbench report``: draw a run's tables, figures and pages again from its files, or asv's results over commits."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "report",
        help="render a run again from its files, or performance over commits from asv's",
        description="Render again; nothing is measured. Given asv's results (.asv/results) the page shows performance "
        "over commits.",
    )
    parser.add_argument("directory", metavar="DIR", help="the folder of a run, with its run.json, or asv's results")
    parser.add_argument("--lang", choices=("en", "zh"), help="language of the page (default: the run's)")
    parser.add_argument(
        "--out", metavar="DIR", help="of asv's results: where the page goes (default actbench-out/performance)"
    )
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Render."""
    from actbench.core.errors import ActbenchError, reason_of
    from actbench.speed.commits.asv_results import holds_results

    if holds_results(args.directory):
        from actbench.report.commits import render_commits

        print(render_commits(args.directory, args.out, lang=args.lang or "en"))
        return 0
    if args.out:
        raise ActbenchError("--out is for asv's results; the page of a run goes into its own folder")
    from actbench.report import dossier, page, plain
    from actbench.runs.folder import RunFolder

    folder = RunFolder(Path(args.directory))
    command = folder.read_run().get("command")
    render = next((room.render for room in (dossier, plain) if command in room.COMMANDS), page.render)
    try:
        print(render(folder, lang=args.lang))
    except (ActbenchError, OSError, MemoryError, ImportError):
        raise
    except Exception as error:  # files that were cut, or are a stranger's, can be wrong in any way
        raise ActbenchError(
            f"the files of {args.directory!r} do not belong together ({reason_of(error)}); run again to make them"
        ) from error
    return 0
