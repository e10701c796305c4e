"""The simulation of error rates: right where theory is, and the page and the committed table say the same."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from actbench.report.phrases import PHRASES
from tools.error_rates import BETTING, betting, kinds, page, simulate

COMMITTED = Path(__file__).parents[2] / "reports" / "error_rates"


@pytest.fixture(scope="module")
def rates():
    return pd.read_csv(COMMITTED / "rates.csv")


def test_the_committed_table_has_every_kind_at_8_to_64_units(rates):
    assert set(zip(rates["kind"], rates["law"], strict=True)) == {(kind.name, kind.law) for kind in kinds()}
    assert sorted(rates["n"].unique()) == [8, 16, 32, 64]
    assert (COMMITTED / "README.md").read_text(encoding="utf-8") == page(rates)


def test_what_is_exact_in_theory_is_within_its_level(rates):
    exact = rates[rates["law"].isin(["normal", "normal pairs"]) | rates["kind"].str.contains("Clopper")]
    assert exact["kept"].all()


def test_what_is_above_its_level_is_said_on_the_article_s_page(rates):
    odd = rates[~rates["kept"]]
    said = ("skewed", "collapses", "share of each network", "accuracies (beta", "log-normal")
    assert odd["law"].map(lambda law: any(word in law for word in said)).all()

    def wrong(law, n):
        at = rates[(rates["law"] == law) & (rates["n"] == n) & rates["kind"].str.startswith("interval of a mean")]
        return f"{100 * at['wrong'].iloc[0]:.0f} %"

    for t in PHRASES.values():
        for law, n in (("one network in ten collapses", 8), ("one network in ten collapses", 64),
                       ("skewed (exponential)", 8)):  # fmt: skip
            assert wrong(law, n) in t["coverage"]


def test_a_simulation_is_the_same_every_time_and_counts_what_it_did():
    one, other = simulate([4], samples=3), simulate([4], samples=3)
    assert one.equals(other)
    assert set(one["samples"]) == {1, 3}
    assert "| n = 4 |" in page(one)


def test_a_gambler_wins_what_the_definition_says():
    # one value of 1, level 1/2: the stake is sqrt(2 ln 4 / (1/4)), and who bets on more wins 4 where 1 + stake (1 - m)
    # is 4; below m = 0.75 / stake no more than that is staked
    stake = math.sqrt(8 * math.log(4))
    low, high = betting(np.ones(1), (0.0, 1.0), 0.5)
    assert high == 1.0
    assert 0 <= (1 - 3 / stake) - low < 1.001 / 1000
    values = np.random.default_rng(0).beta(2, 20, 16)
    low, high = betting(values, (0.0, 1.0), 0.95)
    assert betting(1 - values, (0.0, 1.0), 0.95) == pytest.approx((1 - high, 1 - low))
    assert betting(2 * values - 1, (-1.0, 1.0), 0.95) == pytest.approx((2 * low - 1, 2 * high - 1))
    assert low < values.mean() < high


def test_the_betting_interval_keeps_its_promise_for_every_law_and_is_wide(rates):
    bets = rates[rates["kind"] == BETTING]
    assert bets["kept"].all()
    assert (bets["high"] <= 0.05).all()
    student = rates[rates["kind"].str.startswith("interval of a mean")].set_index(["law", "n"])["width"]
    wider = bets.set_index(["law", "n"])["width"] / student
    assert (wider.dropna() > 1).all()
