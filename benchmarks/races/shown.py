"""One race, and its line: what every race of this folder that is no experiment prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from actbench.speed.race import Race, Stopwatch, race

OURS = "actbench"


def shown(
    what: str, calls: Mapping[str, Callable[[], object]], *, rounds: int = 41, most: float = 1.0,
    stopwatch: Stopwatch | None = None,
) -> Race:  # fmt: skip
    """Race calls against ours, interleaved, and print times and ratios (above 1, ours is faster) with intervals."""
    found = race(calls, rounds=rounds, most=most, stopwatch=stopwatch)
    ours = found.median(OURS).value
    parts = [f"{what}: {OURS} {1e6 * ours:.2f} us"]
    for name in calls:
        if name in found.failed:
            parts.append(f"{name}: {found.failed[name]}")
        elif name != OURS:
            ratio = found.ratio(OURS, name)
            parts.append(f"{name} {ratio.value:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]")
    print("; ".join(parts), flush=True)
    return found
