"""``actbench export``: kernels as a C99 header, with what they are worth."""

from __future__ import annotations

import argparse
import sys
from typing import Any

DESCRIPTION = """\
Write kernels as a C99 header to take away: one function and one loop on arrays each, forward and backward, float and
double, no dependency but the C library, and a program that checks them against exact values.

  actbench export silu                                actbench_silu.h and actbench_silu_check.c
  actbench export gelu tanh --out kernels.h           both in one header, kernels_check.c beside it
  actbench export silu --certify                      with the worst error of all 2^32 floats, as compiled here
  actbench export silu --certify sampled --cc clang --flags=-O2
  actbench export silu --second                       with f'' too (in float computed in double)
  actbench export all --certify --keep mine.csv       hours of processor time; begun again, it goes on where it stopped

Without --certify, comments carry the certificates that come with actbench, where they are of the same code.
"""


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "export", help="kernels as a C header, with a program that checks them", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("name", nargs="+", metavar="NAME", help="activations; 'all' for every one that can be exported")
    parser.add_argument("--second", action="store_true", help="second derivatives too")
    parser.add_argument("--to", default="c", choices=("c",), help="the language (default c)")
    parser.add_argument("--out", metavar="FILE.h", help="the header (default actbench_NAME.h, actbench_kernels.h)")
    parser.add_argument(
        "--certify", nargs="?", const="all", choices=("all", "sampled"),
        help="compile it and measure the worst error: of all floats (minutes), or of 20,000",
    )  # fmt: skip
    parser.add_argument("--cc", metavar="COMPILER", help="the compiler for --certify (default cc, gcc or clang)")
    parser.add_argument("--flags", help="its flags (default -std=c99 -O3 -march=native -fno-math-errno)")
    parser.add_argument(
        "--keep", metavar="FILE.csv", help="with --certify: keep each certificate there, and use it again"
    )
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Write the files and say which."""
    from pathlib import Path

    from actbench.accuracy.certificate import FLAGS, certificates, compiler, shipped
    from actbench.accuracy.check_program import check_program
    from actbench.activations.registry import ACTIVATIONS, resolve
    from actbench.core.errors import ActbenchError
    from actbench.core.files import write_text
    from actbench.core.machine import usable_cores, version
    from actbench.kernels.c99 import FORMATS, function_name, header
    from actbench.runs.progress import follow, note

    if args.certify is None and (args.cc or args.flags or args.keep):
        raise ActbenchError("--cc, --flags and --keep say how --certify goes; give --certify too")
    every = [row for row in ACTIVATIONS if row.kind == "elementwise" and not row.opaque]
    without = [row.name for row in every if args.second and "x" in row.surrogates]
    if without and args.name == ["all"]:
        note(f"left out, for a surrogate of a slope has no second derivative: {', '.join(without)}")
    every = [row for row in every if row.name not in without]
    if "all" in args.name and len(args.name) > 1:
        raise ActbenchError("'all' stands for every activation; give it alone, or names without it")
    rows = every if args.name == ["all"] else [resolve(name) for name in args.name]
    place = Path(args.out or f"actbench_{rows[0].name if len(rows) == 1 else 'kernels'}.h")
    if place.suffix != ".h":
        raise ActbenchError(f"--out {args.out!r} is no header; give a name that ends in .h")
    if args.keep and not args.keep.endswith(".csv"):
        raise ActbenchError(f"--keep {args.keep!r} is no table; give a name that ends in .csv")
    if not place.parent.is_dir():
        raise ActbenchError(f"no folder {str(place.parent)!r}; make it, or give another --out")
    known: dict[str, object] = dict(shipped(rows))
    if args.certify:
        cc = compiler(args.cc)
        for row in rows:
            found = certificates(
                row, cc=cc, flags=FLAGS if args.flags is None else args.flags, every=args.certify == "all",
                threads=usable_cores(), keep=Path(args.keep) if args.keep else None, second=args.second,
                told=lambda name: print(f"measuring {name}", file=sys.stderr, flush=True),
            )  # fmt: skip
            known |= {name: beside(known.get(name), here) for name, here in found.items()}
    check = place.with_name(place.stem + "_check.c")
    write_text(place, header(
        rows, version=version("actbench-suite") or "", certificates=known, second=args.second
    ))  # fmt: skip
    functions = len(rows) * (6 if args.second else 4)  # directions times float and double
    with follow("exact values for the check", functions, unit="functions", late=True) as told:
        text = check_program(rows, place.stem, second=args.second, told=told)
    write_text(check, text)
    print(f"{place}\n{check}")
    note(f"check it: cc {FLAGS} {check} -o check -lm && ./check")
    note(f"call it: y = {function_name(rows[0], 'forward', FORMATS[0])}(x), or of an array "
         f"{function_name(rows[0], 'forward', FORMATS[0])}_n(count, x, out)")  # fmt: skip
    return 0


def beside(shipped: Any, here: Any) -> object:
    """What is known of all inputs stays beside a sample of them."""
    return f"{shipped}; here: {here}" if shipped is not None and shipped.inputs > here.inputs else here
