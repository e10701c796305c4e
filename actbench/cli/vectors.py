"""``actbench vectors``: reference vectors of one activation on stdout."""

from __future__ import annotations

import argparse
import csv
import io
from typing import Any

DESCRIPTION = """\
Print inputs and exactly rounded answers, for tests of implementations in other languages and on other chips.

  actbench vectors gelu                                   JSON, float32, f
  actbench vectors silu --direction backward --dtype float16 --format csv
  actbench vectors leaky_relu:negative_slope=0.2 --count 100

Numbers are C99 hexadecimal floats (C strtod, Python float.fromhex) and, beside them, bits in hex, big end first.
"""


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "vectors", help="reference vectors: input and exact output as hex", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("name", metavar="NAME", help="an activation, with parameters as in leaky_relu:negative_slope=1")
    parser.add_argument("--dtype", default="float32", choices=("float16", "float32", "float64"), help="default float32")
    parser.add_argument("--direction", default="forward", choices=("forward", "backward"), help="default forward")
    parser.add_argument("--count", type=int, default=1000, metavar="N", help="seeded points; special ones come on top")
    parser.add_argument("--format", default="json", choices=("json", "csv"), help="default json")
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Print the vectors."""
    from actbench.accuracy.vectors import COLUMNS, vectors
    from actbench.cli.options import as_json

    found = vectors(args.name, dtype=args.dtype, direction=args.direction, count=args.count)
    if args.format == "json":
        print(as_json(found))
    else:
        text = io.StringIO()
        table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(found["vectors"])
        print(text.getvalue(), end="")
    return 0
