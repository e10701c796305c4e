"""``actbench compare``: activations side by side, with intervals, corrected ranks and a decision table."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from actbench.cli.options import (
    QUICK,
    add_json,
    add_run_options,
    as_json,
    dry_run,
    measured_json,
    refuse_idle,
    table,
    width,
)
from actbench.core.errors import ActbenchError
from actbench.core.numerals import numbers

DESCRIPTION = """\
Compare activations on the same networks: cost, accuracy, theory, gradients, activity, dead units, and a training
panel in which each has the same data, shapes, starts and number of step sizes to choose from.

  actbench compare relu gelu tanh --quick             some minutes on two cores
  actbench compare relu gelu my.py:act --dossier      a function of your own, and a page with everything
  actbench compare swiglu swiglu_oai geglu --quick    gates of two inputs, in the small transformer (torch)
  actbench compare relu torch.nn.functional:silu      other people's code, in a process of its own
  actbench compare --false-alarms 40                  the method under its own test: equal candidates called different

Trained are perceptrons 3 to 10 layers deep on digits, spirals, breast_cancer, wine and xor (quick: digits and
spirals), and where torch is installed a small transformer on characters; no convolutions, no large data. Data of your
own (X, y) and models of your own cannot be given.

A plug-in is examined in a process with a time limit; one that breaks a law is a row with its reason.
"""


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "compare", help="activations side by side on the same networks", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("names", nargs="*", metavar="NAME|FILE.py:OBJ", help="rows of the catalogue and plug-ins")
    add_run_options(parser)
    parser.add_argument("--reference", metavar="NAME", help="what decisions are relative to (default relu, else first)")
    parser.add_argument("--limit", type=float, default=60.0, metavar="SECONDS",
                        help="for the examination of one plug-in (default %(default)g)")  # fmt: skip
    parser.add_argument("--budget", type=float, metavar="SECONDS", help="for measuring one plug-in whose code is "
                        "called (default 1800, quick; else 28800); the others keep their tables")  # fmt: skip
    parser.add_argument("--dossier", action="store_true", help="write one page with all of it, and LaTeX tables")
    parser.add_argument("--data", nargs="*", help=argparse.SUPPRESS)  # often tried: it has its own answer
    parser.add_argument("--false-alarms", type=int, metavar="N", help="compare ReLU with itself N times, and count")
    add_json(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Compare, and print the decisions."""
    if args.data is not None:
        from actbench.comparison.models import MODELS, NOT_YOURS

        raise ActbenchError(f"--data: {NOT_YOURS}; what is trained is {MODELS}")
    if args.false_alarms is not None:
        if args.names:
            raise ActbenchError(f"--false-alarms compares ReLU with itself; leave {' '.join(args.names)} away")
        idle = ("out", "quick", "fresh", "dry_run", "reference", "limit", "budget", "dossier")
        refuse_idle(args, idle, "not with --false-alarms, which writes nothing")
        return alarms(args)
    if not args.names:
        raise ActbenchError("nothing to compare; give names or FILE.py:OBJ, as in 'actbench compare relu my.py:act'")
    from actbench.comparison.arms import rows_of

    rows_of(args.names, args.reference)  # a misspelt name is said first
    if len({*args.names}) == 1:
        raise ActbenchError(f"{args.names[0]} alone is compared with nothing; name a second one, or see "
                            f"'actbench show {args.names[0]} --dossier'")  # fmt: skip
    return run(args, args.names, reference=args.reference, limit=args.limit, budget=args.budget)


