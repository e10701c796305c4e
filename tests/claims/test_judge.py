"""Intervals and verdicts: planted truths and falsehoods get the verdict that they deserve."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pandas as pd
import pytest

from actbench.claims.claim import Answer, Claim, Reading
from actbench.claims.expectations import HALVES
from actbench.claims.judge import judge, meets
from actbench.claims.rollup import roll_up
from actbench.core.errors import ActbenchError, NotMeasured
from actbench.experiments.activity.effects import slope_per_layer
from actbench.statistics.estimates import Estimate, slope
from actbench.statistics.expectation import Equivalence, Region


def test_the_t_interval_agrees_with_scipy():
    from scipy import stats

    values = np.random.default_rng(0).normal(3, 2, 17)
    got = Estimate.of(values).interval(0.99)
    wanted = stats.t.interval(0.99, 16, loc=values.mean(), scale=stats.sem(values))
    np.testing.assert_allclose(got, wanted, rtol=1e-12)


def test_the_95_percent_interval_covers_the_truth_95_times_in_100():
    rng = np.random.default_rng(1)
    hits = sum(low <= 0 <= high for low, high in (Estimate.of(rng.normal(0, 1, 8)).interval() for _ in range(2000)))
    assert 0.935 <= hits / 2000 <= 0.965  # three standard errors of a share of 0.95 over 2000 tries


def test_what_is_not_a_number_is_counted_not_averaged():
    estimate = Estimate.of([1.0, math.nan, 3.0, math.inf])
    assert (estimate.value, estimate.n, estimate.left_out) == (2.0, 2, 2)
    assert all(map(math.isnan, Estimate.of([1.0]).interval()))


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (-1.02, -0.98, "supported"),
        (-0.9, -0.8, "refuted"),
        (-1.2, -1.1, "refuted"),
        (-1.0, -0.9, "inconclusive"),
        (math.nan, math.nan, "inconclusive"),
    ],
)
def test_an_interval_against_a_region(low, high, outcome):
    assert meets(HALVES, low, high) == outcome


@pytest.mark.parametrize(
    ("outcomes", "overall"),
    [
        (["supported", "supported"], "supported"),
        (["refuted", "refuted"], "refuted"),
        (["supported", "refuted"], "conditional"),
        (["supported", "inconclusive"], "inconclusive"),
        (["supported", "inconclusive", "refuted"], "conditional"),
        (["refuted", "inconclusive"], "refuted"),
        (["refuted", "not tested", "inconclusive"], "refuted"),
        (["supported", "conditional"], "conditional"),
        (["not tested", "refuted"], "refuted"),
        (["not tested"], "not tested"),
        (["opinion"], "opinion"),
        ([], "not tested"),
    ],
)
def test_readings_roll_up(outcomes, overall):
    assert roll_up(outcomes) == overall


@pytest.mark.parametrize(
    ("outcomes", "said_of_all", "said_of_some"),
    [
        (["supported", "supported"], "supported", "supported"),
        (["supported", "refuted"], "refuted", "supported"),
        (["supported", "inconclusive"], "inconclusive", "supported"),
        (["refuted", "inconclusive"], "refuted", "inconclusive"),
        (["refuted", "refuted", "not tested"], "refuted", "refuted"),
        (["inconclusive", "not tested"], "inconclusive", "inconclusive"),
    ],
)
def test_one_counterexample_refutes_what_is_said_of_all_and_one_example_supports_what_is_said_of_some(
    outcomes, said_of_all, said_of_some
):
    assert roll_up(outcomes, "universal") == said_of_all
    assert roll_up(outcomes, "existential") == said_of_some


def reading_of(estimates, expected=HALVES, **declared):
    """A claim with one reading whose settings give these estimates."""
    settings = {name: lambda frame, e=estimate: e for name, estimate in estimates.items()}
    reading = Reading(name="r", level="literal", kind="experiment", experiment="x", expected=expected,
                      settings=settings, **declared)  # fmt: skip
    return Claim(name="T", statement={"en": "."}, readings=(reading,))


def around(centre, n=16, **details):
    return Estimate.of(centre + np.linspace(-0.01, 0.01, n), **details)


def test_a_reading_says_how_many_settings_came_out_how():
    settings = {"a": around(0.0), "b": around(0.0), "c": Estimate.of([-1.0, 0.0, 1.0]), "d": Estimate.of([])}
    reading = judge(reading_of(settings, quantifier="universal"), {"x": None})[0]
    assert reading.verdict == "refuted"
    assert reading.conditions.startswith("2 refuted, 1 open, 1 not in this run of 4 settings, and it was said of all")


@pytest.mark.parametrize(
    ("left_out", "bounds", "outcome"),
    [
        (0, (0.0, 1.0), "supported"),
        (1, (0.0, 1.0), "supported"),  # at worst 1 of 17 at 0: 0.5 -> 0.47
        (8, (0.0, 1.0), "inconclusive"),  # at worst 8 of 24 at 0: 0.5 -> 0.33
        (8, (0.45, 0.55), "supported"),  # no unit can lie that far off
    ],
)
def test_what_is_left_out_stands_beside_the_verdict_and_can_unsettle_it(left_out, bounds, outcome):
    region = Region(low=0.4, high=0.6, words="half", reason="a test")
    verdict = judge(reading_of({"a": around(0.5, left_out=left_out, bounds=bounds)}, region), {"x": None})[0]
    assert (verdict.verdict, verdict.left_out) == (outcome, left_out)
    assert (f"{left_out} left out" in verdict.conditions) == bool(left_out)
    said = verdict.settings[0].conditions
    assert (f"{left_out} of {16 + left_out} networks gave no number" in said) == bool(left_out)
    assert ("could turn" in said) == (outcome == "inconclusive")


def test_failed_cells_are_counted_beside_every_verdict_that_rests_on_them():
    reading, overall = judge(reading_of({"a": around(-1.0)}), {"x": None}, failed={"x": 3})
    assert (reading.failed, overall.failed) == (3, 3)
    assert "3 cells of x failed" in reading.conditions


def test_what_nobody_measured_is_not_tested_and_no_number():
    def missing(frame):
        raise NotMeasured("no such arm")

    for effect, remark in ((lambda frame: Estimate.of([]), "grid"), (missing, "no such arm"),
                           (lambda frame: Estimate.of([math.nan] * 4), "none of 4 networks gave a number"),
                           (lambda frame: frame["nowhere"], "its effect failed: TypeError")):  # fmt: skip
        reading = Reading(name="r", level="literal", kind="experiment", experiment="x", expected=HALVES, effect=effect)
        found = judge(Claim(name="T", statement={"en": "."}, readings=(reading,)), {"x": None})[0]
        assert found.verdict == "not tested"
        assert remark in found.conditions


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (3.0, "gives float, no Estimate; is a return missing"),
        (None, "gives NoneType, no Estimate"),
        (pd.DataFrame({"q": [1.0]}), "gives DataFrame, no Estimate"),
        (Estimate.of([0.5, 1.5, 2.5], bounds=(0.0, 1.0)), "2 values such as 1.5 lie outside the bounds [0, 1]"),
        (Estimate.of([0.5, -0.5], bounds=(0.0, math.inf)), "1 values such as -0.5 lie outside the bounds [0, inf]"),
    ],
)
def test_what_is_no_estimate_costs_its_reading_alone(given, said):
    wrong = Reading(name="r", level="literal", kind="experiment", experiment="x", expected=HALVES,
                    effect=lambda frame: given)  # fmt: skip
    right = dataclasses.replace(wrong, name="s", effect=lambda frame: around(-1.0))
    found = judge(Claim(name="T", statement={"en": "."}, readings=(wrong, right)), {"x": None})
    assert [v.verdict for v in found] == ["not tested", "supported", "supported"]
    assert said in found[0].conditions


def test_a_mean_that_rounds_over_its_bound_is_within_it():
    almost = around(-1.0, bounds=(-1.01 + 1e-7, -0.99 - 1e-7))
    assert judge(reading_of({"a": almost}), {"x": None})[0].verdict == "supported"


def test_one_network_alone_has_no_interval_and_values_that_agree_say_how_many_would_do():
    region = Region(low=0.9, words="most", reason="a test")
    alone, agree, unknown = (
        judge(reading_of({"a": e}, region), {"x": None})[0].settings[0]
        for e in (Estimate.of([1.0], left_out=3), Estimate.of([1.0] * 8, bounds=(0.0, 1.0)), Estimate.of([1.0] * 8))
    )
    assert [v.verdict for v in (alone, agree, unknown)] == ["inconclusive"] * 3
    assert alone.conditions == "3 of 4 networks gave no number; one value alone has no interval"
    assert agree.conditions == "all 8 values agree, and 36 that do would settle this"  # 0.9^36 = 0.0225
    assert (alone.n_to_settle, agree.n_to_settle, unknown.n_to_settle) == (None, 36, None)
    assert unknown.conditions.startswith("all 8 values agree, which says nothing of others")


def test_more_networks_than_there_are_is_pseudo_replication():
    frame = pd.DataFrame({"net": [0, 0, 1, 1], "layer": [1, 2, 1, 2], "share": [0.1, 0.2, 0.1, 0.2]})
    reading = Reading(name="r", level="literal", kind="experiment", experiment="x", expected=HALVES,
                      effect=lambda rows: Estimate.of(rows["share"]))  # fmt: skip
    found = judge(Claim(name="T", statement={"en": "."}, readings=(reading,)), {"x": frame})[0]
    assert found.verdict == "not tested"
    assert "4 values from 2 networks" in found.conditions


def network(rate, layers=20, nets=16, noise=0.02, seed=0):
    """Activity that falls by ``rate`` in log2 each layer, with noise."""
    rng = np.random.default_rng(seed)
    rows = [
        {
            "net": net,
            "layer": layer,
            "active_fraction": 2.0 ** (rate * (layer - 1) + rng.normal(0, noise)),
            "diverged": False,
        }
        for net in range(nets)
        for layer in range(1, layers + 1)
    ]
    return pd.DataFrame(rows)


def halving_claim(effect=None, settings=None):
    reading = Reading(
        name="units", level="literal", kind="experiment", experiment="activity", expected=HALVES,
        effect=effect, settings=settings or {},
    )  # fmt: skip
    return Claim(name="T", statement={"en": "It halves."}, readings=(reading,))


@pytest.mark.parametrize(
    ("rate", "outcome"), [(-1.0, "supported"), (0.0, "refuted"), (-0.8, "refuted"), (-1.3, "refuted")]
)
def test_planted_networks_get_their_verdict(rate, outcome):
    verdicts = judge(halving_claim(slope_per_layer("active_fraction")), {"activity": network(rate)})
    assert [v.verdict for v in verdicts] == [outcome, outcome]
    assert verdicts[0].low <= rate <= verdicts[0].high
    assert verdicts[0].n == 16


def test_a_dead_layer_ends_the_fit_and_a_diverged_network_is_left_out():
    frame = network(-1.0, nets=4)
    frame.loc[(frame["net"] == 0) & (frame["layer"] > 10), "active_fraction"] = 0.0
    frame.loc[frame["net"] == 1, "diverged"] = True
    frame.loc[frame["net"] == 1, "active_fraction"] = math.nan
    frame.loc[(frame["net"] == 2) & (frame["layer"] > 2), "active_fraction"] = 0.0
    estimate = slope_per_layer("active_fraction")(frame)
    assert (estimate.n, estimate.left_out) == (2, 2)
    assert "2 of 4" in estimate.note
    assert abs(estimate.value + 1) < 0.02


def test_settings_make_a_reading_conditional():
    frames = {"activity": pd.concat([network(-1.0).assign(init="a"), network(0.0).assign(init="b")])}
    settings = {name: slope_per_layer("active_fraction", init=name) for name in "ab"}
    reading, overall = judge(halving_claim(settings=settings), frames)
    assert (reading.verdict, overall.verdict) == ("conditional", "conditional")
    assert [part.verdict for part in reading.settings] == ["supported", "refuted"]
    assert "a: supported" in reading.conditions
    assert re.fullmatch(r"units: holds in a \(-1\S*\), not in b \(\S+\)", overall.conditions)


def test_what_stands_beside_has_its_verdict_and_no_part_in_the_roll_up():
    frames = {"activity": pd.concat([network(-1.0).assign(init="a"), network(0.0).assign(init="b")])}
    one, other = (
        dataclasses.replace(halving_claim(slope_per_layer("active_fraction", init=init)).readings[0], name=init)
        for init in "ab"
    )

    def overall(*readings):
        return [verdict.verdict for verdict in judge(Claim(name="T", statement={"en": "."}, readings=readings), frames)]

    aside = dataclasses.replace(other, beside=True)
    assert overall(one, other) == ["supported", "refuted", "conditional"]
    assert overall(one, aside) == ["supported", "refuted", "supported"]
    with pytest.raises(ActbenchError, match="one reading at least must decide"):
        overall(aside)


def test_the_error_rate_is_shared_among_the_claim_s_readings():
    one = judge(halving_claim(slope_per_layer("active_fraction")), {"activity": network(-1.0)})[0]
    claim = halving_claim(slope_per_layer("active_fraction"))
    more = [
        Reading(name=f"r{i}", level="literal", kind="experiment", experiment="x", expected=HALVES) for i in range(4)
    ]
    five = judge(
        Claim(name="T", statement={"en": "."}, readings=(*claim.readings, *more)), {"activity": network(-1.0)}
    )[0]
    assert one.judged_level == pytest.approx(0.95)
    assert five.judged_level == pytest.approx(0.99)
    assert five.judged_low < one.judged_low < one.low + 1e-12


def test_false_claims_are_supported_at_most_as_often_as_promised():
    """A truth on the region's edge: over many experiments no more than 5 % are judged wrongly inside."""
    wrong = 0
    for seed in range(400):
        values = np.random.default_rng(seed).normal(-0.95, 0.02, 12)
        low, high = Estimate.of(values).interval(0.95)
        wrong += meets(HALVES, low, high) == "supported"
    assert wrong / 400 <= 0.06


