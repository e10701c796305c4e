"""What every record of the article has beside its readings: its answer, and what was changed in its readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actbench.claims.article.answers import ANSWERS
from actbench.claims.article.history import HISTORY
from actbench.claims.claim import Claim, Reading, claim


def stated(name: str, *, statement: Mapping[str, str], readings: Sequence[Reading], **declared: Any) -> Claim:
    """Enter a sentence of the article; parameters as `actbench.claims.claim.claim` has them."""
    return claim(name, statement=statement, readings=readings, answer=ANSWERS.get(name),
                 history=HISTORY.get(name, ()), **declared)  # fmt: skip
