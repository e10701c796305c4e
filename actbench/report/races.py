"""Races for people: who was fastest in one sentence, and a table with times in units that one can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ONCE = {"not installed": "is not installed", "forward alone": "no gradients"}  # phrase to what adapters say
SHOWN = ("time", "ratio", "copy_share", "worst_ulp", "holds")


def summary(frame: Any, t: Mapping[str, str]) -> str:
    """One sentence: in how many races ours was fastest, which rivals came next, by how much.

    Parameters
    ----------
    frame
        The rows of the experiment 'throughput'.
    t
        The phrases of a language.
    """
    import numpy as np

    from actbench.experiments.throughput.question import FACTORS

    first, rivals_of = 0, dict[str, list[float]]()
    for _, race in frame[frame["rank"].notna()].groupby(list(FACTORS), sort=False):
        rivals = race[race["ratio"].notna()].sort_values("time_s")
        if len(rivals) and len(rivals) < len(race):
            first += bool(rivals["ratio"].iloc[0] > 1)
            rivals_of.setdefault(str(rivals["implementation"].iloc[0]), []).append(float(rivals["ratio"].iloc[0]))
    said = t["races alone"]
    if rivals_of:  # one mean a rival: plain NumPy's ratios beside a library's would be nobody's
        each = [t["rival"].format(name=name, mean=_times(np.exp(np.mean(np.log(ratios)))), count=len(ratios))
                for name, ratios in sorted(rivals_of.items(), key=lambda item: -len(item[1]))]  # fmt: skip
        races = sum(map(len, rivals_of.values()))
        said = t["races"].format(first=first, races=races, rivals=t["comma"].join(each))
    for kind, ends in ONCE.items():
        who = sorted(set(frame.loc[frame["reason"].astype(str).str.endswith(ends), "implementation"]))
        said += t["and"] + t[kind].format(names=", ".join(who)) if who else ""
    return said


def once(reason: Any) -> bool:
    """Whether the sentence below all races says it: who took no part is not installed, or has no backward pass."""
    return str(reason).endswith(tuple(ONCE.values()))


def shown(frame: Any) -> Any:
    """The rows that were timed, race by race and the fastest first, with one column for a time and its interval."""
    from actbench.experiments.throughput.question import FACTORS

    varying = [name for name in FACTORS if frame[name].nunique() > 1]
    timed = frame[frame["time_s"].notna()]
    races = timed.groupby(list(FACTORS), sort=False).ngroup()
    timed = timed.assign(race=races).sort_values(["race", "time_s"], kind="stable")
    told = timed.assign(
        time=[_span(*map(duration, row)) for row in timed[["time_s", "low_s", "high_s"]].itertuples(index=False)],
        ratio=["" if row[0] != row[0] else _span(*(f"{x:.2f}" for x in row))
               for row in timed[["ratio", "ratio_low", "ratio_high"]].itertuples(index=False)],
        copy_share=["" if share != share else f"{share:.0%}" for share in timed["copy_share"]],
        rank=["" if rank != rank else f"{rank:.0f}" for rank in timed["rank"]],
        holds=[{True: "yes", False: "no"}.get(holds, "") for holds in timed["holds"]],
    )  # fmt: skip
    columns = [*varying, "rank", "implementation", *SHOWN]
    return told[[c for c in columns if (told[c].notna() & (told[c] != "")).any()]]


def silent(frame: Any) -> str:
    """Who took no part and why, but those of whom the sentence tells; empty where there is nobody."""
    rows = frame[frame["time_s"].isna() & ~frame["reason"].map(once)]
    return "; ".join(dict.fromkeys(f"{row.implementation}: {row.reason}" for row in rows.itertuples()))


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.3g}"


def _span(value: str, low: str, high: str) -> str:
    return f"{value} [{low}, {high}]"


def duration(seconds: float) -> str:
    """``1.23 ms`` in three digits."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"
