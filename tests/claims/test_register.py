"""The register's hashes are of everything that decides and of nothing else, and its lines say what happened when."""

from __future__ import annotations

import functools
import hashlib
import json
import re

import pytest

from actbench.claims import registration
from actbench.claims.claim import Change, Claim, Reading
from actbench.claims.registration import (
    EVERYTHING,
    NUMBERS,
    Line,
    combined,
    digest,
    digests,
    ends,
    first_runs,
    lines,
    numbers,
    ran,
    register,
    registered,
    signature,
    status,
    statuses,
)
from actbench.claims.rehearsal import Rehearsal
from actbench.core.errors import ActbenchError
from actbench.experiments.gradient_flow.effects import factor
from actbench.runs.experiment import EXPERIMENTS
from actbench.statistics.expectation import Equivalence, Region

REGION = Region(low=0.95, high=1.05, words="steady", reason="a test")
CELLS = Rehearsal(problem="", cells=({"net": 1, "init": "he"}, {"net": 0, "init": "he"}))


def reading(**change):
    return Reading(**{"name": "r", "level": "literal", "kind": "experiment", "experiment": "gradient_flow",
                      "effect": factor(init="he"), "expected": REGION, **change})  # fmt: skip


def claim(name="X1", *readings, **given):
    return Claim(name=name, statement={"en": "."}, readings=readings or (reading(),), **given)


def test_the_ends_of_an_expectation_are_told_by_name():
    assert ends(REGION) == {"low": 0.95, "high": 1.05}
    assert ends(Region(low=0.5, words="", reason="")) == {"low": 0.5, "high": None}
    assert ends(Region(high=0.5, words="", reason="")) == {"low": None, "high": 0.5}
    assert ends(Equivalence(about=1.0, margin=0.25, words="", reason="")) == {"about": 1.0, "margin": 0.25}
    assert numbers(REGION) == "low 0.95, high 1.05"
    assert numbers(Region(high=0.5, words="", reason="")) == "high 0.5"
    assert numbers(Equivalence(about=0.0, margin=0.25, words="", reason="")) == "about 0, margin 0.25"


def plain(x, y=3):
    """A function of this file."""
    return x + y


def maker(k):
    def effect(x):
        return x + k

    return effect


def test_the_text_is_that_of_the_whole_function_that_makes_an_effect():
    name, text, made_with, _ = signature(maker(2))
    assert name.endswith("test_register.maker.<locals>.effect")
    assert made_with == {"k": 2}
    assert text == hashlib.sha256(b"defmaker(k):defeffect(x):returnx+kreturneffect").hexdigest()


def test_a_signature_is_plain_data_of_all_that_an_effect_was_made_with():
    for value in ("a", 1, 1.5, True, None):
        assert signature(value) is value
    assert signature({"b": (1, "x"), 2: [True]}) == {"b": [1, "x"], "2": [True]}
    assert signature({3, 1, 2}) == [1, 2, 3]
    assert signature(frozenset({"b", "a"})) == ["a", "b"]
    name, text, made_with, given = signature(plain)
    assert name.endswith("test_register.plain")
    assert (made_with, given) == ({}, [3])
    written = 'defplain(x,y=3):"""Afunctionofthisfile."""returnx+y'
    assert text == hashlib.sha256(written.encode()).hexdigest()
    one, other = signature(factor(init="he")), signature(factor(init="glorot"))
    assert (one[2], other[2]) == ({"levels": {"init": "he"}}, {"levels": {"init": "glorot"}})
    assert one[:2] == other[:2]
    assert one[0] == "actbench.experiments.gradient_flow.effects.factor.<locals>.effect"
    made = eval("lambda x: x")  # no source, no text
    assert signature(made)[1] == ""
    assert signature(functools.partial(plain, 1)) == signature(functools.partial(plain, 1))
    assert " at 0x" not in signature(object())
    assert signature(1j) == "1j"


def test_how_a_text_is_laid_out_is_no_part_of_it(tmp_path, monkeypatch):
    texts = ["def f(x):\n    return g(x, [1, 2], {3: 4})\n", "def f(\n    x,\n):\n    return g(x, [1, 2,], {3: 4,},)\n",
             "def f(x):\n    return g(x, [1, 3], {3: 4})\n"]  # fmt: skip
    found = []
    monkeypatch.syspath_prepend(tmp_path)
    for number, text in enumerate(texts):
        (tmp_path / f"laid_out_{number}.py").write_text(text, encoding="utf-8")
        module = __import__(f"laid_out_{number}")
        found.append(signature(module.f)[1])
    assert found[0] == found[1] != found[2]


