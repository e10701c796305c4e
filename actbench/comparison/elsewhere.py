"""Code that must be called is measured in a process of its own, whose progress is told here."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.comparison.arms import Arm
from actbench.implementations.targets.examine import contained
from actbench.runs.folder import RunFolder
from actbench.runs.progress import note

if TYPE_CHECKING:
    import pandas as pd

MEASURING = 1800.0  # seconds for a plug-in whose code is called; the full grid takes 16 times the quick one
TOLD = re.compile(
    r"(?:\d+/\d+ )?\w+: \d+ of \d+ cells.*"
)  # a line of progress; whatever else the plug-in prints stays in the log


def elsewhere(
    arm: Arm, folder: RunFolder, options: dict[str, Any], cost: bool, progress: bool, budget: float | None = None
) -> tuple[dict[str, pd.DataFrame], str]:
    """Measure an arm whose code is called, in a process of its own; frames, and why there are none."""
    place = RunFolder(folder.path / "plugins" / Path(arm.module).stem)
    place.path.mkdir(parents=True, exist_ok=True)
    (place.path / "done.json").unlink(missing_ok=True)
    kept = {k: getattr(arm, k) for k in ("asked", "spec", "module", "found")}
    request = {"arm": kept, "measure": options, "cost": cost}
    (place.path / "request.json").write_text(json.dumps(request), encoding="utf-8")
    command = [sys.executable, "-P", "-m", "actbench.comparison.child", str((place.path / "request.json").resolve())]
    limit = budget or (MEASURING if options["quick"] else 16 * MEASURING)
    log = place.path / "log.txt"
    note(f"{arm.spec}: its own code is called, in a process of its own, for at most {limit:,g} s (--budget)",
         show=progress)  # fmt: skip
    status = contained(command, limit, log=log, watch=_relay(log, arm.spec) if progress else None)
    if status is None:
        return {}, f"was not measured within {limit:g} s (--budget); the same command goes on from there"
    if not (place.path / "done.json").exists():
        return {}, f"ended its process while it was measured (status {status}; see {log})"
    names = [path.name.removesuffix(".csv") for path in sorted((place.path / "data").glob("*.csv"))]
    found = {name: place.read_frame(f"data/{name}") for name in names}
    found |= {name: place.read_frame(name) for name in ("theory", "curves")}
    if cost:
        found["cost"] = place.read_frame("cost")
    return found, ""


def _relay(log: Path, name: str) -> Callable[[], None]:
    """What tells the lines of progress that a process has written to its log since the last call."""
    read = 0

    def relay() -> None:
        nonlocal read
        with log.open("rb") as file:
            file.seek(read)
            whole, newline, _ = file.read().rpartition(b"\n")  # what stands behind the last newline is not whole yet
        read += len(whole) + len(newline)
        for line in whole.decode("utf-8", "replace").splitlines():
            if TOLD.fullmatch(line):
                note(f"{name}, {line}")

    return relay
