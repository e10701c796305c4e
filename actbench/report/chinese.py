"""What runs and records say in English, in Chinese: sentences by a table, numbers in their places, settings by word.

The table is ``chinese.csv``: a sentence with ``#`` for each of its numbers, and its translation with as many, ``#``
where the order is the same, else ``#2`` for the second number of the English sentence. A text that it lacks stays
English, and a test of the article's page says which; terms are those of the glossary below.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from actbench.report.sentences import in_words

TABLE = Path(__file__).with_name("chinese.csv")
SLOT = re.compile(r"#(\d*)")
NUMBER = re.compile(r"[-+]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?")
JUDGED = re.compile(r"(.*): (supported|refuted|conditional|inconclusive) \((.*)\)")  # of one setting among several
COUNTS = re.compile(r"(\d+ [a-z ]+(?:, \d+ [a-z ]+)*) of (\d+) settings(?:, and it was said of (all|some))?")
SAID_OF = {"all": "（论断针对全部设置）", "some": "（论断只说有的设置）"}
UNITS = re.compile(r"(\d(?:[\d,]*\d)?(?:, \d(?:[\d,]*\d)?)*) (.+)")  # "64 networks", "8, 4 networks"

GLOSSARY = {
    "activation function": "激活函数", "unit": "单元", "layer": "层", "active": "激活", "dead unit": "死亡单元",
    "initialisation": "初始化", "gradient": "梯度", "vanishing": "消失", "exploding": "爆炸", "diverged": "发散",
    "sparsity": "稀疏性", "step size": "步长", "learning rate": "步长", "batch normalisation": "批归一化",
    "claim": "论断", "reading": "解读", "as written": "按字面", "as intended": "按本意", "verdict": "结论",
    "supported": "成立", "refuted": "不成立", "conditional": "有条件成立", "inconclusive": "尚无定论",
    "opinion": "观点", "not tested": "未检验", "cell": "实验设置", "quick run": "快速模式", "interval": "区间",
    "estimate": "估计值", "reference": "基准", "decision": "判定", "better": "更好", "worse": "更差",
    "equal in practice": "实际等同", "undecided": "无法判定", "candidate": "候选函数", "slope": "斜率", "kink": "折点",
    "row": "条目", "ulp": "ulp", "edge of chaos": "混沌边缘", "paired": "配对", "false alarm": "误报",
    "lasso": "LASSO", "stall": "停滞",
    "forward pass": "前向传播", "backward pass": "反向传播", "convolutional network": "卷积网络 (CNN)",
    "multi-layer perceptron": "多层感知机 (MLP)", "activation rate": "激活率", "seed": "种子",
    "95 % interval": "95 % 置信区间", "machine": "机器", "splits of one data set": "同一数据集的划分",
}  # fmt: skip


@functools.cache
def sentences() -> Mapping[str, str]:
    """The table: English with ``#`` for numbers, to Chinese."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return {row["english"]: row["chinese"] for row in csv.DictReader(lines)}


def chinese(text: str, t: Mapping[str, str]) -> str:
    """A text in Chinese as far as it is known; whole, then clause by clause; other languages get it as it is.

    Parameters
    ----------
    text
        A reading, a condition, a note, a unit, a decision's reason.
    t
        The phrases of the page's language.
    """
    if t["language"] != "zh" or not re.search(r"[A-Za-z]{2}", text):
        return text
    whole = _known(text)
    if whole is not None:
        return whole
    parts = [part.strip() for part in text.rstrip(".").split("; ")]
    said = [_clause(part, t) for part in parts]
    return text if said == parts else "；".join(said)


def _known(text: str) -> str | None:
    """A whole sentence of the table, with its numbers; a last stop does not count."""
    numbers = NUMBER.findall(text)
    for end in ("", "."):
        said = sentences().get(NUMBER.sub("#", text) + end)
        if said is not None:
            return placed(said, numbers)
    return None


def placed(said: str, numbers: Sequence[str]) -> str:
    """A translation with its numbers, each where the sentence says it: ``#2`` is the second, ``#`` the next.

    >>> placed("共 #2 个，其中 #1 个发散", ["3", "64"])
    '共 64 个，其中 3 个发散'
    """
    following = iter(numbers)
    return SLOT.sub(lambda slot: numbers[int(slot[1]) - 1] if slot[1] else next(following), said)


def _clause(text: str, t: Mapping[str, str]) -> str:
    known = _known(text)
    if known is not None:
        return known.rstrip("。")
    counted = UNITS.fullmatch(text)
    if counted and (unit := _known(counted[2])) is not None:
        return f"{counted[1].replace(', ', '、')} {unit}"
    judged = JUDGED.fullmatch(text)
    if judged:
        return f"{in_words(judged[1], t)}：{t[judged[2]]}（{judged[3]}）"
    counts = COUNTS.fullmatch(text)
    if counts:
        words = {"open": t["inconclusive"], "not in this run": "本次未运行", **t}
        told = [f"{words[kind]} {n} 个" for n, kind in (part.split(" ", 1) for part in counts[1].split(", "))]
        return f"{counts[2]} 个设置中{'，'.join(told)}{SAID_OF.get(counts[3], '')}"
    setting, colon, state = text.partition(": ")
    said = _known(state) if colon else None
    return text if said is None else f"{in_words(setting, t)}：{said}"
