"""The Chinese page is Chinese: nothing long stays English but code, citations and names."""

from __future__ import annotations

import csv
import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

import actbench.claims.ledgers
import actbench.experiments  # noqa: F401  both fill registries
from actbench.audit.audited import audit
from actbench.claims.claim import CLAIMS
from actbench.claims.verdicts import described
from actbench.cli import main
from actbench.drawing.words import WORDS as LABELS
from actbench.report import dossier, plain
from actbench.report.audit import promised, write
from actbench.report.chinese import GLOSSARY, NUMBER, SLOT, TABLE, chinese, placed, sentences
from actbench.report.commits import render_commits
from actbench.report.names import READINGS
from actbench.report.page import render as render_page
from actbench.report.phrases import PHRASES, phrases
from actbench.runs.experiment import EXPERIMENTS
from actbench.runs.folder import RunFolder

REPORTS = Path(__file__).parents[2] / "reports"
ASV = Path(__file__).parents[1] / "data" / "asv"

ZH = phrases("zh")
LATIN = re.compile(r"(?:[A-Za-z][A-Za-z'’-]*[ ,;:()./]+){6}[A-Za-z]")  # more than six words in a row


class Prose(HTMLParser):
    """The texts of a page outside of code, citations and styles."""

    def __init__(self, html):
        super().__init__()
        self.aside, self.texts = 0, []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.aside += tag in ("style", "code", "cite", "q")
        self.texts += [value for name, value in attrs if name in ("alt", "aria-label")]

    def handle_endtag(self, tag):
        self.aside -= tag in ("style", "code", "cite", "q")

    def handle_data(self, data):
        if not self.aside:
            self.texts.append(data)


def article(place, request):
    return request.getfixturevalue("pages")["zh"]


def literature(place, request):
    shutil.copytree(REPORTS / "literature", place / "literature")
    return render_page(RunFolder(place / "literature"), lang="zh", progress=False)


def comparison(place, request, lang="zh"):
    """The worked example's files, as far as they are committed, with what a page says around them."""
    shutil.copytree(REPORTS / "compare", place / "run")
    folder = RunFolder(place / "run")
    folder.write_run({**folder.read_run(), "command": "compare", "reference": "relu", "quick": True})
    return dossier.render(folder, lang=lang)


def audited(place, request):
    code = "import numpy as np\n\ndef softplus(x):\n    return np.log(1 + np.exp(x))\n"
    (place / "mine.py").write_text(code, encoding="utf-8")
    report = audit(str(place / "mine.py"), dtypes=("float32",), count=100)
    assert report.findings
    assert {promised(f, "zh") for f in report.findings} == {"softplus：NumPy 为 1 ulp，编译后为 8 ulp"}
    return write(report, place / "audit.html", lang="zh")


def performance(place, request):
    return render_commits(ASV, place, lang="zh")


def race(place, request):
    words = ["bench", "relu", "--quick", "--size", "64", "--direction", "forward", "--rounds", "5", "--peers", "numpy"]
    assert main([*words, "--out", str(place)]) == 0
    return plain.render(RunFolder(place), lang="zh")


def plain_run(place, request):
    return plain.render(RunFolder(request.getfixturevalue("folder")), lang="zh")


KINDS = [pytest.param(article, marks=pytest.mark.slow), literature, comparison, audited, performance, race, plain_run]


