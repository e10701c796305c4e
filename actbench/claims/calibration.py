"""The method under its own test: two arms that are equal in law, paired and judged as claims pair and judge arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from actbench.claims.expectations import BETTER_ACCURACY, SAME_ACCURACY
from actbench.claims.judge import EQUIVALENCE_LEVEL, ERROR_RATE, SHOWN, meets
from actbench.statistics.calibration import Rate, calibration
from actbench.statistics.estimates import Estimate
from actbench.statistics.expectation import Region

if TYPE_CHECKING:
    import pandas as pd

EXPERIMENT = "same_twice"
ARM = 8  # networks an arm, the smallest number that any claim is judged on
MEASURES = ("test_accuracy", "train_loss")


def examine(frame: pd.DataFrame, estimates: pd.DataFrame) -> pd.DataFrame:
    """How often equal arms are called different, and unequal ones called equal.

    Parameters
    ----------
    frame
        Observations of `EXPERIMENT`: two arms of one law under two names, paired by the networks' numbers.
    estimates
        The estimates of a ledger: whether bootstrap intervals would have given the same verdicts.

    Returns
    -------
    One row a question: ``question``, ``measure``, ``value`` (share of the comparisons), ``low``, ``high`` (95 %,
    Clopper and Pearson 1934), ``n``, ``n_unit``, ``expected``. *different*: equal arms called different. *better*:
    one of them called better by a point. *same*: called equal within a point (the more the better). *edge*: called
    equal although the truth lies a point apart, on the very edge of the margin.
    """
    import pandas as pd

    rows = []
    for measure in MEASURES:
        rows += _rows(measure, _paired(frame, measure), {"different": (_different, 1 - SHOWN)})
    samples = _paired(frame, "test_accuracy")
    rows += _rows("test_accuracy", samples, {"better": (_better, ERROR_RATE / 2), "same": (_same, None)})
    edge = [Estimate.of([v + SAME_ACCURACY.margin for v in sample.values]) for sample in samples]
    rows += _rows("test_accuracy", edge, {"edge": (_same, ERROR_RATE)})
    alike = calibration(estimates.to_dict(orient="records"), {"bootstrap": (_bootstrap_agrees, None)}, "estimates")
    rows += [_row("estimates", name, rate) for name, rate in alike.items()]
    return pd.DataFrame(rows).astype({"n": "Int64"})


def _bootstrap_agrees(row: Mapping[Any, Any]) -> bool:
    """Whether the bootstrap interval at the judged level would have given the same verdict."""
    ends = {"low": float(row["expected_low"]), "high": float(row["expected_high"])}
    outcome = meets(Region(**ends, words="", reason=""), float(row["bootstrap_low"]), float(row["bootstrap_high"]))
    return bool(outcome == row["verdict"])


def _paired(frame: pd.DataFrame, measure: str) -> list[Estimate]:
    """Paired differences of the two arms in comparisons of `ARM` networks each, no network in two of them."""
    whole = frame.loc[~frame["diverged"].astype(bool)]
    arms = [part.set_index("net")[measure].astype(float) for _, part in whole.groupby("activation", sort=True)]
    gaps = list((arms[0] - arms[1]).dropna().sort_index()) if len(arms) == 2 else []
    return [Estimate.of(gaps[i : i + ARM]) for i in range(0, len(gaps) // ARM * ARM, ARM)]


def _different(estimate: Estimate) -> bool:
    low, high = estimate.interval(SHOWN)
    return low > 0 or high < 0


def _better(estimate: Estimate) -> bool:
    return meets(BETTER_ACCURACY, *estimate.interval(1 - ERROR_RATE)) == "supported"


def _same(estimate: Estimate) -> bool:
    return meets(SAME_ACCURACY, *estimate.interval(EQUIVALENCE_LEVEL)) == "supported"


def _rows(measure: str, samples: Sequence[Estimate], tests: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_row(measure, name, rate) for name, rate in calibration(samples, tests, "comparisons").items()]


def _row(measure: str, question: str, rate: Rate) -> dict[str, Any]:
    low, high = rate.share.interval()
    return {
        "question": question, "measure": measure, "value": rate.share.value, "low": low, "high": high,
        "n": rate.share.n, "n_unit": rate.share.n_unit,
        "expected": "" if rate.nominal is None else f"at most {rate.nominal:.2g}",
    }  # fmt: skip
