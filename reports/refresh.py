"""Run the article in full and refresh what is committed of it: reports/article and the README's part about it.

``python reports/refresh.py [RUN_DIR]`` with the folder of a finished run only copies from it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd

REPORTS = Path(__file__).resolve().parent
ARTICLE = REPORTS / "article"
README = REPORTS.parent / "README.md"
KEPT = (
    "verdicts.csv",
    "estimates.csv",
    "timing_verdicts.csv",
    "timing_estimates.csv",
    "instrument.csv",
    "claims.json",
    "run.json",
    "report.html",
    "tables/*.csv",
    "figures/*.svg",
)
MARKS = ("<!-- article:begin (python reports/refresh.py writes this part) -->\n", "<!-- article:end -->")


def copy(run: Path) -> None:
    """Take the small files of a run; observations stay out of git (megabytes), their tables are in."""
    shutil.rmtree(ARTICLE, ignore_errors=True)
    for pattern in KEPT:
        for file in run.glob(pattern):
            target = ARTICLE / file.relative_to(run)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    shutil.copyfile(run / "report.md", ARTICLE / "README.md")


def digest(folder: Path = ARTICLE) -> str:
    """The README's part: how many claims came out how, the estimates, and the figure."""
    verdicts = pd.read_csv(folder / "verdicts.csv")
    overall = verdicts[verdicts["reading"] == "overall"]
    tally = ", ".join(f"{count} {verdict}" for verdict, count in overall["verdict"].value_counts().items())
    lines = [
        "![What halves with every layer?](reports/article/figures/activity-readings.svg)", "",
        f"Of {len(overall)} claims: {tally}. The whole list, with every reading, interval and source, is in "
        "[reports/article](reports/article/README.md); what another seed or half of the networks would have changed, "
        "in [reports/stability](reports/stability/README.md). The most quoted one, C10, \"N layers divide the "
        "activation rate "
        "by 2^N\", depends on what is counted: slope of log2 per layer, -1 is halving.", "",
        "| reading | setting | slope per layer | 95 % interval | n networks | verdict |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    estimates = pd.read_csv(folder / "estimates.csv", keep_default_na=False)
    for row in estimates[estimates["claim"] == "C10"].itertuples():
        value, low, high = (float(v) for v in (row.value, row.low, row.high))
        numbers = f"{value:.3f} | [{low:.3f}, {high:.3f}] | {row.n}"
        lines.append(f"| {row.reading} | {row.setting} | {numbers} | {row.verdict} |")
    return "\n".join(lines).replace("-0.000", "0.000") + "\n"


def refreshed(readme: str, part: str) -> str:
    """The README with its part replaced."""
    begin, end = map(re.escape, MARKS)
    return re.sub(f"(?<={begin}).*?(?={end})", lambda _: f"\n{part}\n", readme, flags=re.S)


def main() -> int:
    """Refresh."""
    run = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("actbench-out/reproduce-article")
    if len(sys.argv) == 1:
        command = [sys.executable, "-m", "actbench", "reproduce", "--out", str(run)]
        subprocess.run(command, check=True)  # noqa: S603  our own interpreter
    copy(run)
    README.write_text(refreshed(README.read_text(encoding="utf-8"), digest()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
