"""The ledger of published results: stated twice, sourced, decided by exact computations that a wrong row overturns."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import actbench as ab
import actbench.claims.ledgers
import actbench.experiments
from actbench.activations.record import Callables
from actbench.activations.registry import ACTIVATIONS
from actbench.claims.claim import CLAIMS
from actbench.claims.literature import exact
from actbench.claims.verdicts import described
from actbench.experiments.retraining.effects import STALLED, at_tuned, beyond, fall, stalling
from actbench.experiments.retraining.question import spare, surrogate_slope
from actbench.report.chinese import chinese
from actbench.report.content import content
from actbench.report.foot import foot_of
from actbench.report.names import READINGS
from actbench.report.page import template
from actbench.report.phrases import phrases
from actbench.runs.experiment import EXPERIMENTS
from actbench.runs.folder import RunFolder

LITERATURE = [claim for claim in CLAIMS if claim.ledger == "literature"]
CJK = re.compile("[\u4e00-\u9fff]")
EXACT = {f"{claim.name}-{r.name}": r for claim in LITERATURE for r in claim.readings if r.compute}


def test_it_holds_what_was_promised():
    assert len(LITERATURE) >= 16
    recent = [c for c in LITERATURE if re.search(r"20(2[2-9])", c.readings[0].source)]
    assert len(recent) >= 6


@pytest.mark.parametrize("claim", LITERATURE, ids=lambda claim: claim.name)
def test_a_record_says_what_the_paper_says_twice_where_and_what_is_left_out(claim):
    english, chinese = claim.statement["en"], claim.statement["zh"]
    assert english.endswith(".")
    assert not CJK.search(english)
    assert CJK.search(chinese)
    assert chinese.endswith("\u3002")
    for reading in claim.readings:
        assert re.search(r"(19|20)\d\d.*read", reading.source)
        assert reading.conditions
        assert reading.says
        if reading.kind == "experiment":
            assert reading.expected.reason
            assert reading.experiment in EXPERIMENTS


@pytest.mark.parametrize("name", EXACT)
def test_an_exact_answer_is_the_same_twice_and_shows_its_numbers(name):
    answer = EXACT[name].compute()
    assert answer == EXACT[name].compute()
    assert re.search(r"\d", answer.evidence)


def test_wrong_rows_overturn_exact_answers(monkeypatch):
    def plant(name, forward, backward):
        callables = Callables(forward=forward, backward=backward, definition=forward)
        monkeypatch.setitem(ACTIVATIONS._records, name, replace(ACTIVATIONS[name], callables=callables))

    assert exact.swiglu_is_quadratic().holds
    plant("silu", lambda x: np.sqrt(np.absolute(x)), lambda dy, x: dy * x)
    assert not exact.swiglu_is_quadratic().holds
    plant("relu_at_zero", lambda x, at_zero: np.maximum(x, 0.0), lambda dy, x, at_zero: np.where(x < 0.0, 0.0, dy))
    assert exact.difference_of_relus().value == 0


def test_outputs_are_spare_where_they_weigh_little():
    assert spare(np.array([[1.0, 0.0, 0.0, 0.05]])) == 0.75
    assert spare(np.ones((1, 50))) == 0
    assert spare(np.array([[0.1] * 100 + [10.0]])) == pytest.approx(100 / 101)


def test_a_surrogate_is_relu_forward_and_gone_afterwards():
    x = np.array([-2.0, -0.5, 0.0, 3.0])
    with surrogate_slope("silu") as name:
        row = ab.get(name)
        assert np.array_equal(row(x), np.maximum(x, 0))
        assert np.array_equal(row.backward(np.ones(4), x), ab.get("silu").backward(np.ones(4), x))
    assert name not in ACTIVATIONS.names()


@pytest.mark.slow
def test_short_trainings_give_what_records_ask_for():
    levels = {"activation": "relu", "init": "he", "bias": "constant:-2", "depth": 1, "width": 24, "samples": 200,
              "epochs": 3, "rate": 0.1}  # fmt: skip
    frame = ab.run("retraining", surrogate=["none", "silu"], net=range(2), **levels)
    assert fall("silent_start", "silent_end", surrogate="silu")(frame).n == 2
    assert at_tuned("zeros", surrogate="none")(frame).value > 0.5
    gap = beyond("test_accuracy", {"surrogate": "silu"}, {"surrogate": "none"}, depth=1)(frame)
    assert gap.n == 2
    assert stalling(surrogate="none")(frame).value in (0, 0.5, 1)
    frame["train_loss"] = STALLED * 1.01
    assert stalling()(frame[frame["surrogate"] == "none"]).value == 1


def test_the_committed_run_judges_every_record():
    folder = Path(__file__).parents[2] / "reports" / "literature"
    verdicts = pd.read_csv(folder / "verdicts.csv")
    assert set(verdicts["claim"]) == {claim.name for claim in LITERATURE}
    overall = verdicts[verdicts["reading"] == "overall"].set_index("claim")["verdict"]
    assert (overall != "not tested").all()
    assert not verdicts["rehearsal"].any()
    assert (folder / "README.md").exists()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_says_what_was_left_out_and_why(lang):
    folder, t = RunFolder(Path(__file__).parents[2] / "reports" / "literature"), phrases(lang)
    shown = content(folder, folder.read_run(), t, lang)
    claims = [{**claim, "figures": [], "see": []} for claim in shown["claims"]]
    end = foot_of(folder.read_run(), folder.path)
    for name in ("report.html", "report.md"):
        text = template(name).render(**{**shown, "claims": claims}, t=t, lang=lang, figures=[], foot=end)
        foot = text[text.rindex(t["not judged"]) :]
        assert t["not judged literature"] in foot
        assert all(each in foot for each in ("2604.23434", "2512.10938", "GELU-sine"))


@pytest.mark.parametrize("claim", LITERATURE, ids=lambda claim: claim.name)
def test_a_chinese_page_has_no_english_sentence_of_it(claim):
    entry, zh = described(claim), phrases("zh")
    texts = [*entry["readings"].values(), *entry["conditions"].values(), entry["note"]]
    assert not [
        text for text in texts if re.search(r"(?:[A-Za-z][A-Za-z'-]*[ ,;:()./]+){6}[A-Za-z]", chinese(text, zh))
    ]
    assert {reading.name for reading in claim.readings} <= set(READINGS["zh"])
