"""An audit in Chinese has no English but code, formats, and what somebody's own code has said."""

from __future__ import annotations

import re

import pytest

from actbench.audit.audited import audit
from actbench.audit.chinese import CLASSES, PARTS, in_chinese
from actbench.audit.finding import KINDS, Finding
from actbench.cli import main

HOMEWORK = """
import numpy as np


class ReLU:
    def forward(self, x):
        self.mask = x < 0
        x[self.mask] = 0
        return x

    def backward(self, dout):
        dout[self.mask] = 0
        return dout


class LeakyReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0.1 * x)

    def backward(self, dout):
        return np.where(self.x > 0, 1, 0.01)


def gelu(x):
    return np.array([0.5 * v * (1 + np.tanh(0.7978845608 * (v + 0.044715 * v**3))) for v in x.ravel()])


def hardtanh(x):
    return 1 if x > 1 else x


def relu6(x):
    return np.clip(x, 0, 6)[::-1]


def softmax(x):
    return np.exp(x) / np.exp(x).sum()


def mish(x):
    return x * math.tanh(x)
"""
THEIRS = re.compile(r"抛出 \w+：.*$", re.M)  # the words of an exception of theirs
ENGLISH = re.compile(r"(?<![\w./:-])[a-z]{2,} [a-z]{2,}(?![\w=:])")


@pytest.fixture(scope="module")
def homework(tmp_path_factory):
    file = tmp_path_factory.mktemp("work") / "homework.py"
    file.write_text(HOMEWORK, encoding="utf-8")
    return file


def test_homework_is_told_in_chinese(homework, capsys):
    page = homework.with_suffix(".html")
    assert main(["audit", str(homework), "--lang", "zh", "--count", "100", "--html", str(page)]) == 1
    said = THEIRS.sub("", capsys.readouterr().out)
    assert not ENGLISH.findall(said)
    assert re.search(r"：\d+ 个错误，\d+ 个警告，\d+ 个提示\n", said)
    for told in ("计算的却是目录中没有的函数\n", "softmax 沿一个轴计算", "改写输入", "（完全没有用到 dy）时"):
        assert told in said
    text = re.sub(r"<style>.*?</style>|<code>.*?</code>|<[^>]*>", "", page.read_text(encoding="utf-8"), flags=re.S)
    assert not ENGLISH.findall(THEIRS.sub("", text))
    assert " 核，" in text
    assert "数值错误" in text


def test_each_finding_and_each_reason_is_told_in_chinese(homework):
    report = audit(str(homework), dtypes=("float32",), count=100)
    for finding in report.findings:
        assert not ENGLISH.findall(THEIRS.sub("", finding.sentence("zh"))), finding
    assert all(in_chinese(one.why_not) != one.why_not for one in report.left_out)


def test_every_class_has_a_name():
    assert set(CLASSES) == set(KINDS)
    assert len(set(CLASSES.values())) == len(CLASSES)


@pytest.mark.parametrize("english", PARTS)
def test_a_part_keeps_what_is_said_inside(english):
    words = [f"Q{n}" for n in range(english.count("{}"))]
    came = in_chinese(english.format(*words))
    assert sorted(re.findall(r"Q\d", came)) == sorted(words) or "self." in english
    assert re.search("[\u4e00-\u9fff（；：]", came) or english == "dy = {}"


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("every input that was tried: raises ValueError: up: (down)", "所试的每个输入：抛出 ValueError：up: (down)"),
        ("negative_slope = 0.1, by default 0.01 (torch 0.01, jax 0.01); beta = 2, by default 1",
         "negative_slope = 0.1，默认为 0.01（torch 0.01, jax 0.01）；beta = 2，默认为 1"),
        ("gives float64[3] for float64[5]", "对 float64[5] 给出 float64[3]"),
        ("ends its process (SIGSEGV) (forward float32)", "使进程终止（SIGSEGV，前向 float32）"),
        ("what nobody has translated", "what nobody has translated"),
    ],
)  # fmt: skip
def test_details(detail, said):
    assert in_chinese(detail) == said


def test_a_name_without_a_number_has_no_empty_places():
    finding = Finding(subject="a", kind="name", detail="relu6 and computes no function of the catalogue")
    assert finding.sentence() == "is called relu6 and computes no function of the catalogue"
    assert finding.sentence("zh") == "名为 relu6，计算的却是目录中没有的函数"


def test_a_reference_names_the_class_of_its_fault():
    finding = Finding(subject="a", kind="reference", detail="length, n = 7", at=1.0, came=2.0, exact=3.0)
    assert "（依赖元素个数，n = 7）" in finding.sentence("zh")
