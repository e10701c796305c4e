"""Expectations are older than results: every one is registered, none has changed, and the committed run used them."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

import actbench.claims.ledgers  # noqa: F401  fills the ledger
from actbench.claims import registration
from actbench.claims.claim import CLAIMS, Change
from actbench.core.errors import ActbenchError
from actbench.statistics.expectation import Region

ROOT = Path(__file__).resolve().parents[2]
ARTICLE = [claim for claim in CLAIMS if claim.ledger == "article"]
A_REGION = next(claim for claim in ARTICLE if isinstance(claim.readings[0].expected, Region))


def test_every_expectation_is_registered_and_has_not_changed():
    assert registration.registered() == registration.digests(CLAIMS), "run python reports/refresh.py: it adds new ones"


def test_the_committed_run_was_judged_by_these_expectations():
    run = json.loads((ROOT / "reports" / "article" / "run.json").read_text(encoding="utf-8"))
    assert run["expectations"] == registration.combined(ARTICLE)


def test_the_registration_is_older_than_the_committed_run():
    run = json.loads((ROOT / "reports" / "article" / "run.json").read_text(encoding="utf-8"))
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("needs the repository's history")

    def ask(*words):
        return subprocess.run([git, "-C", str(ROOT), *words], capture_output=True, text=True)

    then = ask("show", f"{run['commit']['commit']}:{registration.FILE.relative_to(ROOT).as_posix()}")
    if then.returncode:
        pytest.skip("the history here does not reach back to the run")
    known = {(row["claim"], row["reading"]): row["sha256"] for row in csv.DictReader(then.stdout.splitlines())}
    assert registration.digests(ARTICLE).items() <= known.items()


def test_a_moved_threshold_is_noticed_and_a_new_word_is_not():
    region = A_REGION.readings[0].expected
    here = registration.digests([A_REGION])
    assert registration.digests([with_region(A_REGION, words="otherwise said")]) == here
    end = "high" if region.high < float("inf") else "low"
    assert registration.digests([with_region(A_REGION, **{end: getattr(region, end) + 1e-9})]) != here


def test_registering_appends_what_is_new_and_keeps_what_is_old(tmp_path, monkeypatch):
    monkeypatch.setattr(registration, "FILE", tmp_path / "registered.csv")
    assert registration.register(ARTICLE[:20]) > 0
    before = registration.FILE.read_text()
    assert registration.register(ARTICLE) > 0
    assert registration.FILE.read_text().startswith(before)
    assert registration.register(ARTICLE) == 0
    moved = with_region(A_REGION, low=-7.0, high=7.0)
    with pytest.raises(ActbenchError, match="history"):
        registration.register([moved])
    assert registration.registered() == registration.digests(ARTICLE)
    told = Change(on="2026-01-01", reading=moved.readings[0].name, was="a", now="b", why="c")
    assert registration.register([replace(moved, history=(told,))]) == 1
    assert registration.registered() == registration.digests(ARTICLE) | registration.digests([moved])


def with_region(claim, **change):
    """A claim whose first reading has another region."""
    reading = replace(claim.readings[0], expected=replace(claim.readings[0].expected, **change))
    return replace(claim, readings=(reading, *claim.readings[1:]))
