"""A page in another language than the run's stands beside it."""

import json
from pathlib import Path

import pandas as pd

from actbench.cli import listing, main
from actbench.runs.folder import RunFolder

ASV = Path(__file__).parents[1] / "data" / "asv"

RUN = ("run", "activity", "--activation", "relu", "--depth", "2", "--width", "8", "--net", "0:2", "--workers", "1")


def test_a_page_in_chinese_stands_beside_the_english_one(tmp_path, capsys):
    assert main([*RUN, "--out", str(tmp_path / "run")]) == 0
    page = tmp_path / "run" / "report.html"
    english, figures = page.read_bytes(), {p: p.read_bytes() for p in page.parent.rglob("figures/*")}
    assert main(["report", str(page.parent), "--lang", "zh"]) == 0
    assert capsys.readouterr().out.strip().endswith("report-zh.html")
    assert 'lang="zh"' in (page.parent / "report-zh.html").read_text(encoding="utf-8")
    assert page.read_bytes() == english
    assert all(path.read_bytes() == held for path, held in figures.items())


def test_performance_in_chinese_stands_beside_the_english_page(tmp_path, capsys):
    assert main(["report", str(ASV), "--out", str(tmp_path)]) == 0
    held = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert main(["report", str(ASV), "--out", str(tmp_path), "--lang", "zh"]) == 0
    page = Path(capsys.readouterr().out.split()[-1])
    assert page == tmp_path / "report-zh.html"
    text = page.read_text(encoding="utf-8")
    assert 'lang="zh"' in text
    assert 'href="figures/' in text
    assert {path: path.read_bytes() for path in held} == held


def test_claims_are_listed_ledger_by_ledger(capsys):
    assert main(["list", "claims"]) == 0
    ledgers = [line.split()[1] for line in capsys.readouterr().out.splitlines()[1:]]
    assert ledgers == sorted(ledgers, key=lambda name: name != "article")
    assert {"article", "literature"} <= {*ledgers}


def test_listed_claims_have_the_verdict_of_a_run_that_is_named(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def listed(word):
        assert main(["list", "claims", word, "--json"]) == 0
        said = capsys.readouterr()
        return {row["claim"]: row["verdict"] for row in json.loads(said.out)}, said.err

    committed = pd.read_csv(listing.COMMITTED / "article" / "verdicts.csv")
    overall = committed[committed["reading"] == "overall"].set_index("claim")["verdict"]
    found, said = listed("subgradient")
    assert found
    assert found == {name: overall[name] for name in found}
    assert "verdicts of article: full run of 20" in said
    monkeypatch.setattr(listing, "COMMITTED", tmp_path / "none")
    assert listed("subgradient") == (dict.fromkeys(found, ""), "")
    run = RunFolder(tmp_path / "actbench-out" / "reproduce-article")
    run.write_run({"quick": True, "started": "2025-01-31T23:59:59Z"})
    run.write_frame("verdicts", committed.assign(verdict="opinion"))
    found, said = listed("subgradient")
    assert set(found.values()) == {"opinion"}
    assert "quick run, not final, of 2025-01-31 in actbench-out/reproduce-article" in said


def test_show_and_the_page_have_one_pair_of_words(capsys):
    assert main(["show", "C10"]) == 0
    said = capsys.readouterr().out
    assert "as written" in said
    assert "literal" not in said
    assert "charitable" not in said
