"""Would another seed, or half of the networks, have turned a verdict? Compares finished runs; measures nothing.

``python reports/stability.py RUN OTHER`` with the folders of two full runs of the article under different master seeds
writes reports/stability: every reading's verdict under RUN, under OTHER, and from each half of RUN's networks.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import actbench.claims.ledgers
import actbench.experiments  # noqa: F401  both fill their registries
from actbench.claims.claim import CLAIMS
from actbench.claims.verdicts import judged, natural
from actbench.runs.experiment import EXPERIMENTS
from actbench.runs.folder import RunFolder

TARGET = Path(__file__).resolve().parent / "stability"
OPPOSITE = {frozenset(("supported", "refuted"))}


def half(frame: pd.DataFrame, factor: str | None, which: int) -> pd.DataFrame:
    """Every second pair of units: arms have different numbers of them, and some effects tune odd ones on even ones."""
    return frame if factor is None else frame[frame[factor] // 2 % 2 == which]


def verdicts(folder: RunFolder, which: int | None = None) -> pd.Series:
    """Claim and reading to verdict: as the run has it, or judged again from a half of its observations."""
    if which is None:
        frame = folder.read_frame("verdicts")
    else:
        names = [file.stem for file in (folder.path / "data").glob("*.csv") if file.stem in EXPERIMENTS]
        frames = {name: half(folder.read_frame(f"data/{name}"), EXPERIMENTS[name].batch, which) for name in names}
        claims = sorted((claim for claim in CLAIMS if claim.ledger == "article"), key=natural)
        frame, _ = judged(claims, frames, rehearsal=False)
    return frame.set_index(["claim", "reading"])["verdict"]


def turned(one: str, other: str) -> bool:
    """Whether a verdict was turned into its opposite."""
    return frozenset((one, other)) in OPPOSITE


def compare(run: RunFolder, other: RunFolder) -> pd.DataFrame:
    """One row a reading."""
    seeds = run.read_run()["seed"], other.read_run()["seed"]
    columns = {f"seed {seeds[0]}": verdicts(run), f"seed {seeds[1]}": verdicts(other)}
    columns |= {f"half {which + 1}": verdicts(run, which) for which in (0, 1)}
    return pd.DataFrame(columns).dropna().reset_index()


def page(table: pd.DataFrame) -> str:
    """The table's summary: counts, and every reading whose verdict differs anywhere."""
    first, *others = table.columns[2:]
    lines = [
        "# Would another seed, or half of the networks, have turned a verdict?",
        "",
        f"{len(table)} readings and roll-ups of full runs; written by `python reports/stability.py`.",
        "",
        "| against | the same | more or less decided | turned into the opposite |",
        "|---|---|---|---|",
    ]
    for name in others:
        opposite = sum(turned(a, b) for a, b in zip(table[first], table[name], strict=True))
        same = int((table[first] == table[name]).sum())
        lines.append(f"| {name} | {same} | {len(table) - same - opposite} | {opposite} |")
    differs = table[(table[others].ne(table[first], axis=0)).any(axis=1)]
    lines += ["", f"| claim | reading | {first} | {' | '.join(others)} |", "|---|---|---|" + "---|" * len(others)]
    lines += [f"| {' | '.join(row)} |" for row in differs.itertuples(index=False, name=None)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    found = compare(*(RunFolder(Path(word)) for word in sys.argv[1:3]))
    TARGET.mkdir(exist_ok=True)
    found.to_csv(TARGET / "verdicts.csv", index=False)
    (TARGET / "README.md").write_text(page(found), encoding="utf-8")
    sys.stdout.write(page(found))
