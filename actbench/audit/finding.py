"""The record of a finding, and the classes of findings: each with its severity and its sentence in two languages."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from actbench.audit import region
from actbench.audit.chinese import CLASSES, PASSES, in_chinese, spaced
from actbench.core.errors import unknown

SEVERITIES = ("note", "warning", "error")  # as SARIF calls them, the mildest first


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A class of findings.

    Parameters
    ----------
    name, severity
        Its name in tables and files, and how bad it usually is: ``"error"``: wrong results on ordinary input;
        ``"warning"``: wrong ones in tails, at limits or in layouts; ``"note"``: a matter of precision or convention.
    en, zh
        The sentence, with ``{at}``, ``{came}``, ``{exact}``, ``{ulp}`` and ``{detail}``.
    """

    name: str
    severity: str
    en: str
    zh: str


KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in (
    Kind(name="value", severity="error", en="gives {came} at {at} where {exact} is right",
         zh="在 {at} 处给出 {came}，正确值是 {exact}"),
    Kind(name="digits", severity="warning", en="is {ulp} ulp off at {at}: {came} for {exact}; digits are lost",
         zh="在 {at} 处误差 {ulp} ulp：得 {came}，应为 {exact}；中间丢失了有效位"),
    Kind(name="lost", severity="warning", en="gives 0 at {at} where {exact} is right: a normal number is lost",
         zh="在 {at} 处给出 0，正确值是 {exact}：正规数丢失了"),
    Kind(name="overflow", severity="error",
         en="gives {came} at {at} where {exact} is right: something inside overflows or is undefined",
         zh="在 {at} 处给出 {came}，正确值是 {exact}：中间步骤溢出或无定义"),
    Kind(name="subnormal", severity="note",
         en="gives {came} at {at} where {exact} is right: subnormal numbers are flushed to zero",
         zh="在 {at} 处给出 {came}，正确值是 {exact}：次正规数被清零"),
    Kind(name="narrow", severity="warning",
         en="computes in float32 what is asked in float64: {ulp} ulp off at {at}, {came} for {exact}",
         zh="要求 float64 却用 float32 计算：在 {at} 处误差 {ulp} ulp，得 {came}，应为 {exact}"),
    Kind(name="truncation", severity="note", en="cuts results off instead of rounding them: {came} at {at} for {exact}",
         zh="结果被截断而不是舍入：在 {at} 处得 {came}，应为 {exact}"),
    Kind(name="rounding", severity="note",
         en="always rounds {detail}, and not to the nearest number: {came} at {at} for {exact}",
         zh="总是朝一个方向舍入（{detail}），而不是舍入到最近的数：在 {at} 处得 {came}，应为 {exact}"),
    Kind(name="limit", severity="warning", en="gives {came} at {at}; the limit is {exact}",
         zh="在 {at} 处给出 {came}，极限是 {exact}"),
    Kind(name="nan", severity="warning", en="swallows NaN: gives {came} for it",
         zh="吞掉了 NaN：输入 NaN 却给出 {came}"),
    Kind(name="signed zero", severity="note", en="gives {came} at -0.0; of an odd function it is {exact}",
         zh="在 -0.0 处给出 {came}；奇函数应给出 {exact}"),
    Kind(name="kink", severity="note", en="uses the slope {came} at its kink {at}; the convention is {exact}",
         zh="在折点 {at} 处使用斜率 {came}，约定是 {exact}"),
    Kind(name="linear", severity="error",
         en="is not linear in dy at {at}: gives {came} for {detail}, where {exact} is dy times its slope",
         zh="在 {at} 处对 dy 不是线性的：{detail} 时给出 {came}，dy 乘斜率是 {exact}"),
    Kind(name="second derivative", severity="warning",
         en="gives the second derivative {came} at {at}, {exact} is right",
         zh="在 {at} 处二阶导数给出 {came}，正确值是 {exact}"),
    Kind(name="monotone", severity="note", en="falls from {detail} to {came} at {at}; the function never falls",
         zh="在 {at} 处由 {detail} 降到 {came}；该函数从不下降"),
    Kind(name="symmetry", severity="note",
         en="is not {detail}: gives {came} at {at}, where its mirror image has {exact}",
         zh="不满足对称性（{detail}）：在 {at} 处给出 {came}，镜像点给出 {exact}"),
    Kind(name="bounds", severity="note", en="gives {came} at {at}, beyond the bound {exact}",
         zh="在 {at} 处给出 {came}，超出界 {exact}"),
    Kind(name="shape", severity="error", en="does not keep the shape: {detail}", zh="形状没有保持：{detail}"),
    Kind(name="dtype", severity="warning", en="does not keep the dtype: {detail}", zh="数据类型没有保持：{detail}"),
    Kind(name="raises", severity="warning", en="refuses {detail}", zh="无法处理{detail}"),
    Kind(name="length", severity="error",
         en="depends on how many elements there are: {detail}; {came} at {at} in place of {exact}",
         zh="结果取决于元素个数：{detail}；在 {at} 处得 {came}，应为 {exact}"),
    Kind(name="alignment", severity="error",
         en="depends on where the array begins in memory: {detail}; {came} at {at} in place of {exact}",
         zh="结果取决于数组的内存起点：{detail}；在 {at} 处得 {came}，应为 {exact}"),
    Kind(name="in place", severity="error", en="fails in place: {detail}; {came} at {at} in place of {exact}",
         zh="原地计算出错：{detail}；在 {at} 处得 {came}，应为 {exact}"),
    Kind(name="layout", severity="error",
         en="depends on the array's layout: {detail}; {came} at {at} in place of {exact}",
         zh="结果取决于数组的内存布局：{detail}；在 {at} 处得 {came}，应为 {exact}"),
    Kind(name="neighbours", severity="error",
         en="is not elementwise: with {detail} it gives {came} at {at} in place of {exact}",
         zh="不是逐元素的：{detail} 时在 {at} 处得 {came}，应为 {exact}"),
    Kind(name="state", severity="error", en="keeps state: {detail} it gives {came} at {at} in place of {exact}",
         zh="带有状态：{detail} 后在 {at} 处得 {came}，应为 {exact}"),
    Kind(name="mutation", severity="error", en="writes into its input {detail}: {came} stands where {at} was",
         zh="改写了输入 {detail}：原来的 {at} 变成 {came}"),
    Kind(name="read-only", severity="warning", en="makes its input {detail} read-only: who writes into it later fails",
         zh="把输入 {detail} 设为只读：之后写入它的代码会失败"),
    Kind(name="aliasing", severity="warning", en="gives back memory that is not its own: {detail}",
         zh="返回的内存不是自己的：{detail}"),
    Kind(name="name", severity="error", en="is called {detail}; at {at} it gives {came} where that has {exact}",
         zh="名为 {detail}；在 {at} 处给出 {came}，而该函数应为 {exact}"),
    Kind(name="defaults", severity="note",
         en="has other defaults: {detail}; at {at} it gives {came} in place of {exact}",
         zh="默认参数不同：{detail}；在 {at} 处给出 {came}，而非 {exact}"),
    Kind(name="gate", severity="error", en="gives {came} at {detail}, where {exact} is right",
         zh="在 {detail} 处给出 {came}，正确值是 {exact}"),
    Kind(name="crash", severity="error", en="{detail}", zh="异常结束：{detail}"),
    Kind(name="reference", severity="error",
         en="is a reference that is itself wrong ({detail}): {came} at {at} for {exact}",
         zh="作为参考的实现本身有误（{detail}）：在 {at} 处得 {came}，应为 {exact}"),
)})  # fmt: skip
SEEN_AS = {"en": "{text}; seen as {kinds} too", "zh": "{text}；也表现为 {kinds}"}
EVERYWHERE = {
    "en": "is wrong at {where}: at x = {one} it gives {got}, {right} is right. Nearest to 0 it {text}",
    "zh": "在{where}处都有错：在 x = {one} 处返回 {got}，应为 {right}。最接近 0 的一处：{text}",
}
AT_WORST = {
    "en": "{text}; at worst {ulp:.3g} ulp at x = {at}{of}",
    "zh": "{text}；最差为 {ulp:.3g} ulp，在 x = {at} 处{of}",
}
# what one fault of a formula is called at a kink, at an infinity, where results are small or exact ones are rounded
SAME = ("value", "kink", "lost", "limit", "digits", "subnormal", "overflow")


