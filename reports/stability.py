"""Would another seed, half of the networks, or other splits of the data have turned a verdict?

``python reports/stability.py RUN OTHER [SPLITS]`` with the folders of finished full runs of the article, OTHER under
another master seed, SPLITS on other train/test splits, writes reports/stability: every reading's verdict under RUN,
under the others, and from each half of RUN's networks. Exit status 1 where one was turned into its opposite. Runs of
another ledger (``literature``) are compared alike, in files of its name; ``--again`` judges all of them from their
observations by today's readings, where they were made at different times.

``python reports/stability.py --measure SPLITS [--split own:1000] [--workers 2]`` makes the third run: every network of
every experiment on real data gets another split, for the claims that rest on one (most of the article's own time).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd

import actbench.claims.ledgers
import actbench.experiments  # noqa: F401  both fill their registries
from actbench.claims.claim import CLAIMS, Claim
from actbench.claims.verdicts import judged, natural
from actbench.runs.experiment import EXPERIMENTS
from actbench.runs.folder import RunFolder

TARGET = Path(__file__).resolve().parent / "stability"
NO_DATA = "-"
OPPOSITE = {frozenset(("supported", "refuted"))}


def half(frame: pd.DataFrame, factor: str | None, which: int) -> pd.DataFrame:
    """Every second pair of units: arms have different numbers of them, and some effects tune odd ones on even ones."""
    return frame if factor is None else frame[frame[factor] // 2 % 2 == which]


def verdicts(folder: RunFolder, which: int | None = None, *, again: bool = False) -> pd.Series:
    """Claim and reading to verdict: as the run has it, or judged again from its observations or a half of them."""
    if which is None and not again:
        frame = folder.read_frame("verdicts")
    else:
        batches = {file.stem: file.stem.partition(".")[0] for file in (folder.path / "data").glob("*.csv")}
        frames = {
            name: half(folder.read_frame(f"data/{name}"), EXPERIMENTS[experiment].batch, which)
            if which is not None
            else folder.read_frame(f"data/{name}")
            for name, experiment in batches.items()
            if experiment in EXPERIMENTS and not name.endswith(".failures")
        }
        frame = judged(of_ledger(ledger(folder)), frames, rehearsal=False).verdicts
    return frame.set_index(["claim", "reading"])["verdict"]


def ledger(folder: RunFolder) -> str:
    """Whose claims a run judges."""
    return str(folder.read_run()["target"])


def turned(one: str, other: str) -> bool:
    """Whether a verdict was turned into its opposite."""
    return frozenset((one, other)) in OPPOSITE


def compare(run: RunFolder, other: RunFolder, splits: RunFolder | None = None, *, again: bool = False) -> pd.DataFrame:
    """One row a reading."""
    seeds = run.read_run()["seed"], other.read_run()["seed"]
    columns = {f"seed {seed}": verdicts(each, again=again) for seed, each in zip(seeds, (run, other), strict=True)}
    columns |= {f"half {which + 1}": verdicts(run, which) for which in (0, 1)}
    found = pd.DataFrame(columns).dropna()
    if splits:  # claims without data are not in it
        found.insert(2, "other splits", verdicts(splits).reindex(found.index).fillna(NO_DATA))
    return found.reset_index()


def page(table: pd.DataFrame) -> str:
    """The table's summary: counts, and every reading whose verdict differs anywhere."""
    first, *others = table.columns[2:]
    lines = [
        "# Would another seed, half of the networks, or other splits of the data have turned a verdict?",
        "",
        f"{len(table)} readings and roll-ups of full runs; a dash where no data are split; written by "
        "`python reports/stability.py`.",
        "",
        "| against | the same | more or less decided | turned into the opposite |",
        "|---|---|---|---|",
    ]
    for name in others:
        rests = table[table[name] != NO_DATA]
        opposite = sum(turned(a, b) for a, b in zip(rests[first], rests[name], strict=True))
        same = int((rests[first] == rests[name]).sum())
        lines.append(f"| {name} | {same} | {len(rests) - same - opposite} | {opposite} |")
    differs = table[(table[others].ne(table[first], axis=0) & (table[others] != NO_DATA)).any(axis=1)]
    lines += ["", f"| claim | reading | {first} | {' | '.join(others)} |", "|---|---|---|" + "---|" * len(others)]
    lines += [f"| {' | '.join(row)} |" for row in differs.itertuples(index=False, name=None)]
    return "\n".join(lines) + "\n"


def of_ledger(name: str) -> list[Claim]:
    """A ledger's claims in its order."""
    return sorted((c for c in CLAIMS if c.ledger == name), key=lambda c: natural(c.name))


def on_data(experiments: Sequence[str]) -> list[str]:
    """The claims that rest on these experiments; the others would come out the same."""
    return [
        c.name for c in of_ledger("article") if {r.experiment.partition(".")[0] for r in c.readings} & set(experiments)
    ]


@contextmanager
def on_splits(split: str) -> Iterator[list[str]]:
    """Every experiment whose networks have splits of their own has others; which those are."""
    with EXPERIMENTS.temporary():
        moved = [each for each in EXPERIMENTS if any(part.get("split") == ["own"] for part in each.grid)]
        for each in moved:
            grid = tuple({**part, "split": [split if s == "own" else s for s in part["split"]]} for part in each.grid)
            EXPERIMENTS.replace(replace(each, grid=grid))
        yield [each.name for each in moved]


def main(words: Sequence[str] | None = None) -> int:
    """Compare finished runs, or make the one on other splits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN", help="RUN OTHER [SPLITS]")
    parser.add_argument("--measure", type=Path, metavar="FOLDER", help="make the run on other splits in this folder")
    parser.add_argument("--again", action="store_true", help="judge all runs from their observations, as of today")
    parser.add_argument("--split", default="own:1000", help="which splits it has (default own:1000)")
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args(words)
    if asked.measure:
        from actbench.report.reproduction import reproduce

        with on_splits(asked.split) as moved:
            reproduce(*on_data(moved), out=asked.measure, workers=asked.workers)
        return 0
    if len(asked.runs) not in (2, 3):
        parser.error("give the folders of two runs or three: RUN OTHER [SPLITS]")
    found = compare(*map(RunFolder, asked.runs), again=asked.again)
    TARGET.mkdir(exist_ok=True)
    name = ledger(RunFolder(asked.runs[0]))
    table, text = ("verdicts.csv", "README.md") if name == "article" else (f"{name}.csv", f"{name}.md")
    found.to_csv(TARGET / table, index=False)
    (TARGET / text).write_text(page(found), encoding="utf-8")
    sys.stdout.write(page(found))
    first, *others = found.columns[2:]
    opposite = [turned(a, b) for name in others for a, b in zip(found[first], found[name], strict=True)]
    return int(any(opposite))


if __name__ == "__main__":
    raise SystemExit(main())
