"""Answers in words: of every claim, in both languages, with the run's numbers and for the verdict that was found."""

from __future__ import annotations

import re

import pytest

import actbench.claims.ledgers
import actbench.experiments  # noqa: F401  both fill their registries
from actbench.claims.claim import CLAIMS
from actbench.claims.verdicts import described
from actbench.report.chinese import chinese
from actbench.report.names import READINGS, SETTINGS
from actbench.report.phrases import PHRASES
from actbench.report.sentences import PLACE, condition, filled

ARTICLE = [claim for claim in CLAIMS if claim.ledger == "article"]
LEDGERS = [claim for claim in CLAIMS if claim.ledger in ("article", "literature")]
CJK = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize("claim", LEDGERS, ids=lambda claim: claim.name)
def test_every_claim_is_answered_in_both_languages_by_numbers_that_the_run_has(claim):
    readings = {reading.name: reading for reading in claim.readings}
    english, chinese = claim.answer.en, claim.answer.zh
    assert not CJK.search(english)
    assert CJK.search(chinese)
    assert sorted(PLACE.findall(english)) == sorted(PLACE.findall(chinese))
    for place, *_ in PLACE.findall(english):
        name, _, setting = place.partition("/")
        assert name in readings, place
        assert not setting or setting in readings[name].effects, place


@pytest.mark.parametrize("claim", LEDGERS, ids=lambda claim: claim.name)
def test_every_measured_reading_has_a_unit_in_both_languages(claim):
    units = described(claim)["units"]
    assert {reading.name for reading in claim.readings if reading.kind == "experiment"} <= set(units)
    assert not [unit for unit in units.values() if not CJK.search(chinese(unit, PHRASES["zh"]))]


def test_the_first_number_of_an_answer_has_its_interval():
    readings = [{**FACTOR, "estimates": [{**each, "low": each["raw"] - 0.004, "high": each["raw"] + 0.004}
                                         for each in FACTOR["estimates"]]}]  # fmt: skip
    said = {"verdict": "", "en": "{factor/glorot|.0%} and {factor/he|.1f}.", "zh": ""}
    assert filled(said, readings, "refuted", "en") == "70.7 % [70.3, 71.1] and 1.0."
    said = {"verdict": "", "en": "{factor/glorot|+.2f}.", "zh": ""}
    assert filled(said, readings, "refuted", "en") == "+0.707 [+0.703, +0.711]."
    assert filled(said, [FACTOR], "refuted", "en") == "+0.71."
    said = {"verdict": "", "en": "{factor/glorot|.1f}.", "zh": ""}
    assert filled(said, readings, "refuted", "en") == "0.707 [0.703, 0.711]."  # no end reads as the number


def test_every_reading_has_a_name_in_chinese():
    assert {reading.name for claim in ARTICLE for reading in claim.readings} <= set(READINGS["zh"])


def estimate(setting, value, verdict):
    return {"setting": setting, "value": f"{value:g}", "raw": value, "verdict": verdict, "n": "16 networks"}


FACTOR = {
    "reading": "factor", "shown": "factor", "verdict": "conditional", "value": "", "raw": float("nan"), "n": "",
    "estimates": [
        estimate("he", 1.0, "supported"), estimate("glorot", 0.707, "refuted"), estimate("depth 8", 0.9, "inconclusive")
    ],
}  # fmt: skip
EDGE = {"reading": "edge", "shown": "edge", "verdict": "refuted", "value": "0.9", "raw": 0.9, "n": "1,024 inputs",
        "estimates": []}  # fmt: skip


def test_a_sentence_is_filled_with_numbers_and_only_for_its_verdict():
    said = {"verdict": "conditional", "en": "{factor/he}, {factor/glorot|.0%}, {edge#n}.", "zh": "{factor/he|+.1f}。"}
    assert filled(said, [FACTOR, EDGE], "conditional", "en") == "1, 71 %, 1,024."
    assert filled(said, [FACTOR, EDGE], "conditional", "zh") == "+1.0。"
    assert filled(said, [FACTOR, EDGE], "refuted", "en") == ""
    assert filled(said, [EDGE], "conditional", "en") == ""
    assert filled({**said, "verdict": ""}, [FACTOR, EDGE], "refuted", "zh") == "+1.0。"


def test_a_conditional_reading_without_settings_has_the_condition_of_its_record():
    usage = {"reading": "usage", "shown": "usage", "verdict": "conditional", "value": "", "estimates": [],
             "conditions": "of convolutional networks"}  # fmt: skip
    assert condition([usage], PHRASES["en"]) == "In part: usage (of convolutional networks)."


def test_a_condition_says_where_a_claim_holds_and_where_it_does_not():
    assert condition([FACTOR], PHRASES["en"]) == (
        "Yes: factor: He with variance 2/width (1); no: factor: Glorot with 1/width (0.707); "
        "open: factor: depth 8 (0.9)."
    )
    assert condition([FACTOR], PHRASES["zh"]) == (
        "成立：factor：方差 2/宽度的 He 初始化（1）；不成立：factor：方差 1/宽度的 Glorot 初始化（0.707）；"
        "未定：factor：深度 8（0.9）。"
    )
    both = condition([FACTOR, {**EDGE, "estimates": [estimate("a", 0.5, "refuted"), estimate("b", 0.2, "refuted")]}],
                     PHRASES["en"])  # fmt: skip
    assert "no: factor: Glorot with 1/width (0.707); edge (0.2 ... 0.5)" in both


@pytest.mark.slow
def test_the_article_s_conditional_claims_have_their_condition_on_the_page(pages):
    for lang, t in PHRASES.items():
        html = pages[lang].read_text(encoding="utf-8")
        conditional = html.count('class="claim of conditional"')
        assert html.count('<ul class="small condition"><li class="') == conditional > 0
        he = SETTINGS[lang]["he"]
        assert t["number of"].format(name=he, number="0.9998") in html
