"""The folder of a run: which files it holds, whether it may be continued, and how they are written and read back."""

from __future__ import annotations

import io
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from actbench.core.errors import ActbenchError
from actbench.core.files import read_bytes, write_bytes, write_text, written_under
from actbench.runs.progress import note

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1  # raised when the meaning of a file changes; a folder of another schema is refused
IDENTITY = ("command", "target", "schema", "seed")
DEFAULT = "actbench-out"
STORE = ("cells.sqlite", "cells.sqlite-wal", "cells.sqlite-shm")
LOCK = ".lock"
FORMULA = re.compile(r"^[=@\t\r]|^[+-].*[(|!]")  # spreadsheets run such a text; names and reasons come from outside
ROWS = 20_000  # that become text at once
PART = 2**20  # rows of a Parquet file
SHOWN = 8  # names of files in one line


@dataclass(frozen=True)
class RunFolder:
    """A run's folder.

    Parameters
    ----------
    path
        Where it is.
    made
        Whether it was empty, or not there, when this run began.
    """

    path: Path
    made: bool = False

    @property
    def store(self) -> Path:
        """The cell store, for resuming."""
        return self.path / "cells.sqlite"

    def at(self, name: str) -> Path:
        """The place of a file of the folder.

        Raises
        ------
        ActbenchError
            Where a link leads out of the folder: one that a stranger handed over must not read or write elsewhere.
        """
        place = self.path / name
        try:
            inside = place.resolve().is_relative_to(self.path.resolve())
        except (OSError, ValueError, RuntimeError):  # a loop, or a name that cannot be: whoever opens it says so
            inside = True
        if not inside:
            raise ActbenchError(f"{place} leads out of the folder by a link; remove the link")
        return place

    def read_run(self) -> dict[str, Any]:
        """The run's description; an error where the folder holds none."""
        file = self.at("run.json")
        try:
            found = json.loads(read_bytes(file))
        except FileNotFoundError:
            raise ActbenchError(f"no run in {str(self.path)!r}: it has no run.json; give the folder of a run") from None
        except NotADirectoryError:
            raise ActbenchError(f"{str(self.path)!r} is a file; give the folder of a run") from None
        except PermissionError:
            raise ActbenchError(f"{file} may not be read; give another folder, or change its permissions") from None
        except (OSError, ValueError, RecursionError):
            raise ActbenchError(f"{file} is damaged; run again with --fresh") from None
        if not isinstance(found, dict):
            raise ActbenchError(f"{file} is damaged; run again with --fresh")
        return found

    def write_run(self, run: Mapping[str, Any]) -> None:
        """Write ``run.json``, and list what this run has written so far."""
        write_text(self.at("run.json"), json.dumps(run, indent=1, sort_keys=True, allow_nan=False) + "\n")
        self.list_files()

    def list_files(self, *, begin: bool = True) -> None:
        """Write ``manifest.json``: the files of runs in this folder, which alone ``--fresh`` removes.

        Without ``begin`` a folder that has no such list yet, as one that was copied into a repository, gets none.
        """
        if not begin and not (self.path / "manifest.json").exists():
            return
        names = {*self.listed(), *written_under(self.path), "manifest.json", *STORE}
        there = sorted(name for name in names if (self.path / name).exists() or name in STORE)
        write_text(self.at("manifest.json"), json.dumps(there, indent=1, ensure_ascii=False) + "\n")

    def withdraw(self) -> None:
        """Where a run is refused after all: what it wrote goes, and the folder with it if it was made for this run."""
        if not self.made:
            return
        with suppress(OSError):
            for name in (*self._remove(), LOCK):
                (self.path / name).unlink(missing_ok=True)
            self.path.rmdir()
            if self.path.parent.name == DEFAULT:
                self.path.parent.rmdir()

    def _remove(self) -> set[str]:
        """Remove what the manifest lists, and folders that are empty then; the names."""
        names = {*self.listed(), *written_under(self.path), "run.json", "manifest.json", *STORE}
        for name in names:
            with suppress(OSError, ValueError):  # a folder in a file's place, or a name that cannot be
                (self.path / name).unlink()
        for parent in sorted({(self.path / name).parent for name in names} - {self.path}, reverse=True):
            with suppress(OSError, ValueError):  # it holds something of somebody's
                parent.rmdir()
        return names

    def listed(self) -> list[str]:
        """What ``manifest.json`` lists of plain files inside the folder; of what is no such list, nothing."""
        try:
            names = json.loads(read_bytes(self.path / "manifest.json"))
        except (OSError, ValueError, RecursionError):
            return []
        return [name for name in names if isinstance(name, str) and self._owns(name)] if isinstance(names, list) else []

    def _owns(self, name: str) -> bool:
        """Whether a name stands for a place inside the folder that no link leads out of."""
        place = PurePosixPath(name)
        if place.is_absolute() or not place.parts or ".." in place.parts:
            return False
        try:
            return (self.path / place).parent.resolve().is_relative_to(self.path.resolve())
        except (OSError, ValueError, RuntimeError):
            return False

    def write_frame(self, name: str, frame: pd.DataFrame) -> Path:
        """Write ``NAME.csv``, floats in full, missing as empty; a text that a spreadsheet would run is quoted."""
        return write_bytes(self.at(f"{name}.csv"), _csv(frame))

    def write_parquet(self, name: str, frame: pd.DataFrame) -> list[Path]:
        """Write ``NAME.parquet/part-00000.parquet`` and so on: what ``NAME.csv`` has, with dtypes and small."""
        import pyarrow
        from pyarrow import parquet

        parts = []
        for number, start in enumerate(range(0, max(len(frame), 1), PART)):
            table = pyarrow.Table.from_pandas(frame.iloc[start : start + PART], preserve_index=False)
            parquet.write_table(table, held := io.BytesIO(), compression="zstd")
            parts.append(write_bytes(self.at(f"{name}.parquet/part-{number:05}.parquet"), held.getvalue()))
        for old in (self.path / f"{name}.parquet").glob("part-*.parquet"):
            if old not in parts:  # an earlier run had more rows
                old.unlink()
        return parts

    def write_failures(self, name: str, failures: pd.DataFrame) -> None:
        """Write ``NAME.failures.csv`` where cells failed; where none did any more, the file of an earlier run goes."""
        if len(failures):
            self.write_frame(f"{name}.failures", failures)
        else:
            (self.path / f"{name}.failures.csv").unlink(missing_ok=True)

    def read_frame(self, name: str) -> pd.DataFrame:
        """Read ``NAME.csv`` as it was written."""
        import pandas as pd

        file = self.at(f"{name}.csv")
        try:
            # the one missing value is the empty one: a reading may be called nan
            frame: pd.DataFrame = pd.read_csv(
                io.BytesIO(read_bytes(file)), keep_default_na=False, na_values=[""], **_exact_floats()
            )
            return frame
        except OSError:
            raise ActbenchError(f"no {name}.csv in {str(self.path)!r}; run again to make it") from None
        except ValueError as error:
            raise ActbenchError(f"{file} is damaged ({error}); run again to make it") from None

    def write_json(self, name: str, content: Any) -> Path:
        """Write ``NAME.json``; NaN and infinities become null."""
        return write_text(self.at(f"{name}.json"), json.dumps(finite(content), indent=1, ensure_ascii=False) + "\n")

    def read_json(self, name: str) -> Any:
        """Read ``NAME.json``."""
        file = self.at(f"{name}.json")
        try:
            return json.loads(read_bytes(file))
        except (OSError, ValueError, RecursionError):
            raise ActbenchError(f"cannot read {file}; run again to make it") from None