def run(args: argparse.Namespace, names: Sequence[str], *, command: str = "compare", **options: Any) -> int:
    """Compare these names for a verb that has the options of a run and ``--dossier``."""
    from actbench.comparison import compare
    from actbench.comparison.measured import planned
    from actbench.runs.folder import DEFAULT, safe

    if args.dry_run:
        beside = " Races, and examinations of plug-ins, come on top; code that must be called takes its own time."
        return dry_run(args, planned(names, args.quick, options.get("reference")), beside=beside)

    out = args.out or str(Path(DEFAULT) / f"{command}-{safe(' '.join(names))}")
    found = compare(
        *names, quick=args.quick, seed=args.seed, workers=args.workers, out=out, fresh=args.fresh, command=command,
        **options,
    )  # fmt: skip
    page = None
    if args.dossier:
        from actbench.report.dossier import render
        from actbench.runs.folder import RunFolder

        page = render(RunFolder(Path(out)))
    if args.json:
        from actbench.comparison.conclusion import concluded

        tables = {name: frame.to_dict(orient="records") for name, frame in found.tables.items() if name != "scores"}
        arms = [{"asked": arm.asked, "spec": arm.spec, "reason": arm.reason} for arm in found.arms]
        print(measured_json(found.run, out=out, arms=arms, conclusion=concluded(found.tables),
                            **tables))  # fmt: skip
    else:
        print(summary(found))
        print(f"\n{'dossier: ' + str(page) if page else 'tables: ' + out}")
    if found.interrupted:
        return 130
    return 3 if found.failures or any(arm.reason for arm in found.arms) else 0


def summary(found: Any) -> str:
    """Measures side by side, decisions, who took no part and why; what it comes to stands last."""
    from actbench.comparison.arms import OF_GATES
    from actbench.comparison.conclusion import conclusion, label, remark

    lines = []
    measures = found.tables["measures"]
    if len(measures):
        arms = list(dict.fromkeys(measures["activation"]))
        rows = []
        for name in dict.fromkeys(measures["measure"]):
            part = measures[measures["measure"] == name].set_index("activation")
            rows.append([name, *(_cell(part.loc[arm]) if arm in part.index else "" for arm in arms)])
        lines.append(table(rows, ["", *arms], limit=width(120)))
        lines += [f"{row['activation']} {row['measure']}: {said}" for row in measures.to_dict(orient="records")
                  if (said := remark(row["measure"], row))]  # fmt: skip
    if "decisions" in found.tables and len(found.tables["decisions"]):
        frame = found.tables["decisions"]
        rows = [[row["activation"], label(row), row["reason"]] for row in frame.to_dict(orient="records")]
        lines.append(f"\nagainst {frame['reference'].iloc[0]}:\n" + table(rows, ["", "decision", "why"], limit=width()))
    if "ranks" in found.tables:
        frame = found.tables["ranks"]
        first = frame.iloc[0]
        mean = ", ".join(
            f"{row['activation']} {numbers(row['mean_rank'])[0]}" for row in frame.to_dict(orient="records")
        )
        test = f"{first['test']}: p = {first['p']:.2g}" if first["test"] else "too few settings for a test"
        lines.append(f"\nmean ranks over {first['settings']} settings: {mean}; critical difference "
                     f"{numbers(first['critical_difference'])[0]}, {test}")  # fmt: skip
    gates = [arm for arm in found.arms if arm.gate]
    if gates:
        lines.append(f"\n{', '.join(arm.spec for arm in gates)}: {OF_GATES}")
    lines += [f"\n{arm.asked} takes no part: {arm.reason}" for arm in found.arms if arm.reason]
    lines += ["", *conclusion(found.tables)]
    if found.run.get("quick"):
        lines.append(f"\na quick run: {QUICK}")
    if found.interrupted:
        lines.append("\ninterrupted: these numbers rest on the cells that were finished, and decide nothing")
    return "\n".join(lines)


def _cell(row: Any) -> str:
    if row["value"] is None or row["value"] != row["value"]:
        from actbench.speed.race import BUSY

        return "no usable time" if str(row["note"]).startswith(BUSY) else "-"
    low, high = (math.nan if row[end] is None else row[end] for end in ("low", "high"))
    return " ".join(numbers(row["value"], low, high)).strip()


def alarms(args: argparse.Namespace) -> int:
    """Equal arms, compared as arms are: how often a difference is claimed."""
    from actbench.comparison.calibration import false_alarms

    found = false_alarms(args.false_alarms, seed=args.seed, workers=args.workers)
    if args.json:
        print(as_json(found))
    else:
        print(f"{found['comparisons']} comparisons of ReLU with itself, {found['networks']} networks an arm:")
        for name, row in found["rates"].items():
            print(f"  {name}: {row['alarms']} of {row['n']}, {row['rate']:.3f} [{row['low']:.3f}, {row['high']:.3f}], "
                  f"nominal {row['nominal']:g}")  # fmt: skip
    return 0