def test_equivalence_is_two_one_sided_tests():
    same = Equivalence(margin=0.01, words="same", reason="a test")
    reading = Reading(
        name="same", level="literal", kind="experiment", experiment="x", expected=same,
        effect=lambda frame: Estimate.of(frame["d"]),
    )  # fmt: skip
    claim = Claim(name="T", statement={"en": "."}, readings=(reading,))
    rng = np.random.default_rng(0)
    tight = judge(claim, {"x": pd.DataFrame({"d": rng.normal(0, 0.01, 64)})})[0]
    loose = judge(claim, {"x": pd.DataFrame({"d": rng.normal(0, 0.1, 8)})})[0]
    assert (tight.verdict, loose.verdict) == ("supported", "inconclusive")
    assert tight.judged_level == 0.9


def test_an_exact_reading_is_computed_when_it_is_judged():
    answers = iter([True, False])

    def compute():
        holds = next(answers)
        return Answer(holds=holds, value=float(holds), n=3, n_unit="cases", evidence="counted")

    reading = Reading(name="rule", level="literal", kind="exact", compute=compute)
    claim = Claim(name="T", statement={"en": "."}, readings=(reading,))
    assert [judge(claim, {})[0].verdict for _ in range(2)] == ["supported", "refuted"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Region(low=1.0, high=0.0, words="", reason=""),
        lambda: Equivalence(margin=0.0, words="", reason=""),
        lambda: Reading(name="r", level="literal", kind="experiment"),
        lambda: Reading(name="r", level="literal"),
        lambda: Reading(name="r", level="literal", expected=HALVES),
        lambda: Reading(name="r", level="literal", kind="literature", verdict="supported"),
        lambda: Reading(name="r", level="literal", kind="exact", experiment="x"),
        lambda: Claim(name="T", statement={"en": "."}, readings=()),
        lambda: Claim(name="T", statement={"zh": "."}, readings=(Reading(name="r", level="literal", kind="opinion"),)),
    ],
)
def test_a_record_that_makes_no_sense_is_refused(make):
    with pytest.raises(ActbenchError):
        make()


