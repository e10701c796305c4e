"""All verdicts together: how many chance makes wrong, and which hold at the level of the whole family."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from actbench.claims.claim import Claim, Reading
from actbench.claims.family import family, size
from actbench.claims.verdicts import judged
from actbench.report.phrases import PHRASES
from actbench.statistics.estimates import Estimate
from actbench.statistics.expectation import Equivalence, Region

ABOVE = Region(low=0.0, words="above", reason="a test")
SAME = Equivalence(margin=0.5, words="same", reason="a test")


def claim(name, mean, expected=ABOVE, settings=2, spread=1.0, certain=False):
    values = [mean] * 8 if certain else mean + spread * np.linspace(-1, 1, 8)
    effects = {f"s{i}": lambda frame, v=tuple(values): Estimate.of(v, certain=certain) for i in range(settings)}
    reading = Reading(name="r", level="literal", kind="experiment", experiment="x", expected=expected, settings=effects)
    return Claim(name=name, statement={"en": "."}, readings=(reading,))


def together(*claims):
    estimates = judged(claims, {"x": pd.DataFrame({"a": [1]})}, rehearsal=False).estimates
    return family([estimates, estimates.iloc[:0]])


def test_the_expected_number_of_wrong_verdicts_is_the_sum_of_the_levels():
    claims = [claim(f"T{i}", 2.0) for i in range(10)]
    found = together(*claims, claim("E1", 0.0, SAME, settings=1, spread=0.1))
    assert size(claims) == 20
    assert (found.claims, found.settings) == (11, 21)
    assert found.wrong == pytest.approx(10 * 0.05 + 0.05)


def test_a_verdict_that_holds_alone_may_not_hold_in_the_family():
    strong, weak, open_ = claim("T1", 50.0), claim("T2", 0.8), claim("T3", 0.2)
    assert together(weak).lost == ()
    found = together(strong, weak, *[claim(f"S{i}", 50.0) for i in range(40)], open_)
    assert found.lost == ("T2",)
    assert (found.settings, found.kept) == (84, 82)


def test_what_no_chance_is_in_and_what_is_open_are_no_part_of_it():
    assert together(claim("T1", 1.0, certain=True), claim("T2", 0.2)) is None
    assert family([]) is None


@pytest.mark.parametrize("lang", PHRASES)
def test_the_page_says_it_in_one_sentence(lang):
    text = PHRASES[lang]["family"].format(claims=31, whole=54, settings=200, wrong="3.1", kept=180, lost="")
    assert all(part in text for part in ("31", "54", "200", "3.1", "180", "5 %"))
