"""Files that are replaced whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from actbench.core.errors import ActbenchError

LARGEST = 2**30  # bytes of a file that is read whole

_written: set[Path] = set()  # by this process, absolute


def written_under(folder: Path) -> set[str]:
    """The files under a folder that this process has written, relative, with forward slashes."""
    home = Path(os.path.abspath(folder))
    return {path.relative_to(home).as_posix() for path in _written if path.is_relative_to(home)}


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The content of a plain file; a pipe, a device or a folder in its place is an OSError, and never a wait."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(handle, "rb") as file:
        what = os.fstat(handle)
        if not stat.S_ISREG(what.st_mode):
            raise OSError(f"{path} is no plain file")
        if what.st_size > LARGEST:
            raise OSError(f"{path} has {what.st_size:,} bytes, more than {LARGEST:,}")
        return file.read()


def write_bytes(path: str | os.PathLike[str], data: bytes | Iterable[bytes]) -> Path:
    """Put data at a path so that a reader, or a crash, meets either the old file or the new one, never a part.

    Parameters
    ----------
    path
        Missing folders are made.
    data
        The whole content, or its parts one after the other.

    Raises
    ------
    ActbenchError
        Where the folder cannot be written; the old file is then untouched.
    """
    path = Path(path)
    # In the same folder, for os.replace is atomic within one file system only; not by tempfile, which makes files
    # that nobody else may read (mode 0600) whatever the umask says.
    draft = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("xb") as file:
                file.writelines([data] if isinstance(data, bytes) else data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(path.parent)
        _written.add(Path(os.path.abspath(path)))
    except OSError as error:
        raise ActbenchError(f"cannot write {path}: {error.strerror or error}; choose another place") from error
    return path


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    """`write_bytes` of a text in UTF-8, line ends as they stand in the text on every system.

    Half a pair of surrogates, which JSON can say and UTF-8 cannot, becomes its number: ``\\ud800``.
    """
    return write_bytes(path, text.encode("utf-8", "backslashreplace"))


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut, where the system lets a folder be synced (not on Windows)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
