"""The command line: parse, call, print. One file a verb; this package alone prints."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from actbench.cli import (
    audit,
    bench,
    compare,
    completion,
    doctor,
    export,
    identify,
    listing,
    report,
    reproduce,
    run,
    show,
    theory,
    vectors,
)
from actbench.core.errors import ActbenchError
from actbench.core.machine import check_environment, check_memory
from actbench.runs.progress import note

VERBS = (
    listing,
    show,
    run,
    reproduce,
    compare,
    audit,
    identify,
    theory,
    report,
    vectors,
    export,
    bench,
    doctor,
    completion,
)

DONE, WRONG_REQUEST, SOME_FAILED, INTERRUPTED = 0, 2, 3, 130
GOES_ON = "actbench: interrupted; finished cells are kept, the same command goes on from there"

EPILOG = """\
start here:
  actbench reproduce --quick        judge the article's claims in a minute or two
  actbench show relu                one activation's identity card
  actbench list claims              what is judged

exit status: 0 done, whatever the verdicts; 1 the answer is no (audit: findings);
2 the request was wrong (one line says why); 3 some cells failed; 130 interrupted, finished work is kept
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
    note(f"actbench: {str(message).partition(chr(10))[0]}")  # numba's hold a traceback


def _thread_ended(ended: threading.ExceptHookArgs, /) -> None:
    """What ended a thread, in one line; who waits for it finds that out."""
    if ended.exc_type is not SystemExit:
        note(f"actbench: a thread ended: {ended.exc_type.__name__}: {ended.exc_value}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Parameters
    ----------
    argv
        The words after ``actbench``; by default the process's own.
    """
    _prepare()
    status = _said(argv)
    pools = sys.modules.get("actbench.runs.pools")
    if pools and pools.STUCK.is_set():
        sys.stdout.flush()
        os._exit(status)
    return status


def _said(argv: Sequence[str] | None) -> int:
    """The exit status of a command, whatever ended it said in one line."""
    try:
        status = _called(argv)
        sys.stdout.flush()
        if status == INTERRUPTED:
            note(GOES_ON)
        return status
    except ActbenchError as error:
        note(f"actbench: {error}")
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one would meet the interpreter on its way out
        note(GOES_ON)
        return INTERRUPTED
    except MemoryError:
        note("actbench: there is no memory left; give fewer --workers, or smaller levels")
        return SOME_FAILED
    except RuntimeError as error:
        if "new thread" not in str(error):
            raise
        note("actbench: the system lets no further thread start (ulimit -u); give fewer --workers")
        return SOME_FAILED
    except ImportError as error:  # of a library that is there: no memory to map it, a file that was removed meanwhile
        note(f"actbench: cannot load {error.name or 'a library'}: {str(error)[:200]}; is there memory left?")
        return SOME_FAILED
    except BrokenPipeError:  # the reader (head, less) has seen enough
        _drop_output()
        return DONE
    except OSError as error:
        _drop_output()  # what is left in its buffer would fail once more at exit
        where = f" {error.filename!r}" if error.filename else ""
        note(f"actbench: the system refuses{where}: {error.strerror or error}; finished cells and files are kept")
    return WRONG_REQUEST


def _called(argv: Sequence[str] | None) -> int:
    """Parse and call."""
    top = parser()
    try:
        args, rest = top.parse_known_args(argv)
    except SystemExit:  # --help and --version are written, and may meet a full disk
        sys.stdout.flush()
        raise
    if args.verb is None:
        top.print_help()
        return DONE
    if rest and args.verb != "run":
        raise ActbenchError(f"{' '.join(rest)!r} is not understood; see 'actbench {args.verb} --help'")
    if args.verb == "run":
        args.rest = rest
    for word in sys.argv[1:] if argv is None else argv:  # a shell's variable that is not set: no verb means it
        if not word.strip() or (word.startswith("--") and word.endswith("=")):
            raise ActbenchError(f"{word!r} says nothing; give a name or a number there, or leave it away")
    check_environment()
    check_memory()
    return int(args.call(args))


def _prepare() -> None:
    """What a terminal, a service or a closed pipe may have left odd, so that no verb meets it."""
    warnings.showwarning = _one_line
    threading.excepthook = _thread_ended
    os.environ["PYTHONSAFEPATH"] = "1"  # a json.py in the current folder is no module of the Pythons that we start
    os.environ["MPLBACKEND"] = "agg"  # figures go into files; a name that matplotlib does not know ends its import
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # closed: the next file that is opened would get its number, and what is printed
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115  for as long as the process
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # LANG=C and Windows' pipes lack letters
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):  # a service's end is an interrupt; nohup's SIG_IGN stays
            if (ending := getattr(signal, name, None)) and signal.getsignal(ending) == signal.SIG_DFL:
                signal.signal(ending, signal.default_int_handler)


def _drop_output() -> None:
    """Let what stdout still holds go to nowhere: Python would try to write it once more at exit."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
