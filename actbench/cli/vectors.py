"""``actbench vectors``: reference vectors of one activation on stdout."""

from __future__ import annotations

import argparse
import csv
import io
from typing import Any

from actbench.core.dtypes import WHOLE

DESCRIPTION = """\
Print inputs and exactly rounded answers, for tests of implementations in other languages and on other chips.

  actbench vectors gelu                                   JSON, float32, f
  actbench vectors silu --direction backward --dtype float16 --format csv
  actbench vectors leaky_relu:negative_slope=0.2 --count 100
  actbench vectors swiglu_oai --direction backward         a gate: both inputs, both partial derivatives
  actbench vectors softmax --count 10                      along an axis: whole vectors
  actbench vectors --distinguish swiglu swiglu_clamped swiglu_step     the fewest inputs that tell these apart

Numbers are C99 hexadecimal floats (C strtod, Python float.fromhex) and, beside them, bits in hex, big end first.
"""
FORMATS = (*WHOLE, "float32", "float64")


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "vectors", help="reference vectors: input and exact output as hex", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("name", metavar="NAME", nargs="?",
                        help="an activation, gate or function along an axis: leaky_relu:negative_slope=1")  # fmt: skip
    parser.add_argument("--distinguish", nargs="+", metavar="NAME", help="two functions or more, to be told apart")
    parser.add_argument("--ulp", type=float, metavar="U", help="with --distinguish: how far apart counts (default 16)")
    parser.add_argument("--dtype", default="float32", choices=FORMATS,
                        help="default float32; bfloat16 and formats of 8 bits need ml_dtypes")  # fmt: skip
    parser.add_argument("--direction", default="forward", choices=("forward", "backward", "second"),
                        help="default forward; second: f''(x), derived")  # fmt: skip
    parser.add_argument(
        "--count",
        type=int,
        default=1000,
        metavar="N",
        help="points: 0, 1, -1 and what people think of first, then what is declared, then seeded ones",
    )
    parser.add_argument("--format", default="json", choices=("json", "csv"), help="default json")
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Print the vectors."""
    from actbench.accuracy.vectors import vectors
    from actbench.cli.options import as_json
    from actbench.core.errors import ActbenchError
    from actbench.runs.progress import follow

    if args.distinguish:
        if args.name:
            raise ActbenchError(f"{args.name} stands before --distinguish; name all candidates behind it")
        from actbench.accuracy.distinguish import distinguish

        if args.format == "csv":
            raise ActbenchError("--distinguish is printed as JSON; leave --format csv out")
        print(as_json(distinguish(args.distinguish, dtype=args.dtype, ulp=16.0 if args.ulp is None else args.ulp)))
        return 0
    if not args.name:
        raise ActbenchError("name an activation, as in 'actbench vectors gelu', or give --distinguish A B")
    if args.ulp is not None:
        raise ActbenchError("--ulp is for --distinguish; leave it out")
    with follow("exact values", max(args.count, 1), unit="points", late=True) as told:
        found = vectors(args.name, dtype=args.dtype, direction=args.direction, count=args.count, told=told)
    if args.format == "json":
        print(as_json(found))
    else:
        text = io.StringIO()
        table = csv.DictWriter(text, list(found["vectors"][0]), lineterminator="\n")
        table.writeheader()
        for row in found["vectors"]:  # a vector's numbers are apart by spaces
            table.writerow({k: " ".join(v) if isinstance(v, list) else v for k, v in row.items()})
        print(text.getvalue(), end="")
    return 0
