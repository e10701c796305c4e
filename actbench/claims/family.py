"""All verdicts of a run together: how many chance alone would make wrong, and which hold even at the family's level."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actbench.claims.claim import Claim
from actbench.claims.judge import EQUIVALENCE_LEVEL, ERROR_RATE

if TYPE_CHECKING:
    import pandas as pd

DECIDED = ("supported", "refuted")


@dataclass(frozen=True, kw_only=True)
class Family:
    """What can be said of all verdicts that rest on samples.

    Parameters
    ----------
    claims
        How many claims they belong to.
    settings
        Settings that were supported or refuted.
    wrong
        At most so many of them are expected to be wrong by chance, were every truth on the very edge: the sum of the
        levels that they were judged at.
    kept
        Settings whose verdict is the same at the level at which the chance of a single wrong one among all is 5 %
        (Bonferroni 1936; Dunn 1961).
    lost
        The claims of the others.
    """

    claims: int
    settings: int
    wrong: float
    kept: int
    lost: tuple[str, ...]


def size(claims: Iterable[Claim]) -> int:
    """How many settings the experimental readings of these claims have."""
    return sum(len(reading.effects) for claim in claims for reading in claim.readings)


def family(estimates: Sequence[pd.DataFrame]) -> Family | None:
    """What the tables of estimates of a run allow to say; None where nothing was decided.

    Parameters
    ----------
    estimates
        As `actbench.claims.verdicts.judged` and its sibling for times give them.
    """
    import pandas as pd

    tables = [table for table in estimates if "family_verdict" in table and len(table)]
    if not tables:
        return None
    whole = pd.concat(tables, ignore_index=True)
    decided = whole[
        whole["verdict"].isin(DECIDED) & (whole["judged_low"] < whole["judged_high"])
    ]  # no chance, no error
    if not len(decided):
        return None
    two_sided = 1 - decided["judged_level"].astype(float)
    # an equivalence at the level 0.9 is two one-sided tests at 5 %
    wrong = two_sided.where(decided["judged_level"] != EQUIVALENCE_LEVEL, ERROR_RATE)
    kept = decided["family_verdict"] == decided["verdict"]
    return Family(
        claims=decided["claim"].nunique(), settings=len(decided), wrong=float(wrong.sum()), kept=int(kept.sum()),
        lost=tuple(dict.fromkeys(decided.loc[~kept, "claim"])),
    )  # fmt: skip
