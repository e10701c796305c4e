"""The method under its own test: one arm under two names, compared as arms are, and how often it raises an alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.claims.expectations import BETTER_ACCURACY, SAME_ACCURACY
from actbench.claims.judge import EQUIVALENCE_LEVEL, ERROR_RATE, SHOWN, meets
from actbench.statistics.estimates import Estimate
from actbench.statistics.expectation import Region

if TYPE_CHECKING:
    import pandas as pd

EXPERIMENT = "same_twice"
ARM = 8  # networks an arm, the smallest number that any claim is judged on
MEASURES = ("test_accuracy", "train_loss")


def examine(frame: pd.DataFrame, estimates: pd.DataFrame) -> pd.DataFrame:
    """How often equal arms are told apart.

    Parameters
    ----------
    frame
        Observations of `EXPERIMENT`: networks that differ in nothing but their number.
    estimates
        The estimates of a ledger: whether bootstrap intervals would have given the same verdicts.

    Returns
    -------
    One row a question: ``question``, ``measure``, ``value`` (share of the comparisons), ``low``, ``high`` (95 %,
    Clopper and Pearson 1934), ``n``, ``n_unit``, ``expected``.
    """
    import pandas as pd

    rows = []
    for measure in MEASURES:
        found = [_different(e) for e in _comparisons(frame, measure)]
        rows.append(_row("different", measure, found, f"{1 - SHOWN:.2g}"))
    comparisons = _comparisons(frame, "test_accuracy")
    better = [meets(BETTER_ACCURACY, *e.interval(1 - ERROR_RATE)) == "supported" for e in comparisons]
    same = [meets(SAME_ACCURACY, *e.interval(EQUIVALENCE_LEVEL)) == "supported" for e in comparisons]
    rows.append(_row("better", "test_accuracy", better, f"0 to {ERROR_RATE / 2:.2g}"))
    rows.append(_row("same", "test_accuracy", same, ""))
    agreed = [_by_bootstrap(row) == row["verdict"] for row in estimates.to_dict(orient="records")]
    rows.append({**_row("bootstrap", "estimates", agreed, ""), "n_unit": "estimates"})
    return pd.DataFrame(rows).astype({"n": "Int64"})


def _by_bootstrap(row: dict[Any, Any]) -> str:
    """The verdict that the bootstrap interval at the judged level would have given."""
    ends = {"low": float(row["expected_low"]), "high": float(row["expected_high"])}
    return meets(Region(**ends, words="", reason=""), float(row["bootstrap_low"]), float(row["bootstrap_high"]))


def _comparisons(frame: pd.DataFrame, measure: str) -> list[Estimate]:
    """Differences of two arms of `ARM` networks each, no network in two comparisons."""
    values = frame.loc[~frame["diverged"].astype(bool)].sort_values("net")[measure].to_numpy(float)
    pairs = values[: len(values) // (2 * ARM) * 2 * ARM].reshape(-1, 2, ARM)
    return [Estimate.of(one - other) for one, other in pairs]


def _different(estimate: Estimate) -> bool:
    low, high = estimate.interval(SHOWN)
    return low > 0 or high < 0


def _row(question: str, measure: str, found: list[bool], expected: str) -> dict[str, Any]:
    from scipy.stats import binomtest

    share: dict[str, Any] = {"value": None, "low": None, "high": None}
    if found:
        interval = binomtest(sum(found), len(found)).proportion_ci(SHOWN)
        share = {"value": sum(found) / len(found), "low": float(interval.low), "high": float(interval.high)}
    return {
        "question": question, "measure": measure, **share, "n": len(found), "n_unit": "comparisons",
        "expected": expected,
    }  # fmt: skip
