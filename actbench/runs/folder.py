"""The folder of a run: which files it holds, whether it may be continued, and how they are written and read back."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.core.errors import ActbenchError
from actbench.core.files import write_text

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1  # raised when the meaning of a file changes; a folder of another schema is refused
IDENTITY = ("command", "target", "schema", "seed")
DEFAULT = "actbench-out"


@dataclass(frozen=True)
class RunFolder:
    """A run's folder.

    Parameters
    ----------
    path
        Where it is.
    """

    path: Path

    @property
    def store(self) -> Path:
        """The cell store, for resuming."""
        return self.path / "cells.sqlite"

    def read_run(self) -> dict[str, Any]:
        """The run's description; an error where the folder holds none."""
        file = self.path / "run.json"
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except OSError:
            raise ActbenchError(f"no run in {str(self.path)!r}: it has no run.json; give the folder of a run") from None
        except ValueError:
            raise ActbenchError(f"{file} is damaged; run again with --fresh") from None
        if not isinstance(found, dict):
            raise ActbenchError(f"{file} is damaged; run again with --fresh")
        return found

    def write_run(self, run: Mapping[str, Any]) -> None:
        """Write ``run.json``."""
        write_text(self.path / "run.json", json.dumps(run, indent=1, sort_keys=True, allow_nan=False) + "\n")

    def write_frame(self, name: str, frame: pd.DataFrame) -> Path:
        """Write ``NAME.csv``, floats in full, missing as empty."""
        return write_text(self.path / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))

    def write_failures(self, name: str, failures: pd.DataFrame) -> None:
        """Write ``NAME.failures.csv`` where cells failed; where none did any more, the file of an earlier run goes."""
        if len(failures):
            self.write_frame(f"{name}.failures", failures)
        else:
            (self.path / f"{name}.failures.csv").unlink(missing_ok=True)

    def read_frame(self, name: str) -> pd.DataFrame:
        """Read ``NAME.csv`` as it was written."""
        import pandas as pd

        file = self.path / f"{name}.csv"
        try:
            frame: pd.DataFrame = pd.read_csv(file, **_exact_floats())
            return frame
        except OSError:
            raise ActbenchError(f"no {name}.csv in {str(self.path)!r}; run again to make it") from None
        except ValueError as error:
            raise ActbenchError(f"{file} is damaged ({error}); run again to make it") from None

    def write_json(self, name: str, content: Any) -> Path:
        """Write ``NAME.json``; NaN and infinities become null."""
        return write_text(self.path / f"{name}.json", json.dumps(finite(content), indent=1, ensure_ascii=False) + "\n")

    def read_json(self, name: str) -> Any:
        """Read ``NAME.json``."""
        file = self.path / f"{name}.json"
        try:
            return json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise ActbenchError(f"cannot read {file}; run again to make it") from None


def _exact_floats() -> dict[str, Any]:
    """Floats are read back bit for bit: by default from pandas 3 on, which warns where it is asked for."""
    import pandas as pd

    return {} if int(pd.__version__.partition(".")[0]) >= 3 else {"float_precision": "round_trip"}


def finite(content: Any) -> Any:
    """The same content with None for every float that JSON cannot say."""
    if isinstance(content, float) and not math.isfinite(content):
        return None
    if isinstance(content, Mapping):
        return {key: finite(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [finite(value) for value in content]
    return content


def open_folder(
    out: str | Path | None, *, command: str, target: str, seed: int, fresh: bool = False
) -> tuple[RunFolder, dict[str, Any]]:
    """The folder for a run, made if missing, continued if it holds the same run.

    Parameters
    ----------
    out
        Where; by default ``actbench-out/COMMAND-TARGET``.
    command, target, seed
        What identifies a run. The grid, quick, workers and code may differ, for cells are keyed by content.
    fresh
        Whether to delete what an earlier run left.

    Returns
    -------
    folder, identity
        ``identity`` goes into run.json.

    Raises
    ------
    ActbenchError
        Where the path is a file, cannot be written, or holds another run or something that is no run.
    """
    identity = {"command": command, "target": target, "schema": SCHEMA, "seed": seed}
    path = Path(out) if out is not None else Path(DEFAULT) / f"{command}-{safe(target)}"
    if path.exists() and not path.is_dir():
        raise ActbenchError(f"--out {str(path)!r} is a file; give a folder")
    folder = RunFolder(path)
    if (path / "run.json").exists():
        _continue(folder, identity, fresh)
    elif path.is_dir() and any(path.iterdir()) and not (path / "cells.sqlite").exists():
        raise ActbenchError(f"--out {str(path)!r} holds other things than a run; give an empty or new folder")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ActbenchError(f"cannot make {str(path)!r}: {error.strerror}; give another --out") from None
    return folder, identity


def _continue(folder: RunFolder, identity: Mapping[str, Any], fresh: bool) -> None:
    try:
        before = folder.read_run()
    except ActbenchError:
        before = None  # a torn run.json: cells are checked one by one anyway
    if fresh:
        _clear(folder.path)
    elif before is not None:
        for key in IDENTITY:
            if before.get(key) != identity[key]:
                raise ActbenchError(
                    f"{str(folder.path)!r} holds a run with {key} {before.get(key)!r}, not {identity[key]!r}; "
                    "use --fresh or another --out"
                )


def _clear(path: Path) -> None:
    """Delete what runs write, and nothing else that may lie in the folder."""
    for pattern in ("run.json", "claims.json", "*.csv", "report.*", "cells.sqlite*"):
        for file in path.glob(pattern):
            file.unlink()
    for name in ("data", "tables", "figures", "timings"):
        shutil.rmtree(path / name, ignore_errors=True)


def safe(target: str) -> str:
    """A target as a part of a folder's name."""
    kept = "".join(c if c.isalnum() or c in "-_." else "-" for c in Path(target).name).strip("-.")
    return kept[:60] or "run"
