"""The command line: parse, call, print. One file a verb; this package alone prints."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

from actbench.cli import bench, compare, doctor, export, listing, report, reproduce, run, show, theory, vectors
from actbench.core.errors import ActbenchError

VERBS = (listing, show, run, reproduce, compare, theory, report, vectors, export, bench, doctor)

DONE, WRONG_REQUEST, SOME_FAILED, INTERRUPTED = 0, 2, 3, 130
GOES_ON = "actbench: interrupted; finished cells are kept, the same command goes on from there"

EPILOG = """\
start here:
  actbench reproduce --quick        judge the article's claims in a minute or two
  actbench show relu                one activation's identity card
  actbench list claims              what is judged

exit status: 0 done, whatever the verdicts; 2 the request was wrong (one line says why);
3 some cells failed; 130 interrupted, finished work is kept
"""


class Parser(argparse.ArgumentParser):
    """argparse with errors of one line: asked, known, do."""

    def error(self, message: str) -> NoReturn:
        """Say what was wrong in one line, and exit with 2."""
        self.exit(WRONG_REQUEST, f"actbench: {message}; see '{self.prog} --help'\n")


def parser() -> Parser:
    """The whole command line."""
    from actbench import __version__

    top = Parser(
        prog="actbench",
        description="Benchmark and analyse neural-network activation functions, and judge what is said about them.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"actbench {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="COMMAND", parser_class=Parser)
    for verb in VERBS:
        verb.add(verbs)
    for each in verbs.choices.values():
        each.set_defaults(parser=each)  # for its defaults
    return top


def _one_line(message: Warning | str, *place: object, **further: object) -> None:
    """A warning as a person reads it: what happened, not where in our code."""
    print(f"actbench: {message}", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Parameters
    ----------
    argv
        The words after ``actbench``; by default the process's own.
    """
    top = parser()
    args, rest = top.parse_known_args(argv)
    if args.verb is None:
        top.print_help()
        return DONE
    warnings.showwarning = _one_line
    try:
        if rest and args.verb != "run":
            raise ActbenchError(f"{' '.join(rest)!r} is not understood; see 'actbench {args.verb} --help'")
        if args.verb == "run":
            args.rest = rest
        status: int = args.call(args)
        sys.stdout.flush()
        if status == INTERRUPTED:
            print(GOES_ON, file=sys.stderr)
        return status
    except ActbenchError as error:
        print(f"actbench: {error}", file=sys.stderr)
        return WRONG_REQUEST
    except KeyboardInterrupt:
        print(GOES_ON, file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