def english_of(page):
    return [text for text in Prose(page.read_text(encoding="utf-8")).texts if LATIN.search(text)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_has_no_english_sentence(kind, tmp_path, request):
    page = kind(tmp_path, request)
    assert 'lang="zh"' in page.read_text(encoding="utf-8")
    assert not english_of(page), "add it to actbench/report/chinese.csv, numbers as #"


def test_an_english_page_has_some(tmp_path, request):
    assert english_of(comparison(tmp_path, request, lang="en"))


def test_the_markdown_beside_it_neither(pages):
    text = pages["zh"].with_suffix(".md").read_text(encoding="utf-8")
    prose = re.sub(rf"{ZH['source']}: .*|`[^`]*`|!?\[[^\]]*\]\([^)]*\)", "", text)
    assert not [line for line in prose.splitlines() if LATIN.search(line)]


@pytest.mark.parametrize("name", [each.name for each in EXPERIMENTS])
def test_the_words_of_an_experiment_are_known_in_chinese(name):
    """Its question and its columns, as the page of a plain run has them."""
    texts = [EXPERIMENTS[name].question, *EXPERIMENTS[name].columns.values()]
    left = [text for text in texts if chinese(text, ZH) == text and re.search("[a-z]{3}", text)]
    assert not left, "add it to actbench/report/chinese.csv, numbers as #"


@pytest.mark.parametrize("name", [claim.name for claim in CLAIMS if claim.ledger in ("article", "literature")])
def test_what_a_record_says_is_known_in_chinese(name):
    entry = described(CLAIMS[name])
    texts = [*entry["readings"].values(), *entry["conditions"].values(), entry["note"]]
    texts += [text for change in entry.get("history", ()) for text in (change["was"], change["now"], change["why"])]
    left = [text for text in texts if LATIN.search(chinese(text, ZH))]
    assert not left, "add it to actbench/report/chinese.csv, numbers as #"


def test_the_table_is_sorted_and_keeps_every_number():
    with TABLE.open(encoding="utf-8", newline="") as lines:
        rows = [(row["english"], row["chinese"]) for row in csv.DictReader(lines)]
    assert rows == sorted(rows)
    assert len(dict(rows)) == len(rows)
    for english, said in rows:
        assert not NUMBER.search(english), english
        assert english.count("#") == said.count("#"), english
        assert re.search("[\u4e00-\u9fff]", said), english


MARKS = [str(7000 + 11 * n) for n in range(1, 12)]  # one a slot: where it lands shows which it is
MARK = r"(?<!\d)(7\d{3})"  # no separators: markers stand side by side nowhere
ALIKE = (  # what stands at a number in both languages: a symbol is the same, a word has its translations
    (rf"([A-Za-z_]+\(?){MARK}(?!\d)", rf"([A-Za-z_]+\(?){MARK}(?!\d)"),
    (rf"([A-Za-z_]+ [<>=]+ ){MARK}", rf"([A-Za-z_]+ [<>=]+ ){MARK}"),
    (rf"(\b){MARK}(?= (?:[<>]=? c|exp\(|ulp))", rf"(\b){MARK}(?= (?:[<>]=? c|exp\(|ulp))"),
    (rf"(){MARK}-bit", rf"(){MARK} 位格式"), (rf"(){MARK} nats", rf"(){MARK} nat"),
    (rf"(background is ){MARK}", rf"(背景为 ){MARK}"), (rf"(for the input ){MARK}", rf"(对输入 ){MARK}"),
    (rf"(){MARK} epochs", rf"(){MARK} 轮"), (rf"(){MARK} units", rf"(){MARK} 个单元"),
    (rf"(){MARK} as the slope", rf"(取斜率 ){MARK}"), (rf"(is ){MARK} for", rf"(是否为 ){MARK}"),
)  # fmt: skip


WORDS = {"0": "zero|nothing", "1": "one", "2": "two"}  # numbers that English prose may have in words


def misplaced(english, said):
    """The numbers of a sentence that its translation has elsewhere: beside another symbol or word, twice, or lost."""
    marks = MARKS[: english.count("#")]
    told, came = placed(english, marks), placed(said, marks)
    wrong = sorted(set(marks) ^ set(re.findall(MARK, came))) or (sorted(re.findall(MARK, came)) != marks)
    for ours, theirs in ALIKE:
        here, there = re.findall(ours, told), re.findall(theirs, came)
        if len(here) == len(there) and sorted(mark for _, mark in here) != sorted(mark for _, mark in there):
            return (told, came)
        if ours == theirs and sorted(here) != sorted(there) and {at for at, _ in here} == {at for at, _ in there}:
            return (told, came)
    return (told, came) if wrong else ()


@pytest.mark.parametrize("english", [english for english, said in sentences().items() if "#" in said])
def test_each_number_lands_where_the_english_sentence_has_it(english):
    said = sentences()[english]
    named = SLOT.findall(said)
    assert not any(named) or sorted(map(int, named)) == list(range(1, len(named) + 1)), "name all slots or none"
    assert not misplaced(english, said)


@pytest.mark.parametrize(("english", "said"), [
    ("f(z) >= f(#) + c z for every z just where # <= c <= #.", "当且仅当 # <= c <= # 时有 f(z) >= f(#) + c z。"),
    ("With # as the slope at #, another of the values.", "若在 # 处取斜率 #。"),
    ("log# of the epochs to a training loss of # nats.", "训练损失降到 # nat 所需轮数的 log#。"),
    ("float# on images whose background is #.", "背景为 # 的图像上 float# 的网络。"),
    ("products add up in float# in every #-bit format", "各 # 位格式中，乘积都在 float# 中求和"),
    ("At # this is the convention c = # of C#", "在 # 处这就是 C# 的约定 c = #"),
    ("whether the last layer is # for the input #", "对输入 #，最后一层是否为 #"), ("# of #", "#1 / #1"),
])  # fmt: skip
def test_a_number_in_another_place_is_noticed(english, said):
    assert misplaced(english, said)


@pytest.mark.parametrize("name", [claim.name for claim in CLAIMS if claim.ledger in ("article", "literature")])
def test_a_record_has_the_same_numbers_in_both_languages(name):
    entry = described(CLAIMS[name])
    pairs = [(entry["statement"]["en"], entry["statement"]["zh"]), (entry["answer"]["en"], entry["answer"]["zh"])]
    texts = [*entry["readings"].values(), *entry["conditions"].values(), entry["note"], *entry["units"].values()]
    texts += [text for change in entry.get("history", ()) for text in (change["was"], change["now"], change["why"])]
    pairs += [(text, chinese(text, ZH)) for text in texts]
    for english, said in pairs:
        ours, theirs = Counter(NUMBER.findall(english)), Counter(NUMBER.findall(said))
        assert not set(ours - theirs) - {"0"}, (english, said)  # Chinese has a word for where x is 0
        assert all(re.search(WORDS.get(number, "no word"), english) for number in theirs - ours), (english, said)


def test_numbers_stay_in_their_places():
    assert chinese("2 epochs", ZH) == "2 轮"
    assert chinese("1,440 of 3,038 networks diverged and are left out", ZH) == "1,440 / 3,038 个网络发散，未计入"
    assert chinese("64 networks", ZH) == "64 个网络"
    assert chinese("adam, noisy labels: refuted (0.5 [0.4, 0.6])", ZH) == "adam、含噪标签：不成立（0.5 [0.4, 0.6]）"
    assert chinese("2 epochs", phrases("en")) == "2 epochs"
    assert chinese("what nobody has translated", ZH) == "what nobody has translated"
    assert all("#" in key or key for key in sentences())


def test_the_glossary_decides_the_terms():
    assert set(PHRASES["zh"].values()) >= {GLOSSARY[word] for word in ("supported", "refuted", "as written", "reading")}
    assert GLOSSARY["cell"] == "实验设置"
    assert GLOSSARY["quick run"] == "快速模式"
    said = [*PHRASES["zh"].values(), *sentences().values(), *LABELS["zh"].values(), *READINGS["zh"].values()]
    said += [claim.answer.zh for claim in CLAIMS if claim.answer]
    others = re.compile(
        "预演|裁决|单元格|感知器|(?<!多层)感知机|死神经元|死亡神经元|学习率|(?<!预)激活比例|激活单元的?比例|卷积神经网络|正确率"
    )
    assert not [text for text in said if others.search(text)]


def test_chinese_pages_are_spaced_and_punctuated_as_chinese_is():
    from actbench.report.page import typeset

    given = '<h1>运行: activity</h1> 是。 在 <b>甲</b>（乙）: <cite lang="en">Hinton: 2010</cite>； 丙'
    assert (
        typeset(given, "zh")
        == '<h1>运行：activity</h1> 是。在 <b>甲</b>（乙）：<cite lang="en">Hinton: 2010</cite>；丙'
    )
    assert typeset(given, "en") == given


def test_several_counts_of_one_unit_are_chinese():
    from actbench.report.chinese import chinese
    from actbench.report.phrases import phrases

    assert chinese("64, 40 trained networks", phrases("zh")) == "64、40 个训练过的网络"
    assert chinese("20,063, 20,072 inputs", phrases("zh")) == "20,063、20,072 个输入"
