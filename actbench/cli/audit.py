"""``actbench audit``: other people's implementations judged; exit status 1 on findings."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.cli.options import add_json, as_json

if TYPE_CHECKING:
    from actbench.audit.audited import Audited, Report

DESCRIPTION = """\
Find the activations in somebody's code and judge each against exact values: value and slope in ulp, limits, NaN,
subnormals, lengths, layouts, state, memory. Each finding has the smallest input that shows it.

  actbench audit homework.py                     every activation of a file
  actbench audit homework/                       every file of a folder, or several targets: a table by file
  actbench audit my.py:gelu --like gelu_tanh     one object, and the row that it should be
  actbench audit torch.nn.functional             every activation of a module
  actbench audit onnxruntime                     what the catalogue's rows name in a library
  actbench audit kernel.py:silu --golden ref.py:silu     is the reference right that it is compared to?
  actbench audit my.py --json > known.json;  actbench audit my.py --baseline known.json     nothing new?

The code runs in a process of its own. Exit status: 0 nothing of --fail-on or worse, 1 findings, 2 a wrong request (of
several files: one that could not be audited, where no other has findings).
"""
LEVELS = ("note", "warning", "error", "never")


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "audit", help="judge other people's implementations", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("targets", nargs="+", metavar="TARGET|MODULE|FILE|FOLDER",
                        help="my.py, my.py:OBJ, package.module, a library, a folder; several of them")  # fmt: skip
    parser.add_argument("--like", default="", metavar="NAME", help="the row that it should be; by default recognised")
    parser.add_argument("--golden", default="", metavar="OTHER", help="a reference to be judged as well")
    parser.add_argument("--dtype", nargs="+", choices=("float16", "bfloat16", "float32", "float64"),
                        help="formats (default all; bfloat16 needs ml_dtypes)")  # fmt: skip
    parser.add_argument("--max-ulp", type=float, metavar="U",
                        help="the error that is allowed, in every format (default 16; 8 in 16 bits)")  # fmt: skip
    parser.add_argument("--count", type=int, default=4000, metavar="N",
                        help="seeded points of float32 and float64 (default 4000); else all")  # fmt: skip
    parser.add_argument("--exhaustive", action="store_true", help="all 2^32 float32: minutes a function and pass")
    parser.add_argument("--limit", type=float, default=60.0, metavar="S", help="seconds for one subject (default 60)")
    parser.add_argument("--fail-on", default="warning", choices=LEVELS, help="exit 1 from it on (default warning)")
    parser.add_argument("--baseline", metavar="FILE", help="known findings, as --json wrote them: they do not count")
    parser.add_argument("--lang", default="en", choices=("en", "zh"), help="language of sentences (default en)")
    for kind in ("html", "junit", "sarif"):
        parser.add_argument(f"--{kind}", metavar="FILE", help=f"write the report as {kind} too")
    add_json(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Audit, print, write."""
    from actbench.audit.finding import SEVERITIES
    from actbench.audit.several import expanded
    from actbench.audit.subject import DTYPES
    from actbench.audit.written import as_data, baseline
    from actbench.core.errors import ActbenchError

    if not 8 <= args.count <= 1_000_000:
        raise ActbenchError(f"--count {args.count} is not from 8 to 1,000,000")
    if args.max_ulp is not None and not args.max_ulp >= 0.5:
        raise ActbenchError(f"--max-ulp {args.max_ulp:g}: no format can promise less than 0.5")
    if not 0 < args.limit < 1e6:
        raise ActbenchError(f"--limit {args.limit:g} is no number of seconds; give more than 0")
    if args.json and args.lang != "en" and not args.html:
        raise ActbenchError(f"--lang {args.lang}: JSON is in English; leave one of --lang and --json away")
    for place in filter(None, (args.html, args.junit, args.sarif)):
        if Path(place).is_dir():
            raise ActbenchError(f"{place!r} is a folder; give a file")
    known = baseline(args.baseline) if args.baseline else frozenset()
    targets = expanded(args.targets)
    options = {"like": args.like, "dtypes": args.dtype or DTYPES, "max_ulp": args.max_ulp, "count": args.count,
               "exhaustive": args.exhaustive, "limit": args.limit * (60 if args.exhaustive else 1)}  # fmt: skip
    several = len(targets) > 1
    if several and args.golden:
        raise ActbenchError(f"--golden {args.golden}: one reference is judged beside one target, not {len(targets)}")
    told = _progress(args.lang, "files" if several else "objects")
    report = _followed_all(targets, options, told) if several else _followed(targets[0], args.golden, options, told)
    shown = by_file if several else lines
    print(as_json(as_data(report, known)) if args.json else "\n".join(shown(report, args.lang, known)))
    _write(args, report, known)
    if args.fail_on == "never":
        return 0
    worst = SEVERITIES[SEVERITIES.index(args.fail_on) :]
    if any(f.level in worst and f.fingerprint not in known for f in report.findings):
        return 1
    return 2 if several and {one.target for one in report.left_out} & {*targets} else 0


def _progress(lang: str, unit: str) -> dict[str, Any]:
    """What progress is called, and in which language."""
    from actbench.report.audit import WORDS

    return {"title": WORDS[lang]["audit"], "unit": WORDS[lang][unit], "late": True, "lang": lang}


