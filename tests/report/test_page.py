"""The article's page: every answer is visible text, in print too, readable anywhere, with scripts off."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from actbench.core.numerals import numbers
from actbench.drawing.style import VERDICTS
from actbench.report.content import content, expectation
from actbench.report.phrases import PHRASES
from actbench.report.strip import strips
from actbench.runs.folder import RunFolder

ROOT = Path(__file__).parents[2]
STYLE = (ROOT / "actbench" / "report" / "templates" / "page.css").read_text(encoding="utf-8")


AGAIN = {
    "en": "yes|no|in part|open|not tested|a matter of opinion",
    "zh": "是。|否。|部分成立|尚无定论|未检验|属于观点",
}


class Visible(HTMLParser):
    """The text of a page whose disclosures are shut, by the id of the article around it."""

    def __init__(self, html):
        super().__init__()
        self.inside, self.shut, self.texts = "", 0, {}
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "article":
            self.inside = dict(attrs)["id"]
        self.shut += tag == "details"

    def handle_endtag(self, tag):
        self.inside = "" if tag == "article" else self.inside
        self.shut -= tag == "details"

    def handle_data(self, data):
        if not self.shut:
            self.texts[self.inside] = self.texts.get(self.inside, "") + data


@pytest.mark.parametrize("lang", PHRASES)
def test_verdict_and_answer_of_every_claim_are_seen_without_a_click(pages, lang):
    """And the verdict once: the sentence goes on from the badge, and does not begin with it again."""
    t = PHRASES[lang]
    texts = Visible(pages[lang].read_text(encoding="utf-8")).texts
    claims = {name: text for name, text in texts.items() if name}
    assert len(claims) == 54
    for name, text in claims.items():
        verdict = min((v for v in VERDICTS if t[v] in text), key=lambda v: text.index(t[v]))
        said = text.partition(t[verdict])[2]
        assert len(said.split("(n =")[0].strip()) > 3, (name, text)
        assert not re.match(rf"\s*(?:{AGAIN[lang]}|{t[verdict]})\b", said, re.IGNORECASE), (name, said)


def test_links_lead_somewhere_and_headers_say_their_scope(pages):
    html = pages["en"].read_text(encoding="utf-8")
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)
    assert "<script" not in html
    assert not re.search(r'(?:src|href)="https?:', html)
    assert "<th>" not in html
    for verdict in {v for v in VERDICTS if f'class="claim of {v}' in html}:
        assert f"#only-{verdict}:checked" in html


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(scheme):
    """WCAG AA: 4.5 to 1 for text on paper and on wash, and for white on every verdict's colour."""
    blocks = re.findall(r":root \{([^}]*--[^}]*)\}", STYLE)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[0]))
    colours |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[1])) if scheme == "dark" else {}

    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True)) + 0.05

    def ratio(one, other):
        return max(light(one), light(other)) / min(light(one), light(other))

    for text in ("ink", "soft", "link", "good", "bad"):
        for ground in ("paper", "wash"):
            assert ratio(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert ratio(colours["ink"], colours["warn"]) >= 4.5
    for verdict, hue in VERDICTS.items():
        assert colours[verdict.replace(" ", "-")] == hue
        assert ratio("#ffffff", hue) >= 4.5


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((0.00014, -0.00182, 0.00201), ("0.0001", "[-0.0018, 0.0020]")),
        ((-0.0001, -0.001, 0.001), ("-0.0001", "[-0.0010, 0.0010]")),
        ((0.3804, 0.3741, 0.3869), ("0.3804", "[0.3741, 0.3869]")),
        ((1.0, 1.0, 1.0), ("1", "[1, 1]")),
        ((52.3, 40.1, 65.2), ("52.3", "[40.1, 65.2]")),
        ((0.7618, 0.7262, 0.8156), ("0.762", "[0.726, 0.816]")),
        ((0.5, 0.1, 0.9, [0.9004]), ("0.5000", "[0.1000, 0.9000]")),  # it does not touch the edge
        ((5.26e7,), ("5.26e+07", "")),
        ((float("nan"),), ("", "")),
    ],
)
def test_numbers_are_written_for_people(given, expected):
    assert numbers(*given) == expected


def ends(told):
    """The numbers of an interval as text."""
    return [float(end.replace(",", "")) for end in told.strip("[]").split(", ")]


def test_number_line_and_verdict_are_of_one_interval():
    """Of every estimate: what is printed is what was judged, and no digit hides on which side of an edge it lies."""
    folder, t = RunFolder(ROOT / "reports" / "article"), PHRASES["en"]
    shown = content(folder, folder.read_run(), t, "en")
    told = [row for row in shown["estimates"] if row["interval"] and "inf" not in row["interval"]]
    assert len(told) > 200
    for row in told:
        low, high, *expected = row["ends"][1:]
        printed, (left, right) = float(row["value"].replace(",", "")), ends(row["interval"])
        digits = 10.0 ** -len(row["value"].partition(".")[2].partition("e")[0]) if "e" not in row["interval"] else 1.0
        assert abs(left - low) <= 0.51 * digits, row
        assert abs(right - high) <= 0.51 * digits, row
        assert left <= printed <= right, row
        for end, exact in ((left, low), (right, high)):
            assert [end < edge for edge in expected if edge != exact] == [exact < edge for edge in expected
                                                                         if edge != exact], row  # fmt: skip
        assert row["at"].endswith(" %"), row
    elu = next(row for row in told if (row["claim"], row["setting"]) == ("C09", "elu"))
    assert (elu["interval"], elu["at"]) == ("[0.000, 0.092]", "99.58 %")


