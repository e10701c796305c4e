"""What a verdict says, word by word and number by number, against intervals and bounds worked out here."""

from __future__ import annotations

import dataclasses
import math
import re
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from actbench.claims import judge as judge_module
from actbench.claims.claim import Answer, Claim, Reading
from actbench.claims.judge import describe, judge, meets
from actbench.claims.rollup import roll_up
from actbench.core.errors import ActbenchError, NotMeasured
from actbench.statistics.estimates import Estimate
from actbench.statistics.expectation import Equivalence, Region
from actbench.statistics.frames import select

VALUES = np.array([0.42, 0.47, 0.51, 0.55, 0.50, 0.58])
HALF = Region(low=0.4, high=0.6, words="half", reason="a test")
ELSEWHERE = Region(low=0.7, words="most", reason="a test")


def t_interval(level, values=VALUES):
    low, high = stats.t.interval(level, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
    return float(low), float(high)


def reading(name="r", effect=None, expected=HALF, **declared):
    given = {"name": name, "level": "literal", "kind": "experiment", "experiment": "x", "expected": expected}
    settings = declared.get("settings")
    return Reading(**given | ({} if settings else {"effect": effect or (lambda frame: Estimate.of(VALUES))}) | declared)


def judged(*readings, frame=None, **how):
    return judge(Claim(name="T", statement={"en": "."}, readings=readings), {"x": frame, "y": frame}, **how)


def gives(values, **details):
    return lambda frame: Estimate.of(values, **details)


def test_every_expectation_is_told_with_its_numbers():
    assert describe(None) == ""
    assert describe(Region(low=0.25, words="many", reason="")) == "many: above 0.25"
    assert describe(Region(high=0.25, words="few", reason="")) == "few: below 0.25"
    assert describe(Region(low=-1.5, high=0.25, words="some", reason="")) == "some: in [-1.5, 0.25]"
    same = Equivalence(about=1.0, margin=0.05, words="one", reason="")
    assert describe(same) == "one: 90 % interval within 0.05 of 1"


def test_an_estimate_s_row_has_student_s_ends_and_what_was_expected():
    found = judged(reading(), reading("s", settings={"a": gives(VALUES), "b": gives(VALUES), "c": gives(VALUES)}))
    one, three = found[0], found[1].settings[0]
    assert one.judged_level == pytest.approx(1 - 0.05 / 2)  # two readings share 5 %
    assert three.judged_level == pytest.approx(1 - 0.05 / 6)  # and three settings the half of it
    for row in (one, three):
        assert (row.low, row.high) == pytest.approx(t_interval(0.95))
        assert (row.judged_low, row.judged_high) == pytest.approx(t_interval(row.judged_level))
        assert (row.value, row.n, row.n_unit, row.left_out, row.failed) == (VALUES.mean(), 6, "networks", 0, 0)
        assert (row.expected_low, row.expected_high, row.expected) == (0.4, 0.6, "half: in [0.4, 0.6]")
        quantiles = stats.t.ppf(0.5 + row.judged_level / 2, 5) + stats.t.ppf(0.8, 5)
        assert row.detectable == pytest.approx(quantiles * stats.sem(VALUES))
        assert row.bootstrap_low < VALUES.mean() < row.bootstrap_high
        assert (row.experiment, row.claim, row.kind, row.level) == ("x", "T", "experiment", "literal")
    assert three.bootstrap_low < one.bootstrap_low  # at its own level, which is the wider one
    assert found[1].settings[2].setting == "c"


@pytest.mark.parametrize(("family", "level"), [(None, 0.95), (0, 0.95), (1, 0.95), (4, 1 - 0.05 / 4)])
def test_the_family_s_verdict_is_that_of_the_level_shared_among_all(family, level):
    low, _ = t_interval(level)
    how = {} if family is None else {"family": family}
    for edge, outcome in ((low - 1e-9, "supported"), (low + 1e-9, "inconclusive")):
        region = Region(low=edge, words="above", reason="a test")
        assert judged(reading(expected=region), **how)[0].family_verdict == outcome


@pytest.mark.parametrize(("family", "level"), [(1, 0.9), (2, 0.95), (10, 0.99)])
def test_for_equivalence_two_one_sided_tests_share_the_family_s_error(family, level):
    low, _ = t_interval(level)
    for margin, outcome in ((0.505 - low + 1e-9, "supported"), (0.505 - low - 1e-9, "inconclusive")):
        same = Equivalence(about=VALUES.mean(), margin=margin, words="same", reason="a test")
        found = judged(reading(expected=same), family=family)[0]
        assert found.family_verdict == outcome
        assert found.judged_level == 0.9
    assert VALUES.mean() == pytest.approx(0.505)


def test_in_the_family_too_what_is_left_out_may_turn_the_verdict():
    # at 95 % the interval is [0.444, 0.566]; one of seven at 0 makes it [0.38, 0.566]
    low = t_interval(0.95)[0] * 6 / 7
    for edge, outcome in ((low - 1e-9, "supported"), (low + 1e-9, "inconclusive")):
        region = Region(low=edge, words="above", reason="a test")
        found = judged(reading(effect=gives(VALUES, left_out=1, bounds=(0.0, math.inf)), expected=region))[0]
        assert (found.verdict, found.family_verdict) == (outcome, outcome)


def test_what_is_left_out_is_told_with_the_bound_that_is_used():
    low, high = t_interval(0.95)
    found = judged(reading(effect=gives(VALUES, left_out=2, bounds=(0.0, 1.0), note="two diverged"),
                           expected=Region(low=0.2, words="some", reason="")))[0]  # fmt: skip
    ends = f"[{low * 6 / 8:.3g}, {high + (1 - high) * 2 / 8:.3g}]"
    assert found.conditions == (
        f"two diverged; 2 of 8 networks gave no number; at worst they make the interval {ends}, which turns nothing"
    )
    open_ = judged(reading(effect=gives(VALUES, left_out=2, bounds=(0.0, 1.0))))[0]
    assert open_.conditions.endswith("which could turn the verdict")
    assert (open_.verdict, open_.n, open_.left_out) == ("inconclusive", 6, 2)


def test_an_open_question_is_told_with_what_would_settle_it():
    edge = Region(low=VALUES.mean() - 0.01, words="more", reason="a test")
    found = judged(reading(effect=gives(VALUES, n_unit="splits"), expected=edge))[0]
    assert found.conditions == (
        f"6 splits show what lies {found.detectable:.2g} from the edge, four times in five; "
        f"about {found.n_to_settle:,} would settle this"
    )
    on = Region(low=VALUES.mean(), words="more", reason="a test")
    assert judged(reading(expected=on))[0].conditions.endswith("; 100,000 or more would settle this")
    assert judged(reading())[0].conditions == ""
    assert judged(reading())[0].n_to_settle is None


def test_more_values_than_networks_are_counted_with_those_left_out():
    frame = pd.DataFrame({"net": [0, 1, 2, 3], "q": VALUES[:4]})
    copied = reading(effect=gives(VALUES[:3], left_out=2))
    found = judged(copied, frame=frame)[0]
    assert found.conditions == (
        "5 values from 4 networks are no independent ones: one number a network, or name what one is"
    )
    assert (found.verdict, found.n, found.left_out) == ("not tested", 3, 2)
    assert judged(reading(effect=gives(VALUES[:3], left_out=1)), frame=frame)[0].verdict != "not tested"
    assert judged(reading(effect=gives(VALUES, n_unit="splits")), frame=frame)[0].verdict == "supported"
    assert judged(reading(effect=gives(VALUES[:3])), frame=frame)[0].verdict != "not tested"
    assert judged(copied, frame=frame.rename(columns={"net": "split"}))[0].verdict != "not tested"


def test_networks_that_an_effect_drops_uncounted_are_told_and_selected_ones_may_not_be_counted_twice():
    """A dropna() in an effect loses networks that nobody has counted; neurons of few networks hide among many."""
    frame = pd.DataFrame([
        {"activation": name, "net": net, "q": VALUES[net % 6] if net < 6 else math.nan}
        for name, nets in (("relu", 8), ("tanh", 40)) for net in range(nets)
    ])  # fmt: skip

    def dropped(frame):
        return Estimate.of(select(frame, activation="relu")["q"].dropna())

    found = judged(reading(effect=dropped), frame=frame)[0]
    assert (found.verdict, found.conditions) == ("supported", "of 8 networks that it reads 6 are in it")
    whole = judged(reading(effect=lambda f: Estimate.of(select(f, activation="relu")["q"])), frame=frame)[0]
    assert "networks that it reads" not in whole.conditions
    assert (whole.n, whole.left_out) == (6, 2)
    twice = judged(reading(effect=lambda f: Estimate.of([*VALUES, *select(f, activation="relu")["q"]])), frame=frame)[0]
    assert twice.conditions.startswith("14 values from 8 networks are no independent ones")
    beside = judged(reading(effect=lambda f: Estimate.of(f.loc[f["activation"] == "relu", "q"].dropna())), frame=frame)[
        0
    ]
    assert beside.conditions == "of 40 networks that it reads 6 are in it"
    named = judged(reading(effect=lambda f: Estimate.of(dropped(f).values, n_unit="splits")), frame=frame)[0]
    assert named.conditions == ""
    one_out = judged(reading(effect=gives(VALUES[:5], left_out=1)), frame=frame[frame["activation"] == "relu"])[0]
    assert one_out.conditions.endswith("of 8 networks that it reads 6 are in it")


def test_an_effect_that_raises_is_a_mistake_and_one_that_is_not_run_is_none():
    def fails(frame):
        raise KeyError("p")

    assert judged(reading(effect=fails))[0].mistake
    assert not judged(reading(effect=gives(VALUES)))[0].mistake


def test_what_failed_is_added_to_what_an_effect_left_out():
    frame = pd.DataFrame({"net": range(6), "q": VALUES})
    failures = pd.DataFrame({"net": [3, 6, 7]})  # the third is there all the same
    estimate, nets = judge_module._networks(Estimate.of(VALUES, left_out=2), frame, set(), failures)
    assert (estimate.left_out, nets) == (4, 8)
    assert judge_module._fewer(estimate, 8) == ""  # 10 values: told by `_copies`
    assert judge_module._copies(estimate, 8).startswith("10 values from 8 networks")


def test_networks_whose_cells_failed_are_left_out_of_what_would_have_read_them():
    frame = pd.DataFrame([{"activation": name, "net": net, "q": VALUES[net]} for name in ("relu", "tanh")
                          for net in range(6) if name == "relu" or net < 3])  # fmt: skip
    failures = pd.DataFrame({"activation": ["tanh"] * 3 + ["gelu"], "net": [3, 4, 5, 9], "reason": "boom"})

    def of(name):
        return lambda f: Estimate.per_net(select(f, activation=name), "q", bounds=(0.0, 1.0))

    def found(effect, expected=HALF):
        return judged(reading(effect=effect, expected=expected), frame=frame, failures={"x": failures})[0]

    wide = Region(low=0.25, high=0.7, words="some", reason="a test")
    assert (found(of("relu")).n, found(of("relu")).left_out, found(of("relu")).conditions) == (6, 0, "")
    alone = judged(reading(effect=of("tanh"), expected=wide), frame=frame)[0]
    assert (alone.verdict, alone.left_out) == ("supported", 0)
    lost = found(of("tanh"), wide)
    assert (lost.verdict, lost.n, lost.left_out) == ("inconclusive", 3, 3)  # three at 0 halve the lower end, 0.35
    assert lost.conditions.startswith("3 of 6 networks gave no number; at worst they make the interval [")
    every = found(lambda f: Estimate.per_net(f, "q", over=["activation"], bounds=(0.0, 1.0)))
    assert (every.n, every.left_out) == (6, 0)  # no network is lost altogether: gelu was not read
    named = found(lambda f: Estimate.of(of("tanh")(f).values, n_unit="splits"), wide)
    assert (named.verdict, named.left_out) == ("supported", 0)
    other = judged(reading(effect=of("tanh"), expected=wide), frame=frame, failures={"y": failures})[0]
    assert other.left_out == 0
    whole = failures.drop(columns="net")
    assert judged(reading(effect=of("tanh"), expected=wide), frame=frame, failures={"x": whole})[0].left_out == 0


def test_settings_are_told_one_by_one_behind_how_many_came_out_how():
    settings = {"up": gives(VALUES, left_out=1, bounds=(0.42, 0.58)), "down": gives(VALUES - 1),
                "open": gives(VALUES + 0.08), "gone": gives([]),
                "died": gives([], left_out=3, note="at once")}  # fmt: skip
    found = judged(reading(settings=settings), failed={"x": 2})[0]
    told = {part.setting: part for part in found.settings}

    def numbers(name):
        part = told[name]
        assert part.judged_level == pytest.approx(0.99)  # five settings share the 5 %
        return f"{part.value:.3g} [{part.judged_low:.3g}, {part.judged_high:.3g}]"

    assert found.conditions == (
        "2 cells of x failed; 1 supported, 1 refuted, 1 open, 2 not tested of 5 settings; "
        f"up: supported ({numbers('up')}, 1 left out); down: refuted ({numbers('down')}); "
        f"open: inconclusive ({numbers('open')}); gone: not in this run; "
        "died: none of 3 networks gave a number, at once"
    )
    assert (found.verdict, found.failed, found.left_out) == ("conditional", 2, 4)
    assert {part.failed for part in found.settings} == {2}
    noted = judged(reading(settings={"a": gives(VALUES, note="noted"), "gone": gives([])}))[0]
    assert noted.conditions.startswith("1 supported, 1 not in this run of 2 settings; a: ")
    late = judged(reading(settings={"a": gives(VALUES), "late": gives([], note="too late")}))[0]
    assert late.conditions.startswith("1 supported, 1 not tested of 2 settings; a: ")
    assert late.conditions.endswith("; late: too late")
    some = judged(reading(settings=settings, quantifier="existential"))[0]
    assert "of 5 settings, and it was said of some; up: " in some.conditions
    alike = judged(reading(settings={"a": gives(VALUES), "b": gives(VALUES)}))[0]
    assert alike.conditions.startswith("a: supported (")


@pytest.mark.parametrize(("quantifier", "expected", "told"), [
    ("universal", HALF, "inconclusive"), ("existential", HALF, "supported"), ("each", HALF, "supported"),
    ("universal", ELSEWHERE, "refuted"), ("existential", ELSEWHERE, "inconclusive"), ("each", ELSEWHERE, "refuted"),
])  # fmt: skip
def test_all_and_none_are_not_decided_by_some_of_the_settings(quantifier, expected, told):
    """A setting that gave nothing may have been the counterexample, or the example; what was not run is a rehearsal."""
    for gone in (lambda f: 1 / 0, gives([math.nan] * 8), lambda f: f["p"], gives([], note="too late")):
        asked = reading(settings={"a": gives(VALUES), "gone": gone}, quantifier=quantifier, expected=expected)
        assert judged(asked)[0].verdict == told
    shorter = reading(settings={"a": gives(VALUES, note="as is"), "gone": gives([])}, quantifier=quantifier,
                      expected=expected)  # fmt: skip
    assert judged(shorter)[0].verdict == ("supported" if expected is HALF else "refuted")


def test_a_roll_up_says_which_reading_came_out_how_and_counts_an_experiment_s_failed_cells_once():
    found = judged(
        reading("one", gives(VALUES, left_out=1, bounds=(0.4, 0.6))),
        reading("two", gives(VALUES - 1, left_out=3)),
        reading("three", gives(VALUES), experiment="y"),
        reading("four", experiment="z"),
        failed={"x": 3, "y": 2},
    )
    overall = found[-1]
    assert (overall.reading, overall.kind, overall.level, overall.verdict) == (
        "overall", "roll-up", "literal", "conditional"
    )  # fmt: skip
    assert overall.conditions == "one: supported; two: refuted; three: supported; not tested: four"
    assert (overall.left_out, overall.failed) == (4, 5)
    assert found[3].conditions == "needs experiment z"
    assert (found[3].left_out, found[3].failed) == (None, None)
    alone = judged(reading("four", experiment="z"), reading("five", experiment="a"))
    assert (alone[-1].verdict, alone[-1].conditions) == ("not tested", "needs experiment a; needs experiment z")
    assert (alone[-1].left_out, alone[-1].failed) == (None, None)
    unlike = judged(reading("one"), reading("two", gives(VALUES + 0.08)), reading("four", experiment="z"))[-1]
    assert (unlike.verdict, unlike.conditions) == (
        "inconclusive",
        "one: supported; two: inconclusive; not tested: four",
    )
    assert judged(reading("one"), reading("four", experiment="z"))[-1].conditions == "not tested: four"
    down = reading("two", settings={"a": gives(VALUES - 1), "b": gives(VALUES - 1)})
    assert judged(reading("one"), down)[-1].conditions == "one: supported; two: refuted"
    assert judged(reading("one", conditions="here"), reading("three", conditions="there"))[-1].conditions == ""


def test_a_conditional_reading_says_in_the_roll_up_where_it_holds_with_its_numbers():
    settings = {"up": gives(VALUES), "down": gives(VALUES - 1), "open": gives(VALUES + 0.08), "low": gives(VALUES - 2)}
    overall = judged(reading(settings=settings))[-1]
    assert overall.conditions == "r: holds in up (0.505), not in down (-0.495), low (-1.5), open in open (0.585)"
    without = judged(dataclasses.replace(reading(), kind="literature", effect=None, experiment="", expected=None,
                                         verdict="conditional", source="someone"))  # fmt: skip
    assert (without[-1].conditions, without[0].source) == ("r: conditional", "someone")


def test_literal_and_charitable_readings_have_a_roll_up_each():
    literal, charitable = reading("one", gives(VALUES - 1)), reading("two", level="charitable")
    both = judged(literal, charitable)
    assert [(v.reading, v.level, v.verdict) for v in both[2:]] == [
        ("overall", "literal", "refuted"), ("overall charitable", "charitable", "supported")
    ]  # fmt: skip
    alone = judged(charitable)
    assert [(v.reading, v.level, v.verdict) for v in alone[1:]] == [("overall", "charitable", "supported")]


def test_what_is_judged_without_an_experiment_has_its_evidence():
    answer = Answer(holds=True, value=0.75, n=4, n_unit="cases", evidence="three of four")
    exact = Reading(name="e", level="literal", kind="exact", compute=lambda: answer, conditions="for all x")
    opinion = Reading(name="o", level="literal", kind="opinion")
    open_ = Reading(name="c", level="literal", kind="exact")
    known = Reading(name="k", level="literal", kind="exact", conditions="a proof is missing")
    found = {v.reading: v for v in judged(exact, opinion, open_, known)}
    e = found["e"]
    assert (e.verdict, e.value, e.n, e.n_unit) == ("supported", 0.75, 4, "cases")
    assert e.conditions == "three of four; for all x"
    assert found["o"].verdict == "opinion"
    assert (found["c"].verdict, found["c"].conditions) == ("not tested", "needs a computation")
    assert (found["k"].verdict, found["k"].conditions) == ("not tested", "a proof is missing")
    cited = Reading(name="l", level="literal", kind="literature", verdict="refuted", source="someone")
    mixed = judged(exact, opinion, cited, reading())
    assert mixed[3].judged_level == pytest.approx(0.95)  # what is not measured has no part in the 5 %
    assert (mixed[2].verdict, mixed[2].source, mixed[2].failed) == ("refuted", "someone", None)
    assert judged(opinion)[-1].verdict == "opinion"
    assert judged(exact, opinion)[-1].verdict == "supported"


class Wordless(Exception):
    """A stranger's error that cannot even be said."""

    def __str__(self):
        raise RuntimeError


def test_a_computation_that_fails_or_gives_no_answer_costs_its_reading_alone():
    for compute, said in (
        (lambda: sys.exit(3), "its computation failed: SystemExit: 3"),
        (lambda: 1 / 0, "its computation failed: ZeroDivisionError: division by zero"),
        (lambda: True, "its computation gives bool, no Answer"),
    ):
        wrong = Reading(name="e", level="literal", kind="exact", compute=compute)
        found = judged(wrong, reading())
        assert [v.verdict for v in found] == ["not tested", "supported", "supported"]
        assert found[0].conditions == said


@pytest.mark.parametrize(("change", "said"), [
    ({"level": "litteral"}, "no level named 'litteral'; did you mean 'literal'"),
    ({"kind": "experimental"}, "no kind named 'experimental'; did you mean 'experiment'"),
    ({"quantifier": "all"}, "no quantifier named 'all'; known: each, existential, universal"),
    ({"expected": (0, 1)}, "expected is a Region or an Equivalence, not tuple"),
])  # fmt: skip
def test_a_reading_that_is_mistyped_is_refused_where_it_is_written(change, said):
    with pytest.raises(ActbenchError, match=re.escape(said)):
        dataclasses.replace(reading(), **change)


def test_why_a_reading_is_not_tested_is_said():
    def missing(frame):
        raise NotMeasured("no such arm")

    def broken(frame):
        raise ValueError("no luck")

    def wordless(frame):
        raise Wordless

    for effect, said in ((missing, "no such arm"), (broken, "its effect failed: ValueError: no luck"),
                         (wordless, "its effect failed: Wordless"),
                         (lambda frame: sys.exit("bye"), "its effect failed: SystemExit: bye"),
                         (gives([]), "not in this part of the grid"), (gives([], note="none died"), "none died"),
                         (gives([math.nan] * 2, note="died"), "none of 2 networks gave a number; died")):  # fmt: skip
        found = judged(reading(effect=effect))[0]
        assert (found.verdict, found.conditions) == ("not tested", said)
        assert math.isnan(found.value)
    nothing = Reading(name="r", level="literal", kind="experiment", experiment="x", expected=HALF)
    assert judged(nothing)[0].conditions == "needs its effect"
    elsewhere = judged(reading(conditions="as said"), untested={("T", "r"): "its own file", ("T", "s"): "no"})[0]
    assert (elsewhere.verdict, elsewhere.conditions) == ("not tested", "its own file; as said")
    failed = judged(reading(effect=broken), failed={"x": 1})[0]
    assert failed.conditions == "1 cells of x failed; its effect failed: ValueError: no luck"
    lost = judged(reading(effect=gives([math.nan] * 2)))[0]
    assert (lost.n, lost.left_out, lost.n_unit) == (0, 2, "networks")


@pytest.mark.parametrize(("low", "high", "outcome"), [
    (0.4, 0.6, "supported"), (0.4, 0.5, "supported"), (0.5, 0.6, "supported"), (0.2, 0.4, "inconclusive"),
    (0.6, 0.8, "inconclusive"), (0.2, 0.8, "inconclusive"), (0.2, 0.39, "refuted"), (0.61, 0.8, "refuted"),
    (math.nan, 0.5, "inconclusive"), (0.5, math.nan, "inconclusive"), (0.7, math.nan, "inconclusive"),
    (math.nan, 0.3, "inconclusive"),
])  # fmt: skip
def test_the_ends_belong_to_the_region(low, high, outcome):
    assert meets(HALF, low, high) == outcome


def test_two_networks_have_an_interval_and_a_value_may_round_over_its_bound():
    two = judged(reading(effect=gives([0.4, 0.6], left_out=1, bounds=(0.0, 1.0))))[0]
    assert two.conditions.startswith("1 of 3 networks gave no number; at worst they make the interval [0, 1], ")
    assert "2 networks show what lies" in two.conditions
    within = judged(reading(effect=gives([0.0, 1e-6 + 1.0, -1e-6], bounds=(0.0, 1.0))))[0]
    assert within.verdict == "inconclusive"
    outside = judged(reading(effect=gives([0.0, 2e-6 + 1.0], bounds=(0.0, 1.0))))[0]
    assert outside.conditions == "1 values such as 1 lie outside the bounds [0, 1] of its effect"
    low = judged(reading(effect=gives([0.5, -2e-6], bounds=(0.0, 1.0))))[0]
    assert low.conditions == "1 values such as -2e-06 lie outside the bounds [0, 1] of its effect"
    # values that agree support what one of the bounds is enough for
    above = Region(low=0.1, words="above", reason="a test")
    agree = judged(reading(effect=gives([1.0] * 8, bounds=(0.5, math.inf)), expected=above))[0]
    assert (agree.verdict, agree.conditions) == ("supported", "")


@pytest.mark.parametrize(
    ("outcomes", "quantifier", "overall"),
    [
        (["opinion", "not tested"], "each", "opinion"),
        (["opinion", "supported"], "each", "supported"),
        (["conditional", "inconclusive"], "each", "conditional"),
        (["conditional", "inconclusive"], "universal", "conditional"),
        (["conditional", "refuted"], "universal", "refuted"),
        (["conditional", "supported"], "existential", "supported"),
        (["conditional", "refuted"], "existential", "conditional"),
        (["refuted", "inconclusive"], "existential", "inconclusive"),
        (["inconclusive", "inconclusive"], "universal", "inconclusive"),
    ],
)
def test_what_is_mixed_rolls_up_by_its_quantifier(outcomes, quantifier, overall):
    assert roll_up(outcomes, quantifier) == overall
