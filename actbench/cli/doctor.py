"""``actbench doctor``: is this machine fit to measure?"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from actbench.cli.options import add_json, here_json, table, width

DESCRIPTION = """\
Look at the machine, its threads and its clock; time identical calls to see the noise; say which parts are absent.
Exit status 1 where something is bad: the answer is no.
"""


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "doctor", help="is this machine fit to measure?", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="fewer identical pairs: a few seconds")
    add_json(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Examine and print."""
    from actbench.speed.doctor import UNFIT, examine

    found = list(examine(pairs=6 if args.quick else 20))
    if args.json:
        print(here_json(findings=[asdict(finding) for finding in found]))
    else:
        rows = [(f.state if f.state != "note" else "", f.what, f.found + (f"; {f.remedy}" if f.remedy else ""))
                for f in found]  # fmt: skip
        print(table(rows, ("", "what", "found"), limit=width(120)))
        bad = [f.what for f in found if f.state == UNFIT]
        print(f"\nnot fit to measure: {', '.join(bad)}" if bad else "\nfit to measure")
    return 1 if any(f.state == UNFIT for f in found) else 0
