"""Expectations are older than results: each is registered with all that it asks, and the committed run used them."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

import actbench.claims.ledgers
import actbench.experiments  # noqa: F401  both fill their registries
from actbench.claims import registration
from actbench.claims.claim import CLAIMS, Change, Claim, Reading
from actbench.claims.registration import EVERYTHING, digests, status
from actbench.claims.rehearsal import rehearsals
from actbench.core.errors import ActbenchError
from actbench.experiments.gradient_flow.effects import factor
from actbench.statistics.expectation import Region

ROOT = Path(__file__).resolve().parents[2]
EVERY = list(CLAIMS)
ARTICLE = [claim for claim in EVERY if claim.ledger == "article"]


@pytest.fixture(scope="module")
def here():
    return digests(ARTICLE)


def test_everything_that_is_asked_is_registered_and_has_not_changed(here):
    here = here | digests([claim for claim in EVERY if claim.ledger != "article"])
    known = registration.registered()
    differs = [key for key, sha in here.items() if known.get(key) != sha]
    assert not differs, "run python reports/refresh.py register, with --why where no expectation moved"
    assert set(known) == set(here)


def test_the_committed_run_was_judged_by_these_expectations(here):
    run = json.loads((ROOT / "reports" / "article" / "run.json").read_text(encoding="utf-8"))
    assert run["expectations"] == registration.combined(here)


def test_the_registration_is_older_than_the_committed_run(here):
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
    assert here.items() <= known.items()


HE = {"activation": "relu", "init": "he", "depth": 30, "width": 256}
REGION = Region(low=0.95, high=1.05, words="steady", reason="a test")


def made(**change):
    reading = Reading(**{"name": "r", "level": "literal", "kind": "experiment", "experiment": "gradient_flow",
                         "effect": factor(**HE), "expected": REGION, **change})  # fmt: skip
    return Claim(name="X1", statement={"en": "."}, readings=(reading,))


def another(frame):
    """An effect of another text."""
    return factor(**HE)(frame)


@pytest.mark.parametrize(
    "change",
    [
        {"expected": replace(REGION, low=0.9500001)},
        {"effect": factor(**{**HE, "init": "glorot"})},
        {"effect": another},
        {"effect": None, "settings": {"he": factor(**HE)}},
        {"level": "charitable"},
        {"quantifier": "universal"},
        {"grid": {"net": range(4)}},
        {"grid": {"init": ["he", "sigma_w2=4"]}},
        {"experiment": "activity"},
    ],
    ids=["numbers", "options", "effect", "settings", "level", "quantifier", "networks", "cells", "experiment"],
)
def test_what_is_asked_cannot_move_unnoticed(change):
    if "grid" in change and "init" in change["grid"]:  # the reading is asked of more cells only where it reads them
        change = {**change, "effect": lambda frame: factor(**HE)(frame) and None}
    assert digests([made(**change)]) != digests([made()])


def test_words_and_other_people_s_cells_may_change():
    before = digests([made()])
    assert digests([made(expected=replace(REGION, words="otherwise said"), says="In other words.")]) == before
    assert len(rehearsals([made()])["X1", "r"].cells) == 32  # of the experiment's cells those that the effect reads


def test_registering_appends_what_is_new_with_its_date_and_keeps_what_is_old(tmp_path, monkeypatch):
    monkeypatch.setattr(registration, "FILE", tmp_path / "registered.csv")
    assert registration.register([made()]) == 1
    before = registration.FILE.read_text()
    assert registration.register([made()]) == 0
    moved = made(expected=replace(REGION, low=0.5))
    with pytest.raises(ActbenchError, match="history"):
        registration.register([moved], why="because")
    with pytest.raises(ActbenchError, match="--why"):
        registration.register([made(effect=another)])
    assert registration.FILE.read_text() == before
    today = registration.lines()["X1", "r"][0].on[:10]
    told = replace(moved, history=(Change(on=today, reading="r", was="a", now="b", why="c"),))
    assert registration.register([told]) == 1
    assert registration.register([made(expected=replace(REGION, low=0.5), effect=another)], why="renamed") == 1
    assert registration.FILE.read_text().startswith(before)
    assert [line.why for line in registration.lines()["X1", "r"]] == ["", "c", "renamed"]


def test_a_status_says_since_when_and_whether_it_was_before_the_first_run(tmp_path, monkeypatch):
    monkeypatch.setattr(registration, "FIRST_RUNS", tmp_path / "first_runs.csv")

    def line(expected, sha, on):
        return registration.Line(
            claim="X1", reading="r", expected=expected, sha256=sha, on=on, covers=EVERYTHING, why=""
        )

    key, first = ("X1", "r"), line("low 1", "a", "2026-01-01T10:00Z")
    assert status(key, "a", {}, {}) == "not registered"
    assert status(key, "a", {key: [first]}, {}) == "registered on 2026-01-01, before the first run"
    registration.ran([key], "2026-01-01T12:00:30Z")
    registration.ran([key], "2026-05-01T12:00:30Z")
    ran = registration.first_runs()
    assert ran == {key: "2026-01-01T12:00Z"}
    assert status(key, "a", {key: [first]}, ran) == "registered on 2026-01-01, before the first run"
    assert status(key, "b", {key: [first]}, ran) == "differs from what was registered on 2026-01-01"
    later = line("low 1", "b", "2026-02-01T10:00Z")
    assert status(key, "b", {key: [first, later]}, ran) == (
        "registered on 2026-02-01, after the first run; its numbers on 2026-01-01, before the first run"
    )
    moved = line("low 2", "c", "2026-03-01T10:00Z")
    assert status(key, "c", {key: [first, later, moved]}, ran) == (
        "registered on 2026-03-01, after the first run; changed, before: low 1"
    )