def kind(name: str) -> Kind:
    """A class of findings by its name."""
    if name not in KINDS:
        raise unknown("class of findings", name, KINDS)
    return KINDS[name]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with one implementation.

    Parameters
    ----------
    subject, row
        The target, and the row that it was held to (its spec), empty where it was recognised as none.
    kind, severity
        The class, one of `KINDS`; one of `SEVERITIES`.
    direction, dtype
        The pass and the format in which it was found; empty where it has none.
    at, came, exact
        The smallest failing input (nearest to 0), what came, and the exact value rounded once; None where a finding
        is not about numbers.
    ulp
        The error in units of the last place of the exact value.
    detail
        What the sentence of the class needs more: a length, a layout, a name.
    promise
        What actbench promises of its own row.
    also
        Further formats in which the same was found.
    region
        The open interval in which every input that was tried is wrong, where it is a simple one.
    example
        A plain input in it, what came there, and the exact value rounded once.
    seen_as
        Classes of findings that are this fault once more.
    worst
        Format, input and error in ulp of the worst of its points, from which the severity comes; None where it comes
        from something else or is no worse.
    """

    subject: str
    row: str = ""
    kind: str
    severity: str = ""
    direction: str = ""
    dtype: str = ""
    at: float | None = None
    came: float | None = None
    exact: float | None = None
    ulp: float | None = None
    detail: str = ""
    promise: str = ""
    also: tuple[str, ...] = field(default=())
    region: tuple[float, ...] = ()
    example: tuple[float, ...] = ()
    worst: tuple[str, float, float] | None = None
    seen_as: tuple[str, ...] = ()

    def seen_also_as(self, *kinds: str) -> Finding:
        """With further classes that are this fault once more."""
        return replace(self, seen_as=tuple(dict.fromkeys((*self.seen_as, *kinds))))

    @property
    def level(self) -> str:
        """How bad it is: its own severity, or else that of its class."""
        return self.severity or kind(self.kind).severity

    @property
    def fingerprint(self) -> str:
        """What a baseline knows it by: subject, class and pass, wherever the subject's file lies."""
        name = self.subject.replace("\\", "/").rpartition("/")[2]
        return hashlib.sha256("|".join((name, self.kind, self.direction)).encode()).hexdigest()[:16]

    def sentence(self, lang: str = "en") -> str:
        """What is wrong in one sentence."""
        sort = kind(self.kind)
        ulp = "" if self.ulp is None else "no number" if math.isinf(self.ulp) else f"{self.ulp:.3g}"
        name = self.detail if self.kind == "mutation" else "x"
        at = f"{name} = {shown(self.at, self.dtype)}"
        if self.at is not None and math.isfinite(self.at):
            at += f" ({plain_hex(self.at)})"
        words = {"at": at, "came": shown(self.came, self.dtype),
                 "exact": shown(self.exact, self.dtype), "ulp": ulp, "detail": self.detail}  # fmt: skip
        if lang == "zh":
            words["detail"] = self._detail_in_chinese()
        where = [PASSES.get(self.direction, "") if lang == "zh" else self.direction, self.dtype]
        said = sort.zh if lang == "zh" else sort.en
        if self.at is None:  # of a name whose function no single number tells apart
            said = re.split("[;；]", said)[0]
        text = said.format(**words)
        if self.region and self.example:
            text = EVERYWHERE[lang].format(where=region.words(self.region[0], self.region[1], lang), text=text, **dict(
                zip(("one", "got", "right"), (shortest(value, self.dtype) for value in self.example), strict=True)
            ))  # fmt: skip
        if self.worst:
            dtype, place, error = self.worst
            of = "" if dtype == self.dtype else f" ({dtype})" if lang == "en" else f"（{dtype}）"
            text = AT_WORST[lang].format(text=text, ulp=error, at=shown(place, dtype), of=of)
        if self.seen_as:
            kinds = ", ".join(self.seen_as) if lang == "en" else "、".join(map(CLASSES.__getitem__, self.seen_as))
            text = SEEN_AS[lang].format(text=text, kinds=kinds)
        head = (" " if lang == "en" else "，").join(filter(None, where))
        if lang == "zh":
            return spaced(f"{head}：{text}" if head else text)
        return f"{head}: {text}" if head else text

    def _detail_in_chinese(self) -> str:
        """The detail; of a reference it begins with the class of what is wrong with it."""
        name, _, rest = self.detail.partition(", ") if self.kind == "reference" else ("", "", self.detail)
        return "，".join(filter(None, (CLASSES.get(name, name), in_chinese(rest) if rest else "")))

    def data(self) -> dict[str, Any]:
        """For JSON: numbers in decimal and in hex, for JSON has neither infinities nor exact fractions."""
        numbers = {
            name: None if value is None else {"decimal": repr(value), "hex": value.hex()}
            for name, value in (("at", self.at), ("came", self.came), ("exact", self.exact))
        }
        return {
            "subject": self.subject, "row": self.row, "class": self.kind, "severity": self.level,
            "direction": self.direction, "dtype": self.dtype, **numbers,
            "ulp": None if self.ulp is None or math.isinf(self.ulp) else self.ulp, "detail": self.detail,
            "sentence": {"en": self.sentence(), "zh": self.sentence("zh")}, "promise": self.promise,
            "also": list(self.also), "fingerprint": self.fingerprint,
            "region": [repr(end) for end in self.region], "example": [repr(number) for number in self.example],
            "seen_as": list(self.seen_as),
            "worst": self.worst and {"dtype": self.worst[0], "at": repr(self.worst[1]), "ulp": self.worst[2]},
        }  # fmt: skip