def test_what_the_page_says_of_its_register_is_what_its_readings_say():
    """Counted again from the tables: when each was registered, and what was changed after looking."""
    home = ROOT / "reports" / "article"
    since = pd.concat([pd.read_csv(home / f"{name}.csv") for name in ("verdicts", "timing_verdicts")])
    since = since.drop_duplicates(["claim", "reading"], keep="last")["registered"].dropna()
    whole = since.str.fullmatch(r"registered on [\d-]+, before the first run.*").sum()
    numbers = since.str.contains("after the first run; its numbers on .* before the first run").sum()
    folder = RunFolder(home)
    shown = content(folder, folder.read_run(), PHRASES["en"], "en")
    changed = [(claim["name"], row["reading"]) for claim in shown["claims"] for row in claim["readings"]
               if row["changed"]]  # fmt: skip
    entries = json.loads((home / "claims.json").read_text(encoding="utf-8"))
    looked = {(e["claim"], c["reading"]) for e in entries for c in e["history"] if c["after_looking"]}
    assert set(changed) == looked
    told = [int(number) for number in re.findall(r": (\d+)", shown["beforehand"])]
    assert told == [len(since), whole, numbers, len(since) - whole - numbers, len(looked)]
    assert "beforehand" not in shown["lead"]


def test_a_headline_has_the_verdict_as_intended_and_says_what_was_changed(pages):
    text = re.search(r'<ul class="findings">(.*?)</ul>', pages["en"].read_text(encoding="utf-8"), flags=re.S)[1]
    items = {re.search(r">(C\w+)<", item)[1]: item for item in text.split("</li>") if "<li " in item}
    assert "as intended: supported" in items["C06"]
    assert "as intended: conditional" in items["C35"]
    assert "n = 16 networks" in items["C35"]
    assert "<mark>changed after looking</mark>" in items["C15"]
    assert "<mark>" not in items["C35"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(r"\| C06 \|.*\| refuted; as intended: supported \|", readme)
    assert re.search(r"\| C15 \|.*\| refuted; changed after looking \|", readme)


def test_what_is_open_in_a_quick_run_is_no_surprise_of_it():
    folder = RunFolder(ROOT / "reports" / "article")
    run = folder.read_run()
    shown = content(folder, run, PHRASES["en"], "en")
    named = {claim["name"] for claim in shown["findings"]}
    quick = {claim["name"]: claim for claim in content(folder, {**run, "quick": True}, PHRASES["en"], "en")["findings"]}
    assert not any(claim["open"] for claim in quick.values())
    assert [name for name in named if name not in quick] == [c["name"] for c in shown["findings"] if c["open"]]


INFINITE = float("inf")


def test_a_strip_has_an_axis_with_its_zero_and_unit_and_nothing_for_what_is_not_finite():
    picture, nothing = strips(
        [(0.5, 0.4, 0.6, -INFINITE, 0.2), (float("nan"), 0.0, 1.0, 0.0, 1.0)], "share <", ["a", ""]
    )
    assert 'class="zero"' in picture
    assert ">0<" in picture
    assert ">share &lt;<" in picture
    assert len(re.findall("<text", picture)) >= 4
    assert nothing == ""
    assert "<text" in strips([(3.0, 3.0, 3.0, 3.0, INFINITE)], "", [""])[0]


def test_strips_of_a_reading_share_their_axis_where_all_can_be_seen():
    def zero(picture):
        return re.search(r'class="zero" d="M([\d.]+)', picture)[1]

    near, far = (0.4, 0.3, 0.5, -INFINITE, 0.2), (0.8, 0.7, 0.9, -INFINITE, 0.2)
    assert zero(strips([near, far], "", ["", ""])[0]) == zero(strips([near, far], "", ["", ""])[1])
    wide = strips([near, (900.0, 800.0, 1000.0, -INFINITE, 0.2)], "", ["", ""])
    assert ">0.2<" in wide[0]
    assert ">500<" in wide[1]


def test_an_expectation_is_said_in_the_pages_language():
    t = PHRASES["zh"]
    told = [expectation({"expected": f"why: {text}"}, t) for text in
            ("below 0.05", "above 0.9", "in [-1.05, -0.95]", "90 % interval within 0.01 of 0")]  # fmt: skip
    assert told == ["低于 0.05", "高于 0.9", "在 [-1.05, -0.95] 之内", "90 % 区间与 0 相差不超过 0.01"]
    assert expectation({"expected": "why: below 1"}, PHRASES["en"]) == "why: below 1"


def test_languages_have_the_same_phrases():
    missing = set(PHRASES["en"]) ^ set(PHRASES["zh"])
    assert {name for name in missing if not name.startswith(("region ", "reading "))} == set()
    assert not [text for text in PHRASES["zh"].values() if "单元相同" in text or "预演" in text]


def test_the_committed_markdown_answers_first_and_its_links_work():
    home = ROOT / "reports" / "article"
    text = (home / "README.md").read_text(encoding="utf-8")
    begin = text[: text.index("### C01")]
    for claim in json.loads((home / "claims.json").read_text(encoding="utf-8")):
        assert f"| {claim['claim']} |" in begin
    assert "![" not in begin  # answers come before figures
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert len(links) > 20
    assert not [link for link in links if not (home / link).exists() and not link.startswith("data/")]
    assert "]\\(" not in text
