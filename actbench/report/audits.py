"""Audits of public libraries: what ``actbench audit MODULE --json`` wrote, to pages and one table of known findings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from actbench.audit.finding import KINDS, SEVERITIES, plain_hex, shown
from actbench.core.errors import ActbenchError
from actbench.core.files import write_text
from actbench.report.markdown import cell, table

KEPT = ("class", "severity", "direction", "dtype", "also", "at", "came", "exact", "ulp", "detail", "seen_as")
HEAD = """\
# Known findings of public libraries

Written by `python reports/refresh.py audits`. What `actbench audit` finds in the activations of public libraries
as they come, on the processor, in evaluation mode. Each finding has the smallest input that shows it, in every format
in which the library computes; [docs/audit.md](../../docs/audit.md) says what the classes mean. A result of 0 where the
exact one is a normal number (`lost`), or errors of thousands of ulp (`digits`), may be harmless in training: whether
they are is not for a table to say.

"""


def take(home: Path, runs: Iterable[Path]) -> None:
    """Keep the numbers of finished audits, one line a finding; sentences are made of them again.

    Raises
    ------
    ActbenchError
        For a file that is no audit.
    """
    for run in runs:
        try:
            held = json.loads(run.read_text(encoding="utf-8"))
            subjects = [
                {**{k: one[k] for k in ("target", "row", "library", "dtypes")},
                 "findings": [{k: found[k] for k in KEPT} for found in one["findings"]]}
                for one in held["subjects"]
            ]  # fmt: skip
            about = {
                k: held[k]
                for k in ("asked", "actbench", "package", "processor", "versions", "date", "seconds", "left_out")
            }
        except (OSError, ValueError, KeyError, TypeError):
            raise ActbenchError(f"{str(run)!r} is no audit; write one by 'actbench audit MODULE --json'") from None
        lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in subjects)
        head = json.dumps(about, ensure_ascii=False)
        write_text(home / f"{held['asked']}.json", f'{{"about": {head},\n"subjects": [\n{lines}\n]}}\n')


def pages(home: Path) -> dict[str, str]:
    """Name to text: a page an audit, and the README with the table of all."""
    audits = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(home.glob("*.json"))]
    texts = {f"{held['about']['asked']}.md": _page(held) for held in audits}
    return {"README.md": HEAD + "\n".join(_all(audits)) + "\n", **texts}


def _all(audits: list[Any]) -> Iterable[str]:
    rows = []
    for held in audits:
        found = [f for one in held["subjects"] for f in one["findings"]]
        counts = [str(sum(f["severity"] == level for f in found)) for level in reversed(SEVERITIES)]
        clean = sum(not one["findings"] for one in held["subjects"])
        name = held["about"]["asked"]
        rows.append((f"[{name}]({name}.md)", _library(held), len(held["subjects"]), clean, *counts,
                     held["about"]["date"]))  # fmt: skip
    yield from table(("audited", "version", "functions", "without a finding", *reversed(SEVERITIES), "date"), rows)
    for level in ("error", "warning"):
        yield f"\n## {level.title()}s\n"
        yield from _table((one, f) for held in audits for one in held["subjects"] for f in one["findings"]
                          if f["severity"] == level)  # fmt: skip


def _table(found: Iterable[tuple[Any, Any]]) -> list[str]:
    rows = []
    for one, f in found:
        at = plain_hex(float(f["at"]["decimal"])) if f["at"] else ""
        came, exact = (_short(f[key], f["dtype"]) for key in ("came", "exact"))
        what = f["class"] + (f" ({f['detail']})" if f["detail"] else "")
        if f.get("seen_as"):
            what += f", seen as {', '.join(f['seen_as'])} too"
        formats = ", ".join([f["dtype"], *f["also"]])
        rows.append((f"`{_cell(one['target'])}`", _cell(what), f["direction"], formats, _short(f["at"], f["dtype"]),
                     at and f"`{at}`", came, exact))  # fmt: skip
    return table(("function", "class", "pass", "formats", "smallest input", "", "came", "exact"), rows)


def _page(held: dict[str, Any]) -> str:
    about = held["about"]
    lines = [f"# Audit of {about['asked']}", "", "Written by `python reports/refresh.py audits`.", ""]
    lines += [f"{_library(held)}, numpy {about['versions']['numpy']}, {about['processor']}, {about['date']}, "
              f"{about['seconds']:.0f} s.", ""]  # fmt: skip
    used = sorted({f["class"] for one in held["subjects"] for f in one["findings"]}, key=list(KINDS).index)
    lines += [f"- `{name}`: {_meaning(name)}" for name in used] + [""]
    clean = [one for one in held["subjects"] if not one["findings"]]
    lines += _table((one, f) for one in held["subjects"] for f in one["findings"])
    if clean:
        lines += ["", "Nothing found: " + ", ".join(f"`{one['target']}` ({one['row']})" for one in clean) + "."]
    if about["left_out"]:
        lines += ["", "Left out:", ""]
        lines += [f"- `{left['target']}`: {_cell(left['reason'])}" for left in about["left_out"]]
    return "\n".join(lines) + "\n"


def _meaning(name: str) -> str:
    return KINDS[name].en.format_map(dict.fromkeys(("at", "came", "exact", "ulp", "detail", "seen_as"), "..."))


def _library(held: dict[str, Any]) -> str:
    """The package with its version, and what computes where that is another one."""
    computes = next((one["library"] for one in held["subjects"] if one["library"]), "")
    return ", ".join(dict.fromkeys(filter(None, (held["about"]["package"], computes))))


def _short(number: dict[str, str] | None, dtype: str) -> str:
    return "" if number is None else shown(float(number["decimal"]), dtype)


def _cell(text: str) -> str:
    return cell(text).replace("<", "&lt;")