def test_a_hash_is_of_these_things_in_this_order():
    asked = {
        "claim": "X1", "reading": "r", "level": "literal", "quantifier": "each", "expected": ["Region", ends(REGION)],
        "experiment": "gradient_flow", "version": EXPERIMENTS["gradient_flow"].version,
        "settings": {"": signature(factor(init="he"))},
        "cells": ['{"init": "he", "net": 0}', '{"init": "he", "net": 1}'],
    }  # fmt: skip

    def sha(what):
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    assert digest("X1", reading(), CELLS) == sha(asked)
    assert digest("X1", reading(), None) == sha(asked | {"cells": []})
    assert digest("X1", reading(beside=True), CELLS) == sha(asked | {"beside": True})
    gone = reading(experiment="nowhere")
    assert digest("X1", gone, CELLS) == sha(asked | {"experiment": "nowhere", "version": None})


def test_only_what_is_expected_is_hashed_and_one_hash_is_of_all(monkeypatch):
    monkeypatch.setattr(registration, "rehearsals", lambda claims: {("X1", "r"): CELLS})
    opinion = Reading(name="o", level="literal", kind="opinion")
    both = claim("X1", reading(), opinion)
    assert digests([both]) == {("X1", "r"): digest("X1", reading(), CELLS)}
    assert digests(iter([both]), {}) == {("X1", "r"): digest("X1", reading(), None)}
    found = {("b", "r"): "2", ("a", "s"): "1"}
    assert combined(found) == hashlib.sha256(b"a s 1\nb r 2\n").hexdigest()


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(registration, "FILE", tmp_path / "registered.csv")
    monkeypatch.setattr(registration, "FIRST_RUNS", tmp_path / "first_runs.csv")
    return tmp_path


def test_without_files_nothing_is_known(files):
    assert (lines(), registered(), first_runs()) == ({}, {}, {})
    assert status(("X1", "r"), "a", {}, {}) == "not registered"
    assert statuses({("X1", "r"): "a"}) == {("X1", "r"): "not registered"}


