"""Effects of the experiment `pass_cost`: how many times longer does a rival take, in pairs of the same round?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from actbench.statistics.estimates import Estimate, MedianEstimate
from actbench.statistics.frames import select

DTYPES, SIZES = ("float32", "float64"), (2**12, 2**20)

# None where the run does not hold the setting: a library that is not installed is no evidence.
Effect = Callable[[Any], Estimate | None]


def time_ratio(ours: str, rivals: tuple[str, ...], *, library: str, **levels: Any) -> Effect:
    """The cheapest rival's time over ours, round by round; the cheapest is the one with the smallest median time."""

    def effect(frame: Any) -> Estimate | None:
        chosen = select(frame, library=library, **levels).dropna(subset=["time_s"])
        times = chosen.pivot(index="round", columns="pass", values="time_s")
        present = [name for name in rivals if name in times]
        if ours not in times or not present:
            return None
        rival = min(present, key=lambda name: float(times[name].median()))
        pairs = (times[rival] / times[ours]).dropna()
        return MedianEstimate.of(list(pairs), n_unit="rounds", note=f"cheapest rival: {rival}")

    return effect


def panel(
    ours: str,
    rivals: tuple[str, ...],
    *,
    libraries: tuple[str, ...],
    inputs: tuple[str, ...] = ("normal",),
    **levels: Any,
) -> Mapping[str, Effect]:
    """`time_ratio` in every dtype, size and library: one setting each."""
    return {
        f"{library}, {dtype}, 2^{size.bit_length() - 1}{'' if kind == 'normal' else f', {kind}'}": time_ratio(
            ours, rivals, library=library, dtype=dtype, size=size, inputs=kind, **levels
        )
        for library, dtype, size, kind in product(libraries, DTYPES, SIZES, inputs)
    }
