"""The process in which one plug-in is measured whose code must be called.

``python -m actbench.comparison.child REQUEST``.
It runs the same experiments on the same cells as the main process does, in a folder of its own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from actbench.comparison.arms import Arm, enter
from actbench.comparison.cost import COLUMNS, raced
from actbench.comparison.measured import curves, measure, theory
from actbench.implementations.targets.examine import die_with_parent
from actbench.runs.folder import RunFolder


def main(request: str) -> None:
    """Measure, and write frames beside the request."""
    import pandas as pd

    die_with_parent()
    asked: dict[str, Any] = json.loads(Path(request).read_text(encoding="utf-8"))
    folder = RunFolder(Path(request).parent)
    arm = Arm(**asked.pop("arm"))
    enter([arm])
    frames, failures, _ = measure([arm], store=folder.store, progress=True, **asked["measure"])
    for name, frame in frames.items():
        folder.write_frame(f"data/{name}", frame)
    for name, frame in failures.items():
        folder.write_frame(f"data/{name}.failures", frame)
    folder.write_frame("theory", pd.DataFrame([theory(arm.spec)]))
    folder.write_frame("curves", pd.DataFrame(curves(arm.spec)))
    if asked["cost"]:
        folder.write_frame("cost", pd.DataFrame(raced([arm]), columns=list(COLUMNS)))
    folder.write_json("done", {"done": True})


if __name__ == "__main__":
    main(sys.argv[1])
