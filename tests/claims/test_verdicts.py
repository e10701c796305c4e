"""Claims are found by their names, and judgements become tables: a row for every reading and every setting."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import actbench as ab
import actbench.claims.ledgers
import actbench.experiments
from actbench.claims.claim import CLAIMS, Change, Claim, Reading, Said
from actbench.claims.verdicts import (
    BY_TIME,
    COLUMNS,
    chosen,
    described,
    judged,
    judged_by_time,
    natural,
    observations,
    rests_on_time,
    together,
    told_again,
)
from actbench.core.errors import ActbenchError
from actbench.runs.folder import RunFolder
from actbench.statistics.estimates import Estimate
from actbench.statistics.expectation import Region

HALF = Region(low=0.4, high=0.6, words="half", reason="a test")
VALUES = (0.42, 0.47, 0.51, 0.55, 0.50, 0.58)


def reading(name, experiment="x", level="literal", **given):
    effect = {} if "settings" in given else {"effect": lambda frame: Estimate.of(VALUES)}
    return Reading(**{"name": name, "level": level, "kind": "experiment", "experiment": experiment,
                      "expected": HALF, **effect, **given})  # fmt: skip


def claim(name, *readings, **given):
    return Claim(name=name, statement={"en": "."}, readings=readings, **given)


def tables(*claims, rehearsal=False, frames=("x", "pass_cost"), **given):
    return judged(claims, dict.fromkeys(frames), rehearsal=rehearsal, **given)


EXACT = Reading(name="rule", level="literal", kind="exact", compute=lambda: ab.Answer(
    holds=True, value=1.0, n=3, n_unit="cases", evidence="counted"))  # fmt: skip


REPORTS = Path(__file__).parents[2] / "reports"


def tables_of(ledger, timed=""):
    """A ledger's records, and the committed tables of its run."""
    folder = RunFolder(REPORTS / ledger)
    tables = [folder.read_frame(f"{timed}{name}") for name in ("verdicts", "estimates")]
    return (chosen([ledger]), *tables)


@pytest.mark.parametrize(("ledger", "timed"), [("article", ""), ("article", "timing_"), ("literature", "")])
def test_committed_conditions_quote_the_interval_that_was_judged(ledger, timed):
    """And are those of today's words, which a table of another run's estimates could not have."""
    claims, verdicts, estimates = tables_of(ledger, timed)
    again = told_again(claims, verdicts, estimates)
    assert again["conditions"].fillna("").tolist() == verdicts["conditions"].fillna("").tolist(), (
        "run python reports/refresh.py article literature --words"
    )
    assert (again["verdict"] == verdicts["verdict"]).all()
    several = (
        estimates[estimates["verdict"] != "not tested"].groupby(["claim", "reading"]).filter(lambda part: len(part) > 1)
    )
    assert len(several) > 10
    for row in several.itertuples():
        (told,) = verdicts.loc[(verdicts["claim"] == row.claim) & (verdicts["reading"] == row.reading), "conditions"]
        assert f"{row.setting}: {row.verdict} ({row.value:.3g} [{row.judged_low:.3g}, {row.judged_high:.3g}]" in told


def test_estimates_that_say_another_verdict_are_told():
    claims, verdicts, estimates = tables_of("article")
    with pytest.raises(ActbenchError, match="C06 mlp is refuted and its estimates say supported; judge"):
        told_again(claims, verdicts, estimates.assign(verdict="supported"))


@pytest.mark.parametrize("ledger", ["article", "literature"])
def test_committed_records_are_todays(ledger):
    held = RunFolder(REPORTS / ledger).read_json("claims")
    assert held == json.loads(json.dumps([described(claim) for claim in chosen([ledger])])), (
        f"run python reports/refresh.py {ledger} --words"
    )


def test_ids_are_in_the_order_of_their_numbers():
    assert natural("C10b") == (10, "C10b")
    assert natural("overall") == (0, "overall")
    assert sorted(["C10b", "C2", "C10", "L9", "mine"], key=natural) == ["mine", "C2", "L9", "C10", "C10b"]


