"""What every record of a published result says: the source and what of it was read, and what the re-run leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from actbench.claims.claim import Change, Claim, Reading, claim
from actbench.claims.literature.answers import ANSWERS


def published(
    name: str, *, section: str, source: str, statement: Mapping[str, str], leaves_out: str,
    readings: Sequence[Reading], note: str = "", history: Sequence[Change] = (),
) -> Claim:  # fmt: skip
    """Enter a published result.

    Parameters
    ----------
    name, section, statement, note, history
        As `actbench.claims.claim.Claim`.
    source
        Authors, year, title, and which part was read: nothing is said of parts that were not.
    leaves_out
        How the result is run again, and what that leaves out; it stands with every reading.
    readings
        Without source.
    """
    told = [
        replace(reading, source=source, conditions="; ".join(filter(None, (reading.conditions, leaves_out))))
        for reading in readings
    ]
    return claim(name, ledger="literature", section=section, statement=statement, readings=told, note=note,
                 answer=ANSWERS.get(name), history=tuple(history))  # fmt: skip


def measured(name: str, experiment: str, **fields: object) -> Reading:
    """A reading that takes the result at its word and is decided by an experiment."""
    return Reading(name=name, level="literal", experiment=experiment, **fields)  # type: ignore[arg-type]
