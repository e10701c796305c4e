"""Register the article's expectations: append what is new to the committed file, never rewrite a line of it."""

from __future__ import annotations

import sys

import actbench.claims.ledgers  # noqa: F401  fills the ledger
from actbench.claims.claim import CLAIMS
from actbench.claims.registration import FILE, register
from actbench.claims.verdicts import natural

if __name__ == "__main__":
    count = register(sorted((claim for claim in CLAIMS if claim.ledger == "article"), key=natural))
    sys.stdout.write(f"{count} new expectations in {FILE.name}; commit it before they are decided\n")
