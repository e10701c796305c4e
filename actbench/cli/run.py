"""``actbench run``: one experiment over a grid."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.cli.options import RUN_OPTIONS, add_json, add_run_options, dry_run, measured_json
from actbench.core.errors import ActbenchError, unknown
from actbench.runs.cells import Cell
from actbench.runs.experiment import MOST_CELLS, Experiment

if TYPE_CHECKING:
    from actbench.runs.folder import RunFolder
    from actbench.runs.runner import Result

DESCRIPTION = """\
Run one experiment and write its tidy table, figure data and run.json.

Any factor may be given levels: --activation relu tanh --depth 10 20 --net 0:8 (a range).
Factors that are not given keep the levels of the grid's first part.
'actbench list experiments' shows the experiments, 'actbench show EXPERIMENT' their factors and columns.
"""


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "run", help="one experiment over a grid", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("experiment", metavar="EXPERIMENT")
    add_run_options(parser)
    parser.add_argument(
        "--exhaustive", action="store_true",
        help="accuracy alone: no sample, all 2^32 float32 of each fused kernel (13-110 s of processor time a kernel), "
        "all float16 of the reference path",
    )  # fmt: skip
    parser.add_argument(
        "--parquet", action="store_true", help="write the observations as Parquet too, in parts of 2^20 rows (pyarrow)"
    )
    add_json(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Run it."""
    import actbench.experiments  # noqa: F401  fills the registry
    from actbench.claims.verdicts import observations
    from actbench.core.machine import version
    from actbench.runs.experiment import EXPERIMENTS

    experiment = EXPERIMENTS[args.experiment]
    if version(experiment.backend) is None:
        needed = experiment.backend
        raise ActbenchError(f"{experiment.name} needs {needed}, which is not installed; pip install {needed}")
    if args.parquet and version("pyarrow") is None:
        raise ActbenchError("--parquet needs pyarrow, which is not installed; pip install 'actbench-suite[parquet]'")
    given = levels(experiment, args.rest)
    if args.exhaustive:
        if experiment.name != "accuracy":
            raise ActbenchError(f"--exhaustive is for accuracy, not for {experiment.name}")
        experiment = EXPERIMENTS["exhaustive"]
        given = levels(experiment, args.rest)
    elif experiment.name == "accuracy":
        kind, given = of_kind(given)
        experiment = EXPERIMENTS[kind]
    cells = experiment.cells(quick=args.quick, **given)
    if args.dry_run:
        return dry_run(args, [(experiment, cells)])
    asked = [*args.rest, *["--exhaustive"] * args.exhaustive]
    result, folder = measured(args, experiment, cells, asked=asked)
    file = folder.path / f"{observations(experiment.name)}.csv"
    rows = result.frame.to_dict(orient="records") if args.json else []
    print(
        measured_json(folder.read_run(), file=str(file), rows=rows) if args.json else summary(experiment, result, file)
    )
    return status(result)


def of_kind(given: dict[str, list[Any]]) -> tuple[str, dict[str, list[Any]]]:
    """The experiment that judges what was asked for, and its levels: rows, gates and functions along an axis differ."""
    from actbench.activations.registry import AXIS

    asked: dict[str, list[str]] = {}
    for text in map(str, given.get("activation", [])):
        name = text.partition(":")[0]
        kind = "accuracy" if name not in AXIS else "gate_accuracy" if AXIS[name].views else "axis_accuracy"
        asked.setdefault(kind, []).append(text)
    if len(asked) > 1:
        apart = "; ".join(f"'run accuracy --activation {' '.join(names)}'" for names in asked.values())
        raise ActbenchError(
            f"rows, gates and functions along an axis are judged apart; ask one kind at a time: {apart}"
        )
    (kind,) = asked or ["accuracy"]
    named = {} if kind == "accuracy" else {"function": asked[kind]}
    return kind, {**{k: v for k, v in given.items() if k != "activation" or not named}, **named}


