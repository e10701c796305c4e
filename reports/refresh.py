"""Write what is generated in this repository. Nothing is measured here; finished runs are taken over.

``python reports/refresh.py`` writes every part that is out of date, after a new row or claim or a changed definition;
``python reports/refresh.py article literature --words`` writes their tables and pages again in today's words, from the
committed numbers: every verdict stays, and where the numbers say another one it is told.
``python reports/refresh.py PART... [--run FOLDER...]`` some parts, with what finished runs measured: ``article`` after
``actbench reproduce``, ``literature`` after ``actbench reproduce literature``, ``accuracy`` after ``actbench run
accuracy`` (with ``--exhaustive`` or without) or ``actbench run axis_accuracy`` or
``gate_accuracy``, ``audits`` with files of ``actbench
audit MODULE --json``. ``--again NAME...`` computes exact
values of rows anew whose definition has changed, ``--why TEXT`` registers readings that ask otherwise with the same
numbers.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

REPORTS = Path(__file__).resolve().parent
ARTICLE, LITERATURE, ACCURACY, CATALOGUE, AUDITS = (
    REPORTS / name for name in ("article", "literature", "accuracy", "catalogue", "audits")
)
README, EXACT = REPORTS.parent / "README.md", REPORTS.parent / "tests" / "exact.txt"
KEPT = (
    "verdicts.csv", "estimates.csv", "timing_verdicts.csv", "timing_estimates.csv", "instrument.csv", "claims.json",
    "run.json", "report.html", "tables/*.csv", "figures/*.svg", "figures/*.pdf",
)  # fmt: skip


def copy(run: Path, folder: Path) -> None:
    """Take the small files of a run; observations stay out of git (megabytes), their tables are in."""
    from actbench.report.foot import without_observations

    shutil.rmtree(folder, ignore_errors=True)
    for pattern in KEPT:
        for file in run.glob(pattern):
            target = folder / file.relative_to(run)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    page = folder / "report.html"
    page.write_text(without_observations(page.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copyfile(run / "report.md", folder / "README.md")


def exact(asked: argparse.Namespace) -> None:
    """tests/exact.txt: what the tests hold every row to (a second or two a new row)."""
    from actbench.accuracy.exact_values import write

    write(EXACT, asked.again)


def register(asked: argparse.Namespace) -> None:
    """New expectations, appended to the committed file; no line of it is ever rewritten."""
    import actbench.claims.ledgers  # noqa: F401  fills the ledgers
    from actbench.claims.claim import CLAIMS
    from actbench.claims.registration import FILE
    from actbench.claims.registration import register as append
    from actbench.claims.verdicts import natural

    if count := append(sorted(CLAIMS, key=lambda claim: natural(claim.name)), asked.why):
        sys.stdout.write(f"{count} new expectations in {FILE.name}; commit it before they are decided\n")


def accuracy(asked: argparse.Namespace) -> None:
    """reports/accuracy: worst errors of ours and of every peer, and findings."""
    from actbench.report.accuracy import pages, take
    from actbench.report.readme import of_code, refreshed

    if asked.run:
        take(ACCURACY, asked.run)
    _write(ACCURACY, pages(ACCURACY))
    README.write_text(refreshed(README.read_text(encoding="utf-8"), of_code(ACCURACY), "accuracy"), encoding="utf-8")


def audits(asked: argparse.Namespace) -> None:
    """reports/audits: a page a library that was audited, and the table of known findings."""
    from actbench.report.audits import pages, take

    take(AUDITS, asked.run)
    _write(AUDITS, pages(AUDITS))


def catalogue(asked: argparse.Namespace) -> None:
    """reports/catalogue: a page a row; pages of rows that are gone are removed."""
    from actbench.report.catalogue import pages

    texts = pages(ACCURACY)
    _write(CATALOGUE, texts)
    for file in set(CATALOGUE.iterdir()) - {CATALOGUE / name for name in texts}:
        file.unlink()


def article(asked: argparse.Namespace) -> None:
    """reports/article, from a finished run of it, and the README's part about it."""
    from actbench.report.readme import digest, refreshed

    _take(asked, ARTICLE)
    README.write_text(refreshed(README.read_text(encoding="utf-8"), digest(ARTICLE)), encoding="utf-8")


def literature(asked: argparse.Namespace) -> None:
    """reports/literature, from a finished run of it."""
    _take(asked, LITERATURE)


def _take(asked: argparse.Namespace, folder: Path) -> None:
    """A finished run's small files; or those of the last one again, in today's words."""
    if asked.run:
        copy(asked.run[0], folder)
        _note_first_runs(asked.run[0])
    elif asked.words:
        with tempfile.TemporaryDirectory() as place:
            copy(in_todays_words(folder, Path(place) / folder.name), folder)


def in_todays_words(folder: Path, place: Path) -> Path:
    """A copy of committed results whose records, conditions and page are told as today; no number, no verdict moves."""
    from actbench.claims.verdicts import chosen, described, told_again
    from actbench.report.page import render
    from actbench.runs.folder import RunFolder

    shutil.copytree(folder, place)
    run = RunFolder(place)
    claims = chosen([str(run.read_run()["target"])])
    for timed in ("", "timing_"):
        if (place / f"{timed}verdicts.csv").exists():
            tables = (run.read_frame(f"{timed}verdicts"), run.read_frame(f"{timed}estimates"))
            run.write_frame(f"{timed}verdicts", told_again(claims, *tables))
    run.write_json("claims", [described(claim) for claim in claims])
    render(run, lang="en", progress=False)
    return place


def _note_first_runs(run: Path) -> None:
    """Readings that this run is the first to decide, entered beside the register."""
    from actbench.claims.registration import lines, ran
    from actbench.claims.verdicts import together
    from actbench.runs.folder import RunFolder

    folder = RunFolder(run)
    timed = folder.read_frame("timing_verdicts") if (run / "timing_verdicts.csv").exists() else None
    verdicts = together(folder.read_frame("verdicts"), timed)
    decided = verdicts[verdicts["verdict"] != "not tested"]
    known = lines()
    keys = [key for key in zip(decided["claim"], decided["reading"], strict=True) if key in known]
    ran(keys, folder.read_run()["started"])


def _write(folder: Path, texts: dict[str, str]) -> None:
    from actbench.core.files import write_text

    for name, text in texts.items():
        write_text(folder / name, text)


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    part.__name__: part for part in (exact, register, accuracy, audits, catalogue, article, literature)
}


def main(words: Sequence[str] | None = None) -> int:
    """Write the parts that are asked for, by default all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", help=f"{', '.join(PARTS)}; default: all")
    parser.add_argument("--run", nargs="+", type=Path, default=[], metavar="FOLDER", help="finished runs of one part")
    parser.add_argument("--why", default="", help="the reason for readings that ask otherwise, with the same numbers")
    parser.add_argument("--again", nargs="+", default=[], metavar="NAME", help="rows whose exact values are made anew")
    parser.add_argument("--words", action="store_true", help="article, literature: again in today's words, unmeasured")
    asked = parser.parse_args(words)
    if unknown := set(asked.part) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; known: {', '.join(PARTS)}")
    if asked.run and len(asked.part) != 1:
        parser.error("--run belongs to one part: article, literature, accuracy or audits")
    for name, part in PARTS.items():
        if name in (asked.part or PARTS):
            part(asked)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
