"""Which verdicts of the article have moved since a commit, from what to what, and why?

``python reports/moved.py [--since COMMIT]`` holds the tables of reports/article that are committed there against
today's, takes the reasons from the ledger's history, and writes reports/moved. A verdict that moved without its reading
has changed with its numbers or with a rule of the judge: which, is said from the two tables.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from actbench.claims.article.history import HISTORY
from actbench.claims.verdicts import natural, rests_on_time, together

REPORTS = Path(__file__).resolve().parent
TARGET = REPORTS / "moved"
SINCE = "10b1a48"  # the last commit before an audit from outside was answered
FILES = ("verdicts.csv", "timing_verdicts.csv", "claims.json")


@dataclass(frozen=True)
class Report:
    """A committed report: its verdicts by claim and reading, and its claims' records as data."""

    verdicts: pd.DataFrame
    claims: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, verdicts: str, timed: str, claims: str) -> Report:
        """From the text of its files."""
        table = together(pd.read_csv(io.StringIO(verdicts)), pd.read_csv(io.StringIO(timed)))
        table["reading"] = table["reading"].astype(object).fillna("nan")  # a reading was called so once
        return cls(table.set_index(["claim", "reading"]), {c["claim"]: c for c in json.loads(claims)})

    def verdict(self, key: tuple[str, str]) -> str:
        """The word; nothing where it was not asked."""
        return str(self.verdicts.loc[key, "verdict"]) if key in self.verdicts.index else ""

    def asked(self, key: tuple[str, str]) -> tuple[str, str, str]:
        """How a reading is worded, whether it is meant literally, and what was expected of it."""
        if key not in self.verdicts.index:
            return "", "", ""
        level, expected = self.verdicts.loc[key, ["level", "expected"]]
        return self.claims[key[0]]["readings"].get(key[1], ""), level, "" if pd.isna(expected) else str(expected)


def committed(commit: str) -> Report:
    """The report as it stands at a commit."""
    words = ["git", "-C", str(REPORTS), "show"]
    files = [f"{commit}:./article/{file}" for file in FILES]
    shown = [subprocess.run([*words, f], capture_output=True, check=True, encoding="utf-8") for f in files]  # noqa: S603
    return Report.of(*(each.stdout for each in shown))


def today() -> Report:
    """The report as it lies here."""
    return Report.of(*((REPORTS / "article" / file).read_text(encoding="utf-8") for file in FILES))


def why(key: tuple[str, str], old: Report, new: Report, moved: set[str]) -> str:
    """The reason: registered, a rule of the judge, or other numbers."""
    claim, reading = key
    said = [f"{c.was} -> {c.now}: {c.why}" for c in HISTORY.get(claim, ()) if c.reading == reading]
    if said:
        return "; ".join(said)
    if reading.startswith("overall"):
        level = new.asked(key)[1]
        levels = {r: (old.asked((claim, r))[1], new.asked((claim, r))[1]) for r in new.claims[claim]["readings"]}
        parts = [r for r, both in levels.items() if f"{claim} {r}" in moved and level in both]
        return f"follows from {', '.join(parts)}" if parts else "the statement was reworded"
    if not old.verdict(key):
        others = [r for r, says in old.claims[claim]["readings"].items() if says == new.asked(key)[0]]
        return f"the former reading {others[0]}, renamed" if others else "asked since then"
    if not new.verdict(key):
        return "no longer asked under this name"
    before, after = old.verdicts.loc[key], new.verdicts.loc[key]
    if rests_on_time(str(after["experiment"])):
        return "a time: measured again, on a grid of its own"
    told = str(before["conditions"])
    if (before["verdict"], after["verdict"]) == ("inconclusive", "refuted") and ": refuted" in told:
        return f"in {told.count(': refuted')} of its settings it was refuted then too; what is open cannot undo that"
    if before["verdict"] == "supported" and "(0 [0, 0])" in told:
        return "all networks agree, which was taken for certainty; the exact bound leaves more open than the margin"
    if old.asked(key) != new.asked(key):
        return "reworded"
    return "other numbers: train/test splits are sampled too"


def compare(old: Report, new: Report) -> pd.DataFrame:
    """One row a reading or roll-up whose verdict or wording moved, in the article's order."""
    keys = list(dict.fromkeys([*new.verdicts.index, *old.verdicts.index]))
    changed = [k for k in keys if old.verdict(k) != new.verdict(k) or old.asked(k) != new.asked(k)]
    reworded = [c for c in new.claims if old.claims[c]["statement"] != new.claims[c]["statement"]]
    changed += [(c, "overall") for c in reworded if (c, "overall") not in changed]
    moved = {" ".join(key) for key in changed}
    rows = [
        {"claim": key[0], "reading": key[1], "was": old.verdict(key) or "not asked", "now": new.verdict(key) or "-",
         "why": why(key, old, new, moved)}
        for key in sorted(changed, key=lambda key: (natural(key[0]), keys.index(key)))
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["claim", "reading", "was", "now", "why"])


def page(table: pd.DataFrame, since: str) -> str:
    """The table for people: claims whose overall verdict moved, then everything."""
    whole = table[table["reading"].str.startswith("overall") & (table["was"] != table["now"])]
    lines = [
        "# Which verdicts moved, and why?",
        "",
        f"The article's committed report against that of commit {since}, by `python reports/moved.py`: "
        f"{len(whole)} overall verdicts moved; with readings and wordings {len(table)}. In the ledger's history every "
        "changed reading has its date and reason; all of them came after a first look at the numbers.",
        "",
        "| claim | reading | was | now | why |",
        "|---|---|---|---|---|",
    ]
    for row in table.itertuples(index=False):
        words = (row.was, f"**{row.now}**") if row.was != row.now else (row.was, f"{row.now}, reworded")
        reason = row.why.replace("|", "\\|")
        lines.append(f"| {row.claim} | {row.reading} | {' | '.join(words)} | {reason} |")
    return "\n".join([*lines, ""])


def main(words: Sequence[str] | None = None) -> int:
    """Compare and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--since", default=SINCE, metavar="COMMIT", help=f"default {SINCE}")
    asked = parser.parse_args(words)
    import actbench.claims.ledgers
    import actbench.experiments  # noqa: F401  both fill their registries

    table = compare(committed(asked.since), today())
    TARGET.mkdir(exist_ok=True)
    table.to_csv(TARGET / "moved.csv", index=False, lineterminator="\n")
    (TARGET / "README.md").write_text(page(table, asked.since), encoding="utf-8")
    sys.stdout.write(page(table, asked.since))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
