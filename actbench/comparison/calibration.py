"""The method under its own test: two arms that are equal in law, compared as arms are."""

from __future__ import annotations

from typing import Any

from actbench.core.errors import ActbenchError
from actbench.runs.workers import Workers
from actbench.statistics import differences
from actbench.statistics.calibration import calibration

ARM = 8  # networks an arm, as in a quick comparison
MOST = 100  # of comparisons: the experiment has 800 networks an arm


def false_alarms(
    comparisons: int = 40, *, seed: int = 0, workers: Workers = 1, progress: bool = True
) -> dict[str, Any]:
    """How often equal arms are called different, and arms called equal that differ by the margin.

    Parameters
    ----------
    comparisons
        How many; each takes 8 networks of the experiment `same_twice` that no other takes, in both of its arms.

    Returns
    -------
    comparisons, networks, and rates: of the sign-flip test at 5 %, of the 95 % BCa interval alone, of the word
    "better" or "worse" in the decision, and of "equal in practice" where the truth lies on the margin; each with its
    95 % interval (Clopper & Pearson 1934).
    """
    from actbench.experiments.run import run

    if not 1 <= comparisons <= MOST:
        raise ActbenchError(f"{comparisons} comparisons cannot be made; give 1 to {MOST}")
    nets = range(ARM * comparisons)
    frame = run("same_twice", seed=seed, workers=workers, progress=progress, net=nets)
    one, other = (part.set_index("net")["test_accuracy"] for _, part in frame.groupby("activation", sort=True))
    samples = (one - other).reindex(nets).to_numpy(float).reshape(comparisons, ARM)
    equal = [differences.difference(d.tolist(), name=(str(i),)) for i, d in enumerate(samples)]
    apart = [differences.difference((d + differences.MARGIN).tolist(), name=(str(i),)) for i, d in enumerate(samples)]
    nominal, margin = differences.ERROR_RATE, differences.MARGIN
    rates = calibration(equal, {
        "sign-flip test": (lambda d: d.p < nominal, nominal),
        "BCa interval alone": (lambda d: not d.low <= 0 <= d.high, nominal),
        "decision 'better' or 'worse'": (lambda d: differences.decide(d, d.p)[0] in ("better", "worse"), nominal),
    }, "comparisons")  # fmt: skip
    rates |= calibration(apart, {
        "'equal in practice' on the margin": (lambda d: -margin <= d.inner_low and d.inner_high <= margin, nominal),
    }, "comparisons")  # fmt: skip
    return {
        "comparisons": comparisons, "networks": ARM,
        "rates": {
            name: {"alarms": int(sum(rate.share.values)), "n": rate.share.n, "rate": rate.share.value,
                   **dict(zip(("low", "high"), rate.share.interval(), strict=True)), "nominal": rate.nominal}
            for name, rate in rates.items()
        },
    }  # fmt: skip
