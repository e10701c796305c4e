"""The README's part about the article: how many claims came out how, and the findings that surprise most."""

from __future__ import annotations

import re
from pathlib import Path

from actbench.report.content import content
from actbench.report.markdown import table
from actbench.report.phrases import phrases
from actbench.runs.folder import RunFolder

MARKS = ("<!-- article:begin (python reports/refresh.py article writes this part) -->\n", "<!-- article:end -->")


def digest(folder: Path) -> str:
    """The part, in Markdown, from the files of a run of the article."""
    run = RunFolder(folder)
    shown = content(run, run.read_run(), phrases("en"), "en")
    tally = ", ".join(f"{count} {verdict}" for verdict, count in shown["tally"])
    rows = [(claim["name"], claim["statement"], claim["overall"]["verdict"], claim["answer"])
            for claim in shown["findings"]]  # fmt: skip
    lines = [f"Of its {len(shown['claims'])} sentences: {tally}. Six that surprise:", "",
             *table(("", "the article says", "", "measured"), rows)]  # fmt: skip
    return "\n".join(lines) + "\n"


def refreshed(readme: str, part: str) -> str:
    """The README with its part replaced."""
    begin, end = map(re.escape, MARKS)
    return re.sub(f"(?<={begin}).*?(?={end})", lambda _: f"\n{part}\n", readme, flags=re.S)