def one_fault(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings for people: what lies in the region of another of the same pass is that one's, with its formats."""
    kept = list(findings)
    for whole in [f for f in findings if f.region]:
        if whole not in kept:
            continue
        parts = [f for f in kept if f is not whole and _part(f, whole)]
        formats = dict.fromkeys(d for f in (whole, *parts) for d in (f.dtype, *f.also))
        top = max((whole, *parts), key=lambda f: SEVERITIES.index(f.level))
        one = replace(whole, also=tuple(d for d in formats if d != whole.dtype), severity=top.level,
                      worst=top.worst or whole.worst)  # fmt: skip
        kept = [one if f is whole else f for f in kept if f not in parts]
    return tuple(kept)


def _part(finding: Finding, whole: Finding) -> bool:
    """Whether a finding is the same fault; a note about a convention never is."""
    if finding.kind not in SAME or finding.direction != whole.direction or finding.at is None or not whole.region:
        return False
    low, high = whole.region
    return low <= finding.at <= high and not (finding.kind == "kink" and finding.level == "note")


def shown(value: float | None, dtype: str = "float64") -> str:
    """A number as a person reads it: as many digits as its format has."""
    if value is None:
        return "-"
    digits = {"float16": 5, "bfloat16": 4, "float32": 9}.get(dtype, 17)
    short = f"{value:.{digits}g}"
    return repr(value) if digits == 17 or len(repr(value)) < len(short) else short


def shortest(value: float, dtype: str) -> str:
    """A number in the fewest digits that tell it from others of its format: 0.01 for the float32 next to it."""
    text = str(np.float32(value)) if dtype == "float32" else shown(value, dtype)
    return text.removesuffix(".0")


def plain_hex(value: float) -> str:
    """A number as a C99 hexadecimal float, without zeros that say nothing."""
    text, power, exponent = value.hex().partition("p")
    return text.rstrip("0").removesuffix(".") + power + exponent if power else text
