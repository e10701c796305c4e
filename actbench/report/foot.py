"""The last lines of a page, for whoever was handed it alone: what made it, what lies beside it, where to read on."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actbench.core.machine import version

OBSERVATIONS = ("data", "timings")  # megabytes: reports that are committed leave them out
BESIDE = (
    *OBSERVATIONS, "tables", "figures", "latex", "verdicts.csv", "estimates.csv", "timing_verdicts.csv",
    "timing_estimates.csv", "instrument.csv", "decisions.csv", "comparisons.csv", "ranks.csv", "medians.csv",
    "measures.csv", "performance.csv", "claims.json", "arms.json", "run.json",
)  # fmt: skip
SEPARATOR = " · "


def foot(made: str, redraw: str, folder: Path | None = None, *, by: str | None = None) -> dict[str, Any]:
    """What the template ``foot.html`` needs.

    Parameters
    ----------
    made, redraw
        The command that measured what is shown, and the one that draws the page from files; empty where there is none.
    folder
        Where the page and its files lie; None for a page that has no files.
    by
        The version of actbench that measured; by default this one.
    """
    there = [name for name in BESIDE if folder is not None and (folder / name).exists()]
    return {
        "made": made, "redraw": redraw, "version": by or version("actbench-suite") or "",
        "beside": [name if "." in name else f"{name}/" for name in there], "between": SEPARATOR,
    }  # fmt: skip


def foot_of(run: Mapping[str, Any], folder: Path, more: str = "") -> dict[str, Any]:
    """The foot of a run's page; ``more`` is what else its command line needs for the page."""
    return foot(command(run) + more, "actbench report DIR", folder, by=(run.get("versions") or {}).get("actbench"))


def command(run: Mapping[str, Any]) -> str:
    """The command line that makes a run again, from its record.

    >>> command({"command": "reproduce", "target": "C10 C07", "quick": True, "seed": 3})
    'actbench reproduce C10 C07 --quick --seed 3'
    """
    if not run.get("command"):
        return ""
    words = ["actbench", str(run["command"])]
    if run["command"] != "bench":  # its target is its experiment, and it asks for rows
        words.append(str(run.get("target", "")))
    words += map(shlex.quote, run.get("asked") or ())
    words += ["--quick"] * bool(run.get("quick"))
    words += ["--lang zh"] * (run["command"] == "reproduce" and run.get("lang") == "zh")
    words += [f"--seed {run.get('seed')}"] * bool(run.get("seed"))
    return " ".join(words)


def without_observations(page: str) -> str:
    """A page without its links to observations, for a copy that lacks them."""
    names = "|".join(OBSERVATIONS)
    return re.sub(rf'<a href="(?:{names})/[^"]*">[^<]*</a>{SEPARATOR}', "", page)