def test_a_target_is_a_ledger_an_id_or_a_file_and_none_is_taken_twice(tmp_path):
    with CLAIMS.temporary():
        for name in ("Z10", "Z2", "Z10b"):
            ab.claim(name, ledger="zs", statement={"en": "."}, readings=[EXACT])
        for name, ledger in (("Y1", "ys"), ("Z3x", "zt")):
            ab.claim(name, ledger=ledger, statement={"en": "."}, readings=[EXACT])
        assert [c.name for c in chosen(["".join(("z", "s"))])] == ["Z2", "Z10", "Z10b"]
        assert [c.name for c in chosen(["Z10b", "Y1", "zs"])] == ["Z10b", "Y1", "Z2", "Z10"]
        file = tmp_path / "mine.py"
        file.write_text(
            "import actbench as ab\n"
            "for name in ('Q2', 'Q1'):\n"
            "    ab.claim(name, ledger='q', statement={'en': '.'}, readings=[ab.Reading(name='o', level='literal',\n"
            "        kind='opinion')])\n",
            encoding="utf-8",
        )
        assert [c.name for c in chosen([str(file)])] == ["Q2", "Q1"]
        empty = tmp_path / "empty.py"
        empty.write_text("x = 1\n", encoding="utf-8")
        for target, said in (
            (str(empty), "defines no claim"),
            (str(tmp_path / "gone.py"), "no file"),
            ("Z3", "no ledger or claim named 'Z3'"),
        ):
            with pytest.raises(ActbenchError, match=said):
                chosen([target])


def test_a_page_gets_everything_that_a_record_says():
    change = Change(on="2026-01-01", reading="a", was="b", now="c", why="d")
    told = described(claim(
        "T1", reading("a", says="It says.", conditions="at 1", unit="metres"), reading("b"), section="s",
        ledger="l", note="n", contradicts={"T2": {"en": "because"}}, answer=Said(verdict="", en="Yes {a}.", zh="是。"),
        history=(change,),
    ))  # fmt: skip
    assert told == {
        "claim": "T1", "section": "s", "ledger": "l", "statement": {"en": "."}, "note": "n",
        "contradicts": {"T2": {"en": "because"}}, "readings": {"a": "It says.", "b": ""},
        "answer": {"verdict": "", "en": "Yes {a}.", "zh": "是。"}, "conditions": {"a": "at 1"},
        "units": {"a": "metres"},
        "history": [{"on": "2026-01-01", "reading": "a", "was": "b", "now": "c", "why": "d", "after_looking": True}],
    }  # fmt: skip
    assert described(claim("T1", reading("a")))["answer"] is None


def test_times_have_files_of_their_own():
    assert rests_on_time("pass_cost")
    assert rests_on_time("pass_cost.asked")
    assert not rests_on_time("activity")
    assert not rests_on_time("nowhere")
    assert observations("pass_cost.asked") == "timings/pass_cost.asked"
    assert observations("activity") == "data/activity"


def test_every_reading_and_every_setting_has_its_row():
    settings = {"up": lambda frame: Estimate.of(VALUES, left_out=1, bounds=(0.4, 0.6)),
                "down": lambda frame: Estimate.of([v - 1 for v in VALUES])}  # fmt: skip
    one = claim("T1", reading("a"), reading("b", settings=settings), reading("c", experiment="elsewhere"))
    verdicts, estimates, _ = tables(one, claim("T2", EXACT), registered={("T1", "a"): "registered on 2026-01-01"})
    assert tuple(verdicts.columns) == COLUMNS
    assert list(zip(verdicts["claim"], verdicts["reading"], verdicts["verdict"], strict=True)) == [
        ("T1", "a", "supported"), ("T1", "b", "conditional"), ("T1", "c", "not tested"),
        ("T1", "overall", "conditional"),
        ("T2", "rule", "supported"), ("T2", "overall", "supported"),
    ]  # fmt: skip
    assert verdicts["registered"].tolist() == ["registered on 2026-01-01", "", "", "", "", ""]
    assert verdicts["kind"].tolist() == ["experiment"] * 3 + ["roll-up", "exact", "roll-up"]
    assert verdicts["n"].dtype == "Int64"
    assert verdicts["n"].tolist()[0] == 6
    assert verdicts["n"].isna().tolist() == [False, True, True, True, False, True]
    assert list(estimates["setting"]) == ["", "up", "down"]
    assert list(estimates["reading"]) == ["a", "b", "b"]
    assert list(estimates["verdict"]) == ["supported", "supported", "refuted"]
    assert estimates["left_out"].tolist() == [0, 1, 0]
    assert list(estimates.columns[:5]) == ["claim", "reading", "setting", "level", "verdict"]
    assert set(estimates.columns) == {
        "claim", "reading", "setting", "level", "verdict", "value", "low", "high", "judged_level", "judged_low",
        "judged_high", "n", "n_unit", "left_out", "failed", "detectable", "n_to_settle", "expected", "conditions",
        "experiment", "family_verdict", "expected_low", "expected_high", "bootstrap_low", "bootstrap_high",
    }  # fmt: skip
    assert estimates["value"].tolist() == pytest.approx([np.mean(VALUES), np.mean(VALUES), np.mean(VALUES) - 1])
    assert estimates["family_verdict"].tolist() == ["supported", "supported", "refuted"]
    assert estimates["expected_low"].tolist() == [0.4] * 3


