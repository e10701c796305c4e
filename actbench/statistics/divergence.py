"""Divergence is an outcome that decides: of two arms the one whose trainings diverge more often is the worse one."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from actbench.statistics.differences import ERROR_RATE, Difference, difference

if TYPE_CHECKING:
    import pandas as pd

# Fixed before it was first used. At half of the settings an arm is of no use, whatever it reaches in the others.
HALF = 0.5
OPPOSITE = {"better": "worse", "worse": "better"}


def difference_in_shares(scores: pd.DataFrame, a: str, b: str) -> Difference:
    """Arm a less arm b in the share of settings in which a network diverged; the network is the unit.

    Parameters
    ----------
    scores
        ``activation``, ``setting``, ``net``, ``diverged``, as `actbench.statistics.ranking.tuned` gives them.

    Returns
    -------
    Over the settings and networks that both have. p is NaN where no training of either diverged: nothing is tested.
    """
    one, other = (
        scores[scores["activation"] == arm].pivot_table(
            index="net", columns="setting", values="diverged", aggfunc="first"
        ).astype(float) for arm in (a, b)
    )  # fmt: skip
    shared, nets = one.columns.intersection(other.columns), one.index.intersection(other.index)
    own, others = one.loc[nets, shared].to_numpy(float), other.loc[nets, shared].to_numpy(float)
    per_net = np.nanmean(own - others, axis=1) if own.size else np.empty(0)
    found = difference(per_net.tolist(), name=("diverged", a, b))
    return found if own.any() or others.any() else replace(found, p=math.nan)


def decide(word: str, reason: str, found: Difference, p: float) -> tuple[str, str]:
    """The decision on accuracy, and what divergence makes of it.

    Parameters
    ----------
    word, reason
        As `actbench.statistics.differences.decide` gives them.
    found, p
        Of `difference_in_shares`; p adjusted for the number of tests.

    Returns
    -------
    A difference that is shown decides, unless accuracy shows the opposite and less than half of the settings are
    concerned: then it is said in the reason, as is a difference that is not shown.
    """
    if math.isnan(p) or found.value == 0:
        return word, reason
    said = (f"diverges in {100 * abs(found.value):.0f} % {'more' if found.value > 0 else 'fewer'} of the trainings "
            f"[{100 * found.low:+.0f}, {100 * found.high:+.0f}], adjusted p = {p:.2g}")  # fmt: skip
    if p >= ERROR_RATE:  # four networks of eight have p = 0.125: too few to decide, and too many to be silent about
        return word, f"{reason}; {said}: too few networks to show it"
    own = "worse" if found.value > 0 else "better"
    if word == OPPOSITE[own] and abs(found.value) < HALF:
        return word, f"{reason}; {said}"
    return own, f"{said}; where both train: {reason}"