def _followed(target: str, golden: str, options: dict[str, Any], progress: dict[str, Any]) -> Report:
    """The audit of one target, an object a step."""
    from contextlib import ExitStack

    from actbench.audit.audited import audit
    from actbench.runs.progress import follow

    with ExitStack() as open_:
        begun: list[Any] = []

        def told(done: int, of: int, name: str) -> None:
            if begun:
                begun[0](1)
            else:
                begun.append(open_.enter_context(follow(total=of, done=done, **progress)))

        report = audit(target, golden=golden, progress=told, **options)
        if begun:
            begun[0](1)
    return report


def _followed_all(targets: list[str], options: dict[str, Any], progress: dict[str, Any]) -> Report:
    """The audit of several, a file a step."""
    from actbench.audit.several import audit_all
    from actbench.runs.progress import follow

    with follow(total=len(targets), **progress) as advance:
        return audit_all(targets, begun=lambda done: advance(1), **options)


def _write(args: argparse.Namespace, report: Report, known: frozenset[str]) -> None:
    from actbench.core.files import write_text

    if args.html:
        from actbench.report.audit import write

        write(report, Path(args.html), lang=args.lang, known=known)
    if args.junit:
        from actbench.audit.written import junit

        write_text(Path(args.junit), junit(report, known))
    if args.sarif:
        from actbench.audit.written import sarif

        write_text(Path(args.sarif), as_json(sarif(report, known)) + "\n")


def lines(report: Report, lang: str, known: frozenset[str]) -> list[str]:
    """What a person reads."""
    from actbench.report.audit import WORDS, why_not

    t = WORDS[lang]
    said = []
    for one in report.subjects:
        said += [*_subject(one, lang, known), ""]
    said += [t[": "].join((t["left"].lower(), one.target, why_not(one, lang))) for one in report.left_out]
    return [*said, _in_all(report, t, known)]


def by_file(report: Report, lang: str, known: frozenset[str]) -> list[str]:
    """A line a subject: how many findings, and the worst one in words; what is left out with its reason."""
    from rich.table import Table

    from actbench.audit.finding import SEVERITIES, one_fault
    from actbench.report.audit import WORDS, why_not

    t = WORDS[lang]
    grid = Table.grid(padding=(0, 2))
    grid.add_row(t["subject"], *(t[level] for level in reversed(SEVERITIES)), t["worst"])
    for one in report.subjects:
        found = one_fault(one.findings)
        counts = [str(sum(f.level == level for f in found)) for level in reversed(SEVERITIES)]
        grid.add_row(one.target, *counts, found[0].sentence(lang) if found else t["clean"])
    for one in report.left_out:
        grid.add_row(one.target, "-", "-", "-", t[": "].join((t["left"], why_not(one, lang))))
    return [_drawn(grid), "", _in_all(report, t, known)]


def _in_all(report: Report, t: dict[str, str], known: frozenset[str]) -> str:
    """The last line: how many of each severity."""
    from actbench.audit.finding import SEVERITIES, one_fault
    from actbench.report.audit import counted

    told_of = [finding for one in report.subjects for finding in one_fault(one.findings)]
    told = t[", "].join(counted(sum(f.level == each for f in told_of), each, t) for each in reversed(SEVERITIES))
    old = sum(f.fingerprint in known for f in told_of)
    return (t["audited"].format(count=len(report.subjects), seconds=f"{report.seconds:.1f}") + told
                + (t["; "] + t["old"].format(count=old) if old else "")
                + (t["; "] + t["others"].format(count=report.others) if report.others else ""))  # fmt: skip


def _subject(one: Audited, lang: str, known: frozenset[str]) -> list[str]:
    from rich.table import Table

    from actbench.audit.finding import one_fault
    from actbench.report.audit import WORDS, named, promised

    t = WORDS[lang]
    about = t["; "].join(filter(None, (one.library, ", ".join(one.dtypes))))
    golden = t["aside"].format(what=t["golden"]) if one.golden else ""
    head = one.target + golden + (t[", "] + t["held"].format(row=one.row) if one.row else "")
    worst = [f"  {each.sentence(lang)}" for each in one.worst]
    if not one.findings:
        return [head + t[": "] + t["clean"] + t["aside"].format(what=about), *worst]
    grid = Table.grid(padding=(0, 2))
    for finding in one_fault(one.findings):
        also = t["aside"].format(what=t["also"].format(formats=", ".join(finding.also))) if finding.also else ""
        old = t["known"] if finding.fingerprint in known else t[finding.level]
        grid.add_row("", old, named(finding, lang), finding.sentence(lang) + also)
    promise = next((promised(f, lang) for f in one.findings if f.promise), "")
    return [
        head + (t["aside"].format(what=about) if about else ""),
        _drawn(grid),
        *worst,
        *([f"  {t['promises'].format(what=promise)}"] * bool(promise)),
    ]


def _drawn(grid: Any) -> str:
    """A table as text, at the terminal's width and without its markup."""
    import io

    from rich.console import Console

    from actbench.cli.options import width

    text = io.StringIO()
    Console(file=text, width=width(80) or 160, markup=False, highlight=False, emoji=False).print(grid)
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip().splitlines())
