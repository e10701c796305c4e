"""An audit as one page: subjects, and each finding with its numbers beside what actbench promises of its own row."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from actbench.audit.audited import Audited, Report
from actbench.audit.chinese import CLASSES, PASSES, in_chinese
from actbench.audit.finding import SEVERITIES, Finding, one_fault, plain_hex, shown
from actbench.core.files import write_text
from actbench.core.machine import machine
from actbench.report.chinese import chinese
from actbench.report.foot import foot
from actbench.report.page import template, typeset
from actbench.report.phrases import phrases

WORDS = {
    "en": {
        "title": "Audit of",
        "lead": "Every value and slope against exact ones; the smallest input found that shows each fault.",
        "class": "class", "where": "pass, formats", "at": "smallest failing input found",
        "came": "came", "exact": "exact",
        "says": "what is wrong", "promise": "actbench's own row", "clean": "nothing found",
        "left": "Left out", "known": "known", "golden": "the reference",
        "held": "held to {row}", ", ": ", ", "also": "also {formats}", "promises": "actbench promises of {what}",
        "audited": "{count} audited in {seconds} s: ", "others": "{count} other objects are no activations",
        "old": "{count} of them known", "error": "error", "warning": "warning", "note": "note", "; ": "; ",
        "counted": "{count} {level}{s}", "subject": "what", "worst": "the worst of it", ": ": ": ",
        "aside": " ({what})", "audit": "audit", "files": "files", "objects": "objects",
    },
    "zh": {
        "title": "审查", "lead": "每个值与斜率都与精确值比较；每个错误给出能显示它的最小输入。",
        "class": "类别", "where": "方向与格式", "at": "最小的出错输入", "came": "得到", "exact": "精确值",
        "says": "问题", "promise": "actbench 自己的保证", "clean": "没有发现问题",
        "left": "未审查", "known": "已知", "golden": "参考实现",
        "held": "对照 {row}", ", ": "，", "also": "{formats} 亦然", "promises": "actbench 自己的保证：{what}",
        "audited": "{seconds} 秒内审查了 {count} 个：", "others": "另有 {count} 个对象不是激活函数",
        "old": "其中 {count} 个已知", "error": "错误", "warning": "警告", "note": "提示", "; ": "；",
        "counted": "{count} 个{level}", "subject": "对象", "worst": "最严重的问题", ": ": "：", "aside": "（{what}）",
        "audit": "审查", "files": "个文件", "objects": "个对象",
    },
}  # fmt: skip


def page(report: Report, *, lang: str = "en", known: Collection[str] = ()) -> str:
    """The page as HTML, complete by itself.

    Parameters
    ----------
    report
        What `actbench.audit.audited.audit` gave.
    lang
        ``"en"`` or ``"zh"``.
    known
        Fingerprints of findings that a baseline knows.
    """
    told = [finding for one in report.subjects for finding in one_fault(one.findings)]
    counts = {level: sum(f.level == level for f in told) for level in reversed(SEVERITIES)}
    return typeset(template("audit.html").render(
        t=WORDS[lang], lang=lang, asked=report.asked, phrases=phrases(lang),
        foot=foot(f"actbench audit {report.asked} --html FILE", ""),
        counts={level: counted(count, level, WORDS[lang]) for level, count in counts.items()},
        machine=phrases(lang)["machine alone"].format_map(machine()),
        subjects=[_subject(one, lang, known) for one in report.subjects],
        left=[(one.target, why_not(one, lang)) for one in report.left_out],
    ), lang)  # fmt: skip


def write(report: Report, place: Path, *, lang: str = "en", known: Collection[str] = ()) -> Path:
    """The page as a file."""
    return write_text(place, page(report, lang=lang, known=known))


def _subject(one: Audited, lang: str, known: Collection[str]) -> dict[str, Any]:
    passes = PASSES if lang == "zh" else {}
    rows = [
        {
            "level": f.level, "kind": f.kind, "named": named(f, lang), "known": f.fingerprint in known,
            "promise": promised(f, lang),
            "where": " ".join(filter(None, (passes.get(f.direction, f.direction), _formats(f)))),
            "at": shown(f.at, f.dtype), "hex": "" if f.at is None else plain_hex(f.at), "came": shown(f.came, f.dtype),
            "exact": shown(f.exact, f.dtype), "says": f.sentence(lang),
        }
        for f in one_fault(one.findings)
    ]  # fmt: skip
    held = WORDS[lang]["held"].format(row=one.row) if one.row else ""
    about = [text for text in (held, one.library, ", ".join(one.dtypes)) if text]
    return {"target": one.target, "about": about, "golden": one.golden, "rows": rows,
            "worst": [worst.sentence(lang) for worst in one.worst]}  # fmt: skip


def counted(count: int, level: str, t: Mapping[str, str]) -> str:
    """How many findings of a severity."""
    return t["counted"].format(count=count, level=t[level], s="s" if count != 1 else "")


def named(finding: Finding, lang: str) -> str:
    """The class of a finding for people."""
    return CLASSES[finding.kind] if lang == "zh" else finding.kind


def why_not(one: Audited, lang: str) -> str:
    """Why something is not judged, in the page's language."""
    return in_chinese(one.why_not) if lang == "zh" else one.why_not


def promised(finding: Finding, lang: str) -> str:
    """What actbench promises of its own row, in the page's language."""
    return chinese(finding.promise, phrases(lang))


def _formats(finding: Finding) -> str:
    return ", ".join(filter(None, (finding.dtype, *finding.also)))