def measured(
    args: argparse.Namespace, experiment: Experiment, cells: Sequence[Cell], *, command: str = "run",
    out: str | None = None, asked: Sequence[str] = (), **described: Any,
) -> tuple[Result, RunFolder]:  # fmt: skip
    """Run cells into a folder: observations are on disk before anything is drawn.

    Parameters
    ----------
    args
        With the options of `add_run_options`.
    experiment, cells
        What is run.
    command, out
        Whose folder it is, and where by default.
    asked
        The words that chose the cells, for whoever asks for the same.
    **described
        What else stands in run.json.
    """
    from actbench.claims.verdicts import observations
    from actbench.report.plain import render
    from actbench.runs import provenance
    from actbench.runs.folder import open_folder
    from actbench.runs.runner import run
    from actbench.runs.workers import workers_given

    workers_given(args.workers)
    folder, identity = open_folder(args.out or out, command=command, target=experiment.name, seed=args.seed,
                                   fresh=args.fresh, quick=args.quick)  # fmt: skip
    description = {**identity, **provenance.describe(), "quick": args.quick, "workers": args.workers, "lang": "en",
                   "started": provenance.now(), "asked": [*asked], **described}  # fmt: skip
    folder.write_run({**description, "finished": None})
    result = run(experiment, cells, seed=args.seed, workers=args.workers, store=folder.store)
    written = observations(experiment.name)
    folder.write_frame(written, result.frame)
    if getattr(args, "parquet", False):
        folder.write_parquet(written, result.frame)
    folder.write_failures(written, result.failures)
    folder.write_run({**description, "finished": None if result.interrupted else provenance.now()})
    if len(result.frame):
        render(folder)
    return result, folder


def status(result: Result) -> int:
    """The exit status that a result asks for."""
    return 130 if result.interrupted else 3 if len(result.failures) else 0


def summary(experiment: Experiment, result: Any, file: Path) -> str:
    """Means over independent units, or the rows, and where all observations are."""
    from actbench.report.plain import summarised

    frame = result.frame
    lines = [experiment.question]
    if len(frame):
        shown = summarised(experiment, frame)
        lines.append(shown.to_string(max_rows=40, index=False, float_format="{:.4g}".format, na_rep=""))
        if shown.attrs["more"]:
            lines.append(f"and {shown.attrs['more']:,} further settings, in the file")
        if shown.attrs["silent"]:
            lines.append(f"took no part: {shown.attrs['silent']}")
    there = f" ({result.reused} cells were there already)" if result.reused else ""
    lines += [
        f"{len(frame)} rows in {file}{there}",
        *([f"page: {file.parents[1] / 'report.html'}"] if len(frame) else []),
    ]
    if len(result.failures):
        lines.append(f"{len(result.failures)} cells failed, first: {result.failures['reason'].iloc[0]}")
    return "\n".join(lines)


def levels(experiment: Experiment, words: list[str]) -> dict[str, list[Any]]:
    """Levels by factor from ``--factor a b --other 0:8``."""
    found: dict[str, list[Any]] = {}
    factor = None
    for word in words:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            factor = name.replace("-", "_")
            if factor not in experiment.factors:
                near = get_close_matches(factor, RUN_OPTIONS, n=1)
                if near and not get_close_matches(factor, experiment.factors, n=1):
                    raise ActbenchError(f"'--{name}' is not understood; did you mean --{near[0].replace('_', '-')}?")
                raise unknown(f"factor of {experiment.name}", name, experiment.factors)
            found.setdefault(factor, [])
            if equals:
                found[factor] += level(value)
        elif factor is None:
            raise ActbenchError(f"{word!r} is not understood; give levels after a factor, --activation relu")
        else:
            found[factor] += level(word)
    for name, values in found.items():
        if not values:
            first = next((x for part in experiment.grid for x in part.get(name, ())), 8)
            raise ActbenchError(f"--{name} has no level; give one or more, such as --{name} {first}")
    return found


def level(word: str) -> list[Any]:
    """One level or a range: ``8`` -> [8], ``0:8`` -> 0 to 7, ``relu`` -> ["relu"]."""
    start, colon, stop = word.partition(":")
    for part in word.split(":"):
        if not part.isascii() or "_" in part:  # int and float read 1_0 as 10, and digits of any script
            with suppress(ValueError):
                raise ActbenchError(f"{word!r} is no plain number; write {float(part):g}")
    if colon and start.lstrip("-").isdigit() and stop.lstrip("-").isdigit():
        if int(stop) <= int(start):
            raise ActbenchError(f"the range {word!r} is empty; write START:STOP with START below STOP")
        if int(stop) - int(start) > MOST_CELLS:
            raise ActbenchError(f"the range {word!r} has more than {MOST_CELLS:,} levels; give fewer")
        return list(range(int(start), int(stop)))
    for kind in (int, float):
        try:
            return [kind(word)]
        except ValueError:
            continue
    return [word]
