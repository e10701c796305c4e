"""``actbench reproduce``: run what the claims need, judge them, write the report."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from actbench.cli.options import QUICK, add_json, add_run_options, dry_run, measured_json, table, width

DESCRIPTION = """\
Run the experiments that the claims need, judge every claim, and write tables, figures and a page.

  actbench reproduce                    the article: every claim
  actbench reproduce --quick            a part of each grid, a minute or two; not final
  actbench reproduce literature         published results on activation functions, run again at small scale
  actbench reproduce C10 C07            some claims
  actbench reproduce my_claims.py       a ledger of your own: a file that calls actbench.claim(...)

A run that was interrupted goes on where it stopped when the same command is given again.
"""


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "reproduce", help="judge the article's claims: the main job", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="article (default), literature, ids, or FILE.py")
    add_run_options(parser)
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the page (default en)")
    add_json(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Reproduce, and print the verdicts."""
    from actbench.report.reproduction import reproduce
    from actbench.runs.folder import DEFAULT, safe

    targets = args.targets or ["article"]
    if args.dry_run:
        from actbench.claims.verdicts import chosen
        from actbench.report.reproduction import work

        return dry_run(args, work(chosen(targets), targets, args.quick), beside=" Judging too.")
    out = args.out or str(Path(DEFAULT) / f"reproduce-{safe(' '.join(targets))}")
    report = reproduce(
        *targets, quick=args.quick, seed=args.seed, workers=args.workers, out=out, fresh=args.fresh, lang=args.lang
    )
    if args.json:
        print(measured_json(report.run, out=out, verdicts=report.whole.to_dict(orient="records")))
    else:
        print(summary(report))
        print(f"\nreport: {Path(out) / 'report.html'}")
    return 130 if report.interrupted else 3 if report.failures or report.untested else 0


def summary(report: Any) -> str:
    """The judged claims in a table, the others as a number."""
    verdicts = report.whole.set_index("claim")
    overall = verdicts.loc[verdicts["reading"] == "overall", "verdict"].reindex([claim.name for claim in report.claims])
    charitable = verdicts.loc[verdicts["reading"] == "overall charitable", "verdict"]
    statements = {claim.name: claim.statement["en"] for claim in report.claims}
    failed = set(verdicts.index[(verdicts["reading"] == "overall") & (verdicts["failed"] > 0)])
    rows = [
        (name, f"{verdict}, not final" if name in failed else verdict, charitable.get(name, ""), statements[name])
        for name, verdict in overall.items()
        if verdict != "not tested" or charitable.get(name, "not tested") != "not tested"
    ]
    tally = ", ".join(f"{count} {verdict}" for verdict, count in Counter(overall).most_common())
    head = table(rows, ("claim", "as written", "as intended", "statement"), limit=width()) + "\n\n" if rows else ""
    notes = [f"a quick run: {QUICK}"] if report.run.get("quick") else []
    left = verdicts.loc[(verdicts["reading"] == "overall") & (verdicts["left_out"] > 0), "left_out"]
    if len(left):
        each = ", ".join(f"{claim} {count}" for claim, count in left.items())
        notes.append(f"units that gave no number and are in no mean: {each}")
    notes += [f"{claim} {reading} is not tested: {why}" for (claim, reading), why in report.untested.items()]
    notes += _trust(report)
    differs = verdicts.loc[verdicts["registered"].str.startswith("differs"), "reading"]
    if len(differs):
        each = ", ".join(f"{claim} {reading}" for claim, reading in differs.items())
        notes.append(f"asked otherwise than is registered: {each}")
    for name, failures in report.failures.items():
        notes.append(f"{len(failures)} cells of {name} failed, and what rests on it is not final: "
                     f"{failures['reason'].iloc[0]}")  # fmt: skip
    return "\n".join([f"{head}{len(overall)} claim{'s' if len(overall) != 1 else ''}: {tally}", *notes])


def _trust(report: Any) -> list[str]:
    """How far the method can be trusted: both of its error rates, and what chance makes of all verdicts together."""
    told = []
    if report.instrument is not None:
        rates = {(row.question, row.measure): row for row in report.instrument.itertuples()}
        for question, words in (
            ("different", "equal arms called different"),
            ("edge", "arms a point apart called equal"),
        ):
            row = rates.get((question, "test_accuracy"))
            if row is not None and row.n:
                told.append(f"{words}: {round(row.value * row.n)} of {row.n} ({row.expected})")
    found = report.family
    if found is not None and len(report.claims) > 1:
        told.append(f"of {found.settings} settings decided at most {found.wrong:.1f} are wrong by chance; {found.kept} "
                    "hold where the chance of one wrong among all is 5 %")  # fmt: skip
    return told