@pytest.mark.parametrize(("failed", "rehearsal", "marked"), [
    ({}, False, [False, False, False, False, False, False]),
    ({}, True, [True, False, True, False, False, True]),
    ({"x": 2}, False, [True, False, True, False, False, False]),
    ({"y": 2}, False, [False, False, False, False, False, True]),
])  # fmt: skip
def test_what_rests_on_a_part_of_the_grid_or_on_failed_cells_is_marked(failed, rehearsal, marked):
    """A reading and the roll-up that it is in; not one that was not tested, nor what needs no experiment."""
    claims = claim("T1", reading("a"), EXACT), claim("T2", EXACT), claim("T3", reading("b", experiment="y"))
    verdicts, _, _ = tables(*claims, rehearsal=rehearsal, failed=failed, frames=("x", "y"))
    found = dict(zip(zip(verdicts["claim"], verdicts["reading"], strict=True), verdicts["rehearsal"], strict=True))
    keys = [("T1", "a"), ("T1", "rule"), ("T1", "overall"), ("T2", "rule"), ("T2", "overall"), ("T3", "b")]
    assert [found[key] for key in keys] == marked
    assert found["T3", "overall"] == found["T3", "b"]
    gone, none, _ = tables(claim("T4", reading("a", experiment="gone"), EXACT), rehearsal=True)
    assert not gone["rehearsal"].any()
    assert len(none) == 0


def test_the_family_is_that_of_all_claims_together():
    settings = {f"s{i}": lambda frame: Estimate.of(VALUES) for i in range(40)}
    low = 0.505 - 0.0235 * 3.5  # inside by 3.5 standard errors: enough for one of a few, too little for one of 41
    near = Region(low=low, words="above", reason="a test")
    alone = tables(claim("T1", reading("a", expected=near)))[1]
    among = tables(claim("T1", reading("a", expected=near)), claim("T2", reading("b", settings=settings)))[1]
    assert alone["family_verdict"].tolist() == ["supported"]
    assert among["family_verdict"].tolist()[0] == "inconclusive"
    assert among["verdict"].tolist()[0] == "supported"
    timed = claim("T1", reading("a", "pass_cost", expected=near)), claim("T2", reading("b", settings=settings))
    by_time = judged_by_time(timed, {"pass_cost": None, "x": None}, rehearsal=False)[1]
    assert by_time["family_verdict"].tolist() == ["inconclusive"]


def test_what_rests_on_time_is_judged_in_its_own_table_and_has_one_verdict_a_run():
    mixed = claim("T1", reading("fast", "pass_cost"), reading("half"), reading("zone", level="charitable"))
    meant = claim("T2", reading("half"), reading("fast", "pass_cost", level="charitable"))
    alone = claim("T3", reading("fast", "pass_cost", level="charitable"))
    plain = claim("T4", reading("half"), reading("zone", level="charitable"))
    claims = mixed, meant, alone, plain
    verdicts, estimates, _ = tables(*claims, registered={("T1", "fast"): "since"})
    timed, parts, _ = judged_by_time(claims, {"x": None, "pass_cost": None}, rehearsal=True,
                                  registered={("T1", "fast"): "since"})  # fmt: skip
    elsewhere = verdicts[verdicts["conditions"] == BY_TIME]
    assert list(zip(elsewhere["claim"], elsewhere["reading"], strict=True)) == [
        ("T1", "fast"), ("T1", "overall"), ("T2", "fast"), ("T2", "overall charitable"), ("T3", "fast"),
        ("T3", "overall"),
    ]  # fmt: skip
    assert (elsewhere["verdict"] == "not tested").all()
    assert set(estimates["reading"]) == {"half", "zone"}
    keys = list(zip(timed["claim"], timed["reading"], strict=True))
    assert keys == list(zip(elsewhere["claim"], elsewhere["reading"], strict=True))
    assert (timed["verdict"] == "supported").all()
    assert timed["rehearsal"].all()
    assert timed["registered"].tolist()[:2] == ["since", ""]
    assert list(zip(parts["claim"], parts["reading"], strict=True)) == [(f"T{i}", "fast") for i in (1, 2, 3)]
    assert timed["machine"].str.contains(r", \d+ cores, ").all()
    assert timed["machine"].tolist()[0] == parts["machine"].tolist()[0]
    whole = together(verdicts, timed).set_index(["claim", "reading"])["verdict"]
    assert len(whole) == len(verdicts)
    assert (whole == "supported").all()
    assert together(verdicts, timed).index.is_unique
    assert together(verdicts, None) is verdicts
    assert together(verdicts, timed.iloc[:0]) is verdicts


