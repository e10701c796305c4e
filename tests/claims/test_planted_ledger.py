"""Twenty-four planted truths and their false twins, through the whole of `reproduce`, on the page in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

import actbench as ab
import actbench.claims.ledgers
import actbench.experiments
from actbench.claims.claim import CLAIMS
from actbench.report.page import render
from actbench.report.phrases import PHRASES

LEDGER = Path(__file__).parents[1] / "planted_ledger.py"


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    out = tmp_path_factory.mktemp("planted")
    with CLAIMS.temporary():
        report = ab.reproduce(str(LEDGER), progress=False)
        folder = report.save(out)
    return report, folder


def test_every_truth_is_supported_and_every_false_twin_refuted(planted):
    report, _ = planted
    overall = report.verdicts.query("reading == 'overall'").set_index("claim")["verdict"]
    wrong = {
        name: verdict for name, verdict in overall.items() if verdict != ("supported" if name[-1] == "t" else "refuted")
    }
    assert len(overall) == 48
    assert wrong == {}
    assert report.untested == {}
    assert set(report.frames) == {"activity.asked", "gradient_flow.asked"}


@pytest.mark.parametrize("lang", PHRASES)
def test_the_page_has_every_statement_and_its_answer(planted, lang):
    report, folder = planted
    html = render(folder, lang=lang).read_text(encoding="utf-8")
    for claim in report.claims:
        assert claim.statement[lang].replace("'", "&#39;") in html
    t = PHRASES[lang]
    for verdict in ("supported", "refuted"):
        assert html.count(f'<p class="answer"><span class="tag {verdict}">{t[verdict]}</span> ') == 24
