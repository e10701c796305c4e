"""The method under its own test: ReLU compared with itself, on other networks, as arms are compared."""

from __future__ import annotations

from typing import Any

from actbench.core.errors import ActbenchError
from actbench.statistics import ranking

ARM = 8  # networks an arm, as in a quick comparison
MOST = 100  # of comparisons: the experiment has 1,600 networks
NOMINAL = ranking.ERROR_RATE


def false_alarms(comparisons: int = 40, *, seed: int = 0, workers: int = 1, progress: bool = True) -> dict[str, Any]:
    """How often equal arms are told apart.

    Parameters
    ----------
    comparisons
        How many; each takes 16 networks of the experiment `same_twice` that no other takes.

    Returns
    -------
    comparisons, networks, and rates: of the sign-flip test at 5 %, of the 95 % BCa interval alone, and of the word
    "better" or "worse" in the decision; each with its 95 % interval (Clopper & Pearson 1934).
    """
    import numpy as np

    from actbench.experiments.run import run

    if not 1 <= comparisons <= MOST:
        raise ActbenchError(f"{comparisons} comparisons cannot be made; give 1 to {MOST}")
    nets = range(2 * ARM * comparisons)
    frame = run("same_twice", seed=seed, workers=workers, progress=progress, net=nets)
    accuracy = frame.set_index("net")["test_accuracy"].reindex(nets).to_numpy(float).reshape(comparisons, 2, ARM)
    found = [ranking.difference((pair[0] - pair[1]).tolist(), name=(str(i),)) for i, pair in enumerate(accuracy)]
    words = [ranking.decide(d, d.p)[0] for d in found]
    hits = {
        "sign-flip test": [d.p < NOMINAL for d in found],
        "BCa interval alone": [not d.low <= 0 <= d.high for d in found],
        "decision 'better' or 'worse'": [word in ("better", "worse") for word in words],
    }
    return {
        "comparisons": comparisons, "networks": ARM,
        "rates": {name: _rate(int(np.sum(hit)), comparisons) for name, hit in hits.items()},
    }  # fmt: skip


def _rate(alarms: int, n: int) -> dict[str, Any]:
    from scipy.stats import binomtest

    interval = binomtest(alarms, n).proportion_ci(0.95, "exact")
    return {"alarms": alarms, "n": n, "rate": alarms / n, "low": float(interval.low), "high": float(interval.high),
            "nominal": NOMINAL}  # fmt: skip
