"""Cells of a benchmark to rows: who took how long, how far from the copy's bandwidth, and whose values hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from actbench.speed.lineup import COPY, IDENTITY, OURS, Lineup, prepare, run, suspects
from actbench.speed.race import Race


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What is raced at once."""

    activation: str
    direction: str
    dtype: str
    size: int
    inputs: str = "normal"
    layout: str = "contiguous"
    threads: int = 1
    device: str = "cpu"


def measured(
    cell: Cell,
    *,
    contenders: Sequence[str],
    rounds: int,
    most: float,
    target: float = 0.0005,
    seed: int = 0,
    check: bool = True,
) -> list[dict[str, Any]]:
    """One cell: a row a contender with the columns of the experiment `throughput`."""
    field = prepare(
        cell.activation, cell.direction, cell.dtype, cell.size, inputs=cell.inputs, threads=cell.threads,
        contenders=contenders, check=check, layout=cell.layout, device=cell.device,
    )  # fmt: skip
    found = run(field, rounds=rounds, target=target, most=most, seed=seed)
    where = f"{cell.activation} {cell.direction}, {cell.dtype}, {cell.size:,} elements"
    warnings = "\n".join(f"{where}: {warning}" for warning in _warnings(found))
    return [{**row, **_samples(found, row["implementation"]), "warnings": warnings} for row in _rows(field, found)]


def _samples(found: Race, name: str) -> dict[str, str]:
    """Raw samples as texts: full floats in the order of the rounds."""
    if name not in found.seconds:
        return {}
    return {
        "samples_s": " ".join(map(repr, found.seconds[name].tolist())),
        "places": " ".join(map(str, found.places[name].tolist())),
    }


def _warnings(found: Race) -> list[str]:
    wrong = [f"{name} took {reason}" for name, reason in suspects(found).items()]
    return [*found.warnings(), *wrong]


def _rows(field: Lineup, found: Race) -> Iterator[dict[str, Any]]:
    doubtful = suspects(found)
    copies = {name: float(np.median(found.seconds[name])) for name in (COPY, IDENTITY) if name in found.seconds}
    bandwidth = 2 * field.arrays.x.nbytes / min(copies.values()) if copies else float("nan")
    times = {name: found.median(name) for name in found.seconds}
    ranked = sorted(
        (name for name in times if name not in copies and name not in doubtful), key=lambda name: times[name].value
    )
    for name in sorted(times, key=lambda name: times[name].value):
        entry, time = field.entries[name], times[name]
        moved = 2 * field.arrays.x.nbytes if name in copies else field.bytes_moved
        ratio = found.ratio(OURS, name) if OURS in times and name != OURS else None
        yield {
            "implementation": name,
            "rank": ranked.index(name) + 1 if name in ranked else None,
            "time_s": time.value, "low_s": time.low, "high_s": time.high,
            **({"ratio": ratio.value, "ratio_low": ratio.low, "ratio_high": ratio.high} if ratio else {}),
            "bytes_moved": moved, "gb_per_s": moved / time.value / 1e9,
            "copy_share": moved / time.value / bandwidth,
            "kept_bytes": entry.ready.kept,
            "peak_bytes": None if field.device == "cuda" else peak_bytes(entry.ready.call, name),
            "worst_ulp": entry.worst_ulp, "holds": entry.holds,
            "preallocated": entry.ready.preallocated, "rounds": time.n, "calls": found.calls[name],
            "note": entry.ready.note, "reason": doubtful.get(name, ""),
        }  # fmt: skip
    for name, reason in {
        **{entry.name: entry.wrong for entry in field.entries.values() if entry.wrong}, **found.failed, **field.absent,
    }.items():  # fmt: skip
        entry_found = field.entries.get(name)
        yield {
            "implementation": name, "reason": reason,
            "worst_ulp": entry_found.worst_ulp if entry_found else float("nan"),
            "holds": entry_found.holds if entry_found else None,
        }  # fmt: skip


def peak_bytes(call: Any, name: str) -> int | None:
    """The most that one call takes through NumPy's allocator beside what was there; None for peers with their own."""
    if name not in (OURS, "numpy", COPY, IDENTITY):
        return None
    import tracemalloc

    with np.errstate(all="ignore"):
        tracemalloc.start()
        try:
            call()
            return int(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