def test_what_is_given_says_what_decides_a_reading():
    given = {
        "experiment": {"experiment": "activity", "expected": HALVES}, "exact": {"compute": lambda: None},
        "literature": {"verdict": "supported", "source": "a book"}, "opinion": {"kind": "opinion"},
    }  # fmt: skip
    assert [Reading(name="r", level="literal", **fields).kind for fields in given.values()] == list(given)


def test_the_slope_is_least_squares():
    x = [1.0, 2.0, 4.0, 7.0]
    y = [0.5, -1.0, 3.0, 2.0]
    assert slope(x, y) == pytest.approx(np.polyfit(x, y, 1)[0])
    assert math.isnan(slope([1.0], [1.0]))


VALUES = (0.42, 0.47, 0.51, 0.55, 0.50, 0.58)


def asking(settings):
    reading = Reading(name="r", level="literal", kind="experiment", experiment="x", expected=HALVES, settings=settings)
    return Claim(name="T", statement={"en": "."}, readings=(reading,))


def test_an_effect_that_writes_into_its_frame_changes_what_no_other_reads():
    frame = pd.DataFrame({"net": range(6), "q": VALUES})

    def writes(given):
        given["q"] = 0.0
        return Estimate.of(given["q"], bounds=(0.0, 1.0))

    settings = {"writes": writes, "reads": lambda given: Estimate.of(given["q"])}
    found = judge(asking(settings), {"x": frame})[0]
    assert [part.value for part in found.settings] == [0.0, pytest.approx(np.mean(VALUES))]
    assert tuple(frame["q"]) == tuple(VALUES)


def test_units_that_share_networks_are_told():
    frame = pd.DataFrame({"net": [0, 0, 1, 1, 2, 2], "q": VALUES})
    for unit, told in (("layers", "6 layers come from 3 networks"), ("networks", "no independent ones")):
        found = judge(asking({"a": lambda f, unit=unit: Estimate.of(f["q"], n_unit=unit)}), {"x": frame})[0]
        assert told in found.settings[0].conditions
    alone = judge(asking({"a": lambda f: Estimate.of(f["q"][:3], n_unit="layers")}), {"x": frame})[0]
    assert "come from" not in alone.settings[0].conditions


@pytest.mark.parametrize(("given", "said"), [
    ({"holds": "no"}, "holds is True or False, not 'no'"), ({"holds": 1}, "holds is True or False, not 1"),
    ({"n": 0}, "of 0 nothing is true or false"),
])  # fmt: skip
def test_an_answer_of_no_case_or_neither_yes_nor_no_is_none(given, said):
    sound = {"holds": np.bool_(True), "value": 1.0, "n": 1, "n_unit": "cases", "evidence": ""}
    assert Answer(**sound).n == 1
    with pytest.raises(ActbenchError, match=said):
        Answer(**sound | given)
