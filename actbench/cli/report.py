"""``actbench report``: draw a run's tables, figures and pages again from its files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "report", help="render a run again from its files", description="Render again; nothing is measured."
    )
    parser.add_argument("directory", metavar="RUN_DIR", help="the folder of a run, with its run.json")
    parser.add_argument("--lang", choices=("en", "zh"), help="language of the page (default: the run's)")
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Render."""
    from actbench.folder import RunFolder
    from actbench.report.page import render

    print(render(RunFolder(Path(args.directory)), lang=args.lang))
    return 0