def test_readings_that_are_written_wrong_are_told_apart_from_those_that_were_not_run():
    frame = pd.DataFrame({"net": [*range(6)] * 2, "q": 2 * VALUES})

    def of(effect):
        return claim("T1", reading("a", effect=effect), reading("gone", experiment="gone"), reading("fine"))

    for effect, said in ((lambda f: 1.0, "its effect gives float"), (lambda f: f["p"], "its effect failed: KeyError"),
                         (lambda f: Estimate.of(f["q"]), "12 values from 6 networks are no independent ones"),
                         (lambda f: Estimate.of([2.0, 3.0], bounds=(0, 1)), "2 values such as 2 lie")):  # fmt: skip
        ((key, why),) = judged([of(effect)], {"x": frame}, rehearsal=False).mistakes.items()
        assert key == ("T1", "a")
        assert why.startswith(said)
    exact = Reading(name="e", level="literal", kind="exact", compute=lambda: True)
    failing = Reading(name="f", level="literal", kind="exact", compute=lambda: 1 / 0)
    found = tables(claim("T1", exact, failing, reading("empty", effect=lambda f: Estimate.of([])), EXACT))
    assert found.mistakes == {
        ("T1", "e"): "its computation gives bool, no Answer",
        ("T1", "f"): "its computation failed: ZeroDivisionError: division by zero",
        ("T1", "empty"): "its effect finds nothing in the whole grid (not in this part of the grid)",
    }
    part = tables(claim("T1", reading("empty", effect=lambda f: Estimate.of([]))), rehearsal=True)
    assert part.mistakes == {}  # there may be in the rest of it


def test_a_mistake_in_one_setting_is_told_though_the_others_are_judged():
    settings = {"good": lambda f: Estimate.of(2 * VALUES), "bad": lambda f: f["p"], "gone": lambda f: Estimate.of([])}
    one = claim("T1", reading("a", settings=settings), reading("t", "pass_cost", settings=settings))
    frame = pd.DataFrame({"net": range(12), "q": 2 * VALUES})
    why = "in bad, its effect failed: KeyError: 'p'"
    found = judged([one], {"x": frame, "pass_cost": frame}, rehearsal=False)
    assert found.mistakes == {("T1", "a"): why}
    assert found.verdicts["verdict"].tolist()[0] == "supported"
    assert judged_by_time([one], {"pass_cost": frame}, rehearsal=False).mistakes == {("T1", "t"): why}
    far = reading("a", settings={**settings, "far": lambda f: Estimate.of([v - 1 for v in 2 * VALUES])})
    mixed = judged([claim("T1", far)], {"x": frame}, rehearsal=False)
    assert mixed.verdicts["verdict"].tolist()[0] == "conditional"
    assert mixed.mistakes == {("T1", "a"): why}
    none = judged([claim("T1", reading("a", settings={"bad": settings["bad"]}))], {"x": frame}, rehearsal=False)
    assert none.mistakes == {("T1", "a"): "bad: its effect failed: KeyError: 'p'"}


def test_reasons_and_failures_reach_both_tables():
    claims = [claim("T1", reading("fast", "pass_cost"), reading("half"))]
    given = {"failed": {"x": 1, "pass_cost": 2}, "untested": {("T1", "half"): "a typo"}, "rehearsal": False}
    frames = {"x": None, "pass_cost": None}
    verdicts, timed = (table(claims, frames, **given).verdicts for table in (judged, judged_by_time))
    assert verdicts.set_index("reading").loc["half", "conditions"] == "a typo"
    assert timed.set_index("reading").loc["fast", "failed"] == 2
    assert "not tested: half" in timed.set_index("reading").loc["overall", "conditions"]
    assert timed["rehearsal"].all()
    assert math.isnan(verdicts.set_index("reading").loc["half", "value"])
    assert isinstance(verdicts, pd.DataFrame)