def _csv(frame: pd.DataFrame) -> Iterator[bytes]:
    """The text of a table in parts: a million rows at once would be 200 MB."""
    texts = frame.select_dtypes(exclude=["number", "bool"]).columns
    for start in range(0, max(len(frame), 1), ROWS):
        part = frame.iloc[start : start + ROWS]
        part = part.assign(**{str(column): part[column].map(_no_formula) for column in texts})
        yield part.to_csv(index=False, lineterminator="\n", header=start == 0).encode()


def _no_formula(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and FORMULA.search(value) else value


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
    out: str | Path | None, *, command: str, target: str, seed: int, fresh: bool = False, quick: bool = False
) -> tuple[RunFolder, dict[str, Any]]:
    """The folder for a run, made if missing, continued if it holds the same run.

    Parameters
    ----------
    out
        Where; by default ``actbench-out/COMMAND-TARGET``.
    command, target, seed
        What identifies a run. The grid, quick, workers and code may differ, for cells are keyed by content.
    fresh
        Whether to remove what the manifest of earlier runs lists; what else lies there is left, and said.
    quick
        Whether it is a quick run, which never replaces the tables of a full one that came to its end.

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
    folder = RunFolder(path)
    try:
        if path.exists() and not path.is_dir():
            raise ActbenchError(f"--out {str(path)!r} is a file; give a folder")
        held = sorted(file.name for file in path.iterdir() if file.name != LOCK) if path.is_dir() else []
        if held and not {"run.json", "cells.sqlite"} & {*held}:
            raise ActbenchError(f"--out {str(path)!r} holds other things than a run; give an empty or new folder")
        if held and not fresh:
            _match(folder, identity)
            _keep_full(folder, quick)
        path.mkdir(parents=True, exist_ok=True)
        _hold(path, alone=fresh)
        if held and fresh:
            _clear(folder)
        folder = RunFolder(path, made=not held)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ActbenchError(f"cannot use the folder {str(path)!r}: {why}; give another --out") from None
    return folder, identity


def _match(folder: RunFolder, identity: Mapping[str, Any]) -> None:
    """Complain where the folder holds another run."""
    try:
        before = folder.read_run()
    except ActbenchError:
        return  # a torn run.json: cells are checked one by one anyway
    for key in IDENTITY:
        if before.get(key) != identity[key]:
            raise ActbenchError(
                f"{str(folder.path)!r} holds a run with {key} {str(before.get(key))[:100]!r}, not {identity[key]!r}; "
                "use --fresh or another --out"
            )


def _keep_full(folder: RunFolder, quick: bool) -> None:
    """Complain where a quick run would replace the tables of a full one."""
    try:
        before = folder.read_run()
    except ActbenchError:
        return
    if quick and before.get("finished") and before.get("quick") is False:
        raise ActbenchError(f"{str(folder.path)!r} holds the full run, whose tables a quick one would replace; "
                            "leave --quick away, or give another --out")  # fmt: skip


_held: dict[str, int] = {}  # folder to the handle of its lock, for as long as this process lives


def _hold(path: Path, *, alone: bool) -> None:
    """Share the folder with other runs of the same, or have it alone while it is cleared.

    Two runs of one command may write at once: each cell and each file is replaced whole. One that clears may not.
    """
    try:
        import fcntl
    except ImportError:  # Windows does not let go of open files anyway
        return
    name = str(path.resolve())
    handle = _held.get(name)
    lock = path / LOCK
    if handle is None or not lock.exists():
        handle = _held[name] = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK, 0o666)
    try:
        if alone:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            fcntl.flock(handle, fcntl.LOCK_SH)
    except BlockingIOError:
        raise ActbenchError(
            f"another run is writing into {str(path)!r}; wait for it, or choose another --out"
        ) from None
    except OSError:
        return  # a file system without locks


def _clear(folder: RunFolder) -> None:
    """Remove what the folder's manifest lists, and say what is left: it is not ours."""
    folder._remove()
    left = sorted(p.relative_to(folder.path).as_posix() for p in folder.path.rglob("*") if not p.is_dir())
    left = [name for name in left if name != LOCK]
    if left:
        more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
        note(f"actbench: --fresh leaves what no run listed as its own: {', '.join(left[:SHOWN])}{more}")
    _hold(folder.path, alone=False)


def safe(target: str) -> str:
    """A target as a part of a folder's name."""
    kept = "".join(c if c.isalnum() or c in "-_." else "-" for c in Path(target).name).strip("-.")
    return kept[:60] or "run"
