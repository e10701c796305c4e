"""``actbench identify``: which function, parameters and layout is this?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from actbench.cli.card import lines
from actbench.cli.options import add_json, as_json, here_json

DESCRIPTION = """\
Name a black box from a few calls of it: the row, its parameters, a f(b x + c) + d around it; of a gate the layout of
its two inputs (halves, interleaved, blocks; gate or value first), its limits and steepness.

  actbench identify my.py:act
  actbench identify 'torch:nn.GELU(approximate="tanh")'
  actbench identify my.py:swiglu               one array, or two: def swiglu(gate, up)
  actbench identify config.json                hidden_act, swiglu_limit, final_logit_softcapping, ... of a model

Exit status: 0 it is in the catalogue, 1 it is not (the nearest five rows, how far apart they are
and where), 2 a wrong request. The code runs in this process.
"""


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "identify", help="which function, parameters, layout is this?", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument(
        "target", metavar="TARGET|CONFIG.json", help="my.py:OBJ, package.module:OBJ, or a configuration"
    )
    add_json(parser, bare="with machine and versions; a bare list of a configuration's keys")
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Identify and print."""
    from actbench.identification.identified import identify, is_configuration

    if is_configuration(args.target):
        return configuration(args)
    found = identify(args.target)
    card = found.card()
    if args.json:
        print(here_json(**card, spec=found.spec))
    else:
        if card.get("nearest"):
            card["nearest"] = {str(i): text for i, text in enumerate(card["nearest"], 1)}
        print(lines(card))
    return 0 if found.found else 1


def configuration(args: argparse.Namespace) -> int:
    """What a model's configuration says."""
    from dataclasses import asdict

    from actbench.cli.options import table, width
    from actbench.core.errors import ActbenchError
    from actbench.identification.configs import read

    try:
        config = json.loads(Path(args.target).read_text(encoding="utf-8"))
    except OSError as error:
        raise ActbenchError(f"cannot read {args.target}: {error.strerror}; give a configuration's file") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ActbenchError(f"{args.target} is no JSON: {error}") from None
    if not isinstance(config, dict):
        raise ActbenchError(f"{args.target} is no configuration: give a JSON object")
    said = read(config)
    if not said and not args.json:
        print("no key of this configuration names an activation")
        return 1
    if args.json:
        print(as_json([asdict(one) for one in said]))
    else:
        rows = [[one.key, str(one.value), one.spec or "unknown", one.remark] for one in said]
        print(table(rows, ["key", "value", "row", "remark"], limit=width()))
    return 0 if said and all(one.spec for one in said) else 1
