"""What the README says of results: the article's claims and what surprises most; how far off code is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actbench.report.content import content
from actbench.report.markdown import table
from actbench.report.phrases import phrases
from actbench.runs.folder import RunFolder

MARKS = "<!-- {name}:begin (python reports/refresh.py {name} writes this part) -->\n", "<!-- {name}:end -->"


def digest(folder: Path) -> str:
    """The part, in Markdown, from the files of a run of the article."""
    run = RunFolder(folder)
    shown = content(run, run.read_run(), phrases("en"), "en")
    tally = ", ".join(f"{count} {verdict}" for verdict, count in shown["tally"])
    rows = [(claim["name"], claim["statement"], _verdict(claim), claim["answer"]) for claim in shown["findings"]]
    lines = [f"Of its {len(shown['claims'])} sentences: {tally}. Six that surprise:", "",
             *table(("", "the article says", "", "measured"), rows)]  # fmt: skip
    return "\n".join(lines) + "\n"


def _verdict(claim: Mapping[str, Any]) -> str:
    """A verdict with what a reader of it alone would miss: that as intended it is another, that it was changed."""
    aside = [claim["otherwise"], "changed after looking" if claim["changed"] else ""]
    return "; ".join(filter(None, (claim["overall"]["verdict"], *aside)))


def of_code(folder: Path) -> str:
    """The part about code, from the first table of reports/accuracy: our kernels in float32, and torch's functions."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if " float32 |" in line]
    ours, torch = (next(row for row in rows if row[0].startswith(name)) for name in ("fused ", "torch=="))
    machine = next(line for line in text.splitlines() if ", python 3" in line).partition(", python")[0]
    lost = f"{ours[6]} results lost to 0, {ours[7]} NaN or infinite"
    name = torch[0].partition(" ")[0].replace("==", " ")
    return (
        f"Worst error of the compiled float32 kernels of {ours[1]} activations on {machine}: {ours[3]} ulp forward, "
        f"{ours[4]} backward, {lost}. {name}, {torch[1]} of them: {torch[3]} and {torch[4]} ulp, {torch[6]} of the "
        f"results tried lost to 0, {torch[7]} NaN or infinite. [All of them](reports/accuracy/README.md), and [who "
        "is faster where](reports/throughput/README.md).\n"
    )


def refreshed(readme: str, part: str, name: str = "article") -> str:
    """The README with its part of this name replaced."""
    begin, end = (re.escape(mark.format(name=name)) for mark in MARKS)
    return re.sub(f"(?<={begin}).*?(?={end})", lambda _: f"\n{part}\n", readme, flags=re.S)
