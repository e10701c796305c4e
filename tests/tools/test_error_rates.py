"""The simulation of error rates: right where theory is, and the page and the committed table say the same."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from actbench.report.phrases import PHRASES
from tools.error_rates import kinds, page, simulate

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
