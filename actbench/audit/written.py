"""An audit for other programs: JSON, JUnit, SARIF 2.1.0; and the findings that a baseline already knows."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from actbench.audit.audited import Audited, Report
from actbench.audit.finding import KINDS, Finding
from actbench.core.errors import ActbenchError
from actbench.core.files import read_bytes
from actbench.core.machine import machine, version, versions
from actbench.runs.folder import finite

SCHEMA = "actbench-audit-1"
SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
GUIDE = "docs/audit.md"


def as_data(report: Report, known: Collection[str] = ()) -> dict[str, Any]:
    """For JSON: every subject with its findings, and what is left out with its reason."""
    return {
        "schema": SCHEMA, "actbench": version("actbench-suite") or "", "asked": report.asked,
        "package": _package(report.asked), "processor": machine()["processor"], "machine": machine(),
        "versions": versions(),
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(report.seconds, 3),
        "subjects": [
            {
                "target": one.target, "row": one.row, "library": one.library, "dtypes": list(one.dtypes),
                "golden": one.golden, "line": one.line,
                "worst": [finite(asdict(worst)) for worst in one.worst],
                "findings": [{**f.data(), "known": f.fingerprint in known} for f in one.findings],
            }
            for one in report.subjects
        ],
        "left_out": [{"target": one.target, "reason": one.why_not} for one in report.left_out],
        "others": report.others,
    }  # fmt: skip


def _package(asked: str) -> str:
    """The distribution that a module belongs to, with its version; empty for a file."""
    name = asked.partition(":")[0].partition(".")[0]
    found = version(name) or version(name.replace("_", "-"))
    return f"{name} {found}" if found and not asked.endswith(".py") else ""


def baseline(file: str) -> frozenset[str]:
    """The fingerprints of a file that ``actbench audit --json`` wrote.

    Raises
    ------
    ActbenchError
        Where the file is none.
    """
    try:
        held = json.loads(read_bytes(file))
        return frozenset(str(f["fingerprint"]) for one in held["subjects"] for f in one["findings"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise ActbenchError(
            f"--baseline {file!r} is no audit; write one by 'actbench audit ... --json > FILE'"
        ) from None


def junit(report: Report, known: Collection[str] = ()) -> str:
    """JUnit XML: a test a finding, and one that passes a subject without."""
    cases = []
    for one in report.subjects:
        for finding in one.findings:
            name = " ".join(filter(None, (finding.kind, finding.direction)))
            case = ElementTree.Element("testcase", classname=_clean(one.target), name=_clean(name))
            if finding.fingerprint in known:
                ElementTree.SubElement(case, "skipped", message="known, says the baseline")
            else:
                said = ElementTree.SubElement(case, "failure", type=finding.level, message=_clean(finding.sentence()))
                said.text = _clean(f"{finding.sentence('zh')}\nactbench promises: {finding.promise}")
            cases.append(case)
        if not one.findings:
            cases.append(ElementTree.Element("testcase", classname=_clean(one.target), name=_clean(f"is {one.row}")))
    failed = sum(case.find("failure") is not None for case in cases)
    suite = ElementTree.Element("testsuite", name=_clean(f"actbench audit {report.asked}"), tests=str(len(cases)),
                                failures=str(failed), errors="0", time=f"{report.seconds:.3f}")  # fmt: skip
    suite.extend(cases)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suite, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return "".join(
        c for c in text if c in "\t\n" or "\x20" <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
    )


def sarif(report: Report, known: Collection[str] = ()) -> dict[str, Any]:
    """SARIF 2.1.0: a rule a class of findings, a result a finding, at the line where its subject begins."""
    used = sorted({f.kind for f in report.findings}, key=list(KINDS).index)
    rules = [
        {"id": _rule(name), "name": name.title().replace(" ", ""),
         "shortDescription": {"text": f"{name}: {_plain(name)}"},
         "defaultConfiguration": {"level": KINDS[name].severity}, "help": {"text": f"See {GUIDE}."}}
        for name in used
    ]  # fmt: skip
    results = [
        _result(one, finding, used.index(finding.kind), known) for one in report.subjects for finding in one.findings
    ]
    tool = {"driver": {"name": "actbench", "version": version("actbench-suite") or "0", "rules": rules}}
    return {"$schema": SARIF, "version": "2.1.0",
            "runs": [{"tool": tool, "results": results, "columnKind": "unicodeCodePoints"}]}  # fmt: skip


def _rule(kind: str) -> str:
    return "actbench/" + kind.replace(" ", "-")


def _plain(kind: str) -> str:
    """A class's sentence with dots where numbers go."""
    return KINDS[kind].en.format_map(dict.fromkeys(("at", "came", "exact", "ulp", "detail"), "..."))


def _result(one: Audited, finding: Finding, index: int, known: Collection[str]) -> dict[str, Any]:
    text = f"{one.target}: {finding.sentence()}"
    said: dict[str, Any] = {
        "ruleId": _rule(finding.kind), "ruleIndex": index, "level": finding.level,
        "message": {"text": text + (f" (promised by actbench: {finding.promise})" if finding.promise else "")},
        "partialFingerprints": {"actbench/v1": finding.fingerprint},
        "properties": {k: v for k, v in finding.data().items() if k in ("at", "came", "exact", "ulp", "dtype", "also")},
        "baselineState": "unchanged" if finding.fingerprint in known else "new",
    }  # fmt: skip
    place = one.target.partition(":")[0]
    where: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": one.target}]}
    if place.endswith(".py"):
        where["physicalLocation"] = {
            "artifactLocation": {"uri": _uri(place)}, "region": {"startLine": max(1, one.line)},
        }  # fmt: skip
    return said | {"locations": [where]}


def _uri(place: str) -> str:
    """Relative to the working directory where it lies below, as code hosts want it."""
    path = Path(place).resolve()
    try:
        return quote(path.relative_to(Path.cwd()).as_posix())
    except ValueError:
        return path.as_uri()