def test_a_line_says_what_is_expected_and_what_its_hash_covers(files):
    two = claim("X1", reading(), Reading(name="o", level="literal", kind="opinion"))
    assert register(iter([two, claim("X2")])) == 2
    text = registration.FILE.read_text().splitlines()
    assert text[0] == "claim,reading,expected,sha256,on,covers,why"
    assert len(text) == 3
    (one,) = lines()["X1", "r"]
    assert (one.expected, one.covers, one.why) == ("low 0.95, high 1.05", EVERYTHING, "")
    assert one.sha256 == registered()["X1", "r"] == digests([two])["X1", "r"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ", one.on)
    assert set(lines()) == {("X1", "r"), ("X2", "r")}
    assert register([two, claim("X2"), claim("X3")]) == 1
    assert len(registration.FILE.read_text().splitlines()) == 4
    assert statuses(digests([two]))["X1", "r"].endswith("before the first run")


def line(expected="low 1", sha="a", on="2026-01-01T10:00Z", covers=EVERYTHING):
    return Line(claim="X1", reading="r", expected=expected, sha256=sha, on=on, covers=covers, why="")


def test_a_change_needs_a_reason_from_the_history_or_by_hand_where_no_number_moved(files):
    register([claim()])
    (known,) = lines()["X1", "r"]
    moved = reading(expected=Region(low=0.5, high=1.05, words="", reason=""))
    on = known.on[:10]

    def change(day, name="r", why="c"):
        return Change(on=day, reading=name, was="a", now="b", why=why)

    other = Reading(name="s", level="literal", kind="opinion")
    for history in ((), (change("2020-01-01"),), (change(on, "s"),)):
        with pytest.raises(ActbenchError, match="X1 r has another expectation than is registered"):
            register([claim("X1", moved, other, history=history)], why="by hand")
    with pytest.raises(ActbenchError, match="X1 r asks otherwise than is registered, with the same numbers"):
        register([claim("X1", reading(effect=factor(init="glorot")))])
    raised = reading(expected=Region(low=0.99, high=1.05, words="", reason=""))
    with pytest.raises(ActbenchError, match="has another expectation"):
        register([claim("X1", raised)], why="by hand")
    first = Reading(name="a", level="literal", kind="opinion")
    reasons = [change(on, why=why) for why in ("first", "second", "last")]
    others = change("2999-01-01", "s", "of a later name"), change("2999-01-01", "a", "of an earlier name")
    told = claim("X1", moved, other, first, history=(*reasons, *others))
    strangers = [claim(name, moved, other, history=(change(on, why="of another claim"),)) for name in ("X0", "X9")]
    assert register([told, *strangers], why="by hand") == 3
    assert lines()["X1", "r"][-1].why == "last"
    assert lines()["X9", "r"][-1].why == ""
    assert register([claim("X1", reading(expected=moved.expected, effect=factor(init="glorot")))], "renamed") == 1
    assert [each.why for each in lines()["X1", "r"]] == ["", "last", "renamed"]


@pytest.mark.parametrize(("day", "told"), [("2025-01-01", False), ("2026-05-20", False), ("2026-05-25", True),
                                           ("2031-01-01", True)])  # fmt: skip
def test_it_is_the_last_line_that_a_change_follows(files, day, told):
    name = "".join(["r", "r"])  # no two strings here are one object
    now = claim("X1", reading(name="r" + "r" * len(files.parts[:1]), expected=Region(low=0.5, words="", reason="")),
                history=(Change(on=day, reading=name, was="a", now="b", why="told"),))  # fmt: skip
    sha = digests([now])["X1", "rr"]
    registration.FILE.write_text(
        "claim,reading,expected,sha256,on,covers,why\n"
        f"X1,rr,low 0.5,{sha},2020-01-01T10:00Z,{NUMBERS},\nX1,rr,low 0.7,later,2026-05-25T10:00Z,{EVERYTHING},\n"
    )
    assert registered() == {("X1", "rr"): "later"}
    if told:
        assert register([now]) == 1
        assert lines()["X1", "rr"][-1].why == "told"
        return
    with pytest.raises(ActbenchError, match="has another expectation"):
        register([now], "by hand")
    registration.FILE.write_text(registration.FILE.read_text().replace("low 0.7", "low 0.5"))
    with pytest.raises(ActbenchError, match="with the same numbers"):
        register([now])


def test_a_hash_of_the_numbers_alone_may_grow_to_cover_everything(files):
    registration.FILE.write_text(
        f'claim,reading,expected,sha256,on,covers,why\nX1,r,"low 0.95, high 1.05",old,2026-01-01T10:00Z,{NUMBERS},\n'
    )
    assert register([claim()]) == 1
    assert [(each.covers, each.why) for each in lines()["X1", "r"]] == [(NUMBERS, ""), (EVERYTHING, "")]


@pytest.mark.parametrize(("known", "sha", "first_run", "said"), [
    ([line()], "a", None, "registered on 2026-01-01, before the first run"),
    ([line()], "a", "2026-01-01T10:01Z", "registered on 2026-01-01, before the first run"),
    ([line()], "a", "2026-01-01T10:00Z", "registered on 2026-01-01, after the first run"),
    ([line()], "a", "2025-01-01T10:00Z", "registered on 2026-01-01, after the first run"),
    ([line()], "b", None, "differs from what was registered on 2026-01-01"),
    ([line(), line(sha="b", on="2026-02-01T10:00Z")], "b", "2026-01-15T10:00Z",
     "registered on 2026-02-01, after the first run; its numbers on 2026-01-01, before the first run"),
    ([line(), line("low 2", "b", "2026-02-01T10:00Z"), line("low 3", "c", "2026-03-01T10:00Z")], "c", None,
     "registered on 2026-03-01, before the first run; changed, before: low 2"),
    ([line("low 3"), line("low 2"), line("low 5"), line("low 4"), line("low 1", "b", "2026-02-01T10:00Z")], "b", None,
     "registered on 2026-02-01, before the first run; changed, before: low 4"),
    ([line("low " + str(1)), line("low " + str(1), "b", "2026-02-01T10:00Z")], "b", "2026-01-15T10:00Z",
     "registered on 2026-02-01, after the first run; its numbers on 2026-01-01, before the first run"),
    ([line(), line("low 2", "b", "2026-02-01T10:00Z"), line("low 1", "c", "2026-03-01T10:00Z")], "a", None,
     "differs from what was registered on 2026-03-01"),
])  # fmt: skip
def test_a_status_says_since_when(known, sha, first_run, said):
    first = {} if first_run is None else {("X1", "r"): first_run, ("X2", "r"): "1990-01-01T10:00Z"}
    assert status(("X1", "r"), sha, {("X1", "r"): known}, first) == said


def test_a_first_run_is_noted_once_to_the_minute(files):
    ran([("X1", "r"), ("X2", "r")], "2026-01-01T12:00:59Z")
    ran([("X1", "r"), ("X3", "r")], "2027-01-01T12:00:59Z")
    assert registration.FIRST_RUNS.read_text().splitlines() == [
        "claim,reading,first_run", "X1,r,2026-01-01T12:00Z", "X2,r,2026-01-01T12:00Z", "X3,r,2027-01-01T12:00Z"
    ]  # fmt: skip
    assert first_runs()["X3", "r"] == "2027-01-01T12:00Z"
